/* SPDX-License-Identifier: Apache-2.0 */
#include "proto/stream.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include "libcore/base/cleanup.h"
#include "libcore/base/fd.h"

#define FIRST_CHUNK 4096U
#define CHUNK_MAX   65536U
#define GATHER_MAX  16    /* messages in one sendmsg */
#define ITEM_COST   128   /* what a queued message costs besides its bytes, for queue_max */
#define FD_COST     16384 /* what holding a descriptor counts as, for quotas */

struct item {
	struct item *next;
	struct message m;
	size_t sent; /* of m.n + 1 bytes; descriptors went with the first */
};

struct stream {
	int fd;
	struct stream_limits limits;
	bool sensitive;

	/* The message coming in; in_ready once its NUL is there. */
	struct message in;
	size_t in_size; /* allocated for in.text */
	bool in_ready;
	int in_error; /* 0 or what ended reading */

	struct item *head, *tail;
	size_t queued;
};

static void free_text(char *text, size_t n, bool sensitive)
{
	if (text && sensitive) {
		explicit_bzero(text, n);
	}
	free(text);
}

void message_deinit(struct message *m)
{
	free_text(m->text, m->n, m->sensitive);
	fd_close_many(m->fds, m->n_fds);
	free(m->fds);
	*m = (struct message){ 0 };
}

int stream_new(struct stream **ret, int fd, const struct stream_limits *limits)
{
	struct stream *s = calloc(1, sizeof(*s));

	if (!s) {
		return -ENOMEM;
	}
	s->fd = fd;
	s->limits = *limits;
	*ret = s;
	return 0;
}

static void pop_item(struct stream *s)
{
	struct item *i = s->head;

	s->head = i->next;
	if (!s->head) {
		s->tail = NULL;
	}
	s->queued -= i->m.n + ITEM_COST;
	message_deinit(&i->m);
	free(i);
}

static void drop_in(struct stream *s)
{
	s->in.n = s->in_size; /* zeroes all of it where that matters */
	message_deinit(&s->in);
	s->in.sensitive = s->sensitive;
	s->in_size = 0;
}

struct stream *stream_free(struct stream *s)
{
	if (!s) {
		return NULL;
	}
	while (s->head) {
		pop_item(s);
	}
	drop_in(s);
	close_fd(&s->fd);
	free(s);
	return NULL;
}

int stream_fd(const struct stream *s)
{
	return s->fd;
}

void stream_set_sensitive(struct stream *s)
{
	s->sensitive = true;
	s->in.sensitive = true;
}

short stream_wants(const struct stream *s)
{
	short events = 0;

	if (!s->in_ready && !s->in_error) {
		events |= POLLIN;
	}
	if (s->head) {
		events |= POLLOUT;
	}
	return events;
}

size_t stream_buffered(const struct stream *s)
{
	return s->in_size + s->in.n_fds * FD_COST + s->queued;
}

bool stream_is_partial(const struct stream *s)
{
	return !s->in_ready && s->in.n > 0;
}

/* Room for some bytes behind what is there. By hand instead of realloc, which would leave a copy
 * of a sensitive message behind. */
static int reserve(struct stream *s, size_t *ret_room)
{
	size_t size;
	char *text;

	if (s->in_size - s->in.n < FIRST_CHUNK / 2) {
		size = s->in_size ? s->in_size * 2 : FIRST_CHUNK;
		text = malloc(size);
		if (!text) {
			return -ENOMEM;
		}
		if (s->in.n > 0) {
			memcpy(text, s->in.text, s->in.n);
		}
		free_text(s->in.text, s->in.n, s->sensitive);
		s->in.text = text;
		s->in_size = size;
	}
	*ret_room = s->in_size - s->in.n;
	if (*ret_room > CHUNK_MAX) {
		*ret_room = CHUNK_MAX;
	}
	return 0;
}

/* Takes up to n bytes that were seen by peeking, with their descriptors. Bytes or -errno. */
static ssize_t take_chunk(struct stream *s, size_t n)
{
	int fds[FD_PASS_MAX];
	size_t max = s->limits.fds_max < FD_PASS_MAX ? s->limits.fds_max : FD_PASS_MAX, n_fds;
	bool lost;
	ssize_t k = fd_recv_lossy(
		s->fd, s->in.text + s->in.n, n, fds, max, &n_fds, &lost, MSG_DONTWAIT);

	if (k <= 0 || (n_fds == 0 && !lost)) {
		return k;
	}
	if (s->in.n > 0) {
		fd_close_many(fds, n_fds);
		return -EBADMSG;
	}
	s->in.fds_lost = lost;
	if (n_fds > 0) {
		s->in.fds = malloc(n_fds * sizeof(int));
		if (!s->in.fds) {
			fd_close_many(fds, n_fds);
			return -ENOMEM;
		}
		memcpy(s->in.fds, fds, n_fds * sizeof(int));
		s->in.n_fds = n_fds;
	}
	return k;
}

static int read_chunk(struct stream *s)
{
	const char *nul;
	size_t room, n;
	ssize_t k;
	int r;

	r = reserve(s, &room);
	if (r < 0) {
		return r;
	}
	do {
		k = recv(s->fd, s->in.text + s->in.n, room, MSG_PEEK | MSG_DONTWAIT);
	} while (k < 0 && errno == EINTR);
	if (k < 0) {
		return errno == EAGAIN ? 0 : -errno;
	}
	if (k == 0) {
		return s->in.n > 0 ? -ECONNRESET : -EPIPE;
	}
	nul = memchr(s->in.text + s->in.n, '\0', (size_t)k);
	n = nul ? (size_t)(nul + 1 - (s->in.text + s->in.n)) : (size_t)k;
	if (s->in.n + n - (nul ? 1 : 0) > s->limits.message_max) {
		return -EMSGSIZE;
	}
	k = take_chunk(s, n);
	if (k < 0) {
		return k == -EAGAIN ? 0 : (int)k;
	}
	/* The kernel may stop early (behind descriptors), and somebody who shares the socket may
	 * have taken bytes in between: only what was really received counts. */
	nul = memchr(s->in.text + s->in.n, '\0', (size_t)k);
	s->in.n += (size_t)k;
	if (nul) {
		if (nul + 1 != s->in.text + s->in.n) {
			return -EBADMSG;
		}
		s->in.n--;
		s->in_ready = true;
	}
	return 1;
}

int stream_read(struct stream *s)
{
	int r;

	if (s->in_error) {
		return s->in_error;
	}
	if (s->in_ready) {
		return 0;
	}
	r = read_chunk(s);
	if (r < 0) {
		s->in_error = r;
	}
	if (r < 0 || (s->in.n == 0 && !s->in_ready)) {
		/* An idle connection holds no memory. */
		drop_in(s);
	} else if (s->sensitive) {
		/* What was only looked at. */
		explicit_bzero(s->in.text + s->in.n, s->in_size - s->in.n);
	}
	return r;
}

int stream_next(struct stream *s, struct message *ret)
{
	if (!s->in_ready) {
		return 0;
	}
	*ret = s->in;
	s->in = (struct message){ .sensitive = s->sensitive };
	s->in_size = 0;
	s->in_ready = false;
	return 1;
}

int stream_send(struct stream *s, struct message *m)
{
	struct item *i;
	int r = 0;

	if (m->n_fds > FD_PASS_MAX || !m->text || memchr(m->text, '\0', m->n)) {
		r = -EINVAL;
	} else if (s->queued + m->n + ITEM_COST > s->limits.queue_max) {
		r = -EMSGSIZE;
	}
	i = r < 0 ? NULL : calloc(1, sizeof(*i));
	if (!i) {
		message_deinit(m);
		return r < 0 ? r : -ENOMEM;
	}
	i->m = *m;
	*m = (struct message){ 0 };
	if (s->tail) {
		s->tail->next = i;
	} else {
		s->head = i;
	}
	s->tail = i;
	s->queued += i->m.n + ITEM_COST;
	return 0;
}

/* A message with descriptors starts a sendmsg of its own and nothing rides behind it: a reader
 * that takes all it can get would give the descriptors to a neighbour. */
static size_t gather(const struct stream *s, struct iovec iov[GATHER_MAX])
{
	size_t n = 0;

	for (struct item *i = s->head; i && n < GATHER_MAX; i = i->next) {
		if (i->m.n_fds > 0 && i->sent == 0) {
			break;
		}
		iov[n++] = (struct iovec){ .iov_base = i->m.text + i->sent,
			.iov_len = i->m.n + 1 - i->sent };
	}
	return n;
}

static ssize_t send_gathered(struct stream *s)
{
	struct item *first = s->head;
	struct iovec iov[GATHER_MAX];
	struct msghdr msg = { .msg_iov = iov };
	ssize_t k;

	if (first->m.n_fds > 0 && first->sent == 0) {
		return fd_send(s->fd, first->m.text, first->m.n + 1, first->m.fds, first->m.n_fds,
			MSG_DONTWAIT);
	}
	msg.msg_iovlen = gather(s, iov);
	do {
		k = sendmsg(s->fd, &msg, MSG_DONTWAIT | MSG_NOSIGNAL);
	} while (k < 0 && errno == EINTR);
	return k < 0 ? -errno : k;
}

int stream_flush(struct stream *s)
{
	ssize_t k;

	if (!s->head) {
		return 0;
	}
	k = send_gathered(s);
	if (k < 0) {
		if (k == -EAGAIN) {
			return 0;
		}
		while (s->head) {
			pop_item(s);
		}
		return (int)k;
	}
	while (k > 0) {
		struct item *i = s->head;
		size_t left = i->m.n + 1 - i->sent;
		if ((size_t)k < left) {
			i->sent += (size_t)k;
			break;
		}
		k -= (ssize_t)left;
		pop_item(s);
	}
	return 1;
}

int stream_steal_fd(struct stream *s)
{
	return take_fd(&s->fd);
}
