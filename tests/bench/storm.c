/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What nonod and nono-session cost alone: sessions of a program without a libc, started by this
 * process, next to posix_spawn() of the same program; one at a time and eight in flight.
 *
 * A process that spawns by itself and asks nobody reaches 2.0 and 1.7. A session has a process of
 * its own that outlives nonod, about sixty rules, a filter, and a caller who was looked at; the
 * goals here keep what has been reached with all of that.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "libcore/base/cleanup.h"
#include "tests/bench/bench.h"

#define IN_FLIGHT 8

static void spawn_waves(const struct program *p, unsigned n)
{
	struct pollfd fds[IN_FLIGHT];
	unsigned started = 0, ended = 0;

	for (size_t i = 0; i < IN_FLIGHT; i++) {
		fds[i] = (struct pollfd){ .fd = -1, .events = POLLIN };
	}
	while (ended < n) {
		for (size_t i = 0; i < IN_FLIGHT && started < n; i++) {
			if (fds[i].fd < 0) {
				fds[i].fd = (int)syscall(SYS_pidfd_open, program_start(p), 0);
				started++;
			}
		}
		poll(fds, IN_FLIGHT, -1);
		for (size_t i = 0; i < IN_FLIGHT; i++) {
			siginfo_t info;
			if (fds[i].fd >= 0 && fds[i].revents) {
				waitid(P_PIDFD, (id_t)fds[i].fd, &info, WEXITED);
				close_fd(&fds[i].fd);
				ended++;
			}
		}
	}
}

static void launch_waves(const struct daemon *d, const struct request *q, unsigned n)
{
	struct job jobs[IN_FLIGHT];
	struct pollfd fds[IN_FLIGHT];
	unsigned started = 0, ended = 0;

	for (size_t i = 0; i < IN_FLIGHT; i++) {
		fds[i] = (struct pollfd){ .fd = -1, .events = POLLIN };
	}
	while (ended < n) {
		for (size_t i = 0; i < IN_FLIGHT && started < n; i++) {
			if (fds[i].fd < 0) {
				job_start(&jobs[i], d, q);
				fds[i].fd = jobs[i].channel;
				started++;
			}
		}
		if (poll(fds, IN_FLIGHT, CALL_TIMEOUT_MS) == 0) {
			die("no session ends");
		}
		for (size_t i = 0; i < IN_FLIGHT; i++) {
			if (fds[i].fd < 0 || !fds[i].revents) {
				continue;
			}
			job_process(&jobs[i]);
			if (jobs[i].ended) {
				job_close(&jobs[i]);
				fds[i].fd = -1;
				ended++;
			}
		}
	}
}

int mode_storm(struct bench *b)
{
	_cleanup_close_ int null = open("/dev/null", O_RDWR | O_CLOEXEC);
	const char *const argv[] = { below(b->programs, "true"), NULL };
	const struct program bare = { .argv = argv, .env = (char *[]){ NULL }, .stdio = -1 };
	struct samples ours = { 0 }, base = { 0 }, ours_many = { 0 }, base_many = { 0 };
	unsigned wave = bench_rounds(b, 200);
	struct request q;
	struct daemon d;

	daemon_start(&d, b, "storm");
	request_init(&q, b->programs, argv, (int[]){ null, null, null }, -1);
	job_time(&d, &q);
	for (unsigned i = 0; i < bench_rounds(b, 500); i++) {
		samples_add(&base, program_time(&bare));
		samples_add(&ours, job_time(&d, &q));
	}
	for (unsigned i = 0; i < bench_rounds(b, 7); i++) {
		double start = now_usec(), middle;
		spawn_waves(&bare, wave);
		middle = now_usec();
		launch_waves(&d, &q, wave);
		samples_add(&base_many, (middle - start) / wave);
		samples_add(&ours_many, (now_usec() - middle) / wave);
	}
	report_ratio(&b->report, "one at a time, p50", "us", &ours, &base, 6.0);
	report_ratio(&b->report, "eight in flight, each", "us", &ours_many, &base_many, 5.0);
	report_value(&b->report, "launches per second, eight in flight", "1/s",
		1e6 / samples_quantile(&ours_many, 0.5), NO_GOAL);
	samples_deinit(&ours);
	samples_deinit(&base);
	samples_deinit(&ours_many);
	samples_deinit(&base_many);
	request_deinit(&q);
	daemon_close(&d);
	return 0;
}
