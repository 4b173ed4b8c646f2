/* SPDX-License-Identifier: Apache-2.0 */
/* Keeping documents and finding what is in them. A library on top of another has the user's
 * documents only; everything is looked for there first. */
#include "policy/library.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "libcore/base/cleanup.h"
#include "libcore/base/error.h"
#include "libcore/base/path.h"
#include "libcore/base/str.h"
#include "policy/library-private.h"

#define NAMES_MAX 8192 /* of groups, or in a network policy: they are looked for one by one */

static bool is_jsonc(const char *file)
{
	size_t n = strlen(file);

	return n > 6 && str_equal(file + n - 6, ".jsonc");
}

static int add_embedded(struct library *l, const struct embedded_document *e,
	enum document_kind kind, struct nono_error *err)
{
	const struct policy_document d = {
		.kind = kind,
		.origin = ORIGIN_BUILTIN,
		.name = e->name,
		.file = e->file,
		.text = e->text,
		.n = e->n,
	};

	return library_add(l, &d, err);
}

int library_new(struct library **ret, struct nono_error *err)
{
	_cleanup_(library_freep) struct library *l = calloc(1, sizeof(*l));
	int r;

	if (!l) {
		return error_oom(err);
	}
	r = add_embedded(l, &embedded_policy, DOCUMENT_GROUPS, err);
	if (r == 0) {
		r = add_embedded(l, &embedded_network, DOCUMENT_NETWORK, err);
	}
	for (size_t i = 0; r == 0 && i < embedded_profiles_n; i++) {
		r = add_embedded(l, &embedded_profiles[i], DOCUMENT_PROFILE, err);
	}
	if (r < 0) {
		return r;
	}
	*ret = TAKE_PTR(l);
	return 0;
}

int library_extend(struct library **ret, const struct library *base, struct nono_error *err)
{
	struct library *l = calloc(1, sizeof(*l));

	if (!l) {
		return error_oom(err);
	}
	l->base = base;
	*ret = l;
	return 0;
}

void library_free(struct library *l)
{
	if (!l) {
		return;
	}
	groups_deinit(&l->groups);
	network_deinit(&l->network);
	for (size_t i = 0; i < l->n_profiles; i++) {
		profile_free(l->profiles[i].profile);
	}
	free(l->profiles);
	for (size_t i = 0; i < l->n_absent; i++) {
		free(l->absent[i].name);
		free(l->absent[i].from_file);
	}
	free(l->absent);
	for (size_t i = 0; i < l->n_projects; i++) {
		profile_free(l->projects[i].profile);
	}
	free(l->projects);
	strlist_deinit(&l->warnings);
	free(l);
}

static int check_names(size_t n, const char *file, struct nono_error *err)
{
	return n > NAMES_MAX ? error_set(err, NONO_LIMIT, E2BIG,
				       "%s: more than %d names, with those of other documents",
				       file, NAMES_MAX)
			     : 0;
}

static int add_groups(struct library *l, const struct policy_document *d, struct nono_error *err)
{
	bool users = d->origin == ORIGIN_USER;
	size_t n = l->groups.n;
	int r = groups_parse(
		&l->groups, d->file, d->text, d->n, is_jsonc(d->file), !users, !users, err);

	if (r == 0) {
		r = check_names(l->groups.n, d->file, err);
	}
	if (r < 0) {
		return r;
	}
	for (size_t i = n; l->base && i < l->groups.n; i++) {
		const struct policy_group *before = library_group(l->base, l->groups.items[i].name);
		if (before) {
			return error_set(err, NONO_INVALID, EINVAL,
				"%s:%zu: group '%s' is in %s already; choose another name", d->file,
				l->groups.items[i].line, before->name, before->file);
		}
	}
	return 0;
}

static int double_in_network(
	const char *file, size_t line, const char *what, const char *name, struct nono_error *err)
{
	return error_set(err, NONO_INVALID, EINVAL,
		"%s:%zu: %s '%s' is there already; choose another name", file, line, what, name);
}

static int add_network(struct library *l, const struct policy_document *d, struct nono_error *err)
{
	const struct network_policy *own = &l->network;
	const size_t groups = own->n_groups, profiles = own->n_profiles, services = own->n_services;
	int r = network_parse(&l->network, d->file, d->text, d->n, is_jsonc(d->file),
		d->origin != ORIGIN_USER, err);

	if (r == 0) {
		r = check_names(own->n_groups + own->n_profiles + own->n_services, d->file, err);
	}
	if (r < 0 || !l->base) {
		return r;
	}
	for (size_t i = groups; i < own->n_groups; i++) {
		if (library_network_group(l->base, own->groups[i].name)) {
			return double_in_network(d->file, own->groups[i].line, "host group",
				own->groups[i].name, err);
		}
	}
	for (size_t i = profiles; i < own->n_profiles; i++) {
		if (library_network_profile(l->base, own->profiles[i].name)) {
			return double_in_network(d->file, own->profiles[i].line, "network profile",
				own->profiles[i].name, err);
		}
	}
	for (size_t i = services; i < own->n_services; i++) {
		if (library_service(l->base, own->services[i].name)) {
			return double_in_network(d->file, own->services[i].line, "service",
				own->services[i].name, err);
		}
	}
	return 0;
}

static int add_absent(struct library *l, const struct policy_document *d, struct nono_error *err)
{
	struct library_absent a = { strdup(d->name), strdup(d->file) };

	if (!a.name || !a.from_file ||
		array_grow((void **)&l->absent, l->n_absent, sizeof(*l->absent)) < 0) {
		free(a.name);
		free(a.from_file);
		return error_oom(err);
	}
	l->absent[l->n_absent++] = a;
	return 0;
}

static int add_profile(struct library *l, const struct policy_document *d, struct nono_error *err)
{
	_cleanup_(profile_freep) struct profile *p = NULL;
	int r;

	if (d->origin == ORIGIN_USER && d->n == 0) {
		return add_absent(l, d, err);
	}
	/* A project's is not referred to. */
	r = profile_parse(&p, d->name ? d->name : "", d->file, d->text, d->n, is_jsonc(d->file),
		&l->warnings, err);
	if (r < 0) {
		return r;
	}
	if (d->origin == ORIGIN_PROJECT) {
		if (array_grow((void **)&l->projects, l->n_projects, sizeof(*l->projects)) < 0) {
			return error_oom(err);
		}
		l->projects[l->n_projects++] = (struct library_project){ TAKE_PTR(p), d->trusted };
		return 0;
	}
	if (array_grow((void **)&l->profiles, l->n_profiles, sizeof(*l->profiles)) < 0) {
		return error_oom(err);
	}
	l->profiles[l->n_profiles++] = (struct library_profile){ TAKE_PTR(p), d->origin };
	return 0;
}

int library_add(struct library *l, const struct policy_document *d, struct nono_error *err)
{
	if (l->base && d->origin != ORIGIN_USER && d->origin != ORIGIN_PROJECT) {
		return error_set(err, NONO_INTERNAL, EINVAL,
			"%s: a shared library takes no documents of the system", d->file);
	}
	if (d->origin == ORIGIN_PROJECT && d->kind != DOCUMENT_PROFILE) {
		return error_set(err, NONO_INVALID, EINVAL,
			"%s: a project has no groups and networks of its own", d->file);
	}
	switch (d->kind) {
	case DOCUMENT_GROUPS:
		return add_groups(l, d, err);
	case DOCUMENT_NETWORK:
		return add_network(l, d, err);
	case DOCUMENT_PROFILE:
	default:
		return add_profile(l, d, err);
	}
}

const struct policy_group *library_group(const struct library *l, const char *name)
{
	const struct policy_group *g = NULL;

	for (; l && !g; l = l->base) {
		g = groups_find(&l->groups, name);
	}
	return g;
}

const struct policy_group *library_group_at(const struct library *l, size_t index)
{
	size_t n_base = l->base ? l->base->groups.n : 0;

	if (index < n_base) {
		return &l->base->groups.items[index];
	}
	index -= n_base;
	return index < l->groups.n ? &l->groups.items[index] : NULL;
}

/* True when a and b are files of one directory. */
static bool are_siblings(const char *a, const char *b)
{
	const char *end = strrchr(a, '/');
	size_t n = end ? (size_t)(end - a) + 1 : 0;

	return n > 0 && strncmp(a, b, n) == 0 && !strchr(b + n, '/');
}

/* True when file is NAME.json or NAME.jsonc, directories aside. */
static bool is_file_of(const char *file, const char *name)
{
	const char *slash = strrchr(file, '/');
	const char *rest = str_after(slash ? slash + 1 : file, name);

	return rest && (str_equal(rest, ".json") || str_equal(rest, ".jsonc"));
}

/* True when ref, found in from_file, is the file of p. */
static bool is_named_file(const struct profile *p, const char *ref, const char *from_file)
{
	_cleanup_free_ char *dir = NULL, *path = NULL;
	const char *slash = from_file ? strrchr(from_file, '/') : NULL;

	if (!slash || str_after(ref, "~/")) {
		return str_equal(p->name, ref);
	}
	dir = strndup(from_file, (size_t)(slash - from_file) + 1);
	path = dir ? path_absolute(dir, ref) : NULL;
	return path && str_equal(p->file, path);
}

/* How near p is to a reference: 0 for not meant at all. */
static int nearness(
	const struct library_profile *e, const char *ref, const char *from_file, bool users)
{
	const struct profile *p = e->profile;

	if ((e->origin == ORIGIN_USER && !users) || (from_file && str_equal(p->file, from_file))) {
		return 0;
	}
	if (profile_ref_is_file(ref)) {
		return is_named_file(p, ref, from_file) ? 1 : 0;
	}
	if (from_file && are_siblings(from_file, p->file) && is_file_of(p->file, ref)) {
		return _ORIGIN_MAX + 1;
	}
	return str_equal(p->name, ref) ? (int)e->origin + 1 : 0;
}

bool library_is_users(const struct library *l, const char *file)
{
	for (; l; l = l->base) {
		for (size_t i = 0; i < l->n_profiles; i++) {
			if (l->profiles[i].origin == ORIGIN_USER &&
				str_equal(l->profiles[i].profile->file, file)) {
				return true;
			}
		}
		for (size_t i = 0; i < l->n_projects; i++) {
			if (str_equal(l->projects[i].profile->file, file)) {
				return true;
			}
		}
	}
	return false;
}

bool library_was_searched(const struct library *l, const char *name, const char *from_file)
{
	for (; l; l = l->base) {
		for (size_t i = 0; i < l->n_absent; i++) {
			if (str_equal(l->absent[i].name, name) &&
				str_equal(l->absent[i].from_file, from_file)) {
				return true;
			}
		}
	}
	return false;
}

const struct library_profile *library_look_up(
	const struct library *l, const char *name, const char *from_file)
{
	bool users = !from_file || library_is_users(l, from_file);
	const struct library_profile *best = NULL;
	int best_nearness = 0;

	for (; l; l = l->base) {
		for (size_t i = 0; i < l->n_profiles; i++) {
			int n = nearness(&l->profiles[i], name, from_file, users);
			if (n > best_nearness) {
				best = &l->profiles[i];
				best_nearness = n;
			}
		}
	}
	return best;
}

const struct profile *library_profile(
	const struct library *l, const char *name, const char *from_file)
{
	const struct library_profile *e = library_look_up(l, name, from_file);

	return e ? e->profile : NULL;
}

const struct profile *library_profile_at(
	const struct library *l, size_t index, enum policy_origin *ret_origin)
{
	size_t n_base = l->base ? l->base->n_profiles : 0;
	const struct library_profile *e = NULL;

	if (index < n_base) {
		e = &l->base->profiles[index];
	} else if (index - n_base < l->n_profiles) {
		e = &l->profiles[index - n_base];
	}
	if (!e) {
		return NULL;
	}
	if (ret_origin) {
		*ret_origin = e->origin;
	}
	return e->profile;
}

const struct network_policy *library_network(const struct library *l, size_t index)
{
	if (l->base) {
		return index == 0 ? &l->base->network : index == 1 ? &l->network : NULL;
	}
	return index == 0 ? &l->network : NULL;
}

const struct network_group *library_network_group(const struct library *l, const char *name)
{
	for (; l; l = l->base) {
		for (size_t i = 0; i < l->network.n_groups; i++) {
			if (str_equal(l->network.groups[i].name, name)) {
				return &l->network.groups[i];
			}
		}
	}
	return NULL;
}

const struct network_profile *library_network_profile(const struct library *l, const char *name)
{
	for (; l; l = l->base) {
		for (size_t i = 0; i < l->network.n_profiles; i++) {
			if (str_equal(l->network.profiles[i].name, name)) {
				return &l->network.profiles[i];
			}
		}
	}
	return NULL;
}

const struct credential_service *library_service(const struct library *l, const char *name)
{
	for (; l; l = l->base) {
		for (size_t i = 0; i < l->network.n_services; i++) {
			if (str_equal(l->network.services[i].name, name)) {
				return &l->network.services[i];
			}
		}
	}
	return NULL;
}

const struct profile *library_project(const struct library *l, size_t index, bool *ret_trusted)
{
	if (index >= l->n_projects) {
		return NULL;
	}
	*ret_trusted = l->projects[index].trusted;
	return l->projects[index].profile;
}

const struct strlist *library_warnings(const struct library *l)
{
	return &l->warnings;
}
