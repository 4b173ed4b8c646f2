/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The one way from inside to the supervisor: asking what the session may do. Connecting to the
 * abstract unix address "io.nono.self", where nobody ever listens, puts a fresh socket in place of
 * the caller's. Over it goes one varlink call (io.nono.Session.Why; its session is always the own
 * one) as text, unread by us, over the link to nonod, and the reply comes back as text. No
 * descriptor ever does, and the caller never has a connection to nonod.
 *
 * Few at a time, and none faster than nonod can think.
 */
#pragma once
#include <pthread.h>
#include <stdint.h>

#include "daemon/session/asker.h"

#define QUESTION_ADDRESS  "io.nono.self" /* behind the zero byte */
#define QUESTIONS_AT_ONCE 4

struct question {
	int fd;       /* our end; -1 for none */
	bool waiting; /* for nonod's answer */
	uint32_t serial;
	struct questions *all;
};

struct questions {
	pthread_mutex_t lock;
	int link_fd; /* of our own; -1 when nonod is gone */
	uint32_t last_serial;
	uint64_t next_usec; /* not before */
	struct question open[QUESTIONS_AT_ONCE];
};

void questions_init(struct questions *q);
/* Before the first question: the way to nonod. A duplicate is kept. */
void questions_link(struct questions *q, int link_fd);

/* Replaces the asker's descriptor number. 0, or -errno: -EAGAIN when it asks too much. */
int questions_open(struct questions *q, struct asker *a, int number, int old_fd);
/* nonod's answer to the question with that serial. Never blocks. */
void questions_answer(struct questions *q, uint32_t serial, const char *text, size_t n);
/* nonod is gone: says so to those who wait. */
void questions_abandon(struct questions *q);
