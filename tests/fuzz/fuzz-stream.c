/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The input's bytes, sent in pieces that its first byte decides, come out as exactly the messages
 * their NULs make, each with the descriptors its own first byte carried. Then the messages go back
 * through the sending half.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "libcore/base/cleanup.h"
#include "libcore/base/fd.h"
#include "proto/stream.h"
#include "tests/fuzz/fuzz.h"

#define SIZE_MAX_HERE 60000 /* fits into the socket without anybody reading */
#define FD_AT(i)      ((i) % 3)

struct model {
	const uint8_t *data;
	size_t size, at; /* at: start of the message that comes next */
	unsigned n_messages;
};

static void check_message(struct model *m, struct message *message, bool with_fds)
{
	const uint8_t *nul = memchr(m->data + m->at, '\0', m->size - m->at);

	FUZZ_ASSERT(nul);
	FUZZ_ASSERT(message->n == (size_t)(nul - (m->data + m->at)));
	FUZZ_ASSERT(memcmp(message->text, m->data + m->at, message->n + 1) == 0);
	FUZZ_ASSERT(message->n_fds == (with_fds ? FD_AT(m->n_messages) : 0));
	FUZZ_ASSERT(!message->fds_lost);
	m->at += message->n + 1;
	m->n_messages++;
}

/* Reads what is there; every message goes back out through the stream. */
static void drain(struct stream *s, struct model *m)
{
	struct message message;

	while (stream_read(s) > 0) {
		if (stream_next(s, &message)) {
			check_message(m, &message, true);
			fd_close_many(message.fds, message.n_fds);
			message.n_fds = 0;
			FUZZ_ASSERT(stream_send(s, &message) == 0);
		}
	}
}

static void check_back(struct stream *s, int fd, const struct model *sent)
{
	struct model m = { .data = sent->data, .size = sent->size };
	const struct stream_limits limits = { .message_max = SIZE_MAX_HERE, .fds_max = 0 };
	struct stream *back;
	struct message message;

	FUZZ_ASSERT(stream_new(&back, fd, &limits) == 0);
	for (;;) {
		int r = stream_flush(s);
		FUZZ_ASSERT(r >= 0);
		while (stream_read(back) > 0) {
			if (stream_next(back, &message)) {
				check_message(&m, &message, false);
				message_deinit(&message);
			}
		}
		if (r == 0) {
			break;
		}
	}
	FUZZ_ASSERT(m.n_messages == sent->n_messages);
	stream_free(back);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct stream_limits limits = {
		.message_max = SIZE_MAX_HERE, .queue_max = 64U << 20, .fds_max = 2
	};
	int null_fd = open("/dev/null", O_RDONLY | O_CLOEXEC), fds[2],
	    passed[2] = { null_fd, null_fd };
	struct stream *s;
	struct model m = { 0 };
	uint32_t random;
	unsigned n_begun = 0;

	if (size < 1 || size > SIZE_MAX_HERE) {
		close(null_fd);
		return 0;
	}
	random = data[0];
	m.data = data + 1;
	m.size = size - 1;
	FUZZ_ASSERT(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds) == 0);
	FUZZ_ASSERT(stream_new(&s, fds[0], &limits) == 0);
	for (size_t at = 0; at < m.size;) {
		bool begins = at == 0 || m.data[at - 1] == '\0';
		size_t n = 1 + fuzz_random(&random) % (fuzz_random(&random) % 4 ? 16 : 5000);
		size_t n_fds = begins ? FD_AT(n_begun) : 0;
		/* A piece ends with a message at the latest, so that the next one's descriptors
		 * can ride on its first byte. */
		const uint8_t *nul;
		n = n < m.size - at ? n : m.size - at;
		nul = memchr(m.data + at, '\0', n);
		n = nul ? (size_t)(nul + 1 - (m.data + at)) : n;
		n_begun += begins;
		FUZZ_ASSERT(
			fd_send(fds[1], m.data + at, n, passed, n_fds, MSG_DONTWAIT) == (ssize_t)n);
		at += n;
		if (fuzz_random(&random) % 8 == 0) {
			drain(s, &m);
		}
	}
	drain(s, &m);
	FUZZ_ASSERT(!memchr(m.data + m.at, '\0', m.size - m.at));
	FUZZ_ASSERT(stream_is_partial(s) == (m.at < m.size));
	check_back(s, fds[1], &m);
	stream_free(s);
	close(null_fd);
	return 0;
}
