/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "libcore/landlock.h"
#include "nono.h"
#include "tests/unit/kernel-test.h"

/* What a dynamically linked program needs. */
static struct nono_caps *basic_caps(void)
{
	static const char *const readable[] = { "/usr", "/bin", "/sbin", "/lib", "/lib64", "/etc",
		"/proc", "/sys" };
	struct nono_caps *caps;
	struct nono_error err;

	assert_int_equal(nono_caps_new(&caps), 0);
	for (size_t i = 0; i < sizeof(readable) / sizeof(readable[0]); i++) {
		int r = nono_caps_allow_path(caps, readable[i], NONO_READ, &err);
		assert_true(r == 0 || err.code == NONO_PATH_NOT_FOUND);
	}
	assert_int_equal(nono_caps_allow_file(caps, "/dev/null", NONO_READ_WRITE, &err), 0);
	return caps;
}

/* Runs argv with options and says what came of it; the result is the caller's. */
static struct nono_exec_result *run_with(const struct nono_caps *caps,
	const struct nono_exec_options *options, const char *const *argv)
{
	struct nono_exec_result *result = NULL;
	struct nono_error err = { 0 };

	if (nono_exec(caps, argv, options, &result, &err) < 0) {
		fail_msg("%s", err.message);
	}
	return result;
}

static struct nono_exec_result *run_shell(
	const struct nono_caps *caps, const struct nono_exec_options *options, const char *script)
{
	return run_with(caps, options, (const char *const[]){ "/bin/sh", "-c", script, NULL });
}

/* Runs what must fail and gives the code. */
static int refused(const struct nono_caps *caps, const struct nono_exec_options *options,
	const char *const *argv, struct nono_error *err)
{
	struct nono_exec_result *result = NULL;

	*err = (struct nono_error){ 0 };
	assert_true(nono_exec(caps, argv, options, &result, err) < 0);
	assert_null(result);
	assert_true(err->message[0] != '\0');
	return err->code;
}

static void test_output_and_status(void **state)
{
	struct nono_caps *caps = basic_caps();
	struct nono_exec_result *r = run_shell(caps, NULL, "echo out; echo err >&2; exit 3");

	(void)state;
	assert_string_equal(r->stdout_data, "out\n");
	assert_string_equal(r->stderr_data, "err\n");
	assert_int_equal(r->stdout_size, 4);
	assert_int_equal(r->exit_status, 3);
	assert_int_equal(r->signal, 0);
	assert_false(r->timed_out || r->stdout_truncated || r->stderr_truncated);
	nono_exec_result_free(r);
	r = run_shell(caps, NULL, "kill -TERM $$");
	assert_int_equal(r->signal, SIGTERM);
	assert_int_equal(r->exit_status, 128 + SIGTERM);
	assert_string_equal(r->stdout_data, "");
	nono_exec_result_free(r);
	nono_caps_free(caps);
}

static void test_output_is_bounded(void **state)
{
	struct nono_exec_options options = NONO_EXEC_OPTIONS_INIT;
	struct nono_caps *caps = basic_caps();
	struct nono_exec_result *r;

	(void)state;
	options.output_limit = 100000;
	r = run_shell(caps, &options, "yes | head -c 3000000; printf x >&2");
	assert_int_equal(r->exit_status, 0);
	assert_int_equal(r->stdout_size, 100000);
	assert_true(r->stdout_truncated);
	assert_memory_equal(r->stdout_data, "y\ny\n", 4);
	assert_string_equal(r->stderr_data, "x");
	assert_false(r->stderr_truncated);
	nono_exec_result_free(r);
	options.output_limit = 0;
	r = run_shell(caps, &options, "echo something");
	assert_int_equal(r->stdout_size, 0);
	assert_true(r->stdout_truncated);
	nono_exec_result_free(r);
	nono_caps_free(caps);
}

static void test_environment(void **state)
{
	struct nono_exec_options options = NONO_EXEC_OPTIONS_INIT;
	struct nono_caps *caps = basic_caps();
	struct nono_exec_result *r;
	struct nono_error err;

	(void)state;
	setenv("NONO_TEST_HOST", "host", 1);
	setenv("NONO_TEST_BOTH", "host", 1);
	r = run_with(caps, NULL, (const char *const[]){ "/usr/bin/env", NULL });
	assert_string_equal(r->stdout_data, "");
	nono_exec_result_free(r);
	options.env = (const char *const[]){ "NONO_TEST_BOTH=given", "EMPTY=", NULL };
	r = run_with(caps, &options, (const char *const[]){ "env", NULL });
	assert_string_equal(r->stdout_data, "NONO_TEST_BOTH=given\nEMPTY=\n");
	nono_exec_result_free(r);
	options.inherit_env = 1;
	setenv("LD_BIND_NOT", "1", 1);
	r = run_with(caps, &options, (const char *const[]){ "env", NULL });
	assert_non_null(strstr(r->stdout_data, "NONO_TEST_HOST=host\n"));
	assert_non_null(strstr(r->stdout_data, "NONO_TEST_BOTH=given\n"));
	assert_null(strstr(r->stdout_data, "NONO_TEST_BOTH=host\n"));
	assert_null(strstr(r->stdout_data, "LD_BIND_NOT"));
	unsetenv("LD_BIND_NOT");
	nono_exec_result_free(r);
	options.env = (const char *const[]){ "LD_PRELOAD=/tmp/x.so", NULL };
	assert_int_equal(
		refused(caps, &options, (const char *const[]){ "env", NULL }, &err), NONO_REFUSED);
	options.env = (const char *const[]){ "NOTHING", NULL };
	assert_int_equal(
		refused(caps, &options, (const char *const[]){ "env", NULL }, &err), NONO_INVALID);
	options.env = (const char *const[]){ "=x", NULL };
	assert_int_equal(
		refused(caps, &options, (const char *const[]){ "env", NULL }, &err), NONO_INVALID);
	nono_caps_free(caps);
}

static void write_script(const char *path, const char *text, mode_t mode)
{
	int fd = open(path, O_CREAT | O_TRUNC | O_WRONLY | O_CLOEXEC, mode);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	fchmod(fd, mode);
	close(fd);
}

static void test_looking_up_the_command(void **state)
{
	struct nono_exec_options options = NONO_EXEC_OPTIONS_INIT;
	struct nono_caps *caps = basic_caps();
	char *dir = temp_dir(), path[256], env[300], good[256];
	struct nono_exec_result *r;
	struct nono_error err;

	(void)state;
	assert_int_equal(nono_caps_allow_path(caps, dir, NONO_READ, NULL), 0);
	snprintf(path, sizeof(path), "%s/a", dir);
	mkdir(path, 0755);
	snprintf(path, sizeof(path), "%s/b", dir);
	mkdir(path, 0755);
	snprintf(path, sizeof(path), "%s/a/tool", dir);
	write_script(path, "#!/bin/sh\necho a\n", 0644);
	snprintf(good, sizeof(good), "%s/b/tool", dir);
	write_script(good, "#!/bin/sh\necho b\n", 0755);
	snprintf(env, sizeof(env), "PATH=/nowhere:%s/a:%s/b", dir, dir);
	options.env = (const char *const[]){ env, NULL };
	/* The one that cannot be executed does not hide the one that can. */
	r = run_with(caps, &options, (const char *const[]){ "tool", NULL });
	assert_string_equal(r->stdout_data, "b\n");
	nono_exec_result_free(r);
	unlink(good);
	assert_int_equal(refused(caps, &options, (const char *const[]){ "tool", NULL }, &err),
		NONO_NOT_EXECUTABLE);
	assert_int_equal(refused(caps, &options, (const char *const[]){ "no-such", NULL }, &err),
		NONO_NOT_FOUND);
	assert_int_equal(
		refused(caps, NULL, (const char *const[]){ "/no/such/command", NULL }, &err),
		NONO_NOT_FOUND);
	assert_int_equal(refused(caps, NULL, (const char *const[]){ "/etc", NULL }, &err),
		NONO_NOT_EXECUTABLE);
	snprintf(path, sizeof(path), "%s/broken", dir);
	write_script(path, "#!/no/such/interpreter\n", 0755);
	assert_int_equal(refused(caps, NULL, (const char *const[]){ path, NULL }, &err),
		NONO_NOT_EXECUTABLE);
	/* Relative to the command's directory, not to ours. */
	options.cwd = dir;
	snprintf(path, sizeof(path), "%s/here", dir);
	write_script(path, "#!/bin/sh\npwd\n", 0755);
	r = run_with(caps, &options, (const char *const[]){ "./here", NULL });
	assert_int_equal(strncmp(r->stdout_data, dir, strlen(dir)), 0);
	nono_exec_result_free(r);
	remove_tree(dir);
	nono_caps_free(caps);
}

static void test_working_directory_errors(void **state)
{
	struct nono_exec_options options = NONO_EXEC_OPTIONS_INIT;
	struct nono_caps *caps = basic_caps();
	struct nono_error err;

	(void)state;
	options.cwd = "/no/such/directory";
	assert_int_equal(refused(caps, &options, (const char *const[]){ "true", NULL }, &err),
		NONO_PATH_NOT_FOUND);
	options.cwd = "/etc/passwd";
	assert_int_equal(refused(caps, &options, (const char *const[]){ "true", NULL }, &err),
		NONO_EXPECTED_DIRECTORY);
	nono_caps_free(caps);
}

static void test_arguments(void **state)
{
	struct nono_caps *caps = basic_caps();
	struct nono_exec_result *result;
	struct nono_error err;
	struct nono_exec_options unset = { 0 };

	(void)state;
	assert_int_equal(refused(caps, NULL, (const char *const[]){ NULL }, &err), NONO_INVALID);
	assert_int_equal(
		refused(caps, NULL, (const char *const[]){ "", NULL }, &err), NONO_INVALID);
	assert_int_equal(
		refused(NULL, NULL, (const char *const[]){ "true", NULL }, &err), NONO_INVALID);
	assert_int_equal(
		refused(caps, &unset, (const char *const[]){ "true", NULL }, &err), NONO_INVALID);
	assert_true(nono_exec(caps, NULL, NULL, &result, NULL) < 0);
	assert_int_equal(nono_caps_block_command(caps, "true", NULL), 0);
	assert_int_equal(refused(caps, NULL, (const char *const[]){ "/bin/true", NULL }, &err),
		NONO_REFUSED);
	nono_caps_free(caps);
	nono_exec_result_free(NULL);
}

static void test_what_is_not_granted_is_denied(void **state)
{
	struct nono_caps *caps = basic_caps();
	char *dir = temp_dir(), script[512];
	struct nono_exec_result *r;
	struct nono_error err;

	(void)state;
	snprintf(script, sizeof(script),
		"echo secret >%s/new && echo wrote; ls %s && echo listed; true", dir, dir);
	r = run_shell(caps, NULL, script);
	assert_string_equal(r->stdout_data, "");
	nono_exec_result_free(r);
	assert_int_equal(nono_caps_allow_path(caps, dir, NONO_READ_WRITE, NULL), 0);
	r = run_shell(caps, NULL, script);
	assert_string_equal(r->stdout_data, "wrote\nnew\nlisted\n");
	nono_exec_result_free(r);
	nono_caps_free(caps);
	/* Nothing granted at all: the command itself cannot be executed. */
	assert_int_equal(nono_caps_new(&caps), 0);
	assert_int_equal(refused(caps, NULL, (const char *const[]){ "/bin/true", NULL }, &err),
		NONO_NOT_EXECUTABLE);
	nono_caps_free(caps);
	remove_tree(dir);
}

static void test_paths_that_changed(void **state)
{
	struct nono_caps *caps = basic_caps();
	char *dir = temp_dir(), path[300], other[300];
	struct nono_error err;

	(void)state;
	snprintf(path, sizeof(path), "%s/granted", dir);
	snprintf(other, sizeof(other), "%s/other", dir);
	mkdir(path, 0755);
	mkdir(other, 0755);
	assert_int_equal(nono_caps_allow_path(caps, path, NONO_READ, NULL), 0);
	rmdir(path);
	assert_int_equal(refused(caps, NULL, (const char *const[]){ "true", NULL }, &err),
		NONO_PATH_NOT_FOUND);
	assert_int_equal(symlink(other, path), 0);
	assert_int_equal(refused(caps, NULL, (const char *const[]){ "true", NULL }, &err),
		NONO_PATH_NOT_FOUND);
	unlink(path);
	write_script(path, "", 0644);
	assert_int_equal(refused(caps, NULL, (const char *const[]){ "true", NULL }, &err),
		NONO_EXPECTED_DIRECTORY);
	nono_caps_free(caps);
	caps = basic_caps();
	assert_int_equal(nono_caps_allow_path(caps, "/proc/self", NONO_READ, NULL), 0);
	assert_int_equal(
		refused(caps, NULL, (const char *const[]){ "true", NULL }, &err), NONO_UNSUPPORTED);
	nono_caps_free(caps);
	remove_tree(dir);
}

static double seconds(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void test_timeout_kills_the_whole_tree(void **state)
{
	struct nono_exec_options options = NONO_EXEC_OPTIONS_INIT;
	struct nono_caps *caps = basic_caps();
	char *dir = temp_dir(), script[600];
	double start = seconds();
	struct nono_exec_result *r;

	(void)state;
	assert_int_equal(nono_caps_allow_path(caps, dir, NONO_READ_WRITE, NULL), 0);
	options.timeout_ms = 500;
	/* A daemon of the classical kind: other session, orphaned, deaf. */
	snprintf(script, sizeof(script),
		"(setsid sh -c 'trap \"\" TERM HUP; echo $$ >%s/pid; sleep 1000' &) ; sleep 1000",
		dir);
	r = run_shell(caps, &options, script);
	assert_true(r->timed_out);
	assert_int_equal(r->signal, SIGKILL);
	assert_int_equal(r->exit_status, 137);
	assert_true(seconds() - start < 20);
	nono_exec_result_free(r);
	snprintf(script, sizeof(script), "%s/pid", dir);
	assert_false(process_in_file_is_alive(script));
	nono_caps_free(caps);
	remove_tree(dir);
}

static void test_nothing_outlives_the_command(void **state)
{
	struct nono_caps *caps = basic_caps();
	char *dir = temp_dir(), script[600];
	struct nono_exec_result *r;

	(void)state;
	assert_int_equal(nono_caps_allow_path(caps, dir, NONO_READ_WRITE, NULL), 0);
	/* It holds standard output open: waiting for its end would take for ever. */
	snprintf(script, sizeof(script),
		"(setsid sh -c 'echo $$ >%s/pid; sleep 1000' &); while ! [ -s %s/pid ]; do :; done; echo done",
		dir, dir);
	r = run_shell(caps, NULL, script);
	assert_string_equal(r->stdout_data, "done\n");
	assert_int_equal(r->exit_status, 0);
	assert_false(r->timed_out);
	nono_exec_result_free(r);
	snprintf(script, sizeof(script), "%s/pid", dir);
	assert_false(process_in_file_is_alive(script));
	nono_caps_free(caps);
	remove_tree(dir);
}

/* The host is killed while the command runs. */
static void test_host_dies(void **state)
{
	struct nono_caps *caps = basic_caps();
	char *dir = temp_dir(), script[600], path[300];
	pid_t host;

	(void)state;
	assert_int_equal(nono_caps_allow_path(caps, dir, NONO_READ_WRITE, NULL), 0);
	snprintf(path, sizeof(path), "%s/pid", dir);
	snprintf(script, sizeof(script), "(setsid sh -c 'echo $$ >%s; sleep 1000' &); sleep 1000",
		path);
	host = fork();
	if (host == 0) {
		struct nono_exec_result *r;
		nono_exec(caps, (const char *const[]){ "/bin/sh", "-c", script, NULL }, NULL, &r,
			NULL);
		_exit(0);
	}
	wait_for_content(path);
	assert_true(process_in_file_is_alive(path));
	kill(host, SIGKILL);
	waitpid(host, NULL, 0);
	for (int i = 0; i < 1000 && process_in_file_is_alive(path); i++) {
		usleep(10000);
	}
	assert_false(process_in_file_is_alive(path));
	nono_caps_free(caps);
	remove_tree(dir);
}

static void test_nothing_leaks_in(void **state)
{
	struct nono_caps *caps = basic_caps();
	int fds[2], high;
	struct nono_exec_result *r;

	(void)state;
	assert_int_equal(pipe2(fds, 0), 0); /* without O_CLOEXEC on purpose */
	high = fcntl(fds[0], F_DUPFD, 200);
	assert_true(high >= 200);
	signal(SIGUSR1, SIG_IGN);
	signal(SIGPIPE, SIG_IGN);
	r = run_shell(caps, NULL,
		"ls /proc/$$/fd | tr '\\n' ' '; grep -E '^Sig(Ign|Blk)|^NoNewPrivs|^Seccomp:|^Cap' "
		"/proc/self/status; readlink /proc/$$/fd/0; tty");
	signal(SIGUSR1, SIG_DFL);
	signal(SIGPIPE, SIG_DFL);
	assert_int_equal(strncmp(r->stdout_data, "0 1 2 ", 6), 0);
	assert_null(strstr(r->stdout_data, "200"));
	assert_non_null(strstr(r->stdout_data, "SigIgn:\t0000000000000000"));
	assert_non_null(strstr(r->stdout_data, "SigBlk:\t0000000000000000"));
	assert_non_null(strstr(r->stdout_data, "NoNewPrivs:\t1"));
	assert_non_null(strstr(r->stdout_data, "Seccomp:\t2"));
	assert_non_null(strstr(r->stdout_data, "CapInh:\t0000000000000000"));
	assert_non_null(strstr(r->stdout_data, "CapPrm:\t0000000000000000"));
	assert_non_null(strstr(r->stdout_data, "CapEff:\t0000000000000000"));
	assert_non_null(strstr(r->stdout_data, "CapAmb:\t0000000000000000"));
	if (getuid() == 0) {
		assert_non_null(strstr(r->stdout_data, "CapBnd:\t0000000000000000"));
	}
	assert_non_null(strstr(r->stdout_data, "/dev/null"));
	assert_non_null(strstr(r->stdout_data, "not a tty"));
	nono_exec_result_free(r);
	close(high);
	close(fds[0]);
	close(fds[1]);
	nono_caps_free(caps);
}

static void test_limits(void **state)
{
	struct nono_caps *caps = basic_caps();
	struct nono_exec_result *r;

	(void)state;
	assert_int_equal(nono_caps_set_limit(caps, NONO_LIMIT_FILES, 33, NULL), 0);
	assert_int_equal(nono_caps_set_limit(caps, NONO_LIMIT_CPU, 1, NULL), 0);
	r = run_shell(caps, NULL, "ulimit -n; ulimit -Hn; while :; do :; done");
	assert_string_equal(r->stdout_data, "33\n33\n");
	assert_true(r->signal == SIGXCPU || r->signal == SIGKILL);
	nono_exec_result_free(r);
	nono_caps_free(caps);
}

/* With 0, 1 and 2 closed the pipes of the call would get those numbers. */
static void test_closed_stdio(void **state)
{
	struct nono_caps *caps = basic_caps();
	pid_t pid = fork();
	int status;

	(void)state;
	if (pid == 0) {
		struct nono_exec_result *r;
		for (int fd = 0; fd < 3; fd++) {
			close(fd);
		}
		if (nono_exec(caps,
			    (const char *const[]){ "/bin/sh", "-c", "echo a; echo b >&2", NULL },
			    NULL, &r, NULL) < 0) {
			_exit(1);
		}
		_exit(strcmp(r->stdout_data, "a\n") || strcmp(r->stderr_data, "b\n") ? 2 : 0);
	}
	waitpid(pid, &status, 0);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
	nono_caps_free(caps);
}

static volatile sig_atomic_t n_sigchld;

static void on_sigchld(int signal)
{
	(void)signal;
	n_sigchld++;
}

struct worker {
	struct nono_caps *caps;
	int number, bad;
};

static void *work(void *arg)
{
	struct worker *w = arg;
	char script[64], expected[64];

	for (int i = 0; i < 10; i++) {
		struct nono_exec_result *r = NULL;
		snprintf(script, sizeof(script), "echo %d.%d; exit %d", w->number, i, i);
		snprintf(expected, sizeof(expected), "%d.%d\n", w->number, i);
		if (nono_exec(w->caps, (const char *const[]){ "/bin/sh", "-c", script, NULL }, NULL,
			    &r, NULL) < 0 ||
			strcmp(r->stdout_data, expected) != 0 || r->exit_status != i) {
			w->bad++;
		}
		nono_exec_result_free(r);
	}
	return NULL;
}

/* Many threads at once, in a host with a SIGCHLD handler and a child of its own: it hears of its
 * own child only, finds nothing else to reap and is no subreaper afterwards. */
static void test_threads_of_the_host(void **state)
{
	enum { N = 6 };
	struct worker workers[N];
	pthread_t threads[N];
	struct nono_caps *caps = basic_caps();
	struct sigaction action = { .sa_handler = on_sigchld }, before;
	int subreaper = -1;
	pid_t own;

	(void)state;
	/* As the first process of a container it may have been given orphans. */
	while (waitpid(-1, NULL, 0) > 0) {
	}
	n_sigchld = 0;
	sigaction(SIGCHLD, &action, &before);
	for (int i = 0; i < N; i++) {
		workers[i] = (struct worker){ .caps = caps, .number = i };
		assert_int_equal(pthread_create(&threads[i], NULL, work, &workers[i]), 0);
	}
	for (int i = 0; i < 200; i++) {
		assert_true(waitpid(-1, NULL, WNOHANG) < 0 && errno == ECHILD);
		usleep(1000);
	}
	for (int i = 0; i < N; i++) {
		pthread_join(threads[i], NULL);
		assert_int_equal(workers[i].bad, 0);
	}
	assert_int_equal(n_sigchld, 0);
	own = fork();
	if (own == 0) {
		_exit(0);
	}
	assert_int_equal(waitpid(own, NULL, 0), own);
	assert_int_equal(n_sigchld, 1);
	sigaction(SIGCHLD, &before, NULL);
	assert_int_equal(prctl(PR_GET_CHILD_SUBREAPER, &subreaper), 0);
	assert_int_equal(subreaper, 0);
	assert_int_equal(prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0), 0);
	nono_caps_free(caps);
}

/* Inside a sandbox of its own a host can start a narrower one. */
static int nested_body(void *arg)
{
	char *dir = arg, script[300];
	struct nono_caps *outer = basic_caps(), *inner = basic_caps();
	struct nono_exec_result *r = NULL;
	struct nono_error err;

	snprintf(script, sizeof(script), "echo x >%s/inner || echo denied; echo ran", dir);
	if (nono_caps_allow_path(outer, dir, NONO_READ_WRITE, &err) < 0 ||
		nono_apply(outer, &err) < 0 ||
		nono_exec(inner, (const char *const[]){ "/bin/sh", "-c", script, NULL }, NULL, &r,
			&err) < 0) {
		fprintf(stderr, "%s\n", err.message);
		return 1;
	}
	if (strcmp(r->stdout_data, "denied\nran\n") != 0) {
		fprintf(stderr, "%s%s", r->stdout_data, r->stderr_data);
		return 2;
	}
	return 0;
}

static void test_nested(void **state)
{
	char *dir = temp_dir();

	(void)state;
	assert_int_equal(chmod(dir, 0777), 0);
	assert_int_equal(in_child(true, nested_body, dir), 0);
	assert_int_equal(in_child(false, nested_body, dir), 0);
	remove_tree(dir);
}

static size_t count_fds(void)
{
	DIR *dir = opendir("/proc/self/fd");
	size_t n = 0;

	while (readdir(dir)) {
		n++;
	}
	closedir(dir);
	return n;
}

static void test_descriptors_come_back(void **state)
{
	struct nono_caps *caps = basic_caps();
	struct nono_error err;
	size_t before = count_fds();

	(void)state;
	nono_exec_result_free(run_shell(caps, NULL, "true"));
	refused(caps, NULL, (const char *const[]){ "/no/such", NULL }, &err);
	assert_int_equal(count_fds(), before);
	nono_caps_free(caps);
}

/* No descriptor left for one of the things it opens: an error, and nothing leaks. */
static void test_out_of_descriptors(void **state)
{
	const char *const argv[] = { "true", NULL };
	struct nono_caps *caps = basic_caps();
	struct nono_exec_result *result = NULL;
	struct rlimit before, low;
	struct nono_error err;
	size_t n = count_fds();
	int failures = 0, r;

	(void)state;
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
	for (low = before, low.rlim_cur = 3; !result && low.rlim_cur < 1000; low.rlim_cur++) {
		assert_int_equal(setrlimit(RLIMIT_NOFILE, &low), 0);
		r = nono_exec(caps, argv, NULL, &result, &err);
		assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
		assert_int_equal(count_fds(), n);
		if (r < 0) {
			assert_int_equal(err.code, NONO_SYSTEM);
			failures++;
		}
	}
	assert_non_null(result);
	assert_true(failures >= 5);
	assert_int_equal(result->exit_status, 0);
	nono_exec_result_free(result);
	nono_caps_free(caps);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_output_and_status),
		cmocka_unit_test(test_output_is_bounded),
		cmocka_unit_test(test_environment),
		cmocka_unit_test(test_looking_up_the_command),
		cmocka_unit_test(test_working_directory_errors),
		cmocka_unit_test(test_arguments),
		cmocka_unit_test(test_what_is_not_granted_is_denied),
		cmocka_unit_test(test_paths_that_changed),
		cmocka_unit_test(test_timeout_kills_the_whole_tree),
		cmocka_unit_test(test_nothing_outlives_the_command),
		cmocka_unit_test(test_host_dies),
		cmocka_unit_test(test_nothing_leaks_in),
		cmocka_unit_test(test_limits),
		cmocka_unit_test(test_closed_stdio),
		cmocka_unit_test(test_threads_of_the_host),
		cmocka_unit_test(test_nested),
		cmocka_unit_test(test_descriptors_come_back),
		cmocka_unit_test(test_out_of_descriptors),
	};

	require_landlock(1);
	umask(022);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
