/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One case per access right and scope of Landlock, as the kernel's own tests have them: tried
 * without a sandbox (must work), inside without a grant, with the other access granted (must be
 * denied) and with the right one (must work); as root and as an ordinary user; and with the code
 * believing in every older ABI, where a right the ABI lacks must be open and nothing else changes.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <arpa/inet.h>
#include <cmocka.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <termios.h>
#include <unistd.h>

#include "libcore/landlock.h"
#include "tests/unit/kernel-test.h"

static int newest; /* ABI of the kernel */

/* The operations. They run in a directory that holds
 *	file (executable, no program), dir/ (empty), other/ (empty) */

static int op_read_file(void)
{
	return outcome(open("file", O_RDONLY | O_CLOEXEC));
}

static int op_write_file(void)
{
	return outcome(open("file", O_WRONLY | O_CLOEXEC));
}

static int op_execute(void)
{
	char name[] = "file";

	execve("./file", (char *[]){ name, NULL }, (char *[]){ NULL });
	return errno == ENOEXEC ? 0 : errno;
}

static int op_read_dir(void)
{
	return opendir("dir") ? 0 : errno;
}

static int op_truncate(void)
{
	return outcome(truncate("file", 1));
}

static int op_remove_file(void)
{
	return outcome(unlink("file"));
}

static int op_remove_dir(void)
{
	return outcome(rmdir("dir"));
}

static int op_make_dir(void)
{
	return outcome(mkdir("new", 0700));
}

static int op_make_reg(void)
{
	return outcome(mknod("new", S_IFREG | 0600, 0));
}

static int op_make_fifo(void)
{
	return outcome(mkfifo("new", 0600));
}

static int op_make_sym(void)
{
	return outcome(symlink("file", "new"));
}

static int op_make_sock(void)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX, .sun_path = "new" };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	return outcome(bind(fd, (struct sockaddr *)&address, sizeof(address)));
}

/* Device 0:0, a whiteout: the one device an ordinary user may make. */
static int op_make_char(void)
{
	return outcome(mknod("new", S_IFCHR | 0600, 0));
}

static int op_make_block(void)
{
	return outcome(mknod("new", S_IFBLK | 0600, makedev(7, 200)));
}

static int op_refer_rename(void)
{
	return outcome(rename("file", "dir/file"));
}

static int op_refer_link(void)
{
	return outcome(link("file", "dir/file"));
}

static int op_rename_here(void)
{
	return outcome(rename("file", "moved"));
}

#define NEVER ((enum nono_access)0)

static const struct file_case {
	const char *name;
	int (*op)(void);
	enum nono_access needs; /* NEVER: no grant gives it */
	int since;              /* ABI from which it is handled */
	bool root_only;         /* without a sandbox */
	int denied;             /* errno */
} file_cases[] = {
	{ "read_file", op_read_file, NONO_READ, 1, false, EACCES },
	{ "read_dir", op_read_dir, NONO_READ, 1, false, EACCES },
	{ "execute", op_execute, NONO_READ, 1, false, EACCES },
	{ "write_file", op_write_file, NONO_WRITE, 1, false, EACCES },
	{ "remove_file", op_remove_file, NONO_WRITE, 1, false, EACCES },
	{ "remove_dir", op_remove_dir, NONO_WRITE, 1, false, EACCES },
	{ "rename", op_rename_here, NONO_WRITE, 1, false, EACCES },
	{ "make_dir", op_make_dir, NONO_WRITE, 1, false, EACCES },
	{ "make_reg", op_make_reg, NONO_WRITE, 1, false, EACCES },
	{ "make_fifo", op_make_fifo, NONO_WRITE, 1, false, EACCES },
	{ "make_sym", op_make_sym, NONO_WRITE, 1, false, EACCES },
	{ "make_sock", op_make_sock, NONO_WRITE, 1, false, EACCES },
	{ "make_char", op_make_char, NEVER, 1, false, EACCES },
	{ "make_block", op_make_block, NEVER, 1, true, EACCES },
	{ "truncate", op_truncate, NONO_WRITE, 3, false, EACCES },
};

/* How one try is made. */
struct attempt {
	int (*op)(void);
	int abi; /* 0: no sandbox */
	enum nono_access access;
	struct landlock_domain domain;
	const char *grant; /* path, relative to the directory of the operation */
	uint16_t port;
	unsigned port_kinds;
};

static void enter(const struct attempt *a)
{
	struct nono_error err = { 0 };
	int ruleset = landlock_new(a->abi, &a->domain, &err), path, r = 0;

	if (ruleset >= 0 && a->access) {
		path = open(a->grant, O_PATH | O_CLOEXEC);
		r = landlock_allow_path(ruleset, a->abi, path, a->access, &err);
		close(path);
	}
	if (ruleset >= 0 && r == 0 && a->port_kinds) {
		r = landlock_allow_port(ruleset, a->port, a->port_kinds, &err);
	}
	if (ruleset < 0 || r < 0) {
		fprintf(stderr, "%s\n", err.message);
		_exit(254);
	}
	prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
	r = landlock_enforce(ruleset, a->abi, false);
	if (r < 0) {
		fprintf(stderr, "cannot enforce: %s\n", strerror(-r));
		_exit(254);
	}
}

static int attempt_body(void *arg)
{
	const struct attempt *a = arg;

	if (a->abi) {
		enter(a);
	}
	return a->op();
}

/* A fresh directory with what the operations work on, as the current directory. */
static int file_body(void *arg)
{
	char *dir = temp_dir();
	int result, fd;

	if (chdir(dir) < 0 || mkdir("dir", 0700) < 0 || mkdir("other", 0700) < 0) {
		return 253;
	}
	fd = open("file", O_CREAT | O_WRONLY | O_CLOEXEC, 0700);
	if (write(fd, "no program", 10) != 10 || close(fd) < 0) {
		return 253;
	}
	result = in_child(false, attempt_body, arg);
	remove_tree(dir);
	return result;
}

static void check_file(const struct file_case *c, bool ordinary, int abi, enum nono_access access)
{
	struct attempt a = { .op = c->op, .abi = abi, .access = access, .grant = "." };
	bool handled = abi >= c->since;
	bool works = !handled || (c->needs != NEVER && (access & c->needs) == c->needs);
	int result;

	if (c->root_only && (ordinary || getuid() != 0)) {
		return;
	}
	result = in_child(ordinary, file_body, &a);
	if (c->op == op_make_char && !handled && result == EPERM) {
		return; /* overlayfs keeps device 0:0, the one everybody may make, for itself */
	}
	if (result != (works ? 0 : c->denied)) {
		fail_msg("%s as %s, ABI %d, access %d: %s (%d)", c->name,
			ordinary ? "user" : "root", abi, access, strerror(result), result);
	}
}

static void check_all_files(bool ordinary)
{
	for (size_t i = 0; i < sizeof(file_cases) / sizeof(file_cases[0]); i++) {
		const struct file_case *c = &file_cases[i];
		check_file(c, ordinary, 0, 0);
		for (int abi = 1; abi <= newest; abi++) {
			for (int access = 0; access <= NONO_READ_WRITE; access++) {
				check_file(c, ordinary, abi, (enum nono_access)access);
			}
		}
	}
}

static void test_files_as_user(void **state)
{
	(void)state;
	check_all_files(true);
}

static void test_files_as_root(void **state)
{
	(void)state;
	if (getuid() != 0) {
		print_message("not root\n");
		skip();
	}
	check_all_files(false);
}

/* Moving and linking between directories: both must be granted, and never below ABI 2. */
static void test_refer(void **state)
{
	static int (*const ops[])(void) = { op_refer_rename, op_refer_link };

	(void)state;
	for (int abi = 0; abi <= newest; abi++) {
		for (size_t i = 0; i < 2; i++) {
			struct attempt a = {
				.op = ops[i], .abi = abi, .access = NONO_READ_WRITE, .grant = "."
			};
			assert_int_equal(in_child(true, file_body, &a), abi == 1 ? EXDEV : 0);
			if (abi == 0) {
				continue;
			}
			/* Only where it goes to, or only where it comes from. */
			a.grant = "dir";
			assert_int_not_equal(in_child(true, file_body, &a), 0);
			a.grant = "file";
			assert_int_not_equal(in_child(true, file_body, &a), 0);
		}
	}
}

/* A grant of a file is one for that file and not for its neighbours. */
static void test_grant_of_a_file(void **state)
{
	(void)state;
	for (int abi = 1; abi <= newest; abi++) {
		struct attempt a = { .abi = abi, .access = NONO_READ_WRITE, .grant = "file" };
		a.op = op_read_file;
		assert_int_equal(in_child(true, file_body, &a), 0);
		a.op = op_write_file;
		assert_int_equal(in_child(true, file_body, &a), 0);
		a.op = op_truncate;
		assert_int_equal(in_child(true, file_body, &a), 0);
		a.op = op_remove_file;
		assert_int_equal(in_child(true, file_body, &a), EACCES);
		a.op = op_read_dir;
		assert_int_equal(in_child(true, file_body, &a), EACCES);
		a.op = op_make_reg;
		assert_int_equal(in_child(true, file_body, &a), EACCES);
	}
}

/* Devices. ENOTTY: the ioctl has reached the device. */
static const char *device = "/dev/null";

static int op_ioctl(void)
{
	struct termios t;
	int fd = open(device, O_RDONLY | O_CLOEXEC | O_NONBLOCK);

	if (fd < 0) {
		return 200;
	}
	return ioctl(fd, TCGETS, &t) < 0 && errno == ENOTTY ? 0 : errno;
}

static void test_ioctl_dev(void **state)
{
	struct attempt a = { .op = op_ioctl, .access = NONO_READ_WRITE };

	(void)state;
	device = "/dev/null";
	assert_int_equal(in_child(true, attempt_body, &a), 0);
	for (int abi = 1; abi <= newest; abi++) {
		int denied = abi >= 5 ? EACCES : 0;
		a.abi = abi;
		a.access = NONO_READ_WRITE;
		a.grant = "/dev/null";
		assert_int_equal(in_child(true, attempt_body, &a), 0);
		a.grant = "/dev";
		assert_int_equal(in_child(true, attempt_body, &a), 0);
		/* Reading a device is not configuring it; and / is no place for devices. */
		a.access = NONO_READ;
		assert_int_equal(in_child(true, attempt_body, &a), denied);
		a.access = NONO_READ_WRITE;
		a.grant = "/";
		assert_int_equal(in_child(true, attempt_body, &a), denied);
	}
}

static void test_devices_elsewhere(void **state)
{
	char *dir = temp_dir(), node[64];
	struct attempt a = { .op = op_ioctl, .access = NONO_READ_WRITE, .grant = dir };
	int fd = -1;

	(void)state;
	snprintf(node, sizeof(node), "%s/null", dir);
	if (mknod(node, S_IFCHR | 0666, makedev(1, 3)) < 0 ||
		(fd = open(node, O_RDONLY | O_CLOEXEC)) < 0) {
		remove_tree(dir);
		if (getuid() != 0) {
			skip();
		}
		SKIP_BECAUSE("cannot use a device in /tmp\n");
	}
	close(fd);
	device = node;
	for (int abi = 1; abi <= newest; abi++) {
		a.abi = abi;
		assert_int_equal(in_child(false, attempt_body, &a), abi >= 5 ? EACCES : 0);
	}
	remove_tree(dir);
}

/* TCP. The listener is outside; the ports are the kernel's choice. */
static uint16_t listener_port, free_port;

static int tcp_socket(void)
{
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0) {
		_exit(252);
	}
	return fd;
}

static struct sockaddr_in loopback(uint16_t port)
{
	return (struct sockaddr_in){ .sin_family = AF_INET,
		.sin_port = htons(port),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
}

static int op_connect(void)
{
	struct sockaddr_in address = loopback(listener_port);

	return outcome(connect(tcp_socket(), (struct sockaddr *)&address, sizeof(address)));
}

static int op_bind(void)
{
	struct sockaddr_in address = loopback(free_port);

	return outcome(bind(tcp_socket(), (struct sockaddr *)&address, sizeof(address)));
}

/* Binds to a port of the kernel's choice and says which. */
static uint16_t bind_any(int fd)
{
	struct sockaddr_in address = loopback(0);
	socklen_t n = sizeof(address);

	assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&address, &n), 0);
	return ntohs(address.sin_port);
}

static void check_tcp(int (*op)(void), uint16_t port, unsigned kind)
{
	unsigned other = kind ^ (LANDLOCK_CONNECT | LANDLOCK_BIND);
	struct attempt a = { .op = op };
	int native = in_child(true, attempt_body, &a);

	if (native == ENETUNREACH) {
		SKIP_BECAUSE("the loopback device is down\n");
	}
	assert_int_equal(native, 0);
	for (int abi = 1; abi <= newest; abi++) {
		a = (struct attempt){ .op = op, .abi = abi };
		assert_int_equal(in_child(true, attempt_body, &a), 0);
		a.domain.restrict_tcp = true;
		assert_int_equal(in_child(true, attempt_body, &a), abi >= 4 ? EACCES : 0);
		if (abi < 4) {
			continue;
		}
		a.port = port;
		a.port_kinds = other;
		assert_int_equal(in_child(true, attempt_body, &a), EACCES);
		a.port_kinds = kind;
		assert_int_equal(in_child(true, attempt_body, &a), 0);
		a.port = port == 1 ? 2 : 1;
		assert_int_equal(in_child(true, attempt_body, &a), EACCES);
	}
}

static void test_tcp(void **state)
{
	int listener = tcp_socket(), other = tcp_socket();

	(void)state;
	listener_port = bind_any(listener);
	assert_int_equal(listen(listener, 128), 0);
	free_port = bind_any(other);
	close(other);
	check_tcp(op_connect, listener_port, LANDLOCK_CONNECT);
	check_tcp(op_bind, free_port, LANDLOCK_BIND);
	close(listener);
}

/* Scopes. */
static struct sockaddr_un abstract_address;
static socklen_t abstract_size;
static pid_t outsider;

static int op_abstract(void)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	return outcome(connect(fd, (struct sockaddr *)&abstract_address, abstract_size));
}

static int op_signal(void)
{
	return outcome(kill(outsider, 0));
}

/* What stays in the domain is not outside it. */
static int op_signal_child(void)
{
	pid_t child = fork();
	int r;

	if (child == 0) {
		pause();
		_exit(0);
	}
	r = outcome(kill(child, SIGKILL));
	return r ? r : outcome(kill(getpid(), 0));
}

static void test_scope_abstract(void **state)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	struct attempt a = { .op = op_abstract };

	(void)state;
	abstract_address = (struct sockaddr_un){ .sun_family = AF_UNIX };
	snprintf(abstract_address.sun_path + 1, 64, "nono-test-%d", getpid());
	abstract_size = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 +
				    strlen(abstract_address.sun_path + 1));
	assert_int_equal(bind(fd, (struct sockaddr *)&abstract_address, abstract_size), 0);
	assert_int_equal(listen(fd, 64), 0);
	assert_int_equal(in_child(true, attempt_body, &a), 0);
	for (int abi = 1; abi <= newest; abi++) {
		a.abi = abi;
		a.domain = (struct landlock_domain){ .scope_abstract = true };
		assert_int_equal(in_child(true, attempt_body, &a), abi >= 6 ? EPERM : 0);
		a.domain = (struct landlock_domain){ .scope_signal = true };
		assert_int_equal(in_child(true, attempt_body, &a), 0);
	}
	close(fd);
}

/* The outsider is of the same user: it starts here and lives while the others try. */
static int signal_body(void *arg)
{
	struct attempt *a = arg;
	int result;

	outsider = fork();
	if (outsider == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		pause();
		_exit(0);
	}
	result = in_child(false, attempt_body, a);
	kill(outsider, SIGKILL);
	return result;
}

static void test_scope_signal(void **state)
{
	struct attempt a = { .op = op_signal };

	(void)state;
	assert_int_equal(in_child(true, signal_body, &a), 0);
	for (int abi = 1; abi <= newest; abi++) {
		a.abi = abi;
		a.op = op_signal;
		a.domain = (struct landlock_domain){ .scope_signal = true };
		assert_int_equal(in_child(true, signal_body, &a), abi >= 6 ? EPERM : 0);
		assert_int_equal(in_child(false, signal_body, &a), abi >= 6 ? EPERM : 0);
		a.op = op_signal_child;
		assert_int_equal(in_child(true, signal_body, &a), 0);
		a.op = op_signal;
		a.domain = (struct landlock_domain){ .scope_abstract = true };
		assert_int_equal(in_child(true, signal_body, &a), 0);
	}
}

/* Looking into processes outside is refused by every ABI, also where /proc is granted. */
static int op_ptrace(void)
{
	return outcome(ptrace(PTRACE_SEIZE, outsider, NULL, NULL));
}

static char secret[] = "in memory";

static int op_process_vm_readv(void)
{
	char bytes[4];
	struct iovec here = { bytes, sizeof(bytes) }, there = { secret, sizeof(bytes) };

	return outcome(process_vm_readv(outsider, &here, 1, &there, 1, 0));
}

static int open_of_outsider(const char *file)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/%s", outsider, file);
	return outcome(open(path, O_RDONLY | O_CLOEXEC));
}

static int op_proc_mem(void)
{
	return open_of_outsider("mem");
}

static int op_proc_environ(void)
{
	return open_of_outsider("environ");
}

static int op_proc_cwd(void)
{
	return open_of_outsider("cwd");
}

static int op_proc_fd(void)
{
	return open_of_outsider("fd/0");
}

static void test_tracing(void **state)
{
	static int (*const ops[])(void) = { op_ptrace, op_process_vm_readv, op_proc_mem,
		op_proc_environ, op_proc_cwd, op_proc_fd };

	(void)state;
	for (size_t i = 0; i < sizeof(ops) / sizeof(ops[0]); i++) {
		struct attempt a = { .op = ops[i], .access = NONO_READ, .grant = "/proc" };
		int native = in_child(true, signal_body, &a);
		if (native == EPERM || native == EACCES) {
			print_message("case %zu: %s without a sandbox\n", i, strerror(native));
		}
		for (a.abi = 1; a.abi <= newest; a.abi++) {
			int inside = in_child(true, signal_body, &a);
			assert_true(inside == EPERM || inside == EACCES);
		}
	}
}

static int op_nothing(void)
{
	return 0;
}

static void test_errors(void **state)
{
	struct nono_error err = { 0 };
	struct landlock_domain domain = { 0 };
	int ruleset = landlock_new(newest, &domain, &err), fds[2];

	(void)state;
	assert_true(ruleset >= 0);
	assert_true(fcntl(ruleset, F_GETFD) & FD_CLOEXEC);
	assert_int_equal(pipe2(fds, O_CLOEXEC), 0);
	assert_int_equal(landlock_allow_path(ruleset, newest, fds[0], NONO_READ, &err), -EBADFD);
	assert_int_equal(err.code, NONO_UNSUPPORTED);
	assert_int_equal(landlock_allow_path(ruleset, newest, -1, NONO_READ, &err), -EBADF);
	assert_int_equal(err.code, NONO_SYSTEM);
	/* A ruleset that does not handle TCP takes no port. */
	assert_true(landlock_allow_port(ruleset, 1, LANDLOCK_BIND, &err) < 0);
	assert_int_equal(landlock_enforce(ruleset, 7, true), -EOPNOTSUPP);
	close(fds[0]);
	close(fds[1]);
	close(ruleset);
}

/* The seventeenth layer is refused and says so. */
static int layers_body(void *arg)
{
	struct attempt a = { .op = op_nothing, .abi = newest };
	struct landlock_domain domain = { 0 };
	int ruleset;

	(void)arg;
	for (int i = 0; i < 16; i++) {
		enter(&a);
	}
	ruleset = landlock_new(newest, &domain, NULL);
	return -landlock_enforce(ruleset, newest, false);
}

static void test_layers(void **state)
{
	(void)state;
	assert_int_equal(in_child(true, layers_body, NULL), E2BIG);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_files_as_user),
		cmocka_unit_test(test_files_as_root),
		cmocka_unit_test(test_refer),
		cmocka_unit_test(test_grant_of_a_file),
		cmocka_unit_test(test_ioctl_dev),
		cmocka_unit_test(test_devices_elsewhere),
		cmocka_unit_test(test_tcp),
		cmocka_unit_test(test_scope_abstract),
		cmocka_unit_test(test_scope_signal),
		cmocka_unit_test(test_tracing),
		cmocka_unit_test(test_errors),
		cmocka_unit_test(test_layers),
	};

	require_landlock(1);
	newest = landlock_abi(NULL);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
