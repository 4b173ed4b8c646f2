/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The rules of the filter on the real kernel: each refused call is made without the filter (where
 * it must get further) and with it, as root and as an ordinary user. The arguments are such that
 * the kernel would refuse them for another reason, or that the effect is harmless.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <pty.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "libcore/base/compat.h"
#include "libcore/filter.h"
#include "tests/unit/kernel-test.h"

#define HIGH (INT64_C(0x7ead) << 32) /* bits the kernel drops from an int */

/* One system call with up to five arguments per line. */
#define CALL(name, ...)                                                                            \
	static long op_##name(void)                                                                \
	{                                                                                          \
		return syscall(__VA_ARGS__);                                                       \
	}

CALL(mount, SYS_mount, NULL, NULL, NULL, 0, NULL)
CALL(umount2, SYS_umount2, "", 0)
CALL(pivot_root, SYS_pivot_root, NULL, NULL)
CALL(chroot, SYS_chroot, "")
CALL(move_mount, SYS_move_mount, -1, NULL, -1, NULL, 0)
CALL(mount_setattr, SYS_mount_setattr, -1, NULL, 0, NULL, 0)
CALL(fsopen, SYS_fsopen, NULL, 0)
CALL(fsconfig, SYS_fsconfig, -1, 0, NULL, NULL, 0)
CALL(fsmount, SYS_fsmount, -1, 0, 0)
CALL(fspick, SYS_fspick, -1, NULL, 0)
CALL(open_tree, SYS_open_tree, -1, NULL, 0)
CALL(setns, SYS_setns, -1, 0)
CALL(clone3, SYS_clone3, NULL, 0)
CALL(io_uring_setup, SYS_io_uring_setup, 1, NULL)
CALL(io_uring_enter, SYS_io_uring_enter, -1, 0, 0, 0, NULL)
CALL(io_uring_register, SYS_io_uring_register, -1, 0, NULL, 0)
CALL(keyctl, SYS_keyctl, 9999, 0, 0, 0, 0)
CALL(add_key, SYS_add_key, NULL, NULL, NULL, 0, 0)
CALL(request_key, SYS_request_key, NULL, NULL, NULL, 0)
CALL(bpf, SYS_bpf, 0, NULL, 0)
CALL(perf_event_open, SYS_perf_event_open, NULL, 0, -1, -1, 0)
CALL(userfaultfd, SYS_userfaultfd, ~0)
CALL(fanotify_init, SYS_fanotify_init, ~0, 0)
CALL(pidfd_getfd, SYS_pidfd_getfd, -1, 0, 0)
CALL(kcmp, SYS_kcmp, getpid(), getpid(), 99, 0, 0)
CALL(open_by_handle_at, SYS_open_by_handle_at, -1, NULL, 0)
CALL(name_to_handle_at, SYS_name_to_handle_at, -1, NULL, NULL, NULL, ~0)
CALL(init_module, SYS_init_module, NULL, 0, NULL)
CALL(finit_module, SYS_finit_module, -1, NULL, 0)
CALL(delete_module, SYS_delete_module, NULL, 0)
CALL(kexec_load, SYS_kexec_load, 0, 0, NULL, ~0)
CALL(reboot, SYS_reboot, 0, 0, 0, NULL)
CALL(swapon, SYS_swapon, NULL, ~0)
CALL(swapoff, SYS_swapoff, NULL)
CALL(acct, SYS_acct, "")
CALL(quotactl, SYS_quotactl, ~0, NULL, 0, NULL)
CALL(quotactl_fd, SYS_quotactl_fd, -1, ~0, 0, NULL)
CALL(unshare_user, SYS_unshare, CLONE_NEWUSER)
CALL(unshare_user_high, SYS_unshare, (INT64_C(1) << 40) | CLONE_NEWUSER)
CALL(unshare_net, SYS_unshare, CLONE_NEWNET)
CALL(unshare_pid, SYS_unshare, CLONE_NEWPID)
CALL(unshare_mount, SYS_unshare, CLONE_NEWNS)
CALL(unshare_ipc, SYS_unshare, CLONE_NEWIPC)
CALL(unshare_uts, SYS_unshare, CLONE_NEWUTS)
CALL(unshare_cgroup, SYS_unshare, CLONE_NEWCGROUP)
CALL(unshare_time, SYS_unshare, 0x80)
CALL(prlimit, SYS_prlimit64, getppid(), RLIMIT_CORE, &(struct rlimit){ 0, 0 }, NULL)
CALL(prlimit_high, SYS_prlimit64, HIGH | getppid(), RLIMIT_CORE, &(struct rlimit){ 0, 0 }, NULL)
#ifdef SYS_iopl
CALL(iopl, SYS_iopl, 4)
CALL(ioperm, SYS_ioperm, ~0UL, 1, 1)
#endif
CALL(shmget, SYS_shmget, 0x7e57, 0, 0)
CALL(shmat, SYS_shmat, -1, NULL, 0)
CALL(shmctl, SYS_shmctl, -1, 0, NULL)
CALL(semget, SYS_semget, 0x7e57, 0, 0)
CALL(semop, SYS_semop, -1, NULL, 1)
CALL(semtimedop, SYS_semtimedop, -1, NULL, 1, NULL)
CALL(semctl, SYS_semctl, -1, 0, 0, 0)
CALL(msgget, SYS_msgget, 0x7e57, 0)
CALL(msgsnd, SYS_msgsnd, -1, NULL, 0, 0)
CALL(msgrcv, SYS_msgrcv, -1, NULL, 0, 0, 0)
CALL(msgctl, SYS_msgctl, -1, 0, NULL)
CALL(mq_open, SYS_mq_open, "nono-test-none", O_RDONLY, 0, NULL)
CALL(mq_unlink, SYS_mq_unlink, "nono-test-none")
CALL(chmod_setuid, SYS_fchmodat, AT_FDCWD, "file", 04755)
CALL(chmod_setgid, SYS_fchmodat, AT_FDCWD, "file", 02755)
CALL(chmod_setuid_high, SYS_fchmodat, AT_FDCWD, "file", HIGH | 0x10000 | 04755)
CALL(fchmodat2_setuid, 452, AT_FDCWD, "file", 04755, 0)
CALL(openat_setuid, SYS_openat, AT_FDCWD, "new", O_CREAT | O_WRONLY, 04755)
CALL(openat_tmpfile, SYS_openat, AT_FDCWD, ".", O_TMPFILE | O_WRONLY, 04755)
CALL(mknodat_setuid, SYS_mknodat, AT_FDCWD, "new", S_IFREG | 04755, 0)
CALL(mknodat_whiteout, SYS_mknodat, AT_FDCWD, "new", S_IFCHR | 0600, 0)
CALL(openat2, SYS_openat2, AT_FDCWD, "file", &(struct open_how){ .flags = O_RDONLY },
	sizeof(struct open_how))
#ifdef SYS_chmod
CALL(old_chmod, SYS_chmod, "file", 04755)
CALL(old_creat, SYS_creat, "new", 04755)
CALL(old_open, SYS_open, "new", O_CREAT | O_RDWR, 02755)
CALL(old_mknod, SYS_mknod, "new", S_IFCHR | 0600, 0)
#endif
CALL(packet, SYS_socket, AF_PACKET, SOCK_DGRAM, 0)
CALL(vsock, SYS_socket, 40, SOCK_STREAM, 0)
CALL(alg, SYS_socket, 38, SOCK_SEQPACKET, 0)
CALL(netlink_generic, SYS_socket, AF_NETLINK, SOCK_RAW, 16)
CALL(inet_raw, SYS_socket, AF_INET, SOCK_RAW, IPPROTO_TCP)
CALL(inet_raw_high, SYS_socket, HIGH | AF_INET, HIGH | SOCK_RAW, IPPROTO_TCP)
CALL(unix_stream, SYS_socket, AF_UNIX, SOCK_STREAM, 0)
CALL(unix_dgram, SYS_socket, AF_UNIX, SOCK_DGRAM, 0)
CALL(unix_raw, SYS_socket, AF_UNIX, SOCK_RAW, 0)
CALL(tcp, SYS_socket, AF_INET, SOCK_STREAM, 0)
CALL(tcp6, SYS_socket, AF_INET6, SOCK_STREAM, IPPROTO_TCP)
CALL(udp, SYS_socket, AF_INET, SOCK_DGRAM, 0)
CALL(udp_high, SYS_socket, HIGH | AF_INET, HIGH | SOCK_DGRAM, 0)
CALL(udp6, SYS_socket, AF_INET6, SOCK_DGRAM, 0)
CALL(mptcp, SYS_socket, AF_INET, SOCK_STREAM, IPPROTO_MPTCP)
CALL(netlink_route, SYS_socket, AF_NETLINK, SOCK_RAW, 0)
CALL(truncate, SYS_truncate, "file", 0)

static long op_clone_user(void)
{
	long pid = syscall(SYS_clone, CLONE_NEWUSER | SIGCHLD, NULL, NULL, NULL, NULL);

	if (pid == 0) {
		_exit(0);
	}
	return pid;
}

static long op_vhangup(void)
{
	return syscall(SYS_vhangup); /* children have no terminal to lose */
}

static long op_fchmod_setuid(void)
{
	return fchmod(open("file", O_RDONLY | O_CLOEXEC), 04755);
}

static long terminal_ioctl(long request)
{
	int master, slave;

	if (openpty(&master, &slave, NULL, NULL, NULL) < 0 || ioctl(slave, TIOCSCTTY, 0) < 0) {
		_exit(252);
	}
	return syscall(SYS_ioctl, slave, request, "x");
}

static long op_tiocsti(void)
{
	return terminal_ioctl(TIOCSTI);
}

static long op_tiocsti_high(void)
{
	return terminal_ioctl(HIGH | TIOCSTI);
}

static long op_tioclinux(void)
{
	return terminal_ioctl(0x541C);
}

static long op_socketpair_dgram(void)
{
	int fds[2];

	return syscall(SYS_socketpair, AF_UNIX, SOCK_DGRAM, 0, fds);
}

static long op_socketpair_high(void)
{
	int fds[2];

	return syscall(SYS_socketpair, AF_UNIX, HIGH | SOCK_RAW | SOCK_CLOEXEC, 0, fds);
}

static int tcp_socket(void)
{
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0) {
		_exit(252);
	}
	return fd;
}

static long op_listen(void)
{
	return listen(tcp_socket(), 1);
}

static struct sockaddr_in nowhere(void)
{
	return (struct sockaddr_in){ .sin_family = AF_INET,
		.sin_port = htons(1),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
}

static long op_fastopen_sendto(void)
{
	struct sockaddr_in to = nowhere();

	return syscall(SYS_sendto, tcp_socket(), "x", 1, HIGH | MSG_FASTOPEN | MSG_NOSIGNAL, &to,
		sizeof(to));
}

static long op_fastopen_sendmsg(void)
{
	struct sockaddr_in to = nowhere();
	struct iovec iov = { .iov_base = (char[]){ "x" }, .iov_len = 1 };
	struct msghdr msg = {
		.msg_name = &to, .msg_namelen = sizeof(to), .msg_iov = &iov, .msg_iovlen = 1
	};

	return sendmsg(tcp_socket(), &msg, MSG_FASTOPEN | MSG_NOSIGNAL);
}

static long op_fastopen_connect(void)
{
	return setsockopt(
		tcp_socket(), IPPROTO_TCP, TCP_FASTOPEN_CONNECT, &(int){ 1 }, sizeof(int));
}

static long op_fastopen_listen(void)
{
	return setsockopt(tcp_socket(), IPPROTO_TCP, TCP_FASTOPEN, &(int){ 1 }, sizeof(int));
}

struct rule_case {
	const char *name;
	long (*op)(void);
	int refused; /* errno inside */
};
#define C(name, error)                                                                             \
	{                                                                                          \
#name, op_##name, error                                                            \
	}

static const struct rule_case always[] = {
	C(mount, EPERM),
	C(umount2, EPERM),
	C(pivot_root, EPERM),
	C(chroot, EPERM),
	C(move_mount, EPERM),
	C(mount_setattr, EPERM),
	C(fsopen, EPERM),
	C(fsconfig, EPERM),
	C(fsmount, EPERM),
	C(fspick, EPERM),
	C(open_tree, EPERM),
	C(setns, EPERM),
	C(unshare_user, EPERM),
	C(unshare_user_high, EPERM),
	C(unshare_net, EPERM),
	C(unshare_pid, EPERM),
	C(unshare_mount, EPERM),
	C(unshare_ipc, EPERM),
	C(unshare_uts, EPERM),
	C(unshare_cgroup, EPERM),
	C(unshare_time, EPERM),
	C(clone_user, EPERM),
	C(clone3, ENOSYS),
	C(io_uring_setup, ENOSYS),
	C(io_uring_enter, ENOSYS),
	C(io_uring_register, ENOSYS),
	C(keyctl, EPERM),
	C(add_key, EPERM),
	C(request_key, EPERM),
	C(bpf, EPERM),
	C(perf_event_open, EPERM),
	C(userfaultfd, EPERM),
	C(fanotify_init, EPERM),
	C(pidfd_getfd, EPERM),
	C(kcmp, EPERM),
	C(open_by_handle_at, EPERM),
	C(name_to_handle_at, EOPNOTSUPP),
	C(init_module, EPERM),
	C(finit_module, EPERM),
	C(delete_module, EPERM),
	C(kexec_load, EPERM),
	C(reboot, EPERM),
	C(swapon, EPERM),
	C(swapoff, EPERM),
	C(acct, EPERM),
	C(quotactl, EPERM),
	C(quotactl_fd, EPERM),
	C(vhangup, EPERM),
	C(prlimit, EPERM),
	C(prlimit_high, EPERM),
	C(tiocsti, EPERM),
	C(tiocsti_high, EPERM),
	C(tioclinux, EPERM),
#ifdef SYS_iopl
	C(iopl, EPERM),
	C(ioperm, EPERM),
#endif
	C(chmod_setuid, EPERM),
	C(chmod_setgid, EPERM),
	C(chmod_setuid_high, EPERM),
	C(fchmod_setuid, EPERM),
	C(fchmodat2_setuid, EPERM),
	C(openat_setuid, EPERM),
	C(openat_tmpfile, EPERM),
	C(mknodat_setuid, EPERM),
	C(mknodat_whiteout, EPERM),
	C(openat2, ENOSYS),
#ifdef SYS_chmod
	C(old_chmod, EPERM),
	C(old_creat, EPERM),
	C(old_open, EPERM),
	C(old_mknod, EPERM),
#endif
	C(packet, EAFNOSUPPORT),
	C(vsock, EAFNOSUPPORT),
	C(alg, EAFNOSUPPORT),
	C(unix_dgram, EACCES),
	C(unix_raw, EACCES),
	C(socketpair_dgram, EACCES),
	C(socketpair_high, EACCES),
};

static const struct rule_case ipc[] = {
	C(shmget, EPERM),
	C(shmat, EPERM),
	C(shmctl, EPERM),
	C(semget, EPERM),
	C(semop, EPERM),
	C(semtimedop, EPERM),
	C(semctl, EPERM),
	C(msgget, EPERM),
	C(msgsnd, EPERM),
	C(msgrcv, EPERM),
	C(msgctl, EPERM),
	C(mq_open, EPERM),
	C(mq_unlink, EPERM),
};

/* Checks the case inside and says what happened without the filter. */
static int check(const struct rule_case *c, const struct filter *f, bool ordinary)
{
	struct filtered a = { .op = c->op };
	int native = in_child(ordinary, filtered_in_place, &a), inside;

	a.filter = f;
	inside = in_child(ordinary, filtered_in_place, &a);
	if (inside != c->refused) {
		fail_msg("%s as %s: inside %s (%d), expected %s", c->name,
			ordinary ? "user" : "root", strerror(inside), inside, strerror(c->refused));
	}
	return native;
}

/* A case that gets the same answer without the filter, from a kernel that lacks the call or from
 * another sandbox around the test, has shown only half of what it is for. */
static void report_unproven(const struct rule_case *c, int native)
{
	print_message("%s: %s without the filter too\n", c->name, strerror(native));
	if (getenv("NONO_MUST_WORK") && getuid() == 0 && native != ENOSYS &&
		native != EAFNOSUPPORT) {
		fail_msg("%s shows nothing", c->name);
	}
}

static void check_all(const struct rule_case *cases, size_t n, const struct filter_shape *shape)
{
	struct filter *f = filter_for(shape);

	for (size_t i = 0; i < n; i++) {
		int native = check(&cases[i], f, true);
		if (getuid() == 0) {
			native = check(&cases[i], f, false);
		}
		if (native == cases[i].refused || native == ENOSYS) {
			report_unproven(&cases[i], native);
		}
	}
	free(f);
}

#define CHECK_ALL(cases, ...)                                                                      \
	check_all(cases, sizeof(cases) / sizeof((cases)[0]), &(struct filter_shape){ __VA_ARGS__ })

static void test_always(void **state)
{
	(void)state;
	CHECK_ALL(always, .network_blocked = true);
	CHECK_ALL(always, .unix_sockets = true, .ipc_full = true);
}

static void test_ipc(void **state)
{
	(void)state;
	CHECK_ALL(ipc, .unix_sockets = true);
}

static void test_blocked_network(void **state)
{
	static const struct rule_case cases[] = {
		C(tcp, EACCES),
		C(tcp6, EACCES),
		C(udp, EACCES),
		C(udp_high, EACCES),
		C(udp6, EACCES),
		C(mptcp, EACCES),
		C(netlink_route, EACCES),
		C(unix_stream, EACCES),
	};

	(void)state;
	CHECK_ALL(cases, .network_blocked = true);
}

static void test_tcp_network(void **state)
{
	static const struct rule_case cases[] = {
		C(udp, EACCES),
		C(udp_high, EACCES),
		C(udp6, EACCES),
		C(inet_raw, EACCES),
		C(inet_raw_high, EACCES),
		C(mptcp, EPROTONOSUPPORT),
		C(netlink_generic, EPROTONOSUPPORT),
		C(listen, EACCES),
		C(fastopen_sendto, EOPNOTSUPP),
		C(fastopen_sendmsg, EOPNOTSUPP),
		C(fastopen_connect, ENOPROTOOPT),
		C(fastopen_listen, ENOPROTOOPT),
	};

	(void)state;
	CHECK_ALL(cases, .network_tcp = true, .unix_sockets = true);
}

static void test_open_network(void **state)
{
	static const struct rule_case cases[] = {
		C(inet_raw, EACCES),
		C(inet_raw_high, EACCES),
		C(netlink_generic, EPROTONOSUPPORT),
	};

	(void)state;
	CHECK_ALL(cases, .unix_sockets = true);
}

static void test_truncate(void **state)
{
	static const struct rule_case cases[] = { C(truncate, EACCES) };

	(void)state;
	CHECK_ALL(cases, .deny_truncate = true);
}

/* What each shape leaves open works. */
static void test_what_is_allowed(void **state)
{
	static const struct {
		long (*op)(void);
		struct filter_shape shape;
	} cases[] = {
		{ op_tcp, { 0 } },
		{ op_tcp6, { 0 } },
		{ op_udp, { 0 } },
		{ op_udp6, { 0 } },
		{ op_netlink_route, { 0 } },
		{ op_tcp, { .network_tcp = true } },
		{ op_tcp6, { .network_tcp = true } },
		{ op_netlink_route, { .network_tcp = true } },
		{ op_listen, { .network_tcp = true, .listen_allowed = true } },
		{ op_listen, { 0 } },
		{ op_fastopen_connect, { 0 } },
		{ op_unix_stream, { .unix_sockets = true, .network_blocked = true } },
		{ op_truncate, { 0 } },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct filter *f = filter_for(&cases[i].shape);
		struct filtered a = { .op = cases[i].op, .filter = f };
		int result = in_child(true, filtered_in_place, &a);
		if (result != 0) {
			fail_msg("case %zu: %s", i, strerror(result));
		}
		free(f);
	}
}

/* Native IPC calls that reach the kernel say something else than the filter. */
static void test_full_ipc(void **state)
{
	struct filter *f = filter_for(&(struct filter_shape){ .ipc_full = true });

	(void)state;
	for (size_t i = 0; i < sizeof(ipc) / sizeof(ipc[0]); i++) {
		struct filtered a = { .op = ipc[i].op };
		int native = in_child(true, filtered_in_place, &a);
		a.filter = f;
		assert_int_equal(in_child(true, filtered_in_place, &a), native);
	}
	free(f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_always),
		cmocka_unit_test(test_ipc),
		cmocka_unit_test(test_full_ipc),
		cmocka_unit_test(test_blocked_network),
		cmocka_unit_test(test_tcp_network),
		cmocka_unit_test(test_open_network),
		cmocka_unit_test(test_truncate),
		cmocka_unit_test(test_what_is_allowed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
