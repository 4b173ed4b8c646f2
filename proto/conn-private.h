/* SPDX-License-Identifier: Apache-2.0 */
/* What conn.c and server.c know of each other. */
#pragma once
#include "proto/conn.h"

struct json_object;
struct vl_method;

/* What a connection asks of its owner. */
struct vl_conn_ops {
	/* A call came in: answer or keep it. Negative makes a generic error of it. */
	int (*call)(struct vl_call *call, void *owner);
	/* 0 when the interface description allows this answer (error is NULL for a reply);
	 * otherwise -EINVAL, and path says what is wrong. Optional. */
	int (*check_answer)(struct vl_call *call, const char *error, struct json_object *parameters,
		char *path, size_t path_size, void *owner);
	/* Events, deadline or memory in use have changed. */
	void (*changed)(struct vl_conn *conn, void *owner);
	/* The connection is about to be freed. */
	void (*gone)(struct vl_conn *conn, void *owner);
};

struct vl_call {
	struct vl_conn *conn;
	struct vl_envelope envelope; /* its spans are gone once parameters are parsed */
	struct message message;
	struct json_object *parameters; /* until the handler has returned */
	const struct vl_method *method;
	bool in_handler;
	bool answered; /* finally */
	bool kept;
	void (*cancel)(struct vl_call *call, void *userdata);
	void *cancel_userdata;
};

struct vl_conn {
	struct vl_conn *next, *prev; /* the owner's */
	size_t accounted;            /* the owner's: bytes it counted for this connection */
	uint64_t holding_since;      /* the owner's: when accounted was 0 last, as a count */
	struct stream *stream;
	struct peer peer;
	const struct vl_conn_ops *ops;
	void *owner;
	void *userdata;
	uint64_t stall_usec;
	uint64_t deadline; /* for the partial message, or for closing */
	uint64_t recheck;  /* when to look again for a hang-up */
	struct vl_call *call;
	bool in_process;
	bool half_closed; /* the peer sends nothing any more, but may still read */
	bool closing;
	bool hand_over; /* the upgrade's reply is out */
	int dead;       /* negative errno: over as soon as it is processed */
	void (*upgraded)(int fd, void *userdata);
	void *upgraded_userdata;
};

void vl_call_free(struct vl_call *call);

/* Takes fd and peer on success. 0 or -ENOMEM. */
int vl_conn_new(struct vl_conn **ret, int fd, struct peer *peer, const struct stream_limits *limits,
	uint64_t stall_usec, const struct vl_conn_ops *ops, void *owner);
void vl_conn_free(struct vl_conn *conn);
/* Ends it without flushing as soon as the loop looks at it. */
void vl_conn_kill(struct vl_conn *conn, int error);
