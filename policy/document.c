/* SPDX-License-Identifier: Apache-2.0 */
/* Policy groups. A document is read as a whole before anything of it counts. */
#include "policy/document.h"

#include <errno.h>
#include <string.h>

#include "libcore/base/cleanup.h"
#include "libcore/base/error.h"
#include "libcore/base/str.h"
#include "policy/value.h"

static void group_deinit(struct policy_group *g)
{
	free(g->name);
	free(g->description);
	free(g->file);
	strlist_deinit(&g->read);
	strlist_deinit(&g->read_file);
	strlist_deinit(&g->write);
	strlist_deinit(&g->read_write);
	strlist_deinit(&g->deny);
	strlist_deinit(&g->deny_commands);
}

void groups_deinit(struct policy_groups *groups)
{
	for (size_t i = 0; i < groups->n; i++) {
		group_deinit(&groups->items[i]);
	}
	free(groups->items);
	*groups = (struct policy_groups){ 0 };
}

static struct policy_group *find(const struct policy_groups *groups, const char *name)
{
	for (size_t i = 0; i < groups->n; i++) {
		if (str_equal(groups->items[i].name, name)) {
			return &groups->items[i];
		}
	}
	return NULL;
}

const struct policy_group *groups_find(const struct policy_groups *groups, const char *name)
{
	return find(groups, name);
}

/* Groups are for every directory one may start in: nothing relative. */
static int check_paths(struct reader *r, struct json_span at, const struct profile_value *v)
{
	for (size_t i = 0; i < v->n; i++) {
		if (!strchr("/~$", *v->items[i].text)) {
			return reader_fail(r, at,
				"path '%.200s' does not start with '/', '~' or a variable",
				v->items[i].text);
		}
	}
	return 0;
}

/* What the values say, into g. */
static int fill(struct reader *r, struct policy_group *g, struct json_span at,
	struct profile_value values[_GROUP_MAX])
{
	struct strlist *const lists[_GROUP_MAX] = {
		[GROUP_READ] = &g->read,
		[GROUP_READ_FILE] = &g->read_file,
		[GROUP_WRITE] = &g->write,
		[GROUP_READ_WRITE] = &g->read_write,
		[GROUP_DENY] = &g->deny,
		[GROUP_DENY_COMMANDS] = &g->deny_commands,
	};
	const char *platform = values[GROUP_PLATFORM].string;
	int q;

	g->description = TAKE_PTR(values[GROUP_DESCRIPTION].string);
	g->foreign = platform && !str_equal(platform, "linux");
	g->required = values[GROUP_REQUIRED].boolean;
	g->locked = values[GROUP_LOCKED].boolean;
	g->deny_unlink = values[GROUP_DENY_UNLINK].boolean;
	for (size_t i = 0; i < _GROUP_MAX; i++) {
		if (!lists[i]) {
			continue;
		}
		q = i == GROUP_DENY_COMMANDS ? 0 : check_paths(r, at, &values[i]);
		if (q < 0) {
			return q;
		}
		if (!g->foreign && value_to_list(&values[i], lists[i]) < 0) {
			return error_oom(r->err);
		}
	}
	return 0;
}

static int read_group(
	struct reader *r, struct json_span key, struct json_span v, struct policy_group *g)
{
	struct profile_value values[_GROUP_MAX] = { 0 };
	int q;

	q = reader_name(r, key, "a group", &g->name);
	if (q < 0) {
		return q;
	}
	g->line = reader_line(r, key);
	g->file = strdup(r->file);
	if (!g->file) {
		return error_oom(r->err);
	}
	if (json_kind(v) != JSON_OBJECT) {
		return reader_fail(r, v, "group '%s' must be an object", g->name);
	}
	q = reader_members(r, &group_keys, v, values);
	if (q == 0) {
		q = fill(r, g, key, values);
	}
	for (size_t i = 0; i < _GROUP_MAX; i++) {
		value_deinit(&values[i]);
	}
	return q;
}

/* Appends one that is empty. */
static struct policy_group *append(struct policy_groups *groups)
{
	void *items = groups->items;

	if (array_grow(&items, groups->n, sizeof(*groups->items)) < 0) {
		return NULL;
	}
	groups->items = items;
	groups->items[groups->n] = (struct policy_group){ 0 };
	return &groups->items[groups->n++];
}

struct rules {
	const struct policy_groups *known;
	bool extends, may_lock;
};

static int read_checked(struct reader *r, struct policy_groups *groups, const struct rules *rules,
	struct json_span key, struct json_span v)
{
	struct policy_group *g = append(groups);
	const struct policy_group *before;
	int q;

	if (!g) {
		return error_oom(r->err);
	}
	q = read_group(r, key, v, g);
	if (q < 0) {
		return q;
	}
	before = groups_find(rules->known, g->name);
	if (before && !rules->extends) {
		return reader_fail(r, key, "group '%s' is in %s already; choose another name",
			g->name, before->file);
	}
	if (g->locked && !rules->may_lock) {
		return reader_fail(r, key,
			"group '%s' is locked, which only an administrator's document can say",
			g->name);
	}
	return 0;
}

/* The members of the document's groups object; a document without one is that object. */
static int read_groups(struct reader *r, struct policy_groups *groups, const struct rules *rules)
{
	struct json_span inner = json_member(r->root, "groups");
	struct json_iter it = json_iter(r->root);
	struct json_span key, v;
	int q = 0;

	while (q == 0 && json_next(&it, &key, &v)) {
		if (json_string_equal(key, "$schema") || json_string_equal(key, "meta") ||
			json_string_equal(key, "groups")) {
			continue;
		}
		q = inner.p ? reader_fail(r, key, "a document of groups has groups and meta only")
			    : read_checked(r, groups, rules, key, v);
	}
	if (q == 0 && inner.p && json_kind(inner) != JSON_OBJECT) {
		return reader_fail(r, inner, "'groups' must be an object");
	}
	it = json_iter(inner);
	while (q == 0 && json_next(&it, &key, &v)) {
		q = read_checked(r, groups, rules, key, v);
	}
	return q;
}

static int extend(struct policy_group *g, struct policy_group *by)
{
	g->required |= by->required;
	g->locked |= by->locked;
	g->deny_unlink |= by->deny_unlink;
	if (!g->description) {
		g->description = TAKE_PTR(by->description);
	}
	return strlist_add_all_once(&g->read, &by->read) < 0 ||
			       strlist_add_all_once(&g->read_file, &by->read_file) < 0 ||
			       strlist_add_all_once(&g->write, &by->write) < 0 ||
			       strlist_add_all_once(&g->read_write, &by->read_write) < 0 ||
			       strlist_add_all_once(&g->deny, &by->deny) < 0 ||
			       strlist_add_all_once(&g->deny_commands, &by->deny_commands) < 0
		       ? -ENOMEM
		       : 0;
}

static int add(struct policy_groups *into, struct policy_group *g)
{
	struct policy_group *there = find(into, g->name);

	if (there) {
		return extend(there, g);
	}
	there = append(into);
	if (!there) {
		return -ENOMEM;
	}
	*there = *g;
	*g = (struct policy_group){ 0 };
	return 0;
}

int groups_parse(struct policy_groups *into, const char *file, const char *text, size_t n,
	bool jsonc, bool extends, bool may_lock, struct nono_error *err)
{
	const struct rules rules = { .known = into, .extends = extends, .may_lock = may_lock };
	_cleanup_(reader_deinit) struct reader r = { .file = file, .err = err };
	_cleanup_(groups_deinit) struct policy_groups groups = { 0 };
	int q;

	q = reader_init(&r, text, n, jsonc);
	if (q == 0) {
		q = read_groups(&r, &groups, &rules);
	}
	for (size_t i = 0; q == 0 && i < groups.n; i++) {
		q = add(into, &groups.items[i]) < 0 ? error_oom(err) : 0;
	}
	return q;
}
