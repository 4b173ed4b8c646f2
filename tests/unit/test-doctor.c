/* SPDX-License-Identifier: Apache-2.0 */
#include "client/local/doctor.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "libcore/base/cleanup.h"
#include "libcore/base/json-scan.h"

static void miss(struct finding *f)
{
	finding_miss(f, "first %s", "cause\x1b");
}

static void note(struct finding *f)
{
	finding_note(f, "ABI %d", 7);
}

static void doubt(struct finding *f)
{
	finding_doubt(f, "nobody to ask");
}

static void nothing(struct finding *f)
{
	(void)f;
}

#define ROW(name_, probe)                                                                          \
	{                                                                                          \
		{ .group = "g",                                                                    \
			.name = name_,                                                             \
			.what = "what " name_,                                                     \
			.lost = "lost " name_,                                                     \
			.remedy = "remedy " name_ },                                               \
			probe                                                                      \
	}

static const struct probe good[] = { ROW("landlock", note), ROW("sandbox", nothing) };
static const struct probe mixed[] = { ROW("landlock", note), ROW("sandbox", nothing),
	ROW("other", miss), ROW("third", doubt) };
static const struct probe hopeless[] = { ROW("landlock", miss), ROW("sandbox", miss) };

static struct findings run(const struct probe *rows, size_t n)
{
	struct findings list = { 0 };

	assert_int_equal(0, findings_run(&list, rows, n, NULL));
	return list;
}

static void test_states(void **state)
{
	_cleanup_(findings_deinit) struct findings list = run(mixed, ELEMENTSOF(mixed));

	(void)state;
	assert_int_equal(FINDING_YES, findings_find(&list, "landlock")->state);
	assert_string_equal("ABI 7", findings_find(&list, "landlock")->detail);
	assert_int_equal(FINDING_NO, findings_find(&list, "other")->state);
	assert_int_equal(FINDING_UNKNOWN, findings_find(&list, "third")->state);
	assert_null(findings_find(&list, "fourth"));
}

static void test_usable(void **state)
{
	_cleanup_(findings_deinit) struct findings a = run(mixed, ELEMENTSOF(mixed));
	_cleanup_(findings_deinit) struct findings b = run(hopeless, ELEMENTSOF(hopeless));
	const char *cause = NULL;

	(void)state;
	assert_true(doctor_usable(&a, &cause));
	assert_false(doctor_usable(&b, &cause));
	assert_ptr_equal(findings_find(&b, "landlock")->cause, cause);
}

static void test_text(void **state)
{
	_cleanup_(findings_deinit) struct findings list = run(mixed, ELEMENTSOF(mixed));
	_cleanup_(findings_deinit) struct findings all = run(good, ELEMENTSOF(good));
	_cleanup_(buf_deinit) struct buf out = { 0 }, fine = { 0 };

	(void)state;
	doctor_text(&out, &list);
	assert_non_null(
		strstr(out.data, "\ng\n  yes  landlock                 what landlock (ABI 7)\n"));
	assert_non_null(strstr(out.data, "  NO   other                    what other\n"
					 "       Why:    first cause\\x1b\n"
					 "       Lost:   lost other\n"
					 "       Get it: remedy other\n"));
	assert_non_null(strstr(out.data, "\nSandboxes work here. 2 features are missing"));
	doctor_text(&fine, &all);
	assert_non_null(strstr(fine.data, "nothing is missing"));
}

static void test_json(void **state)
{
	_cleanup_(findings_deinit) struct findings list = run(mixed, ELEMENTSOF(mixed));
	_cleanup_(buf_deinit) struct buf out = { 0 };
	struct json_span v, row;
	struct json_iter it;
	bool usable = false;

	(void)state;
	doctor_json(&out, &list);
	assert_int_equal(0, json_check(out.data, out.len, &v, NULL));
	assert_int_equal(0, json_get_bool(json_member(v, "usable"), &usable));
	assert_true(usable);
	it = json_iter(json_member(v, "features"));
	for (size_t i = 0; i < ELEMENTSOF(mixed); i++) {
		assert_true(json_next(&it, NULL, &row));
		assert_true(json_string_equal(json_member(row, "name"), mixed[i].finding.name));
		assert_int_equal(i < 2, json_is_null(json_member(row, "cause")));
	}
	assert_false(json_next(&it, NULL, &row));
}

/* Whatever this machine has: what is missing says why, what is lost and the way to get it. */
static void test_here(void **state)
{
	_cleanup_(findings_deinit) struct findings list = { 0 };

	(void)state;
	assert_int_equal(0, doctor_look(&list, NULL));
	assert_true(list.n > 20);
	for (size_t i = 0; i < list.n; i++) {
		const struct finding *f = &list.items[i];
		assert_non_null(f->lost);
		assert_non_null(f->remedy);
		assert_true(f->what && *f->what);
		assert_int_equal(f->state == FINDING_YES, *f->cause == '\0');
		assert_ptr_equal(f, findings_find(&list, f->name));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_states),
		cmocka_unit_test(test_usable),
		cmocka_unit_test(test_text),
		cmocka_unit_test(test_json),
		cmocka_unit_test(test_here),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
