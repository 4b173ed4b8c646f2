/* SPDX-License-Identifier: Apache-2.0 */
#include "client/local/decision.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "client/say.h"
#include "libcore/base/cleanup.h"
#include "libcore/base/directory.h"
#include "libcore/base/error.h"
#include "libcore/base/path.h"
#include "libcore/base/str.h"
#include "policy/library-files.h"
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

	if (r < 0 && hint && err) {
		memcpy(message, err->message, sizeof(message));
		error_set(
			err, (enum nono_code)err->code, err->errnum, "%.380s (%s)", message, hint);
	}
	return r;
}

int local_places(struct policy_places *ret, struct nono_error *err)
{
	_cleanup_(runtime_dir_deinit) struct runtime_dir runtime = { .fd = -1 };
	/* Missing or not ours: then nothing of ours is in it that a grant could give away. */
	bool has_runtime =
		runtime_dir_open(&runtime, getenv("XDG_RUNTIME_DIR"), geteuid(), false, NULL) == 0;

	return places_init(ret, geteuid(), getenv, has_runtime ? runtime.path : NULL, err);
}

static int make_never(struct decision *d, struct nono_error *err)
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
	r = r < 0 ? r : never_new(&d->never, &d->places, dirs, err);
	for (size_t i = 0; i < ELEMENTSOF(own); i++) {
		free(own[i]);
	}
	return r < 0 ? r : never_add_canonical(d->never, err);
}

/* A request, and what it points to. */
struct request {
	struct policy_request policy;
	struct policy_grant *grants;
	struct strlist bypass;
};

static void request_deinit(struct request *r)
{
	for (size_t i = 0; r->grants && i < r->policy.n_grants; i++) {
		free((char *)r->grants[i].path);
	}
	free(r->grants);
	strlist_deinit(&r->bypass);
}

/* The name without symlinks, as the client sends it to nonod; what cannot be looked up keeps its
 * name. NULL with err set. */
static char *typed_path(const struct workdir *w, const char *path, struct nono_error *err)
{
	_cleanup_free_ char *absolute = request_path(w, path, err);
	char *real = absolute ? realpath(absolute, NULL) : NULL;

	return real ? real : TAKE_PTR(absolute);
}

static int add_paths(struct request *r, const struct arguments *a, const struct workdir *w,
	struct nono_error *err)
{
	r->grants = calloc(a->n_grants + 1, sizeof(*r->grants));
	if (!r->grants) {
		return error_oom(err);
	}
	for (size_t i = 0; i < a->n_grants; i++) {
		char *path = typed_path(w, a->grants[i].path, err);
		if (!path) {
			return -EINVAL;
		}
		r->grants[i] = (struct policy_grant){
			.path = path, .access = a->grants[i].access, .is_file = a->grants[i].is_file
		};
		r->policy.n_grants = i + 1;
	}
	for (size_t i = 0; i < a->bypass.n; i++) {
		char *path = typed_path(w, a->bypass.items[i], err);
		if (!path) {
			return -EINVAL;
		}
		if (strlist_take(&r->bypass, path) < 0) {
			return error_oom(err);
		}
	}
	r->policy.grants = r->grants;
	r->policy.bypass =
		(struct policy_names){ (const char *const *)r->bypass.items, r->bypass.n };
	return 0;
}

static struct policy_names names(const struct words *w)
{
	return (struct policy_names){ w->items, w->n };
}

static struct policy_ports ports(const struct ports *p)
{
	return (struct policy_ports){ p->items, p->n };
}

/* --env keeps a variable, whether it sets it or not. */
static int keep_variables(struct strlist *into, const struct arguments *a, struct nono_error *err)
{
	for (size_t i = 0; i < a->env.n; i++) {
		const char *s = a->env.items[i];
		if (strlist_take(into, strndup(s, strcspn(s, "="))) < 0) {
			return error_oom(err);
		}
	}
	return 0;
}

/* The value --env gives to a variable: "" when it only names it, NULL when it does not. */
static const char *given_value(const struct arguments *a, const char *name)
{
	const char *value = NULL;

	for (size_t i = 0; i < a->env.n; i++) {
		const char *rest = str_after(a->env.items[i], name);
		if (rest && (*rest == '\0' || *rest == '=')) {
			value = *rest ? rest + 1 : rest;
		}
	}
	return value;
}

/* What $TMPDIR means in a profile: what is in the environment for wrap; otherwise the session's
 * own directory, unless the user names another. NULL for /tmp. */
static const char *policy_tmpdir(const struct arguments *a)
{
	const char *given = given_value(a, "TMPDIR");
	const char *tmpdir = given && *given ? given : getenv("TMPDIR");

	if (a->verb != VERB_WRAP) {
		return given ? NULL : TMPDIR_STANDIN;
	}
	return tmpdir && tmpdir[0] == '/' ? tmpdir : NULL;
}

static int resolve(struct decision *d, const struct arguments *a, const struct workdir *w,
	const char *command, enum policy_mode mode, struct nono_error *err)
{
	_cleanup_(request_deinit) struct request r = { 0 };
	_cleanup_(strlist_deinit) struct strlist keep = { 0 };
	const char *hint = NULL;
	int ret = add_paths(&r, a, w, err);

	if (ret == 0) {
		ret = keep_variables(&keep, a, err);
	}
	if (ret == 0 && a->allow_cwd && !w->path) {
		ret = error_set(err, NONO_PATH_NOT_FOUND, ENOENT,
			"--allow-cwd: the current directory no longer has a name");
	}
	if (ret < 0) {
		return ret;
	}
	r.policy.profile = a->profile;
	r.policy.extends = names(&a->extends);
	r.policy.allow_commands = names(&a->allow_commands);
	r.policy.block_commands = names(&a->block_commands);
	r.policy.keep_variables = (struct policy_names){ (const char *const *)keep.items, keep.n };
	r.policy.allow_domains = names(&a->allow_domains);
	r.policy.credentials = names(&a->credentials);
	r.policy.network_profile = a->network_profile;
	r.policy.connect = ports(&a->connect_ports);
	r.policy.listen = ports(&a->listen_ports);
	r.policy.localhost = ports(&a->open_ports);
	r.policy.network = a->net_block   ? NETWORK_BLOCKED
			   : a->net_allow ? NETWORK_OPEN
					  : NETWORK_AS_PROFILE;
	r.policy.cwd = w->path;
	r.policy.allow_cwd = a->allow_cwd;
	r.policy.command = command;
	r.policy.tmpdir = policy_tmpdir(a);
	r.policy.supervised = a->verb != VERB_WRAP;
	ret = policy_resolve(
		&d->result, &r.policy, d->library, d->never, &d->places, mode, NULL, &hint, err);
	return add_hint(ret, hint, err);
}

int decision_make(struct decision *ret, const struct arguments *a, const struct workdir *w,
	const char *command, enum policy_mode mode, struct nono_error *err)
{
	_cleanup_(decision_deinit) struct decision d = { 0 };
	int r = local_places(&d.places, err);

	if (r == 0) {
		r = make_never(&d, err);
	}
	if (r == 0) {
		r = library_load(&d.library, &d.places, w->path, a->profile, a->extends.items,
			a->extends.n, err);
	}
	if (r == 0) {
		r = resolve(&d, a, w, command, mode, err);
	}
	if (r == 0 && deny_add_canonical(&d.result.deny) < 0) {
		r = error_oom(err);
	}
	if (r < 0) {
		return r;
	}
	*ret = d;
	d = (struct decision){ 0 };
	return 0;
}

/* The second decision, on the name that was found. A denied path inside of what is granted has been
 * refused by now, or it stays closed, or, in a question, is answered when it is asked about. */
static int decide_canonical(const struct decision *d, enum policy_mode mode,
	const struct nono_fs_grant *g, const char *canonical, bool is_file, struct nono_error *err)
{
	const struct deny_list *deny = &d->result.deny;
	const char *hint = NULL;
	int r;

	if ((mode != POLICY_START || d->result.needs & NEED_TRAPPED_OPENS) &&
		deny_check(deny, canonical, NULL) == DENY_CONTAINS) {
		deny = NULL;
	}
	r = policy_decide_canonical(
		d->never, deny, g->resolved, canonical, g->access, is_file, &hint, err);
	return add_hint(r, hint, err);
}

static int look_up_asked(const struct decision *d, enum policy_mode mode, struct nono_caps *caps,
	const struct nono_fs_grant *g, struct nono_error *err)
{
	_cleanup_free_ char *canonical = realpath(g->resolved, NULL);
	int r;

	if (canonical) {
		r = decide_canonical(d, mode, g, canonical, g->is_file, err);
		if (r < 0) {
			return r;
		}
	}
	/* What is not there, or of the wrong kind, is said by this. */
	return (g->is_file ? nono_caps_allow_file : nono_caps_allow_path)(
		caps, canonical ? canonical : g->resolved, g->access, err);
}

/* Makes what is made when it is missing; when nothing is to start, only says so. */
static void make(const struct decision *d, enum policy_mode mode, struct nono_caps *caps,
	const struct nono_fs_grant *g)
{
	_cleanup_close_ int fd = -1;

	if (errno != ENOENT || !policy_grant_is_made(g, d->places.home)) {
		return;
	}
	if (mode == POLICY_START) {
		fd = directory_make(g->resolved);
	} else {
		policy_keep_grant(caps, g);
	}
}

/* Of a profile or a group: missing, unreachable or denied after all is as good as not granted. */
static void look_up_optional(const struct decision *d, enum policy_mode mode,
	struct nono_caps *caps, const struct nono_fs_grant *g)
{
	_cleanup_free_ char *canonical = realpath(g->resolved, NULL);
	struct stat st;
	bool is_file;

	if (!canonical) {
		make(d, mode, caps, g);
		canonical = mode == POLICY_START ? realpath(g->resolved, NULL) : NULL;
	}
	if (!canonical || stat(canonical, &st) < 0 || path_is_below(g->resolved, TMPDIR_STANDIN)) {
		return;
	}
	is_file = !S_ISDIR(st.st_mode);
	if ((g->is_file && !is_file) ||
		decide_canonical(d, mode, g, canonical, is_file, NULL) < 0) {
		return;
	}
	(is_file ? nono_caps_allow_file_from : nono_caps_allow_path_from)(
		caps, canonical, g->access, g->source, g->source_name, NULL);
}

/* In the same order: the result says behind whose list each is. */
static int copy_commands(struct nono_caps *to, const struct nono_caps *from, struct nono_error *err)
{
	static int (*const add[])(struct nono_caps *, const char *, struct nono_error *) = {
		[NONO_COMMANDS_ALLOWED] = nono_caps_allow_command,
		[NONO_COMMANDS_BLOCKED] = nono_caps_block_command,
	};
	int r = 0;

	for (size_t list = 0; r == 0 && list < ELEMENTSOF(add); list++) {
		const char *name;
		for (size_t i = 0; r == 0 && (name = nono_caps_command(from,
						      (enum nono_command_list)list, i)) != NULL;
			i++) {
			r = add[list](to, name, err);
		}
	}
	return r;
}

/* All but the paths. */
static int copy_settings(struct nono_caps *to, const struct nono_caps *from, struct nono_error *err)
{
	static int (*const add[])(struct nono_caps *, uint16_t, struct nono_error *) = {
		[NONO_PORTS_CONNECT] = nono_caps_allow_tcp_connect,
		[NONO_PORTS_BIND] = nono_caps_allow_tcp_bind,
		[NONO_PORTS_LOCALHOST] = nono_caps_allow_localhost_port,
	};
	int r = nono_caps_set_network_mode(to, nono_caps_network_mode(from), err);

	if (r == 0) {
		r = nono_caps_set_signal_mode(to, nono_caps_signal_mode(from), err);
	}
	if (r == 0) {
		r = nono_caps_set_ipc_mode(to, nono_caps_ipc_mode(from), err);
	}
	if (r == 0) {
		r = copy_commands(to, from, err);
	}
	for (size_t list = 0; r == 0 && list < ELEMENTSOF(add); list++) {
		long port;
		for (size_t i = 0;
			r == 0 && (port = nono_caps_port(from, (enum nono_port_list)list, i)) >= 0;
			i++) {
			r = add[list](to, (uint16_t)port, err);
		}
	}
	return r;
}

/* With POLICY_ASK what is refused is only said. */
static int refuse(struct decision *d, int r, struct nono_error *err)
{
	if (r == -ENOMEM || strlist_add(&d->result.refusals, err->message) < 0) {
		return error_oom(err);
	}
	return 0;
}

int decision_look_up(struct decision *d, enum policy_mode mode, struct nono_error *err)
{
	_cleanup_(caps_freep) struct nono_caps *caps = NULL;
	const struct nono_fs_grant *g;
	int r = nono_caps_new(&caps);

	if (r < 0) {
		return error_oom(err);
	}
	r = copy_settings(caps, d->result.caps, err);
	for (size_t i = 0; r == 0 && (g = nono_caps_fs_grant(d->result.caps, i)) != NULL; i++) {
		if (g->source != NONO_SOURCE_USER) {
			look_up_optional(d, mode, caps, g);
			continue;
		}
		r = look_up_asked(d, mode, caps, g, err);
		if (r < 0 && mode == POLICY_ASK) {
			r = refuse(d, r, err);
		}
	}
	if (r < 0) {
		return r;
	}
	nono_caps_free(d->result.caps);
	d->result.caps = TAKE_PTR(caps);
	return 0;
}

void decision_warn(const struct decision *d)
{
	for (size_t i = 0; i < d->result.warnings.n; i++) {
		say("warning: %s", d->result.warnings.items[i]);
	}
	for (size_t i = 0; i < d->result.refusals.n; i++) {
		say("run would refuse this: %s", d->result.refusals.items[i]);
	}
}

void decision_deinit(struct decision *d)
{
	policy_result_deinit(&d->result);
	library_free(d->library);
	never_free(d->never);
	places_deinit(&d->places);
	*d = (struct decision){ 0 };
}
