/* SPDX-License-Identifier: Apache-2.0 */
/* The public half of policy. */
#include "nono-policy.h"

#include "tests/unit/scratch.h"

#include <errno.h>

#include "nono.h"

static struct nono_error err;

static const char document[] =
	"{\"groups\":{"
	"\"zeta\":{\"description\":\"last\",\"allow\":{\"read\":[\"~/lib\",\"~/missing\"],"
	"\"readwrite\":[\"$TMPDIR/scratch\"]},\"deny\":{\"commands\":[\"dd\"]}},"
	"\"alpha\":{\"description\":\"first\",\"required\":true,"
	"\"deny\":{\"access\":[\"~/.keys\"]}},"
	"\"mac\":{\"description\":\"elsewhere\",\"platform\":\"macos\","
	"\"allow\":{\"read\":[\"/\"]}}}}";

static struct nono_policy *load(const char *text)
{
	struct nono_policy *policy = NULL;

	if (nono_policy_load(text, strlen(text), &policy, &err) < 0) {
		fail_msg("%s", err.message);
	}
	return policy;
}

static int setup(void **state)
{
	if (scratch_setup(state) < 0) {
		return -1;
	}
	setenv("HOME", scratch_dir("home"), 1);
	setenv("TMPDIR", scratch_root, 1);
	scratch_dir("home/lib");
	scratch_dir("home/keys");
	scratch_link("home/.keys", "keys");
	scratch_dir("scratch");
	return 0;
}

static void test_loading(void **state)
{
	struct nono_policy *policy = load(document);

	(void)state;
	assert_string_equal(nono_policy_group_name(policy, 0), "alpha");
	assert_string_equal(nono_policy_group_name(policy, 1), "mac");
	assert_string_equal(nono_policy_group_name(policy, 2), "zeta");
	assert_null(nono_policy_group_name(policy, 3));
	assert_string_equal(nono_policy_group_description(policy, "zeta"), "last");
	assert_null(nono_policy_group_description(policy, "omega"));
	assert_int_equal(nono_policy_group_required(policy, "alpha"), 1);
	assert_int_equal(nono_policy_group_required(policy, "zeta"), 0);
	nono_policy_free(policy);
	policy = NULL;
	assert_int_equal(nono_policy_load("{\"groups\":{\"a\":{\"alow\":{}}}}",
				 strlen("{\"groups\":{\"a\":{\"alow\":{}}}}"), &policy, &err),
		-EINVAL);
	assert_int_equal(err.code, NONO_INVALID);
	assert_non_null(strstr(err.message, "policy:1:"));
	assert_null(policy);
	assert_int_equal(nono_policy_load(NULL, 0, &policy, &err), -EINVAL);
	assert_int_equal(nono_policy_load("{}", 2, NULL, &err), -EINVAL);
	nono_policy_free(NULL);
	nono_policy_resolved_free(NULL);
	nono_proxy_config_free(NULL);
}

static void test_embedded(void **state)
{
	struct nono_policy *policy = NULL, *again = NULL;
	char *text = NULL;
	size_t n = 0;

	(void)state;
	assert_int_equal(nono_policy_load_embedded(&policy, &err), 0);
	assert_int_equal(nono_policy_embedded_json(&text, &err), 0);
	again = load(text);
	free(text);
	while (nono_policy_group_name(policy, n)) {
		assert_string_equal(
			nono_policy_group_name(policy, n), nono_policy_group_name(again, n));
		n++;
	}
	assert_true(n > 20);
	assert_null(nono_policy_group_name(again, n));
	assert_int_equal(nono_policy_group_required(policy, "deny_credentials"), 1);
	nono_policy_free(policy);
	nono_policy_free(again);
}

static void test_resolving(void **state)
{
	static const char *const names[] = { "zeta", "alpha", "mac", "zeta" };
	struct nono_policy *policy = load(document);
	struct nono_policy_resolved *resolved = NULL;
	struct nono_caps *caps = NULL;
	const struct nono_fs_grant *g;

	(void)state;
	assert_int_equal(nono_caps_new(&caps), 0);
	assert_int_equal(nono_policy_resolve_groups(policy, names, 4, caps, &resolved, &err), 0);
	g = nono_caps_fs_grant(caps, 0);
	assert_string_equal(g->resolved, scratch_path("home/lib"));
	assert_int_equal(g->access, NONO_READ);
	assert_int_equal(g->source, NONO_SOURCE_GROUP);
	assert_string_equal(g->source_name, "zeta");
	g = nono_caps_fs_grant(caps, 1);
	assert_string_equal(g->resolved, scratch_path("scratch"));
	assert_int_equal(g->access, NONO_READ_WRITE);
	assert_null(nono_caps_fs_grant(caps, 2));
	assert_int_equal(nono_caps_command_blocked(caps, "dd"), 1);
	assert_string_equal(nono_policy_resolved_group(resolved, 0), "zeta");
	assert_string_equal(nono_policy_resolved_group(resolved, 1), "alpha");
	assert_null(nono_policy_resolved_group(resolved, 2));
	assert_string_equal(nono_policy_resolved_deny_command(resolved, 0), "dd");
	/* By its own name and by where that leads. */
	assert_string_equal(
		nono_policy_resolved_deny_path(resolved, 0), scratch_path("home/.keys"));
	assert_string_equal(nono_policy_resolved_deny_path(resolved, 1), scratch_path("home/keys"));
	assert_null(nono_policy_resolved_deny_path(resolved, 2));

	assert_int_equal(nono_policy_check_deny(resolved, caps, &err), 0);
	assert_int_equal(nono_caps_allow_path(caps, scratch_path("home/keys"), NONO_READ, &err), 0);
	assert_int_equal(nono_policy_check_deny(resolved, caps, &err), -EPERM);
	assert_int_equal(err.code, NONO_REFUSED);
	nono_policy_resolved_free(resolved);
	resolved = NULL;
	assert_int_equal(nono_policy_resolve_groups(policy, names, 2, NULL, &resolved, &err), 0);
	nono_policy_resolved_free(resolved);
	nono_caps_free(caps);
	nono_policy_free(policy);
}

static void test_unknown_groups(void **state)
{
	static const char *const names[] = { "zeta", "alpa" };
	static const char *const excluded[] = { "zeta", "alpha" };
	struct nono_policy *policy = load(document);
	struct nono_policy_resolved *resolved = NULL;

	(void)state;
	assert_int_equal(
		nono_policy_resolve_groups(policy, names, 2, NULL, &resolved, &err), -ENOENT);
	assert_int_equal(err.code, NONO_NOT_FOUND);
	assert_string_equal(err.message, "Unknown policy group: 'alpa' (did you mean 'alpha'?)");
	assert_null(resolved);
	assert_int_equal(nono_policy_check_exclusions(policy, names, 1, &err), 0);
	assert_int_equal(nono_policy_check_exclusions(policy, excluded, 2, &err), -EPERM);
	assert_string_equal(err.message, "Cannot exclude required groups: 'alpha'");
	assert_int_equal(nono_policy_check_exclusions(policy, names, 2, &err), -ENOENT);
	nono_policy_free(policy);
}

static void expect_overlap(const struct nono_caps *caps, const char *path, int code)
{
	const char *const paths[] = { "/nowhere", path };

	assert_int_equal(nono_policy_check_deny_overlaps(paths, 2, caps, &err), code);
}

static void test_overlaps(void **state)
{
	struct nono_caps *caps = NULL;

	(void)state;
	assert_int_equal(nono_caps_new(&caps), 0);
	assert_int_equal(nono_caps_allow_path(caps, scratch_path("home/lib"), NONO_READ, &err), 0);
	expect_overlap(caps, scratch_path("scratch"), 0);
	expect_overlap(caps, scratch_path("home/li"), 0);
	expect_overlap(caps, scratch_path("home/lib"), -EPERM);
	expect_overlap(caps, scratch_path("home/lib/deep/er"), -EPERM);
	assert_non_null(strstr(err.message, "Landlock"));
	expect_overlap(caps, scratch_path("home"), -EPERM);
	expect_overlap(caps, "relative", -EINVAL);
	expect_overlap(caps, "/a/../b", -EINVAL);
	expect_overlap(caps, NULL, -EINVAL);
	assert_int_equal(nono_policy_check_deny_overlaps(NULL, 0, caps, &err), 0);
	assert_int_equal(nono_policy_check_deny_overlaps(NULL, 0, NULL, &err), -EINVAL);
	nono_caps_free(caps);
}

static int has_host(const struct nono_proxy_config *config, const char *host)
{
	size_t n = 0;

	for (size_t i = 0; i < config->n_hosts; i++) {
		n += strcmp(config->hosts[i], host) == 0;
	}
	return n == 1;
}

static void test_proxy_config(void **state)
{
	static const char *const hosts[] = { "API.Example.org:443", "github", "*.example.net" };
	static const char *const credentials[] = { "openai", "openai" };
	static const char *const bad[] = { "a/b" }, *const metadata[] = { "169.254.169.254" };
	struct nono_proxy_config *config = NULL;
	struct nono_policy *policy = NULL;

	(void)state;
	assert_int_equal(nono_policy_load_embedded(&policy, &err), 0);
	assert_int_equal(
		nono_policy_proxy_config(policy, NULL, hosts, 3, credentials, 2, &config, &err), 0);
	assert_true(has_host(config, "api.example.org"));
	assert_true(has_host(config, "*.example.net"));
	assert_true(has_host(config, "github.com"));
	assert_true(has_host(config, "api.openai.com"));
	assert_false(has_host(config, "api.anthropic.com"));
	assert_int_equal(config->n_routes, 1);
	assert_string_equal(config->routes[0].name, "openai");
	assert_string_equal(config->routes[0].inject_header, "Authorization");
	assert_string_equal(config->routes[0].env_var, "OPENAI_API_KEY");
	nono_proxy_config_free(config);
	config = NULL;
	assert_int_equal(
		nono_policy_proxy_config(policy, "minimal", NULL, 0, NULL, 0, &config, &err), 0);
	assert_true(has_host(config, "api.anthropic.com"));
	nono_proxy_config_free(config);
	config = NULL;
	assert_int_equal(
		nono_policy_proxy_config(policy, "nothing", NULL, 0, NULL, 0, &config, &err),
		-ENOENT);
	assert_int_equal(
		nono_policy_proxy_config(policy, NULL, NULL, 0, bad, 1, &config, &err), -ENOENT);
	assert_int_equal(
		nono_policy_proxy_config(policy, NULL, bad, 1, NULL, 0, &config, &err), -EINVAL);
	assert_int_equal(
		nono_policy_proxy_config(policy, NULL, metadata, 1, NULL, 0, &config, &err),
		-EPERM);
	assert_null(config);
	nono_policy_free(policy);
}

static void test_own_network(void **state)
{
	static const char network[] = "{\"groups\":{\"lab\":{\"hosts\":[\"lab.example.org\"]}},"
				      "\"profiles\":{\"inside\":{\"groups\":[\"lab\"]}}}";
	struct nono_proxy_config *config = NULL;
	struct nono_policy *policy = load(document);

	(void)state;
	assert_int_equal(nono_policy_add_network(policy, network, strlen(network), &err), 0);
	assert_int_equal(nono_policy_add_network(policy, network, strlen(network), &err), -EINVAL);
	assert_int_equal(
		nono_policy_proxy_config(policy, "inside", NULL, 0, NULL, 0, &config, &err), 0);
	assert_int_equal(config->n_hosts, 1);
	assert_string_equal(config->hosts[0], "lab.example.org");
	assert_int_equal(config->n_routes, 0);
	nono_proxy_config_free(config);
	nono_policy_free(policy);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_loading),
		cmocka_unit_test(test_embedded),
		cmocka_unit_test(test_resolving),
		cmocka_unit_test(test_unknown_groups),
		cmocka_unit_test(test_overlaps),
		cmocka_unit_test(test_proxy_config),
		cmocka_unit_test(test_own_network),
	};

	return cmocka_run_group_tests(tests, setup, scratch_teardown);
}
