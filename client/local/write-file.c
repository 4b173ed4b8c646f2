/* SPDX-License-Identifier: Apache-2.0 */
#include "client/local/write-file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "libcore/base/cleanup.h"
#include "libcore/base/error.h"
#include "libcore/base/fd.h"
#include "libcore/base/path.h"

#define FILE_MODE 0644 /* less the umask, as an editor would */

static int make_directories(const char *path, struct nono_error *err)
{
	_cleanup_free_ char *dir = strdup(path);

	if (!dir) {
		return error_oom(err);
	}
	for (char *at = strchr(dir + 1, '/'); at; at = strchr(at + 1, '/')) {
		*at = '\0';
		if (mkdir(dir, 0700) < 0 && errno != EEXIST) {
			return error_errno(err, errno, "cannot create '%.300s'", dir);
		}
		*at = '/';
	}
	return 0;
}

/* Gives the draft its name. */
static int publish(const char *draft, const char *path, bool force)
{
	if (force) {
		return rename(draft, path) < 0 ? -errno : 0;
	}
	if (renameat2(AT_FDCWD, draft, AT_FDCWD, path, RENAME_NOREPLACE) == 0) {
		return 0;
	}
	if (errno != EINVAL && errno != ENOSYS) {
		return -errno;
	}
	/* A file system without that: a second name, which cannot replace either. */
	if (link(draft, path) < 0) {
		return -errno;
	}
	unlink(draft);
	return 0;
}

int write_file(const char *path, const char *text, size_t n, bool force, struct nono_error *err)
{
	_cleanup_free_ char *draft = NULL;
	_cleanup_close_ int fd = -1;
	mode_t mask = umask(077);
	int r;

	umask(mask);
	r = make_directories(path, err);
	if (r < 0) {
		return r;
	}
	if (asprintf(&draft, "%s.XXXXXX", path) < 0) {
		draft = NULL;
		return error_oom(err);
	}
	fd = mkostemp(draft, O_CLOEXEC);
	if (fd < 0) {
		return error_errno(err, errno, "cannot create '%.300s'", path);
	}
	r = fd_write_full(fd, text, n);
	if (r == 0 && (fchmod(fd, FILE_MODE & ~mask) < 0 || fsync(fd) < 0)) {
		r = -errno;
	}
	if (r == 0) {
		r = publish(draft, path, force);
	}
	if (r < 0) {
		unlink(draft);
	}
	if (r == -EEXIST) {
		return error_set(err, NONO_REFUSED, EEXIST,
			"'%.300s' is there already; --force replaces it", path);
	}
	return r < 0 ? error_errno(err, -r, "cannot write '%.300s'", path) : 0;
}

int write_output(const char *path, const char *text, bool force, struct nono_error *err)
{
	_cleanup_free_ char *cwd = path[0] == '/' ? NULL : getcwd(NULL, 0), *absolute = NULL;

	if (path[0] != '/' && !cwd) {
		return error_errno(err, errno, "'%.300s': the current directory", path);
	}
	absolute = path_absolute(cwd ? cwd : "/", path);
	return absolute ? write_file(absolute, text, strlen(text), force, err) : error_oom(err);
}
