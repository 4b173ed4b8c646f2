/* SPDX-License-Identifier: Apache-2.0 */
/* The plan of one session: its decision in the form nono-session takes. */
#pragma once
#include "daemon/session.h"

/* Sealed memfd with the plan of s, whose decision and id are set. Fills in s->grants. Descriptor or
 * -errno with err set. */
int make_plan(struct session *s, const struct session_launch *launch, struct nono_error *err);
