/* SPDX-License-Identifier: Apache-2.0 */
/* nono profile init: a profile to go on from. What it names is looked for before it is written. */
#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "client/local/local.h"
#include "client/local/profile.h"
#include "client/local/template.h"
#include "client/local/write-file.h"
#include "client/say.h"
#include "libcore/base/cleanup.h"
#include "libcore/base/error.h"
#include "libcore/base/str.h"
#include "libcore/base/visible.h"

#define NAME_MAX_LENGTH 64

static int check_name(const char *name, struct nono_error *err)
{
	size_t n = strlen(name);
	bool good = n > 0 && n <= NAME_MAX_LENGTH && name[0] != '-' && name[n - 1] != '-';

	for (size_t i = 0; good && i < n; i++) {
		good = isascii(name[i]) && (isalnum(name[i]) || name[i] == '-');
	}
	return good ? 0
		    : error_set(err, NONO_INVALID, EINVAL,
			      "'%.100s' cannot be a profile's name: letters, digits and '-' inside, "
			      "at most %d",
			      name, NAME_MAX_LENGTH);
}

/* Somebody who runs a built-in profile must not get another one by its name unawares. */
static int check_builtin(const struct library *l, const char *name, struct nono_error *err)
{
	enum policy_origin origin;
	const struct profile *p;

	for (size_t i = 0; (p = library_profile_at(l, i, &origin)) != NULL; i++) {
		if (origin == ORIGIN_BUILTIN && str_equal(p->name, name)) {
			return error_set(err, NONO_REFUSED, EEXIST,
				"there is a built-in profile '%s'; take another name, and "
				"--extends %s to build on it",
				name, name);
		}
	}
	return 0;
}

static int check_references(
	const struct profile_set *s, const struct arguments *a, struct nono_error *err)
{
	_cleanup_(profile_freep) struct profile *merged = NULL;

	for (size_t i = 0; i < a->groups.n; i++) {
		if (!profile_find_group(s->library, a->groups.items[i], err)) {
			return -ENOENT;
		}
	}
	return library_compose(
		&merged, s->library, "default", a->extends.items, a->extends.n, NULL, err);
}

/* Where to write: -o, or the user's directory, in which no other spelling of the name may be. */
static int choose_path(
	char **ret, const struct profile_set *s, const struct arguments *a, struct nono_error *err)
{
	_cleanup_free_ char *other = NULL;

	if (a->output) {
		*ret = strdup(a->output);
		return *ret ? 0 : error_oom(err);
	}
	other = profile_path(&s->places, a->operands[0], ".json");
	if (!other) {
		return error_oom(err);
	}
	if (!a->force && access(other, F_OK) == 0) {
		return error_set(err, NONO_REFUSED, EEXIST,
			"'%.300s' is there already, and would no longer count; --force writes "
			"beside it",
			other);
	}
	*ret = profile_path(&s->places, a->operands[0], ".jsonc");
	return *ret ? 0 : error_oom(err);
}

/* The text, checked by the parser that will read it. Without comments for a plain .json. */
static int make_text(char **ret, const char *path, const struct template *t, struct nono_error *err)
{
	_cleanup_(buf_deinit) struct buf out = { 0 };
	_cleanup_(profile_freep) struct profile *p = NULL;
	const char *dot = strrchr(path, '.');
	int r;

	template_write(&out, t);
	if (buf_error(&out) == -EINVAL) {
		return error_set(err, NONO_INVALID, EINVAL, "--description must be valid UTF-8");
	}
	if (buf_error(&out) < 0) {
		return error_oom(err);
	}
	r = profile_parse(&p, t->name, path, out.data, out.len, true, NULL, err);
	if (r < 0) {
		return r;
	}
	*ret = dot && str_equal(dot, ".json") ? profile_to_json(p) : buf_take(&out);
	return *ret ? 0 : error_oom(err);
}

static int report(const struct arguments *a, const char *path)
{
	_cleanup_(buf_deinit) struct buf out = { 0 };

	buf_append_str(&out, "Wrote ");
	visible_append(&out, path);
	buf_append_str(&out, "\n");
	if (!a->output) {
		buf_printf(&out, "Edit it, then: nono run --profile %s --allow-cwd -- COMMAND\n",
			a->operands[0]);
	}
	return say_result(&out);
}

int local_profile_init(const struct arguments *a, struct nono_error *err)
{
	_cleanup_(profile_set_deinit) struct profile_set s = { 0 };
	_cleanup_free_ char *path = NULL, *text = NULL;
	const struct template t = {
		.name = a->operands[0],
		.description = a->description,
		.extends = a->extends.items,
		.n_extends = a->extends.n,
		.groups = a->groups.items,
		.n_groups = a->groups.n,
		.full = a->full,
	};
	int r = check_name(t.name, err);

	if (r == 0) {
		r = profile_set_load(&s, NULL, a->extends.items, a->extends.n, err);
	}
	if (r == 0) {
		r = check_builtin(s.library, t.name, err);
	}
	if (r == 0) {
		r = check_references(&s, a, err);
	}
	if (r == 0) {
		r = choose_path(&path, &s, a, err);
	}
	if (r == 0) {
		r = make_text(&text, path, &t, err);
	}
	if (r == 0) {
		r = write_output(path, text, a->force, err);
	}
	if (r < 0) {
		return r;
	}
	return a->silent ? 0 : report(a, path);
}
