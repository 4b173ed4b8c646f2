/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/session/environ.h"

#include <stdlib.h>
#include <string.h>

#include "libcore/base/cleanup.h"
#include "policy/environment.h"

/* s with the session's own TMPDIR where the stand-in for it is. A string of the plan, or a new one
 * that lives as long as the session, like the plan. NULL when out of memory. */
static char *fill_in(char *s, const struct tmpdir *tmpdir)
{
	char *copy = strstr(s, PLAN_TMPDIR_STANDIN) ? strdup(s) : s;
	char *at = copy;

	while (at && copy != s && (at = strstr(at, PLAN_TMPDIR_STANDIN))) {
		memcpy(at, tmpdir_path(tmpdir), strlen(PLAN_TMPDIR_STANDIN));
	}
	return copy;
}

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
	for (size_t i = 0; i < set->n; i++) {
		items[i] =
			plan->flags & PLAN_TMPDIR ? fill_in(set->items[i], tmpdir) : set->items[i];
		if (!items[i]) {
			return NULL;
		}
	}
	if (plan->flags & PLAN_TMPDIR) {
		items[rules.set.n++] = (char *)tmpdir->variable;
		items[rules.set.n++] = (char *)tmpdir->prefix;
	}
	return environment_filter(&rules, from);
}
