/* SPDX-License-Identifier: Apache-2.0 */
/* Would it be allowed, and why not. */
#include "tests/unit/policy-test.h"

#include "libcore/base/cleanup.h"
#include "policy/why.h"

static const struct policy_grant grants[] = {
	{ "/data", NONO_READ, false },
	{ "/data/out", NONO_WRITE, false },
	{ "/data/rw", NONO_READ_WRITE, false },
	{ "/data/file", NONO_WRITE, true },
	{ "/log", NONO_WRITE, false },
	{ "/single", NONO_READ_WRITE, true },
};

struct asked {
	struct why_answer a;
};

static void asked_deinit(struct asked *q)
{
	why_answer_deinit(&q->a);
}
#define _asked_ _cleanup_(asked_deinit) struct asked

static struct asked ask(void **state, const struct why_path *question)
{
	struct policy_test *t = test_of(state);
	struct asked q = { 0 };

	assert_int_equal(why_path(&q.a, &t->result, t->never, question, &t->err), 0);
	assert_non_null(why_reason_to_string(q.a.reason));
	return q;
}

static void expect(
	void **state, const char *path, unsigned operations, bool is_dir, enum why_reason reason)
{
	const struct why_path question = {
		.path = path, .operations = operations, .exists = true, .is_dir = is_dir
	};
	_asked_ q = ask(state, &question);

	if (q.a.reason != reason) {
		fail_msg("%s: %s", path, why_reason_to_string(q.a.reason));
	}
	assert_int_equal(q.a.allowed, reason == WHY_GRANTED_PATH);
}

static void resolve_grants(void **state)
{
	resolve_in(state,
		&(struct policy_request){ .grants = grants, .n_grants = ELEMENTSOF(grants) },
		POLICY_ASK);
}

static void test_files(void **state)
{
	resolve_grants(state);
	expect(state, "/data/a", WHY_READ, false, WHY_GRANTED_PATH);
	expect(state, "/data/a", WHY_EXECUTE, false, WHY_GRANTED_PATH);
	expect(state, "/data/a", WHY_WRITE, false, WHY_INSUFFICIENT_ACCESS);
	expect(state, "/data2", WHY_READ, false, WHY_PATH_NOT_GRANTED);
	expect(state, "/log/a", WHY_WRITE, false, WHY_GRANTED_PATH);
	expect(state, "/log/a", WHY_READ, false, WHY_INSUFFICIENT_ACCESS);
	expect(state, "/log/a", WHY_EXECUTE, false, WHY_INSUFFICIENT_ACCESS);
	/* Two grants with one half each. */
	expect(state, "/data/out/a", WHY_READ | WHY_WRITE, false, WHY_GRANTED_PATH);
	expect(state, "/data/out/a", WHY_READ | WHY_WRITE | WHY_DELETE | WHY_EXECUTE, false,
		WHY_GRANTED_PATH);
	/* A file's grant is about that file, not about its name in a directory. */
	expect(state, "/data/file", WHY_READ | WHY_WRITE, false, WHY_GRANTED_PATH);
	expect(state, "/data/file", WHY_DELETE, false, WHY_INSUFFICIENT_ACCESS);
	expect(state, "/single", WHY_READ | WHY_WRITE | WHY_EXECUTE, false, WHY_GRANTED_PATH);
	expect(state, "/single", WHY_DELETE, false, WHY_PATH_NOT_GRANTED);
	expect(state, "/single/below", WHY_READ, false, WHY_PATH_NOT_GRANTED);
}

static void test_directories(void **state)
{
	resolve_grants(state);
	expect(state, "/data", WHY_READ, true, WHY_GRANTED_PATH);
	expect(state, "/data/rw", WHY_WRITE, true, WHY_GRANTED_PATH);
	/* Removing the granted directory itself needs the one it is in. */
	expect(state, "/data/rw", WHY_DELETE, true, WHY_INSUFFICIENT_ACCESS);
	expect(state, "/data/rw/d", WHY_DELETE, true, WHY_GRANTED_PATH);
	expect(state, "/log", WHY_DELETE, true, WHY_PATH_NOT_GRANTED);
	expect(state, "/log", WHY_READ, true, WHY_INSUFFICIENT_ACCESS);
	expect(state, "/data", WHY_WRITE, true, WHY_INSUFFICIENT_ACCESS);
	expect(state, "/", WHY_READ, true, WHY_PATH_NOT_GRANTED);
	expect(state, "/", WHY_DELETE, true, WHY_PATH_NOT_GRANTED);
}

static void test_missing(void **state)
{
	struct why_path question = { .path = "/data/rw/new", .operations = WHY_WRITE };

	resolve_grants(state);
	{
		_asked_ q = ask(state, &question);
		assert_true(q.a.allowed);
	}
	question.path = "/data/new/deep";
	question.parent = "/data";
	{
		_asked_ q = ask(state, &question);
		assert_int_equal(q.a.reason, WHY_INSUFFICIENT_ACCESS);
		assert_string_equal(q.a.suggested_flag, "--write /data");
	}
	question = (struct why_path){ .path = "/srv/x", .operations = WHY_READ, .parent = "/srv" };
	{
		_asked_ q = ask(state, &question);
		assert_string_equal(q.a.suggested_flag, "--read /srv");
	}
	/* Home as a whole cannot be had, so it is not suggested. */
	question = (struct why_path){
		.path = "/home/u/x", .operations = WHY_READ, .parent = "/home/u"
	};
	{
		_asked_ q = ask(state, &question);
		assert_int_equal(q.a.reason, WHY_PATH_NOT_GRANTED);
		assert_null(q.a.suggested_flag);
	}
}

static void test_answer(void **state)
{
	struct why_path question = {
		.path = "/data/out/a", .operations = WHY_WRITE, .exists = true
	};

	resolve_grants(state);
	{
		_asked_ q = ask(state, &question);
		assert_string_equal(q.a.granted_path, "/data/out");
		assert_int_equal(q.a.access, NONO_WRITE);
		assert_string_equal(q.a.source, "user");
		assert_null(q.a.suggested_flag);
	}
	question =
		(struct why_path){ .path = "/usr/bin/x", .operations = WHY_WRITE, .exists = true };
	{
		_asked_ q = ask(state, &question);
		assert_int_equal(q.a.reason, WHY_NEVER_GRANTABLE);
		assert_string_equal(q.a.policy_source, "built-in");
	}
	question = (struct why_path){
		.path = "/usr/share/it's", .operations = WHY_WRITE, .exists = true
	};
	{
		_asked_ q = ask(state, &question);
		assert_int_equal(q.a.reason, WHY_INSUFFICIENT_ACCESS);
		assert_string_equal(q.a.granted_path, "/usr");
		assert_int_equal(q.a.access, NONO_READ);
		assert_string_equal(q.a.source, "group:system_read_linux_core");
		assert_string_equal(q.a.suggested_flag, "--write-file '/usr/share/it'\\''s'");
	}
	question = (struct why_path){ .path = "/srv/a b",
		.operations = WHY_READ | WHY_WRITE,
		.exists = true,
		.is_dir = true };
	{
		_asked_ q = ask(state, &question);
		assert_string_equal(q.a.suggested_flag, "--allow '/srv/a b'");
	}
}

static void test_sensitive(void **state)
{
	const struct policy_grant key = { "/home/u/.ssh/id_rsa", NONO_READ, true };
	const struct why_path question = {
		.path = "/home/u/.ssh/id_rsa", .operations = WHY_READ, .exists = true
	};
	const char *const ssh[] = { "/home/u/.ssh" };
	const struct policy_request request = {
		.grants = &key, .n_grants = 1, .bypass = { ssh, 1 }
	};

	resolve_in(state, &(struct policy_request){ .grants = &key, .n_grants = 1 }, POLICY_ASK);
	{
		_asked_ q = ask(state, &question);
		assert_int_equal(q.a.reason, WHY_SENSITIVE_PATH);
		assert_string_equal(q.a.details,
			"Path matches sensitive pattern 'Block access to cryptographic keys, "
			"tokens, and cloud credentials'. Access blocked by security policy.");
		assert_string_equal(q.a.policy_source, "group:deny_credentials");
		assert_null(q.a.suggested_flag);
	}
	resolve_in(state, &request, POLICY_ASK);
	expect(state, "/home/u/.ssh/id_rsa", WHY_READ, false, WHY_NEVER_GRANTABLE);
	expect(state, "/home/u/.ssh/config", WHY_READ, false, WHY_PATH_NOT_GRANTED);
}

/* A deny inside a granted tree. */
static void test_deny_inside(void **state)
{
	const struct policy_request q = { .profile = "p", .grants = grants, .n_grants = 1 };

	add_profile(state, "p", "{\"filesystem\":{\"deny\":[\"/data/secret\"]}}");
	resolve_in(state, &q, POLICY_ASK);
	expect(state, "/data/secret/x", WHY_READ, false, WHY_SENSITIVE_PATH);
	expect(state, "/data/x", WHY_READ, false, WHY_GRANTED_PATH);
}

static void expect_host(
	void **state, const char *host, uint16_t port, enum why_reason reason, const char *flag)
{
	struct policy_test *t = test_of(state);
	_asked_ q = { 0 };

	assert_int_equal(why_host(&q.a, &t->result, host, port, &t->err), 0);
	assert_string_equal(why_reason_to_string(q.a.reason), why_reason_to_string(reason));
	assert_string_equal(flag ? flag : "", q.a.suggested_flag ? q.a.suggested_flag : "");
}

static void test_hosts(void **state)
{
	const char *const domains[] = { "api.example.org", "*.example.net" };
	const uint16_t port = 8443;

	resolve(state, &(struct policy_request){ 0 });
	expect_host(state, "example.com", 443, WHY_NETWORK_ALLOWED, NULL);
	resolve(state,
		&(struct policy_request){ .network = NETWORK_BLOCKED, .connect = { &port, 1 } });
	expect_host(state, "example.com", 443, WHY_NETWORK_BLOCKED, "--allow-connect-port 443");
	expect_host(state, "example.com", 8443, WHY_NETWORK_ALLOWED, NULL);
	resolve_in(state, &(struct policy_request){ .allow_domains = { domains, 2 } }, POLICY_ASK);
	expect_host(state, "API.example.org.", 443, WHY_PROXY_ALLOWED, NULL);
	expect_host(state, "a.b.example.net", 443, WHY_PROXY_ALLOWED, NULL);
	expect_host(state, "example.net", 443, WHY_PROXY_FILTERED, "--allow-domain example.net");
	expect_host(state, "169.254.169.254", 80, WHY_PROXY_FILTERED, NULL);
	/* A profile's filter counts, too. */
	resolve_in(state, &(struct policy_request){ .profile = "python-dev" }, POLICY_ASK);
	expect_host(state, "evil.example", 443, WHY_PROXY_FILTERED, "--allow-domain evil.example");
}

static void test_commands(void **state)
{
	struct policy_test *t = test_of(state);

	resolve_grants(state);
	{
		_asked_ q = { 0 };
		assert_int_equal(why_command(&q.a, &t->result, "/bin/rm", &t->err), 0);
		assert_int_equal(q.a.reason, WHY_COMMAND_BLOCKED);
		assert_string_equal(q.a.policy_source, "group:dangerous_commands");
		assert_string_equal(q.a.suggested_flag, "--allow-command rm");
	}
	{
		_asked_ q = { 0 };
		assert_int_equal(why_command(&q.a, &t->result, "npm", &t->err), 0);
		assert_true(q.a.allowed);
		assert_int_equal(q.a.reason, WHY_COMMAND_ALLOWED);
	}
}

static void test_bad_questions(void **state)
{
	struct policy_test *t = test_of(state);
	struct why_answer a;

	resolve_grants(state);
	assert_int_equal(
		why_path(&a, &t->result, t->never,
			&(struct why_path){ .path = "x", .operations = WHY_READ }, &t->err),
		-EINVAL);
	assert_int_equal(
		why_path(&a, &t->result, t->never, &(struct why_path){ .path = "/x" }, &t->err),
		-EINVAL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		POLICY_TEST(test_files),
		POLICY_TEST(test_directories),
		POLICY_TEST(test_missing),
		POLICY_TEST(test_answer),
		POLICY_TEST(test_sensitive),
		POLICY_TEST(test_deny_inside),
		POLICY_TEST(test_hosts),
		POLICY_TEST(test_commands),
		POLICY_TEST(test_bad_questions),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
