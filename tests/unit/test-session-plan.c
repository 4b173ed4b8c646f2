/* SPDX-License-Identifier: Apache-2.0 */
/* What else a plan says: TMPDIR, the environment, ports, denied paths. */
#include "tests/unit/session-run.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "libcore/base/cleanup.h"
#include "libcore/base/fd.h"
#include "libcore/base/str.h"
#include "libcore/landlock.h"

static void expect_tmpdir_gone(const char *path)
{
	const struct timespec pause = { .tv_nsec = 10000000 };

	for (int waited = 0; access(path, F_OK) == 0; waited += 10) {
		assert_true(waited < PATIENCE_MS);
		nanosleep(&pause, NULL);
	}
	assert_int_equal(errno, ENOENT);
}

/* The path that `echo $TMPDIR` wrote, without the rest of what was read. */
static void read_tmpdir(struct run *r, char path[64])
{
	struct pollfd p = { .fd = r->stdout_fd, .events = POLLIN };
	ssize_t n;

	assert_int_equal(poll(&p, 1, PATIENCE_MS), 1);
	n = read(r->stdout_fd, path, 63);
	assert_true(n > 0);
	path[n] = '\0';
	path[strcspn(path, "\n")] = '\0';
	assert_non_null(str_after(path, "/tmp/nono-"));
}

static void tmpdir_is_private_and_goes(void **state)
{
	struct link_started started = { 0 };
	struct run r;
	char *end;

	(void)state;
	run_init(&r, "echo $TMPDIR; cd $TMPDIR && mkdir -p a/b && echo x > a/b/c && cat a/b/c && "
		     "chmod 0 a/b a && ln -s / root && ls /tmp; echo $?");
	r.envp[2] = (char *)"TMPDIR=/elsewhere";
	r.plan.flags = PLAN_TMPDIR;
	run_start(&r);
	while (channel_read(&r)) {
	}
	/* By now the client has heard of the end. */
	assert_true(fd_read_full(r.stdout_fd, r.output, sizeof(r.output) - 1) > 0);
	assert_int_equal(recv(r.link_fd, &started, sizeof(started), 0), sizeof(started));
	assert_int_equal(started.type, LINK_STARTED);
	end = strchr(r.output, '\n');
	assert_non_null(end);
	*end = '\0';
	assert_string_equal(r.output, started.tmpdir);
	assert_non_null(str_after(r.output, "/tmp/nono-"));
	assert_int_equal(access(r.output, F_OK), -1);
	assert_non_null(str_after(end + 1, "x\n"));
	assert_null(strstr(end + 1, "\n0\n")); /* no listing of /tmp */
	assert_exit(&r, 0);
	assert_int_equal(control_read().type, CONTROL_DIED);
	run_close(&r);
}

/* What was decided before the directory had a name means it. */
static void standin_is_filled_in(void **state)
{
	static char *set[] = { (char *)"A=" PLAN_TMPDIR_STANDIN "/a:" PLAN_TMPDIR_STANDIN,
		(char *)"B=b" };
	struct run r;

	(void)state;
	run_init(&r, "test $A = $TMPDIR/a:$TMPDIR && test $B = b && echo same");
	r.plan.flags = PLAN_TMPDIR;
	r.plan.lists[PLAN_ENV_SET] = (struct strlist){ set, ELEMENTSOF(set) };
	run_shell(&r);
	assert_string_equal(r.output, "same\n");
}

static void tmpdir_is_not_announced_unasked(void **state)
{
	struct run r;

	(void)state;
	run_init(&r, "echo $TMPDIR; mktemp || echo none");
	r.envp[2] = (char *)"TMPDIR=/elsewhere";
	run_shell(&r);
	assert_non_null(str_after(r.output, "/elsewhere\n"));
	assert_non_null(strstr(r.output, "none\n"));
}

static void tmpdir_goes_with_the_client(void **state)
{
	struct run r;
	char path[64];

	(void)state;
	run_init(&r, "touch $TMPDIR/file; echo $TMPDIR; exec sleep 1000");
	r.plan.flags = PLAN_TMPDIR;
	run_start(&r);
	read_tmpdir(&r, path);
	assert_int_equal(access(path, F_OK), 0);
	close_fd(&r.channel_fd);
	expect_tmpdir_gone(path);
	assert_int_equal(control_read().type, CONTROL_DIED);
	run_close(&r);
}

static void tmpdir_goes_when_nothing_started(void **state)
{
	struct run r;

	(void)state;
	for (int i = 0; i < 3; i++) {
		run_init(&r, "true");
		r.argv[0] = (char *)"/no/such/program";
		r.plan.flags = PLAN_TMPDIR;
		run_shell(&r);
		assert_int_equal(r.failed.exit_code, 127);
	}
}

/* The next template removes what a killed session leaves. */
static void tmpdir_is_swept(void **state)
{
	struct run r;
	char path[64], pid[16] = { 0 };
	ssize_t n;

	(void)state;
	run_init(&r, "mkdir $TMPDIR/d; touch $TMPDIR/d/file; echo $TMPDIR; read x; echo $PPID; "
		     "exec sleep 1000");
	r.plan.flags = PLAN_TMPDIR;
	{
		int p[2];
		assert_int_equal(pipe2(p, O_CLOEXEC), 0);
		r.stdin_fd = p[0];
		run_start(&r);
		close(p[0]);
		read_tmpdir(&r, path);
		assert_int_equal(write(p[1], "go\n", 3), 3);
		n = read(r.stdout_fd, pid, sizeof(pid) - 1);
		assert_true(n > 0);
		close(p[1]);
	}
	assert_int_equal(kill((pid_t)strtol(pid, NULL, 10), SIGKILL), 0);
	expect_gone(r.stdout_fd);
	assert_int_equal(control_read().type, CONTROL_DIED);
	run_close(&r);
	assert_int_equal(access(path, F_OK), 0);
	assert_int_equal(session_teardown(NULL), 0);
	memcpy(scratch + strlen(scratch) - 6, "XXXXXX", 6);
	assert_int_equal(session_setup(NULL), 0);
	expect_tmpdir_gone(path);
}

static void environment_rules(void **state)
{
	static char *allowed[] = { (char *)"PATH", (char *)"KEEP_*", (char *)"SECRET" };
	static char *denied[] = { (char *)"KEEP_OUT" };
	static char *kept[] = { (char *)"BASH_ENV" };
	static char *set[] = { (char *)"KEEP_ME=new", (char *)"ADDED=yes" };
	struct run r;

	(void)state;
	run_init(&r, "tr '\\0' '\\n' </proc/$$/environ | sort");
	r.envp[1] = (char *)"LD_PRELOAD=/x";
	r.envp[2] = (char *)"KEEP_ME=old";
	r.envp[3] = (char *)"KEEP_OUT=1";
	r.envp[4] = (char *)"BASH_ENV=kept";
	r.envp[5] = (char *)"NOT_ALLOWED=1";
	r.plan.flags = PLAN_ENV_ALLOW;
	r.plan.lists[PLAN_ENV_ALLOWED] = (struct strlist){ allowed, ELEMENTSOF(allowed) };
	r.plan.lists[PLAN_ENV_DENIED] = (struct strlist){ denied, ELEMENTSOF(denied) };
	r.plan.lists[PLAN_ENV_KEPT] = (struct strlist){ kept, ELEMENTSOF(kept) };
	r.plan.lists[PLAN_ENV_SET] = (struct strlist){ set, ELEMENTSOF(set) };
	run_shell(&r);
	assert_string_equal(
		r.output, "ADDED=yes\nBASH_ENV=kept\nKEEP_ME=new\nPATH=/usr/bin:/bin\n");
}

/* Without any rule, what never passes. */
static void environment_defaults(void **state)
{
	struct run r;

	(void)state;
	run_init(&r, "tr '\\0' '\\n' </proc/$$/environ | sort");
	r.envp[2] = (char *)"LD_LIBRARY_PATH=/x";
	r.envp[3] = (char *)"PYTHONSTARTUP=/x";
	run_shell(&r);
	assert_string_equal(r.output, "MARK=1\nPATH=/usr/bin:/bin\n");
}

static int listen_somewhere(uint16_t *ret_port)
{
	struct sockaddr_in sa = { .sin_family = AF_INET, .sin_addr = { htonl(INADDR_LOOPBACK) } };
	socklen_t n = sizeof(sa);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	assert_true(fd >= 0);
	assert_int_equal(bind(fd, (struct sockaddr *)&sa, sizeof(sa)), 0);
	assert_int_equal(listen(fd, 4), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&sa, &n), 0);
	*ret_port = ntohs(sa.sin_port);
	return fd;
}

static void single_ports(void **state)
{
	uint16_t open, shut;
	_cleanup_close_ int open_fd = listen_somewhere(&open), shut_fd = listen_somewhere(&shut);
	char script[400];

	(void)state;
	assert_true(open_fd >= 0 && shut_fd >= 0);
	if (landlock_abi(NULL) < 4) {
		skip(); /* ports need Landlock ABI 4 */
	}
	if (access("/bin/bash", X_OK) < 0) {
		skip(); /* the shell that connects */
	}
	snprintf(script, sizeof(script),
		"(: <>/dev/tcp/127.0.0.1/%u) 2>/dev/null && echo open; "
		"(: <>/dev/tcp/127.0.0.1/%u) 2>/dev/null || echo shut",
		open, shut);
	for (int blocked = 0; blocked < 2; blocked++) {
		struct run r;
		run_init(&r, script);
		r.argv[0] = (char *)"/bin/bash";
		r.plan.network = blocked ? NONO_NETWORK_BLOCKED : NONO_NETWORK_OPEN;
		r.plan.connect = (struct plan_ports){ 1, &open };
		run_shell(&r);
		assert_string_equal(r.output, "open\nshut\n");
	}
}

/* What is denied has another name: it is told, and every grant is decided with it. */
static void denied_names_are_told(void **state)
{
	_cleanup_free_ char *real = NULL, *link = NULL, *below = NULL, *missing = NULL;
	char *denied[3], packet[4096];
	struct link_decision answer = { .type = LINK_DECISION };
	struct link_denied told;
	struct link_resolved question;
	struct run r;
	ssize_t n;

	(void)state;
	assert_true(asprintf(&real, "%s/store", scratch) > 0);
	assert_true(asprintf(&link, "%s/denied", scratch) > 0);
	assert_true(asprintf(&below, "%s/denied/below", scratch) > 0);
	assert_true(asprintf(&missing, "%s/missing", scratch) > 0);
	mkdir(real, 0755);
	assert_int_equal(symlink(real, link), 0);
	denied[0] = missing;
	denied[1] = link;
	denied[2] = below;
	snprintf(answer.error.message, sizeof(answer.error.message), "it is denied");
	run_init(&r, "true");
	r.plan.lists[PLAN_DENIED] = (struct strlist){ denied, ELEMENTSOF(denied) };
	run_grant(&r, real, NONO_READ_WRITE, PLAN_GRANT_RESOLVED);
	run_start(&r);
	n = recv(r.link_fd, packet, sizeof(packet), 0);
	assert_int_equal(n, sizeof(told) + strlen(real));
	memcpy(&told, packet, sizeof(told));
	assert_int_equal(told.type, LINK_DENIED);
	assert_int_equal(told.rule, 1);
	assert_memory_equal(packet + sizeof(told), real, strlen(real));
	n = recv(r.link_fd, packet, sizeof(packet) - 1, 0);
	memcpy(&told, packet, sizeof(told));
	packet[n] = '\0';
	assert_int_equal(told.rule, 2);
	assert_non_null(strstr(packet + sizeof(told), "/store/below"));
	n = recv(r.link_fd, packet, sizeof(packet), 0);
	assert_true(n > (ssize_t)sizeof(question));
	memcpy(&question, packet, sizeof(question));
	assert_int_equal(question.type, LINK_RESOLVED);
	assert_int_equal(question.grant, 0);
	assert_int_equal(send(r.link_fd, &answer, sizeof(answer), 0), sizeof(answer));
	run_finish(&r);
	assert_int_equal(r.failed.exit_code, 125);
	assert_string_equal(r.failure, "it is denied");
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(tmpdir_is_private_and_goes),
		cmocka_unit_test(standin_is_filled_in),
		cmocka_unit_test(tmpdir_is_not_announced_unasked),
		cmocka_unit_test(tmpdir_goes_with_the_client),
		cmocka_unit_test(tmpdir_goes_when_nothing_started),
		cmocka_unit_test(tmpdir_is_swept),
		cmocka_unit_test(environment_rules),
		cmocka_unit_test(environment_defaults),
		cmocka_unit_test(single_ports),
		cmocka_unit_test(denied_names_are_told),
	};

	if (argc != 2) {
		fprintf(stderr, "usage: %s NONO-SESSION\n", argv[0]);
		return 2;
	}
	session_program = argv[1];
	return cmocka_run_group_tests(tests, session_setup, session_teardown);
}
