/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a command line may do: the decision nonod makes, made in this process for the verbs that
 * need no supervisor. Documents are read, names are resolved by policy/, then looked up: what `why`
 * says and what `wrap` applies is the set that comes out of that.
 */
#pragma once
#include <stdbool.h>

#include "client/options.h"
#include "client/request.h"
#include "nono.h"
#include "policy/library.h"
#include "policy/never.h"
#include "policy/places.h"
#include "policy/resolve.h"

/* A session's TMPDIR as long as it has no name; nonod calls it that, too. Nothing is there. */
#define TMPDIR_STANDIN "/tmp/nono-0000000000000000"

struct decision {
	struct policy_places places;
	struct never *never;
	struct library *library;
	struct policy_result result; /* its deny rules have their canonical names, too */
};

/* command (may be NULL) is what is to be started, for the list of blocked ones. 0, or -errno with
 * err set. */
int decision_make(struct decision *ret, const struct arguments *a, const struct workdir *w,
	const char *command, enum policy_mode mode, struct nono_error *err);

/* Replaces the grants of the result by what is there under their canonical names. What the user
 * asked for must exist, be of the right kind and still be allowed under that name (with POLICY_ASK
 * it is left out otherwise, with a line in result.refusals); what comes from profiles and groups
 * may be missing or turn out to be denied, and is left out then. 0, or -errno with err set. */
int decision_look_up(struct decision *d, enum policy_mode mode, struct nono_error *err);

/* What there is to know about, but no error, on standard error. */
void decision_warn(const struct decision *d);
void decision_deinit(struct decision *d);

/* This user's places, for verbs that decide nothing. */
int local_places(struct policy_places *ret, struct nono_error *err);
