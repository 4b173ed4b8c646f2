/* SPDX-License-Identifier: Apache-2.0 */
#include "client/local/write-file.h"

#include <dirent.h>
#include <errno.h>

#include "tests/unit/scratch.h"

static void expect(const char *path, const char *text)
{
	char got[64] = "";
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	assert_true(fd >= 0);
	assert_int_equal(strlen(text), read(fd, got, sizeof(got) - 1));
	close(fd);
	assert_string_equal(text, got);
}

/* What is in a directory, the two that are always there left out. */
static int count(const char *path)
{
	DIR *d = opendir(path);
	int n = 0;

	assert_non_null(d);
	while (readdir(d)) {
		n++;
	}
	closedir(d);
	return n - 2;
}

static void test_makes_what_is_missing(void **state)
{
	const char *path = scratch_path("a/b/file");
	struct stat st;

	(void)state;
	umask(022);
	assert_int_equal(0, write_file(path, "text", 4, false, NULL));
	expect(path, "text");
	assert_int_equal(0, stat(path, &st));
	assert_int_equal(0644, st.st_mode & 07777);
	assert_int_equal(0, stat(scratch_path("a/b"), &st));
	assert_int_equal(0700, st.st_mode & 07777);
	assert_int_equal(1, count(scratch_path("a/b")));
}

static void test_replaces_only_with_force(void **state)
{
	struct nono_error err = { 0 };
	const char *path;

	(void)state;
	scratch_dir("c");
	path = scratch_file("c/file", "old");
	assert_int_equal(-EEXIST, write_file(path, "new", 3, false, &err));
	assert_non_null(strstr(err.message, "--force"));
	expect(path, "old");
	assert_int_equal(0, write_file(path, "new", 3, true, NULL));
	expect(path, "new");
	assert_int_equal(1, count(scratch_path("c")));
}

/* A symlink is a name like any other: what it leads to is never written. */
static void test_symlinks_are_not_followed(void **state)
{
	const char *target, *path;
	struct stat st;

	(void)state;
	scratch_dir("d");
	target = scratch_file("target", "precious");
	path = scratch_link("d/link", target);
	assert_int_equal(-EEXIST, write_file(path, "x", 1, false, NULL));
	assert_int_equal(-EEXIST,
		write_file(scratch_link("d/dangling", scratch_path("no")), "x", 1, false, NULL));
	assert_int_equal(0, write_file(path, "x", 1, true, NULL));
	assert_int_equal(0, lstat(path, &st));
	assert_true(S_ISREG(st.st_mode));
	expect(target, "precious");
	assert_int_equal(-1, access(scratch_path("no"), F_OK));
}

static void test_failure_leaves_nothing(void **state)
{
	struct nono_error err = { 0 };

	(void)state;
	scratch_dir("e");
	scratch_dir("e/dir");
	scratch_file("e/file", "x");
	assert_true(write_file(scratch_path("e/dir"), "x", 1, true, &err) < 0);
	assert_true(write_file(scratch_path("e/file/below"), "x", 1, false, &err) < 0);
	assert_int_equal(2, count(scratch_path("e")));
	assert_int_equal(0, count(scratch_path("e/dir")));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_makes_what_is_missing),
		cmocka_unit_test(test_replaces_only_with_force),
		cmocka_unit_test(test_symlinks_are_not_followed),
		cmocka_unit_test(test_failure_leaves_nothing),
	};

	return cmocka_run_group_tests(tests, scratch_setup, scratch_teardown);
}
