/* SPDX-License-Identifier: Apache-2.0 */
/* A directory of a test's own that goes away with it, and the includes cmocka wants before it. */
#pragma once
#include <fcntl.h>
#include <ftw.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

static char *scratch_root; /* canonical */

static inline int scratch_remove_one(
	const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st, (void)type, (void)ftw;
	return remove(path);
}

/* Setup and teardown of a group or a test. */
static inline int scratch_setup(void **state)
{
	char dir[] = "/tmp/nono-test-XXXXXX";

	(void)state;
	if (!mkdtemp(dir)) {
		return -1;
	}
	scratch_root = realpath(dir, NULL);
	return scratch_root ? 0 : -1;
}

static inline int scratch_teardown(void **state)
{
	int r = nftw(scratch_root, scratch_remove_one, 16, FTW_DEPTH | FTW_PHYS);

	(void)state;
	free(scratch_root);
	scratch_root = NULL;
	return r;
}

/* The path of name below the root; one of 32 static buffers. */
static inline const char *scratch_path(const char *name)
{
	static char paths[32][4096];
	static unsigned next;
	char *p = paths[next++ % 32];

	assert_true(
		snprintf(p, sizeof(paths[0]), "%s/%s", scratch_root, name) < (int)sizeof(paths[0]));
	return p;
}

static inline const char *scratch_dir(const char *name)
{
	const char *p = scratch_path(name);

	assert_int_equal(mkdir(p, 0700), 0);
	return p;
}

static inline const char *scratch_file(const char *name, const char *text)
{
	const char *p = scratch_path(name);
	int fd = open(p, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	close(fd);
	return p;
}

static inline const char *scratch_link(const char *name, const char *target)
{
	const char *p = scratch_path(name);

	assert_int_equal(symlink(target, p), 0);
	return p;
}
