/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One session as nonod knows it: what was asked for, how it stands, and the link to the
 * nono-session that supervises it. The registry owns it. It ends when its nono-session says so, or
 * when the link breaks; nonod's own end ends nothing.
 */
#pragma once
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "daemon/decide.h"
#include "daemon/registry.h"
#include "daemon/session/control.h"
#include "daemon/session/plan.h"
#include "nono-error.h"
#include "nono.h"

struct manager;

enum session_state {
	SESSION_STARTING,
	SESSION_RUNNING,
	SESSION_STOPPING,
	SESSION_EXITED,
	SESSION_FAILED, /* nothing ever ran */
	SESSION_LOST,   /* its supervising process went away without a word */
};

/* Somebody who wants to know when the session has ended. Belongs to whoever waits. */
struct session_waiter {
	struct session_waiter *next;
	void (*ended)(struct session *s, void *userdata);
	void *userdata;
};

struct session {
	struct registry_links links;
	struct manager *manager;
	uint64_t serial;
	char id[SESSION_ID_SIZE];
	char name[SESSION_NAME_SIZE];
	enum session_state state;
	pid_t supervisor, command;         /* 0 until they exist */
	uint64_t started_usec, ended_usec; /* wall clock; 0 until it ended */
	int exit_status;                   /* -1 until there is one */
	char tmpdir[40];                   /* its private TMPDIR, empty without one */
	char *message;                     /* why it failed or was lost */
	char *context;                     /* JSON text of the request */
	struct rulebook *book;             /* what it was decided by, for later questions */
	struct decision decision;          /* released once it has started, with what follows */
	uint32_t *grants;                  /* index in the plan to index in the decision's set */
	size_t n_grants;
	size_t n_denied;  /* in the plan; what is never granted comes behind them */
	bool undecidable; /* what nono-session told could not be noted: every grant is refused */
	int link_fd;
	struct loop_io *link_io;
	struct session_waiter *waiters;
};

/* What a launch needs besides the set. The descriptors are taken in every case. */
struct session_launch {
	const struct plan_caller *caller;
	bool foreground;
	bool resolved;            /* the client has followed the symlinks of its paths */
	int fds[_CONTROL_FD_MAX]; /* CONTROL_FD_PLAN and CONTROL_FD_LINK are filled in */
};

/* A session under a new id, not yet known to anybody. name may be NULL. 0 or -errno with err set:
 * -EEXIST when the name is in use. */
int session_new(struct session **ret, struct manager *m, pid_t client, const char *name,
	struct nono_error *err);
void session_free(struct session *s); /* NULL is accepted */
static inline void session_freep(struct session **s)
{
	session_free(*s);
}

/* Hands the session to the template and, when that is accepted, to the registry. decision is taken
 * when it succeeds. 0, or -errno with err set: then the session is still the caller's. */
int session_start(struct session *s, struct decision *decision, struct session_launch *launch,
	struct nono_error *err);
/* Asks it to end: SIGTERM now, SIGKILL after the timeout. */
void session_stop(struct session *s, uint64_t timeout_usec);
void session_add_waiter(struct session *s, struct session_waiter *w);
void session_remove_waiter(struct session *s, struct session_waiter *w);
bool session_is_alive(const struct session *s);

/* From the template. */
void session_on_spawned(struct session *s, pid_t supervisor);
void session_on_spawn_failed(struct session *s, const struct nono_error *err);
