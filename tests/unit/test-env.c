/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "libcore/base/env.h"

static void test_loader_variables(void **state)
{
	(void)state;
	assert_true(env_is_loader_variable("LD_PRELOAD"));
	assert_true(env_is_loader_variable("LD_PRELOAD=/tmp/x.so"));
	assert_true(env_is_loader_variable("LD_ANYTHING_LATER=1"));
	assert_true(env_is_loader_variable("GLIBC_TUNABLES=glibc.malloc.check=1"));
	assert_true(env_is_loader_variable("GCONV_PATH"));
}

static void test_other_variables(void **state)
{
	(void)state;
	assert_false(env_is_loader_variable("PATH=/bin"));
	assert_false(env_is_loader_variable("LDFLAGS=-s"));
	assert_false(env_is_loader_variable("GCONV_PATHS=1"));
	assert_false(env_is_loader_variable("GCONV_PAT"));
	assert_false(env_is_loader_variable("X=LD_PRELOAD"));
	assert_false(env_is_loader_variable(""));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_loader_variables),
		cmocka_unit_test(test_other_variables),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
