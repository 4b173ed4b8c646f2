/* SPDX-License-Identifier: Apache-2.0 */
/*
 * All that one nonod is: its loop, who it is, what it decides by, and what it looks after. One
 * struct, passed around; nothing of it is global.
 */
#pragma once
#include <stdbool.h>
#include <stdint.h>

#include "daemon/access.h"
#include "daemon/context.h"
#include "daemon/registry.h"
#include "nono-error.h"
#include "nono.h"
#include "policy/never.h"
#include "policy/places.h"

struct filter;
struct rulebook;
struct loop;
struct loop_signal;
struct loop_timer;
struct serve;
struct template;
struct vl_server;

#define SESSIONS_MAX 4096

enum started_by { STARTED_BY_SYSTEMD, STARTED_ON_DEMAND, STARTED_PRIVATE };

/* What a session's seccomp filter depends on. */
enum manager_filter {
	FILTER_FOR_OPEN,
	FILTER_FOR_BLOCKED,
	FILTER_FOR_CONNECT,
	FILTER_FOR_LISTEN,
	_FILTER_FOR_MAX
};

struct manager_config {
	enum started_by started_by;
	bool keep;                   /* stay although idle */
	uint64_t idle_usec;          /* leave after this long without clients and sessions */
	const char *session_program; /* nono-session */
	const char *policy_dir;      /* the administrator's documents */
	const char *runtime_path;    /* nono's runtime directory, NULL for none */
	/* Asked before leaving when idle: true when no client can come any more. May be NULL. */
	bool (*withdraw)(void *userdata);
	void *userdata;
};

/* A caller as the gate has just seen it, so that its call need not look again. */
struct manager_caller {
	const void *call; /* the struct vl_call it is about */
	int proc_fd;      /* its /proc directory, -1 for none */
	struct proc_status status;
};

struct manager {
	struct manager_config config;
	struct loop *loop;
	struct vl_server *server;
	struct serve *serve;
	struct registry *registry;
	struct template *template;

	struct access access;
	struct context context;    /* what a caller must be equal to */
	struct plan_caller limits; /* what a session can at most be given */
	struct policy_places places;
	struct never *never;
	struct rulebook *rulebook;         /* NULL until needed, and while files are wrong */
	struct nono_support_info *support; /* NULL until somebody asks */
	struct filter *filters[2][2][_FILTER_FOR_MAX]; /* without and with opens, without and with
							  metadata_fds; NULL until needed */

	struct manager_caller caller;

	struct loop_signal *on_term, *on_int, *on_child;
	struct loop_timer *idle_timer, *watchdog_timer;
	uint64_t watchdog_usec; /* 0 for none */
	unsigned n_clients;
	uint64_t last_serial;
	bool idle;      /* the idle timer runs */
	bool busy_said; /* what the service manager was told last */
};

/* Reads who we are; call it before any limit is changed. 0 or -errno with err set. */
int manager_new(struct manager **ret, const struct manager_config *config, struct nono_error *err);
void manager_free(struct manager *m);
static inline void manager_freep(struct manager **m)
{
	if (*m) {
		manager_free(*m);
	}
}

/* Serves a listening socket and/or one connection (-1 for none; taken in every case) until there
 * is nothing left to do. 0 or -errno with err set. */
int manager_run(struct manager *m, int listen_fd, int connection_fd, struct nono_error *err);

/* The number of clients or sessions has changed. */
void manager_check_idle(struct manager *m);
