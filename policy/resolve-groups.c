/* SPDX-License-Identifier: Apache-2.0 */
/* Groups: which are in force, and what they give and take. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "libcore/base/buf.h"
#include "libcore/base/cleanup.h"
#include "libcore/base/error.h"
#include "libcore/base/nearest.h"
#include "libcore/base/path.h"
#include "libcore/base/str.h"
#include "policy/library-private.h"
#include "policy/resolve-private.h"

static bool is_in_force(const struct resolution *s, const struct policy_group *g)
{
	for (size_t i = 0; i < s->n_groups; i++) {
		if (s->groups[i] == g) {
			return true;
		}
	}
	return false;
}

static int put_in_force(struct resolution *s, const struct policy_group *g)
{
	if (g->foreign || is_in_force(s, g)) {
		return 0;
	}
	if (array_grow((void **)&s->groups, s->n_groups, sizeof(*s->groups)) < 0) {
		return error_oom(s->err);
	}
	s->groups[s->n_groups++] = g;
	return 0;
}

static int find(
	struct resolution *s, const struct policy_group **ret, const struct profile_item *item)
{
	struct nearest nearest = nearest_init(item->text, strlen(item->text));
	const struct policy_group *g;

	*ret = library_group(s->library, item->text);
	if (*ret) {
		return 0;
	}
	for (size_t i = 0; (g = library_group_at(s->library, i)); i++) {
		nearest_offer(&nearest, g->name);
	}
	return error_set(s->err, NONO_NOT_FOUND, ENOENT, "%s: there is no policy group '%s'%s%s%s",
		item->from, item->text, nearest.best ? " (did you mean '" : "",
		nearest.best ? nearest.best : "", nearest.best ? "'?)" : "");
}

static bool excludes(const struct profile *p, const char *name)
{
	const struct profile_value *v = &p->values[KEY_GROUPS_EXCLUDE];

	for (size_t i = 0; i < v->n; i++) {
		if (str_equal(v->items[i].text, name)) {
			return true;
		}
	}
	return false;
}

static int check_excluded(struct resolution *s)
{
	const struct profile_value *v = &s->profile->values[KEY_GROUPS_EXCLUDE];
	_cleanup_(buf_deinit) struct buf names = { 0 };
	const char *from = NULL;

	for (size_t i = 0; i < v->n; i++) {
		const struct policy_group *g;
		int r = find(s, &g, &v->items[i]);
		if (r < 0) {
			return r;
		}
		if (g->required || g->locked) {
			buf_printf(&names, "%s'%s'", names.len ? ", " : "", g->name);
			from = v->items[i].from;
		}
	}
	if (buf_error(&names)) {
		return error_oom(s->err);
	}
	return from ? error_set(s->err, NONO_REFUSED, EPERM,
			      "%s: Cannot exclude required groups: %s", from, names.data)
		    : 0;
}

/* All that the profile `default` names where the user has no word in it. */
static int check_standard(struct resolution *s)
{
	_cleanup_(profile_freep) struct profile *composed = NULL;
	const struct profile_value *v;
	int r = library_compose_standard(&composed, s->library, s->err);

	if (r < 0) {
		return r;
	}
	s->result.standard_base = true;
	v = &composed->values[KEY_GROUPS_INCLUDE];
	for (size_t i = 0; i < v->n && s->result.standard_base; i++) {
		const struct policy_group *g = library_group(s->library, v->items[i].text);
		s->result.standard_base =
			!g || g->foreign || excludes(composed, g->name) || is_in_force(s, g);
	}
	return 0;
}

int resolution_select_groups(struct resolution *s)
{
	const struct profile_value *v = &s->profile->values[KEY_GROUPS_INCLUDE];
	const struct policy_group *g;
	int r = check_excluded(s);

	for (size_t i = 0; r == 0 && i < v->n; i++) {
		r = find(s, &g, &v->items[i]);
		if (r == 0 && !excludes(s->profile, g->name)) {
			r = put_in_force(s, g);
		}
	}
	for (size_t i = 0; r == 0 && (g = library_group_at(s->library, i)); i++) {
		if (g->required || g->locked) {
			r = put_in_force(s, g);
		}
	}
	return r < 0 ? r : check_standard(s);
}

int resolution_deny_groups(struct resolution *s)
{
	for (size_t i = 0; i < s->n_groups; i++) {
		const struct policy_group *g = s->groups[i];
		char source[300];
		snprintf(source, sizeof(source), "group %s", g->name);
		for (size_t k = 0; k < g->deny.n; k++) {
			_cleanup_free_ char *path = NULL;
			int r = resolution_path(s, &path, g->deny.items[k], g->file);
			if (r < 0) {
				return error_wrap(s->err, "group '%s'", g->name);
			}
			if (r == 0) {
				r = resolution_deny(s, path, source, g->description, g->locked);
			}
			if (r < 0) {
				return r;
			}
		}
	}
	return 0;
}

static int grant(struct resolution *s, const struct policy_group *g, const struct strlist *paths,
	enum nono_access access, bool is_file)
{
	for (size_t i = 0; i < paths->n; i++) {
		_cleanup_free_ char *path = NULL;
		struct policy_grant asked = { .access = access, .is_file = is_file };
		int r = resolution_path(s, &path, paths->items[i], g->file);
		if (r == 0) {
			asked.path = path;
			r = resolution_grant(s, &asked, NONO_SOURCE_GROUP, g->name, NULL);
		}
		if (r < 0) {
			return error_wrap(s->err, "%s, group '%s'", g->file, g->name);
		}
	}
	return 0;
}

int resolution_grant_groups(struct resolution *s)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < s->n_groups; i++) {
		const struct policy_group *g = s->groups[i];
		r = grant(s, g, &g->read, NONO_READ, false);
		if (r == 0) {
			r = grant(s, g, &g->read_file, NONO_READ, true);
		}
		if (r == 0) {
			r = grant(s, g, &g->write, NONO_WRITE, false);
		}
		if (r == 0) {
			r = grant(s, g, &g->read_write, NONO_READ_WRITE, false);
		}
	}
	return r;
}
