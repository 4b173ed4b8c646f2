/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A varlink server: interfaces, their method tables, and connections. Drives no loop and opens no
 * socket: the owner accepts, hands over descriptors, and processes each connection (conn.h).
 *
 * Every call is checked against its interface description before its handler runs: unknown or
 * missing or mistyped parameters are answered with InvalidParameter naming the field by its dotted
 * path, a wrong number of descriptors with InvalidParameter("fileDescriptors"). In debug builds
 * replies are checked too. org.varlink.service is built in.
 */
#pragma once
#include "nono-error.h"
#include "proto/conn.h"

enum vl_method_flags {
	VL_MAY_MORE = 1 << 0,      /* several replies when the caller takes them */
	VL_NEEDS_MORE = 1 << 1,    /* else ExpectedMore */
	VL_NEEDS_UPGRADE = 1 << 2, /* else ExpectedUpgrade */
};

struct vl_method {
	const char *name; /* as in the interface description, without the interface */
	unsigned flags;   /* enum vl_method_flags */
	int access;       /* a class that means something to the authorize hook */
	unsigned fds_min, fds_max;
	/* Answers, or keeps the call. A negative errno makes a generic error of it; so does
	 * returning without either. */
	int (*call)(struct vl_call *call, void *userdata);
};

struct vl_server_limits {
	size_t message_max; /* bytes of one call; default 4 MiB */
	size_t values_max;  /* JSON values in one call; default 65536 */
	size_t queue_max;   /* bytes of replies a slow reader may let pile up; default 4 MiB */
	/* Bytes of all connections, a descriptor counting as 16 KiB; beyond it the connection that
	 * has been holding some for longest is closed; default 32 MiB. */
	size_t buffered_max;
	unsigned conns_max;     /* default 1024 */
	unsigned conns_uid_max; /* per uid; default 256 */
	uint64_t stall_usec;    /* for a message that has begun to come in, and for flushing a
				 * connection that is being closed; default 30 s */
};

struct vl_server_config {
	const char *vendor, *product, *version, *url; /* for GetInfo; borrowed */
	struct vl_server_limits limits;               /* 0 takes the default */
	/* The events or the deadline of conn may have changed outside vl_conn_process(). Must not
	 * call back into the connection, only make the loop look at it again. */
	void (*rearm)(struct vl_conn *conn, void *userdata);
	/* conn is about to be freed: take it off the loop. fd is still open. */
	void (*disconnected)(struct vl_conn *conn, void *userdata);
	/* May this peer make this call? Optional. 0 to go on; otherwise the hook has answered with
	 * vl_call_error() (returning its result or 1), or a negative errno. Runs before the
	 * parameters are looked at; methods of org.varlink.service are not asked about. */
	int (*authorize)(struct vl_call *call, const struct vl_method *method, void *userdata);
	void *userdata;
};

struct vl_server;
int vl_server_new(
	struct vl_server **ret, const struct vl_server_config *config, struct nono_error *err);
/* Ends every connection (kept calls are cancelled). Not from inside a handler. Returns NULL. */
struct vl_server *vl_server_free(struct vl_server *s);
static inline void vl_server_freep(struct vl_server **s)
{
	vl_server_free(*s);
}

/* Adds the interface whose description is text (n bytes, borrowed for good). methods ends with an
 * entry without a name; each must be in the description, and one that is there and has no entry
 * is answered with MethodNotImplemented. */
int vl_server_add_interface(struct vl_server *s, const char *text, size_t n,
	const struct vl_method *methods, void *userdata, struct nono_error *err);
/* The same for one of our own, by name, such as "io.nono.Session". */
int vl_server_add_embedded(struct vl_server *s, const char *name, const struct vl_method *methods,
	void *userdata, struct nono_error *err);

/* Starts a connection on an accepted socket. fd is taken on success. *ret is ready for the loop.
 * -EUSERS or -EMFILE (with err set) when a limit on connections is reached. */
int vl_server_add_connection(
	struct vl_server *s, int fd, struct vl_conn **ret, struct nono_error *err);
unsigned vl_server_n_connections(const struct vl_server *s);
