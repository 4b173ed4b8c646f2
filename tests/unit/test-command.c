/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "libcore/command.h"

static void check_candidates(const char *name, const char *path, const char *const *expected)
{
	char other[] = "A=1";
	char *envp[] = { other, (char *)path, NULL };
	char **candidates = NULL;
	size_t n = 0;

	assert_int_equal(command_candidates(name, envp, &candidates, NULL), 0);
	for (; expected[n]; n++) {
		assert_non_null(candidates[n]);
		assert_string_equal(candidates[n], expected[n]);
	}
	assert_null(candidates[n]);
	command_strv_free(candidates);
}

static void test_candidates(void **state)
{
	(void)state;
	check_candidates("x", "PATH=/a:/b", (const char *const[]){ "/a/x", "/b/x", NULL });
	check_candidates("x", "PATH=:/b:", (const char *const[]){ "./x", "/b/x", "./x", NULL });
	check_candidates("x", "PATH=", (const char *const[]){ "./x", NULL });
	check_candidates("x", NULL,
		(const char *const[]){ "/usr/local/bin/x", "/usr/bin/x", "/bin/x", NULL });
	check_candidates("./x", "PATH=/a", (const char *const[]){ "./x", NULL });
	check_candidates("/x", "PATH=/a", (const char *const[]){ "/x", NULL });
}

static void check_environment(
	const char *const *env, const char *const *inherited, const char *const *expected)
{
	char **envp = NULL;
	size_t n = 0;

	assert_int_equal(command_environment(env, inherited, &envp, NULL), 0);
	for (; expected[n]; n++) {
		assert_non_null(envp[n]);
		assert_string_equal(envp[n], expected[n]);
	}
	assert_null(envp[n]);
	command_strv_free(envp);
}

static void test_environment(void **state)
{
	const char *const none[] = { NULL };

	(void)state;
	check_environment(NULL, NULL, none);
	check_environment((const char *const[]){ "A=1", "B=", NULL }, NULL,
		(const char *const[]){ "A=1", "B=", NULL });
	/* A name that only starts like another is another; a later double does not win. */
	check_environment((const char *const[]){ "A=1", NULL },
		(const char *const[]){ "A=2", "AB=3", "LD_PRELOAD=x", "nonsense", "C=4", NULL },
		(const char *const[]){ "A=1", "AB=3", "C=4", NULL });
}

static void test_refused_environment(void **state)
{
	struct nono_error err = { 0 };
	char **envp = NULL;

	(void)state;
	assert_true(command_environment((const char *const[]){ "A=1", "LD_AUDIT=x", NULL }, NULL,
			    &envp, &err) < 0);
	assert_int_equal(err.code, NONO_REFUSED);
	assert_true(command_environment((const char *const[]){ "A", NULL }, NULL, &envp, &err) < 0);
	assert_int_equal(err.code, NONO_INVALID);
	assert_null(envp);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_candidates),
		cmocka_unit_test(test_environment),
		cmocka_unit_test(test_refused_environment),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
