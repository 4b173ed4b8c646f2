/* SPDX-License-Identifier: Apache-2.0 */
#include "client/suspects.h"

#include "libcore/base/cleanup.h"
#include "libcore/base/str.h"
#include "tests/unit/scratch.h"

static void expect(const struct suspects *s, size_t i, const char *path, enum suspect_origin origin)
{
	assert_true(i < s->n);
	assert_string_equal(path, s->items[i].path);
	assert_int_equal(origin, s->items[i].origin);
}

static void test_output(void **state)
{
	static const struct {
		const char *text;
		const char *paths[3];
	} cases[] = {
		{ "cat: /etc/shadow: Permission denied\n", { "/etc/shadow" } },
		{ "sh: 1: cannot create /no/out: Permission denied", { "/no/out" } },
		{ "touch: cannot touch '/no/a b': Permission denied\r\n", { "/no/a b" } },
		{ "ls: cannot open \xe2\x80\x98/no/q\xe2\x80\x99: Permission denied\n",
			{ "/no/q" } },
		{ "\x1b[31mError: EACCES: permission denied, open \"/no/x\"\x1b[0m\n",
			{ "/no/x" } },
		{ "PermissionError: [Errno 13] Permission denied: '/no/file.txt'\n",
			{ "/no/file.txt" } },
		{ "mv /no/1 /no/2 (Operation not permitted).", { "/no/1", "/no/2" } },
		{ "fopen(/no/x): EPERM", { "/no/x" } },
		{ "--config=/no/c: permission denied", { "/no/c" } },
		{ "/no/./a/../b//c: Permission denied", { "/no/b/c" } },
		{ "cat: /etc/nothing: No such file or directory\n", { NULL } },
		{ "Permission denied\n", { NULL } },
		{ "/: Permission denied\n", { NULL } },
		{ "not-there: Permission denied\n", { NULL } },
		{ "first /no/1\nsecond: Permission denied\n", { NULL } },
		{ "it's /no/x: Permission denied", { "/no/x" } },
		{ "'\"`(: Permission denied '", { NULL } },
		{ "\x1b[: Permission denied\x1b", { NULL } },
		{ "", { NULL } },
	};

	(void)state;
	for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
		_cleanup_(suspects_deinit) struct suspects s = { 0 };
		size_t n = 0;
		suspects_add_output(&s, cases[i].text, strlen(cases[i].text), "/usr");
		while (n < ELEMENTSOF(cases[i].paths) && cases[i].paths[n]) {
			if (n >= s.n) {
				fail_msg("case %zu: '%s' is missing", i, cases[i].paths[n]);
			}
			expect(&s, n, cases[i].paths[n], SUSPECT_OUTPUT);
			n++;
		}
		if (s.n != n) {
			fail_msg("case %zu: '%s' is suspected", i, s.items[n].path);
		}
	}
}

static uint32_t next(uint32_t limit)
{
	static uint32_t x = 1; /* the same bytes each time */

	x ^= x << 13;
	x ^= x >> 17;
	x ^= x << 5;
	return x % limit;
}

/* Bytes nobody wrote with a reader in mind. */
static void test_noise(void **state)
{
	char text[4096];

	(void)state;
	for (int round = 0; round < 2000; round++) {
		_cleanup_(suspects_deinit) struct suspects s = { 0 };
		static const char alphabet[] = "/a'\" \n\t:=,()\x1b[mK\xe2\x80\x98\xff.";
		size_t n = next(sizeof(text));
		for (size_t i = 0; i < n; i++) {
			text[i] = alphabet[next(sizeof(alphabet) - 1)];
			if (next(40) == 0 && n - i > 18) {
				memcpy(text + i, "Permission denied\n", 18);
				i += 17;
			}
		}
		suspects_add_output(&s, text, n, next(2) ? "/" : NULL);
		assert_true(s.n <= SUSPECTS_MAX);
		for (size_t i = 0; i < s.n; i++) {
			assert_int_equal('/', s.items[i].path[0]);
			assert_null(strchr(s.items[i].path, '\n'));
		}
	}
}

static void test_relative_names(void **state)
{
	_cleanup_(suspects_deinit) struct suspects s = { 0 };
	const char *dir = scratch_root, *path = scratch_dir("name");
	static const char text[] = "cat: name: Permission denied\n";

	(void)state;
	suspects_add_output(&s, text, sizeof(text) - 1, dir);
	expect(&s, 0, path, SUSPECT_OUTPUT);
	assert_true(s.items[0].exists && s.items[0].is_directory);
	suspects_add_output(&s, text, sizeof(text) - 1, NULL);
	suspects_add_output(&s, text, sizeof(text) - 1, dir);
	assert_int_equal(1, s.n); /* once is enough */
}

static void test_arguments(void **state)
{
	_cleanup_(suspects_deinit) struct suspects s = { 0 };
	char *const argv[] = { (char *)"cmd", (char *)"/usr/bin/../lib", (char *)"-x",
		(char *)"--file=/usr", (char *)"-", (char *)"/no/such/file", (char *)"lib",
		(char *)"", NULL };

	(void)state;
	suspects_add_arguments(&s, argv, "/usr");
	expect(&s, 0, "/usr/lib", SUSPECT_ARGUMENT);
	expect(&s, 1, "/usr", SUSPECT_ARGUMENT);
	assert_int_equal(2, s.n);
}

static void test_many(void **state)
{
	_cleanup_(suspects_deinit) struct suspects s = { 0 };
	char text[64];

	(void)state;
	for (int i = 0; i < 100; i++) {
		int n = snprintf(text, sizeof(text), "/no/%d: Permission denied\n", i);
		suspects_add_output(&s, text, (size_t)n, NULL);
	}
	assert_int_equal(SUSPECTS_MAX, s.n);
}

static void test_program(void **state)
{
	_cleanup_(suspects_deinit) struct suspects s = { 0 };
	const char *dir = scratch_root, *path = scratch_file("script", "#!  /bin/sh -e\nexit\n");

	(void)state;
	suspects_add_program(&s, "./script", dir);
	expect(&s, 0, path, SUSPECT_PROGRAM);
	assert_int_equal(2, s.n); /* the shell, wherever it is */
	suspects_deinit(&s);
	path = scratch_file("broken", "#!/no/such/interpreter\n");
	suspects_add_program(&s, path, NULL);
	assert_int_equal(1, s.n);
	suspects_deinit(&s);
	suspects_add_program(&s, "no-such-program-anywhere", dir);
	suspects_add_program(&s, "/no/such/program", dir);
	assert_int_equal(0, s.n);
	suspects_add_program(&s, "sh", dir);
	assert_true(s.n >= 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_output),
		cmocka_unit_test(test_noise),
		cmocka_unit_test(test_relative_names),
		cmocka_unit_test(test_arguments),
		cmocka_unit_test(test_many),
		cmocka_unit_test(test_program),
	};

	return cmocka_run_group_tests(tests, scratch_setup, scratch_teardown);
}
