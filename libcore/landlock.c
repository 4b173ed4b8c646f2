/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Landlock rulesets. Every function that depends on the kernel takes the ABI as an argument, so
 * that what an older kernel does can be tried on a newer one; nothing here asks twice.
 *
 * Invariant: a ruleset handles every file system right of its ABI. A right that is not handled is
 * not "left to others", it is open; so there is no way to ask for fewer.
 */
#include "libcore/landlock.h"

#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "libcore/base/cleanup.h"
#include "libcore/base/compat.h"
#include "libcore/base/error.h"
#include "libcore/base/path.h"

#define CREATE_RULESET_VERSION (1U << 0)

/* Reading implies executing, as a mapping of a readable file can be executed anyway. */
#define RIGHTS_READ (LL_FS_READ_FILE | LL_FS_READ_DIR | LL_FS_EXECUTE)
#define RIGHTS_WRITE                                                                               \
	(LL_FS_WRITE_FILE | LL_FS_REMOVE_DIR | LL_FS_REMOVE_FILE | LL_FS_MAKE_DIR |                \
		LL_FS_MAKE_REG | LL_FS_MAKE_SOCK | LL_FS_MAKE_FIFO | LL_FS_MAKE_SYM |              \
		LL_FS_REFER | LL_FS_TRUNCATE | LL_FS_RESOLVE_UNIX)
/* What the kernel accepts in a rule for something that is not a directory; for a socket also the
 * right to connect to it. */
#define RIGHTS_NON_DIRECTORY                                                                       \
	(LL_FS_EXECUTE | LL_FS_WRITE_FILE | LL_FS_READ_FILE | LL_FS_TRUNCATE | LL_FS_IOCTL_DEV)

static uint64_t fs_rights(int abi)
{
	uint64_t rights = LL_FS_REFER - 1; /* ABI 1: every bit below the first later one */

	if (abi >= 2) {
		rights |= LL_FS_REFER;
	}
	if (abi >= 3) {
		rights |= LL_FS_TRUNCATE;
	}
	if (abi >= 5) {
		rights |= LL_FS_IOCTL_DEV;
	}
	if (abi >= 9) {
		rights |= LL_FS_RESOLVE_UNIX;
	}
	return rights;
}

int landlock_abi(int *ret_errno)
{
	long abi = syscall(SYS_landlock_create_ruleset, NULL, 0, CREATE_RULESET_VERSION);

	if (abi <= 0) {
		if (ret_errno) {
			*ret_errno = abi < 0 ? errno : ENOSYS;
		}
		return 0;
	}
	return abi > LANDLOCK_ABI_NEWEST ? LANDLOCK_ABI_NEWEST : (int)abi;
}

static int add_path_rule(int ruleset_fd, int path_fd, uint64_t rights)
{
	struct landlock_path_rule rule = { .allowed = rights, .parent_fd = path_fd };

	if (syscall(SYS_landlock_add_rule, ruleset_fd, LL_RULE_PATH, &rule, 0) < 0) {
		return -errno;
	}
	return 0;
}

/* Handling every right and then giving one back below / is how a right that is to stay open is
 * said: a rule with a right the ruleset does not handle would be refused as a whole. */
static int allow_everywhere(int ruleset_fd, uint64_t rights)
{
	_cleanup_close_ int root = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);

	return root < 0 ? -errno : add_path_rule(ruleset_fd, root, rights);
}

/* Length of the attributes the ABI knows: an old kernel refuses bytes it has no name for. */
static size_t attr_size(int abi)
{
	if (abi >= 6) {
		return sizeof(struct landlock_attr);
	}
	return abi >= 4 ? offsetof(struct landlock_attr, scoped)
			: offsetof(struct landlock_attr, handled_net);
}

int landlock_new(int abi, const struct landlock_domain *domain, struct nono_error *err)
{
	struct landlock_attr attr = { .handled_fs = fs_rights(abi) };
	_cleanup_close_ int fd = -1;
	int r;

	if (abi >= 4 && domain->restrict_tcp) {
		attr.handled_net |= LL_NET_BIND_TCP | LL_NET_CONNECT_TCP;
	}
	if (abi >= 10 && domain->restrict_udp) {
		attr.handled_net |= LL_NET_BIND_UDP | LL_NET_CONNECT_SEND_UDP;
	}
	if (abi >= 6 && domain->scope_signal) {
		attr.scoped |= LL_SCOPE_SIGNAL;
	}
	if (abi >= 6 && domain->scope_abstract) {
		attr.scoped |= LL_SCOPE_ABSTRACT_UNIX;
	}
	/* The kernel gives the descriptor CLOEXEC. */
	fd = (int)syscall(SYS_landlock_create_ruleset, &attr, attr_size(abi), 0);
	if (fd < 0) {
		return error_errno(err, errno, "cannot create a Landlock ruleset");
	}
	if (abi >= 9 && !domain->restrict_unix) {
		r = allow_everywhere(fd, LL_FS_RESOLVE_UNIX);
		if (r < 0) {
			return error_errno(err, -r, "cannot leave UNIX sockets open in Landlock");
		}
	}
	return take_fd(&fd);
}

/* The name the kernel has for what fd refers to; empty when /proc is not there. */
static void fd_name(int fd, char *name, size_t size)
{
	char link[32];
	ssize_t n;

	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	n = readlink(link, name, size - 1);
	name[n > 0 ? n : 0] = '\0';
}

/* ioctl on a device opened inside is as good as the device. Directories elsewhere hold no devices
 * an ordinary user could have made; a name that cannot be read gives nothing. */
static bool may_hold_devices(int fd, mode_t mode)
{
	char name[64];

	if (S_ISDIR(mode)) {
		/* Cut off or not, the beginning decides. */
		fd_name(fd, name, sizeof(name));
		return path_is_below(name, "/dev");
	}
	return S_ISCHR(mode) || S_ISBLK(mode);
}

static int explain_refusal(int fd, int errnum, struct nono_error *err)
{
	char name[300];

	fd_name(fd, name, sizeof(name));
	if (errnum == EBADFD) {
		/* Pipes, sockets and namespaces have an inode but no place in a hierarchy. */
		return error_set(err, NONO_UNSUPPORTED, errnum,
			"cannot grant %s: it is on a file system internal to the kernel", name);
	}
	return error_errno(err, errnum, "cannot grant %s in Landlock", name);
}

int landlock_allow_path(
	int ruleset_fd, int abi, int path_fd, enum nono_access access, struct nono_error *err)
{
	uint64_t rights = 0;
	struct stat st;
	int r;

	if (fstat(path_fd, &st) < 0) {
		return error_errno(err, errno, "cannot look at the path to grant");
	}
	if (access & NONO_READ) {
		rights |= RIGHTS_READ;
	}
	if (access & NONO_WRITE) {
		rights |= RIGHTS_WRITE;
		if (may_hold_devices(path_fd, st.st_mode)) {
			rights |= LL_FS_IOCTL_DEV;
		}
	}
	if (!S_ISDIR(st.st_mode)) {
		rights &= RIGHTS_NON_DIRECTORY | (S_ISSOCK(st.st_mode) ? LL_FS_RESOLVE_UNIX : 0);
	}
	rights &= fs_rights(abi);
	r = add_path_rule(ruleset_fd, path_fd, rights);
	return r < 0 ? explain_refusal(path_fd, -r, err) : 0;
}

int landlock_allow_unix(int ruleset_fd, int path_fd, struct nono_error *err)
{
	int r = add_path_rule(ruleset_fd, path_fd, LL_FS_RESOLVE_UNIX);

	return r < 0 ? explain_refusal(path_fd, -r, err) : 0;
}

int landlock_allow_port(int ruleset_fd, uint16_t port, unsigned kinds, struct nono_error *err)
{
	struct landlock_port_rule rule = { .port = port };

	if (kinds & LANDLOCK_CONNECT) {
		rule.allowed |= LL_NET_CONNECT_TCP;
	}
	if (kinds & LANDLOCK_BIND) {
		rule.allowed |= LL_NET_BIND_TCP;
	}
	if (syscall(SYS_landlock_add_rule, ruleset_fd, LL_RULE_PORT, &rule, 0) < 0) {
		return error_errno(err, errno, "cannot grant TCP port %u in Landlock", port);
	}
	return 0;
}

int landlock_enforce(int ruleset_fd, int abi, bool all_threads)
{
	unsigned flags = 0;

	if (all_threads) {
		if (abi < 8) {
			return -EOPNOTSUPP;
		}
		flags |= LL_RESTRICT_TSYNC;
	}
	if (abi >= 7) {
		/* Denials of the commands inside reach the audit log, not only the first one's. */
		flags |= LL_RESTRICT_LOG_NEW_EXEC_ON;
	}
	return syscall(SYS_landlock_restrict_self, ruleset_fd, flags) < 0 ? -errno : 0;
}
