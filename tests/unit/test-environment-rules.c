/* SPDX-License-Identifier: Apache-2.0 */
/* What of an environment reaches a command. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "libcore/base/cleanup.h"
#include "policy/environment.h"

#define LIST(...)                                                                                  \
	{                                                                                          \
		(char **)(const char *[]){ __VA_ARGS__ },                                          \
			ELEMENTSOF(((const char *[]){ __VA_ARGS__ }))                              \
	}

static const struct environment_rules none;

/* Filters from and compares with wanted; both end with NULL. */
static void expect(
	const struct environment_rules *rules, const char *const *from, const char *const *wanted)
{
	_cleanup_free_ char **got = environment_filter(rules, (char *const *)from);
	size_t i = 0;

	assert_non_null(got);
	for (; wanted[i]; i++) {
		assert_non_null(got[i]);
		assert_string_equal(got[i], wanted[i]);
	}
	assert_null(got[i]);
}
#define FROM(...) ((const char *const[]){ __VA_ARGS__, NULL })

static void test_without_rules(void **state)
{
	static const char *const gone[] = { "PYTHONPATH=/x", "PYTHONHOME=/x", "BASH_ENV=x",
		"BASH_FUNC_ls%%=() { :; }", "ENV=x", "IFS=", "NODE_OPTIONS=x", "GOFLAGS=x",
		"GIT_SSH=x", "GIT_SSH_COMMAND=x", "GIT_EXTERNAL_DIFF=x", "LESSOPEN=|x", "PHPRC=x",
		"SSH_AUTH_SOCK=/x", "DBUS_SESSION_BUS_ADDRESS=x", "XDG_RUNTIME_DIR=/run/user/1",
		"MAVEN_OPTS=x", "RUSTC_WRAPPER=x", "OP_SESSION_abc=x", "_JAVA_OPTIONS=x",
		"DYLD_INSERT_LIBRARIES=x", "NONO_PROFILE=x", "NONO_CAP_FILE=/x" };
	static const char *const stay[] = { "PATH=/bin", "HOME=/home/u", "EDITOR=vi", "PAGER=less",
		"VISUAL=vi", "GIT_EDITOR=vi", "GIT_AUTHOR_NAME=a", "ENVIRON=x", "BASH=x",
		"PYTHONUNBUFFERED=1", "NONO=x", "GITHUB_TOKEN=x", "JAVA_HOME=/x", "LESS=R" };

	(void)state;
	for (size_t i = 0; i < ELEMENTSOF(gone); i++) {
		assert_int_equal(environment_check(&none, gone[i]), ENVIRONMENT_STRIPPED);
	}
	for (size_t i = 0; i < ELEMENTSOF(stay); i++) {
		assert_int_equal(environment_check(&none, stay[i]), ENVIRONMENT_PASSES);
	}
	assert_int_equal(environment_check(&none, "LD_PRELOAD"), ENVIRONMENT_LOADER);
	assert_int_equal(environment_check(&none, "GCONV_PATH=/x"), ENVIRONMENT_LOADER);
	expect(&none, FROM("A=1", "LD_PRELOAD=/x.so", "=odd", "bare", "EMPTY=", "ENV=x", "B=2=3"),
		FROM("A=1", "EMPTY=", "B=2=3"));
	expect(&none, FROM(NULL), FROM(NULL));
}

static void test_order(void **state)
{
	const struct environment_rules rules = { .allow = LIST("A*", "X", "GH_TOKEN", "ENV"),
		.deny = LIST("A1*"),
		.keep = LIST("A12", "PYTHONPATH", "LD_AUDIT", "OTHER", "NPM_TOKEN"),
		.has_allow = true,
		.strip_secrets = true };

	(void)state;
	assert_int_equal(environment_check(&rules, "A"), ENVIRONMENT_PASSES);
	assert_int_equal(environment_check(&rules, "A1=x"), ENVIRONMENT_DENIED);
	assert_int_equal(environment_check(&rules, "A11"), ENVIRONMENT_DENIED);
	assert_int_equal(environment_check(&rules, "A12"), ENVIRONMENT_PASSES);
	assert_int_equal(environment_check(&rules, "X"), ENVIRONMENT_PASSES);
	assert_int_equal(environment_check(&rules, "XY"), ENVIRONMENT_DENIED);
	assert_int_equal(environment_check(&rules, "PYTHONPATH"), ENVIRONMENT_PASSES);
	assert_int_equal(environment_check(&rules, "OTHER"), ENVIRONMENT_PASSES);
	/* Allowing is not keeping, and nothing keeps what the loader reads. */
	assert_int_equal(environment_check(&rules, "ENV"), ENVIRONMENT_STRIPPED);
	assert_int_equal(environment_check(&rules, "LD_AUDIT"), ENVIRONMENT_LOADER);
	/* A secret passes by its own name only. */
	assert_int_equal(environment_check(&rules, "ANTHROPIC_API_KEY"), ENVIRONMENT_SECRET);
	assert_int_equal(environment_check(&rules, "GH_TOKEN=x"), ENVIRONMENT_PASSES);
	assert_int_equal(environment_check(&rules, "NPM_TOKEN=x"), ENVIRONMENT_PASSES);
}

static void test_allowing_nothing(void **state)
{
	const struct environment_rules rules = { .keep = LIST("B"), .has_allow = true };

	(void)state;
	expect(&rules, FROM("A=1", "B=2", "PATH=/bin"), FROM("B=2"));
}

static void test_patterns(void **state)
{
	const struct environment_rules rules = { .deny = LIST("A*B", "", "C=*", "D*") };
	const struct environment_rules everything = { .deny = LIST("*") };

	(void)state;
	assert_int_equal(environment_check(&rules, "AxB"), ENVIRONMENT_PASSES);
	assert_int_equal(environment_check(&rules, "A*B"), ENVIRONMENT_DENIED);
	assert_int_equal(environment_check(&rules, "C=1"), ENVIRONMENT_PASSES);
	assert_int_equal(environment_check(&rules, "D"), ENVIRONMENT_DENIED);
	assert_int_equal(environment_check(&everything, "D"), ENVIRONMENT_DENIED);
}

static void test_set(void **state)
{
	const struct environment_rules rules = { .deny = LIST("D"),
		.keep = LIST("K", "K2"),
		.set = LIST("A=new", "K=profile", "K2=profile", "D=set", "LD_PRELOAD=/x", "N=") };

	(void)state;
	/* Every entry of a name is replaced; what the user kept is the user's, where it is. */
	expect(&rules, FROM("A=1", "AB=2", "A=3", "K=user", "D=x"),
		FROM("AB=2", "K=user", "A=new", "K2=profile", "D=set", "N="));
}

static void test_secrets(void **state)
{
	(void)state;
	assert_true(environment_is_secret("AWS_SECRET_ACCESS_KEY=x"));
	assert_true(environment_is_secret("GITHUB_TOKEN"));
	assert_true(environment_is_secret("TF_TOKEN_app_example_org"));
	assert_false(environment_is_secret("GITHUB_TOKENS"));
	assert_false(environment_is_secret("GITHUB"));
	assert_false(environment_is_secret("PATH"));
	assert_false(environment_is_secret(""));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_without_rules),
		cmocka_unit_test(test_order),
		cmocka_unit_test(test_allowing_nothing),
		cmocka_unit_test(test_patterns),
		cmocka_unit_test(test_set),
		cmocka_unit_test(test_secrets),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
