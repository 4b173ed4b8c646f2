/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/places.h"

#include <errno.h>
#include <pwd.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "libcore/base/cleanup.h"
#include "libcore/base/error.h"
#include "libcore/base/path.h"

static bool is_own_directory(const char *path, uid_t uid)
{
	struct stat st;

	return path && path[0] == '/' && stat(path, &st) == 0 && S_ISDIR(st.st_mode) &&
	       st.st_uid == uid;
}

/* The directory the environment names when it is the user's own, else the one below home; NULL
 * when out of memory. */
static char *own_or_default(const char *from_env, uid_t uid, const char *home, const char *below)
{
	if (is_own_directory(from_env, uid)) {
		return path_absolute("/", from_env);
	}
	return path_absolute(home, below);
}

static char *home_from_passwd(uid_t uid)
{
	char buffer[4096];
	struct passwd pw, *found = NULL;

	if (getpwuid_r(uid, &pw, buffer, sizeof(buffer), &found) != 0 || !found ||
		found->pw_dir[0] != '/') {
		/* A uid without an account: what is not there cannot be protected either. */
		return strdup("/nonexistent");
	}
	return path_absolute("/", found->pw_dir);
}

int places_init_documents(struct policy_places *ret, uid_t uid, char *(*get)(const char *name),
	struct nono_error *err)
{
	_cleanup_(places_deinit) struct policy_places p = { 0 };
	const char *env = get("HOME");

	p.home = is_own_directory(env, uid) ? path_absolute("/", env) : home_from_passwd(uid);
	if (!p.home) {
		return error_oom(err);
	}
	p.config = own_or_default(get("XDG_CONFIG_HOME"), uid, p.home, ".config");
	p.state = own_or_default(get("XDG_STATE_HOME"), uid, p.home, ".local/state");
	p.data = own_or_default(get("XDG_DATA_HOME"), uid, p.home, ".local/share");
	p.cache = own_or_default(get("XDG_CACHE_HOME"), uid, p.home, ".cache");
	if (!p.config || !p.state || !p.data || !p.cache) {
		return error_oom(err);
	}
	*ret = p;
	p = (struct policy_places){ 0 };
	return 0;
}

int places_init(struct policy_places *ret, uid_t uid, char *(*get)(const char *name),
	const char *nono_runtime, struct nono_error *err)
{
	_cleanup_(places_deinit) struct policy_places p = { 0 };
	const char *env = get("XDG_RUNTIME_DIR");
	int r = places_init_documents(&p, uid, get, err);

	if (r < 0) {
		return r;
	}
	p.account = home_from_passwd(uid);
	if (!p.account) {
		return error_oom(err);
	}
	if (is_own_directory(env, uid)) {
		p.runtime = path_absolute("/", env);
		if (!p.runtime) {
			return error_oom(err);
		}
	}
	if (nono_runtime) {
		p.nono = path_absolute("/", nono_runtime);
		if (!p.nono) {
			return error_oom(err);
		}
	}
	*ret = p;
	p = (struct policy_places){ 0 };
	return 0;
}

void places_deinit(struct policy_places *p)
{
	free(p->home);
	free(p->account);
	free(p->config);
	free(p->state);
	free(p->data);
	free(p->cache);
	free(p->runtime);
	free(p->nono);
	*p = (struct policy_places){ 0 };
}
