/* SPDX-License-Identifier: Apache-2.0 */
#include "libcore/confine.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "libcore/base/cleanup.h"
#include "libcore/base/error.h"
#include "libcore/landlock.h"
#include "libcore/privileges.h"
#include "libcore/support.h"

static const int limit_resources[CAPS_LIMITS] = {
	[NONO_LIMIT_MEMORY] = RLIMIT_DATA,
	[NONO_LIMIT_TASKS] = RLIMIT_NPROC,
	[NONO_LIMIT_FILES] = RLIMIT_NOFILE,
	[NONO_LIMIT_CPU] = RLIMIT_CPU,
};

/* The name was canonical when it was granted: a symlink on the way now is somebody's swap. Where
 * openat2() is not to be had (a filter around us) the kernel follows it and Landlock grants what
 * is there, which is what the name means. */
static int open_granted(const char *path)
{
	const struct open_how how = { .flags = O_PATH | O_CLOEXEC, .resolve = RESOLVE_NO_SYMLINKS };
	int fd = (int)syscall(SYS_openat2, AT_FDCWD, path, &how, sizeof(how));

	if (fd < 0 && (errno == ENOSYS || errno == EPERM)) {
		fd = open(path, O_PATH | O_CLOEXEC);
	}
	return fd < 0 ? -errno : fd;
}

static int open_grant(const char *path, bool is_file, struct nono_error *err)
{
	_cleanup_close_ int fd = open_granted(path);
	struct stat st;

	if (fd == -ENOENT || fd == -ENOTDIR || fd == -ELOOP) {
		return error_set(err, NONO_PATH_NOT_FOUND, -fd,
			"%s was granted but is not there any more", path);
	}
	if (fd < 0) {
		return error_errno(err, -fd, "cannot open %s to grant it", path);
	}
	if (fstat(fd, &st) < 0) {
		return error_errno(err, errno, "cannot look at %s", path);
	}
	if (is_file && S_ISDIR(st.st_mode)) {
		return error_set(err, NONO_EXPECTED_FILE, EISDIR,
			"%s was granted as a file but is a directory now", path);
	}
	if (!is_file && !S_ISDIR(st.st_mode)) {
		return error_set(err, NONO_EXPECTED_DIRECTORY, ENOTDIR,
			"%s was granted as a directory but is none now", path);
	}
	return take_fd(&fd);
}

static int allow_paths(
	const struct confinement *c, const struct nono_caps *caps, struct nono_error *err)
{
	for (size_t i = 0; i < caps->n_paths; i++) {
		const struct nono_fs_grant *g = &caps->paths[i];
		_cleanup_close_ int fd = open_grant(g->resolved, g->is_file, err);
		int r = fd;
		if (fd >= 0) {
			r = landlock_allow_path(c->ruleset_fd, c->abi, fd, g->access, err);
		}
		if (r < 0) {
			return r;
		}
	}
	return 0;
}

/* A socket that does not exist yet is covered by the write grant of its directory, which
 * caps_check_support() has seen to. */
static int allow_unix_sockets(
	const struct confinement *c, const struct nono_caps *caps, struct nono_error *err)
{
	for (size_t i = 0; i < caps->n_unix_sockets; i++) {
		const struct nono_unix_grant *g = &caps->unix_sockets[i];
		struct nono_error ignored;
		_cleanup_close_ int fd =
			open_grant(g->resolved, g->scope == NONO_UNIX_FILE, &ignored);
		int r;
		if (fd == -ENOENT && g->mode == NONO_UNIX_CONNECT_BIND) {
			continue;
		}
		if (fd < 0) {
			if (err) {
				*err = ignored;
			}
			return fd;
		}
		r = landlock_allow_unix(c->ruleset_fd, fd, err);
		if (r < 0) {
			return r;
		}
	}
	return 0;
}

static int allow_ports(int ruleset_fd, const struct caps_ports *ports, enum landlock_port kind,
	struct nono_error *err)
{
	int r = 0;

	for (size_t i = 0; i < ports->n && r == 0; i++) {
		r = landlock_allow_port(ruleset_fd, ports->items[i], kind, err);
	}
	return r;
}

static int build_ruleset(
	struct confinement *c, const struct nono_caps *caps, struct nono_error *err)
{
	bool restricts = caps_restricts_network(caps);
	struct landlock_domain domain = {
		.restrict_tcp = restricts,
		.scope_signal = caps->signal_mode != NONO_SIGNAL_ALL,
		.scope_abstract = caps->ipc_mode != NONO_IPC_FULL,
		.restrict_unix = true,
		.restrict_udp = restricts,
	};
	int r;

	c->ruleset_fd = landlock_new(c->abi, &domain, err);
	if (c->ruleset_fd < 0) {
		return c->ruleset_fd;
	}
	r = allow_paths(c, caps, err);
	if (r == 0) {
		r = allow_unix_sockets(c, caps, err);
	}
	if (r == 0) {
		r = allow_ports(c->ruleset_fd, &caps->connect, LANDLOCK_CONNECT, err);
	}
	if (r == 0) {
		r = allow_ports(c->ruleset_fd, &caps->bind, LANDLOCK_BIND, err);
	}
	return r;
}

static struct filter_shape shape_for(const struct nono_caps *caps, int abi)
{
	bool has_ports = caps->connect.n > 0 || caps->bind.n > 0;
	bool restricts = caps_restricts_network(caps);

	return (struct filter_shape){
		.network_blocked = restricts && !has_ports,
		.network_tcp = restricts && has_ports,
		.listen_allowed = caps->bind.n > 0,
		.unix_sockets = abi >= 9, /* Landlock decides which */
		.ipc_full = caps->ipc_mode == NONO_IPC_FULL,
		.deny_truncate = abi < 3,
	};
}

int confinement_build(
	struct confinement *ret, const struct nono_caps *caps, int abi, struct nono_error *err)
{
	struct confinement c = { .abi = abi, .ruleset_fd = -1 };
	struct filter_shape shape = shape_for(caps, abi);
	int r = caps_check_support(caps, abi, err);

	if (r < 0) {
		return r;
	}
	for (size_t i = 0; i < CAPS_LIMITS; i++) {
		c.limits[i] = caps->limits[i];
	}
	r = build_ruleset(&c, caps, err);
	if (r == 0) {
		r = filter_build(&shape, &c.filter, err);
	}
	if (r < 0) {
		confinement_deinit(&c);
		return r;
	}
	*ret = c;
	return 0;
}

void confinement_deinit(struct confinement *c)
{
	close_fd(&c->ruleset_fd);
	free(c->filter);
	c->filter = NULL;
}

/* Never above what the process has already. */
static int enter_limits(const uint64_t *limits)
{
	for (size_t i = 0; i < CAPS_LIMITS; i++) {
		struct rlimit limit;
		if (limits[i] == 0) {
			continue;
		}
		if (getrlimit(limit_resources[i], &limit) < 0) {
			return -errno;
		}
		limit.rlim_max = limit.rlim_max < limits[i] ? limit.rlim_max : limits[i];
		limit.rlim_cur = limit.rlim_cur < limit.rlim_max ? limit.rlim_cur : limit.rlim_max;
		if (setrlimit(limit_resources[i], &limit) < 0) {
			return -errno;
		}
	}
	return 0;
}

int confinement_enter(const struct confinement *c, bool all_threads, const char **ret_what)
{
	int r = enter_limits(c->limits);

	*ret_what = "set the limits";
	if (r < 0) {
		return r;
	}
	r = privileges_drop();
	*ret_what = "give up privileges";
	if (r < 0) {
		return r;
	}
	/* The filter last: nothing before it has to get past it. */
	r = landlock_enforce(c->ruleset_fd, c->abi, all_threads);
	*ret_what = r == -E2BIG ? "enter one more Landlock layer (16 are the most)"
				: "enter the Landlock domain";
	if (r < 0) {
		return r;
	}
	r = filter_install(c->filter, all_threads);
	*ret_what = "install the system call filter";
	return r;
}
