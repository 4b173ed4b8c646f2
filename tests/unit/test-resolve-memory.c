/* SPDX-License-Identifier: Apache-2.0 */
/* Every allocation of a decision, of an answer and of the public API fails once: the first, then
 * only the second, and so on until a run needs no more. Out of memory is what they say then, and
 * nothing leaks (which valgrind and the sanitizers see). */
#include "tests/unit/policy-test.h"

#include <stdbool.h>

#include "libcore/base/cleanup.h"
#include "nono-policy.h"
#include "policy/why.h"
#include "tests/unit/failing-alloc.h"

/* Calls run, which is 0 or negative, with each of its allocations failing in turn. */
static void fail_each(void **state, int (*run)(struct policy_test *t))
{
	struct policy_test *t = test_of(state);
	unsigned long n = 0;
	bool again = true;

	while (again) {
		int r;
		has_failed = false;
		t->err = (struct nono_error){ 0 };
		failing_left = ++n;
		r = run(t);
		failing_left = 0;
		again = has_failed;
		if (r != (has_failed ? -ENOMEM : 0)) {
			fail_msg("allocation %lu: %d, %s", n, r, t->err.message);
		}
	}
	assert_true(n > 3);
}

static const struct policy_grant grants[] = { { "/data", NONO_READ, false },
	{ "/home/u/.aws", NONO_READ, false } };

static int run_resolve(struct policy_test *t)
{
	static const char *const names[] = { "/home/u/.netrc" }, *const keep[] = { "X" };
	static const char *const domains[] = { "a.example.org" };
	const struct policy_request q = { .profile = "p",
		.grants = grants,
		.n_grants = ELEMENTSOF(grants),
		.bypass = { names, 1 },
		.keep_variables = { keep, 1 },
		.allow_domains = { domains, 1 },
		.cwd = "/home/u/p",
		.allow_cwd = true };
	struct policy_result r = { 0 };
	int q_result = policy_resolve(
		&r, &q, t->library, t->never, &t->places, POLICY_ASK, NULL, &t->hint, &t->err);

	policy_result_deinit(&r);
	return q_result;
}

static void test_resolve(void **state)
{
	static const char project[] = "{\"filesystem\":{\"read\":[\"x\"],\"deny\":[\"/data/s\"]}}";
	const struct policy_document d = { .kind = DOCUMENT_PROFILE,
		.origin = ORIGIN_PROJECT,
		.name = "project",
		.file = "/home/u/p/.nono.json",
		.text = project,
		.n = strlen(project) };

	add_profile(state, "base", "{\"filesystem\":{\"read\":[\"~/b\"]}}");
	add_profile(state, "p",
		"{\"extends\":\"base\",\"groups\":{\"include\":[\"python_runtime\"]},"
		"\"environment\":{\"allow_vars\":[\"A\"],\"deny_vars\":[\"B\"],"
		"\"set_vars\":{\"C\":\"$HOME\"}},\"network\":{\"credentials\":[\"openai\"],"
		"\"network_profile\":\"minimal\"},\"commands\":{\"allow\":[\"rm\"],\"deny\":[\"x\"]},"
		"\"security\":{\"capability_elevation\":true}}");
	assert_int_equal(library_add(test_of(state)->library, &d, NULL), 0);
	fail_each(state, run_resolve);
}

static int run_extend(struct policy_test *t)
{
	static const char text[] = "{\"groups\":{\"mine\":{\"description\":\"d\"}}}";
	const struct policy_document group = { .kind = DOCUMENT_GROUPS,
		.origin = ORIGIN_USER,
		.file = "/g.json",
		.text = text,
		.n = strlen(text) };
	const struct policy_document absent = {
		.kind = DOCUMENT_PROFILE, .origin = ORIGIN_USER, .name = "x", .file = ""
	};
	_cleanup_(library_freep) struct library *l = NULL;
	int r = library_extend(&l, t->library, &t->err);

	if (r == 0) {
		r = library_add(l, &group, &t->err);
	}
	return r < 0 ? r : library_add(l, &absent, &t->err);
}

static void test_extend(void **state)
{
	fail_each(state, run_extend);
}

static int run_why(struct policy_test *t)
{
	const struct why_path path = {
		.path = "/data/x y", .operations = WHY_READ | WHY_WRITE | WHY_DELETE, .exists = true
	};
	struct why_answer a = { 0 };
	int r = why_path(&a, &t->result, t->never, &path, &t->err);

	why_answer_deinit(&a);
	if (r == 0) {
		r = why_command(&a, &t->result, "rm", &t->err);
		why_answer_deinit(&a);
	}
	if (r == 0) {
		r = why_host(&a, &t->result, "b.example.org", 443, &t->err);
		why_answer_deinit(&a);
	}
	return r;
}

static void test_why(void **state)
{
	static const char *const domains[] = { "a.example.org" };

	resolve_in(state,
		&(struct policy_request){
			.grants = grants, .n_grants = 1, .allow_domains = { domains, 1 } },
		POLICY_ASK);
	fail_each(state, run_why);
}

static int run_environment(struct policy_test *t)
{
	static const char *const from[] = { "A=1", "B=2", NULL };
	_cleanup_free_ char **got = environment_filter(&t->result.environment, (char *const *)from);

	return got ? 0 : -ENOMEM;
}

static void test_environment(void **state)
{
	resolve(state, &(struct policy_request){ 0 });
	has_failed = false;
	failing_left = 1;
	assert_int_equal(run_environment(test_of(state)), -ENOMEM);
	assert_true(has_failed);
	failing_left = 0;
	assert_int_equal(run_environment(test_of(state)), 0);
}

static int run_public(struct policy_test *t)
{
	static const char text[] =
		"{\"groups\":{\"g\":{\"allow\":{\"read\":[\"/usr\",\"/etc/passwd\"]},"
		"\"deny\":{\"access\":[\"~/.x\"],\"commands\":[\"dd\"]}}}}";
	static const char network[] =
		"{\"groups\":{\"lab\":{\"hosts\":[\"lab.example.org\"]}},\"credentials\":{\"s\":"
		"{\"upstream\":\"https://s.example.org\",\"inject_header\":\"X\","
		"\"credential_format\":\"{}\",\"credential_key\":\"s\",\"env_var\":\"S\"}}}";
	static const char *const groups[] = { "g" }, *const hosts[] = { "lab" };
	static const char *const services[] = { "s" };
	struct nono_policy_resolved *resolved = NULL;
	struct nono_proxy_config *config = NULL;
	struct nono_policy *policy = NULL;
	struct nono_caps *caps = NULL;
	int r = nono_caps_new(&caps);

	r = r ? r : nono_policy_load(text, strlen(text), &policy, &t->err);
	r = r ? r : nono_policy_add_network(policy, network, strlen(network), &t->err);
	r = r ? r : nono_policy_resolve_groups(policy, groups, 1, caps, &resolved, &t->err);
	r = r ? r : nono_policy_check_deny(resolved, caps, &t->err);
	r = r ? r : nono_policy_proxy_config(policy, NULL, hosts, 1, services, 1, &config, &t->err);
	nono_proxy_config_free(config);
	nono_policy_resolved_free(resolved);
	nono_policy_free(policy);
	nono_caps_free(caps);
	return r;
}

static void test_public(void **state)
{
	fail_each(state, run_public);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		POLICY_TEST(test_resolve),
		POLICY_TEST(test_extend),
		POLICY_TEST(test_why),
		POLICY_TEST(test_environment),
		POLICY_TEST(test_public),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
