/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Bytes and descriptors in, whole messages out: text ended by one NUL over an AF_UNIX stream
 * socket. Owns its socket. Knows neither JSON nor a loop, never blocks (whatever the socket's
 * O_NONBLOCK says).
 *
 * Reading looks first (MSG_PEEK installs no descriptors) and then takes exactly up to the end of
 * one message. So every chunk either begins a message or continues one, descriptors cannot end up
 * with a neighbour's message although the kernel merges chunks, and after a message nothing behind
 * it has been taken: the socket can be handed to another protocol at any time.
 *
 * Descriptors travel with the first byte of their message. A chunk in the middle of a message that
 * carries some breaks the stream.
 */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct stream_limits {
	size_t message_max; /* bytes of one message coming in */
	size_t queue_max;   /* bytes waiting to be sent; a message beyond it breaks the stream */
	unsigned fds_max;   /* descriptors accepted with one message */
};

/* One message. text has n bytes, none of them NUL, and a terminator behind them. */
struct message {
	char *text;
	size_t n;
	int *fds; /* closed with the message where they are not -1 */
	size_t n_fds;
	bool fds_lost;  /* came with descriptors that could not be received; none are there */
	bool sensitive; /* the bytes are zeroed when they have been used */
};
void message_deinit(struct message *m);

struct stream;
/* Takes fd on success. 0 or -ENOMEM. */
int stream_new(struct stream **ret, int fd, const struct stream_limits *limits);
struct stream *stream_free(struct stream *s); /* closes; NULL is fine; returns NULL */
static inline void stream_freep(struct stream **s)
{
	stream_free(*s);
}
int stream_fd(const struct stream *s);
/* Treats everything that comes in from now on as sensitive. */
void stream_set_sensitive(struct stream *s);

/* POLLOUT while something waits to be sent; POLLIN unless a message is ready. */
short stream_wants(const struct stream *s);
/* Bytes held in memory in both directions, for quotas; a descriptor counts as 16 KiB. */
size_t stream_buffered(const struct stream *s);
/* True while a message has begun to come in and is not complete. */
bool stream_is_partial(const struct stream *s);

/* Reads at most up to the end of one message. 1 progress, 0 would block (or a message is ready),
 * -EPIPE at the end of the stream, -ECONNRESET when it ends inside a message, -EMSGSIZE beyond
 * message_max, -EBADMSG for descriptors out of place, or -errno. After an error nothing can be
 * read any more; sending may still work. */
int stream_read(struct stream *s);
/* 1 and a message moved to the caller, 0 when none is complete. */
int stream_next(struct stream *s, struct message *ret);

/* Puts *m behind what waits and empties it, also on failure. m->fds_lost is ignored. 0, -ENOMEM,
 * -EMSGSIZE above queue_max, -EINVAL for a NUL inside or more than FD_PASS_MAX descriptors. */
int stream_send(struct stream *s, struct message *m);
/* Sends what the socket takes. 1 something went out, 0 nothing to do or would block, -errno. */
int stream_flush(struct stream *s);

/* Hands out the socket and leaves the stream without one. Nothing may wait to be sent. */
int stream_steal_fd(struct stream *s);
