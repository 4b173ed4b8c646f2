/* SPDX-License-Identifier: Apache-2.0 */
#include "proto/json.h"

#include <dirent.h>
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "libcore/base/cleanup.h"
#include "libcore/base/fd.h"

#define CORPUS TEST_DATA_DIR "/json"

/* Whatever the checker accepts json-c understands, and what it prints is accepted again. */
static void test_accepted_texts_parse(void **state)
{
	DIR *dir = opendir(CORPUS);
	size_t n_parsed = 0;

	(void)state;
	assert_non_null(dir);
	for (struct dirent *e; (e = readdir(dir));) {
		_cleanup_(json_object_putp) struct json_object *o = NULL;
		static char bytes[1 << 17];
		ssize_t n;
		if (e->d_name[0] == '.') {
			continue;
		}
		n = fd_read_file_at(dirfd(dir), e->d_name, bytes, sizeof(bytes));
		assert_true(n >= 0);
		if (json_parse(&o, bytes, (size_t)n, NULL) < 0) {
			assert_int_equal(e->d_name[0], 'n');
			continue;
		}
		assert_int_equal(e->d_name[0], 'y');
		const char *text = json_object_to_json_string_ext(o, JSON_C_TO_STRING_PLAIN);
		if (json_check(text, strlen(text), NULL, NULL) < 0) {
			fail_msg("%s: %s", e->d_name, text);
		}
		n_parsed++;
	}
	closedir(dir);
	assert_true(n_parsed > 20);
}

static void test_errors(void **state)
{
	struct json_object *o = NULL;
	struct nono_error err;

	(void)state;
	assert_int_equal(json_parse(&o, "{'a':1}", 7, &err), -EBADMSG);
	assert_int_equal(err.code, NONO_INVALID);
	assert_null(o);
}

static void test_getters(void **state)
{
	const char *text = "{\"s\":\"x\",\"b\":true,\"i\":-5,\"u\":18446744073709551615,\"n\":null,"
			   "\"o\":{},\"a\":[]}";
	_cleanup_(json_object_putp) struct json_object *o = NULL;

	(void)state;
	assert_int_equal(json_parse(&o, text, strlen(text), NULL), 0);
	assert_string_equal(json_string_or(o, "s", "d"), "x");
	assert_string_equal(json_string_or(o, "i", "d"), "d");
	assert_string_equal(json_string_or(o, "n", "d"), "d");
	assert_string_equal(json_string_or(o, "absent", "d"), "d");
	assert_null(json_string_or(NULL, "s", NULL));
	assert_true(json_bool_or(o, "b", false));
	assert_false(json_bool_or(o, "i", false));
	assert_int_equal(json_int_or(o, "i", 1), -5);
	assert_int_equal(json_int_or(o, "s", 1), 1);
	/* Above int64: the largest, never a negative number. */
	assert_true(json_int_or(o, "u", 1) == INT64_MAX);
	assert_non_null(json_object_of(o, "o"));
	assert_null(json_object_of(o, "a"));
	assert_non_null(json_array_of(o, "a"));
	assert_null(json_array_of(o, "o"));
}

static void test_builders(void **state)
{
	_cleanup_(json_object_putp) struct json_object *o = json_object_new_object();
	struct json_object *a = json_object_new_array();

	(void)state;
	assert_int_equal(json_append_string(a, "\xc3\xa9"), 0);
	assert_int_equal(json_append_string(a, "\xc3"), -EINVAL);
	assert_int_equal(json_append(a, NULL), -ENOMEM);
	assert_int_equal(json_add_string(o, "s", "x/y"), 0);
	assert_int_equal(json_add_string(o, "none", NULL), 0);
	assert_int_equal(json_add_string(o, "bad", "\xff"), -EINVAL);
	assert_int_equal(json_add_int(o, "i", INT64_MIN), 0);
	assert_int_equal(json_add_bool(o, "b", true), 0);
	assert_int_equal(json_add(o, "a", a), 0);
	assert_int_equal(json_add(o, "x", NULL), -ENOMEM);
	assert_int_equal(json_add(NULL, "x", json_object_new_object()), -ENOMEM);
	assert_int_equal(json_add_string(NULL, "x", "y"), -ENOMEM);
	assert_int_equal(json_add_string(NULL, "x", NULL), -ENOMEM);
	assert_string_equal(json_object_to_json_string_ext(
				    o, JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE),
		"{\"s\":\"x/y\",\"i\":-9223372036854775808,\"b\":true,\"a\":[\"\xc3\xa9\"]}");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_accepted_texts_parse),
		cmocka_unit_test(test_errors),
		cmocka_unit_test(test_getters),
		cmocka_unit_test(test_builders),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
