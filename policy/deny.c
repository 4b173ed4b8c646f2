/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/deny.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "libcore/base/cleanup.h"
#include "libcore/base/path.h"
#include "libcore/base/str.h"
#include "policy/canonical.h"

static void rule_deinit(struct deny_rule *r)
{
	free(r->path);
	free(r->source);
	free(r->description);
	*r = (struct deny_rule){ 0 };
}

int deny_add(struct deny_list *list, const char *path, const char *source, const char *description,
	bool locked)
{
	struct deny_rule rule = {
		.path = strdup(path), .source = strdup(source), .locked = locked
	};

	rule.description = description ? strdup(description) : NULL;
	if (!rule.path || !rule.source || (description && !rule.description) ||
		array_grow((void **)&list->rules, list->n, sizeof(*list->rules)) < 0) {
		rule_deinit(&rule);
		return -ENOMEM;
	}
	list->rules[list->n++] = rule;
	return 0;
}

static bool is_lifted(const struct deny_list *list, const char *path)
{
	for (size_t i = 0; i < list->bypass.n; i++) {
		if (path_is_below(path, list->bypass.items[i])) {
			return true;
		}
	}
	return false;
}

bool deny_is_in_force(const struct deny_list *list, const struct deny_rule *rule)
{
	return rule->locked || !is_lifted(list, rule->path);
}

/* All covering rules lie on the way to the path, so the longest is the nearest. */
static bool decides_before(const struct deny_rule *a, const struct deny_rule *b)
{
	if (!b || a->locked != b->locked) {
		return !b || a->locked;
	}
	return strlen(a->path) > strlen(b->path);
}

enum deny_verdict deny_check(
	const struct deny_list *list, const char *path, const struct deny_rule **ret_rule)
{
	const struct deny_rule *covering = NULL, *inside = NULL;
	bool path_lifted = is_lifted(list, path);

	for (size_t i = 0; i < list->n; i++) {
		const struct deny_rule *r = &list->rules[i];
		switch (path_relate(path, r->path)) {
		case PATH_BELOW:
			if ((r->locked || !path_lifted) && decides_before(r, covering)) {
				covering = r;
			}
			break;
		case PATH_ABOVE:
			if ((!inside || r->locked > inside->locked) && deny_is_in_force(list, r)) {
				inside = r;
			}
			break;
		case PATH_APART:
		default:
			break;
		}
	}
	if (!covering && !inside) {
		return DENY_NONE;
	}
	if (ret_rule) {
		*ret_rule = covering ? covering : inside;
	}
	return covering ? DENY_COVERS : DENY_CONTAINS;
}

/* Takes alias, another name of what rule i denies. What is lifted stays so under that name; but
 * nobody follows the symlinks of a lifted path itself, which may be in anybody's directory. */
static int add_alias(struct deny_list *list, char *alias, size_t i)
{
	_cleanup_free_ char *name = alias;
	const struct deny_rule *r = &list->rules[i];
	size_t n = strlen(r->path);

	if (!name) {
		return -ENOMEM;
	}
	if (str_equal(name, r->path) || (!r->locked && is_lifted(list, r->path))) {
		return 0;
	}
	for (size_t k = 0, n_bypass = list->bypass.n; k < n_bypass && !r->locked; k++) {
		const char *lifted = list->bypass.items[k];
		if (path_is_below(lifted, r->path) &&
			strlist_take(&list->bypass, path_absolute(name, lifted + n + 1)) < 0) {
			return -ENOMEM;
		}
	}
	return deny_add(list, name, r->source, r->description, r->locked);
}

int deny_add_alias(struct deny_list *list, size_t rule, const char *name)
{
	return add_alias(list, strdup(name), rule);
}

int deny_add_canonical(struct deny_list *list)
{
	_cleanup_(canonical_memo_deinit) struct canonical_memo memo = { 0 };
	size_t n = list->n;

	for (size_t i = 0; i < n; i++) {
		if (add_alias(list, canonical_target(list->rules[i].path, &memo), i) < 0 ||
			add_alias(list, canonical_name(list->rules[i].path, &memo), i) < 0) {
			return -ENOMEM;
		}
	}
	return 0;
}

void deny_deinit(struct deny_list *list)
{
	for (size_t i = 0; i < list->n; i++) {
		rule_deinit(&list->rules[i]);
	}
	free(list->rules);
	strlist_deinit(&list->bypass);
	*list = (struct deny_list){ 0 };
}
