/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/resolve.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "libcore/base/cleanup.h"
#include "libcore/base/error.h"
#include "libcore/base/path.h"
#include "libcore/base/str.h"
#include "libcore/caps.h"
#include "policy/builtin.h"

static int check_name(const char *path, struct nono_error *err)
{
	_cleanup_free_ char *clean = NULL;

	if (strlen(path) >= PATH_MAX) {
		return error_set(
			err, NONO_INVALID, EINVAL, "a path is longer than %d bytes", PATH_MAX - 1);
	}
	if (path[0] != '/') {
		return error_set(err, NONO_INVALID, EINVAL, "%s is not an absolute path", path);
	}
	clean = path_absolute("/", path);
	if (!clean) {
		return error_oom(err);
	}
	if (!str_equal(clean, path)) {
		return error_set(err, NONO_INVALID, EINVAL, "%s should be written %s", path, clean);
	}
	return 0;
}

static int add_asked(struct nono_caps *caps, const struct policy_grant *g,
	const struct never *never, const char **ret_hint, struct nono_error *err)
{
	int r = check_name(g->path, err);

	if (r < 0) {
		return r;
	}
	r = never_check(never, g->path, g->access, g->is_file, ret_hint, err);
	if (r < 0) {
		return r;
	}
	return caps_add_unresolved(
		caps, g->path, g->access, g->is_file, NONO_SOURCE_USER, NULL, err);
}

/* What is below home is single files, which the user may have put elsewhere by a symlink: where
 * they lead is decided for each session, so they are part of every set. */
static int add_builtin(struct nono_caps *caps, const struct policy_places *places,
	bool without_system, struct nono_error *err)
{
	for (size_t i = 0; i < builtin_grants_n; i++) {
		const struct builtin_grant *g = &builtin_grants[i];
		const char *below = str_after(g->path, "~/");
		_cleanup_free_ char *path = path_absolute(places->home, below ? below : g->path);
		int r;
		if (without_system && !below) {
			continue;
		}
		if (!path) {
			return error_oom(err);
		}
		r = caps_add_unresolved(
			caps, path, g->access, below != NULL, NONO_SOURCE_SYSTEM, NULL, err);
		if (r < 0) {
			return r;
		}
	}
	return 0;
}

int policy_resolve(struct nono_caps **ret, const struct policy_request *request,
	const struct never *never, const struct policy_places *places, const char **ret_hint,
	struct nono_error *err)
{
	_cleanup_(caps_freep) struct nono_caps *caps = NULL;
	int r;

	*ret_hint = NULL;
	r = nono_caps_new(&caps);
	if (r < 0) {
		return error_oom(err);
	}
	caps->network = request->network;
	for (size_t i = 0; i < request->n_grants; i++) {
		r = add_asked(caps, &request->grants[i], never, ret_hint, err);
		if (r < 0) {
			return r;
		}
	}
	if (request->allow_cwd) {
		struct policy_grant cwd = { request->cwd, NONO_READ_WRITE, false };
		if (!request->cwd) {
			return error_set(err, NONO_INVALID, EINVAL,
				"the working directory is to be granted, but its name is not known");
		}
		r = add_asked(caps, &cwd, never, ret_hint, err);
		if (r < 0) {
			return error_wrap(err, "working directory");
		}
	}
	r = add_builtin(caps, places, request->without_system, err);
	if (r < 0) {
		return r;
	}
	*ret = TAKE_PTR(caps);
	return 0;
}

int policy_decide_canonical(const struct never *never, const char *asked, const char *canonical,
	enum nono_access access, bool is_file, const char **ret_hint, struct nono_error *err)
{
	int r = never_check(never, canonical, access, is_file, ret_hint, err);

	if (r < 0 && !str_equal(asked, canonical)) {
		return error_wrap(err, "%s leads to another place", asked);
	}
	return r;
}
