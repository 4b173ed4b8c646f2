/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/session/lookup.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "libcore/base/cleanup.h"
#include "libcore/base/str.h"

/* Links of /proc lead where the kernel says and not where a name says; followed by us they would
 * lead to what is ours. */
static int open_path(int base_fd, const char *path, int flags)
{
	const struct open_how how = { .flags = (uint64_t)(O_PATH | O_CLOEXEC | flags),
		.resolve = RESOLVE_NO_MAGICLINKS };
	int fd = (int)syscall(SYS_openat2, base_fd, path, &how, sizeof(how));

	return fd < 0 ? -errno : fd;
}

/* The descriptor of the asker's own that path begins with, by one of the names it has for them, and
 * what follows it; -1 when it does not. */
static int named_descriptor(const char *path, const char **ret_rest)
{
	static const char *const directories[] = { "/proc/self/fd/", "/proc/thread-self/fd/",
		"/dev/fd/" };
	static const char *const names[] = { "/dev/stdin", "/dev/stdout", "/dev/stderr" };

	for (int i = 0; i < (int)ELEMENTSOF(names); i++) {
		if (str_equal(path, names[i])) {
			*ret_rest = path + strlen(path);
			return i;
		}
	}
	for (size_t i = 0; i < ELEMENTSOF(directories); i++) {
		const char *number = str_after(path, directories[i]);
		char *end;
		unsigned long value;
		if (!number || !isdigit((unsigned char)number[0])) {
			continue;
		}
		value = strtoul(number, &end, 10);
		if (value <= INT_MAX && (*end == '\0' || *end == '/')) {
			*ret_rest = end;
			return (int)value;
		}
	}
	return -1;
}

/* Where the look-up begins, and the rest of the name. AT_FDCWD when it begins at the root. */
static int open_base(struct asker *a, int dir_fd, const char **path)
{
	const char *rest;
	int number = named_descriptor(*path, &rest);

	if (number >= 0) {
		*path = rest + strspn(rest, "/");
		return asker_fd(a, number);
	}
	if (**path == '/') {
		return AT_FDCWD;
	}
	return dir_fd == AT_FDCWD ? asker_cwd(a) : asker_fd(a, dir_fd);
}

int lookup_object(struct asker *a, int dir_fd, const char *path, bool follow)
{
	const char *rest = path;
	_cleanup_close_ int base_fd = -1;
	int base;

	if (*path == '\0') {
		return -ENOENT;
	}
	base = open_base(a, dir_fd, &rest);
	if (base < 0 && base != AT_FDCWD) {
		return base;
	}
	base_fd = base == AT_FDCWD ? -1 : base;
	if (*rest == '\0' && follow) {
		return take_fd(&base_fd); /* the descriptor itself */
	}
	if (*rest == '\0') {
		return -ELOOP;
	}
	return open_path(base, rest, follow ? 0 : O_NOFOLLOW);
}

/* The part of path before its last component, "." for none. */
static int split_path(const char *path, char parent[PATH_MAX], const char **ret_name)
{
	const char *slash = strrchr(path, '/');
	const char *name = slash ? slash + 1 : path;
	size_t n = (size_t)(name - path);

	if (*name == '\0' || str_equal(name, ".") || str_equal(name, "..")) {
		return -EISDIR;
	}
	if (n >= PATH_MAX) {
		return -ENAMETOOLONG;
	}
	memcpy(parent, n > 0 ? path : ".", n > 0 ? n : 1);
	parent[n > 0 ? n : 1] = '\0';
	*ret_name = name;
	return 0;
}

int lookup_parent(struct asker *a, int dir_fd, const char *path, const char **ret_name)
{
	char parent[PATH_MAX];
	int r = split_path(path, parent, ret_name);

	return r < 0 ? r : lookup_object(a, dir_fd, parent, true);
}

int lookup_object_from(int base_fd, const char *path)
{
	return open_path(base_fd, path, 0);
}

int lookup_parent_from(int base_fd, const char *path, const char **ret_name)
{
	char parent[PATH_MAX];
	int r = split_path(path, parent, ret_name);

	return r < 0 ? r : open_path(base_fd, parent, O_DIRECTORY);
}

int lookup_descriptor(const char *path)
{
	const char *rest;
	int number = named_descriptor(path, &rest);

	return number >= 0 && *rest == '\0' ? number : -1;
}

bool lookup_is_by_descriptor(const char *path)
{
	const char *rest;

	return named_descriptor(path, &rest) >= 0;
}
