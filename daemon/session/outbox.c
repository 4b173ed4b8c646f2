/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/session/outbox.h"

#include <errno.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>

#include "libcore/base/fd.h"

void outbox_init(struct outbox *o, int fd)
{
	*o = (struct outbox){ .fd = fd };
}

void outbox_close(struct outbox *o)
{
	o->fd = -1;
	buf_deinit(&o->queue);
}

bool outbox_pending(const struct outbox *o)
{
	return o->queue.len > 0;
}

/* True when the packet is gone, sent or dropped; false when the socket is full. */
static bool try_send(struct outbox *o, const void *packet, size_t n)
{
	ssize_t r = fd_send(o->fd, packet, n, NULL, 0, MSG_DONTWAIT);

	return r >= 0 || (r != -EAGAIN && r != -ENOBUFS);
}

void outbox_flush(struct outbox *o)
{
	while (o->queue.len > 0) {
		uint32_t n;
		memcpy(&n, o->queue.data, sizeof(n));
		if (!try_send(o, o->queue.data + sizeof(n), n)) {
			return;
		}
		buf_consume(&o->queue, sizeof(n) + n);
	}
}

void outbox_send_packet(struct outbox *o, const void *packet, size_t n)
{
	uint32_t size = (uint32_t)n;

	if (o->fd < 0 || (o->queue.len == 0 && try_send(o, packet, n))) {
		return;
	}
	buf_append(&o->queue, &size, sizeof(size));
	buf_append(&o->queue, packet, n);
}

void outbox_send(struct outbox *o, enum channel_type type, const void *payload, size_t n)
{
	outbox_send2(o, type, payload, n, NULL, 0);
}

void outbox_send2(struct outbox *o, enum channel_type type, const void *a, size_t n_a,
	const void *b, size_t n_b)
{
	char packet[1024];

	if (n_a + n_b >= sizeof(packet)) {
		n_b = sizeof(packet) - 1 - n_a; /* only texts are this long; cut them */
	}
	packet[0] = (char)type;
	memcpy(packet + 1, a, n_a);
	if (b) {
		memcpy(packet + 1 + n_a, b, n_b);
	}
	outbox_send_packet(o, packet, 1 + n_a + n_b);
}
