/* SPDX-License-Identifier: Apache-2.0 */
/* Sessions by serial, id, name and prefix; names and ids themselves. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "daemon/names.h"
#include "daemon/registry.h"
#include "daemon/session.h"

static struct registry *registry;

static int setup(void **state)
{
	(void)state;
	return registry_new(&registry);
}

static int teardown(void **state)
{
	(void)state;
	registry_free(registry);
	return 0;
}

static struct session *add(uint64_t serial, const char *id, const char *name)
{
	struct session *s = calloc(1, sizeof(*s));

	assert_non_null(s);
	s->link_fd = -1;
	s->serial = serial;
	snprintf(s->id, sizeof(s->id), "%s", id);
	snprintf(s->name, sizeof(s->name), "%s", name);
	registry_add(registry, s);
	return s;
}

static size_t find(const char *key, struct session **ret)
{
	struct session *matches[4] = { NULL };
	size_t n = registry_find(registry, key, matches, 4);

	*ret = n == 1 ? matches[0] : NULL;
	return n;
}

static void test_find(void **state)
{
	struct session *a, *b, *c, *found;

	(void)state;
	a = add(1, "20260101-000000-10", "calm-owl");
	b = add(2, "20260101-000000-100", "bold-fox");
	c = add(3, "20260102-000000-7", "neat-elm");
	assert_int_equal(registry_n_alive(registry), 3);
	assert_ptr_equal(registry_by_serial(registry, 2), b);
	assert_null(registry_by_serial(registry, 4));
	assert_ptr_equal(registry_by_name(registry, "neat-elm"), c);

	assert_int_equal(find("20260101-000000-10", &found), 1); /* though a prefix of another */
	assert_ptr_equal(found, a);
	assert_int_equal(find("20260101-", &found), 2);
	assert_int_equal(find("20260102", &found), 1);
	assert_ptr_equal(found, c);
	assert_int_equal(find("bold-fox", &found), 1);
	assert_ptr_equal(found, b);
	assert_int_equal(find("bold", &found), 0);
	assert_int_equal(find("", &found), 0);
	assert_ptr_equal(registry_next(registry, NULL), a);
	assert_ptr_equal(registry_next(registry, a), b);
	assert_null(registry_next(registry, c));
}

static void test_ended(void **state)
{
	struct session *a, *b, *found;

	(void)state;
	a = add(1, "20260101-000000-10", "calm-owl");
	b = add(2, "20260101-000001-11", "bold-fox");
	registry_end(registry, a);
	assert_int_equal(registry_n_alive(registry), 1);
	assert_ptr_equal(registry_next(registry, NULL), b);
	assert_null(registry_by_serial(registry, 1));
	assert_null(registry_by_name(registry, "calm-owl")); /* free again */
	assert_int_equal(find("calm-owl", &found), 1);       /* but still remembered */
	assert_ptr_equal(found, a);
	assert_int_equal(find("20260101-000000", &found), 1);
	assert_ptr_equal(found, a);
	assert_int_equal(find("20260101", &found), 1); /* what is alive comes first */
	assert_ptr_equal(found, b);
	b = add(3, "20260101-000002-12", "calm-owl");
	assert_int_equal(find("calm-owl", &found), 1);
	assert_ptr_equal(found, b);
}

/* Thousands come and go; only the last few are remembered, none is confused with another. */
static void test_many(void **state)
{
	struct session *found, *all[3000];
	char id[SESSION_ID_SIZE], name[SESSION_NAME_SIZE];

	(void)state;
	for (unsigned i = 0; i < 3000; i++) {
		snprintf(id, sizeof(id), "20260101-000000-%u", 10000 + i);
		snprintf(name, sizeof(name), "name-%u", i);
		all[i] = add(i + 1, id, name);
	}
	for (unsigned i = 0; i < 3000; i++) {
		assert_ptr_equal(registry_by_serial(registry, i + 1), all[i]);
		assert_ptr_equal(registry_by_id(registry, all[i]->id), all[i]);
		assert_ptr_equal(registry_by_name(registry, all[i]->name), all[i]);
	}
	for (unsigned i = 0; i < 3000; i += 2) {
		registry_end(registry, all[i]);
	}
	assert_int_equal(registry_n_alive(registry), 1500);
	assert_int_equal(find("name-0", &found), 0);
	assert_int_equal(find("name-2998", &found), 1);
	assert_ptr_equal(registry_by_id(registry, "20260101-000000-12999"), all[2999]);
	assert_null(registry_by_id(registry, "20260101-000000-10000"));
	for (unsigned i = 1; i < 3000; i += 2) {
		registry_end(registry, all[i]);
	}
	assert_int_equal(registry_n_alive(registry), 0);
	assert_null(registry_next(registry, NULL));
}

static void test_names(void **state)
{
	char id[SESSION_ID_SIZE], name[SESSION_NAME_SIZE], longest[80];

	(void)state;
	names_make_id(id, 1771270391, 20751);
	assert_string_equal(id, "20260216-193311-20751");
	names_make_id(id, 1771270391, UINT64_MAX); /* no overflow, whatever the number */
	for (uint64_t i = 0; i < 20000; i += 7) {
		names_make(name, i * UINT64_C(0x9e3779b97f4a7c15));
		assert_true(names_are_valid(name));
		assert_non_null(strchr(name, '-'));
	}
	assert_true(names_are_valid("a"));
	assert_true(names_are_valid("Build_2.x-final"));
	assert_false(names_are_valid(""));
	assert_false(names_are_valid("2fast"));
	assert_false(names_are_valid("-x"));
	assert_false(names_are_valid("a b"));
	assert_false(names_are_valid("a/b"));
	assert_false(names_are_valid("a\x1b[2J"));
	memset(longest, 'a', sizeof(longest));
	longest[SESSION_NAME_SIZE] = '\0';
	assert_false(names_are_valid(longest));
	longest[SESSION_NAME_SIZE - 1] = '\0';
	assert_true(names_are_valid(longest));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_find, setup, teardown),
		cmocka_unit_test_setup_teardown(test_ended, setup, teardown),
		cmocka_unit_test_setup_teardown(test_many, setup, teardown),
		cmocka_unit_test(test_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
