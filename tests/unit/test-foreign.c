/* SPDX-License-Identifier: Apache-2.0 */
/*
 * libnono in a foreign program: one with threads, signal handlers, a locale, an environment and
 * descriptors of its own, that loads the library with dlopen(). Whatever it calls, all of that
 * must be as it was.
 *
 * usage: test-foreign LIBNONO
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <locale.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "nono.h"
#include "tests/unit/kernel-test.h"

static const char *library;
static atomic_int n_signals;
static int n_atfork;

static void on_signal(int signal)
{
	(void)signal;
	n_signals++;
}

static void on_fork(void)
{
	n_atfork++;
}

/* What a host can be. */
struct host {
	struct {
		void (*handler)(int);
		unsigned flags, mask;
	} actions[NSIG];
	sigset_t blocked;
	char locale[256];
	char **environ_value, *first;
	size_t n_variables;
	char fds[4096];
	mode_t mask;
	char cwd[4096];
	struct rlimit limits[RLIM_NLIMITS];
	int subreaper, no_new_privs, dumpable;
	pid_t session, group;
};

static void list_fds(char *text, size_t size)
{
	DIR *dir = opendir("/proc/self/fd");
	struct dirent *e;
	size_t n = 0;

	while ((e = readdir(dir)) && n + 16 < size) {
		n += (size_t)snprintf(text + n, size - n, "%s ", e->d_name);
	}
	closedir(dir);
}

static void look(struct host *h)
{
	memset(h, 0, sizeof(*h));
	for (int i = 1; i < NSIG; i++) {
		struct sigaction action = { 0 };
		sigaction(i, NULL, &action);
		h->actions[i].handler = action.sa_handler;
		h->actions[i].flags = (unsigned)action.sa_flags;
		memcpy(&h->actions[i].mask, &action.sa_mask, sizeof(h->actions[i].mask));
	}
	pthread_sigmask(SIG_SETMASK, NULL, &h->blocked);
	snprintf(h->locale, sizeof(h->locale), "%s", setlocale(LC_ALL, NULL));
	h->environ_value = environ;
	h->first = environ[0];
	while (environ[h->n_variables]) {
		h->n_variables++;
	}
	list_fds(h->fds, sizeof(h->fds));
	h->mask = umask(0);
	umask(h->mask);
	assert_non_null(getcwd(h->cwd, sizeof(h->cwd)));
	for (int i = 0; i < (int)RLIM_NLIMITS; i++) {
		getrlimit((__rlimit_resource_t)i, &h->limits[i]);
	}
	prctl(PR_GET_CHILD_SUBREAPER, &h->subreaper);
	h->no_new_privs = prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0);
	h->dumpable = prctl(PR_GET_DUMPABLE, 0, 0, 0, 0);
	h->session = getsid(0);
	h->group = getpgrp();
}

/* The part of the library this program uses, by name. */
struct library {
	__typeof__(&nono_caps_new) caps_new;
	__typeof__(&nono_caps_free) caps_free;
	__typeof__(&nono_caps_allow_path) allow_path;
	__typeof__(&nono_caps_to_json) to_json;
	__typeof__(&nono_caps_summary) summary;
	__typeof__(&nono_support_info) support_info;
	__typeof__(&nono_support_info_free) support_info_free;
	__typeof__(&nono_exec) exec;
	__typeof__(&nono_exec_result_free) result_free;
	__typeof__(&nono_apply) apply;
};

static void *find(void *handle, const char *name)
{
	void *p = dlsym(handle, name);

	if (!p) {
		fail_msg("%s", dlerror());
	}
	return p;
}

static void load(struct library *l)
{
	void *handle = dlopen(library, RTLD_NOW | RTLD_LOCAL);

	if (!handle) {
		fail_msg("%s", dlerror());
	}
	l->caps_new = find(handle, "nono_caps_new");
	l->caps_free = find(handle, "nono_caps_free");
	l->allow_path = find(handle, "nono_caps_allow_path");
	l->to_json = find(handle, "nono_caps_to_json");
	l->summary = find(handle, "nono_caps_summary");
	l->support_info = find(handle, "nono_support_info");
	l->support_info_free = find(handle, "nono_support_info_free");
	l->exec = find(handle, "nono_exec");
	l->result_free = find(handle, "nono_exec_result_free");
	l->apply = find(handle, "nono_apply");
}

static void use(const struct library *l)
{
	static const char *const paths[] = { "/usr", "/bin", "/lib", "/lib64", "/etc" };
	const char *const argv[] = { "/bin/sh", "-c", "echo hello; exit 7", NULL };
	struct nono_exec_result *result;
	struct nono_support_info *info;
	struct nono_caps *caps;
	struct nono_error err;
	char *text;

	assert_int_equal(l->support_info(&info, &err), 0);
	l->support_info_free(info);
	assert_int_equal(l->caps_new(&caps), 0);
	for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
		assert_true(l->allow_path(caps, paths[i], NONO_READ, &err) == 0 ||
			    err.code == NONO_PATH_NOT_FOUND);
	}
	assert_int_equal(l->to_json(caps, &text, &err), 0);
	free(text);
	text = l->summary(caps);
	assert_non_null(text);
	free(text);
	if (l->exec(caps, argv, NULL, &result, &err) < 0) {
		fail_msg("%s", err.message);
	}
	assert_string_equal(result->stdout_data, "hello\n");
	assert_int_equal(result->exit_status, 7);
	l->result_free(result);
	l->caps_free(caps);
}

static atomic_bool stop;

static void *busy(void *arg)
{
	while (!stop) {
		free(malloc(100));
		usleep(100);
	}
	return arg;
}

static void test_host_stays_as_it_was(void **state)
{
	static const int handled[] = { SIGCHLD, SIGPIPE, SIGALRM, SIGTERM, SIGUSR1 };
	static struct host before, after;
	struct sigaction action = { .sa_handler = on_signal, .sa_flags = SA_RESTART };
	struct library l;
	pthread_t threads[4];
	sigset_t some;

	(void)state;
	for (size_t i = 0; i < sizeof(handled) / sizeof(handled[0]); i++) {
		sigaction(handled[i], &action, NULL);
	}
	sigemptyset(&some);
	sigaddset(&some, SIGUSR2);
	pthread_sigmask(SIG_BLOCK, &some, NULL);
	setlocale(LC_ALL, "C.UTF-8");
	pthread_atfork(on_fork, on_fork, on_fork);
	for (int i = 0; i < 4; i++) {
		assert_int_equal(pthread_create(&threads[i], NULL, busy, NULL), 0);
	}
	look(&before);
	load(&l);
	for (int i = 0; i < 5; i++) {
		use(&l);
	}
	look(&after);
	assert_memory_equal(&before, &after, sizeof(before));
	assert_int_equal(n_signals, 0);
	assert_int_equal(n_atfork, 0);
	assert_true(waitpid(-1, NULL, WNOHANG) < 0 && errno == ECHILD);
	stop = true;
	for (int i = 0; i < 4; i++) {
		pthread_join(threads[i], NULL);
	}
}

/* Applying to itself does restrict the process but touches nothing else either. */
static int apply_body(void *arg)
{
	static struct host before, after;
	struct nono_caps *caps;
	struct nono_error err;
	struct library l;

	(void)arg;
	load(&l);
	assert_int_equal(l.caps_new(&caps), 0);
	assert_int_equal(l.allow_path(caps, "/", NONO_READ_WRITE, &err), 0);
	look(&before);
	if (l.apply(caps, &err) < 0) {
		fprintf(stderr, "%s\n", err.message);
		return 1;
	}
	look(&after);
	after.no_new_privs = before.no_new_privs;
	after.dumpable = before.dumpable;
	return memcmp(&before, &after, sizeof(before)) ? 2 : 0;
}

static void test_apply_touches_nothing_else(void **state)
{
	(void)state;
	assert_int_equal(in_child(true, apply_body, NULL), 0);
	assert_int_equal(in_child(false, apply_body, NULL), 0);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_host_stays_as_it_was),
		cmocka_unit_test(test_apply_touches_nothing_else),
	};

	if (argc != 2) {
		fprintf(stderr, "usage: %s LIBNONO\n", argv[0]);
		return 1;
	}
	library = argv[1];
	require_landlock(1);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
