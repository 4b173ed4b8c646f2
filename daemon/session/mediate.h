/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is answered to the calls the filter hands over. Each is done for the caller on copies of
 * what it named, or refused. It is not told to go on by itself, since what it named could have
 * changed by then; except where Landlock makes the same decision again and never a wider one.
 *
 * May run in several threads at once, and may block.
 */
#pragma once
#include <linux/seccomp.h>

#include "daemon/session/asker.h"
#include "daemon/session/granted.h"
#include "daemon/session/question.h"
#include "daemon/session/split.h"

struct listener;
struct plan;

/* What the answers of one session depend on; the same for all its calls. */
struct mediator {
	struct listener *listener; /* NULL before the start, and when there was no memory for it */
	struct granted granted;
	struct questions questions;
	struct split split;
	int ruleset_fd, abi;     /* the Landlock domain the session is in */
	const struct plan *plan; /* its network */
};

struct call {
	struct mediator *mediator;
	struct asker asker;
	struct seccomp_data data;
};

void mediator_init(struct mediator *m);
/* Takes ruleset_fd and listener_fd; plan is borrowed. From here on m stays where it is. */
void mediator_start(
	struct mediator *m, const struct plan *plan, int abi, int ruleset_fd, int listener_fd);
/* What to wait for with POLLIN, or -1, and what to do then; neither blocks. link_fd is the way to
 * nonod, or -1. */
int mediator_poll_fd(const struct mediator *m);
void mediator_dispatch(struct mediator *m, int link_fd);

/* Instead of a value. */
#define MEDIATE_CONTINUE INT64_MIN /* it goes on by itself */

/* What the call returns: a value or -errno. -ENOENT when nobody waits for it any more makes no
 * difference to anybody. */
int64_t mediate(struct call *c);

/* Gives the calling thread the asker's umask. 0 or -errno. */
int mediate_take_umask(struct call *c);

/* One call each. */
int64_t mediate_connect(struct call *c);
int64_t mediate_bind(struct call *c);
int64_t mediate_listen(struct call *c);
int64_t mediate_terminal(struct call *c);   /* TIOCGPTPEER */
int64_t mediate_open(struct call *c);       /* open, openat, creat */
int64_t mediate_entry(struct call *c);      /* what makes, moves and removes names; truncate */
int64_t mediate_attributes(struct call *c); /* mode, owner, times, flags, extended attributes */
