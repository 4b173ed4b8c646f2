/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/resolve.h"

#include <errno.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "libcore/base/cleanup.h"
#include "libcore/base/error.h"
#include "libcore/base/path.h"
#include "libcore/base/str.h"
#include "policy/resolve-private.h"

#define DENY_RULES_MAX 4096 /* every grant is compared with each */

#define HINT_LOCKED "Nothing lifts it."
#define HINT_BYPASS                                                                                \
	"--bypass-protection lifts a rule for one path; the path must be granted as well."

int resolution_path(struct resolution *s, char **ret, const char *text, const char *from)
{
	int r = variables_path(ret, text, &s->variables, s->err);

	if (r == VARIABLE_UNSET && from &&
		(str_after(from, BUILTIN_PREFIX) || str_after(from, "profile "))) {
		return 1;
	}
	if (r == -ENOMEM || r == 0) {
		return r;
	}
	if (from) {
		error_wrap(s->err, "%s", from);
	}
	return r == VARIABLE_UNSET ? -EINVAL : r;
}

int resolution_deny(struct resolution *s, const char *path, const char *source,
	const char *description, bool locked)
{
	if (s->result.deny.n >= DENY_RULES_MAX) {
		return error_set(s->err, NONO_LIMIT, E2BIG, "%s: more than %d denied paths", source,
			DENY_RULES_MAX);
	}
	return deny_add(&s->result.deny, path, source, description, locked) < 0 ? error_oom(s->err)
										: 0;
}

int resolution_need(struct resolution *s, enum policy_need need, const char *fmt, ...)
{
	char line[512];
	va_list ap;

	if (s->result.needs & (unsigned)need) {
		return 0;
	}
	va_start(ap, fmt);
	vsnprintf(line, sizeof(line), fmt, ap);
	va_end(ap);
	s->result.needs |= (unsigned)need;
	return strlist_add(&s->result.need_reasons, line) < 0 ? error_oom(s->err) : 0;
}

static int check_name(struct resolution *s, const char *path)
{
	_cleanup_free_ char *clean = NULL;

	if (strlen(path) >= PATH_MAX) {
		return error_set(s->err, NONO_INVALID, EINVAL, "a path is longer than %d bytes",
			PATH_MAX - 1);
	}
	if (path[0] != '/') {
		return error_set(s->err, NONO_INVALID, EINVAL, "%s is not an absolute path", path);
	}
	clean = path_absolute("/", path);
	if (!clean) {
		return error_oom(s->err);
	}
	if (!str_equal(clean, path)) {
		return error_set(
			s->err, NONO_INVALID, EINVAL, "%s should be written %s", path, clean);
	}
	return 0;
}

static int refuse_denied(const struct deny_rule *rule, const char *path, const char **ret_hint,
	struct nono_error *err)
{
	const char *what = rule->description ? rule->description : "a denied path";

	if (rule->locked) {
		*ret_hint = HINT_LOCKED;
		return error_set(err, NONO_REFUSED, EPERM,
			"%s cannot be granted: %s denies %s (%s), and is locked", path,
			rule->source, rule->path, what);
	}
	*ret_hint = HINT_BYPASS;
	return error_set(err, NONO_REFUSED, EPERM,
		"%s cannot be granted: %s denies %s (%s); to lift that, add --bypass-protection %s",
		path, rule->source, rule->path, what, path);
}

/* A part of a granted directory stays closed. Landlock only adds, so it takes somebody who opens
 * what is around it. */
static int add_closed(struct resolution *s, const char *path, const struct deny_rule *rule)
{
	char line[512];

	/* Processes come and go, and it shows each reader another. */
	if (path_is_below(rule->path, "/proc")) {
		return resolution_need(s, NEED_TRAPPED_OPENS,
			"%s contains %s, which %s denies, and no part of it can be kept closed: "
			"lift the rule with --bypass-protection %s",
			path, rule->path, rule->source, rule->path);
	}
	if (!s->request->supervised) {
		return resolution_need(s, NEED_TRAPPED_OPENS,
			"%s contains %s, which %s denies, and only a supervisor can keep a part of "
			"a granted directory closed: use 'nono run', grant the directories inside "
			"it that are needed, or lift the rule with --bypass-protection %s",
			path, rule->path, rule->source, rule->path);
	}
	snprintf(line, sizeof(line), "%.200s stays closed inside %.150s, as %.80s says", rule->path,
		path, rule->source);
	s->result.needs |= NEED_TRAPPED_OPENS;
	return strlist_add_once(&s->result.closed_reasons, line) < 0 ? error_oom(s->err) : 0;
}

/* 0; 1 when it is left out, as somebody's deny is more particular than what a group is for; or
 * -EPERM with err set. */
static int check_denied(struct resolution *s, const struct policy_grant *g, enum nono_source source)
{
	const struct deny_rule *rule = NULL;

	switch (deny_check(&s->result.deny, g->path, &rule)) {
	case DENY_COVERS:
		if (source == NONO_SOURCE_GROUP) {
			s->result.standard_base = false;
			return 1;
		}
		return refuse_denied(rule, g->path, s->ret_hint, s->err);
	case DENY_CONTAINS:
		if (g->is_file) {
			return 0;
		}
		if (source == NONO_SOURCE_GROUP) {
			s->result.standard_base = false;
		}
		return add_closed(s, g->path, rule);
	case DENY_NONE:
	default:
		return 0;
	}
}

int resolution_grant(struct resolution *s, const struct policy_grant *g, enum nono_source source,
	const char *source_name, const char *from)
{
	int r = never_check(s->never, g->path, g->access, g->is_file, s->ret_hint, s->err);

	if (r == 0) {
		r = check_denied(s, g, source);
	}
	if (r == -EPERM && from) {
		error_wrap(s->err, "%s", from);
	}
	if (r == -EPERM && s->mode == POLICY_ASK) {
		*s->ret_hint = NULL;
		return strlist_add(&s->result.refusals, s->err->message) < 0 ? error_oom(s->err)
									     : 0;
	}
	if (r != 0) {
		return r < 0 ? r : 0;
	}
	return caps_add_unresolved(
		s->result.caps, g->path, g->access, g->is_file, source, source_name, s->err);
}

/* The profile with its bases, and the project's document. */
static int compose(struct resolution *s)
{
	const struct policy_request *q = s->request;
	const char *name = q->profile ? q->profile : "default";
	const struct profile *project;
	bool trusted = false;
	size_t n = 0;
	int r = library_compose(
		&s->profile, s->library, name, q->extends.items, q->extends.n, s->missing, s->err);

	if (r < 0) {
		return r;
	}
	s->result.profile = strdup(s->profile->name);
	if (!s->result.profile ||
		strlist_add_all(&s->result.warnings, library_warnings(s->library)) < 0) {
		return error_oom(s->err);
	}
	while (library_project(s->library, n, &trusted)) {
		n++;
	}
	/* The nearest comes last, so that its word is the last one. */
	while (r == 0 && n > 0) {
		project = library_project(s->library, --n, &trusted);
		r = resolution_add_project(s, project, trusted);
	}
	return r;
}

static const struct {
	enum profile_key key;
	enum nono_access access;
	bool is_file;
} grant_keys[] = {
	{ KEY_ALLOW, NONO_READ_WRITE, false },
	{ KEY_READ, NONO_READ, false },
	{ KEY_WRITE, NONO_WRITE, false },
	{ KEY_ALLOW_FILE, NONO_READ_WRITE, true },
	{ KEY_READ_FILE, NONO_READ, true },
	{ KEY_WRITE_FILE, NONO_WRITE, true },
};

static int grant_profile(struct resolution *s)
{
	for (size_t i = 0; i < ELEMENTSOF(grant_keys); i++) {
		const struct profile_value *v = &s->profile->values[grant_keys[i].key];
		for (size_t k = 0; k < v->n; k++) {
			_cleanup_free_ char *path = NULL;
			int r = resolution_path(s, &path, v->items[k].text, v->items[k].from);
			if (r == 0) {
				const struct policy_grant g = { path, grant_keys[i].access,
					grant_keys[i].is_file };
				r = resolution_grant(
					s, &g, NONO_SOURCE_PROFILE, NULL, v->items[k].from);
			}
			if (r < 0) {
				return r;
			}
		}
	}
	return 0;
}

static enum nono_access workdir_access(const char *word)
{
	if (!word || str_equal(word, "none")) {
		return (enum nono_access)0;
	}
	if (str_equal(word, "readwrite")) {
		return NONO_READ_WRITE;
	}
	return str_equal(word, "read") ? NONO_READ : NONO_WRITE;
}

/* Who says nothing about the working directory leaves it to the user. */
static int grant_cwd(struct resolution *s)
{
	const struct profile_value *v = &s->profile->values[KEY_WORKDIR];
	const char *cwd = s->request->cwd;
	struct policy_grant g = { cwd, NONO_READ_WRITE, false };
	int r;

	s->result.workdir = workdir_access(v->string);
	if (!s->request->allow_cwd) {
		return 0;
	}
	if (!cwd) {
		return error_set(s->err, NONO_INVALID, EINVAL,
			"the working directory is to be granted, but its name is not known");
	}
	if (v->present && s->result.workdir == 0) {
		char line[512];
		snprintf(line, sizeof(line),
			"%s gives no access to the working directory, --allow-cwd or not; --allow "
			"%.200s does",
			v->from, cwd);
		return strlist_add(&s->result.warnings, line) < 0 ? error_oom(s->err) : 0;
	}
	if (v->present) {
		g.access = s->result.workdir;
	}
	s->result.workdir = g.access;
	r = check_name(s, cwd);
	if (r == 0) {
		r = resolution_grant(s, &g, NONO_SOURCE_USER, NULL, NULL);
	}
	return r < 0 ? error_wrap(s->err, "working directory") : 0;
}

static int grant_user(struct resolution *s)
{
	for (size_t i = 0; i < s->request->n_grants; i++) {
		const struct policy_grant *g = &s->request->grants[i];
		int r = check_name(s, g->path);
		if (r == 0) {
			r = resolution_grant(s, g, NONO_SOURCE_USER, NULL, NULL);
		}
		if (r < 0) {
			return r;
		}
	}
	return grant_cwd(s);
}

static int deny_profile(struct resolution *s)
{
	const struct profile_value *v = &s->profile->values[KEY_DENY];

	for (size_t i = 0; i < v->n; i++) {
		_cleanup_free_ char *path = NULL;
		int r = resolution_path(s, &path, v->items[i].text, v->items[i].from);
		if (r == 0) {
			r = resolution_deny(s, path, v->items[i].from, NULL, false);
		}
		if (r < 0) {
			return r;
		}
	}
	return 0;
}

static int lift(struct resolution *s)
{
	const struct profile_value *v = &s->profile->values[KEY_BYPASS_PROTECTION];
	struct strlist *bypass = &s->result.deny.bypass;

	for (size_t i = 0; i < v->n; i++) {
		char *path = NULL;
		int r = resolution_path(s, &path, v->items[i].text, v->items[i].from);
		if (r == 0 && strlist_take(bypass, path) < 0) {
			return error_oom(s->err);
		}
		if (r < 0) {
			return r;
		}
	}
	for (size_t i = 0; i < s->request->bypass.n; i++) {
		int r = check_name(s, s->request->bypass.items[i]);
		if (r < 0) {
			return error_wrap(s->err, "--bypass-protection");
		}
		if (strlist_add(bypass, s->request->bypass.items[i]) < 0) {
			return error_oom(s->err);
		}
	}
	return 0;
}

/* Lifting grants nothing: without a grant of the user or the profile it would be a mistake. */
static int check_lifted(struct resolution *s)
{
	const struct nono_caps *caps = s->result.caps;
	const struct strlist *bypass = &s->result.deny.bypass;

	for (size_t i = 0; s->mode != POLICY_ASK && i < bypass->n; i++) {
		const char *path = bypass->items[i];
		bool found = false;
		for (size_t k = 0; !found && k < caps->n_paths; k++) {
			found = path_is_below(path, caps->paths[k].resolved) ||
				path_is_below(caps->paths[k].resolved, path);
		}
		if (!found) {
			*s->ret_hint =
				"It lifts a rule and grants nothing: add --read or --allow as well.";
			return error_set(s->err, NONO_INVALID, EINVAL,
				"bypass_protection '%s' has no matching grant", path);
		}
	}
	return 0;
}

static void check_cwd(struct policy_result *r, const char *cwd)
{
	int granted = 0;

	for (size_t i = 0; cwd && i < r->caps->n_paths; i++) {
		const struct nono_fs_grant *g = &r->caps->paths[i];
		if (!g->is_file && path_is_below(cwd, g->resolved)) {
			granted |= (int)g->access;
		}
	}
	r->workdir_granted = granted && ((unsigned)granted & r->workdir) == r->workdir;
}

static int resolve_paths(struct resolution *s)
{
	int r = resolution_select_groups(s);

	if (r == 0) {
		r = resolution_deny_groups(s);
	}
	if (r == 0) {
		r = deny_profile(s);
	}
	if (r == 0) {
		r = lift(s);
	}
	if (r == 0) {
		r = grant_user(s);
	}
	if (r == 0) {
		r = grant_profile(s);
	}
	if (r == 0) {
		r = check_lifted(s);
	}
	if (r == 0) {
		r = resolution_grant_groups(s);
	}
	if (r == 0) {
		check_cwd(&s->result, s->request->cwd);
	}
	return r;
}

static int resolve_rest(struct resolution *s)
{
	int r = resolution_commands(s);

	if (r == 0) {
		r = resolution_environment(s);
	}
	if (r == 0) {
		r = resolution_network(s);
	}
	if (r == 0) {
		r = resolution_settings(s);
	}
	if (r == 0 && s->mode == POLICY_START && s->result.need_reasons.n > 0) {
		return error_set(
			s->err, NONO_REFUSED, EPERM, "%s", s->result.need_reasons.items[0]);
	}
	return r;
}

int policy_resolve(struct policy_result *ret, const struct policy_request *request,
	const struct library *library, const struct never *never,
	const struct policy_places *places, enum policy_mode mode, struct strlist *ret_missing,
	const char **ret_hint, struct nono_error *err)
{
	struct nono_error spare;
	struct resolution s = {
		.request = request,
		.library = library,
		.never = never,
		.places = places,
		.mode = mode,
		.variables = { places, request->cwd, request->tmpdir, getuid() },
		.missing = ret_missing,
		.ret_hint = ret_hint,
		.err = err ? err : &spare,
	};
	int r = nono_caps_new(&s.result.caps);

	*ret_hint = NULL;
	r = r < 0 ? error_oom(s.err) : compose(&s);
	if (r == 0) {
		r = resolve_paths(&s);
	}
	if (r == 0) {
		r = resolve_rest(&s);
	}
	profile_free(s.profile);
	free(s.groups);
	if (r < 0) {
		policy_result_deinit(&s.result);
		return r;
	}
	*ret = s.result;
	return 0;
}

void policy_result_deinit(struct policy_result *r)
{
	free(r->profile);
	nono_caps_free(r->caps);
	strlist_deinit(&r->command_sources);
	strlist_deinit(&r->locked_commands);
	deny_deinit(&r->deny);
	environment_rules_deinit(&r->environment);
	strlist_deinit(&r->hosts);
	strlist_deinit(&r->credentials);
	strlist_deinit(&r->warnings);
	strlist_deinit(&r->refusals);
	strlist_deinit(&r->need_reasons);
	strlist_deinit(&r->closed_reasons);
	*r = (struct policy_result){ 0 };
}

int policy_decide_canonical(const struct never *never, const struct deny_list *deny,
	const char *asked, const char *canonical, enum nono_access access, bool is_file,
	const char **ret_hint, struct nono_error *err)
{
	const struct deny_rule *rule = NULL;
	int r = never_check(never, canonical, access, is_file, ret_hint, err);
	enum deny_verdict v = r == 0 && deny ? deny_check(deny, canonical, &rule) : DENY_NONE;

	if (v == DENY_COVERS) {
		r = refuse_denied(rule, canonical, ret_hint, err);
	} else if (v == DENY_CONTAINS && !is_file) {
		r = error_set(err, NONO_REFUSED, EPERM, "%s contains %s, which %s denies",
			canonical, rule->path, rule->source);
	}
	if (r < 0 && !str_equal(asked, canonical)) {
		return error_wrap(err, "%s leads to another place", asked);
	}
	return r;
}

int policy_keep_grant(struct nono_caps *caps, const struct nono_fs_grant *g)
{
	return caps_add_unresolved(
		caps, g->resolved, g->access, g->is_file, g->source, g->source_name, NULL);
}
