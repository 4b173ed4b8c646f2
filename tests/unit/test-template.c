/* SPDX-License-Identifier: Apache-2.0 */
#include "client/local/template.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "libcore/base/cleanup.h"
#include "policy/profile.h"

static struct profile *parse(const struct template *t, struct buf *out)
{
	struct nono_error err = { 0 };
	struct profile *p = NULL;
	struct strlist warnings = { 0 };

	template_write(out, t);
	assert_int_equal(0, buf_error(out));
	if (profile_parse(&p, t->name, "x.jsonc", out->data, out->len, true, &warnings, &err) < 0) {
		fail_msg("%s", err.message);
	}
	assert_int_equal(0, warnings.n);
	return p;
}

static void test_says_what_it_was_given(void **state)
{
	static const char *const extends[] = { "node-dev", "./other.json" };
	static const char *const groups[] = { "git_config" };
	static const char *const allow[] = { "~/.config/\"odd\"" };
	const struct template t = {
		.name = "mine",
		.description = "It's \"mine\", // really\n",
		.extends = extends,
		.n_extends = 2,
		.groups = groups,
		.n_groups = 1,
		.allow = allow,
		.n_allow = 1,
		.block_network = true,
	};
	_cleanup_(buf_deinit) struct buf out = { 0 };
	_cleanup_(profile_freep) struct profile *p = parse(&t, &out);

	(void)state;
	assert_string_equal("mine", p->values[KEY_NAME].string);
	assert_string_equal(t.description, p->values[KEY_DESCRIPTION].string);
	assert_int_equal(2, p->values[KEY_EXTENDS].n);
	assert_string_equal("./other.json", p->values[KEY_EXTENDS].items[1].text);
	assert_string_equal("git_config", p->values[KEY_GROUPS_INCLUDE].items[0].text);
	assert_string_equal("~/.config/\"odd\"", p->values[KEY_ALLOW].items[0].text);
	assert_true(p->values[KEY_NET_BLOCK].boolean);
}

/* An empty one changes nothing but what --allow-cwd means. */
static void test_empty(void **state)
{
	_cleanup_(buf_deinit) struct buf out = { 0 };
	_cleanup_(profile_freep) struct profile *p = parse(&(struct template){ .name = "x" }, &out);

	(void)state;
	for (size_t i = 0; i < _KEY_MAX; i++) {
		assert_int_equal(0, p->values[i].n);
		assert_false(p->values[i].boolean);
	}
	assert_string_equal("readwrite", p->values[KEY_WORKDIR].string);
}

static void test_full_names_every_key(void **state)
{
	_cleanup_(buf_deinit) struct buf out = { 0 }, full = { 0 };
	_cleanup_(profile_freep) struct profile *a = parse(&(struct template){ .name = "x" }, &out);
	_cleanup_(profile_freep) struct profile *b =
		parse(&(struct template){ .name = "x", .full = true }, &full);

	(void)state;
	for (size_t i = 0; i < _KEY_MAX; i++) {
		const char *dot = strrchr(key_specs[i].path, '.');
		assert_int_equal(a->values[i].present, b->values[i].present);
		assert_non_null(strstr(full.data, dot ? dot + 1 : key_specs[i].path));
		if (!a->values[i].present) {
			assert_non_null(strstr(full.data, key_specs[i].path));
		}
	}
}

static void test_description_that_is_no_text(void **state)
{
	_cleanup_(buf_deinit) struct buf out = { 0 };

	(void)state;
	template_write(&out, &(struct template){ .name = "x", .description = "\xff" });
	assert_int_equal(-EINVAL, buf_error(&out));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_says_what_it_was_given),
		cmocka_unit_test(test_empty),
		cmocka_unit_test(test_full_names_every_key),
		cmocka_unit_test(test_description_that_is_no_text),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
