/* SPDX-License-Identifier: Apache-2.0 */
#include "libcore/base/strlist.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "libcore/base/cleanup.h"

static void test_order(void **state)
{
	_cleanup_(strlist_deinit) struct strlist list = { 0 };
	char text[16];

	(void)state;
	for (int i = 0; i < 100; i++) {
		snprintf(text, sizeof(text), "%d", i);
		assert_int_equal(strlist_add(&list, text), 0);
	}
	assert_int_equal(list.n, 100);
	for (int i = 0; i < 100; i++) {
		snprintf(text, sizeof(text), "%d", i);
		assert_string_equal(list.items[i], text);
		assert_true(strlist_has(&list, text));
	}
	assert_false(strlist_has(&list, "100"));
	strlist_deinit(&list);
	assert_int_equal(list.n, 0);
	assert_null(list.items);
}

static void test_doubles(void **state)
{
	_cleanup_(strlist_deinit) struct strlist list = { 0 };
	_cleanup_(strlist_deinit) struct strlist other = { 0 };

	(void)state;
	assert_int_equal(strlist_add(&list, "a"), 0);
	assert_int_equal(strlist_add_once(&list, "a"), 0);
	assert_int_equal(list.n, 1);
	assert_int_equal(strlist_add(&list, "a"), 0);
	assert_int_equal(list.n, 2);
	assert_int_equal(strlist_add(&other, "b"), 0);
	assert_int_equal(strlist_add(&other, "a"), 0);
	assert_int_equal(strlist_add(&other, "b"), 0);
	assert_int_equal(strlist_add_all_once(&list, &other), 0);
	assert_int_equal(list.n, 3);
	assert_string_equal(list.items[2], "b");
	assert_int_equal(strlist_add_all(&list, &other), 0);
	assert_int_equal(list.n, 6);
}

static void test_take(void **state)
{
	_cleanup_(strlist_deinit) struct strlist list = { 0 };
	char *s = strdup("mine");

	(void)state;
	assert_int_equal(strlist_take(&list, s), 0);
	assert_ptr_equal(list.items[0], s);
	assert_int_equal(strlist_take(&list, NULL), -ENOMEM);
	assert_int_equal(list.n, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_order),
		cmocka_unit_test(test_doubles),
		cmocka_unit_test(test_take),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
