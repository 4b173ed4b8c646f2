/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The way to a nonod: the one that listens for this user, one started on demand, or a private one
 * for a caller whose context differs from the shared one's.
 */
#pragma once
#include <stdbool.h>

#include "nono-error.h"
#include "proto/client.h"

struct connection {
	struct vl_client *client;
	bool is_private;
	int errors_fd; /* what a nonod we started says on standard error, else -1 */
};

/* Connects, starting a nonod when nobody listens and start is set. 0, or -errno with err set;
 * -ENOENT and -ECONNREFUSED: nobody listens (without start). */
int connection_open(struct connection *ret, bool start, struct nono_error *err);
/* Starts a nonod that inherits everything of us and serves this connection alone. */
int connection_open_private(struct connection *ret, struct nono_error *err);
void connection_close(struct connection *c);

/* One call and its reply. A nonod that refuses our context is replaced by a private one, once,
 * when may_be_private is set; verbose says so. 0 with a reply (an error reply too), or -errno with
 * err set. */
struct call {
	const char *method;
	const char *parameters;
	const int *fds;
	size_t n_fds;
	int timeout_ms;
	bool may_be_private, verbose;
};
int connection_call(struct connection *c, const struct call *call, struct vl_reply *ret,
	struct nono_error *err);

/* What an error reply means, in words: one line, into err. */
void connection_explain(const struct vl_reply *reply, struct nono_error *err);
