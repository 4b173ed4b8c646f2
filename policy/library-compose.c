/* SPDX-License-Identifier: Apache-2.0 */
/* A profile with everything it builds on. Bases are folded from the farthest to the nearest, so
 * that what one of them clears stays cleared whatever lies behind it. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "libcore/base/buf.h"
#include "libcore/base/cleanup.h"
#include "libcore/base/error.h"
#include "libcore/base/nearest.h"
#include "libcore/base/str.h"
#include "policy/library-private.h"

#define DEPTH_MAX 10
#define STEPS_MAX 100  /* a lattice of ten levels can be walked in very many ways */
#define ITEMS_MAX 4096 /* of one list; lists are compared element by element */

struct composition {
	const struct library *library;
	const struct profile *chain[DEPTH_MAX];
	size_t depth, steps;
	struct strlist *missing; /* may be NULL */
	struct nono_error *err;
};

static int compose(struct composition *c, struct profile **ret, const char *name,
	const char *from_file, const char *const *extra, size_t n_extra);

static int not_found(struct composition *c, const char *name, const char *from_file)
{
	struct nearest nearest = nearest_init(name, strlen(name));
	const struct profile *p;

	for (size_t i = 0; (p = library_profile_at(c->library, i, NULL)); i++) {
		nearest_offer(&nearest, p->name);
	}
	error_set(c->err, NONO_NOT_FOUND, ENOENT, "Profile not found: %s%s%s%s", name,
		nearest.best ? " (did you mean '" : "", nearest.best ? nearest.best : "",
		nearest.best ? "'?)" : "");
	if (from_file) {
		error_wrap(c->err, "%s", from_file);
	}
	return -ENOENT;
}

static int cycle(struct composition *c, const struct profile *again)
{
	_cleanup_(buf_deinit) struct buf chain = { 0 };
	bool inside = false;

	for (size_t i = 0; i < c->depth; i++) {
		inside |= c->chain[i] == again;
		if (inside) {
			buf_printf(&chain, "%s -> ", c->chain[i]->name);
		}
	}
	buf_append_str(&chain, again->name);
	return error_set(c->err, NONO_INVALID, ELOOP, "%s: profiles extend each other: %s",
		again->file, buf_error(&chain) ? again->name : chain.data);
}

/* Whether the user's files may have what is asked for and nobody has looked. */
static bool must_ask(const struct composition *c, const struct library_profile *found,
	const char *name, const char *from_file)
{
	if (!c->missing || !from_file || (found && found->origin == ORIGIN_USER)) {
		return false;
	}
	/* A user's profile that extends its own name means what is behind it. */
	if (c->depth > 0 && str_equal(c->chain[c->depth - 1]->name, name)) {
		return false;
	}
	return library_is_users(c->library, from_file) &&
	       !library_was_searched(c->library, name, from_file);
}

static int merge(struct composition *c, struct profile *child, const struct profile *base)
{
	for (size_t i = 0; i < _KEY_MAX; i++) {
		if (child->values[i].n + base->values[i].n > ITEMS_MAX) {
			return error_set(c->err, NONO_LIMIT, E2BIG,
				"%s: more than %d elements in %s, with those of its bases",
				child->file, ITEMS_MAX, key_specs[i].path);
		}
	}
	return profile_merge(child, base) < 0 ? error_oom(c->err) : 0;
}

/* Puts the profile name, with all it builds on, over *base, which is replaced. */
static int fold(
	struct composition *c, struct profile **base, const char *name, const char *from_file)
{
	_cleanup_(profile_freep) struct profile *next = NULL;
	int r = compose(c, &next, name, from_file, NULL, 0);

	if (r < 0 || !next) {
		return r;
	}
	r = *base ? merge(c, next, *base) : 0;
	if (r < 0) {
		return r;
	}
	profile_free(*base);
	*base = TAKE_PTR(next);
	return 0;
}

static int fold_bases(struct composition *c, struct profile *child, const struct profile *original,
	const char *const *extra, size_t n_extra)
{
	_cleanup_(profile_freep) struct profile *base = NULL;
	const struct profile_value *extends = &original->values[KEY_EXTENDS];
	int r = 0;

	if (c->depth == 1 && !str_equal(original->name, "default")) {
		r = fold(c, &base, "default", NULL);
	}
	for (size_t i = 0; r == 0 && i < n_extra; i++) {
		r = fold(c, &base, extra[i], NULL);
	}
	for (size_t i = 0; r == 0 && i < extends->n; i++) {
		r = fold(c, &base, extends->items[i].text, original->file);
	}
	return r == 0 && base ? merge(c, child, base) : r;
}

/* *ret stays NULL when something is missing that was noted. */
static int compose(struct composition *c, struct profile **ret, const char *name,
	const char *from_file, const char *const *extra, size_t n_extra)
{
	const struct library_profile *found = library_look_up(c->library, name, from_file);
	_cleanup_(profile_freep) struct profile *copy = NULL;
	int r;

	if (must_ask(c, found, name, from_file)) {
		return strlist_add(c->missing, name) < 0 || strlist_add(c->missing, from_file) < 0
			       ? error_oom(c->err)
			       : 0;
	}
	if (!found) {
		return not_found(c, name, from_file);
	}
	for (size_t i = 0; i < c->depth; i++) {
		if (c->chain[i] == found->profile) {
			return cycle(c, found->profile);
		}
	}
	if (c->depth == DEPTH_MAX) {
		return error_set(c->err, NONO_LIMIT, E2BIG,
			"%s: more than %d profiles build on each other", found->profile->file,
			DEPTH_MAX);
	}
	if (++c->steps > STEPS_MAX) {
		return error_set(c->err, NONO_LIMIT, E2BIG,
			"%s: more than %d bases, counted each time they are extended",
			found->profile->file, STEPS_MAX);
	}
	c->chain[c->depth++] = found->profile;
	copy = profile_clone(found->profile);
	r = copy ? fold_bases(c, copy, found->profile, extra, n_extra) : error_oom(c->err);
	c->depth--;
	if (r < 0) {
		return r;
	}
	*ret = TAKE_PTR(copy);
	return 0;
}

static int still_missing(const struct strlist *missing, size_t first, struct nono_error *err)
{
	return error_set(err, NONO_NOT_FOUND, ENOENT,
		"the profile %s is wanted by %s and may be among the user's files",
		missing->items[first], missing->items[first + 1]);
}

int library_compose(struct profile **ret, const struct library *l, const char *name,
	const char *const *extra, size_t n_extra, struct strlist *ret_missing,
	struct nono_error *err)
{
	struct composition c = { .library = l, .missing = ret_missing, .err = err };
	size_t n_missing = ret_missing ? ret_missing->n : 0;
	_cleanup_(profile_freep) struct profile *p = NULL;
	int r = compose(&c, &p, name, NULL, extra, n_extra);

	if (r < 0) {
		return r;
	}
	if (ret_missing && ret_missing->n > n_missing) {
		return still_missing(ret_missing, n_missing, err);
	}
	*ret = TAKE_PTR(p);
	return 0;
}

int library_compose_standard(struct profile **ret, const struct library *l, struct nono_error *err)
{
	struct composition c = { .library = l, .err = err };

	return compose(&c, ret, "default", "", NULL, 0);
}

int library_compose_project(struct profile **ret, const struct library *l,
	const struct profile *project, const struct profile *below, struct strlist *ret_missing,
	struct nono_error *err)
{
	struct composition c = { .library = l, .missing = ret_missing, .err = err };
	_cleanup_(profile_freep) struct profile *top = profile_clone(project);
	_cleanup_(profile_freep) struct profile *base = profile_clone(below);
	const struct profile_value *extends = &project->values[KEY_EXTENDS];
	size_t n_missing = ret_missing ? ret_missing->n : 0;
	int r = top && base ? 0 : error_oom(err);

	c.chain[c.depth++] = project;
	for (size_t i = 0; r == 0 && i < extends->n; i++) {
		r = fold(&c, &base, extends->items[i].text, project->file);
	}
	if (r == 0 && ret_missing && ret_missing->n > n_missing) {
		return still_missing(ret_missing, n_missing, err);
	}
	if (r < 0) {
		return r;
	}
	r = merge(&c, top, base);
	if (r < 0) {
		return r;
	}
	*ret = TAKE_PTR(top);
	return 0;
}
