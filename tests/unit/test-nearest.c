/* SPDX-License-Identifier: Apache-2.0 */
#include "libcore/base/nearest.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>

static void test_nearest(void **state)
{
	struct nearest n = nearest_init("allow-cdw", 9);

	(void)state;
	nearest_offer(&n, NULL);
	nearest_offer(&n, "net-block");
	assert_null(n.best);
	nearest_offer(&n, "allow");
	nearest_offer(&n, "allow-cwd");
	nearest_offer(&n, "allow-file");
	assert_string_equal("allow-cwd", n.best);
	n = nearest_init("a-word-that-is-much-longer-than-any-we-know", 43);
	nearest_offer(&n, "a-word-that-is-much-longer-than-any-we-knov");
	assert_null(n.best);
}

/* A typo in a short word is near, another word is not; the first of equals stays. */
static void test_short_words(void **state)
{
	struct nearest n = nearest_init("alow", 4);

	(void)state;
	nearest_offer(&n, "deny");
	assert_null(n.best);
	nearest_offer(&n, "allow");
	nearest_offer(&n, "slow");
	assert_string_equal("allow", n.best);
	assert_int_equal(n.distance, 1);
	nearest_offer(&n, "alow");
	assert_string_equal("alow", n.best);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_nearest),
		cmocka_unit_test(test_short_words),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
