/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The process that becomes every nono-session: started once, few descriptors, forks itself per
 * session, so that a launch costs the same whatever nonod's size. Replaced when it ends, and after
 * a session was ended by a signal (its copies share address layout and canary). Requests wait
 * while a new one starts; sessions of a former one keep running, supervised by nothing but their
 * link, and become nonod's own children.
 */
#pragma once
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "daemon/session/control.h"
#include "nono-error.h"

struct loop;
struct template;

struct template_events {
	void (*spawned)(uint64_t serial, pid_t pid, void *userdata);
	/* A request that was accepted came to nothing. */
	void (*failed)(uint64_t serial, const struct nono_error *err, void *userdata);
	/* A nono-session was reaped. */
	void (*died)(uint64_t serial, pid_t pid, int wait_status, void *userdata);
};

/* Starts the first one. program is borrowed. 0 or -errno with err set. */
int template_new(struct template **ret, struct loop *loop, const char *program,
	const struct template_events *events, void *userdata, struct nono_error *err);
void template_free(struct template *t); /* NULL is accepted */

/* Queues a request: fds, by enum control_fd and -1 where there is none, are taken in every case. 0
 * or -errno with err set; nothing is sent, and no event comes, before template_flush(). */
int template_spawn(
	struct template *t, const struct control_spawn *request, int *fds, struct nono_error *err);
/* Sends what is queued as far as the template takes it; the loop does the rest. */
void template_flush(struct template *t);
/* A client has connected: lets the next session make the rules of the base plan meanwhile. Does
 * nothing when it would have to wait. base_fd stays the caller's. */
void template_expect(struct template *t, int base_fd);
/* A child of nonod was reaped: true when it was a template, a former one included. */
bool template_reaped(struct template *t, pid_t pid, int wait_status);
/* True for the pid of a template that was not reaped yet. */
bool template_is(const struct template *t, pid_t pid);
