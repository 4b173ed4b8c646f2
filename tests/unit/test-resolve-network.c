/* SPDX-License-Identifier: Apache-2.0 */
/* The network of a session: who wins over whom. */
#include "tests/unit/policy-test.h"

#include "libcore/base/cleanup.h"
#include "policy/hosts.h"

static const char *const domains[] = { "api.example.org" };

static void expect_needs(void **state, const struct policy_request *q, const char *part)
{
	const struct policy_result *r;

	refuse(state, q, -EPERM, part);
	r = resolve_in(state, q, POLICY_PLAN);
	assert_int_equal(r->needs, NEED_PROXY);
	assert_true(r->proxied);
	assert_int_equal(r->caps->network, NONO_NETWORK_BLOCKED);
	assert_int_equal(r->need_reasons.n, 1);
}

static void test_profile_filters(void **state)
{
	struct policy_request q = { .profile = "node-dev" };

	expect_needs(state, &q, "--net-allow");
	assert_true(strlist_has(&test_of(state)->result.hosts, "api.anthropic.com"));
	q.network = NETWORK_OPEN;
	assert_int_equal(resolve(state, &q)->caps->network, NONO_NETWORK_OPEN);
	q.network = NETWORK_BLOCKED;
	assert_int_equal(resolve(state, &q)->caps->network, NONO_NETWORK_BLOCKED);
	assert_false(test_of(state)->result.proxied);
}

static void test_profile_blocks(void **state)
{
	struct policy_request q = { .profile = "off" };

	add_profile(state, "off",
		"{\"network\":{\"block\":true,\"allow_domain\":[\"a.example.org\"]}}");
	assert_int_equal(resolve(state, &q)->caps->network, NONO_NETWORK_BLOCKED);
	q.network = NETWORK_OPEN;
	assert_int_equal(resolve(state, &q)->caps->network, NONO_NETWORK_OPEN);
	q.network = NETWORK_AS_PROFILE;
	q.allow_domains = (struct policy_names){ domains, 1 };
	refuse(state, &q, -EINVAL, "off.json:1 blocks the network, and --allow-domain contradicts");
	q.network = NETWORK_BLOCKED;
	assert_int_equal(resolve(state, &q)->caps->network, NONO_NETWORK_BLOCKED);
	q.network = NETWORK_OPEN;
	refuse(state, &q, -EINVAL, "--net-allow and --allow-domain contradict");
}

static void test_flags(void **state)
{
	const char *const group[] = { "llm_apis" }, *const github[] = { "github" };
	const char *const nothing[] = { "gihub" };
	const struct policy_result *r;

	expect_needs(state, &(struct policy_request){ .allow_domains = { domains, 1 } },
		"--allow-domain: ");
	assert_int_equal(test_of(state)->result.hosts.n, 1);
	expect_needs(state, &(struct policy_request){ .allow_domains = { group, 1 } },
		"--allow-domain: ");
	assert_true(strlist_has(&test_of(state)->result.hosts, "api.openai.com"));
	/* A credential opens its own service and no other. */
	expect_needs(
		state, &(struct policy_request){ .credentials = { github, 1 } }, "--credential: ");
	r = &test_of(state)->result;
	assert_int_equal(r->hosts.n, 1);
	assert_string_equal(r->hosts.items[0], "api.github.com");
	assert_string_equal(r->credentials.items[0], "github");
	expect_needs(state, &(struct policy_request){ .network_profile = "minimal" },
		"--network-profile: ");
	refuse(state, &(struct policy_request){ .network_profile = "minmal" }, -ENOENT,
		"there is no network profile 'minmal' (did you mean 'minimal'?)");
	refuse(state, &(struct policy_request){ .credentials = { nothing, 1 } }, -ENOENT,
		"(did you mean 'github'?)");
}

/* The flag replaces the profile's network profile, and adds to its hosts. */
static void test_both(void **state)
{
	const struct policy_request q = {
		.profile = "p", .network_profile = "minimal", .allow_domains = { domains, 1 }
	};
	const struct policy_result *r;

	add_profile(state, "p",
		"{\"network\":{\"network_profile\":\"enterprise\",\"allow_hosts\":[\"b.example.org\"],"
		"\"custom_credentials\":{\"mine\":{\"upstream\":\"https://c.example.org\"}},"
		"\"credentials\":[\"mine\"]}}");
	r = resolve_in(state, &q, POLICY_PLAN);
	assert_true(strlist_has(&r->hosts, "api.example.org"));
	assert_true(strlist_has(&r->hosts, "b.example.org"));
	assert_true(strlist_has(&r->hosts, "api.anthropic.com"));
	assert_false(strlist_has(&r->hosts, "github.com"));
	assert_true(strlist_has(&r->credentials, "mine"));
	assert_true(strlist_has(&r->hosts, "c.example.org"));
	add_profile(state, "bad",
		"{\"network\":{\"custom_credentials\":{\"mine\":{}},\"credentials\":[\"mine\"]}}");
	refuse(state, &(struct policy_request){ .profile = "bad" }, -EINVAL,
		"service 'mine' has no upstream");
}

static void test_ports(void **state)
{
	const uint16_t port = 8080;
	const struct policy_ports ports = { &port, 1 };
	struct policy_request q = { .connect = ports, .listen = ports, .localhost = ports };
	const struct policy_result *r = resolve(state, &q);

	/* In an open network they are open; to list one would close the others. */
	assert_int_equal(r->caps->connect.n + r->caps->bind.n + r->caps->localhost.n, 0);
	assert_int_equal(r->warnings.n, 1);
	assert_non_null(strstr(r->warnings.items[0], "--allow-connect-port changes nothing"));
	q.network = NETWORK_BLOCKED;
	refuse(state, &q, -EPERM, "port 8080 of this machine");
	q.supervised = true;
	assert_int_equal(resolve(state, &q)->caps->localhost.items[0], 8080);
	q.supervised = false;
	q.localhost.n = 0;
	r = resolve(state, &q);
	assert_int_equal(r->caps->connect.items[0], 8080);
	assert_int_equal(r->caps->bind.items[0], 8080);
	add_profile(state, "p",
		"{\"network\":{\"block\":true,\"listen_port\":[1,65535],\"connect_port\":[443],"
		"\"open_port\":[3000]}}");
	r = resolve_in(state, &(struct policy_request){ .profile = "p" }, POLICY_PLAN);
	assert_int_equal(r->needs, NEED_LOCALHOST_PORTS);
	assert_int_equal(r->caps->bind.items[1], 65535);
	assert_int_equal(r->caps->connect.items[0], 443);
	assert_int_equal(r->caps->localhost.items[0], 3000);
	/* Who shuts the network means the profile's ports too, and not their own. */
	q = (struct policy_request){ .profile = "p", .network = NETWORK_BLOCKED, .connect = ports };
	r = resolve_in(state, &q, POLICY_START);
	assert_int_equal(r->caps->connect.n, 1);
	assert_int_equal(r->caps->connect.items[0], 8080);
	assert_int_equal(r->caps->bind.n + r->caps->localhost.n, 0);
}

static void expect_pattern(const char *text, const char *wanted)
{
	_cleanup_free_ char *got = NULL;
	struct nono_error err;

	if (host_pattern(&got, text, &err) < 0) {
		fail_msg("%s", err.message);
	}
	assert_string_equal(got, wanted);
}

static void refuse_pattern(const char *text, int code)
{
	char *got = NULL;

	assert_int_equal(host_pattern(&got, text, NULL), code);
	assert_null(got);
}

static void test_host_patterns(void **state)
{
	static const char *const bad[] = { "", ".", "..", "a..b", ".a", "*", "*.", "*a", "a.*",
		"a b", "a/b", "https://a.example.org/path", "a:0", "a:65536", "a:b", "a@b", "a\nb",
		"[::1", "ftp://a" };
	char *host = NULL;

	(void)state;
	expect_pattern("API.Example.org", "api.example.org");
	expect_pattern("api.example.org.", "api.example.org");
	expect_pattern("api.example.org:443", "api.example.org");
	expect_pattern("https://api.example.org/", "api.example.org");
	expect_pattern("http://localhost:8080", "localhost");
	expect_pattern("*.Example.org", "*.example.org");
	expect_pattern("10.0.0.1", "10.0.0.1");
	expect_pattern("[2001:db8::1]:443", "2001:db8::1");
	expect_pattern("2001:db8::1", "2001:db8::1");
	for (size_t i = 0; i < ELEMENTSOF(bad); i++) {
		refuse_pattern(bad[i], -EINVAL);
	}
	refuse_pattern("169.254.169.254", -EPERM);
	refuse_pattern("169.254.169.254:80", -EPERM);
	refuse_pattern("Metadata.Google.Internal.", -EPERM);
	refuse_pattern("fe80::1", -EPERM);
	refuse_pattern("::ffff:169.254.169.254", -EPERM);
	assert_int_equal(host_of_url(&host, "https://api.openai.com/v1?x", NULL), 0);
	assert_string_equal(host, "api.openai.com");
	free(host);
}

static void test_host_matches(void **state)
{
	(void)state;
	assert_true(host_matches("a.example.org", "A.Example.Org."));
	assert_false(host_matches("a.example.org", "b.a.example.org"));
	assert_false(host_matches("a.example.org", "a.example.orgx"));
	assert_true(host_matches("*.example.org", "a.example.org"));
	assert_true(host_matches("*.example.org", "b.a.Example.org"));
	assert_false(host_matches("*.example.org", "example.org"));
	assert_false(host_matches("*.example.org", "bad"
						   "example.org"));
	assert_false(host_matches("*.example.org", ".example.org"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		POLICY_TEST(test_profile_filters),
		POLICY_TEST(test_profile_blocks),
		POLICY_TEST(test_flags),
		POLICY_TEST(test_both),
		POLICY_TEST(test_ports),
		cmocka_unit_test(test_host_patterns),
		cmocka_unit_test(test_host_matches),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
