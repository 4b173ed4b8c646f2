/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Packets to the client, in order, without ever blocking. What the socket does not take now is
 * kept; the sender of bulk data (the terminal) asks outbox_pending() first and waits, so what is
 * kept stays at a few packets. After outbox_close() everything is dropped.
 */
#pragma once
#include <stdbool.h>

#include "libcore/base/buf.h"
#include "proto/channel.h"

struct outbox {
	int fd;           /* borrowed; -1: closed */
	struct buf queue; /* packets, each behind its uint32_t size */
};

void outbox_init(struct outbox *o, int fd);
void outbox_close(struct outbox *o);
bool outbox_pending(const struct outbox *o);
void outbox_flush(struct outbox *o);
/* packet: type byte and payload in one piece. */
void outbox_send_packet(struct outbox *o, const void *packet, size_t n);
void outbox_send(struct outbox *o, enum channel_type type, const void *payload, size_t n);
/* Payload in two pieces. */
void outbox_send2(struct outbox *o, enum channel_type type, const void *a, size_t n_a,
	const void *b, size_t n_b);
