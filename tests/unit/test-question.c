/* SPDX-License-Identifier: Apache-2.0 */
#include "client/local/question.h"

#include <errno.h>

#include "libcore/base/cleanup.h"
#include "tests/unit/scratch.h"

static struct question ask(const char *path, const char *op)
{
	struct workdir w = { .fd = -1, .base = scratch_root, .path = scratch_root };
	struct nono_error err = { 0 };
	struct question q;

	if (question_init(&q, &w, path, op, &err) < 0) {
		fail_msg("%s", err.message);
	}
	return q;
}

static void expect(const char *path, const char *op, const char *wanted, bool exists)
{
	_cleanup_(question_deinit) struct question q = ask(path, op);

	assert_string_equal(scratch_path(wanted), q.why.path);
	assert_int_equal(exists, q.why.exists);
	assert_int_equal(exists, q.why.parent == NULL);
}

static void test_canonical(void **state)
{
	(void)state;
	scratch_dir("real");
	scratch_dir("real/deep");
	scratch_file("real/file", "x");
	scratch_link("dir", "real");
	scratch_link("file", "dir/file");
	scratch_link("dangling", "real/new");
	scratch_link("far", scratch_path("dir/none/newer"));
	scratch_link("loop", "loop");
	scratch_link("up", "real/deep");

	expect("real/file", NULL, "real/file", true);
	expect("file", "read", "real/file", true);
	expect("dir/./deep/../file", "write", "real/file", true);
	expect("dir/missing", "create", "real/missing", false);
	/* Up from where a symlink led, as the kernel goes. */
	expect("up/../file", "read", "real/file", true);
	expect("up/..", "read", "real", true);
	expect("up/../new//", "create", "real/new", false);
	expect("up/../file", "delete", "real/file", true);
	expect("loop/../file", "read", "file", true);
	expect("dir/missing/deeper", "create", "real/missing/deeper", false);
	/* A dangling symlink leads to where an open would make the file. */
	expect("dangling", "write", "real/new", false);
	expect("far", "write", "real/none/newer", false);
	expect("dangling", "create", "real/new", false);
	/* Removing is about the name, not about what it leads to. */
	expect("file", "delete", "file", true);
	expect("dir/file", "delete", "real/file", true);
	expect("dangling", "delete", "dangling", true);
	/* Nowhere: the name it has. */
	expect("loop", "read", "loop", true);
}

static void test_parent(void **state)
{
	_cleanup_(question_deinit) struct question q = { 0 }, root = { 0 };

	(void)state;
	q = ask("real/a/b/c", "create");
	assert_string_equal(scratch_path("real"), q.why.parent);
	root = ask("/no-such-directory/x", "create");
	assert_string_equal("/", root.why.parent);
	assert_string_equal("/no-such-directory/x", root.why.path);
}

static void test_kinds(void **state)
{
	_cleanup_(question_deinit) struct question dir = ask("dir", NULL), file = ask("file", NULL);

	(void)state;
	assert_true(dir.why.is_dir);
	assert_false(file.why.is_dir);
	assert_int_equal(WHY_READ, dir.why.operations);
}

static void test_words(void **state)
{
	static const struct {
		const char *op;
		unsigned operations;
	} cases[] = {
		{ NULL, WHY_READ },
		{ "write", WHY_WRITE },
		{ "readwrite", WHY_READ | WHY_WRITE },
		{ "create", WHY_CREATE },
		{ "delete", WHY_DELETE },
		{ "execute", WHY_EXECUTE },
	};
	struct workdir w = { .fd = -1, .base = scratch_root };
	struct nono_error err = { 0 };
	struct question bad;

	(void)state;
	for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
		_cleanup_(question_deinit) struct question q = ask("real", cases[i].op);
		assert_int_equal(cases[i].operations, q.why.operations);
	}
	assert_int_equal(-EINVAL, question_init(&bad, &w, "real", "remove", &err));
	assert_non_null(strstr(err.message, "'remove'"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_canonical),
		cmocka_unit_test(test_parent),
		cmocka_unit_test(test_kinds),
		cmocka_unit_test(test_words),
	};

	return cmocka_run_group_tests(tests, scratch_setup, scratch_teardown);
}
