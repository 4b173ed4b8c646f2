/* SPDX-License-Identifier: Apache-2.0 */
#include "libcore/base/json-pretty.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "libcore/base/cleanup.h"

static void assert_pretty(const char *text, const char *expected)
{
	_cleanup_(buf_deinit) struct buf b = { 0 };
	_cleanup_(buf_deinit) struct buf again = { 0 };
	struct json_span v;

	assert_int_equal(json_check(text, strlen(text), &v, NULL), 0);
	json_pretty(&b, v);
	assert_int_equal(buf_error(&b), 0);
	assert_string_equal(b.data, expected);
	/* What is pretty stays as it is. */
	assert_int_equal(json_check(b.data, b.len, &v, NULL), 0);
	json_pretty(&again, v);
	assert_string_equal(again.data, expected);
}

static void test_layout(void **state)
{
	(void)state;
	assert_pretty("{\"a\":[1,-2.5e3,{}],\"b\":{\"c\":null},\"d\":[ ]}",
		"{\n  \"a\": [\n    1,\n    -2.5e3,\n    {}\n  ],\n"
		"  \"b\": {\n    \"c\": null\n  },\n  \"d\": []\n}");
	assert_pretty(" true ", "true");
}

static void test_strings_stay(void **state)
{
	(void)state;
	assert_pretty(
		"[\"{,:\\\"} \\\\\" , \"\\u0041\"]", "[\n  \"{,:\\\"} \\\\\",\n  \"\\u0041\"\n]");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_layout),
		cmocka_unit_test(test_strings_stay),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
