/* SPDX-License-Identifier: Apache-2.0 */
/* The questions of `why` about a session that runs: its supervisor knows the answer. */
#pragma once
#include "client/options.h"
#include "client/request.h"
#include "policy/why.h"

/* Asks nonod about --session. 0, or -errno with err set. */
int why_ask_session(struct why_answer *ret, const struct arguments *a, const struct workdir *w,
	struct nono_error *err);
/* Asks, from inside, about the session this process runs in. 0, or -errno with err set. */
int why_ask_self(struct why_answer *ret, const struct arguments *a, const struct workdir *w,
	struct nono_error *err);
