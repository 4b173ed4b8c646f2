/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Many sessions at once: what each costs while it does nothing, what the next one costs, whether
 * anything wakes up, what happens when all of them end in the same instant, and whether 200 that
 * run at the same time each get their own output and exit status.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "libcore/base/cleanup.h"
#include "libcore/base/fd.h"
#include "tests/bench/bench.h"

#define PIDS_MAX   8192
#define CONCURRENT 200
#define TERMINALS  100
#define KNOWN_FDS  8 /* nonod may remember a few processes: nothing that grows with sessions */

struct scale {
	struct bench *b;
	struct daemon alone, many; /* one session, and many: side by side */
	struct request waiting, quick;
	struct job only;
	struct job *jobs;
	unsigned n;
	long idle_fds, idle_rss;
};

static void sleep_msec(long msec)
{
	const struct timespec t = { .tv_sec = msec / 1000, .tv_nsec = msec % 1000 * 1000000 };

	nanosleep(&t, NULL);
}

/* nonod's only child; its copies are the sessions, and one spare. */
static pid_t template_of(const struct daemon *d)
{
	pid_t template = 0;

	if (proc_children(d->pid, &template, 1) != 1) {
		die("nonod has not exactly one child");
	}
	return template;
}

/* nonod hears of an end at the same time as we do. */
static void wait_sessions(const struct scale *s, size_t n)
{
	double end = now_usec() + 5e6;

	while (daemon_sessions(&s->many, NULL, 0) != n) {
		if (now_usec() > end) {
			die("nonod lists %zu sessions instead of %zu",
				daemon_sessions(&s->many, NULL, 0), n);
		}
		sleep_msec(1);
	}
}

static void grow(struct scale *s, unsigned n)
{
	struct bench *b = s->b;
	struct samples ours = { 0 }, base = { 0 };
	char name[64];

	while (s->n < n) {
		job_start(&s->jobs[s->n], &s->many, &s->waiting);
		job_wait_started(&s->jobs[s->n]);
		s->n++;
	}
	for (unsigned i = 0; i < bench_rounds(b, 100); i++) {
		samples_add(&base, job_time(&s->alone, &s->quick));
		samples_add(&ours, job_time(&s->many, &s->quick));
	}
	snprintf(name, sizeof(name), "launch with %u / 1 alive, p50", n);
	report_ratio(&b->report, name, "us", &ours, &base, 1.2);
	samples_deinit(&ours);
	samples_deinit(&base);
}

static void measure_list(struct scale *s)
{
	const char *const argv[] = { s->b->nono, "ps", NULL };
	const struct program one = { .argv = argv, .env = s->alone.env, .stdio = -1 };
	const struct program all = { .argv = argv, .env = s->many.env, .stdio = -1 };
	struct samples ours = { 0 }, base = { 0 };
	char name[64];

	for (unsigned i = 0; i < bench_rounds(s->b, 21); i++) {
		samples_add(&base, program_time(&one));
		samples_add(&ours, program_time(&all));
	}
	snprintf(name, sizeof(name), "nono ps with %u / 1 alive", s->n);
	report_ratio(&s->b->report, name, "us", &ours, &base, 5.0);
	samples_deinit(&ours);
	samples_deinit(&base);
}

/* Mean PSS in KiB of the nono-session processes; negative when it cannot be read. */
static double mean_pss(const pid_t *pids, size_t n)
{
	double sum = 0;

	for (size_t i = 0; i < n; i++) {
		long kb = proc_pss_kb(pids[i]);
		if (kb < 0) {
			return -1;
		}
		sum += (double)kb;
	}
	return sum / (double)n;
}

static void report_pss(
	struct bench *b, const struct daemon *d, const char *name, size_t expected, double goal)
{
	pid_t *pids = xcalloc(PIDS_MAX, sizeof(*pids));
	size_t n = daemon_sessions(d, pids, PIDS_MAX);
	double kb;

	if (n != expected) {
		die("nonod lists %zu sessions instead of %zu", n, expected);
	}
	kb = mean_pss(pids, n);
	if (kb < 0) {
		report_say(&b->report, "scale     %s: only root may read it", name);
	} else {
		report_value(&b->report, name, "KiB", kb, goal);
	}
	free(pids);
}

static long switches(const struct daemon *d, pid_t template, const pid_t *pids, size_t n)
{
	long sum = proc_switches(d->pid) + proc_switches(template);

	for (size_t i = 0; i < n; i++) {
		sum += proc_switches(pids[i]);
	}
	return sum;
}

static void measure_idle(struct scale *s)
{
	pid_t *pids = xcalloc(PIDS_MAX, sizeof(*pids)), template = template_of(&s->many);
	size_t n = daemon_sessions(&s->many, pids, PIDS_MAX);
	long before;

	sleep_msec(s->b->smoke ? 20 : 500); /* until what was just done has settled */
	before = switches(&s->many, template, pids, n);
	sleep_msec(s->b->smoke ? 50 : 10000);
	report_value(&s->b->report, "wake-ups in ten idle seconds", "",
		(double)(switches(&s->many, template, pids, n) - before), 0);
	free(pids);
}

static void measure_resident(struct scale *s)
{
	struct bench *b = s->b;
	long fds = proc_count_fds(s->many.pid);
	long rss = proc_status_value(s->many.pid, "\nVmRSS:");

	report_value(&b->report, "nonod resident, one session", "KiB",
		(double)proc_status_value(s->alone.pid, "\nVmRSS:"), 6144);
	report_value(&b->report, "nonod resident, all sessions", "KiB", (double)rss, 6144);
	report_value(&b->report, "nonod resident, growth per session", "KiB",
		(double)(rss - s->idle_rss) / s->n, 8);
	if (fds >= 0 && s->idle_fds >= 0) {
		report_value(&b->report, "nonod descriptors per session", "",
			(double)(fds - s->idle_fds) / s->n, 4);
	}
}

static void end_all(struct scale *s)
{
	struct pollfd *fds = xcalloc(s->n, sizeof(*fds));
	unsigned ended = 0;
	double start = now_usec();

	for (unsigned i = 0; i < s->n; i++) {
		fds[i] = (struct pollfd){ .fd = s->jobs[i].channel, .events = POLLIN };
		kill(s->jobs[i].pid, SIGKILL);
	}
	while (ended < s->n) {
		if (poll(fds, s->n, CALL_TIMEOUT_MS) == 0) {
			die("%u of %u sessions do not end", s->n - ended, s->n);
		}
		for (unsigned i = 0; i < s->n; i++) {
			if (fds[i].fd < 0 || !fds[i].revents) {
				continue;
			}
			job_process(&s->jobs[i]);
			if (s->jobs[i].ended) {
				if (!WIFSIGNALED(s->jobs[i].status)) {
					die("a killed session says that it was not killed");
				}
				fds[i].fd = -1;
				ended++;
			}
		}
	}
	wait_sessions(s, 0);
	report_value(&s->b->report, "all killed at once: answered and reaped", "s",
		(now_usec() - start) / 1e6, 1.0);
	for (unsigned i = 0; i < s->n; i++) {
		job_close(&s->jobs[i]);
	}
	s->n = 0;
	free(fds);
}

/* Nothing may be left of sessions that have all ended. */
static void check_empty(struct scale *s)
{
	pid_t template = template_of(&s->many);
	double end = now_usec() + 5e6;

	while (proc_children(template, NULL, 0) > 1) { /* the spare */
		if (now_usec() > end) {
			die("nono-session processes are left without a session");
		}
		sleep_msec(10);
	}
	while (proc_count_fds(s->many.pid) > s->idle_fds + KNOWN_FDS) {
		if (now_usec() > end) {
			die("nonod holds %ld descriptors more than before",
				proc_count_fds(s->many.pid) - s->idle_fds);
		}
		sleep_msec(10);
	}
}

static void measure_terminals(struct bench *b, struct daemon *d)
{
	const char *const argv[] = { below(b->programs, "pause"), NULL };
	unsigned n = b->smoke ? 2 : TERMINALS;
	struct job *jobs = xcalloc(n, sizeof(*jobs));
	struct terminal t;
	struct request q;

	if (!terminal_take(&t)) {
		report_say(&b->report, "scale     no pseudo terminal here: %s", strerror(errno));
		free(jobs);
		return;
	}
	request_init(&q, b->programs, argv, (int[]){ t.slave, t.slave, t.slave }, t.slave);
	for (unsigned i = 0; i < n; i++) {
		job_start(&jobs[i], d, &q);
		job_wait_started(&jobs[i]);
	}
	report_pss(b, d, "PSS of a session with a terminal", n, 1024);
	for (unsigned i = 0; i < n; i++) {
		kill(jobs[i].pid, SIGKILL);
		job_wait_ended(&jobs[i]);
		job_close(&jobs[i]);
	}
	request_deinit(&q);
	terminal_leave(&t);
	free(jobs);
}

/* Each says its own number and exits with its own status. */
static void measure_concurrent(struct scale *s)
{
	struct bench *b = s->b;
	unsigned n = b->smoke ? 5 : CONCURRENT;
	struct job *jobs = xcalloc(n, sizeof(*jobs));
	int *outputs = xcalloc(n, sizeof(*outputs));
	_cleanup_close_ int null = open("/dev/null", O_RDWR | O_CLOEXEC);
	double start = now_usec();

	for (unsigned i = 0; i < n; i++) {
		char number[16], status[16];
		const char *const argv[] = { "/bin/sh", "-c", "echo \"session $0\"; exit \"$1\"",
			number, status, NULL };
		struct request q;
		int pipes[2];
		snprintf(number, sizeof(number), "%u", i);
		snprintf(status, sizeof(status), "%u", i % 100);
		if (pipe2(pipes, O_CLOEXEC) < 0) {
			die("pipe: %s", strerror(errno));
		}
		request_init(&q, b->programs, argv, (int[]){ null, pipes[1], null }, -1);
		job_start(&jobs[i], &s->many, &q);
		request_deinit(&q);
		close(pipes[1]);
		outputs[i] = pipes[0];
	}
	for (unsigned i = 0; i < n; i++) {
		char text[64], expected[64];
		ssize_t k;
		job_wait_ended(&jobs[i]);
		k = fd_read_full(outputs[i], text, sizeof(text) - 1);
		text[k > 0 ? k : 0] = '\0';
		snprintf(expected, sizeof(expected), "session %u\n", i);
		if (strcmp(text, expected) != 0 || !WIFEXITED(jobs[i].status) ||
			WEXITSTATUS(jobs[i].status) != (int)(i % 100)) {
			die("session %u: wait status 0x%x, output '%s'", i,
				(unsigned)jobs[i].status, text);
		}
		close(outputs[i]);
		job_close(&jobs[i]);
	}
	wait_sessions(s, 0);
	report_value(&b->report, "200 shells at once, all correct", "s", (now_usec() - start) / 1e6,
		NO_GOAL);
	free(jobs);
	free(outputs);
}

static void measure_many(struct scale *s)
{
	struct bench *b = s->b;

	job_time(&s->many, &s->quick);
	s->idle_fds = proc_count_fds(s->many.pid);
	s->idle_rss = proc_status_value(s->many.pid, "\nVmRSS:");
	grow(s, 1);
	if (b->sessions > 100) {
		grow(s, 100);
	}
	grow(s, b->sessions);
	wait_sessions(s, s->n);
	measure_list(s);
	report_pss(b, &s->many, "PSS of an idle session", s->n, 96);
	measure_resident(s);
	measure_idle(s);
	end_all(s);
	check_empty(s);
	measure_concurrent(s);
	check_empty(s);
}

int mode_scale(struct bench *b)
{
	_cleanup_close_ int null = open("/dev/null", O_RDWR | O_CLOEXEC);
	const int streams[] = { null, null, null };
	const char *const quick[] = { below(b->programs, "true"), NULL };
	const char *const waiting[] = { below(b->programs, "pause"), NULL };
	struct scale s = { .b = b, .jobs = xcalloc(b->sessions, sizeof(*s.jobs)) };
	struct daemon terminals;

	daemon_start(&s.alone, b, "alone");
	daemon_start(&s.many, b, "many");
	request_init(&s.quick, b->programs, quick, streams, -1);
	request_init(&s.waiting, b->programs, waiting, streams, -1);
	job_start(&s.only, &s.alone, &s.waiting);
	job_wait_started(&s.only);
	measure_many(&s);
	job_close(&s.only);
	daemon_close(&s.alone);
	daemon_close(&s.many);
	request_deinit(&s.quick);
	request_deinit(&s.waiting);
	free(s.jobs);
	daemon_start(&terminals, b, "terminals");
	measure_terminals(b, &terminals);
	daemon_close(&terminals);
	return 0;
}
