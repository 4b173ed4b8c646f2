/* SPDX-License-Identifier: Apache-2.0 */
#include "libcore/base/directory.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "libcore/base/cleanup.h"

/* The directory name in parent, made if it is missing. */
static int enter(int parent, const char *name)
{
	int fd = openat(parent, name, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	struct stat st;

	if (fd < 0 && errno == ENOENT && (mkdirat(parent, name, 0700) == 0 || errno == EEXIST)) {
		fd = openat(parent, name, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	}
	if (fd >= 0) {
		return fd;
	}
	/* With O_PATH a symlink is not ELOOP, but no directory. */
	return errno == ENOTDIR && fstatat(parent, name, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
			       S_ISLNK(st.st_mode)
		       ? -ELOOP
		       : -errno;
}

int directory_make(const char *path)
{
	_cleanup_close_ int fd = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	char name[NAME_MAX + 1];

	if (fd < 0) {
		return -errno;
	}
	while (*(path += strspn(path, "/")) != '\0') {
		size_t n = strcspn(path, "/");
		int next;
		if (n > NAME_MAX) {
			return -ENAMETOOLONG;
		}
		memcpy(name, path, n);
		name[n] = '\0';
		next = enter(fd, name);
		if (next < 0) {
			return next;
		}
		close_fd(&fd);
		fd = next;
		path += n;
	}
	return take_fd(&fd);
}
