/* SPDX-License-Identifier: Apache-2.0 */
/* The command's environment, by the rules of the plan. */
#pragma once
#include "daemon/session/plan.h"
#include "daemon/session/tmpdir.h"

/* What of the client's environment passes, and what is set besides. A vector (free it) of strings
 * of from, of the plan and of tmpdir. NULL when out of memory. */
char **session_environment(const struct plan *plan, const struct tmpdir *tmpdir, char *const *from);
