/* SPDX-License-Identifier: Apache-2.0 */
/* Documents, and what profiles made of them are. */
#include "tests/unit/policy-test.h"

#include "libcore/base/buf.h"
#include "libcore/base/cleanup.h"

static struct profile *compose_with(
	void **state, const char *name, const char *const *extra, size_t n_extra)
{
	struct policy_test *t = test_of(state);
	struct profile *p = NULL;

	if (library_compose(&p, t->library, name, extra, n_extra, NULL, &t->err) < 0) {
		fail_msg("%s", t->err.message);
	}
	return p;
}

static struct profile *compose(void **state, const char *name)
{
	return compose_with(state, name, NULL, 0);
}

static void refuse_compose(void **state, const char *name, int code, const char *part)
{
	struct policy_test *t = test_of(state);
	struct profile *p = NULL;

	assert_int_equal(library_compose(&p, t->library, name, NULL, 0, NULL, &t->err), code);
	assert_null(p);
	if (!strstr(t->err.message, part)) {
		fail_msg("'%s' is not in: %s", part, t->err.message);
	}
}

/* The elements of a list, with spaces between them. */
static void expect_list(const struct profile *p, enum profile_key key, const char *wanted)
{
	const struct profile_value *v = &p->values[key];
	char got[1024] = "";

	for (size_t i = 0; i < v->n; i++) {
		snprintf(got + strlen(got), sizeof(got) - strlen(got), "%s%s", i ? " " : "",
			v->items[i].text);
	}
	assert_string_equal(got, wanted);
}

static void test_inheritance(void **state)
{
	_cleanup_(profile_freep) struct profile *p = NULL;

	add_profile(state, "far",
		"{\"filesystem\":{\"read\":[\"/far\"]},\"workdir\":{\"access\":\"read\"},"
		"\"interactive\":true,\"meta\":{\"name\":\"far\",\"description\":\"the far one\"}}");
	add_profile(state, "a",
		"{\"extends\":\"far\",\"filesystem\":{\"read\":[\"/a\"]},"
		"\"workdir\":{\"access\":\"write\"}}");
	add_profile(state, "b", "{\"filesystem\":{\"read\":[\"/b\",\"/far\"]}}");
	add_profile(state, "p", "{\"extends\":[\"a\",\"b\"],\"filesystem\":{\"read\":[\"/p\"]}}");
	p = compose(state, "p");
	expect_list(p, KEY_READ, "/far /a /b /p");
	assert_string_equal(p->values[KEY_WORKDIR].string, "write");
	assert_true(p->values[KEY_INTERACTIVE].boolean);
	assert_null(p->values[KEY_DESCRIPTION].string);
	assert_string_equal(p->name, "p");
	/* What the profile default has is behind everything. */
	assert_string_equal(p->values[KEY_GROUPS_INCLUDE].items[0].text, "deny_credentials");
}

static void test_nearest_base_wins(void **state)
{
	const char *const extra[] = { "x" };
	_cleanup_(profile_freep) struct profile *p = NULL, *q = NULL;

	add_profile(state, "x", "{\"workdir\":{\"access\":\"none\"}}");
	add_profile(state, "a", "{\"workdir\":{\"access\":\"read\"}}");
	add_profile(state, "b", "{\"workdir\":{\"access\":\"write\"}}");
	add_profile(state, "p", "{\"extends\":[\"a\",\"b\"]}");
	add_profile(state, "q", "{}");
	p = compose_with(state, "p", extra, 1);
	assert_string_equal(p->values[KEY_WORKDIR].string, "write");
	q = compose_with(state, "q", extra, 1);
	assert_string_equal(q->values[KEY_WORKDIR].string, "none");
}

/* null and [] take away what is behind, and only that. */
static void test_clearing(void **state)
{
	_cleanup_(profile_freep) struct profile *p = NULL, *q = NULL;

	add_profile(state, "a",
		"{\"network\":{\"network_profile\":\"minimal\",\"credentials\":[\"openai\"]}}");
	add_profile(state, "b", "{\"network\":{\"network_profile\":null,\"credentials\":[]}}");
	add_profile(state, "p",
		"{\"extends\":[\"a\",\"b\"],\"network\":{\"credentials\":[\"github\"]}}");
	add_profile(state, "q", "{\"extends\":[\"b\",\"a\"]}");
	p = compose(state, "p");
	assert_null(p->values[KEY_NET_PROFILE].string);
	expect_list(p, KEY_NET_CREDENTIALS, "github");
	q = compose(state, "q");
	assert_string_equal(q->values[KEY_NET_PROFILE].string, "minimal");
	expect_list(q, KEY_NET_CREDENTIALS, "openai");
}

static void test_cycles(void **state)
{
	add_profile(state, "a", "{\"extends\":\"b\"}");
	add_profile(state, "b", "{\"extends\":\"c\"}");
	add_profile(state, "c", "{\"extends\":\"b\"}");
	refuse_compose(state, "a", -ELOOP, "b -> c -> b");
	/* One's own name means the profile behind it. */
	add_profile(state, "python-dev", "{\"extends\":\"python-dev\"}");
	profile_free(compose(state, "python-dev"));
	add_profile(state, "self", "{\"extends\":\"self\"}");
	refuse_compose(state, "self", -ENOENT, "Profile not found: self");
}

static void test_depth(void **state)
{
	char name[16], text[64];

	for (int i = 0; i < 10; i++) {
		snprintf(name, sizeof(name), "d%d", i);
		snprintf(text, sizeof(text), "{\"extends\":\"d%d\"}", i + 1);
		add_profile(state, name, text);
	}
	add_profile(state, "d10", "{}");
	refuse_compose(state, "d0", -E2BIG, "10");
	profile_free(compose(state, "d1"));
}

/* Ten levels of bases that each have two are a thousand ways: that is an end, not a hang. */
static void test_lattice(void **state)
{
	struct policy_test *t = test_of(state);
	char name[16], text[200];
	struct profile *p = NULL;

	for (int i = 0; i < 9; i++) {
		for (int k = 0; k < 8; k++) {
			snprintf(name, sizeof(name), "l%d-%d", i, k);
			snprintf(text, sizeof(text),
				i < 8 ? "{\"extends\":[\"l%d-0\",\"l%d-1\",\"l%d-2\",\"l%d-3\","
					"\"l%d-4\",\"l%d-5\",\"l%d-6\",\"l%d-7\"]}"
				      : "{}",
				i + 1, i + 1, i + 1, i + 1, i + 1, i + 1, i + 1, i + 1);
			add_profile(state, name, text);
		}
	}
	assert_int_equal(library_compose(&p, t->library, "l0-0", NULL, 0, NULL, &t->err), -E2BIG);
}

static void test_not_found(void **state)
{
	refuse_compose(state, "claude-cod", -ENOENT,
		"Profile not found: claude-cod (did you mean 'claude-code'?)");
	refuse_compose(state, "zzzzzzzzzz", -ENOENT, "Profile not found: zzzzzzzzzz");
	add_profile(state, "p", "{\"extends\":\"nothing\"}");
	refuse_compose(state, "p", -ENOENT,
		"/home/u/.config/nono/profiles/p.json: Profile not found: nothing");
}

/* User before system before built-in; and what the system refers to is never the user's. */
static void test_origins(void **state)
{
	struct policy_test *t = test_of(state);
	enum policy_origin origin;
	const struct profile *p;

	add_document(state, DOCUMENT_PROFILE, ORIGIN_SYSTEM, "codex",
		"/etc/nono/profiles/codex.json", "{}");
	assert_string_equal(
		library_profile(t->library, "codex", NULL)->file, "/etc/nono/profiles/codex.json");
	add_profile(state, "codex", "{}");
	assert_string_equal(library_profile(t->library, "codex", NULL)->file,
		"/home/u/.config/nono/profiles/codex.json");
	assert_string_equal(
		library_profile(t->library, "codex", "/etc/nono/profiles/other.json")->file,
		"/etc/nono/profiles/codex.json");
	assert_string_equal(
		library_profile(t->library, "codex", "/home/u/.config/nono/profiles/codex.json")
			->file,
		"/etc/nono/profiles/codex.json");
	for (size_t i = 0; (p = library_profile_at(t->library, i, &origin)); i++) {
		assert_true(origin < ORIGIN_PROJECT);
	}
}

static void test_files(void **state)
{
	struct policy_test *t = test_of(state);
	const char *team = "/srv/team/agent.json";

	add_document(state, DOCUMENT_PROFILE, ORIGIN_USER, "../team/agent.json", team,
		"{\"extends\":[\"base\",\"sub/more.json\"]}");
	assert_string_equal(library_profile(t->library, "../team/agent.json", NULL)->file, team);
	assert_null(library_profile(t->library, "agent", NULL));
	/* A sibling is only for its neighbours. */
	add_document(state, DOCUMENT_PROFILE, ORIGIN_USER, "/srv/team/base.json",
		"/srv/team/base.json", "{}");
	assert_non_null(library_profile(t->library, "base", team));
	assert_null(library_profile(t->library, "base", NULL));
	assert_null(library_profile(t->library, "bas", team));
	add_document(state, DOCUMENT_PROFILE, ORIGIN_USER, "/srv/team/sub/more.json",
		"/srv/team/sub/more.json", "{}");
	assert_non_null(library_profile(t->library, "sub/more.json", team));
	assert_null(library_profile(t->library, "more", team));
	profile_free(compose(state, "../team/agent.json"));
}

static void expect_missing(
	struct strlist *missing, const char *name, const char *from, size_t index)
{
	assert_true(missing->n > 2 * index + 1);
	assert_string_equal(missing->items[2 * index], name);
	assert_string_equal(missing->items[2 * index + 1], from);
}

/* Whoever has no access to the user's files asks for each reference in them, once. */
static void test_missing(void **state)
{
	struct policy_test *t = test_of(state);
	_cleanup_(strlist_deinit) struct strlist missing = { 0 };
	const char *from = "/home/u/.config/nono/profiles/p.json";
	const struct policy_document none = {
		.kind = DOCUMENT_PROFILE, .origin = ORIGIN_USER, .name = "python-dev", .file = from
	};
	struct profile *p = NULL;

	add_profile(state, "p", "{\"extends\":[\"python-dev\",\"mine\"]}");
	assert_int_equal(library_compose(&p, t->library, "p", NULL, 0, &missing, &t->err), -ENOENT);
	assert_int_equal(missing.n, 4);
	expect_missing(&missing, "python-dev", from, 0);
	expect_missing(&missing, "mine", from, 1);
	strlist_deinit(&missing);
	add_profile(state, "mine", "{}");
	assert_int_equal(library_add(t->library, &none, &t->err), 0);
	assert_int_equal(library_compose(&p, t->library, "p", NULL, 0, &missing, &t->err), 0);
	assert_int_equal(missing.n, 0);
	profile_free(p);
	/* The command line's have been looked for before, and nono's own refer to nono's own. */
	assert_int_equal(
		library_compose(&p, t->library, "python-dev", NULL, 0, &missing, &t->err), 0);
	profile_free(p);
	assert_int_equal(
		library_compose(&p, t->library, "nothing", NULL, 0, &missing, &t->err), -ENOENT);
	assert_int_equal(missing.n, 0);
}

static void test_extended(void **state)
{
	struct policy_test *t = test_of(state);
	_cleanup_(library_freep) struct library *over = NULL;
	const char *text = "{\"groups\":{\"mine\":{\"description\":\"d\","
			   "\"allow\":{\"read\":[\"/m\"]}}}}";
	const char *net = "{\"groups\":{\"lab\":{\"hosts\":[\"lab.example.org\"]}}}";
	struct policy_document d = { .kind = DOCUMENT_GROUPS,
		.origin = ORIGIN_USER,
		.file = "/u.json",
		.text = text,
		.n = strlen(text) };
	size_t n = 0, more = 0;

	while (library_group_at(t->library, n)) {
		n++;
	}
	assert_int_equal(library_extend(&over, t->library, &t->err), 0);
	assert_int_equal(library_add(over, &d, &t->err), 0);
	assert_non_null(library_group(over, "mine"));
	assert_non_null(library_group(over, "python_runtime"));
	assert_null(library_group(t->library, "mine"));
	while (library_group_at(over, more)) {
		more++;
	}
	assert_int_equal(more, n + 1);
	d.kind = DOCUMENT_NETWORK;
	d.text = net;
	d.n = strlen(net);
	assert_int_equal(library_add(over, &d, &t->err), 0);
	assert_non_null(library_network_group(over, "lab"));
	assert_non_null(library_network_group(over, "llm_apis"));
	assert_non_null(library_network(over, 1));
	assert_null(library_network(over, 2));
	assert_null(library_network(t->library, 1));
	net = "{\"groups\":{\"llm_apis\":{\"hosts\":[\"x.example.org\"]}}}";
	d.text = net;
	d.n = strlen(net);
	assert_int_equal(library_add(over, &d, &t->err), -EINVAL);
	d.origin = ORIGIN_SYSTEM;
	assert_int_equal(library_add(over, &d, &t->err), -EINVAL);
	d.origin = ORIGIN_PROJECT;
	assert_int_equal(library_add(t->library, &d, &t->err), -EINVAL);
}

static void test_bad_documents(void **state)
{
	struct policy_test *t = test_of(state);
	const struct policy_document d = { .kind = DOCUMENT_PROFILE,
		.origin = ORIGIN_USER,
		.name = "p",
		.file = "/p.json",
		.text = "{\"filesystem\":{\"raed\":[]}}",
		.n = strlen("{\"filesystem\":{\"raed\":[]}}") };

	assert_int_equal(library_add(t->library, &d, &t->err), -EINVAL);
	assert_non_null(strstr(t->err.message, "/p.json:1:"));
	assert_null(library_profile(t->library, "p", NULL));
}

/* PREFIX, n times ITEM with a number for %d, commas between them, SUFFIX. */
static char *repeat(const char *prefix, const char *item, size_t n, const char *suffix)
{
	_cleanup_(buf_deinit) struct buf out = { 0 };

	buf_append_str(&out, prefix);
	for (size_t i = 0; i < n; i++) {
		buf_printf(&out, "%s\"%s%zu\"%s", i ? "," : "", item, i,
			prefix[strlen(prefix) - 1] == '{' ? ":{}" : "");
	}
	buf_append_str(&out, suffix);
	return buf_take(&out);
}

/* What is compared element by element has a bound: nonod has other things to do. */
static void test_bounds(void **state)
{
	struct policy_test *t = test_of(state);
	struct policy_document d = {
		.kind = DOCUMENT_GROUPS, .origin = ORIGIN_USER, .file = "/g.json"
	};
	int r = 0;

	for (int i = 0; r == 0 && i < 10; i++) {
		_cleanup_free_ char *text = NULL;
		char item[16];
		snprintf(item, sizeof(item), "g%d-", i);
		text = repeat("{\"groups\":{", item, 1000, "}}");
		d.text = text;
		d.n = strlen(text);
		r = library_add(t->library, &d, &t->err);
	}
	assert_int_equal(r, -E2BIG);
	assert_non_null(strstr(t->err.message, "more than 8192 names"));
	for (int i = 0; i < 5; i++) {
		_cleanup_free_ char *text = NULL;
		char name[16], base[16], prefix[128], item[16];
		snprintf(name, sizeof(name), "b%d", i);
		snprintf(base, sizeof(base), "b%d", i - 1);
		snprintf(item, sizeof(item), "/%d-", i);
		snprintf(prefix, sizeof(prefix), "{\"extends\":\"%s\",\"filesystem\":{\"deny\":[",
			i == 0 ? "default" : base);
		text = repeat(prefix, item, 1020, "]}}");
		add_profile(state, name, text);
	}
	refuse_compose(state, "b4", -E2BIG, "more than 4096 elements in filesystem.deny");
	/* And those of the groups count as well. */
	refuse(state, &(struct policy_request){ .profile = "b3" }, -E2BIG,
		"more than 4096 denied paths");
}

static void add_project(void **state, bool trusted, const char *text)
{
	const struct policy_document d = { .kind = DOCUMENT_PROFILE,
		.origin = ORIGIN_PROJECT,
		.trusted = trusted,
		.name = "project",
		.file = "/w/$proj/.nono.json",
		.text = text,
		.n = strlen(text) };
	struct policy_test *t = test_of(state);

	assert_int_equal(library_add(t->library, &d, &t->err), 0);
}

static const char project[] =
	"{\"extends\":\"python-dev\",\"groups\":{\"include\":[\"dangerous_commands\","
	"\"python_runtime\"]},\"filesystem\":{\"read\":[\"data\"],\"deny\":[\"secret\",\"~/s\"]},"
	"\"network\":{\"block\":true},\"environment\":{\"deny_vars\":[\"X\"],\"strip_secrets\":true},"
	"\"commands\":{\"deny\":[\"make\"],\"allow\":[\"rm\"]},\"meta\":{\"name\":\"p\"}}";

/* Before it is trusted a project can only take away. */
static void test_project_narrows(void **state)
{
	const struct policy_result *r;

	add_project(state, false, project);
	r = resolve(state, &(struct policy_request){ .cwd = "/w/$proj/sub" });
	assert_string_equal(r->profile, "default");
	assert_int_equal(r->caps->network, NONO_NETWORK_BLOCKED);
	assert_int_equal(deny_check(&r->deny, "/w/$proj/secret/x", NULL), DENY_COVERS);
	assert_int_equal(deny_check(&r->deny, "/home/u/s", NULL), DENY_COVERS);
	assert_false(has_grant(r, "/w/$proj/data", NONO_READ));
	assert_false(has_grant(r, "/home/u/.pyenv", NONO_READ));
	assert_int_equal(environment_check(&r->environment, "X"), ENVIRONMENT_DENIED);
	assert_true(r->environment.strip_secrets);
	assert_int_equal(nono_caps_command_blocked(r->caps, "make"), 1);
	assert_int_equal(nono_caps_command_blocked(r->caps, "rm"), 1);
	assert_int_equal(r->warnings.n, 1);
	assert_non_null(strstr(
		r->warnings.items[0], "extends, groups.include, commands.allow, filesystem.read"));
	assert_non_null(strstr(r->warnings.items[0], "nono trust-project"));
	assert_true(r->standard_base);
}

static void test_project_only_narrows(void **state)
{
	add_project(state, false, "{\"network\":{\"block\":true},\"meta\":{\"name\":\"p\"}}");
	assert_int_equal(resolve(state, &(struct policy_request){ 0 })->warnings.n, 0);
}

static void test_project_is_trusted(void **state)
{
	const struct policy_result *r;

	add_project(state, true, project);
	r = resolve(state, &(struct policy_request){ .cwd = "/w/$proj/sub" });
	assert_true(has_grant(r, "/w/$proj/data", NONO_READ));
	assert_true(has_grant(r, "/home/u/.pyenv", NONO_READ));
	assert_int_equal(nono_caps_command_blocked(r->caps, "rm"), 0);
	assert_int_equal(deny_check(&r->deny, "/w/$proj/secret", NULL), DENY_COVERS);
	assert_int_equal(r->warnings.n, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		POLICY_TEST(test_inheritance),
		POLICY_TEST(test_nearest_base_wins),
		POLICY_TEST(test_clearing),
		POLICY_TEST(test_cycles),
		POLICY_TEST(test_depth),
		POLICY_TEST(test_lattice),
		POLICY_TEST(test_not_found),
		POLICY_TEST(test_origins),
		POLICY_TEST(test_files),
		POLICY_TEST(test_missing),
		POLICY_TEST(test_extended),
		POLICY_TEST(test_bad_documents),
		POLICY_TEST(test_bounds),
		POLICY_TEST(test_project_narrows),
		POLICY_TEST(test_project_only_narrows),
		POLICY_TEST(test_project_is_trusted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
