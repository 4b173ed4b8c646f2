/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is said after a command failed. Nobody observed what it was denied, so everything here is
 * inferred and says so: a path is named only when it is a plausible reason and nonod says that the
 * session could not use it. A file that is simply not there is never blamed on the sandbox.
 */
#pragma once
#include "client/connect.h"
#include "client/denials.h"
#include "client/options.h"
#include "client/relay.h"
#include "client/request.h"

struct footer {
	const struct arguments *a;
	const struct workdir *workdir;
	struct connection *connection;
	const char *session;
	const struct relay_end *end;
	int exit_status;
};

/* True when the end of the command will need explaining, whatever it is. */
bool footer_is_wanted(const struct arguments *a);
/* Explains. */
void footer_print(const struct footer *f);

/* The report of --diagnostics-json, for footer_print(). */
void footer_append_json(struct buf *out, const struct footer *f, const struct denials *d);
