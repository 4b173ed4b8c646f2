/* SPDX-License-Identifier: Apache-2.0 */
#include "client/local/decide.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "libcore/base/cleanup.h"
#include "libcore/base/error.h"
#include "libcore/base/path.h"
#include "policy/resolve.h"
#include "proto/runtime.h"

/* Where our programs are, relative to this one: installed, and in a build tree. */
static const char *const program_dirs[] = { ".", "../../bin", "../daemon", "../daemon/session" };

static void caps_freep(struct nono_caps **caps)
{
	nono_caps_free(*caps);
}

/* Puts what to do instead behind the message that is there. */
static int add_hint(int r, const char *hint, struct nono_error *err)
{
	char message[sizeof(err->message)];

	if (hint && err) {
		memcpy(message, err->message, sizeof(message));
		error_set(
			err, (enum nono_code)err->code, err->errnum, "%.380s (%s)", message, hint);
	}
	return r;
}

static int make_never(struct decision *p, struct nono_error *err)
{
	char self[PATH_MAX];
	ssize_t n = readlink("/proc/self/exe", self, sizeof(self) - 1);
	const char *dirs[ELEMENTSOF(program_dirs) + 3] = { NONO_BINDIR, NONO_LIBEXECDIR };
	char *own[ELEMENTSOF(program_dirs)] = { NULL };
	int r = 0;

	self[n > 0 ? n : 0] = '\0';
	if (strrchr(self, '/')) {
		*strrchr(self, '/') = '\0';
		for (size_t i = 0; i < ELEMENTSOF(program_dirs); i++) {
			dirs[i + 2] = own[i] = path_absolute(self, program_dirs[i]);
			if (!own[i]) {
				r = error_oom(err);
				break;
			}
		}
	}
	r = r < 0 ? r : never_new(&p->never, &p->places, dirs, err);
	for (size_t i = 0; i < ELEMENTSOF(own); i++) {
		free(own[i]);
	}
	return r < 0 ? r : never_add_canonical(p->never, err);
}

static int decide(struct decision *p, const struct arguments *a, const struct workdir *w,
	struct nono_error *err)
{
	struct policy_grant *grants = calloc(a->n_grants + 1, sizeof(*grants));
	struct policy_request request = {
		.grants = grants,
		.n_grants = a->n_grants,
		.cwd = w->path,
		.allow_cwd = a->allow_cwd,
		.network = a->net_block ? NETWORK_BLOCKED : NETWORK_AS_PROFILE,
	};
	const char *hint = NULL;
	int r = 0;

	if (!grants) {
		return error_oom(err);
	}
	for (size_t i = 0; r == 0 && i < a->n_grants; i++) {
		grants[i] = (struct policy_grant){
			.path = request_path(w, a->grants[i].path, err),
			.access = a->grants[i].access,
			.is_file = a->grants[i].is_file,
		};
		r = grants[i].path ? 0 : -EINVAL;
	}
	if (r == 0 && a->allow_cwd && !w->path) {
		r = error_set(err, NONO_PATH_NOT_FOUND, ENOENT,
			"--allow-cwd: the current directory no longer has a name");
	}
	if (r == 0) {
		r = policy_resolve(&p->policy, &request, p->library, p->never, &p->places,
			POLICY_START, NULL, &hint, err);
		r = add_hint(r, r < 0 ? hint : NULL, err);
	}
	for (size_t i = 0; i < a->n_grants; i++) {
		free((char *)grants[i].path);
	}
	free(grants);
	return r;
}

int decide_policy(struct decision *ret, const struct arguments *a, const struct workdir *w,
	struct nono_error *err)
{
	_cleanup_(decision_deinit) struct decision p = { 0 };
	_cleanup_(runtime_dir_deinit) struct runtime_dir runtime = { .fd = -1 };
	/* Missing or not ours: then nothing of ours is in it that a grant could give away. */
	bool has_runtime =
		runtime_dir_open(&runtime, getenv("XDG_RUNTIME_DIR"), geteuid(), false, NULL) == 0;
	int r = places_init(&p.places, geteuid(), getenv, has_runtime ? runtime.path : NULL, err);

	if (r == 0) {
		r = make_never(&p, err);
	}
	if (r == 0) {
		r = library_new(&p.library, err);
	}
	if (r == 0) {
		r = decide(&p, a, w, err);
	}
	if (r < 0) {
		return r;
	}
	*ret = p;
	p = (struct decision){ 0 };
	return 0;
}

static int look_up_asked(const struct decision *p, struct nono_caps *caps, size_t index,
	const struct nono_fs_grant *g, struct nono_error *err)
{
	int r = g->is_file ? nono_caps_allow_file(caps, g->resolved, g->access, err)
			   : nono_caps_allow_path(caps, g->resolved, g->access, err);
	const struct nono_fs_grant *found;
	const char *hint = NULL;

	if (r < 0) {
		return r;
	}
	found = nono_caps_fs_grant(caps, index);
	r = policy_decide_canonical(p->never, &p->policy.deny, g->resolved, found->resolved,
		g->access, g->is_file, &hint, err);
	return add_hint(r, r < 0 ? hint : NULL, err);
}

/* What is not the user's own word may be missing, of either kind, or lead to what is denied; then
 * it is not granted. */
static void look_up_other(
	const struct decision *p, struct nono_caps *caps, const struct nono_fs_grant *g)
{
	char canonical[PATH_MAX];
	const char *hint;
	struct stat st;

	if (!realpath(g->resolved, canonical) || lstat(canonical, &st) < 0) {
		return;
	}
	if (path_is_below(g->resolved, p->places.home) &&
		policy_decide_canonical(p->never, &p->policy.deny, g->resolved, canonical,
			g->access, !S_ISDIR(st.st_mode), &hint, NULL) < 0) {
		return;
	}
	if (S_ISDIR(st.st_mode)) {
		nono_caps_allow_path_from(
			caps, canonical, g->access, g->source, g->source_name, NULL);
	} else {
		nono_caps_allow_file_from(
			caps, canonical, g->access, g->source, g->source_name, NULL);
	}
}

int decision_look_up(const struct decision *p, struct nono_caps **ret, struct nono_error *err)
{
	_cleanup_(caps_freep) struct nono_caps *caps = NULL;
	const struct nono_fs_grant *g;
	int r = nono_caps_new(&caps);

	if (r < 0) {
		return error_oom(err);
	}
	r = nono_caps_set_network_mode(caps, nono_caps_network_mode(p->policy.caps), err);
	/* The user's come first, so that an index here is the same index there. */
	for (size_t i = 0; r == 0 && (g = nono_caps_fs_grant(p->policy.caps, i)) != NULL; i++) {
		if (g->source == NONO_SOURCE_USER) {
			r = look_up_asked(p, caps, i, g, err);
		} else {
			look_up_other(p, caps, g);
		}
	}
	if (r < 0) {
		return r;
	}
	*ret = TAKE_PTR(caps);
	return 0;
}

void decision_deinit(struct decision *p)
{
	policy_result_deinit(&p->policy);
	library_free(p->library);
	never_free(p->never);
	places_deinit(&p->places);
	*p = (struct decision){ 0 };
}
