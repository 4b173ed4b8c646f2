/* SPDX-License-Identifier: Apache-2.0 */
#include "libcore/base/json-write.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "libcore/base/cleanup.h"

static void test_everything(void **state)
{
	_cleanup_(buf_deinit) struct buf b = { 0 };
	struct json_writer w = { .buf = &b };

	(void)state;
	json_begin_object(&w, NULL);
	json_write_string(&w, "s", "a\"\\\n\t\r\x01\x1f\x7f/\xc3\xa9");
	json_write_string(&w, "none", NULL);
	json_begin_array(&w, "list");
	json_write_int64(&w, NULL, INT64_MIN);
	json_write_uint64(&w, NULL, UINT64_MAX);
	json_begin_object(&w, NULL);
	json_end(&w);
	json_write_bool(&w, NULL, true);
	json_write_null(&w, NULL);
	json_end(&w);
	json_write_span(&w, "raw", (struct json_span){ "[1]", 3 });
	json_write_span(&w, "absent", (struct json_span){ 0 });
	json_write_bool(&w, "we\"ird", false);
	json_write_string_n(&w, "part", "abcdef", 3);
	json_end(&w);
	assert_int_equal(json_writer_error(&w), 0);
	assert_string_equal(b.data,
		"{\"s\":\"a\\\"\\\\\\n\\t\\r\\u0001\\u001f\x7f/\xc3\xa9\",\"none\":null,"
		"\"list\":[-9223372036854775808,18446744073709551615,{},true,null],"
		"\"raw\":[1],\"absent\":null,\"we\\\"ird\":false,\"part\":\"abc\"}");
	assert_int_equal(json_check(b.data, b.len, NULL, NULL), 0);
}

/* What is written reads back as the same bytes. */
static void test_round_trip(void **state)
{
	char all[0x80], back[0x80];

	(void)state;
	for (int i = 1; i < 0x80; i++) {
		all[i - 1] = (char)i;
	}
	all[0x7f] = '\0';
	_cleanup_(buf_deinit) struct buf b = { 0 };
	struct json_writer w = { .buf = &b };
	struct json_span v;
	json_write_string(&w, NULL, all);
	assert_int_equal(json_writer_error(&w), 0);
	assert_int_equal(json_check(b.data, b.len, &v, NULL), 0);
	assert_int_equal(json_get_string(v, back, sizeof(back)), 0x7f);
	assert_string_equal(all, back);
}

#define EXPECT_MISUSE(...)                                                                         \
	do {                                                                                       \
		_cleanup_(buf_deinit) struct buf b = { 0 };                                        \
		struct json_writer w = { .buf = &b };                                              \
		__VA_ARGS__;                                                                       \
		assert_int_equal(json_writer_error(&w), -EINVAL);                                  \
	} while (0)

static void test_errors_stick(void **state)
{
	(void)state;
	EXPECT_MISUSE((void)0);
	EXPECT_MISUSE(json_begin_array(&w, NULL));
	EXPECT_MISUSE(json_end(&w));
	EXPECT_MISUSE(json_write_bool(&w, "name", true));
	EXPECT_MISUSE(json_begin_object(&w, NULL); json_write_bool(&w, NULL, true); json_end(&w));
	EXPECT_MISUSE(json_write_bool(&w, NULL, true); json_write_bool(&w, NULL, true));
	EXPECT_MISUSE(json_write_string(&w, NULL, "\xff"));
	EXPECT_MISUSE(json_write_string_n(&w, NULL, "a\0b", 3));
	EXPECT_MISUSE(for (int i = 0; i < JSON_DEPTH_MAX + 1; i++) json_begin_array(&w, NULL);
		      for (int i = 0; i < JSON_DEPTH_MAX + 1; i++) json_end(&w));
	{
		_cleanup_(buf_deinit) struct buf b = { .limit = 8 };
		struct json_writer w = { .buf = &b };
		json_write_string(&w, NULL, "more than eight bytes");
		assert_int_equal(json_writer_error(&w), -E2BIG);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_everything),
		cmocka_unit_test(test_round_trip),
		cmocka_unit_test(test_errors_stick),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
