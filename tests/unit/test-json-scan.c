/* SPDX-License-Identifier: Apache-2.0 */
#include "libcore/base/json-scan.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "libcore/base/cleanup.h"
#include "libcore/base/fd.h"

#define CORPUS TEST_DATA_DIR "/json"

static int check(const char *text)
{
	struct nono_error err;

	return json_check(text, strlen(text), NULL, &err);
}

static struct json_span parse(const char *text)
{
	struct json_span v = { 0 };

	assert_int_equal(json_check(text, strlen(text), &v, NULL), 0);
	return v;
}

/* y_ files are accepted, n_ files refused; the text ends where the allocation ends, so that a
 * sanitizer sees every read too far. Every proper prefix of an accepted container is refused. */
static void test_corpus(void **state)
{
	size_t n_files = 0;
	DIR *dir = opendir(CORPUS);

	(void)state;
	assert_non_null(dir);
	for (struct dirent *e; (e = readdir(dir));) {
		static char bytes[1 << 17];
		ssize_t n;
		int r;
		if (e->d_name[0] == '.') {
			continue;
		}
		n = fd_read_file_at(dirfd(dir), e->d_name, bytes, sizeof(bytes));
		assert_true(n >= 0);
		_cleanup_free_ char *exact = malloc((size_t)n + (n == 0));
		memcpy(exact, bytes, (size_t)n);
		r = json_check(exact, (size_t)n, NULL, NULL);
		if ((r == 0) != (e->d_name[0] == 'y')) {
			fail_msg("%s: %d", e->d_name, r);
		}
		if (r == 0 && n < 500 && (exact[0] == '{' || exact[0] == '[')) {
			for (size_t k = 0; k < (size_t)n - 2; k++) {
				_cleanup_free_ char *cut = malloc(k + (k == 0));
				memcpy(cut, exact, k);
				assert_int_not_equal(json_check(cut, k, NULL, NULL), 0);
			}
		}
		n_files++;
	}
	closedir(dir);
	assert_true(n_files > 100);
}

static void test_error_position(void **state)
{
	const char *text = "{\n  \"a\": 1,\n  \"b\" 2\n}";
	struct nono_error err;

	(void)state;
	assert_int_equal(json_check(text, strlen(text), NULL, &err), -EBADMSG);
	assert_int_equal(err.code, NONO_INVALID);
	assert_string_equal(err.message, "line 3, column 7: expected ':'");
	assert_int_equal(json_check("[", 1, NULL, &err), -EBADMSG);
	assert_string_equal(err.message, "line 1, column 2: unexpected end");
}

static void test_limits_are_errors_of_their_own(void **state)
{
	char deep[2 * (JSON_DEPTH_MAX + 1)];
	struct nono_error err;

	(void)state;
	memset(deep, '[', JSON_DEPTH_MAX + 1);
	memset(deep + JSON_DEPTH_MAX + 1, ']', JSON_DEPTH_MAX + 1);
	assert_int_equal(json_check(deep, sizeof(deep), NULL, &err), -EMSGSIZE);
	assert_int_equal(err.code, NONO_LIMIT);
	assert_int_equal(json_check(deep + 1, sizeof(deep) - 2, NULL, &err), 0);
}

/* Closed objects give their names back: many small objects never reach the limit. */
static void test_names_are_forgotten(void **state)
{
	enum { N = 3 * JSON_NAMES_MAX };
	_cleanup_free_ char *text = malloc(N * 8 + 32);
	char *p = text;

	(void)state;
	*p++ = '[';
	for (int i = 0; i < N; i++) {
		p += snprintf(p, 32, "%s{\"a\":0}", i ? "," : "");
	}
	*p++ = ']';
	assert_int_equal(json_check(text, (size_t)(p - text), NULL, NULL), 0);
}

static void test_kinds(void **state)
{
	struct json_span v =
		parse(" {\"z\":null,\"t\":true,\"n\":-1,\"s\":\"\",\"a\":[],\"o\":{}} ");

	(void)state;
	assert_int_equal(json_kind(v), JSON_OBJECT);
	assert_true(v.p[0] == '{' && v.p[v.n - 1] == '}');
	assert_int_equal(json_kind(json_member(v, "z")), JSON_NULL);
	assert_int_equal(json_kind(json_member(v, "t")), JSON_BOOL);
	assert_int_equal(json_kind(json_member(v, "n")), JSON_NUMBER);
	assert_int_equal(json_kind(json_member(v, "s")), JSON_STRING);
	assert_int_equal(json_kind(json_member(v, "a")), JSON_ARRAY);
	assert_int_equal(json_kind(json_member(v, "o")), JSON_OBJECT);
	assert_int_equal(json_kind(json_member(v, "q")), JSON_ABSENT);
	assert_true(json_is_null(json_member(v, "z")) && json_is_null(json_member(v, "q")));
	assert_false(json_is_null(json_member(v, "s")));
	/* Members of what is no object are absent, not an accident. */
	assert_int_equal(json_kind(json_member(json_member(v, "a"), "x")), JSON_ABSENT);
	assert_int_equal(json_kind(json_member(json_member(v, "q"), "x")), JSON_ABSENT);
}

static void test_walk(void **state)
{
	struct json_span v =
		parse("{ \"a]}\" : [1 , [2,{\"x\":\"]\"}],\"\\\"\" ,true ] , \"b\":-1e5 }");
	struct json_span key, value;
	struct json_iter it = json_iter(v);

	(void)state;
	assert_true(json_next(&it, &key, &value));
	assert_true(json_string_equal(key, "a]}"));
	struct json_iter in = json_iter(value);
	static const char *const expected[] = { "1", "[2,{\"x\":\"]\"}]", "\"\\\"\"", "true" };
	for (size_t i = 0; i < ELEMENTSOF(expected); i++) {
		assert_true(json_next(&in, NULL, &value));
		assert_int_equal(value.n, strlen(expected[i]));
		assert_memory_equal(value.p, expected[i], value.n);
	}
	assert_false(json_next(&in, NULL, &value));
	assert_true(json_next(&it, &key, &value));
	assert_true(json_string_equal(key, "b"));
	assert_int_equal(value.n, 4);
	assert_false(json_next(&it, &key, &value));
	assert_false(json_next(&it, &key, &value));

	it = json_iter(parse("\"text\""));
	assert_false(json_next(&it, NULL, &value));
	it = json_iter(parse("[ ]"));
	assert_false(json_next(&it, NULL, &value));
}

static void test_integers(void **state)
{
	struct json_span v =
		parse("{\"min\":-9223372036854775808,\"max\":9223372036854775807,"
		      "\"u\":18446744073709551615,\"f\":1.0,\"e\":1e3,\"m\":-1,\"z\":-0}");
	int64_t i = 42;
	uint64_t u = 42;

	(void)state;
	assert_int_equal(json_get_int64(json_member(v, "min"), &i), 0);
	assert_true(i == INT64_MIN);
	assert_int_equal(json_get_int64(json_member(v, "max"), &i), 0);
	assert_true(i == INT64_MAX);
	assert_int_equal(json_get_int64(json_member(v, "u"), &i), -ERANGE);
	assert_int_equal(json_get_int64(json_member(v, "f"), &i), -EINVAL);
	assert_int_equal(json_get_int64(json_member(v, "e"), &i), -EINVAL);
	assert_int_equal(json_get_int64(json_member(v, "absent"), &i), -EINVAL);
	assert_true(i == INT64_MAX);
	assert_int_equal(json_get_uint64(json_member(v, "u"), &u), 0);
	assert_true(u == UINT64_MAX);
	assert_int_equal(json_get_uint64(json_member(v, "m"), &u), -ERANGE);
	assert_int_equal(json_get_uint64(json_member(v, "z"), &u), 0);
	assert_int_equal(u, 0);
}

static void test_count(void **state)
{
	(void)state;
	assert_int_equal(json_count((struct json_span){ 0 }), 0);
	assert_int_equal(json_count(parse("null")), 1);
	assert_int_equal(json_count(parse("\",,[[{{\\\"\"")), 1);
	assert_int_equal(json_count(parse("[ ]")), 1);
	assert_int_equal(json_count(parse("[1,2,[]]")), 4);
	assert_int_equal(json_count(parse("{\"a,\":{\"b\":[[1]]},\"c\":{ } }")), 6);
}

static void test_bool(void **state)
{
	struct json_span v = parse("[true,false,0]"), e;
	struct json_iter it = json_iter(v);
	bool b = false;

	(void)state;
	json_next(&it, NULL, &e);
	assert_int_equal(json_get_bool(e, &b), 0);
	assert_true(b);
	json_next(&it, NULL, &e);
	assert_int_equal(json_get_bool(e, &b), 0);
	assert_false(b);
	json_next(&it, NULL, &e);
	assert_int_equal(json_get_bool(e, &b), -EINVAL);
}

static void test_strings(void **state)
{
	const char *decoded = "\"\\/\b\f\n\r\t\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80z";
	struct json_span v = parse("\"\\\"\\\\\\/\\b\\f\\n\\r\\t\\u00e9\\u20AC\\ud83d\\uDE00z\"");
	char small[8], large[64];
	char *s;
	ssize_t n;

	(void)state;
	n = json_get_string(v, large, sizeof(large));
	assert_int_equal(n, strlen(decoded));
	assert_string_equal(large, decoded);
	assert_int_equal(json_get_string(v, small, sizeof(small)), -ENOSPC);
	assert_int_equal(json_get_string(v, large, strlen(decoded)), -ENOSPC);
	assert_int_equal(json_get_string(v, large, strlen(decoded) + 1), strlen(decoded));
	assert_int_equal(json_get_string(parse("\"\""), small, 0), -ENOSPC);
	assert_int_equal(json_get_string(parse("\"\""), small, 1), 0);
	assert_int_equal(json_get_string(parse("1"), small, sizeof(small)), -EINVAL);
	assert_int_equal(json_dup_string(v, &s), 0);
	assert_string_equal(s, decoded);
	free(s);
	assert_int_equal(json_dup_string(parse("[]"), &s), -EINVAL);
	assert_true(json_string_equal(v, decoded));
	assert_false(json_string_equal(parse("\"abc\""), "ab"));
	assert_false(json_string_equal(parse("\"ab\""), "abc"));
	assert_false(json_string_equal(parse("null"), "null"));
}

/* Distinct names by the thousand cost about as much per name as a few do. */
static void test_many_names_are_cheap(void **state)
{
	_cleanup_free_ char *text = malloc(100 << 10);
	char *p = text;

	(void)state;
	*p++ = '{';
	for (int i = 0; i < JSON_NAMES_MAX; i++) {
		p += snprintf(p, 32, "%s\"name-%d\":%d", i ? "," : "", i, i);
	}
	*p = '}';
	for (int i = 0; i < 100; i++) {
		assert_int_equal(json_check(text, (size_t)(p - text + 1), NULL, NULL), 0);
	}
	assert_int_equal(check("{\"a\":1,\"a\":1}"), -EBADMSG);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_corpus),
		cmocka_unit_test(test_error_position),
		cmocka_unit_test(test_limits_are_errors_of_their_own),
		cmocka_unit_test(test_names_are_forgotten),
		cmocka_unit_test(test_kinds),
		cmocka_unit_test(test_walk),
		cmocka_unit_test(test_integers),
		cmocka_unit_test(test_count),
		cmocka_unit_test(test_bool),
		cmocka_unit_test(test_strings),
		cmocka_unit_test(test_many_names_are_cheap),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
