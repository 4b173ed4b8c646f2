/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A launch must cost the same whatever nonod holds. Two of them side by side: an idle one, and one
 * with a thousand live sessions, as many open connections as it takes, and heap behind them (each
 * connection has a message half sent).
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "libcore/base/cleanup.h"
#include "tests/bench/bench.h"

#define CONNECTIONS_MAX 12000 /* more than nonod takes */
#define SPARE           16    /* given back, so that launches find room */
#define HALF_SENT       6000  /* bytes; together below what nonod lets all clients buffer */

struct crowd {
	struct vl_client **clients;
	size_t n;
};

/* True when nonod took one more client. */
static bool connect_one(const struct daemon *d, struct crowd *c)
{
	struct vl_client *client = daemon_connect(d);
	struct nono_error err;
	struct vl_reply reply;

	if (vl_client_call(client, "org.varlink.service.GetInfo", NULL, NULL, 0, CALL_TIMEOUT_MS,
		    &reply, &err) < 0 ||
		reply.error) {
		vl_client_free(client);
		return false;
	}
	c->clients[c->n++] = client;
	return true;
}

static void crowd_init(struct crowd *c, const struct bench *b, const struct daemon *d)
{
	static const char half[HALF_SENT] = { [0 ... HALF_SENT - 1] = ' ' };
	size_t max = b->smoke ? 50 : CONNECTIONS_MAX;

	*c = (struct crowd){ .clients = xcalloc(max, sizeof(*c->clients)) };
	while (c->n < max && connect_one(d, c)) {
	}
	for (int i = 0; i < SPARE && c->n > 0; i++) {
		vl_client_free(c->clients[--c->n]);
	}
	for (size_t i = 0; i < c->n; i++) {
		send(vl_client_fd(c->clients[i]), half, sizeof(half), MSG_DONTWAIT | MSG_NOSIGNAL);
	}
}

static void crowd_deinit(struct crowd *c)
{
	while (c->n > 0) {
		vl_client_free(c->clients[--c->n]);
	}
	free(c->clients);
}

static void measure(struct bench *b, const struct daemon *idle, const struct daemon *full,
	const struct request *q)
{
	struct samples ours = { 0 }, base = { 0 };

	job_time(idle, q);
	job_time(full, q);
	for (unsigned i = 0; i < bench_rounds(b, 400); i++) {
		samples_add(&base, job_time(idle, q));
		samples_add(&ours, job_time(full, q));
	}
	report_ratio(&b->report, "launch of a full / an idle nonod, p50", "us", &ours, &base, 1.2);
	samples_deinit(&ours);
	samples_deinit(&base);
}

int mode_flat(struct bench *b)
{
	_cleanup_close_ int null = open("/dev/null", O_RDWR | O_CLOEXEC);
	const char *const argv[] = { below(b->programs, "true"), NULL };
	const char *const pause[] = { below(b->programs, "pause"), NULL };
	struct job *jobs = xcalloc(b->sessions, sizeof(*jobs));
	struct request q, waiting;
	struct daemon idle, full;
	struct crowd crowd;

	daemon_start(&idle, b, "idle");
	daemon_start(&full, b, "full");
	request_init(&q, b->programs, argv, (int[]){ null, null, null }, -1);
	request_init(&waiting, b->programs, pause, (int[]){ null, null, null }, -1);
	for (unsigned i = 0; i < b->sessions; i++) {
		job_start(&jobs[i], &full, &waiting);
		job_wait_started(&jobs[i]);
	}
	crowd_init(&crowd, b, &full);
	report_say(&b->report,
		"flat      the full one: %u sessions, %zu connections, %ld descriptors, %ld kB resident",
		b->sessions, crowd.n, proc_count_fds(full.pid),
		proc_status_value(full.pid, "\nVmRSS:"));
	measure(b, &idle, &full, &q);
	crowd_deinit(&crowd);
	for (unsigned i = 0; i < b->sessions; i++) {
		job_close(&jobs[i]);
	}
	free(jobs);
	request_deinit(&q);
	request_deinit(&waiting);
	daemon_close(&idle);
	daemon_close(&full);
	return 0;
}
