/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "libcore/base/escape.h"

static void check(const char *path, const char *text, bool want_escaped)
{
	char *out, *back;
	bool escaped = !want_escaped;

	assert_int_equal(escape_path(path, &out, &escaped), 0);
	assert_string_equal(out, text);
	assert_int_equal(escaped, want_escaped);
	if (escaped) {
		assert_int_equal(unescape_path(out, &back), 0);
		assert_string_equal(back, path);
		free(back);
	}
	free(out);
}

static void test_round_trip(void **state)
{
	(void)state;
	check("/a b/100%", "/a b/100%", false);
	check("/\xc3\xa4", "/\xc3\xa4", false);
	check("/\xff%/\xc3\xa4", "/%FF%25/\xc3\xa4", true);
	check("/\xc3", "/%C3", true);                             /* cut short */
	check("/\xc0\xaf\xed\xa0\x80", "/%C0%AF%ED%A0%80", true); /* overlong, surrogate */
	check("\xf0\x9f\x98\x80\x80", "\xf0\x9f\x98\x80%80", true);
	check("", "", false);
}

static void test_malformed(void **state)
{
	static const char *const bad[] = { "%", "/a%", "/a%4", "/%zz", "/%4z", "/%00", "%%41" };
	char *out;

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		assert_int_equal(unescape_path(bad[i], &out), -EINVAL);
	}
	assert_int_equal(unescape_path("/%fF%25", &out), 0);
	assert_string_equal(out, "/\xff%");
	free(out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_round_trip),
		cmocka_unit_test(test_malformed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
