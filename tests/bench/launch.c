/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a user waits for: `nono run -- /bin/true` with its client through a nonod that is there,
 * next to the bare command and to bwrap; and the first answer of a nonod that is not there yet.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include "libcore/base/cleanup.h"
#include "tests/bench/bench.h"

#define BLOCKS 3 /* of the tail the best one counts: a neighbour's burst hits one */

struct variants {
	struct program bare, ours, bwrap;
	bool has_bwrap;
};

struct results {
	struct samples bare, ours, bwrap;
};

static double tail(const struct samples *s)
{
	return samples_quantile(s, 0.99) / samples_quantile(s, 0.5);
}

static void append(struct samples *to, const struct samples *from, size_t first)
{
	for (size_t i = first; i < from->n; i++) {
		samples_add(to, from->v[i]);
	}
}

static void measure_round(const struct variants *v, struct results *r)
{
	samples_add(&r->bare, program_time(&v->bare));
	samples_add(&r->ours, program_time(&v->ours));
	if (v->has_bwrap) {
		samples_add(&r->bwrap, program_time(&v->bwrap));
	}
}

static void measure_warm(struct bench *b, const struct variants *v)
{
	struct results r = { 0 };
	unsigned rounds = bench_rounds(b, 300);
	double best = INFINITY, best_ours = NAN, best_base = NAN;

	program_time(&v->ours);
	for (int block = 0; block < BLOCKS; block++) {
		struct samples ours = { 0 }, bare = { 0 };
		size_t first = r.ours.n;
		for (unsigned i = 0; i < rounds; i++) {
			measure_round(v, &r);
		}
		append(&ours, &r.ours, first);
		append(&bare, &r.bare, first);
		if (tail(&ours) / tail(&bare) < best) {
			best_ours = tail(&ours);
			best_base = tail(&bare);
			best = best_ours / best_base;
		}
		samples_deinit(&ours);
		samples_deinit(&bare);
	}
	report_ratio(&b->report, "nono run / bare, p50", "us", &r.ours, &r.bare, 3.0);
	if (v->has_bwrap) {
		report_ratio(&b->report, "nono run / bwrap, p50", "us", &r.ours, &r.bwrap, 0.75);
	}
	report_pair(&b->report, "nono run / bare, p99", "us", samples_quantile(&r.ours, 0.99),
		samples_quantile(&r.bare, 0.99), NO_GOAL);
	report_pair(&b->report, "spread p99/p50, best of three", "", best_ours, best_base, 1.5);
	samples_deinit(&r.ours);
	samples_deinit(&r.bare);
	samples_deinit(&r.bwrap);
}

/* The same with a terminal on all three streams, which nono has to relay. */
static void measure_terminal(struct bench *b, struct variants v)
{
	struct samples ours = { 0 }, bare = { 0 };
	struct terminal t;

	if (!terminal_take(&t)) {
		report_say(&b->report, "launch    no pseudo terminal here: %s", strerror(errno));
		return;
	}
	v.bare.stdio = v.ours.stdio = t.slave;
	for (unsigned i = 0; i < bench_rounds(b, 100); i++) {
		samples_add(&bare, program_time(&v.bare));
		samples_add(&ours, program_time(&v.ours));
		tcflush(t.master, TCIFLUSH); /* nobody reads what nono says there */
	}
	report_ratio(&b->report, "nono run / bare on a terminal, p50", "us", &ours, &bare, NO_GOAL);
	samples_deinit(&ours);
	samples_deinit(&bare);
	terminal_leave(&t);
}

/* From the request that wakes the service manager up to nonod's first answer. */
static double first_reply(struct daemon *d, struct bench *b, const struct request *run)
{
	struct vl_client *client = daemon_connect(d);
	struct nono_error err;
	struct vl_reply reply;
	struct job j;
	double start;

	if (run) {
		job_start(&j, d, run);
	} else if (vl_client_send(client, "org.varlink.service.GetInfo", 0, NULL, NULL, 0,
			   CALL_TIMEOUT_MS, &err) < 0) {
		die("%s", err.message);
	}
	start = now_usec();
	daemon_spawn(d, b);
	if (run) {
		job_wait_ended(&j);
	} else if (vl_client_receive(client, CALL_TIMEOUT_MS, &reply, &err) < 0) {
		die("nonod does not answer: %s", err.message);
	}
	start = now_usec() - start;
	if (run) {
		job_close(&j);
	}
	vl_client_free(client);
	daemon_end(d);
	return start;
}

static void measure_cold(struct bench *b, const struct program *bare)
{
	_cleanup_close_ int null = open("/dev/null", O_RDWR | O_CLOEXEC);
	const char *const argv[] = { below(b->programs, "true"), NULL };
	struct samples reply = { 0 }, session = { 0 }, base = { 0 };
	struct request q;
	struct daemon d;

	daemon_prepare(&d, b, "cold");
	request_init(&q, b->programs, argv, (int[]){ null, null, null }, -1);
	for (unsigned i = 0; i < bench_rounds(b, 40); i++) {
		samples_add(&base, program_time(bare));
		samples_add(&reply, first_reply(&d, b, NULL));
		samples_add(&session, first_reply(&d, b, &q));
	}
	report_ratio(&b->report, "socket activation to first reply", "us", &reply, &base, 5.0);
	report_ratio(&b->report, "socket activation to first exit", "us", &session, &base, NO_GOAL);
	samples_deinit(&base);
	samples_deinit(&reply);
	samples_deinit(&session);
	request_deinit(&q);
	daemon_close(&d);
}

int mode_launch(struct bench *b)
{
	const char *const bare[] = { "/bin/true", NULL };
	const char *const ours[] = { b->nono, "run", "--", "/bin/true", NULL };
	char path[PATH_MAX];
	const char *const bwrap[] = { path, "--ro-bind", "/", "/", "/bin/true", NULL };
	struct daemon d;
	struct variants v = { 0 };

	daemon_start(&d, b, "warm");
	v.bare = (struct program){ .argv = bare, .env = d.env, .stdio = -1 };
	v.ours = (struct program){ .argv = ours, .env = d.env, .stdio = -1 };
	v.bwrap = (struct program){ .argv = bwrap, .env = d.env, .stdio = -1 };
	v.has_bwrap = program_find("bwrap", path, sizeof(path));
	measure_warm(b, &v);
	measure_terminal(b, v);
	daemon_close(&d);
	measure_cold(b, &v.bare);
	return 0;
}
