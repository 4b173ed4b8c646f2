/* SPDX-License-Identifier: Apache-2.0 */
/* One function per verb. Each returns the exit status of the process and has reported its own
 * errors. */
#pragma once
#include "client/connect.h"
#include "client/options.h"
#include "libcore/base/buf.h"

int command_run(const struct arguments *a);
int command_shell(const struct arguments *a);
int command_local(char **argv); /* wrap and all else that needs no supervisor */
int command_ps(const struct arguments *a);
int command_inspect(const struct arguments *a);
int command_stop(const struct arguments *a);
int command_status(const struct arguments *a);

/* Shared by the verbs that ask and print. */
#define CALL_TIMEOUT_MS 60000

/* One call; an error reply becomes err. 0, or -errno with err set. */
int command_ask(struct connection *c, const struct call *call, struct vl_reply *ret,
	struct nono_error *err);
int command_fail(const struct nono_error *err); /* says it; the exit status */
int command_print_json(const struct vl_reply *reply);
