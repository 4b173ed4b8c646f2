/* SPDX-License-Identifier: Apache-2.0 */
/* What nono wrap may allow: the same decision as nonod's, made in this process, then looked up. */
#pragma once
#include "client/options.h"
#include "client/request.h"
#include "nono.h"
#include "policy/never.h"
#include "policy/places.h"
#include "policy/resolve.h"

struct decision {
	struct policy_places places;
	struct never *never;
	struct library *library;
	struct policy_result policy; /* what is allowed; nothing looked up */
};

/* 0, or -errno with err set. */
int decide_policy(struct decision *ret, const struct arguments *a, const struct workdir *w,
	struct nono_error *err);
/* A new set with what is really there. What the user asked for must exist, be of the right kind
 * and, under its canonical name, still be allowed; what every session gets may be missing. 0, or
 * -errno with err set. */
int decision_look_up(const struct decision *p, struct nono_caps **ret, struct nono_error *err);
void decision_deinit(struct decision *p);
