/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One connection of a varlink server, and the call it is busy with.
 *
 * A connection is driven from outside: wait for vl_conn_events() on vl_conn_fd() until
 * vl_conn_deadline(), then vl_conn_process(). It does one call at a time: while a call is not
 * answered nothing more is read from the socket (back-pressure), only hang-up is watched for.
 *
 *	IDLE -> CALLED -> answered: IDLE | kept: PENDING -> answered: IDLE | upgraded: gone
 *	CLOSING: flushes, then is gone.
 *
 * Lifetimes. Only vl_conn_process() and the server's own free end a connection; nothing a handler
 * does frees it under the handler's feet. A call is valid until its handler returns; one that the
 * handler kept with vl_call_keep(), until its final answer or until its cancel function returns.
 */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "nono-error.h"
#include "proto/envelope.h"
#include "proto/peer.h"
#include "proto/stream.h"

struct json_object;
struct vl_conn;
struct vl_call;

/* ---- driving a connection (the loop's side) ---- */

int vl_conn_fd(const struct vl_conn *conn);
/* POLLIN, POLLOUT, POLLRDHUP, in any combination; 0 means that only the deadline counts. */
short vl_conn_events(const struct vl_conn *conn);
/* CLOCK_MONOTONIC microseconds at which to process without an event; UINT64_MAX for never. */
uint64_t vl_conn_deadline(const struct vl_conn *conn);
/* Does what can be done without blocking, at most a few calls. 0 to go on (ask for events and
 * deadline again); negative: the connection is over and has been freed. */
int vl_conn_process(struct vl_conn *conn);

const struct peer *vl_conn_peer(const struct vl_conn *conn);
void vl_conn_set_userdata(struct vl_conn *conn, void *userdata);
void *vl_conn_userdata(const struct vl_conn *conn);
/* Ends the connection after what waits has been sent. */
void vl_conn_close(struct vl_conn *conn);

/* ---- a call (the handler's side) ---- */

struct vl_conn *vl_call_conn(const struct vl_call *call);
const struct peer *vl_call_peer(const struct vl_call *call);
const char *vl_call_method(const struct vl_call *call); /* qualified */
unsigned vl_call_flags(const struct vl_call *call);     /* enum vl_call_flags */
/* The parameters, validated against the interface description. Never NULL. Borrowed. */
struct json_object *vl_call_parameters(const struct vl_call *call);
size_t vl_call_n_fds(const struct vl_call *call);
/* Moves descriptor i, as the parameters number them, to the caller. -EBADF when the index is out
 * of range or was taken before (two parameters naming one descriptor). */
int vl_call_steal_fd(struct vl_call *call, int64_t i);

/*
 * Answers. parameters is consumed in every case; NULL means none. A final answer ends the call
 * even when it fails; an answer that cannot be sent ends the connection. All return 0 or a
 * negative error that a handler may simply return. An answer to a oneway call is dropped.
 */
int vl_call_reply(struct vl_call *call, struct json_object *parameters);
/* A reply that further ones follow. On a call without VL_MORE it answers ExpectedMore instead and
 * fails with -EINVAL. */
int vl_call_notify(struct vl_call *call, struct json_object *parameters);
int vl_call_error(struct vl_call *call, const char *name, struct json_object *parameters);
/* The error with one parameter, message. */
int vl_call_error_message(struct vl_call *call, const char *name, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
int vl_call_invalid_parameter(struct vl_call *call, const char *parameter);
/* io.systemd.System for an unexpected failure; errnum is a positive errno. */
int vl_call_error_errno(struct vl_call *call, int errnum);
/* The final reply, carrying descriptors that are moved from fds (left at -1). */
int vl_call_reply_fds(struct vl_call *call, struct json_object *parameters, int *fds, size_t n_fds);
/* The final reply to a call with VL_UPGRADE. When it is out, fn gets the socket, which is its own
 * from then on, and the connection is over. fn gets -1 when the connection ends before. */
int vl_call_upgrade(struct vl_call *call, struct json_object *parameters,
	void (*fn)(int fd, void *userdata), void *userdata);

/* The handler will answer later; parameters and descriptors that were not taken are gone when it
 * returns. cancel is called at most once, when the connection ends before the final answer; the
 * keeper forgets the call then. */
void vl_call_keep(
	struct vl_call *call, void (*cancel)(struct vl_call *call, void *userdata), void *userdata);
