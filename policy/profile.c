/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/profile.h"

#include <errno.h>
#include <string.h>

#include "libcore/base/cleanup.h"
#include "libcore/base/error.h"
#include "libcore/base/str.h"
#include "policy/document.h"
#include "policy/value.h"

int profile_parse(struct profile **ret, const char *name, const char *file, const char *text,
	size_t n, bool jsonc, struct strlist *warnings, struct nono_error *err)
{
	_cleanup_(profile_freep) struct profile *p = calloc(1, sizeof(*p));
	_cleanup_(reader_deinit) struct reader r = {
		.file = file,
		.name = str_after(file, BUILTIN_PREFIX) ? name : NULL,
		.warnings = warnings,
		.err = err,
	};
	int q;

	if (!p) {
		return error_oom(err);
	}
	p->name = strdup(name);
	p->file = strdup(file);
	if (!p->name || !p->file) {
		return error_oom(err);
	}
	q = reader_init(&r, text, n, jsonc);
	if (q == 0) {
		q = reader_members(&r, &profile_keys, r.root, p->values);
	}
	if (q < 0) {
		return q;
	}
	*ret = TAKE_PTR(p);
	return 0;
}

void profile_free(struct profile *p)
{
	if (!p) {
		return;
	}
	for (size_t i = 0; i < _KEY_MAX; i++) {
		value_deinit(&p->values[i]);
	}
	free(p->name);
	free(p->file);
	free(p);
}

static int add_all(struct profile_value *into, const struct profile_value *from)
{
	for (size_t i = 0; i < from->n; i++) {
		const struct profile_item *item = &from->items[i];
		if (value_add(into, item->text, item->value, item->from) < 0) {
			return -ENOMEM;
		}
	}
	return 0;
}

static char *copy_text(const char *s, bool *failed)
{
	char *copy = s ? strdup(s) : NULL;

	*failed |= s && !copy;
	return copy;
}

struct profile *profile_clone(const struct profile *p)
{
	_cleanup_(profile_freep) struct profile *copy = calloc(1, sizeof(*copy));
	bool failed = false;

	if (!copy) {
		return NULL;
	}
	copy->name = copy_text(p->name, &failed);
	copy->file = copy_text(p->file, &failed);
	for (size_t i = 0; i < _KEY_MAX; i++) {
		const struct profile_value *from = &p->values[i];
		struct profile_value *v = &copy->values[i];
		v->present = from->present;
		v->sealed = from->sealed;
		v->boolean = from->boolean;
		v->string = copy_text(from->string, &failed);
		v->from = copy_text(from->from, &failed);
		failed |= add_all(v, from) < 0;
	}
	return failed ? NULL : TAKE_PTR(copy);
}

/* The base's elements, then the child's. */
static int merge_list(struct profile_value *child, const struct profile_value *base)
{
	_cleanup_(value_deinit) struct profile_value both = { 0 };
	struct profile_value alone = *child;

	if (add_all(&both, base) < 0 || add_all(&both, child) < 0) {
		return -ENOMEM;
	}
	child->items = both.items;
	child->n = both.n;
	both.items = alone.items;
	both.n = alone.n;
	return 0;
}

static int set_from(struct profile_value *v, const struct profile_value *base)
{
	char *from = strdup(base->from);

	if (!from) {
		return -ENOMEM;
	}
	free(v->from);
	v->from = from;
	return 0;
}

static int merge_value(
	enum merge_rule rule, struct profile_value *child, const struct profile_value *base)
{
	int r = 0;

	if (!base->present || child->sealed || rule == MERGE_NEVER) {
		return 0;
	}
	if (rule == MERGE_CHILD && child->present) {
		return 0;
	}
	if (!child->present || (rule == MERGE_OR && base->boolean && !child->boolean)) {
		r = set_from(child, base);
		if (r < 0) {
			return r;
		}
	}
	switch (rule) {
	case MERGE_CHILD:
		child->boolean = base->boolean;
		if (base->string) {
			child->string = strdup(base->string);
			r = child->string ? 0 : -ENOMEM;
		}
		break;
	case MERGE_OR:
		child->boolean |= base->boolean;
		break;
	case MERGE_APPEND:
		r = merge_list(child, base);
		break;
	case MERGE_MAP:
		r = add_all(child, base);
		break;
	case MERGE_NEVER:
	default:
		break;
	}
	child->present = true;
	child->sealed = base->sealed;
	return r;
}

int profile_merge(struct profile *child, const struct profile *base)
{
	for (size_t i = 0; i < _KEY_MAX; i++) {
		if (merge_value(key_specs[i].merge, &child->values[i], &base->values[i]) < 0) {
			return -ENOMEM;
		}
	}
	return 0;
}
