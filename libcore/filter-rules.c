/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Errors are chosen for what programs do with them: ENOSYS where they have a way without the
 * call, EAFNOSUPPORT and EPROTONOSUPPORT where they try the next one, EACCES and EPERM where it
 * is meant to be final.
 */
#include "libcore/filter-rules.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include "libcore/base/cleanup.h"
#include "libcore/base/compat.h"

#ifndef CLONE_NEWTIME
#define CLONE_NEWTIME 0x80
#endif
#ifndef TIOCLINUX
#define TIOCLINUX 0x541C
#endif
/* A filter cannot tell a directory, where setgid is harmless and copied by every copy, from a
 * program: both are refused (docs/ENFORCEMENT.md). */
#define SET_ID_BITS (S_ISUID | S_ISGID)
#define NAMESPACES                                                                                 \
	(CLONE_NEWNS | CLONE_NEWCGROUP | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWUSER |             \
		CLONE_NEWPID | CLONE_NEWNET)
#define TMPFILE_BIT ((uint32_t)O_TMPFILE & ~(uint32_t)O_DIRECTORY)

#define EQUAL(arg, val)                                                                            \
	{                                                                                          \
		.test = FILTER_TEST_EQUAL, .argument = (arg), .n_values = 1, .values = {(val) }    \
	}
#define MASKED(arg, bits, val)                                                                     \
	{                                                                                          \
		.test = FILTER_TEST_EQUAL, .argument = (arg), .mask = (bits), .n_values = 1,       \
		.values = {                                                                        \
			(val)                                                                      \
		}                                                                                  \
	}
#define ANY_BIT(arg, bits)                                                                         \
	{                                                                                          \
		.test = FILTER_TEST_ANY_BIT, .argument = (arg), .mask = (bits)                     \
	}
#define COUNT(...)  (sizeof((uint32_t[]){ __VA_ARGS__ }) / sizeof(uint32_t))
#define VALUES(...) .n_values = COUNT(__VA_ARGS__), .values = { __VA_ARGS__ }
#define IN(arg, ...)                                                                               \
	{                                                                                          \
		.test = FILTER_TEST_IN, .argument = (arg), VALUES(__VA_ARGS__)                     \
	}
#define NOT_IN(arg, bits, ...)                                                                     \
	{                                                                                          \
		.test = FILTER_TEST_NOT_IN, .argument = (arg), .mask = (bits), VALUES(__VA_ARGS__) \
	}
#define NONZERO(arg)                                                                               \
	{                                                                                          \
		.test = FILTER_TEST_NONZERO, .argument = (arg)                                     \
	}

/* S_IFCHR and S_IFBLK differ in one bit, as do the two address families. */
_Static_assert((S_IFCHR ^ S_IFBLK) == S_IFDIR, "DEVICE() compares both types at once");
#define DEVICE(arg) MASKED(arg, S_IFMT & ~S_IFDIR, S_IFCHR)
/* AF_INET and AF_INET6 differ in one bit: one comparison for both halves the filter. */
_Static_assert((AF_INET ^ AF_INET6) == 8, "INET() compares both families at once");
#define INET(arg) MASKED(arg, UINT32_MAX - 8, AF_INET)
/* The type of a socket; the bits above are SOCK_CLOEXEC and SOCK_NONBLOCK. */
#define TYPE_NOT_IN(arg, ...)                                                                      \
	{                                                                                          \
		.test = FILTER_TEST_NOT_IN, .argument = (arg), .mask = 0xf, .ignore_high = true,   \
		VALUES(__VA_ARGS__)                                                                \
	}

#define METADATA      "no Landlock right covers it; nono-session does it inside write grants"
#define INSIDE        "where a denied path is inside a granted directory, nono-session does it around that"
#define BY_DESCRIPTOR "as by name; needed where what may only be read belongs to the session's user"

const struct filter_rule filter_rules[] = {
	/* Kernel objects */
	{ "mount umount2 pivot_root move_mount mount_setattr fsopen fsconfig fsmount fspick "
	  "open_tree open_tree_attr chroot",
		FILTER_ALWAYS, EPERM, {}, "mounts and the root directory",
		"a name must mean the same inside and outside" },
	{ "setns", FILTER_ALWAYS, EPERM, {}, "entering namespaces",
		"the network, mounts and processes of another namespace are outside the grants" },
	{ "unshare", FILTER_ALWAYS, EPERM, { ANY_BIT(0, NAMESPACES | CLONE_NEWTIME) },
		"new namespaces", "capabilities in a user namespace open the rest of the kernel" },
	{ "clone", FILTER_ALWAYS, EPERM, { ANY_BIT(0, NAMESPACES) }, "new namespaces",
		"as unshare; CLONE_NEWTIME is part of the exit signal here" },
	{ "clone3", FILTER_ALWAYS, ENOSYS, {}, "clone3",
		"its flags are in memory, where a filter cannot see them; libc falls back to "
		"clone" },
	{ "io_uring_setup io_uring_enter io_uring_register", FILTER_ALWAYS, ENOSYS, {}, "io_uring",
		"it does what this filter refuses, unseen" },
	{ "keyctl add_key request_key", FILTER_ALWAYS, EPERM, {}, "kernel keyrings",
		"the user's keys are shared with every process of the user" },
	{ "bpf perf_event_open userfaultfd", FILTER_ALWAYS, EPERM, {},
		"bpf, perf events, userfaultfd", "large attack surface and a view of others" },
	{ "fanotify_init", FILTER_ALWAYS, EPERM, {}, "fanotify",
		"it reports names outside the grants" },
	{ "pidfd_getfd kcmp", FILTER_ALWAYS, EPERM, {}, "descriptors of other processes",
		"a descriptor is a grant" },
	{ "open_by_handle_at", FILTER_ALWAYS, EPERM, {}, "opening by handle",
		"a handle has no path; namespaces can be opened this way" },
	{ "name_to_handle_at", FILTER_ALWAYS, EOPNOTSUPP, {}, "making handles",
		"of no use without opening them; programs treat it as an unsupported file system" },
	{ "init_module finit_module delete_module kexec_load kexec_file_load reboot swapon swapoff "
	  "acct quotactl quotactl_fd iopl ioperm vhangup",
		FILTER_ALWAYS, EPERM, {}, "administration of the machine",
		"needs capabilities a sandbox has dropped: a second lock" },
	{ "prlimit64", FILTER_ALWAYS, EPERM, { NONZERO(0), NONZERO(2) },
		"changing limits of a process named by number",
		"RLIMIT_CPU or RLIMIT_FSIZE of 0 kills any process of the user; setrlimit and pid "
		"0 stay" },
	{ "ioctl", FILTER_ALWAYS, EPERM, { IN(1, TIOCSTI, TIOCLINUX) }, "TIOCSTI, TIOCLINUX",
		"typing into the user's terminal" },
	{ "ioctl", FILTER_SUPERVISED, FILTER_ASK, { IN(1, TIOCGPTPEER) },
		"the other end of a new terminal",
		"opening it needs no grant on /dev/pts, where the user's other terminals are" },

	/* Files */
	{ "chmod fchmod", FILTER_ALWAYS, EPERM, { ANY_BIT(1, SET_ID_BITS) },
		"setuid and setgid bits", "a program that gives others the user's rights" },
	{ "fchmodat fchmodat2", FILTER_ALWAYS, EPERM, { ANY_BIT(2, SET_ID_BITS) },
		"setuid and setgid bits", "as chmod" },
	{ "creat mknod", FILTER_ALWAYS, EPERM, { ANY_BIT(1, SET_ID_BITS) },
		"setuid and setgid bits", "as chmod; mkdir ignores them by itself" },
	{ "mknodat", FILTER_ALWAYS, EPERM, { ANY_BIT(2, SET_ID_BITS) }, "setuid and setgid bits",
		"as chmod" },
	{ "open", FILTER_ALWAYS, EPERM,
		{ ANY_BIT(1, O_CREAT | TMPFILE_BIT), ANY_BIT(2, SET_ID_BITS) },
		"creating with setuid and setgid bits", "as chmod" },
	{ "openat", FILTER_ALWAYS, EPERM,
		{ ANY_BIT(2, O_CREAT | TMPFILE_BIT), ANY_BIT(3, SET_ID_BITS) },
		"creating with setuid and setgid bits", "as chmod" },
	{ "openat2", FILTER_ALWAYS, ENOSYS, {}, "openat2",
		"its mode is in memory, where a filter cannot see it; programs fall back to "
		"openat" },
	{ "mknod", FILTER_ALWAYS, EPERM, { DEVICE(1) }, "character and block devices",
		"a device is more than the directory it is in; Landlock refuses it too" },
	{ "mknodat", FILTER_ALWAYS, EPERM, { DEVICE(2) }, "character and block devices",
		"as mknod" },
	{ "chmod", FILTER_SUPERVISED, FILTER_ASK, { MASKED(1, SET_ID_BITS, 0) }, "modes of files",
		METADATA },
	{ "fchmodat fchmodat2", FILTER_SUPERVISED, FILTER_ASK, { MASKED(2, SET_ID_BITS, 0) },
		"modes of files", METADATA },
	{ "chown lchown fchownat", FILTER_SUPERVISED, FILTER_ASK, {}, "owners of files", METADATA },
	{ "utime utimes", FILTER_SUPERVISED, FILTER_ASK, {}, "times of files", METADATA },
	{ "utimensat futimesat", FILTER_SUPERVISED, FILTER_ASK, { NONZERO(1) }, "times of files",
		METADATA },
	{ "setxattr lsetxattr setxattrat removexattr lremovexattr removexattrat", FILTER_SUPERVISED,
		FILTER_ASK, {}, "extended attributes", METADATA },
	{ "file_setattr", FILTER_SUPERVISED, FILTER_ASK, {}, "flags of files", METADATA },
	{ "fchmod", FILTER_SUPERVISED_FDS, FILTER_ASK, { MASKED(1, SET_ID_BITS, 0) },
		"modes by descriptor", BY_DESCRIPTOR },
	{ "fchown", FILTER_SUPERVISED_FDS, FILTER_ASK, {}, "owners by descriptor", BY_DESCRIPTOR },
	{ "utimensat futimesat", FILTER_SUPERVISED_FDS, FILTER_ASK, { EQUAL(1, 0) },
		"times by descriptor", BY_DESCRIPTOR },
	{ "fsetxattr fremovexattr", FILTER_SUPERVISED_FDS, FILTER_ASK, {},
		"extended attributes by descriptor", BY_DESCRIPTOR },
	{ "ioctl", FILTER_SUPERVISED_FDS, FILTER_ASK, { IN(1, FS_IOC_SETFLAGS, FS_IOC_FSSETXATTR) },
		"flags by descriptor", BY_DESCRIPTOR },
	{ "truncate", FILTER_DENY_TRUNCATE, EACCES, {}, "truncate by path",
		"Landlock sees it from ABI 3 on" },
	/* What is refused above is not asked about, so each call has the rest of its rules. */
	{ "open", FILTER_OPENS, FILTER_ASK, { MASKED(1, O_CREAT | TMPFILE_BIT, 0) }, "opening",
		INSIDE },
	{ "openat", FILTER_OPENS, FILTER_ASK, { MASKED(2, O_CREAT | TMPFILE_BIT, 0) }, "opening",
		INSIDE },
	{ "open", FILTER_OPENS, FILTER_ASK,
		{ ANY_BIT(1, O_CREAT | TMPFILE_BIT), MASKED(2, SET_ID_BITS, 0) },
		"opening what may not be there yet", INSIDE },
	{ "openat", FILTER_OPENS, FILTER_ASK,
		{ ANY_BIT(2, O_CREAT | TMPFILE_BIT), MASKED(3, SET_ID_BITS, 0) },
		"opening what may not be there yet", INSIDE },
	{ "creat", FILTER_OPENS, FILTER_ASK, { MASKED(1, SET_ID_BITS, 0) },
		"opening what may not be there yet", INSIDE },
	{ "mkdir mkdirat symlink symlinkat link linkat", FILTER_OPENS, FILTER_ASK, {},
		"making directories and links", INSIDE },
	{ "rename renameat renameat2 unlink unlinkat rmdir", FILTER_OPENS, FILTER_ASK, {},
		"moving and removing", INSIDE },
	{ "mknod", FILTER_OPENS, FILTER_ASK, { MASKED(1, S_IFMT | SET_ID_BITS, 0) },
		"making files and fifos", INSIDE },
	{ "mknod", FILTER_OPENS, FILTER_ASK, { MASKED(1, S_IFMT | SET_ID_BITS, S_IFREG) },
		"making files and fifos", INSIDE },
	{ "mknod", FILTER_OPENS, FILTER_ASK, { MASKED(1, S_IFMT | SET_ID_BITS, S_IFIFO) },
		"making files and fifos", INSIDE },
	{ "mknodat", FILTER_OPENS, FILTER_ASK, { MASKED(2, S_IFMT | SET_ID_BITS, 0) },
		"making files and fifos", INSIDE },
	{ "mknodat", FILTER_OPENS, FILTER_ASK, { MASKED(2, S_IFMT | SET_ID_BITS, S_IFREG) },
		"making files and fifos", INSIDE },
	{ "mknodat", FILTER_OPENS, FILTER_ASK, { MASKED(2, S_IFMT | SET_ID_BITS, S_IFIFO) },
		"making files and fifos", INSIDE },
	{ "truncate", FILTER_OPENS_TRUNCATE, FILTER_ASK, {}, "truncate by path", INSIDE },

	/* Sockets */
	{ "socket", FILTER_ALWAYS, EAFNOSUPPORT,
		{ NOT_IN(0, 63, AF_UNIX, AF_INET, AF_INET6, AF_NETLINK) },
		"packet, vsock, AF_ALG, Bluetooth and all other families",
		"they reach the host or the wire past every rule about addresses" },
	{ "socket", FILTER_NETWORK, EPROTONOSUPPORT, { EQUAL(0, AF_NETLINK), NONZERO(2) },
		"netlink other than NETLINK_ROUTE",
		"name look-ups need only that; the others are attack surface" },
	{ "socketpair", FILTER_ALWAYS, EAFNOSUPPORT, { NOT_IN(0, 1, AF_UNIX) },
		"socket pairs other than AF_UNIX", "no other family is needed" },
	{ "socketpair", FILTER_ALWAYS, EACCES, { TYPE_NOT_IN(1, SOCK_STREAM, SOCK_SEQPACKET) },
		"AF_UNIX datagram pairs",
		"an end can be sent to any socket by path, with calls whose address no filter "
		"sees" },
	{ "socket", FILTER_UNIX, EACCES,
		{ EQUAL(0, AF_UNIX), TYPE_NOT_IN(1, SOCK_STREAM, SOCK_SEQPACKET) },
		"AF_UNIX datagram sockets", "as socketpair" },
	{ "socket", FILTER_NO_UNIX, EACCES, { EQUAL(0, AF_UNIX) }, "AF_UNIX sockets",
		"services behind pathname sockets trust the user; socketpair stays" },

	{ "connect", FILTER_SUPERVISED, FILTER_ASK, {}, "connecting",
		"the address is in memory; nono-session connects for the caller what is allowed" },
	{ "bind", FILTER_SUPERVISED, FILTER_ASK, {}, "binding",
		"as connect; nono-session remembers which unix sockets are the session's own" },

	/* Network */
	{ "socket", FILTER_NETWORK_BLOCKED, EACCES, { INET(0) }, "INET and INET6 sockets",
		"no network" },
	{ "socket", FILTER_NETWORK_BLOCKED, EACCES, { EQUAL(0, AF_NETLINK) }, "netlink sockets",
		"no network" },
	{ "socket", FILTER_NETWORK_TCP, EACCES, { INET(0), TYPE_NOT_IN(1, SOCK_STREAM) },
		"UDP, ping and raw sockets", "Landlock's port rules are about TCP" },
	{ "socket", FILTER_NETWORK_TCP, EPROTONOSUPPORT, { INET(0), NOT_IN(2, 7, 0, IPPROTO_TCP) },
		"MPTCP, SCTP and other protocols",
		"an MPTCP connection falls back to a TCP one that no port rule sees" },
	{ "sendto sendmmsg", FILTER_NETWORK_TCP, EOPNOTSUPP, { ANY_BIT(3, MSG_FASTOPEN) },
		"TCP Fast Open", "connects without connect()" },
	{ "sendmsg", FILTER_NETWORK_TCP, EOPNOTSUPP, { ANY_BIT(2, MSG_FASTOPEN) }, "TCP Fast Open",
		"connects without connect()" },
	{ "setsockopt", FILTER_NETWORK_TCP, ENOPROTOOPT,
		{ EQUAL(1, IPPROTO_TCP), IN(2, TCP_FASTOPEN, TCP_FASTOPEN_CONNECT) },
		"TCP Fast Open", "the data goes out before the connection is made" },
	{ "listen", FILTER_NO_LISTEN, EACCES, {}, "listen",
		"without bind it listens on a port of the kernel's choice on every address; the "
		"filter cannot tell an AF_UNIX socket" },
	{ "listen", FILTER_SUPERVISED_TCP, FILTER_ASK, {}, "listening",
		"without bind it listens on a port of the kernel's choice on every address" },
	{ "socket", FILTER_NETWORK_OPEN, EACCES,
		{ INET(0), TYPE_NOT_IN(1, SOCK_STREAM, SOCK_DGRAM) },
		"raw and packet sockets, SCTP", "the open network is TCP and UDP" },
	{ "socket", FILTER_NETWORK_OPEN, EPROTONOSUPPORT,
		{ INET(0), NOT_IN(2, 511, 0, IPPROTO_ICMP, IPPROTO_TCP, IPPROTO_UDP, IPPROTO_ICMPV6,
				   IPPROTO_MPTCP) },
		"SCTP, DCCP, L2TP, SMC and other protocols", "they load kernel modules" },

	/* System V and POSIX IPC */
	{ "shmget shmat shmctl semget semop semtimedop semctl msgget msgsnd msgrcv msgctl",
		FILTER_NO_IPC, EPERM, {}, "System V IPC",
		"shared by number with every process of the user" },
	{ "mq_open mq_unlink", FILTER_NO_IPC, EPERM, {}, "POSIX message queues",
		"shared by name with every process of the user" },
};

const size_t filter_n_rules = ELEMENTSOF(filter_rules);

bool filter_applies(enum filter_when when, const struct filter_shape *shape)
{
	switch (when) {
	case FILTER_ALWAYS:
		return true;
	case FILTER_NETWORK:
		return !shape->network_blocked;
	case FILTER_NETWORK_BLOCKED:
		return shape->network_blocked;
	case FILTER_NETWORK_TCP:
		return shape->network_tcp && !shape->network_blocked;
	case FILTER_NETWORK_OPEN:
		return !shape->network_tcp && !shape->network_blocked;
	case FILTER_NO_LISTEN:
		return shape->network_tcp && !shape->network_blocked && !shape->listen_allowed &&
		       !shape->supervised;
	case FILTER_UNIX:
		return shape->unix_sockets;
	case FILTER_NO_UNIX:
		return !shape->unix_sockets;
	case FILTER_NO_IPC:
		return !shape->ipc_full;
	case FILTER_DENY_TRUNCATE:
		return shape->deny_truncate;
	case FILTER_SUPERVISED:
		return shape->supervised;
	case FILTER_SUPERVISED_FDS:
		return shape->supervised && shape->metadata_fds;
	case FILTER_OPENS:
		return shape->supervised && shape->opens;
	case FILTER_OPENS_TRUNCATE:
		return shape->supervised && shape->opens && !shape->deny_truncate;
	case FILTER_SUPERVISED_TCP:
		return shape->supervised && shape->network_tcp && !shape->network_blocked;
	}
	return true;
}
