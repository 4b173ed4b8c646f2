/* SPDX-License-Identifier: Apache-2.0 */
/* nono-session on the real kernel, without nonod. */
#include "tests/unit/session-run.h"

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

/* Rules made before the request are the same rules, and old ones are not used. */
static void expected_or_not(void **state)
{
	const struct timespec old = { .tv_nsec = 60000000 };

	(void)state;
	for (int i = 0; i < 4; i++) {
		struct run r;
		run_init(&r,
			"cat /etc/passwd /proc/version >/dev/null 2>&1; echo $?; ls / 2>/dev/null && echo listed");
		run_expect();
		if (i == 1) {
			run_expect();
		} else if (i == 2) {
			nanosleep(&old, NULL);
		} else if (i == 3) {
			r.plan.network = NONO_NETWORK_BLOCKED;
		}
		run_shell(&r);
		assert_exit(&r, 2);
		assert_string_equal(r.output, "1\n"); /* /etc/passwd is not granted */
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
	r.plan.caller.nice = 17;
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
	assert_non_null(strstr(r.output, "\n0027\n64\n17\n"));
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
	run_close(&r);
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
	run_close(&r);
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
		assert_int_equal(kill((int)strtol(text, NULL, 10), SIGKILL), 0);
	}
	expect_gone(r.stdout_fd);
	e = control_read();
	assert_int_equal(e.type, CONTROL_DIED);
	assert_int_equal(e.serial, 42);
	assert_int_equal(WTERMSIG(e.value), SIGKILL);
	run_close(&r);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(output_and_status),
		cmocka_unit_test(signal_status),
		cmocka_unit_test(grants_decide),
		cmocka_unit_test(expected_or_not),
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
	};

	if (argc != 2) {
		fprintf(stderr, "usage: %s NONO-SESSION\n", argv[0]);
		return 2;
	}
	session_program = argv[1];
	signal(SIGPIPE, SIG_IGN);
	return cmocka_run_group_tests(tests, session_setup, session_teardown);
}
