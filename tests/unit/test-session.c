/* SPDX-License-Identifier: Apache-2.0 */
/*
 * nono-session on the real kernel, without nonod: the test is nonod and the client at once. The
 * program under test is argv[1].
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
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
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "daemon/session/control.h"
#include "daemon/session/plan.h"
#include "libcore/base/cleanup.h"
#include "libcore/base/fd.h"
#include "proto/channel.h"
#include "proto/launch.h"

#define PATIENCE_MS 20000

static const char *program;
static char scratch[] = "/tmp/nono-test-session-XXXXXX";
static int control_fd = -1;
static pid_t template_pid;

static struct plan_grant builtin_grants[] = {
	{ "/usr", NONO_READ, PLAN_GRANT_BUILTIN }, { "/lib", NONO_READ, PLAN_GRANT_BUILTIN },
	{ "/lib64", NONO_READ, PLAN_GRANT_BUILTIN }, { "/bin", NONO_READ, PLAN_GRANT_BUILTIN },
	{ "/proc", NONO_READ, PLAN_GRANT_BUILTIN },
	{ "/dev/null", NONO_READ_WRITE, PLAN_GRANT_BUILTIN | PLAN_GRANT_FILE },
	{ "/etc/ld.so.cache", NONO_READ, PLAN_GRANT_BUILTIN | PLAN_GRANT_FILE },
	{ NULL, 0, 0 }, /* the test's own */
};

/* One session as both its peers see it. */
struct run {
	struct plan_grant grants[ELEMENTSOF(builtin_grants)];
	struct plan plan;
	char *argv[8];
	char *envp[8];
	int stdin_fd, terminal_fd; /* -1: /dev/null, none */
	int stdout_fd;             /* our end of a pipe */
	int channel_fd, link_fd;
	char output[8192];
	size_t n_output;
	char tty[65536]; /* what the terminal said */
	size_t n_tty;
	struct channel_exited exited;
	struct channel_failed failed;
	char failure[600];
	bool has_exited, has_failed;
};

static void start_template(void)
{
	int sv[2];

	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, sv), 0);
	template_pid = fork();
	assert_true(template_pid >= 0);
	if (template_pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		dup2(sv[1], 3);
		execl(program, "nono-session", "--template", (char *)NULL);
		_exit(127);
	}
	close(sv[1]);
	control_fd = sv[0];
}

static struct control_event control_read(void)
{
	struct control_event e;
	struct pollfd p = { .fd = control_fd, .events = POLLIN };

	assert_int_equal(poll(&p, 1, PATIENCE_MS), 1);
	assert_int_equal(recv(control_fd, &e, sizeof(e), 0), sizeof(e));
	return e;
}

static void run_init(struct run *r, const char *shell_command)
{
	struct rlimit core = { 0 };

	*r = (struct run){ .argv = { (char *)"/bin/sh", (char *)"-c", (char *)shell_command },
		.envp = { (char *)"PATH=/usr/bin:/bin", (char *)"MARK=1" },
		.stdin_fd = -1,
		.stdout_fd = -1,
		.terminal_fd = -1,
		.channel_fd = -1,
		.link_fd = -1 };
	memcpy(r->grants, builtin_grants, sizeof(builtin_grants));
	r->plan = (struct plan){ .session_id = "20260101-000000-1",
		.grants = r->grants,
		.n_grants = ELEMENTSOF(builtin_grants) - 1 };
	for (int i = 0; i < PLAN_RLIMITS; i++) {
		getrlimit(i, &r->plan.caller.rlimits[i]);
	}
	r->plan.caller.rlimits[RLIMIT_CORE] = core;
	r->plan.caller.umask = 022;
	r->plan.caller.nice = getpriority(PRIO_PROCESS, 0);
	r->plan.caller.io_priority = (int32_t)syscall(SYS_ioprio_get, 1, 0);
	{
		char text[32];
		fd_read_file_at(-1, "/proc/self/oom_score_adj", text, sizeof(text));
		r->plan.caller.oom_score_adj = atoi(text);
	}
}

static void run_grant(struct run *r, const char *path, enum nono_access access, unsigned flags)
{
	r->grants[r->plan.n_grants++] = (struct plan_grant){ path, access, flags };
}

static void run_start(struct run *r)
{
	struct control_spawn request = { .serial = 42, .network = r->plan.network };
	struct nono_error err;
	int fds[_CONTROL_FD_MAX], out[2], channel[2], link[2];
	int null_fd = open("/dev/null", O_RDWR | O_CLOEXEC);
	size_t n = r->terminal_fd >= 0 ? _CONTROL_FD_MAX : CONTROL_FD_TERMINAL;

	assert_int_equal(pipe2(out, O_CLOEXEC), 0);
	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, channel), 0);
	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, link), 0);
	fds[CONTROL_FD_PLAN] = plan_create(&r->plan, &err);
	fds[CONTROL_FD_LAUNCH] = launch_create(r->argv, r->envp, &err);
	fds[CONTROL_FD_CWD] = open(scratch, O_PATH | O_DIRECTORY | O_CLOEXEC);
	fds[CONTROL_FD_STDIN] = r->stdin_fd >= 0 ? r->stdin_fd : null_fd;
	fds[CONTROL_FD_STDOUT] = r->terminal_fd >= 0 ? r->terminal_fd : out[1];
	fds[CONTROL_FD_STDERR] = fds[CONTROL_FD_STDOUT];
	fds[CONTROL_FD_CHANNEL] = channel[1];
	fds[CONTROL_FD_LINK] = link[1];
	fds[CONTROL_FD_TERMINAL] = r->terminal_fd;
	assert_int_equal(
		fd_send(control_fd, &request, sizeof(request), fds, n, 0), sizeof(request));
	assert_int_equal(control_read().type, CONTROL_SPAWNED);
	close(fds[CONTROL_FD_PLAN]);
	close(fds[CONTROL_FD_LAUNCH]);
	close(fds[CONTROL_FD_CWD]);
	close(null_fd);
	close(out[1]);
	close(channel[1]);
	close(link[1]);
	r->stdout_fd = out[0];
	r->channel_fd = channel[0];
	r->link_fd = link[0];
}

static void on_packet(struct run *r, const char *p, size_t n)
{
	if (p[0] == CHANNEL_EXITED) {
		memcpy(&r->exited, p + 1, sizeof(r->exited));
		r->has_exited = true;
	} else if (p[0] == CHANNEL_FAILED) {
		memcpy(&r->failed, p + 1, sizeof(r->failed));
		memcpy(r->failure, p + 1 + sizeof(r->failed), n - 1 - sizeof(r->failed));
		r->has_failed = true;
	} else if (p[0] == CHANNEL_OUTPUT && r->n_tty + n < sizeof(r->tty)) {
		memcpy(r->tty + r->n_tty, p + 1, n - 1);
		r->n_tty += n - 1;
	}
}

/* One packet from the channel; its type, or 0 at the end. */
static int channel_read(struct run *r)
{
	static char p[CHANNEL_PACKET_MAX];
	struct pollfd wait = { .fd = r->channel_fd, .events = POLLIN };
	ssize_t n;

	assert_int_equal(poll(&wait, 1, PATIENCE_MS), 1);
	n = recv(r->channel_fd, p, sizeof(p), 0);
	if (n <= 0) {
		return 0;
	}
	on_packet(r, p, (size_t)n);
	return p[0];
}

static void channel_send(struct run *r, char type, const void *payload, size_t n)
{
	char p[1024] = { type };

	memcpy(p + 1, payload, n);
	assert_int_equal(send(r->channel_fd, p, n + 1, 0), n + 1);
}

/* Reads everything to the end of both the output and the channel. */
static void run_finish(struct run *r)
{
	ssize_t n;

	while (channel_read(r)) {
	}
	while ((n = read(r->stdout_fd, r->output + r->n_output,
			sizeof(r->output) - 1 - r->n_output)) > 0) {
		r->n_output += (size_t)n;
	}
	assert_int_equal(control_read().type, CONTROL_DIED);
	close(r->stdout_fd);
	close(r->channel_fd);
	close(r->link_fd);
}

static void run_shell(struct run *r)
{
	run_start(r);
	run_finish(r);
}

#define assert_exit(r, code)                                                                       \
	do {                                                                                       \
		if (!(r)->has_exited) {                                                            \
			print_error("failed: %s\n", (r)->failure);                                 \
		}                                                                                  \
		assert_true((r)->has_exited);                                                      \
		assert_int_equal((r)->exited.wait_status, (code) << 8);                            \
	} while (0)

static void output_and_status(void **state)
{
	struct run r;

	(void)state;
	run_init(&r, "echo hello $MARK; exit 7");
	run_shell(&r);
	assert_exit(&r, 7);
	assert_string_equal(r.output, "hello 1\n");
}

static void signal_status(void **state)
{
	struct run r;

	(void)state;
	run_init(&r, "kill -SEGV $$");
	run_shell(&r);
	assert_true(r.has_exited && WIFSIGNALED(r.exited.wait_status));
	assert_int_equal(WTERMSIG(r.exited.wait_status), SIGSEGV);
}

static void grants_decide(void **state)
{
	struct run r;

	(void)state;
	run_init(&r,
		"cat secret; echo x > new; cat granted/f && echo y > granted/g && cat granted/g");
	{
		_cleanup_free_ char *granted = NULL, *f = NULL, *secret = NULL;
		_cleanup_close_ int fd = -1;
		assert_true(asprintf(&granted, "%s/granted", scratch) > 0);
		assert_true(asprintf(&f, "%s/granted/f", scratch) > 0);
		assert_true(asprintf(&secret, "%s/secret", scratch) > 0);
		mkdir(granted, 0755);
		fd = open(secret, O_CREAT | O_WRONLY | O_CLOEXEC, 0644);
		assert_int_equal(write(fd, "secret\n", 7), 7);
		close_fd(&fd);
		fd = open(f, O_CREAT | O_WRONLY | O_CLOEXEC, 0644);
		assert_int_equal(write(fd, "f\n", 2), 2);
		run_grant(&r, granted, NONO_READ_WRITE, 0);
		run_shell(&r);
		assert_exit(&r, 0);
		assert_null(strstr(r.output, "secret\n"));
		assert_non_null(strstr(r.output, "f\ny\n"));
		fd_close_many(&fd, 1);
		assert_int_equal(unlink(f), 0);
	}
	{
		_cleanup_free_ char *created = NULL;
		assert_true(asprintf(&created, "%s/new", scratch) > 0);
		assert_int_equal(access(created, F_OK), -1);
	}
}

static void start_failures(void **state)
{
	static const struct {
		const char *command;
		unsigned code;
		const char *text;
	} cases[] = {
		{ "no-such-program", 127, "command not found" },
		{ "/etc/passwd", 126, "not an executable file" },
		{ "./nothing", 127, "command not found" },
		{ "./outside", 126, "outside what the sandbox may read" },
		{ "/usr", 126, "not an executable file" },
	};
	_cleanup_free_ char *outside = NULL;
	_cleanup_close_ int fd = -1;

	(void)state;
	assert_true(asprintf(&outside, "%s/outside", scratch) > 0);
	fd = open(outside, O_CREAT | O_WRONLY | O_CLOEXEC, 0755);
	assert_int_equal(write(fd, "#!/bin/sh\n", 10), 10);
	close_fd(&fd);
	for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
		struct run r;
		run_init(&r, "");
		r.argv[0] = (char *)cases[i].command;
		r.argv[1] = NULL;
		run_shell(&r);
		assert_true(r.has_failed);
		assert_int_equal(r.failed.exit_code, cases[i].code);
		if (!strstr(r.failure, cases[i].text)) {
			fail_msg("%s: %s", cases[i].command, r.failure);
		}
	}
}

static void bad_grants(void **state)
{
	static const struct {
		const char *path;
		unsigned flags;
		const char *text;
	} cases[] = {
		{ "/no/such/place", 0, "does not exist" },
		{ "/etc/passwd", 0, "not a directory" },
		{ "/usr", PLAN_GRANT_FILE, "is a directory" },
	};

	(void)state;
	for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
		struct run r;
		run_init(&r, "true");
		run_grant(&r, cases[i].path, NONO_READ, cases[i].flags);
		run_shell(&r);
		assert_true(r.has_failed);
		assert_int_equal(r.failed.exit_code, 125);
		assert_non_null(strstr(r.failure, cases[i].text));
	}
}

/* A name that leads elsewhere is decided on again, and the answer holds. */
static void symlink_is_asked(void **state)
{
	_cleanup_free_ char *link = NULL, *target = NULL;

	(void)state;
	assert_true(asprintf(&link, "%s/link", scratch) > 0);
	assert_true(asprintf(&target, "%s/target", scratch) > 0);
	mkdir(target, 0755);
	assert_int_equal(symlink(target, link), 0);
	for (int allow = 0; allow < 2; allow++) {
		char packet[4096];
		struct link_resolved question;
		struct link_decision answer = { .type = LINK_DECISION, .allow = (uint32_t)allow };
		struct run r;
		ssize_t n;

		snprintf(answer.error.message, sizeof(answer.error.message), "not that one");
		run_init(&r, "echo x > link/file && echo done");
		run_grant(&r, link, NONO_READ_WRITE, 0);
		run_start(&r);
		n = recv(r.link_fd, packet, sizeof(packet), 0);
		assert_true(n > (ssize_t)sizeof(question));
		memcpy(&question, packet, sizeof(question));
		assert_int_equal(question.type, LINK_RESOLVED);
		assert_int_equal(question.grant, r.plan.n_grants - 1);
		assert_int_equal(n - (ssize_t)sizeof(question), strlen(target));
		assert_memory_equal(packet + sizeof(question), target, strlen(target));
		assert_int_equal(send(r.link_fd, &answer, sizeof(answer), 0), sizeof(answer));
		run_finish(&r);
		if (allow) {
			assert_exit(&r, 0);
			assert_string_equal(r.output, "done\n");
		} else {
			assert_int_equal(r.failed.exit_code, 125);
			assert_string_equal(r.failure, "not that one");
		}
	}
}

static void nothing_leaks_in(void **state)
{
	struct run r;

	(void)state;
	run_init(&r,
		"ls -l /proc/self/fd | grep -c -- '->'; tr '\\0' ' ' </proc/$$/environ; echo; "
		"grep -E '^(CapEff|CapBnd|NoNewPrivs|Seccomp|SigIgn|SigBlk)' /proc/self/status; umask; "
		"ulimit -n; nice; pwd");
	r.plan.caller.umask = 027;
	r.plan.caller.rlimits[RLIMIT_NOFILE] = (struct rlimit){ 64, 128 };
	r.plan.caller.nice = 7;
	run_shell(&r);
	assert_exit(&r, 0);
	/* 0, 1, 2 and the directory ls itself opened */
	assert_int_equal(strncmp(r.output, "4\n", 2), 0);
	assert_non_null(strstr(r.output, "PATH=/usr/bin:/bin MARK=1"));
	assert_non_null(strstr(r.output, "CapEff:\t0000000000000000"));
	assert_true(geteuid() != 0 || strstr(r.output, "CapBnd:\t0000000000000000"));
	assert_non_null(strstr(r.output, "NoNewPrivs:\t1"));
	assert_non_null(strstr(r.output, "Seccomp:\t2"));
	assert_non_null(strstr(r.output, "SigIgn:\t0000000000000000"));
	assert_non_null(strstr(r.output, "SigBlk:\t0000000000000000"));
	assert_non_null(strstr(r.output, "\n0027\n64\n7\n"));
	assert_non_null(strstr(r.output, scratch));
}

/* Descriptors that would be doors stay outside. */
static void doors_refused(void **state)
{
	int sv[2];
	int fds[3];
	const char *texts[] = { "directory", "datagram", "terminal" };

	(void)state;
	assert_int_equal(socketpair(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0, sv), 0);
	fds[0] = open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	fds[1] = sv[0];
	fds[2] = open("/dev/ptmx", O_RDWR | O_NOCTTY | O_CLOEXEC);
	for (size_t i = 0; i < ELEMENTSOF(fds); i++) {
		struct run r;
		run_init(&r, "true");
		r.stdin_fd = fds[i];
		run_shell(&r);
		assert_true(r.has_failed);
		assert_int_equal(r.failed.exit_code, 125);
		assert_non_null(strstr(r.failure, texts[i]));
	}
	fd_close_many(fds, 3);
	close(sv[1]);
}

/* The write end of a pipe that only the session holds: it closes when the last process is gone. */
static void expect_gone(int pipe_fd)
{
	struct pollfd p = { .fd = pipe_fd, .events = POLLIN };
	char c;

	do {
		assert_int_equal(poll(&p, 1, PATIENCE_MS), 1);
	} while (read(pipe_fd, &c, 1) > 0);
}

static void orphans_end(void **state)
{
	struct run r;

	(void)state;
	run_init(&r,
		"(setsid sh -c 'trap \"\" TERM HUP; (sleep 1000; :) & sleep 1000; :' &) ; exit 3");
	run_start(&r);
	while (channel_read(&r)) {
	}
	expect_gone(r.stdout_fd);
	assert_exit(&r, 3);
	assert_int_equal(control_read().type, CONTROL_DIED);
	close(r.stdout_fd);
	close(r.channel_fd);
	close(r.link_fd);
}

static void client_gone_ends(void **state)
{
	struct run r;

	(void)state;
	run_init(&r, "trap '' HUP TERM; (setsid sleep 1000 &); sleep 1000; sleep 1000");
	run_start(&r);
	assert_int_equal(channel_read(&r), CHANNEL_STARTED);
	close_fd(&r.channel_fd);
	expect_gone(r.stdout_fd);
	assert_int_equal(control_read().type, CONTROL_DIED);
	close(r.stdout_fd);
	close(r.link_fd);
}

static void nonod_gone_is_survived(void **state)
{
	struct run r;

	(void)state;
	run_init(&r, "read line; echo got $line; exit 4");
	{
		int p[2];
		assert_int_equal(pipe2(p, O_CLOEXEC), 0);
		r.stdin_fd = p[0];
		run_start(&r);
		close(p[0]);
		assert_int_equal(channel_read(&r), CHANNEL_STARTED);
		close_fd(&r.link_fd);
		assert_int_equal(write(p[1], "it\n", 3), 3);
		close(p[1]);
	}
	run_finish(&r);
	assert_exit(&r, 4);
	assert_string_equal(r.output, "got it\n");
}

static void stop_asks_then_kills(void **state)
{
	struct link_stop stop = { .type = LINK_STOP, .timeout_usec = 300000 };
	static const char *const commands[] = {
		"trap 'exit 9' TERM; echo up; while :; do sleep 0.05; done",
		"trap '' TERM; echo up; while :; do sleep 0.05; done"
	};

	(void)state;
	for (int stubborn = 0; stubborn < 2; stubborn++) {
		struct run r;
		char up[3];
		run_init(&r, commands[stubborn]);
		run_start(&r);
		assert_int_equal(fd_read_full(r.stdout_fd, up, sizeof(up)), sizeof(up));
		assert_int_equal(send(r.link_fd, &stop, sizeof(stop), 0), sizeof(stop));
		run_finish(&r);
		assert_true(r.has_exited);
		if (stubborn) {
			assert_int_equal(WTERMSIG(r.exited.wait_status), SIGKILL);
		} else {
			assert_int_equal(WEXITSTATUS(r.exited.wait_status), 9);
		}
	}
}

static void supervisor_killed_takes_all(void **state)
{
	struct control_event e;
	struct run r;

	(void)state;
	run_init(&r, "echo $PPID; exec sleep 1000");
	run_start(&r);
	{
		char text[16] = { 0 };
		struct pollfd p = { .fd = r.stdout_fd, .events = POLLIN };
		assert_int_equal(poll(&p, 1, PATIENCE_MS), 1);
		assert_true(read(r.stdout_fd, text, sizeof(text) - 1) > 0);
		assert_int_equal(kill(atoi(text), SIGKILL), 0);
	}
	expect_gone(r.stdout_fd);
	e = control_read();
	assert_int_equal(e.type, CONTROL_DIED);
	assert_int_equal(e.serial, 42);
	assert_int_equal(WTERMSIG(e.value), SIGKILL);
	close(r.stdout_fd);
	close(r.channel_fd);
	close(r.link_fd);
}

/* ---- terminals ---- */

static void run_init_terminal(struct run *r, const char *command, int *ret_master)
{
	struct winsize size = { .ws_row = 31, .ws_col = 97 };
	unsigned device;
	int unlock = 0;

	run_init(r, command);
	*ret_master = open("/dev/ptmx", O_RDWR | O_NOCTTY | O_CLOEXEC);
	assert_true(*ret_master >= 0);
	assert_int_equal(ioctl(*ret_master, TIOCSPTLCK, &unlock), 0);
	r->terminal_fd = ioctl(*ret_master, TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC);
	assert_true(r->terminal_fd >= 0);
	assert_int_equal(ioctl(r->terminal_fd, TIOCSWINSZ, &size), 0);
	assert_int_equal(ioctl(r->terminal_fd, TIOCGDEV, &device), 0);
	r->plan.caller.terminal_device = device;
	r->plan.foreground = 1;
	r->stdin_fd = r->terminal_fd;
}

static void wait_for_text(struct run *r, const char *text)
{
	while (!memmem(r->tty, r->n_tty, text, strlen(text))) {
		if (channel_read(r) == 0) {
			fail_msg("no '%s' in: %.*s %s", text, (int)r->n_tty, r->tty, r->failure);
		}
	}
}

static void terminal_is_its_own(void **state)
{
	struct run r;
	struct channel_window window = { .rows = 40, .columns = 120 };
	int master;

	(void)state;
	run_init_terminal(&r,
		"stty size; test -t 0 && test -t 1 && echo tty; echo via >/dev/tty; read a; "
		"echo \"<$a>\"; stty size; read b; exit 5",
		&master);
	run_start(&r);
	wait_for_text(&r, "31 97\r\ntty\r\nvia\r\n");
	channel_send(&r, CHANNEL_WINDOW, &window, sizeof(window));
	channel_send(&r, CHANNEL_INPUT, "abc\n", 4);
	wait_for_text(&r, "<abc>\r\n40 120\r\n");
	channel_send(&r, CHANNEL_INPUT, "\n", 1);
	run_finish(&r);
	assert_exit(&r, 5);
	close(master);
	close(r.terminal_fd);
}

static void terminal_control_c(void **state)
{
	struct run r;
	int master;

	(void)state;
	run_init_terminal(&r,
		"trap 'echo caught; exit 6' INT; echo ready; while :; do sleep 0.05; done",
		&master);
	run_start(&r);
	wait_for_text(&r, "ready");
	channel_send(&r, CHANNEL_INPUT, "\x03", 1);
	wait_for_text(&r, "caught");
	run_finish(&r);
	assert_exit(&r, 6);
	close(master);
	close(r.terminal_fd);
}

static void terminal_stop_and_go(void **state)
{
	struct channel_continue go = { .foreground = 1 };
	struct run r;
	int master;

	(void)state;
	run_init_terminal(&r, "echo ready; read a; echo \"<$a>\"", &master);
	run_start(&r);
	wait_for_text(&r, "ready");
	channel_send(&r, CHANNEL_INPUT, "\x1a", 1);
	while (channel_read(&r) != CHANNEL_STOPPED) {
	}
	channel_send(&r, CHANNEL_CONTINUE, &go, sizeof(go));
	channel_send(&r, CHANNEL_INPUT, "on\n", 3);
	wait_for_text(&r, "<on>");
	run_finish(&r);
	assert_exit(&r, 0);
	close(master);
	close(r.terminal_fd);
}

/* Started in the background it runs until it wants the terminal. */
static void terminal_background(void **state)
{
	struct channel_continue go = { .foreground = 1 };
	struct run r;
	int master, type;

	(void)state;
	run_init_terminal(&r, "echo working; read a; echo \"<$a>\"", &master);
	r.plan.foreground = 0;
	run_start(&r);
	while ((type = channel_read(&r)) != CHANNEL_STOPPED) {
		assert_int_not_equal(type, 0);
	}
	wait_for_text(&r, "working");
	channel_send(&r, CHANNEL_CONTINUE, &go, sizeof(go));
	channel_send(&r, CHANNEL_INPUT, "fg\n", 3);
	wait_for_text(&r, "<fg>");
	run_finish(&r);
	assert_exit(&r, 0);
	close(master);
	close(r.terminal_fd);
}

/* A client that reads late loses nothing: the session waits for it. */
static void terminal_slow_client(void **state)
{
	struct timespec pause = { .tv_nsec = 300000000 };
	struct run r;
	size_t total = 0;
	int master;

	(void)state;
	run_init_terminal(
		&r, "stty -opost; head -c 3000000 /dev/zero | tr '\\0' x; printf END", &master);
	run_grant(&r, "/dev/zero", NONO_READ, PLAN_GRANT_FILE);
	run_start(&r);
	nanosleep(&pause, NULL);
	for (;;) {
		r.n_tty = 0;
		if (channel_read(&r) == 0) {
			break;
		}
		total += r.n_tty;
	}
	assert_exit(&r, 0);
	assert_int_equal(total, 3000003);
	assert_int_equal(control_read().type, CONTROL_DIED);
	close(r.stdout_fd);
	close(r.channel_fd);
	close(r.link_fd);
	close(master);
	close(r.terminal_fd);
}

static int group_setup(void **state)
{
	(void)state;
	if (!mkdtemp(scratch) || chmod(scratch, 0755) < 0) {
		return -1;
	}
	start_template();
	return control_read().type == CONTROL_READY ? 0 : -1;
}

static int group_teardown(void **state)
{
	char command[128];
	int status;

	(void)state;
	close(control_fd);
	waitpid(template_pid, &status, 0);
	snprintf(command, sizeof(command), "%s", scratch);
	{
		const char *argv[] = { "rm", "-rf", command, NULL };
		pid_t pid = fork();
		if (pid == 0) {
			execvp("rm", (char *const *)argv);
			_exit(127);
		}
		waitpid(pid, NULL, 0);
	}
	return status == 0 ? 0 : -1;
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(output_and_status),
		cmocka_unit_test(signal_status),
		cmocka_unit_test(grants_decide),
		cmocka_unit_test(start_failures),
		cmocka_unit_test(bad_grants),
		cmocka_unit_test(symlink_is_asked),
		cmocka_unit_test(nothing_leaks_in),
		cmocka_unit_test(doors_refused),
		cmocka_unit_test(orphans_end),
		cmocka_unit_test(client_gone_ends),
		cmocka_unit_test(nonod_gone_is_survived),
		cmocka_unit_test(stop_asks_then_kills),
		cmocka_unit_test(supervisor_killed_takes_all),
		cmocka_unit_test(terminal_is_its_own),
		cmocka_unit_test(terminal_control_c),
		cmocka_unit_test(terminal_stop_and_go),
		cmocka_unit_test(terminal_background),
		cmocka_unit_test(terminal_slow_client),
	};

	if (argc != 2) {
		fprintf(stderr, "usage: test-session NONO-SESSION\n");
		return 2;
	}
	program = argv[1];
	signal(SIGPIPE, SIG_IGN);
	return cmocka_run_group_tests(tests, group_setup, group_teardown);
}
