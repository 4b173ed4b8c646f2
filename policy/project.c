/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The document of the project that is worked on. Whoever wrote the project wrote it, and what runs
 * inside may change it: until the user has accepted its text, only what takes something away
 * counts. Relative paths in it are the project's, wherever in it one starts.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "libcore/base/buf.h"
#include "libcore/base/cleanup.h"
#include "libcore/base/error.h"
#include "libcore/base/str.h"
#include "policy/library-private.h"
#include "policy/resolve-private.h"
#include "policy/value.h"

static bool only_denies(const struct library *l, const char *name)
{
	const struct policy_group *g = library_group(l, name);

	return g && g->read.n == 0 && g->read_file.n == 0 && g->write.n == 0 &&
	       g->read_write.n == 0;
}

/* Keeps the groups that only deny. True when there were others. */
static bool keep_denying_groups(struct profile_value *v, const struct library *l)
{
	size_t kept = 0, n = v->n;

	for (size_t i = 0; i < n; i++) {
		struct profile_item item = v->items[i];
		if (only_denies(l, item.text)) {
			v->items[kept++] = item;
		} else {
			free(item.text);
			free(item.value);
			free(item.from);
		}
	}
	v->n = kept;
	return kept < n;
}

/* Leaves what only takes away. What was dropped is named in rest. */
static void narrow(struct profile *p, const struct library *l, struct buf *rest)
{
	for (size_t i = 0; i < _KEY_MAX; i++) {
		struct profile_value *v = &p->values[i];
		bool dropped = false;
		/* Names and descriptions are for people. */
		if (!v->present || (key_specs[i].merge == MERGE_NEVER && i != KEY_EXTENDS)) {
			continue;
		}
		if (i == KEY_GROUPS_INCLUDE) {
			dropped = keep_denying_groups(v, l);
		} else if (!key_specs[i].narrows) {
			dropped = true;
			value_deinit(v);
		}
		if (dropped) {
			buf_printf(rest, "%s%s", rest->len ? ", " : "", key_specs[i].path);
		}
	}
}

/* dir with every '$' doubled and a slash at its end, so that it stands for itself. */
static char *quoted_directory(const char *file)
{
	_cleanup_(buf_deinit) struct buf out = { 0 };
	const char *end = strrchr(file, '/');

	for (; end && file <= end; file++) {
		buf_append(&out, *file == '$' ? "$$" : file, *file == '$' ? 2 : 1);
	}
	return buf_take(&out);
}

static int anchor(struct profile *p)
{
	_cleanup_free_ char *dir = quoted_directory(p->file);

	if (!dir) {
		return -ENOMEM;
	}
	for (size_t i = 0; i < _KEY_MAX; i++) {
		struct profile_value *v = &p->values[i];
		for (size_t k = 0; key_specs[i].kind == VALUE_PATHS && k < v->n; k++) {
			char *path;
			if (v->items[k].text[0] == '\0' || strchr("/~$", v->items[k].text[0])) {
				continue;
			}
			if (asprintf(&path, "%s%s", dir, v->items[k].text) < 0) {
				return -ENOMEM;
			}
			free(v->items[k].text);
			v->items[k].text = path;
		}
	}
	return 0;
}

int resolution_add_project(struct resolution *s, const struct profile *project, bool trusted)
{
	_cleanup_(profile_freep) struct profile *mine = profile_clone(project), *top = NULL;
	_cleanup_(buf_deinit) struct buf rest = { 0 };
	int r;

	if (!mine || anchor(mine) < 0) {
		return error_oom(s->err);
	}
	if (!trusted) {
		narrow(mine, s->library, &rest);
	}
	if (buf_error(&rest)) {
		return error_oom(s->err);
	}
	if (rest.len > 0) {
		char line[512];
		snprintf(line, sizeof(line),
			"%.200s is not trusted, so this in it does not count: %.120s (nono "
			"trust-project accepts it as it is)",
			project->file, rest.data);
		if (strlist_add(&s->result.warnings, line) < 0) {
			return error_oom(s->err);
		}
	}
	r = library_compose_project(&top, s->library, mine, s->profile, s->missing, s->err);
	if (r < 0) {
		return r;
	}
	profile_free(s->profile);
	s->profile = TAKE_PTR(top);
	return 0;
}
