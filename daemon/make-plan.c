/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/make-plan.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/manager.h"
#include "libcore/base/cleanup.h"
#include "libcore/base/error.h"
#include "libcore/base/path.h"
#include "libcore/base/str.h"
#include "libcore/caps.h"
#include "libcore/filter.h"
#include "libcore/landlock.h"

/* Which filter: the index in manager.filters. */
static enum manager_filter filter_kind(const struct nono_caps *caps)
{
	if (caps->bind.n > 0 || caps->localhost.n > 0) {
		return FILTER_FOR_LISTEN;
	}
	if (caps->connect.n > 0) {
		return FILTER_FOR_CONNECT;
	}
	return caps->network == NONO_NETWORK_BLOCKED ? FILTER_FOR_BLOCKED : FILTER_FOR_OPEN;
}

/* Building one takes libseccomp half a millisecond, so they are kept. */
static const struct filter *filter_for(struct manager *m, const struct policy_result *result,
	bool metadata_fds, struct nono_error *err)
{
	bool opens = result->needs & NEED_TRAPPED_OPENS;
	enum manager_filter kind = filter_kind(result->caps);
	struct filter **f = &m->filters[opens][metadata_fds][kind];
	struct filter_shape shape = { .network_blocked = kind == FILTER_FOR_BLOCKED,
		.network_tcp = kind == FILTER_FOR_CONNECT || kind == FILTER_FOR_LISTEN,
		.listen_allowed = kind == FILTER_FOR_LISTEN,
		.unix_sockets = true,
		.deny_truncate = landlock_abi(NULL) < 3,
		.metadata_fds = metadata_fds,
		.supervised = true,
		.opens = opens };

	return *f || filter_build(&shape, f, err) == 0 ? *f : NULL;
}

static uint32_t grant_flags(const struct nono_fs_grant *g, const char *home, bool resolved)
{
	uint32_t flags = (g->is_file ? PLAN_GRANT_FILE : 0) |
			 (policy_grant_is_made(g, home) ? PLAN_GRANT_MADE : 0);

	if (g->source != NONO_SOURCE_USER) {
		return flags | PLAN_GRANT_OPTIONAL;
	}
	return flags | (resolved ? PLAN_GRANT_RESOLVED : 0);
}

/* All that is not in the base, and not in the session's TMPDIR, which it gets as a whole. */
static int fill_grants(struct session *s, struct plan *plan, bool resolved, struct nono_error *err)
{
	const struct policy_result *result = decision_result(&s->decision);
	const struct nono_caps *caps = result->caps;
	size_t at = 0;

	plan->grants = calloc(caps->n_paths + 1, sizeof(*plan->grants));
	s->grants = calloc(caps->n_paths + 1, sizeof(*s->grants));
	if (!plan->grants || !s->grants) {
		return error_oom(err);
	}
	for (size_t i = 0; i < caps->n_paths; i++) {
		const struct nono_fs_grant *g = &caps->paths[i];
		if ((result->standard_base && rulebook_has(s->decision.book, g, &at)) ||
			path_is_below(g->resolved, PLAN_TMPDIR_STANDIN)) {
			continue;
		}
		s->grants[plan->n_grants] = (uint32_t)i;
		plan->grants[plan->n_grants++] = (struct plan_grant){
			.path = g->resolved,
			.access = g->access,
			.flags = grant_flags(g, s->manager->places.home, resolved),
		};
	}
	s->n_grants = plan->n_grants;
	return 0;
}

/* Where denied paths lead matters to who gets more than everybody. Each is a path of its rule; what
 * is never granted follows. */
static int fill_denied(struct session *s, struct plan *plan, struct nono_error *err)
{
	const struct deny_list *deny = &decision_result(&s->decision)->deny;
	const struct never *never = s->manager->never;
	struct strlist *list = &plan->lists[PLAN_DENIED];
	const char *what;
	size_t n = deny->n;

	if (s->decision.is_standard) {
		return 0;
	}
	while (never_below_home(never, n - deny->n, &what)) {
		n++;
	}
	list->items = calloc(n + 1, sizeof(*list->items));
	if (!list->items) {
		return error_oom(err);
	}
	for (list->n = 0; list->n < n; list->n++) {
		/* A list of a plan only lends its strings. */
		list->items[list->n] = list->n < deny->n ? deny->rules[list->n].path
							 : (char *)never_below_home(
								   never, list->n - deny->n, &what);
	}
	s->n_denied = deny->n;
	return 0;
}

/* What is closed inside a grant, and what of that is lifted. */
static int fill_closed(
	const struct policy_result *result, struct plan *plan, struct nono_error *err)
{
	const struct deny_list *deny = &result->deny;
	struct strlist *closed = &plan->lists[PLAN_CLOSED], *lifted = &plan->lists[PLAN_LIFTED];

	if (!(result->needs & NEED_TRAPPED_OPENS)) {
		return 0;
	}
	for (size_t i = 0; i < deny->n; i++) {
		if (deny_is_in_force(deny, &deny->rules[i]) &&
			strlist_add_once(closed, deny->rules[i].path) < 0) {
			return error_oom(err);
		}
	}
	for (size_t i = 0; i < deny->bypass.n; i++) {
		if (deny_check(deny, deny->bypass.items[i], NULL) != DENY_COVERS &&
			strlist_add_once(lifted, deny->bypass.items[i]) < 0) {
			return error_oom(err);
		}
	}
	return 0;
}

static bool sets_tmpdir(const struct environment_rules *rules)
{
	for (size_t i = 0; i < rules->set.n; i++) {
		if (str_after(rules->set.items[i], "TMPDIR=")) {
			return true;
		}
	}
	return strlist_has(&rules->keep, "TMPDIR");
}

static uint32_t plan_flags(const struct policy_result *result, const struct session_launch *launch)
{
	const struct environment_rules *rules = &result->environment;
	uint32_t flags = launch->foreground ? PLAN_FOREGROUND : 0;

	/* Somebody who names another, or who shuts all of /tmp, does not get one. */
	if (!sets_tmpdir(rules) &&
		deny_check(&result->deny, PLAN_TMPDIR_STANDIN, NULL) == DENY_NONE) {
		flags |= PLAN_TMPDIR;
	}
	flags |= rules->has_allow ? PLAN_ENV_ALLOW : 0;
	return flags | (rules->strip_secrets ? PLAN_ENV_STRIP_SECRETS : 0);
}

int make_plan(struct session *s, const struct session_launch *launch, struct nono_error *err)
{
	const struct policy_result *result = decision_result(&s->decision);
	const struct environment_rules *rules = &result->environment;
	const struct nono_caps *caps = result->caps;
	struct plan plan = { .caller = *launch->caller,
		.network = caps->network,
		.flags = plan_flags(result, launch),
		.filter = filter_for(s->manager, result, false, err),
		.filter_fds = filter_for(s->manager, result, true, err),
		.connect = { caps->connect.n, caps->connect.items },
		.listen = { caps->bind.n, caps->bind.items },
		.localhost = { caps->localhost.n, caps->localhost.items },
		.lists = { [PLAN_ENV_ALLOWED] = rules->allow,
			[PLAN_ENV_DENIED] = rules->deny,
			[PLAN_ENV_KEPT] = rules->keep,
			[PLAN_ENV_SET] = rules->set } };
	int r;

	if (!plan.filter || !plan.filter_fds) {
		return -EINVAL;
	}
	memcpy(plan.session_id, s->id, sizeof(plan.session_id));
	r = fill_grants(s, &plan, launch->resolved, err);
	if (r == 0) {
		r = fill_denied(s, &plan, err);
	}
	if (r == 0) {
		r = fill_closed(result, &plan, err);
	}
	if (r == 0) {
		r = plan_create(&plan, err);
	}
	free(plan.grants);
	free(plan.lists[PLAN_DENIED].items);
	strlist_deinit(&plan.lists[PLAN_CLOSED]);
	strlist_deinit(&plan.lists[PLAN_LIFTED]);
	return r;
}
