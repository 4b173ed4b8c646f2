/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The capability set: life cycle, path grants and unix socket grants (the rest is in settings.c).
 *
 * A set owns every string in it. What is in a set was checked when it was added: enum values are
 * valid, a group has a name and nothing else has one, resolved is absolute and clean. Adding
 * either happens whole or leaves the set as it was.
 */
#include "libcore/caps.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "libcore/base/cleanup.h"
#include "libcore/base/error.h"
#include "libcore/base/path.h"
#include "libcore/base/str.h"
#include "libcore/resolve.h"

#define GROUP_NAME_MAX 255

const char *nono_version(void)
{
	return NONO_VERSION;
}

int nono_caps_new(struct nono_caps **ret)
{
	struct nono_caps *caps;

	if (!ret) {
		return -EINVAL;
	}
	caps = calloc(1, sizeof(*caps));
	if (!caps) {
		return -ENOMEM;
	}
	*ret = caps;
	return 0;
}

/* The public view has const strings, the set owns them. */
static void free_string(const char *s)
{
	free((void *)s);
}

void caps_path_deinit(struct nono_fs_grant *g)
{
	free_string(g->original);
	free_string(g->resolved);
	free_string(g->source_name);
}

void caps_unix_deinit(struct nono_unix_grant *g)
{
	free_string(g->original);
	free_string(g->resolved);
	free_string(g->source_name);
}

static void names_deinit(struct caps_names *names)
{
	for (size_t i = 0; i < names->n; i++) {
		free(names->items[i]);
	}
	free(names->items);
}

void nono_caps_free(struct nono_caps *caps)
{
	if (!caps) {
		return;
	}
	for (size_t i = 0; i < caps->n_paths; i++) {
		caps_path_deinit(&caps->paths[i]);
	}
	free(caps->paths);
	for (size_t i = 0; i < caps->n_unix_sockets; i++) {
		caps_unix_deinit(&caps->unix_sockets[i]);
	}
	free(caps->unix_sockets);
	free(caps->connect.items);
	free(caps->bind.items);
	free(caps->localhost.items);
	names_deinit(&caps->allowed_commands);
	names_deinit(&caps->blocked_commands);
	free(caps);
}

static int check_source(enum nono_source source, const char *group, struct nono_error *err)
{
	size_t n = group ? strlen(group) : 0;

	if (!nono_source_to_string(source)) {
		return error_set(err, NONO_INVALID, EINVAL, "no such source: %d", (int)source);
	}
	if (source != NONO_SOURCE_GROUP && group) {
		return error_set(err, NONO_INVALID, EINVAL, "only a group has a group name");
	}
	if (source == NONO_SOURCE_GROUP &&
		(n == 0 || n > GROUP_NAME_MAX || !str_is_utf8(group, n))) {
		return error_set(err, NONO_INVALID, EINVAL, "a group needs a name in UTF-8");
	}
	return 0;
}

static int check_access(enum nono_access access, struct nono_error *err)
{
	if (!nono_access_to_string(access)) {
		return error_set(err, NONO_INVALID, EINVAL, "no such access: %d", (int)access);
	}
	return 0;
}

static int check_room(size_t n, struct nono_error *err)
{
	if (n >= CAPS_GRANTS_MAX) {
		return error_set(
			err, NONO_LIMIT, E2BIG, "more than %d grants in one set", CAPS_GRANTS_MAX);
	}
	return 0;
}

/* Copies three strings; the last may be NULL. */
static int copy_strings(const char *original, const char *resolved, const char *name,
	const char **ret_original, const char **ret_resolved, const char **ret_name)
{
	_cleanup_free_ char *a = strdup(original), *b = strdup(resolved);
	_cleanup_free_ char *c = name ? strdup(name) : NULL;

	if (!a || !b || (name && !c)) {
		return -ENOMEM;
	}
	*ret_original = TAKE_PTR(a);
	*ret_resolved = TAKE_PTR(b);
	*ret_name = TAKE_PTR(c);
	return 0;
}

/* Appends a copy of *g, which was checked. */
static int append_path(
	struct nono_caps *caps, const struct nono_fs_grant *g, struct nono_error *err)
{
	struct nono_fs_grant copy = *g;
	int r = check_room(caps->n_paths, err);

	if (r < 0) {
		return r;
	}
	if (array_grow((void **)&caps->paths, caps->n_paths, sizeof(*caps->paths)) < 0 ||
		copy_strings(g->original, g->resolved, g->source_name, &copy.original,
			&copy.resolved, &copy.source_name) < 0) {
		return error_oom(err);
	}
	caps->paths[caps->n_paths++] = copy;
	return 0;
}

static int append_unix(
	struct nono_caps *caps, const struct nono_unix_grant *g, struct nono_error *err)
{
	struct nono_unix_grant copy = *g;
	int r = check_room(caps->n_unix_sockets, err);

	if (r < 0) {
		return r;
	}
	if (array_grow((void **)&caps->unix_sockets, caps->n_unix_sockets,
		    sizeof(*caps->unix_sockets)) < 0 ||
		copy_strings(g->original, g->resolved, g->source_name, &copy.original,
			&copy.resolved, &copy.source_name) < 0) {
		return error_oom(err);
	}
	caps->unix_sockets[caps->n_unix_sockets++] = copy;
	return 0;
}

static int allow(struct nono_caps *caps, const char *path, enum nono_access access, bool is_file,
	enum nono_source source, const char *group, struct nono_error *err)
{
	_cleanup_free_ char *resolved = NULL;
	mode_t type;
	int r;

	if (!caps) {
		return error_set(err, NONO_INVALID, EINVAL, "no capability set");
	}
	r = check_access(access, err);
	if (r == 0) {
		r = check_source(source, group, err);
	}
	if (r == 0) {
		r = resolve_existing(path, &resolved, &type, err);
	}
	if (r < 0) {
		return r;
	}
	if (!is_file && type != S_IFDIR) {
		return error_set(
			err, NONO_EXPECTED_DIRECTORY, ENOTDIR, "not a directory: %s", path);
	}
	if (is_file && type == S_IFDIR) {
		return error_set(err, NONO_EXPECTED_FILE, EISDIR, "is a directory: %s", path);
	}
	return append_path(caps,
		&(struct nono_fs_grant){ .original = path,
			.resolved = resolved,
			.access = access,
			.is_file = is_file,
			.source = source,
			.source_name = group },
		err);
}

int nono_caps_allow_path(
	struct nono_caps *caps, const char *path, enum nono_access access, struct nono_error *err)
{
	return allow(caps, path, access, false, NONO_SOURCE_USER, NULL, err);
}

int nono_caps_allow_file(
	struct nono_caps *caps, const char *path, enum nono_access access, struct nono_error *err)
{
	return allow(caps, path, access, true, NONO_SOURCE_USER, NULL, err);
}

int nono_caps_allow_path_from(struct nono_caps *caps, const char *path, enum nono_access access,
	enum nono_source source, const char *group, struct nono_error *err)
{
	return allow(caps, path, access, false, source, group, err);
}

int nono_caps_allow_file_from(struct nono_caps *caps, const char *path, enum nono_access access,
	enum nono_source source, const char *group, struct nono_error *err)
{
	return allow(caps, path, access, true, source, group, err);
}

int caps_add_unresolved(struct nono_caps *caps, const char *path, enum nono_access access,
	bool is_file, enum nono_source source, const char *source_name, struct nono_error *err)
{
	_cleanup_free_ char *clean = NULL;
	int r = check_access(access, err);

	if (r == 0) {
		r = check_source(source, source_name, err);
	}
	if (r < 0) {
		return r;
	}
	clean = path_absolute("/", path);
	if (!clean) {
		return error_oom(err);
	}
	if (!str_equal(clean, path)) {
		return error_set(err, NONO_INVALID, EINVAL, "not absolute and clean: %s", path);
	}
	return append_path(caps,
		&(struct nono_fs_grant){ .original = path,
			.resolved = path,
			.access = access,
			.is_file = is_file,
			.source = source,
			.source_name = source_name },
		err);
}

int nono_caps_allow_unix_socket(struct nono_caps *caps, const char *path,
	enum nono_unix_scope scope, enum nono_unix_mode mode, struct nono_error *err)
{
	return nono_caps_allow_unix_socket_from(
		caps, path, scope, mode, NONO_SOURCE_USER, NULL, err);
}

static int check_unix(const char *path, const char *resolved, mode_t type,
	enum nono_unix_scope scope, struct nono_error *err)
{
	if (scope == NONO_UNIX_FILE) {
		if (type == S_IFDIR) {
			return error_set(
				err, NONO_EXPECTED_FILE, EISDIR, "is a directory: %s", path);
		}
		return 0;
	}
	if (type != S_IFDIR) {
		return error_set(
			err, NONO_EXPECTED_DIRECTORY, ENOTDIR, "not a directory: %s", path);
	}
	if (str_equal(resolved, "/")) {
		return error_set(err, NONO_INVALID, EINVAL,
			"a unix socket grant on / would be one on every socket");
	}
	return 0;
}

int nono_caps_allow_unix_socket_from(struct nono_caps *caps, const char *path,
	enum nono_unix_scope scope, enum nono_unix_mode mode, enum nono_source source,
	const char *group, struct nono_error *err)
{
	_cleanup_free_ char *resolved = NULL;
	mode_t type;
	int r;

	if (!caps || !nono_unix_scope_to_string(scope) || !nono_unix_mode_to_string(mode)) {
		return error_set(err, NONO_INVALID, EINVAL, "no capability set, scope or mode");
	}
	r = check_source(source, group, err);
	if (r < 0) {
		return r;
	}
	if (scope == NONO_UNIX_FILE && mode == NONO_UNIX_CONNECT_BIND) {
		r = resolve_creatable(path, &resolved, &type, err);
	} else {
		r = resolve_existing(path, &resolved, &type, err);
	}
	if (r == 0) {
		r = check_unix(path, resolved, type, scope, err);
	}
	if (r < 0) {
		return r;
	}
	return append_unix(caps,
		&(struct nono_unix_grant){ .original = path,
			.resolved = resolved,
			.scope = scope,
			.mode = mode,
			.source = source,
			.source_name = group },
		err);
}

int nono_caps_clone(const struct nono_caps *caps, struct nono_caps **ret)
{
	_cleanup_(caps_freep) struct nono_caps *copy = NULL;
	int r;

	if (!caps || !ret) {
		return -EINVAL;
	}
	r = nono_caps_new(&copy);
	for (size_t i = 0; r == 0 && i < caps->n_paths; i++) {
		r = append_path(copy, &caps->paths[i], NULL);
	}
	for (size_t i = 0; r == 0 && i < caps->n_unix_sockets; i++) {
		r = append_unix(copy, &caps->unix_sockets[i], NULL);
	}
	if (r == 0) {
		r = caps_copy_settings(copy, caps);
	}
	if (r < 0) {
		return r;
	}
	*ret = TAKE_PTR(copy);
	return 0;
}

const struct nono_fs_grant *nono_caps_fs_grant(const struct nono_caps *caps, size_t index)
{
	return caps && index < caps->n_paths ? &caps->paths[index] : NULL;
}

const struct nono_unix_grant *nono_caps_unix_grant(const struct nono_caps *caps, size_t index)
{
	return caps && index < caps->n_unix_sockets ? &caps->unix_sockets[index] : NULL;
}
