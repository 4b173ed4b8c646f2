/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A capability set turned into what the kernel takes: everything that can fail for a reason of
 * the caller's is done in confinement_build(), so that confinement_enter() has nothing left but
 * system calls that normally do not fail, in an order that lets each succeed.
 */
#pragma once
#include <stdbool.h>

#include "libcore/caps.h"
#include "libcore/filter.h"

struct confinement {
	int abi;
	int ruleset_fd;               /* owned; -1 when there is nothing */
	struct filter *filter;        /* owned */
	uint64_t limits[CAPS_LIMITS]; /* as in the set */
};

/* Checks that this ABI can enforce the set, opens and grants its paths, builds ruleset and filter.
 * Changes nothing in the process. 0 or -errno with err set, as nono_apply() documents. */
int confinement_build(
	struct confinement *ret, const struct nono_caps *caps, int abi, struct nono_error *err);
void confinement_deinit(struct confinement *c); /* accepts what build never filled, if { -1 } */

/* Enters it for good: limits, privileges, Landlock, filter. Async-signal-safe. all_threads needs
 * ABI 8, and no privileges in other threads. 0, or -errno with *ret_what (static storage) saying
 * what failed; what came before it stays in force. */
int confinement_enter(const struct confinement *c, bool all_threads, const char **ret_what);
