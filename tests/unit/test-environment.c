/* SPDX-License-Identifier: Apache-2.0 */
#include "client/environment.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "libcore/base/cleanup.h"

static void expect(char *const *got, const char *const *wanted)
{
	size_t i = 0;

	for (; wanted[i]; i++) {
		assert_non_null(got[i]);
		assert_string_equal(wanted[i], got[i]);
	}
	assert_null(got[i]);
}

static void test_passes_and_drops(void **state)
{
	const char *from[] = { "A=1", "LD_PRELOAD=/x.so", "=odd", "bare",
		"EMPTY=", "LD_LIBRARY_PATH=/y", "B=2=3", NULL };
	struct environment e;

	(void)state;
	assert_int_equal(0, environment_build(&e, (char **)from, NULL, 0, NULL, NULL));
	expect(e.vector, (const char *[]){ "A=1", "EMPTY=", "B=2=3", NULL });
	assert_string_equal("LD_PRELOAD=/x.so", e.dropped);
	environment_deinit(&e);
}

static void test_additions(void **state)
{
	const char *from[] = { "A=1", "PWD=/old", "AB=2", NULL };
	const char *additions[] = { "A=new", "AB", "C=3", "C=4", "MISSING" };
	struct environment e;

	(void)state;
	assert_int_equal(0, environment_build(&e, (char **)from, additions, ELEMENTSOF(additions),
				    "/work", NULL));
	expect(e.vector, (const char *[]){ "A=new", "PWD=/work", "AB=2", "C=4", NULL });
	assert_null(e.dropped);
	environment_deinit(&e);
}

static void test_loader_variable_is_refused(void **state)
{
	const char *from[] = { NULL };
	const char *named[] = { "LD_AUDIT=/x.so" }, *passed[] = { "GLIBC_TUNABLES" };
	struct nono_error err = { 0 };
	struct environment e;

	(void)state;
	assert_int_equal(-EPERM, environment_build(&e, (char **)from, named, 1, NULL, &err));
	assert_non_null(strstr(err.message, "--env LD_AUDIT:"));
	assert_int_equal(-EPERM, environment_build(&e, (char **)from, passed, 1, NULL, &err));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_passes_and_drops),
		cmocka_unit_test(test_additions),
		cmocka_unit_test(test_loader_variable_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
