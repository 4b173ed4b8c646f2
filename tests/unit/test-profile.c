/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/profile.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "libcore/base/cleanup.h"
#include "policy/document.h"

static struct profile *parse_as(const char *name, const char *text, struct strlist *warnings)
{
	struct profile *p = NULL;
	struct nono_error err = { 0 };

	if (profile_parse(&p, name, name, text, strlen(text), true, warnings, &err) < 0) {
		fail_msg("%s", err.message);
	}
	return p;
}

static struct profile *parse(const char *text)
{
	return parse_as("p", text, NULL);
}

static void assert_refused_n(const char *text, size_t n, bool jsonc, int code, const char *message)
{
	struct profile *p = NULL;
	struct nono_error err = { 0 };

	assert_true(profile_parse(&p, "p", "p", text, n, jsonc, NULL, &err) < 0);
	assert_null(p);
	assert_string_equal(err.message, message);
	assert_int_equal(err.code, code);
}

static void assert_refused(const char *text, const char *message)
{
	assert_refused_n(text, strlen(text), true, NONO_INVALID, message);
}

/* The texts of a list, joined by spaces. */
static const char *joined(const struct profile *p, enum profile_key key)
{
	static char text[1024];
	const struct profile_value *v = &p->values[key];

	text[0] = '\0';
	for (size_t i = 0; i < v->n; i++) {
		size_t at = strlen(text);
		snprintf(text + at, sizeof(text) - at, "%s%s%s%s", i > 0 ? " " : "",
			v->items[i].text, v->items[i].value ? "=" : "",
			v->items[i].value ? v->items[i].value : "");
	}
	return text;
}

/* Older spellings, as people have them in their files. */
static void test_older_spellings(void **state)
{
	_cleanup_(strlist_deinit) struct strlist warnings = { 0 };
	_cleanup_(profile_freep) struct profile *p = parse_as("python-agent",
		"{\n"
		"\"meta\": {\n"
		"\"name\": \"python-agent\",\n"
		"\"version\": \"1.0.0\",\n"
		"\"description\": \"Python AI agent with controlled access\"\n"
		"},\n"
		"\"security\": {\n"
		"\"groups\": [\"python_runtime\"]\n"
		"},\n"
		"\"filesystem\": {\n"
		"\"allow\": [\"$HOME/.cache/pip\"],\n"
		"\"read_file\": [\"$HOME/.gitconfig\"]\n"
		"},\n"
		"\"network\": {\n"
		"\"allow_hosts\": [\"api.openai.com\", \"api.anthropic.com\"]\n"
		"},\n"
		"\"workdir\": { \"access\": \"readwrite\" },\n"
		"\"interactive\": false\n"
		"}\n",
		&warnings);

	(void)state;
	assert_string_equal(joined(p, KEY_GROUPS_INCLUDE), "python_runtime");
	assert_string_equal(joined(p, KEY_ALLOW), "$HOME/.cache/pip");
	assert_string_equal(joined(p, KEY_READ_FILE), "$HOME/.gitconfig");
	assert_string_equal(joined(p, KEY_NET_ALLOW_DOMAIN), "api.openai.com api.anthropic.com");
	assert_string_equal(p->values[KEY_WORKDIR].string, "readwrite");
	assert_true(p->values[KEY_INTERACTIVE].present);
	assert_false(p->values[KEY_INTERACTIVE].boolean);
	assert_int_equal(warnings.n, 1);
	assert_string_equal(warnings.items[0],
		"python-agent:8: deprecated key 'security.groups', use 'groups.include' instead");
	assert_string_equal(p->values[KEY_ALLOW].items[0].from, "python-agent:11");
	assert_string_equal(p->values[KEY_NET_ALLOW_DOMAIN].from, "python-agent:15");
}

static void test_unknown_keys(void **state)
{
	(void)state;
	assert_refused("{\n  \"filesystem\": {\n    \"alow\": []\n  }\n}",
		"p:3:5: unknown key 'filesystem.alow', did you mean 'filesystem.allow'?");
	assert_refused("{\"network\":{\"allow_host\":[]}}",
		"p:1:13: unknown key 'network.allow_host', did you mean 'network.allow_domain'?");
	assert_refused("{\"read_file\":[]}",
		"p:1:2: unknown key 'read_file', did you mean 'filesystem.read_file'?");
	assert_refused(
		"{\"filesytem\":{}}", "p:1:2: unknown key 'filesytem', did you mean 'filesystem'?");
	assert_refused("{\"network\":{\"read_fil\":[]}}",
		"p:1:13: unknown key 'network.read_fil', did you mean 'filesystem.read_file'?");
	assert_refused("{\"quite_different_from_all\":1}",
		"p:1:2: unknown key 'quite_different_from_all'");
	assert_refused(
		"{\"workdir\":{\"$schema\":\"x\"}}", "p:1:13: unknown key 'workdir.$schema'");
}

static void test_merge(void **state)
{
	_cleanup_(profile_freep) struct profile *child = parse(
		"{\"filesystem\":{\"allow\":[\"/c\",\"/b\"]},\"workdir\":{\"access\":\"none\"},"
		"\"environment\":{\"set_vars\":{\"A\":\"child\"}}}");
	_cleanup_(profile_freep) struct profile *base = parse_as("base",
		"{\"filesystem\":{\"allow\":[\"/a\",\"/b\"]},\"workdir\":{\"access\":\"read\"},"
		"\"network\":{\"block\":true},\"meta\":{\"name\":\"base\"},"
		"\"environment\":{\"set_vars\":{\"A\":\"base\",\"B\":\"base\"}}}",
		NULL);

	(void)state;
	assert_int_equal(profile_merge(child, base), 0);
	assert_string_equal(joined(child, KEY_ALLOW), "/a /b /c");
	assert_string_equal(child->values[KEY_ALLOW].items[0].from, "base:1");
	assert_string_equal(joined(child, KEY_ENV_SET), "A=child B=base");
	assert_string_equal(child->values[KEY_WORKDIR].string, "none");
	assert_true(child->values[KEY_NET_BLOCK].boolean);
	assert_string_equal(child->values[KEY_NET_BLOCK].from, "base:1");
	assert_false(child->values[KEY_NAME].present);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_older_spellings),
		cmocka_unit_test(test_unknown_keys),
		cmocka_unit_test(test_merge),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
