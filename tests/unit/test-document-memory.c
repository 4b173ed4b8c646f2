/* SPDX-License-Identifier: Apache-2.0 */
/* Every allocation of the parsers, the merge and the printers fails once: the first, then only the
 * second, and so on until a run needs no more. Out of memory is what they say then, and nothing
 * leaks (which valgrind and the sanitizers see). */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "libcore/base/cleanup.h"
#include "policy/document.h"
#include "policy/profile.h"
#include "tests/unit/failing-alloc.h"

/* Calls run, which is 0 or negative, with each of its allocations failing in turn. */
static void fail_each(int (*run)(struct nono_error *err))
{
	unsigned long n = 0;
	bool again = true;

	while (again) {
		struct nono_error err = { 0 };
		int r;
		has_failed = false;
		failing_left = ++n;
		r = run(&err);
		failing_left = 0;
		again = has_failed;
		if (r != (has_failed ? -ENOMEM : 0)) {
			fail_msg("allocation %lu: %d, %s", n, r, err.message);
		}
	}
	assert_true(n > 10);
}

static const char child_text[] =
	"{\"extends\": \"b\", \"security\": {\"groups\": [\"g\"]}, \"hooks\": {},"
	"\"filesystem\": {\"allow\": [\"/a\", {\"path\": \"/b\", \"when\": \"linux\"}]},"
	"\"network\": {\"custom_credentials\": {\"s\": {\"a\": 1}}, \"open_port\": [1],},"
	"\"secrets\": {\"k\": \"K\"}, \"workdir\": {\"access\": \"read\"} /* c */ }";
static const char base_text[] =
	"{\"filesystem\": {\"allow\": [\"/c\"], \"deny\": [\"/d\"]}, \"interactive\": true,"
	"\"network\": {\"block\": true, \"network_profile\": \"minimal\"}}";

static int run_profile(struct nono_error *err)
{
	_cleanup_(profile_freep) struct profile *child = NULL;
	_cleanup_(profile_freep) struct profile *base = NULL;
	_cleanup_(strlist_deinit) struct strlist warnings = { 0 };
	_cleanup_free_ char *text = NULL;
	int r = profile_parse(
		&child, "c", "c", child_text, sizeof(child_text) - 1, true, &warnings, err);

	if (r == 0) {
		r = profile_parse(
			&base, "b", "b", base_text, sizeof(base_text) - 1, false, NULL, err);
	}
	if (r == 0) {
		r = profile_merge(child, base);
	}
	if (r == 0) {
		text = profile_to_json(child);
		r = text ? 0 : -ENOMEM;
	}
	return r;
}

static int run_groups(struct nono_error *err)
{
	static const char first[] =
		"{\"g\": {\"allow\": {\"read\": [\"/a\"], \"write\": [\"/b\"]}},"
		"\"h\": {\"description\": \"d\"}}";
	static const char more[] = "{\"groups\": {\"g\": {\"description\": \"d\", \"deny\": {"
				   "\"access\": [\"/c\"], \"commands\": [\"rm\"]}}}}";
	_cleanup_(groups_deinit) struct policy_groups groups = { 0 };
	int r = groups_parse(&groups, "f", first, sizeof(first) - 1, true, false, false, err);

	return r < 0 ? r
		     : groups_parse(&groups, "f", more, sizeof(more) - 1, false, true, true, err);
}

static int run_network(struct nono_error *err)
{
	static const char text[] =
		"{\"groups\": {\"g\": {\"description\": \"d\", \"hosts\": [\"a.example.org\"],"
		"\"suffixes\": [\".b\"]}}, \"profiles\": {\"p\": {\"groups\": [\"g\"], "
		"\"credentials\": [\"s\"]}}, \"credentials\": {\"s\": {\"env_var\": \"V\"}}}";
	_cleanup_(network_deinit) struct network_policy policy = { 0 };
	int r = network_parse(&policy, "f", text, sizeof(text) - 1, false, false, err);

	return r < 0 ? r : network_parse(&policy, "f", text, sizeof(text) - 1, false, true, err);
}

static int run_schemas(struct nono_error *err)
{
	_cleanup_free_ char *profile = profile_schema();
	_cleanup_free_ char *policy = profile ? policy_schema() : NULL;
	_cleanup_free_ char *network = policy ? network_schema() : NULL;

	(void)err;
	return network ? 0 : -ENOMEM;
}

static void test_profile(void **state)
{
	(void)state;
	fail_each(run_profile);
}

static void test_groups(void **state)
{
	(void)state;
	fail_each(run_groups);
}

static void test_network(void **state)
{
	(void)state;
	fail_each(run_network);
}

static void test_schemas(void **state)
{
	(void)state;
	fail_each(run_schemas);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_profile),
		cmocka_unit_test(test_groups),
		cmocka_unit_test(test_network),
		cmocka_unit_test(test_schemas),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
