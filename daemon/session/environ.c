/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/session/environ.h"

#include <stdlib.h>
#include <string.h>

#include "libcore/base/cleanup.h"
#include "policy/environment.h"

char **session_environment(const struct plan *plan, const struct tmpdir *tmpdir, char *const *from)
{
	const struct strlist *set = &plan->lists[PLAN_ENV_SET];
	_cleanup_free_ char **items = calloc(set->n + 2, sizeof(*items));
	struct environment_rules rules = { .allow = plan->lists[PLAN_ENV_ALLOWED],
		.deny = plan->lists[PLAN_ENV_DENIED],
		.keep = plan->lists[PLAN_ENV_KEPT],
		.set = { .items = items, .n = set->n },
		.has_allow = plan->flags & PLAN_ENV_ALLOW,
		.strip_secrets = plan->flags & PLAN_ENV_STRIP_SECRETS };

	if (!items) {
		return NULL;
	}
	memcpy(items, set->items, set->n * sizeof(*items));
	if (plan->flags & PLAN_TMPDIR) {
		items[rules.set.n++] = (char *)tmpdir->variable;
		items[rules.set.n++] = (char *)tmpdir->prefix;
	}
	return environment_filter(&rules, from);
}
