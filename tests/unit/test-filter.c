/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The filter as a function: its program is run here over every combination of socket arguments
 * and over every rule, against a second, independent statement of what must happen. That the
 * kernel does the same with it is what tests/rights shows.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/fs.h>
#include <linux/seccomp.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include "libcore/base/compat.h"
#include "libcore/filter-rules.h"
#include "libcore/filter.h"

#if defined(__x86_64__)
#define NATIVE_ARCH AUDIT_ARCH_X86_64
#elif defined(__aarch64__)
#define NATIVE_ARCH AUDIT_ARCH_AARCH64
#endif

#define HIGH (UINT64_C(0xdead) << 32)

static uint32_t operand(const struct sock_filter *i, uint32_t x)
{
	return BPF_SRC(i->code) == BPF_X ? x : i->k;
}

static bool jumps(uint16_t op, uint32_t a, uint32_t k)
{
	switch (op) {
	case BPF_JEQ:
		return a == k;
	case BPF_JGT:
		return a > k;
	case BPF_JGE:
		return a >= k;
	case BPF_JSET:
		return (a & k) != 0;
	default:
		fail_msg("unexpected jump %u", op);
		return false;
	}
}

/* What the kernel would return for data. */
static uint32_t evaluate(const struct filter *f, const struct seccomp_data *data)
{
	uint32_t a = 0, x = 0, mem[16] = { 0 };

	for (size_t pc = 0; pc < f->n; pc++) {
		const struct sock_filter *i = &f->insns[pc];
		switch (BPF_CLASS(i->code)) {
		case BPF_LD:
			if (BPF_MODE(i->code) == BPF_MEM) {
				a = mem[i->k];
			} else {
				assert_int_equal(BPF_MODE(i->code), BPF_ABS);
				assert_true(i->k + 4 <= sizeof(*data));
				memcpy(&a, (const char *)data + i->k, 4);
			}
			break;
		case BPF_ST:
			mem[i->k] = a;
			break;
		case BPF_ALU:
			assert_int_equal(BPF_OP(i->code), BPF_AND);
			a &= operand(i, x);
			break;
		case BPF_JMP:
			if (BPF_OP(i->code) == BPF_JA) {
				pc += i->k;
			} else {
				pc += jumps(BPF_OP(i->code), a, operand(i, x)) ? i->jt : i->jf;
			}
			break;
		case BPF_RET:
			return i->k;
		default:
			fail_msg("unexpected instruction %x", i->code);
		}
	}
	fail_msg("the program has no end");
	return 0;
}

#define ASKS (-1)

/* 0 when allowed, ASKS when the supervisor is to answer, else the errno. */
static int verdict(
	const struct filter *f, int nr, uint64_t a0, uint64_t a1, uint64_t a2, uint64_t a3)
{
	struct seccomp_data data = { .nr = nr, .arch = NATIVE_ARCH, .args = { a0, a1, a2, a3 } };
	uint32_t r = evaluate(f, &data);

	if (r == SECCOMP_RET_ALLOW) {
		return 0;
	}
	if (r == SECCOMP_RET_USER_NOTIF) {
		return ASKS;
	}
	assert_int_equal(r & SECCOMP_RET_ACTION_FULL, SECCOMP_RET_ERRNO);
	return (int)(r & SECCOMP_RET_DATA);
}

static struct filter *build(const struct filter_shape *shape)
{
	struct nono_error err = { 0 };
	struct filter *f = NULL;

	if (filter_build(shape, &f, &err) < 0) {
		fail_msg("%s", err.message);
	}
	return f;
}

/* Every shape there is. */
#define N_SHAPES 512
static struct filter_shape shape_of(unsigned i)
{
	return (struct filter_shape){
		.network_blocked = i & 1,
		.network_tcp = i & 2,
		.listen_allowed = i & 4,
		.unix_sockets = i & 8,
		.ipc_full = i & 16,
		.deny_truncate = i & 32,
		.supervised = i & 64,
		.metadata_fds = i & 128,
		.opens = i & 256,
	};
}

static void test_every_shape_builds(void **state)
{
	(void)state;
	for (unsigned i = 0; i < N_SHAPES; i++) {
		struct filter_shape shape = shape_of(i);
		struct filter *f = build(&shape);
		assert_true(f->n > 100 && f->n < BPF_MAXINSNS / 4);
		assert_int_equal(verdict(f, SYS_getpid, 0, 0, 0, 0), 0);
		free(f);
	}
}

static void test_foreign_architectures_die(void **state)
{
	struct filter *f = build(&(struct filter_shape){ 0 });
	struct seccomp_data data = { .nr = 20, .arch = AUDIT_ARCH_I386 };

	(void)state;
	assert_int_equal(evaluate(f, &data), SECCOMP_RET_KILL_PROCESS);
#ifdef __x86_64__
	data = (struct seccomp_data){ .nr = 0x40000000 | SYS_getpid, .arch = NATIVE_ARCH };
	assert_int_equal(evaluate(f, &data), SECCOMP_RET_KILL_PROCESS);
#endif
	free(f);
}

static void test_unreviewed_calls_do_not_exist(void **state)
{
	struct filter *f = build(&(struct filter_shape){ 0 });

	(void)state;
	assert_int_equal(verdict(f, FILTER_LAST_REVIEWED, 0, 0, 0, 0), 0);
	for (int nr = FILTER_LAST_REVIEWED + 1; nr < 1024; nr++) {
		assert_int_equal(verdict(f, nr, 0, 0, 0, 0), ENOSYS);
	}
	assert_int_equal(verdict(f, 0x3fffffff, 0, 0, 0, 0), ENOSYS);
	free(f);
}

static bool is_one_of(uint32_t v, const uint32_t *set, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (set[i] == v) {
			return true;
		}
	}
	return false;
}

/* What filter.h promises about socket(), said the other way round: what is allowed. */
static bool socket_allowed(
	const struct filter_shape *s, uint32_t family, uint32_t type, uint32_t protocol)
{
	static const uint32_t open_protocols[] = { 0, 1, 6, 17, 58, 262 };

	type &= 0xf;
	switch (family) {
	case AF_UNIX:
		return s->unix_sockets && (type == SOCK_STREAM || type == SOCK_SEQPACKET);
	case AF_NETLINK:
		return !s->network_blocked && protocol == 0;
	case AF_INET:
	case AF_INET6:
		if (s->network_blocked) {
			return false;
		}
		if (s->network_tcp) {
			return type == SOCK_STREAM && (protocol == 0 || protocol == 6);
		}
		return (type == SOCK_STREAM || type == SOCK_DGRAM) &&
		       is_one_of(protocol, open_protocols, 6);
	default:
		return false;
	}
}

static void check_sockets(const struct filter *f, const struct filter_shape *s)
{
	static const uint32_t far[] = { 0x80, 0x102, 0x10001, 0x40000002, 0x80000001, 0xffffffff };

	for (uint32_t family = 0; family < 80; family++) {
		for (uint32_t type = 0; type < 16; type++) {
			uint32_t t = type | (family % 2 ? SOCK_CLOEXEC | SOCK_NONBLOCK : 0);
			for (uint32_t protocol = 0; protocol < 300; protocol++) {
				bool allowed = socket_allowed(s, family, type, protocol);
				assert_int_equal(
					verdict(f, SYS_socket, family, t, protocol, 0) == 0,
					allowed);
			}
		}
	}
	for (size_t i = 0; i < sizeof(far) / sizeof(far[0]); i++) {
		assert_int_not_equal(verdict(f, SYS_socket, far[i], SOCK_STREAM, 0, 0), 0);
		if (!s->unix_sockets) {
			assert_int_not_equal(verdict(f, SYS_socket, AF_INET, 1, far[i], 0), 0);
		}
	}
}

static void test_sockets(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 16; i++) {
		struct filter_shape shape = shape_of(i);
		struct filter *f = build(&shape);
		check_sockets(f, &shape);
		free(f);
	}
}

/* The kernel takes these as int: bits above must not turn a refused value into an allowed one. */
static void test_high_bits_change_nothing(void **state)
{
	struct filter *f = build(&(struct filter_shape){ .network_tcp = true });
	struct filter *open = build(&(struct filter_shape){ .unix_sockets = true });

	(void)state;
	for (uint64_t high = 0; high <= HIGH; high += HIGH) {
		uint64_t dgram = high | SOCK_DGRAM, inet = high | AF_INET, one = high | 1;
		assert_int_not_equal(verdict(f, SYS_socket, inet, dgram, 0, 0), 0);
		assert_int_not_equal(verdict(f, SYS_socket, inet, one, high | 262, 0), 0);
		assert_int_not_equal(verdict(f, SYS_socket, high | AF_PACKET, 3, 0, 0), 0);
		assert_int_not_equal(verdict(f, SYS_socket, high | AF_UNIX, one, 0, 0), 0);
		assert_int_not_equal(verdict(open, SYS_socket, high | AF_UNIX, dgram, 0, 0), 0);
		assert_int_not_equal(
			verdict(open, SYS_socket, high | AF_NETLINK, 3, high | 9, 0), 0);
		assert_int_not_equal(verdict(open, SYS_socketpair, one, dgram, 0, 0), 0);
		assert_int_equal(verdict(f, SYS_ioctl, 0, high | TIOCSTI, 0, 0), EPERM);
		assert_int_equal(verdict(f, SYS_ioctl, 0, high | 0x541C, 0, 0), EPERM);
		assert_int_equal(verdict(f, SYS_sendto, 3, 0, 0, high | MSG_FASTOPEN), EOPNOTSUPP);
		assert_int_equal(
			verdict(f, SYS_sendmsg, 3, 0, high | MSG_FASTOPEN | MSG_NOSIGNAL, 0),
			EOPNOTSUPP);
		assert_int_equal(
			verdict(f, SYS_sendmmsg, 3, 0, 0, high | MSG_FASTOPEN), EOPNOTSUPP);
		assert_int_equal(verdict(f, SYS_setsockopt, 3, high | IPPROTO_TCP,
					 high | TCP_FASTOPEN_CONNECT, 0),
			ENOPROTOOPT);
		assert_int_equal(verdict(f, SYS_prlimit64, high | 1234, RLIMIT_CPU, 1, 0), EPERM);
		assert_int_equal(verdict(f, SYS_unshare, high | CLONE_NEWUSER, 0, 0, 0), EPERM);
		assert_int_equal(
			verdict(f, SYS_clone, high | CLONE_NEWNET | SIGCHLD, 0, 0, 0), EPERM);
		assert_int_equal(verdict(f, SYS_fchmod, 3, high | 04755, 0, 0), EPERM);
		assert_int_equal(verdict(f, SYS_mknodat, 3, 0, high | S_IFCHR | 0600, 0), EPERM);
	}
	free(f);
	free(open);
}

static void test_socketpair(void **state)
{
	struct filter *f = build(&(struct filter_shape){ .network_blocked = true });

	(void)state;
	for (int type = 0; type < 16; type++) {
		bool allowed = type == SOCK_STREAM || type == SOCK_SEQPACKET;
		assert_int_equal(
			verdict(f, SYS_socketpair, AF_UNIX, type | SOCK_CLOEXEC, 0, 0) == 0,
			allowed);
		assert_int_not_equal(verdict(f, SYS_socketpair, 30, type, 0, 0), 0);
	}
	free(f);
}

static void test_modes(void **state)
{
	struct filter *f = build(&(struct filter_shape){ 0 });
	static const uint64_t ordinary[] = { 0, 0644, 0755, 01777, 0100644 };

	(void)state;
	for (size_t i = 0; i < sizeof(ordinary) / sizeof(ordinary[0]); i++) {
		assert_int_equal(verdict(f, SYS_fchmod, 3, ordinary[i], 0, 0), 0);
		assert_int_equal(verdict(f, SYS_fchmodat, 3, 0, ordinary[i], 0), 0);
		assert_int_equal(verdict(f, 452, 3, 0, ordinary[i], 0), 0);
		assert_int_equal(verdict(f, SYS_openat, 3, 0, O_CREAT, ordinary[i]), 0);
	}
	for (uint64_t mode = 0; mode < 010000; mode++) {
		bool sets_id = mode & 06000;
		assert_int_equal(verdict(f, SYS_fchmod, 3, mode, 0, 0), sets_id ? EPERM : 0);
		assert_int_equal(verdict(f, SYS_fchmodat, 3, 0, mode, 0), sets_id ? EPERM : 0);
		assert_int_equal(verdict(f, 452, 3, 0, mode, 0), sets_id ? EPERM : 0);
		assert_int_equal(verdict(f, SYS_openat, 3, 0, O_CREAT | O_WRONLY, mode),
			sets_id ? EPERM : 0);
		assert_int_equal(verdict(f, SYS_openat, 3, 0, O_TMPFILE | O_RDWR, mode),
			sets_id ? EPERM : 0);
		/* Without creation the mode is whatever was in the register. */
		assert_int_equal(verdict(f, SYS_openat, 3, 0, O_DIRECTORY | O_RDWR, mode), 0);
	}
	for (uint64_t type = 0; type < 16; type++) {
		uint64_t mode = type << 12 | 0600;
		bool device = S_ISCHR(mode) || S_ISBLK(mode);
		assert_int_equal(verdict(f, SYS_mknodat, 3, 0, mode, 0), device ? EPERM : 0);
	}
	free(f);
}

static void test_prlimit(void **state)
{
	struct filter *f = build(&(struct filter_shape){ 0 });

	(void)state;
	assert_int_equal(verdict(f, SYS_prlimit64, 0, 7, 0x1000, 0), 0);
	assert_int_equal(verdict(f, SYS_prlimit64, 1234, 7, 0, 0x1000), 0);
	assert_int_equal(verdict(f, SYS_prlimit64, 1234, 7, 0x1000, 0), EPERM);
	assert_int_equal(verdict(f, SYS_prlimit64, 1234, 7, UINT64_C(0x7f0000000000), 0), EPERM);
	free(f);
}

static void test_shapes_decide(void **state)
{
	(void)state;
	for (unsigned i = 0; i < N_SHAPES; i++) {
		struct filter_shape s = shape_of(i);
		struct filter *f = build(&s);
		bool tcp = s.network_tcp && !s.network_blocked;
		assert_int_equal(verdict(f, SYS_truncate, 0, 0, 0, 0), s.deny_truncate ? EACCES
								       : s.supervised && s.opens
									       ? ASKS
									       : 0);
		assert_int_equal(verdict(f, SYS_shmget, 0, 0, 0, 0), s.ipc_full ? 0 : EPERM);
		assert_int_equal(verdict(f, SYS_mq_open, 0, 0, 0, 0), s.ipc_full ? 0 : EPERM);
		assert_int_equal(verdict(f, SYS_listen, 3, 1, 0, 0), !tcp               ? 0
								     : s.supervised     ? ASKS
								     : s.listen_allowed ? 0
											: EACCES);
		assert_int_equal(
			verdict(f, SYS_sendto, 3, 0, 0, MSG_FASTOPEN), tcp ? EOPNOTSUPP : 0);
		assert_int_equal(verdict(f, SYS_connect, 3, 0, 16, 0), s.supervised ? ASKS : 0);
		assert_int_equal(verdict(f, SYS_bind, 3, 0, 16, 0), s.supervised ? ASKS : 0);
		assert_int_equal(verdict(f, SYS_ioctl, 3, HIGH | TIOCGPTPEER, 2, 0),
			s.supervised ? ASKS : 0);
		assert_int_equal(verdict(f, SYS_ioctl, 3, TIOCGPTN, 2, 0), 0);
		free(f);
	}
}

/* Rules without a condition are refused in any shape, whatever the arguments. */
static void test_always(void **state)
{
	static const struct {
		int nr, error;
	} calls[] = {
		{ SYS_mount, EPERM },
		{ SYS_umount2, EPERM },
		{ SYS_pivot_root, EPERM },
		{ SYS_chroot, EPERM },
		{ SYS_move_mount, EPERM },
		{ SYS_fsopen, EPERM },
		{ SYS_fsconfig, EPERM },
		{ SYS_fsmount, EPERM },
		{ SYS_fspick, EPERM },
		{ SYS_open_tree, EPERM },
		{ SYS_mount_setattr, EPERM },
		{ 467, EPERM },
		{ SYS_setns, EPERM },
		{ SYS_clone3, ENOSYS },
		{ SYS_io_uring_setup, ENOSYS },
		{ SYS_io_uring_enter, ENOSYS },
		{ SYS_io_uring_register, ENOSYS },
		{ SYS_keyctl, EPERM },
		{ SYS_add_key, EPERM },
		{ SYS_request_key, EPERM },
		{ SYS_bpf, EPERM },
		{ SYS_perf_event_open, EPERM },
		{ SYS_userfaultfd, EPERM },
		{ SYS_fanotify_init, EPERM },
		{ SYS_pidfd_getfd, EPERM },
		{ SYS_kcmp, EPERM },
		{ SYS_open_by_handle_at, EPERM },
		{ SYS_name_to_handle_at, EOPNOTSUPP },
		{ SYS_init_module, EPERM },
		{ SYS_finit_module, EPERM },
		{ SYS_delete_module, EPERM },
		{ SYS_kexec_load, EPERM },
		{ SYS_reboot, EPERM },
		{ SYS_swapon, EPERM },
		{ SYS_swapoff, EPERM },
		{ SYS_acct, EPERM },
		{ SYS_quotactl, EPERM },
		{ SYS_quotactl_fd, EPERM },
		{ SYS_vhangup, EPERM },
		{ SYS_openat2, ENOSYS },
	};

	(void)state;
	for (unsigned i = 0; i < N_SHAPES; i++) {
		struct filter_shape s = shape_of(i);
		struct filter *f = build(&s);
		for (size_t k = 0; k < sizeof(calls) / sizeof(calls[0]); k++) {
			assert_int_equal(verdict(f, calls[k].nr, 0, 0, 0, 0), calls[k].error);
			assert_int_equal(
				verdict(f, calls[k].nr, HIGH, UINT64_MAX, 7, HIGH), calls[k].error);
		}
		free(f);
	}
}

static void test_namespace_flags(void **state)
{
	static const uint64_t flags[] = { CLONE_NEWNS, CLONE_NEWCGROUP, CLONE_NEWUTS, CLONE_NEWIPC,
		CLONE_NEWUSER, CLONE_NEWPID, CLONE_NEWNET };
	struct filter *f = build(&(struct filter_shape){ 0 });
	uint64_t thread = CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_THREAD |
			  CLONE_SYSVSEM | CLONE_SETTLS | CLONE_PARENT_SETTID | CLONE_CHILD_CLEARTID;

	(void)state;
	for (size_t i = 0; i < sizeof(flags) / sizeof(flags[0]); i++) {
		assert_int_equal(verdict(f, SYS_unshare, flags[i] | CLONE_FS, 0, 0, 0), EPERM);
		assert_int_equal(verdict(f, SYS_clone, flags[i] | SIGCHLD, 0, 0, 0), EPERM);
	}
	assert_int_equal(verdict(f, SYS_unshare, 0x80, 0, 0, 0), EPERM); /* CLONE_NEWTIME */
	assert_int_equal(verdict(f, SYS_unshare, CLONE_FS | CLONE_FILES, 0, 0, 0), 0);
	assert_int_equal(verdict(f, SYS_clone, thread, 0, 0, 0), 0);
	assert_int_equal(verdict(f, SYS_clone, CLONE_VM | CLONE_VFORK | SIGCHLD, 0, 0, 0), 0);
	assert_int_equal(verdict(f, SYS_clone, SIGCHLD, 0, 0, 0), 0);
	free(f);
}

/* What changes metadata is asked about, by name always, by descriptor when the shape says so. */
static void test_metadata(void **state)
{
	static const struct {
		int nr;
		uint64_t a1, a2;
		bool by_descriptor;
	} calls[] = {
		{ SYS_chmod, 0644, 0, false },
		{ SYS_fchmodat, 0x1000, 0755, false },
		{ 452, 0x1000, 0755, false },
		{ SYS_chown, 0, 0, false },
		{ SYS_lchown, 0, 0, false },
		{ SYS_fchownat, 0, 0, false },
		{ SYS_utime, 0, 0, false },
		{ SYS_utimes, 0, 0, false },
		{ SYS_futimesat, 0x1000, 0, false },
		{ SYS_utimensat, 0x1000, 0, false },
		{ SYS_utimensat, HIGH, 0, false },
		{ SYS_setxattr, 0, 0, false },
		{ SYS_lsetxattr, 0, 0, false },
		{ SYS_removexattr, 0, 0, false },
		{ SYS_lremovexattr, 0, 0, false },
		{ 463, 0, 0, false },
		{ 466, 0, 0, false },
		{ 469, 0, 0, false },
		{ SYS_fchmod, 0644, 0, true },
		{ SYS_fchown, 0, 0, true },
		{ SYS_utimensat, 0, 0, true },
		{ SYS_futimesat, 0, 0, true },
		{ SYS_fsetxattr, 0, 0, true },
		{ SYS_fremovexattr, 0, 0, true },
		{ SYS_ioctl, FS_IOC_SETFLAGS, 0, true },
		{ SYS_ioctl, HIGH | FS_IOC_FSSETXATTR, 0, true },
	};

	(void)state;
	for (unsigned i = 0; i < N_SHAPES; i++) {
		struct filter_shape s = shape_of(i);
		struct filter *f = build(&s);
		for (size_t k = 0; k < sizeof(calls) / sizeof(calls[0]); k++) {
			bool asks = s.supervised && (!calls[k].by_descriptor || s.metadata_fds);
			assert_int_equal(verdict(f, calls[k].nr, 3, calls[k].a1, calls[k].a2, 0),
				asks ? ASKS : 0);
		}
		assert_int_equal(verdict(f, SYS_fchmod, 3, 04755, 0, 0), EPERM);
		assert_int_equal(verdict(f, SYS_fchmodat, 3, 0x1000, 04755, 0), EPERM);
		free(f);
	}
}

/* What opens, makes, moves and removes; what is refused anyway is not asked about. */
static void test_opens(void **state)
{
	static const int calls[] = { SYS_mkdir, SYS_mkdirat, SYS_rmdir, SYS_unlink, SYS_unlinkat,
		SYS_rename, SYS_renameat, SYS_renameat2, SYS_link, SYS_linkat, SYS_symlink,
		SYS_symlinkat, SYS_creat, SYS_open, SYS_openat, SYS_mknod, SYS_mknodat };

	(void)state;
	for (unsigned i = 0; i < N_SHAPES; i++) {
		struct filter_shape s = shape_of(i);
		struct filter *f = build(&s);
		int asks = s.supervised && s.opens ? ASKS : 0;
		for (size_t k = 0; k < sizeof(calls) / sizeof(calls[0]); k++) {
			assert_int_equal(verdict(f, calls[k], 0, 0, 0, 0), asks);
		}
		for (uint64_t flags = 0; flags < 1 << 23; flags += 0x40) {
			bool makes = flags & O_CREAT || flags & (O_TMPFILE & ~O_DIRECTORY);
			assert_int_equal(verdict(f, SYS_openat, 3, 0, flags, 0777), asks);
			assert_int_equal(verdict(f, SYS_open, 0, flags, HIGH | 0644, 0), asks);
			assert_int_equal(
				verdict(f, SYS_openat, 3, 0, flags, 04755), makes ? EPERM : asks);
			if (i < N_SHAPES - 1) {
				flags += 0x1ffc0; /* all of them for one shape only */
			}
		}
		assert_int_equal(verdict(f, SYS_creat, 0, 02755, 0, 0), EPERM);
		assert_int_equal(verdict(f, SYS_mknodat, 3, 0, 0010666, 0), asks);
		assert_int_equal(verdict(f, SYS_mknod, 0, 0100666, 0, 0), asks);
		assert_int_equal(verdict(f, SYS_mknod, 0, 0140666, 0, 0), 0); /* a socket */
		assert_int_equal(verdict(f, SYS_mknod, 0, 0020666, 0, 0), EPERM);
		assert_int_equal(verdict(f, SYS_openat2, 3, 0, 0, 24), ENOSYS);
		free(f);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_shape_builds),
		cmocka_unit_test(test_foreign_architectures_die),
		cmocka_unit_test(test_unreviewed_calls_do_not_exist),
		cmocka_unit_test(test_sockets),
		cmocka_unit_test(test_socketpair),
		cmocka_unit_test(test_high_bits_change_nothing),
		cmocka_unit_test(test_modes),
		cmocka_unit_test(test_prlimit),
		cmocka_unit_test(test_shapes_decide),
		cmocka_unit_test(test_opens),
		cmocka_unit_test(test_always),
		cmocka_unit_test(test_namespace_flags),
		cmocka_unit_test(test_metadata),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
