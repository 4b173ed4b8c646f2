/* SPDX-License-Identifier: Apache-2.0 */
/* From a request and documents to what a session gets, by name alone. */
#include "tests/unit/policy-test.h"

#include <limits.h>

#include "libcore/base/cleanup.h"
#include "libcore/base/path.h"
#include "libcore/caps.h"

static void test_nothing_asked(void **state)
{
	const struct policy_result *r = resolve(state, &(struct policy_request){ 0 });

	assert_string_equal(r->profile, "default");
	assert_true(r->standard_base);
	assert_int_equal(r->needs, 0);
	assert_int_equal(r->caps->network, NONO_NETWORK_OPEN);
	assert_int_equal(r->workdir, 0);
	assert_false(r->environment.has_allow);
	assert_int_equal(r->warnings.n, 0);
	assert_true(r->caps->n_paths > 60);
	for (size_t i = 0; i < r->caps->n_paths; i++) {
		assert_int_equal(r->caps->paths[i].source, NONO_SOURCE_GROUP);
	}
	assert_true(has_grant(r, "/usr", NONO_READ));
	assert_true(has_grant(r, "/dev/null", NONO_READ_WRITE));
	assert_true(has_grant(r, "/home/u/.gitconfig", NONO_READ));
	assert_false(has_grant(r, "/tmp", NONO_WRITE));
	assert_int_equal(deny_check(&r->deny, "/home/u/.ssh/id_rsa", NULL), DENY_COVERS);
	assert_int_equal(deny_check(&r->deny, "/home/u/.bashrc", NULL), DENY_COVERS);
	assert_int_equal(nono_caps_command_blocked(r->caps, "/bin/rm"), 1);
	assert_int_equal(nono_caps_command_blocked(r->caps, "pip"), 0);
	assert_int_equal(r->command_sources.n, r->caps->blocked_commands.n);
}

/* The user's own first, then the profile's, then groups: nonod numbers its second decisions so. */
static void test_order(void **state)
{
	const struct policy_grant grants[] = {
		{ "/data", NONO_READ, false },
		{ "/data/out.log", NONO_WRITE, true },
	};
	const struct policy_request q = { .profile = "p",
		.grants = grants,
		.n_grants = 2,
		.cwd = "/home/u/project",
		.allow_cwd = true };
	const struct policy_result *r;
	int last = NONO_SOURCE_USER;

	add_profile(state, "p",
		"{\"filesystem\":{\"read\":[\"~/lib\"],\"write_file\":[\"$WORKDIR/log\"]}}");
	r = resolve(state, &q);
	assert_string_equal(r->profile, "p");
	assert_string_equal(r->caps->paths[0].resolved, "/data");
	assert_true(r->caps->paths[1].is_file);
	assert_string_equal(r->caps->paths[2].resolved, "/home/u/project");
	assert_int_equal(r->caps->paths[2].access, NONO_READ_WRITE);
	assert_string_equal(r->caps->paths[3].resolved, "/home/u/lib");
	assert_int_equal(r->caps->paths[3].source, NONO_SOURCE_PROFILE);
	assert_false(r->caps->paths[3].is_file);
	assert_string_equal(r->caps->paths[4].resolved, "/home/u/project/log");
	assert_true(r->caps->paths[4].is_file);
	for (size_t i = 0; i < r->caps->n_paths; i++) {
		assert_true((int)r->caps->paths[i].source >= last);
		last = (int)r->caps->paths[i].source;
	}
	assert_true(r->workdir_granted);
}

static void test_names(void **state)
{
	static char longest[PATH_MAX + 8];

	memset(longest, 'a', sizeof(longest) - 1);
	longest[0] = '/';
	refuse_grant(state, "relative", NONO_READ, -EINVAL, "not an absolute path");
	refuse_grant(state, "", NONO_READ, -EINVAL, "not an absolute path");
	refuse_grant(state, "/a/../etc/shadow", NONO_READ, -EINVAL, "/etc/shadow");
	refuse_grant(state, "/a//b", NONO_READ, -EINVAL, "/a/b");
	refuse_grant(state, "/a/", NONO_READ, -EINVAL, "/a");
	refuse_grant(state, longest, NONO_READ, -EINVAL, "longer");
	resolve_grant(state, "/\xff\x01", NONO_READ, false);
}

static void test_never(void **state)
{
	const struct policy_request home = { .cwd = "/home/u", .allow_cwd = true };

	refuse_grant(state, "/etc/shadow", NONO_READ, -EPERM, "no session may");
	assert_non_null(test_of(state)->hint);
	refuse_grant(state, "/usr/bin", NONO_WRITE, -EPERM, "/usr/bin");
	refuse(state, &home, -EPERM, "working directory");
	refuse(state, &(struct policy_request){ .allow_cwd = true }, -EINVAL, "not known");
}

/* A profile cannot either, and is named. */
static void test_profile_is_refused(void **state)
{
	const struct policy_request q = { .profile = "p", .cwd = "/home/u/project" };

	add_profile(state, "p", "{\n\"filesystem\":{\"allow\":[\"/\"]}}");
	refuse(state, &q, -EPERM, "/profiles/p.json:2");
	assert_non_null(strstr(test_of(state)->err.message, "/ cannot be granted as a whole"));
	add_profile(state, "q", "{\"filesystem\":{\"read\":[\"~/.aws/config\"]}}");
	refuse(state, &(struct policy_request){ .profile = "q" }, -EPERM, "deny_credentials");
}

/* Equal, inside, above; directory and file. */
static void test_deny_matrix(void **state)
{
	const struct policy_grant above = { "/home/u/proj", NONO_READ, false };
	const struct policy_request q = { .profile = "p", .grants = &above, .n_grants = 1 };
	struct policy_request supervised = q;
	const struct policy_result *r;

	refuse_grant(state, "/home/u/.aws", NONO_READ, -EPERM,
		"/home/u/.aws cannot be granted: group deny_credentials denies /home/u/.aws");
	assert_non_null(strstr(test_of(state)->err.message, "--bypass-protection /home/u/.aws"));
	refuse_grant(state, "/home/u/.aws/sso/cache", NONO_WRITE, -EPERM, "deny_credentials");
	refuse_file(state, "/home/u/.aws/config", -EPERM, "deny_credentials");
	refuse_file(state, "/home/u/.netrc", -EPERM, "deny_credentials");

	add_profile(state, "p", "{\"filesystem\":{\"deny\":[\"~/proj/secret\"]}}");
	refuse(state, &q, -EPERM, "/home/u/proj contains /home/u/proj/secret");
	r = resolve_in(state, &q, POLICY_PLAN);
	assert_int_equal(r->needs, NEED_TRAPPED_OPENS);
	assert_int_equal(r->need_reasons.n, 1);
	assert_int_equal(r->closed_reasons.n, 0);
	assert_true(has_grant(r, "/home/u/proj", NONO_READ));
	supervised.supervised = true;
	r = resolve_in(state, &supervised, POLICY_START);
	assert_int_equal(r->needs, NEED_TRAPPED_OPENS);
	assert_int_equal(r->need_reasons.n, 0);
	assert_string_equal(r->closed_reasons.items[0],
		"/home/u/proj/secret stays closed inside /home/u/proj, as /home/u/.config/nono/profiles/p.json:1 says");
	assert_true(r->standard_base);
	assert_true(has_grant(r, "/home/u/proj", NONO_READ));
}

/* What everybody gets is given to this session entry by entry. */
static void test_deny_in_the_base(void **state)
{
	const struct policy_result *r;

	add_profile(state, "p", "{\"filesystem\":{\"deny\":[\"/usr/share/secret\"]}}");
	r = resolve_in(state, &(struct policy_request){ .profile = "p", .supervised = true },
		POLICY_START);
	assert_int_equal(r->needs, NEED_TRAPPED_OPENS);
	assert_false(r->standard_base);
}

static void test_bypass(void **state)
{
	const struct policy_grant grants[] = { { "/home/u/.aws", NONO_READ, false } };
	const char *const config[] = { "/home/u/.aws/config" }, *const aws[] = { "/home/u/.aws" };
	const char *const never[] = { "/home/u/.gnupg" };
	const struct policy_grant gnupg = { "/home/u/.gnupg", NONO_READ, false };

	refuse(state,
		&(struct policy_request){
			.grants = grants, .n_grants = 1, .bypass = { config, 1 } },
		-EPERM, "deny_credentials");
	assert_true(has_grant(resolve(state, &(struct policy_request){ .grants = grants,
						     .n_grants = 1,
						     .bypass = { aws, 1 } }),
		"/home/u/.aws", NONO_READ));
	/* It grants nothing by itself, and lifts no rule that nothing lifts. */
	refuse(state, &(struct policy_request){ .bypass = { aws, 1 } }, -EINVAL,
		"bypass_protection '/home/u/.aws' has no matching grant");
	refuse(state,
		&(struct policy_request){ .grants = &gnupg, .n_grants = 1, .bypass = { never, 1 } },
		-EPERM, "no session may");
	add_profile(state, "p",
		"{\"filesystem\":{\"read_file\":[\"~/.netrc\"],\"bypass_protection\":[\"~/.netrc\"]}}");
	assert_true(has_grant(resolve(state, &(struct policy_request){ .profile = "p" }),
		"/home/u/.netrc", NONO_READ));
}

/* What a deny of the user covers, no group gives. */
static void test_deny_beats_groups(void **state)
{
	const struct policy_result *r;

	add_profile(state, "p", "{\"filesystem\":{\"deny\":[\"~/.gitconfig\"]}}");
	r = resolve(state, &(struct policy_request){ .profile = "p" });
	assert_false(has_grant(r, "/home/u/.gitconfig", NONO_READ));
	assert_true(has_grant(r, "/home/u/.config/git/config", NONO_READ));
	assert_false(r->standard_base);
}

static void test_groups(void **state)
{
	const struct policy_result *r;

	add_profile(state, "p", "{\"groups\":{\"include\":[\"python_runtime\"]}}");
	r = resolve(state, &(struct policy_request){ .profile = "p" });
	assert_true(has_grant(r, "/home/u/.pyenv", NONO_READ));
	assert_true(r->standard_base);
	add_profile(state, "q", "{\"groups\":{\"exclude\":[\"git_config\"]}}");
	r = resolve(state, &(struct policy_request){ .profile = "q" });
	assert_false(has_grant(r, "/home/u/.gitconfig", NONO_READ));
	assert_false(r->standard_base);
	add_profile(state, "bad", "{\"groups\":{\"include\":[\"python_runtim\"]}}");
	refuse(state, &(struct policy_request){ .profile = "bad" }, -ENOENT,
		"there is no policy group 'python_runtim' (did you mean 'python_runtime'?)");
	add_profile(state, "ex",
		"{\"groups\":{\"exclude\":[\"deny_credentials\",\"deny_shell_history\"]}}");
	refuse(state, &(struct policy_request){ .profile = "ex" }, -EPERM,
		"Cannot exclude required groups: 'deny_credentials', 'deny_shell_history'");
	add_profile(state, "mac", "{\"groups\":{\"include\":[\"claude_code_macos\"]}}");
	resolve(state, &(struct policy_request){ .profile = "mac" });
}

/* What an administrator locks is in every session, and nothing lifts it. */
static void test_locked(void **state)
{
	const struct policy_grant grant = { "/srv/secret/x", NONO_READ, false };
	const char *const srv[] = { "/srv/secret" }, *const curl[] = { "curl" };

	add_document(state, DOCUMENT_GROUPS, ORIGIN_SYSTEM, NULL, "/etc/nono/policy.d/a.json",
		"{\"groups\":{\"corp\":{\"description\":\"Corporate secrets\",\"locked\":true,"
		"\"deny\":{\"access\":[\"/srv/secret\"],\"commands\":[\"curl\"]}}}}");
	refuse(state,
		&(struct policy_request){ .grants = &grant, .n_grants = 1, .bypass = { srv, 1 } },
		-EPERM, "is locked");
	refuse(state, &(struct policy_request){ .allow_commands = { curl, 1 } }, -EPERM,
		"group corp blocks it, and is locked (/etc/nono/policy.d/a.json)");
	add_profile(state, "p",
		"{\"commands\":{\"allow\":[\"curl\",\"rm\"]},\"groups\":{\"exclude\":[\"corp\"]}}");
	refuse(state, &(struct policy_request){ .profile = "p" }, -EPERM, "Cannot exclude");
	add_profile(state, "q", "{\"commands\":{\"allow\":[\"curl\",\"rm\"]}}");
	refuse(state, &(struct policy_request){ .profile = "q", .command = "curl" }, -EPERM,
		"blocked command: curl");
	resolve(state, &(struct policy_request){ .profile = "q", .command = "/bin/rm" });
}

/* An administrator's document adds to a group that is there; a user's cannot. */
static void test_layers(void **state)
{
	const char *text = "{\"groups\":{\"python_runtime\":{\"allow\":{\"read\":[\"/opt/py\"]}}}}";
	const struct policy_document d = { .kind = DOCUMENT_GROUPS,
		.origin = ORIGIN_USER,
		.file = "/home/u/.config/nono/policy.d/a.json",
		.text = text,
		.n = strlen(text) };
	struct policy_test *t = test_of(state);
	_cleanup_(library_freep) struct library *over = NULL;

	assert_int_equal(library_add(t->library, &d, &t->err), -EINVAL);
	assert_non_null(strstr(t->err.message, "python_runtime"));
	assert_int_equal(library_extend(&over, t->library, &t->err), 0);
	assert_int_equal(library_add(over, &d, &t->err), -EINVAL);
	assert_non_null(strstr(t->err.message, "built-in policy"));
	add_document(
		state, DOCUMENT_GROUPS, ORIGIN_SYSTEM, NULL, "/etc/nono/policy.d/a.json", text);
	assert_true(has_grant(resolve(state, &(struct policy_request){ .profile = "python-dev",
						     .network = NETWORK_OPEN }),
		"/opt/py", NONO_READ));
}

static void test_workdir(void **state)
{
	struct policy_request q = { .cwd = "/home/u/project", .allow_cwd = true, .profile = "ro" };
	const struct policy_result *r;

	add_profile(state, "ro", "{\"workdir\":{\"access\":\"read\"}}");
	add_profile(state, "none", "{\"workdir\":{\"access\":\"none\"}}");
	add_profile(state, "silent", "{}");
	r = resolve(state, &q);
	assert_true(has_grant(r, "/home/u/project", NONO_READ));
	assert_true(r->workdir_granted);
	q.profile = "silent";
	assert_true(has_grant(resolve(state, &q), "/home/u/project", NONO_READ_WRITE));
	q.profile = "none";
	r = resolve(state, &q);
	assert_false(has_grant(r, "/home/u/project", NONO_READ));
	assert_false(r->workdir_granted);
	assert_int_equal(r->warnings.n, 1);
	assert_non_null(strstr(r->warnings.items[0], "--allow /home/u/project"));
	q.profile = "ro";
	q.allow_cwd = false;
	r = resolve(state, &q);
	assert_int_equal(r->workdir, NONO_READ);
	assert_false(r->workdir_granted);
}

static void test_commands(void **state)
{
	const char *const rm[] = { "rm" }, *const ls[] = { "ls" };

	refuse(state, &(struct policy_request){ .command = "/usr/bin/rm" }, -EPERM,
		"blocked command: rm");
	assert_non_null(strstr(test_of(state)->hint, "--allow-command"));
	resolve(state, &(struct policy_request){ .command = "rm", .allow_commands = { rm, 1 } });
	refuse(state, &(struct policy_request){ .command = "ls", .block_commands = { ls, 1 } },
		-EPERM, "blocked command: ls");
	resolve_in(state, &(struct policy_request){ .command = "rm" }, POLICY_PLAN);
}

static void test_environment(void **state)
{
	const char *const keep[] = { "PYTHONPATH" };
	const struct policy_result *r;

	add_profile(state, "p",
		"{\"environment\":{\"allow_vars\":[\"PATH\",\"LC_*\"],\"deny_vars\":[\"LC_X\"],"
		"\"strip_secrets\":true,\"set_vars\":{\"CACHE\":\"$XDG_CACHE_HOME/x\"}}}");
	r = resolve(
		state, &(struct policy_request){ .profile = "p", .keep_variables = { keep, 1 } });
	assert_true(r->environment.has_allow);
	assert_true(r->environment.strip_secrets);
	assert_int_equal(environment_check(&r->environment, "LC_ALL"), ENVIRONMENT_PASSES);
	assert_int_equal(environment_check(&r->environment, "LC_X"), ENVIRONMENT_DENIED);
	assert_int_equal(environment_check(&r->environment, "PYTHONPATH"), ENVIRONMENT_PASSES);
	assert_int_equal(r->environment.set.n, 1);
	assert_string_equal(r->environment.set.items[0], "CACHE=/home/u/.cache/x");
	add_profile(state, "none", "{\"environment\":{\"allow_vars\":[]}}");
	r = resolve(state, &(struct policy_request){ .profile = "none" });
	assert_int_equal(environment_check(&r->environment, "PATH"), ENVIRONMENT_DENIED);
	add_profile(state, "bad", "{\"environment\":{\"set_vars\":{\"PATH\":\"/x\"}}}");
	refuse(state, &(struct policy_request){ .profile = "bad" }, -EPERM, "cannot set PATH");
	add_profile(state, "ld", "{\"environment\":{\"set_vars\":{\"LD_PRELOAD\":\"/x\"}}}");
	refuse(state, &(struct policy_request){ .profile = "ld" }, -EPERM, "LD_PRELOAD");
	add_profile(state, "var", "{\"environment\":{\"set_vars\":{\"A\":\"$FOO\"}}}");
	refuse(state, &(struct policy_request){ .profile = "var" }, -EINVAL, "$FOO");
}

/* Unset in a profile of the user's is an error, in what is built in it means nothing. */
static void test_variables(void **state)
{
	add_profile(state, "p", "{\"filesystem\":{\"read\":[\"$XDG_RUNTIME_DIR/x\"]}}");
	refuse(state, &(struct policy_request){ .profile = "p" }, -EINVAL,
		"$XDG_RUNTIME_DIR is not set");
	add_profile(state, "q", "{\"filesystem\":{\"read\":[\"~/a\",\"$HOMEX/b\"]}}");
	refuse(state, &(struct policy_request){ .profile = "q" }, -EINVAL,
		"no variable $HOMEX (did you mean $HOME?)");
	add_document(state, DOCUMENT_PROFILE, ORIGIN_BUILTIN, "b", "built-in b.json",
		"{\"filesystem\":{\"read\":[\"$XDG_RUNTIME_DIR/x\",\"/y\"]}}");
	assert_true(has_grant(
		resolve(state, &(struct policy_request){ .profile = "b" }), "/y", NONO_READ));
}

static void test_settings(void **state)
{
	const struct policy_result *r;

	add_profile(state, "p",
		"{\"security\":{\"signal_mode\":\"allow_all\",\"ipc_mode\":\"full\","
		"\"capability_elevation\":false},\"interactive\":true}");
	r = resolve(state, &(struct policy_request){ .profile = "p" });
	assert_int_equal(r->caps->signal_mode, NONO_SIGNAL_ALL);
	assert_int_equal(r->caps->ipc_mode, NONO_IPC_FULL);
	assert_true(r->interactive);
	add_profile(state, "up", "{\"security\":{\"capability_elevation\":true}}");
	refuse(state, &(struct policy_request){ .profile = "up" }, -EPERM, "capability_elevation");
	add_profile(state, "key", "{\"env_credentials\":{\"a\":\"A\"}}");
	refuse(state, &(struct policy_request){ .profile = "key" }, -EPERM, "env_credentials");
	add_profile(state, "sock", "{\"filesystem\":{\"unix_socket\":[\"/run/x\"]}}");
	refuse(state, &(struct policy_request){ .profile = "sock" }, -EPERM, "unix_socket");
	r = resolve_in(state, &(struct policy_request){ .profile = "sock" }, POLICY_PLAN);
	assert_int_equal(r->needs, NEED_UNIX_SOCKETS);
}

static void test_asking(void **state)
{
	const struct policy_grant grants[] = { { "/home/u/.aws", NONO_READ, false },
		{ "/data", NONO_READ, false } };
	const struct policy_request q = { .grants = grants, .n_grants = 2, .command = "rm" };
	const struct policy_result *r = resolve_in(state, &q, POLICY_ASK);

	assert_false(has_grant(r, "/home/u/.aws", NONO_READ));
	assert_true(has_grant(r, "/data", NONO_READ));
	assert_int_equal(r->refusals.n, 1);
	refuse(state, &q, -EPERM, "/home/u/.aws");
}

static void test_canonical(void **state)
{
	struct policy_test *t = test_of(state);
	const struct policy_result *r = resolve(state, &(struct policy_request){ 0 });
	const char *asked = "/home/u/project/key";

	assert_int_equal(policy_decide_canonical(t->never, &r->deny, asked, "/srv/elsewhere",
				 NONO_READ, true, &t->hint, &t->err),
		0);
	assert_int_equal(policy_decide_canonical(t->never, &r->deny, asked, "/home/u/.ssh/id_rsa",
				 NONO_READ, true, &t->hint, &t->err),
		-EPERM);
	assert_non_null(strstr(t->err.message, asked));
	assert_int_equal(policy_decide_canonical(t->never, &r->deny, asked, "/home/u/.aws/config",
				 NONO_READ, true, &t->hint, &t->err),
		-EPERM);
	assert_non_null(strstr(t->err.message, "deny_credentials"));
	assert_int_equal(policy_decide_canonical(t->never, NULL, asked, "/home/u/.aws/config",
				 NONO_READ, true, &t->hint, &t->err),
		0);
	assert_int_equal(policy_decide_canonical(
				 t->never, NULL, "/link", "/", NONO_READ, false, &t->hint, &t->err),
		-EPERM);
}

/* No group gives what another one denies, and none what nobody may have. */
static void test_built_in(void **state)
{
	struct policy_test *t = test_of(state);
	const struct profile *p;
	enum policy_origin origin;
	const struct policy_group *g;
	char text[8192] = "{\"groups\":{\"include\":[";
	const struct policy_result *r;

	for (size_t i = 0; (g = library_group_at(t->library, i)); i++) {
		snprintf(text + strlen(text), sizeof(text) - strlen(text), "%s\"%s\"", i ? "," : "",
			g->name);
	}
	snprintf(text + strlen(text), sizeof(text) - strlen(text), "]}}");
	add_profile(state, "everything", text);
	for (size_t i = 0; (p = library_profile_at(t->library, i, &origin)); i++) {
		const struct policy_request q = { .profile = p->name,
			.network = NETWORK_OPEN,
			.cwd = "/home/u/project",
			.allow_cwd = true };
		r = resolve(state, &q);
		assert_true(r->standard_base);
		for (size_t k = 0; k < r->caps->n_paths; k++) {
			const struct nono_fs_grant *grant = &r->caps->paths[k];
			assert_int_equal(deny_check(&r->deny, grant->resolved, NULL), DENY_NONE);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		POLICY_TEST(test_nothing_asked),
		POLICY_TEST(test_order),
		POLICY_TEST(test_names),
		POLICY_TEST(test_never),
		POLICY_TEST(test_profile_is_refused),
		POLICY_TEST(test_deny_matrix),
		POLICY_TEST(test_deny_in_the_base),
		POLICY_TEST(test_bypass),
		POLICY_TEST(test_deny_beats_groups),
		POLICY_TEST(test_groups),
		POLICY_TEST(test_locked),
		POLICY_TEST(test_layers),
		POLICY_TEST(test_workdir),
		POLICY_TEST(test_commands),
		POLICY_TEST(test_environment),
		POLICY_TEST(test_variables),
		POLICY_TEST(test_settings),
		POLICY_TEST(test_asking),
		POLICY_TEST(test_canonical),
		POLICY_TEST(test_built_in),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
