/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A whole server with a misbehaving service, and two connections: one sends the input, in pieces,
 * with descriptors here and there, and may hang up early; the other is an ordinary client that has
 * to get its answer whatever the first one does. Everything the server says is a valid reply.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "libcore/base/cleanup.h"
#include "libcore/base/fd.h"
#include "proto/client.h"
#include "tests/fuzz/fuzz.h"
#include "tests/test-service.h"

struct attacker {
	struct vl_conn *conn; /* NULL when it is over */
	struct vl_client *reader;
	int fd;
};

static void read_replies(struct attacker *a)
{
	struct vl_reply reply;
	int r;

	do {
		r = vl_client_process(a->reader, &reply, NULL);
	} while (r > 0);
	FUZZ_ASSERT(r == 0 || r == -EPIPE || r == -ECONNRESET);
}

static void pump(struct test_service *s, struct attacker *a)
{
	unsigned before;

	do {
		before = s->n_calls;
		if (a->conn && !test_service_pump(a->conn)) {
			a->conn = NULL;
		}
		if (s->upgraded_fd == -2) {
			read_replies(a);
		}
	} while (a->conn && s->n_calls > before);
}

static void expect_service(struct test_service *s, struct vl_client *c, struct vl_conn *conn)
{
	struct vl_reply reply;

	FUZZ_ASSERT(
		vl_client_send(c, "org.varlink.service.GetInfo", 0, NULL, NULL, 0, 0, NULL) == 0);
	FUZZ_ASSERT(test_service_pump(conn));
	FUZZ_ASSERT(vl_client_process(c, &reply, NULL) == 1);
	FUZZ_ASSERT(!reply.error && s->server);
}

static void send_pieces(struct test_service *s, struct attacker *a, const uint8_t *data,
	size_t size, uint32_t random)
{
	int null_fd = open("/dev/null", O_RDONLY | O_CLOEXEC),
	    fds[4] = { null_fd, null_fd, null_fd, null_fd };
	bool rarely = fuzz_random(&random) % 2;

	while (size > 0 && a->conn) {
		size_t n = 1 + fuzz_random(&random) % (rarely ? 4096 : 40), n_fds = 0;
		n = n < size ? n : size;
		if (fuzz_random(&random) % 8 == 0) {
			n_fds = fuzz_random(&random) % 5;
		}
		if (fd_send(a->fd, data, n, fds, n_fds, MSG_DONTWAIT) != (ssize_t)n) {
			break;
		}
		data += n;
		size -= n;
		pump(s, a);
		if (s->waiting && fuzz_random(&random) % 4) {
			struct vl_call *call = TAKE_PTR(s->waiting);
			vl_call_error_message(call, "io.nono.Test.Denied", "late");
			pump(s, a);
		}
	}
	close(null_fd);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct vl_server_limits limits = {
		.message_max = 20000, .values_max = 1000, .queue_max = 60000
	};
	struct test_service s;
	struct attacker a;
	struct vl_client *good;
	struct vl_conn *good_conn;
	uint32_t random;

	if (size < 1) {
		return 0;
	}
	random = data[0];
	test_service_init(&s, &limits);
	FUZZ_ASSERT(vl_client_adopt(&good, test_service_connect(&s, &good_conn)) == 0);
	a.fd = test_service_connect(&s, &a.conn);
	FUZZ_ASSERT(vl_client_adopt(&a.reader, a.fd) == 0);
	expect_service(&s, good, good_conn);
	send_pieces(&s, &a, data + 1, size - 1, random);
	expect_service(&s, good, good_conn);
	if (random & 0x80) {
		shutdown(a.fd, SHUT_WR);
		pump(&s, &a);
	}
	a.reader = vl_client_free(a.reader);
	if (a.conn && !(random & 0x40)) {
		FUZZ_ASSERT(!test_service_pump(a.conn));
		FUZZ_ASSERT(!s.waiting && vl_server_n_connections(s.server) == 1);
	}
	vl_client_free(good);
	test_service_deinit(&s);
	return 0;
}
