/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The calling side of varlink. libc only: parameters go out as JSON text and come back as spans.
 *
 * Blocking use: vl_client_call(), or vl_client_send() and vl_client_receive() in a loop for calls
 * with VL_MORE. In a loop of one's own: poll vl_client_fd() for POLLIN and call
 * vl_client_process(). Calls may be pipelined; replies come in the order of the calls.
 *
 * Errors: a reply that carries a varlink error is a success of these functions. -ETIMEDOUT leaves
 * the connection usable when it happened while receiving; after every other error it is broken.
 */
#pragma once
#include "libcore/base/json-scan.h"
#include "nono-error.h"
#include "proto/envelope.h"

#define VL_CLIENT_MESSAGE_MAX (16U << 20)

struct vl_client;

/* Everything in it belongs to the client and lives until the next receive, process or free. */
struct vl_reply {
	const char *error;           /* qualified name, NULL for success */
	bool continues;              /* further replies to the same call follow */
	struct json_span parameters; /* an object, or absent */
	int *fds;                    /* what is set to -1 here is the caller's */
	size_t n_fds;
};

/* Connects to the socket at path (longer than sun_path is fine). 0, or -errno with err set;
 * -ENOENT and -ECONNREFUSED mean that nobody listens. */
int vl_client_connect(struct vl_client **ret, const char *path, struct nono_error *err);
/* Speaks over a connected AF_UNIX stream socket; fd is taken on success. 0 or -ENOMEM. */
int vl_client_adopt(struct vl_client **ret, int fd);
struct vl_client *vl_client_free(struct vl_client *c); /* NULL is fine; returns NULL */
static inline void vl_client_freep(struct vl_client **c)
{
	vl_client_free(*c);
}
int vl_client_fd(const struct vl_client *c);

/* Sends one call. parameters is the text of a JSON object, or NULL for none. The descriptors stay
 * the caller's. Returns when all of it is with the kernel: 0, or -errno with err set. A negative
 * timeout_ms waits for ever; so everywhere here. */
int vl_client_send(struct vl_client *c, const char *method, unsigned flags, const char *parameters,
	const int *fds, size_t n_fds, int timeout_ms, struct nono_error *err);
/* Waits for the next reply. 0, or -errno with err set: -ETIMEDOUT, -EPIPE when the server closed
 * the connection, -EBADMSG when it does not speak varlink. */
int vl_client_receive(
	struct vl_client *c, int timeout_ms, struct vl_reply *ret, struct nono_error *err);
/* The same without waiting: 1 a reply, 0 none yet, or -errno with err set. */
int vl_client_process(struct vl_client *c, struct vl_reply *ret, struct nono_error *err);

/* vl_client_send() and vl_client_receive() with one deadline. */
int vl_client_call(struct vl_client *c, const char *method, const char *parameters, const int *fds,
	size_t n_fds, int timeout_ms, struct vl_reply *ret, struct nono_error *err);

/* After a successful reply to a call with VL_UPGRADE: hands out the socket, of which not a byte
 * behind the reply has been read. c can only be freed then. */
int vl_client_steal_fd(struct vl_client *c);
