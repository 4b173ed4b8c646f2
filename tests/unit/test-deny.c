/* SPDX-License-Identifier: Apache-2.0 */
/* Deny rules and what lifts them. */
#include "tests/unit/scratch.h"

#include "libcore/base/cleanup.h"
#include "policy/deny.h"

static void add(struct deny_list *list, const char *path, bool locked)
{
	assert_int_equal(deny_add(list, path, "group g", "things", locked), 0);
}

static void lift(struct deny_list *list, const char *path)
{
	assert_int_equal(strlist_add(&list->bypass, path), 0);
}

/* The path of the rule that decides, in "covers PATH" or "contains PATH"; "none". */
static const char *check(const struct deny_list *list, const char *path)
{
	static char text[4200];
	const struct deny_rule *rule = NULL;
	enum deny_verdict v = deny_check(list, path, &rule);

	assert_int_equal(v, deny_check(list, path, NULL));
	if (v == DENY_NONE) {
		assert_null(rule);
		return "none";
	}
	snprintf(text, sizeof(text), "%s %s", v == DENY_COVERS ? "covers" : "contains", rule->path);
	return text;
}

static void test_matrix(void **state)
{
	_cleanup_(deny_deinit) struct deny_list list = { 0 };

	(void)state;
	assert_string_equal(check(&list, "/"), "none");
	add(&list, "/h/.ssh", false);
	add(&list, "/h/.aws", false);
	assert_string_equal(check(&list, "/h/.ssh"), "covers /h/.ssh");
	assert_string_equal(check(&list, "/h/.ssh/keys/a"), "covers /h/.ssh");
	assert_string_equal(check(&list, "/h"), "contains /h/.ssh");
	assert_string_equal(check(&list, "/"), "contains /h/.ssh");
	assert_string_equal(check(&list, "/h/.ssh2"), "none");
	assert_string_equal(check(&list, "/h/.s"), "none");
	assert_string_equal(check(&list, "/other"), "none");
}

static void test_lifting(void **state)
{
	_cleanup_(deny_deinit) struct deny_list list = { 0 };

	(void)state;
	add(&list, "/h/.ssh", false);
	lift(&list, "/h/.ssh/config");
	assert_string_equal(check(&list, "/h/.ssh/config"), "none");
	assert_string_equal(check(&list, "/h/.ssh/config/x"), "none");
	assert_string_equal(check(&list, "/h/.ssh/config2"), "covers /h/.ssh");
	assert_string_equal(check(&list, "/h/.ssh"), "covers /h/.ssh");
	assert_string_equal(check(&list, "/h"), "contains /h/.ssh");
	lift(&list, "/h/.ssh");
	assert_string_equal(check(&list, "/h/.ssh"), "none");
	assert_string_equal(check(&list, "/h"), "none");
	add(&list, "/h/.aws", false);
	assert_string_equal(check(&list, "/h"), "contains /h/.aws");
	/* Lifting a directory lifts what is denied in it. */
	lift(&list, "/h");
	assert_string_equal(check(&list, "/h"), "none");
	assert_string_equal(check(&list, "/h/.aws/x"), "none");
}

static void test_locked(void **state)
{
	_cleanup_(deny_deinit) struct deny_list list = { 0 };

	(void)state;
	add(&list, "/h/.ssh/deep", false);
	add(&list, "/h/.ssh", true);
	lift(&list, "/h");
	assert_string_equal(check(&list, "/h/.ssh"), "covers /h/.ssh");
	assert_string_equal(check(&list, "/h/.ssh/deep/x"), "covers /h/.ssh");
	assert_string_equal(check(&list, "/h"), "contains /h/.ssh");
	assert_string_equal(check(&list, "/h/x"), "none");
}

static void test_which_rule(void **state)
{
	_cleanup_(deny_deinit) struct deny_list list = { 0 };

	(void)state;
	add(&list, "/a/b/c", false);
	add(&list, "/a", false);
	add(&list, "/a/b", false);
	add(&list, "/a/b/c/d/e", true);
	assert_string_equal(check(&list, "/a/x"), "covers /a");
	assert_string_equal(check(&list, "/a/b/x"), "covers /a/b");
	assert_string_equal(check(&list, "/a/b/c/d"), "covers /a/b/c");
	assert_string_equal(check(&list, "/"), "contains /a/b/c/d/e");
}

static void test_canonical(void **state)
{
	_cleanup_(deny_deinit) struct deny_list list = { 0 };
	const char *real = scratch_dir("real"), *target = scratch_dir("target");

	(void)state;
	scratch_link("home", real);
	scratch_link("real/.aws", target);
	scratch_link("real/.op", "nowhere/op");
	add(&list, scratch_path("home/.aws"), false);
	add(&list, scratch_path("home/.missing/deep"), false);
	add(&list, scratch_path("home/.op"), true);
	lift(&list, scratch_path("home/.aws/config"));
	assert_int_equal(deny_add_canonical(&list), 0);
	assert_int_equal(deny_check(&list, scratch_path("target/x"), NULL), DENY_COVERS);
	assert_int_equal(deny_check(&list, scratch_path("target/config"), NULL), DENY_NONE);
	assert_int_equal(deny_check(&list, scratch_path("real/.aws"), NULL), DENY_COVERS);
	assert_int_equal(deny_check(&list, scratch_path("real/.missing/deep"), NULL), DENY_COVERS);
	assert_int_equal(deny_check(&list, scratch_path("real/.missing"), NULL), DENY_CONTAINS);
	assert_int_equal(deny_check(&list, scratch_path("real"), NULL), DENY_CONTAINS);
	assert_int_equal(deny_check(&list, scratch_path("real/nowhere/op"), NULL), DENY_COVERS);
	assert_int_equal(deny_check(&list, scratch_path("real/other"), NULL), DENY_NONE);
	for (size_t i = 0; i < list.n; i++) {
		assert_string_equal(list.rules[i].source, "group g");
	}
}

/* A lifted rule stays lifted under its other name, and a lifted path that is a symlink to
 * something denied lifts only itself. */
static void test_canonical_lifted(void **state)
{
	_cleanup_(deny_deinit) struct deny_list list = { 0 };
	const char *home = scratch_dir("h"), *keys = scratch_dir("h/keys");

	(void)state;
	assert_non_null(home);
	scratch_dir("elsewhere");
	scratch_link("h/.aws", scratch_path("elsewhere"));
	scratch_link("trap", keys);
	add(&list, scratch_path("h/.aws"), false);
	add(&list, keys, false);
	lift(&list, scratch_path("h/.aws"));
	lift(&list, scratch_path("trap"));
	assert_int_equal(deny_add_canonical(&list), 0);
	assert_int_equal(deny_check(&list, scratch_path("elsewhere"), NULL), DENY_NONE);
	assert_int_equal(deny_check(&list, keys, NULL), DENY_COVERS);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_matrix),
		cmocka_unit_test(test_lifting),
		cmocka_unit_test(test_locked),
		cmocka_unit_test(test_which_rule),
		cmocka_unit_test(test_canonical),
		cmocka_unit_test(test_canonical_lifted),
	};

	return cmocka_run_group_tests(tests, scratch_setup, scratch_teardown);
}
