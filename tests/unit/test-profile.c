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

/* {"filesystem": {"allow": ["/0", "/1", …]}} with n elements. */
static int print_list(char *text, size_t size, int n)
{
	int at = snprintf(text, size, "{\"filesystem\": {\"allow\": [");

	for (int i = 0; i < n; i++) {
		at += snprintf(text + at, size - (size_t)at, "%s\"/%d\"", i > 0 ? "," : "", i);
	}
	return at + snprintf(text + at, size - (size_t)at, "]}}");
}

/* A value of the key's kind. */
static const char *sample(const struct key_spec *spec)
{
	static char text[64];

	switch (spec->kind) {
	case VALUE_BOOL:
		return "true";
	case VALUE_STRING:
		return "\"s\"";
	case VALUE_WORD:
		snprintf(text, sizeof(text), "\"%s\"", spec->words[1]);
		return text;
	case VALUE_STRINGS:
		return "[\"a\", \"b\"]";
	case VALUE_PATHS:
		return "[\"~/a\", \"$HOME/b\"]";
	case VALUE_PORTS:
		return "[80, 65535]";
	case VALUE_MAP:
		return "{\"NAME\": \"value\"}";
	case VALUE_OBJECTS:
	default:
		return "{\"name\": {\"upstream\": [1, {}]}}";
	}
}

static void write_key(char *text, size_t size, const char *path, const char *value)
{
	const char *dot = strchr(path, '.');

	if (dot) {
		snprintf(text, size, "{\"%.*s\": {\"%s\": %s}}", (int)(dot - path), path, dot + 1,
			value);
	} else {
		snprintf(text, size, "{\"%s\": %s}", path, value);
	}
}

static void check_spelling(size_t key, const char *path, bool deprecated)
{
	_cleanup_(strlist_deinit) struct strlist warnings = { 0 };
	_cleanup_(profile_freep) struct profile *p = NULL;
	char text[256];

	write_key(text, sizeof(text), path, sample(&key_specs[key]));
	p = parse_as("p", text, &warnings);
	for (size_t i = 0; i < _KEY_MAX; i++) {
		assert_int_equal(p->values[i].present, i == key);
	}
	assert_int_equal(warnings.n, deprecated);
	if (deprecated) {
		assert_non_null(strstr(warnings.items[0], path));
		assert_non_null(strstr(warnings.items[0], key_specs[key].path));
	}
}

/* Every key in every spelling; only null where it means something; no other kind. */
static void test_all_keys(void **state)
{
	static const char *const others[] = { "3.5", "{\"\": 0}", "[[]]", "[null]", "[{}]" };

	(void)state;
	for (size_t key = 0; key < _KEY_MAX; key++) {
		const struct key_spec *spec = &key_specs[key];
		struct profile *p = NULL;
		char text[256];
		assert_non_null(spec->help);
		check_spelling(key, spec->path, false);
		for (const char *const *s = spec->aliases; s && *s; s++) {
			check_spelling(key, *s, false);
		}
		for (const char *const *s = spec->deprecated; s && *s; s++) {
			check_spelling(key, *s, true);
		}
		write_key(text, sizeof(text), spec->path, "null");
		assert_int_equal(profile_parse(&p, "p", "p", text, strlen(text), false, NULL, NULL),
			spec->nullable ? 0 : -EINVAL);
		profile_free(p);
		for (size_t i = 0; i < ELEMENTSOF(others); i++) {
			p = NULL;
			write_key(text, sizeof(text), spec->path, others[i]);
			assert_int_equal(
				profile_parse(&p, "p", "p", text, strlen(text), false, NULL, NULL),
				-EINVAL);
		}
	}
}

static void test_bad_values(void **state)
{
	(void)state;
	assert_refused("{\"network\": {\"block\": \"yes\"}}",
		"p:1:23: 'network.block' must be true or false");
	assert_refused("{\"workdir\": {\"access\": \"rw\"}}",
		"p:1:24: 'workdir.access' must be one of none, read, write, readwrite, not 'rw'");
	assert_refused("{\"filesystem\": {\"allow\": \"/a\"}}",
		"p:1:26: 'filesystem.allow' must be a list of paths");
	assert_refused("{\"filesystem\": {\"allow\": [\"/a\", 3]}}",
		"p:1:33: 'filesystem.allow' must be a list of paths");
	assert_refused("{\"filesystem\": {\"allow\": [\"\"]}}",
		"p:1:27: an element of 'filesystem.allow' is empty");
	assert_refused("{\"filesystem\": []}", "p:1:16: 'filesystem' must be an object");
	assert_refused("{\"network\": {\"open_port\": [0]}}",
		"p:1:28: 'network.open_port' takes port numbers from 1 to 65535");
	assert_refused("{\"network\": {\"open_port\": [65536]}}",
		"p:1:28: 'network.open_port' takes port numbers from 1 to 65535");
	assert_refused("{\"network\": {\"open_port\": [\"80\"]}}",
		"p:1:28: 'network.open_port' takes port numbers from 1 to 65535");
	assert_refused("{\"environment\": {\"set_vars\": {\"A\": 1}}}",
		"p:1:36: 'environment.set_vars' must be an object of strings");
	assert_refused("{\"extends\": null}", "p:1:13: 'extends' must be a list of strings");
	assert_refused("{\"undo\": {\"exclude_globs\": []}, \"rollback\": {\"exclude_globs\": []}}",
		"p:1:46: 'rollback.exclude_globs' is there already, in another spelling");
}

static void test_bad_documents(void **state)
{
	static char large[DOCUMENT_SIZE_MAX + 1];
	char deep[200];

	(void)state;
	assert_refused("", "p:1:1: unexpected end");
	assert_refused("\"text\"", "p:1:1: not an object");
	assert_refused("{\n\"interactive\": true,\n\"interactive\": true}",
		"p:3:1: duplicate member name");
	assert_refused("{} {}", "p:1:4: unexpected text behind the value");
	assert_refused("{\"extends\": \"\\u0000\"}", "p:1:14: NUL in a string");
	assert_refused("{\n // \xff\n}", "p:2:5: invalid UTF-8");
	assert_refused("{\n /* no end }", "p:2:2: comment without an end");
	assert_refused_n("{\n\0}", 4, true, NONO_INVALID, "p:2:1: NUL byte");
	assert_refused_n("{ // c\n}", 8, false, NONO_INVALID,
		"p:1:3: expected a member name in double quotes; comments need a file name in "
		".jsonc");
	assert_refused_n(
		"{\"extends\": [\"a\",]}", 19, false, NONO_INVALID, "p:1:18: expected a value");
	memset(large, ' ', sizeof(large));
	large[0] = '{';
	large[sizeof(large) - 2] = '}';
	assert_refused_n(large, sizeof(large), false, NONO_LIMIT, "p: larger than 1048576 bytes");
	memset(deep, '[', sizeof(deep));
	memcpy(deep, "{\"hooks\":", 9);
	assert_refused_n(deep, sizeof(deep), false, NONO_LIMIT, "p:1:73: nested too deeply");
}

static void test_too_many_elements(void **state)
{
	_cleanup_free_ char *text = malloc(1 << 16);
	size_t n = (size_t)print_list(text, 1 << 16, 1024);
	struct nono_error err = { 0 };
	struct profile *p = NULL;

	(void)state;
	assert_int_equal(profile_parse(&p, "p", "p", text, n, false, NULL, &err), 0);
	assert_int_equal(p->values[KEY_ALLOW].n, 1024);
	profile_free(p);
	p = NULL;
	n = (size_t)print_list(text, 1 << 16, 1025);
	assert_int_equal(profile_parse(&p, "p", "p", text, n, false, NULL, &err), -EINVAL);
	assert_non_null(strstr(err.message, "'filesystem.allow' has more than 1024 elements"));
}

/* Comments and commas disappear, positions stay. */
static void test_comments(void **state)
{
	_cleanup_(profile_freep) struct profile *p =
		parse("// first\n{ /* two\n lines */ \"filesystem\": {\n"
		      "\"read\": [\"/a//b\", \"/*c*/\", \"\\\"//\", ], // last, ]\n"
		      "/**/ },\n}// end");

	(void)state;
	assert_string_equal(joined(p, KEY_READ), "/a//b /*c*/ \"//");
	assert_string_equal(p->values[KEY_READ].items[0].from, "p:4");
	assert_refused("{\"extends\": [,]}", "p:1:14: expected a value");
	assert_refused("{\"extends\": [\"a\",,]}", "p:1:18: expected a value");
	assert_refused("{,}", "p:1:2: expected a member name in double quotes");
	assert_refused("{/* \xc3\xa4 */ \"x\": 1}", "p:1:11: unknown key 'x'");
	assert_refused("{} /", "p:1:4: unexpected text behind the value");
}

static void test_conditions(void **state)
{
	_cleanup_(profile_freep) struct profile *p = parse(
		"{\"filesystem\": {\"allow\": [\"/a\", {\"path\": \"/b\", \"when\": \"linux\"},"
		"{\"path\": \"/c\", \"when\": \"macos\"}, {\"path\": \"/d\", \"when\": [\"macos\", "
		"\"!macos\"]}, {\"path\": \"/e\", \"when\": \"!linux\"}, {\"path\": \"/f\"}]},"
		"\"groups\": {\"include\": [{\"name\": \"g\", \"when\": \"linux\"}]},"
		"\"env_credentials\": {\"k\": {\"env_var\": \"K\"}, "
		"\"m\": {\"env_var\": \"M\", \"when\": \"macos\"}, \"l\": \"L\"}}");

	(void)state;
	assert_string_equal(joined(p, KEY_ALLOW), "/a /b /d /f");
	assert_string_equal(joined(p, KEY_GROUPS_INCLUDE), "g");
	assert_string_equal(joined(p, KEY_ENV_CREDENTIALS), "k=K l=L");
	assert_refused(
		"{\"filesystem\": {\"read\": [{\"path\": \"/a\", \"when\": \"linux:debian\"}]}}",
		"p:1:49: 'when' knows linux, !linux, macos and !macos only");
	assert_refused("{\"filesystem\": {\"read\": [{\"when\": \"linux\"}]}}",
		"p:1:26: an object in 'filesystem.read' needs the string 'path'");
	assert_refused("{\"filesystem\": {\"read\": [{\"path\": \"/a\", \"if\": 1}]}}",
		"p:1:41: an object in 'filesystem.read' has 'path' and 'when' only");
	assert_refused(
		"{\"network\": {\"allow_domain\": [{\"domain\": \"a\", \"endpoints\": []}]}}",
		"p:1:47: 'endpoints' would restrict 'network.allow_domain' and is not there yet");
	assert_refused("{\"commands\": {\"deny\": [{\"name\": \"a\"}]}}",
		"p:1:24: 'commands.deny' must be a list of strings");
}

/* What another nono knows is left out and said so, unless it would restrict. */
static void test_set_aside(void **state)
{
	_cleanup_(strlist_deinit) struct strlist warnings = { 0 };
	_cleanup_(profile_freep) struct profile *p = parse_as("p",
		"{\"$schema\": \"https://example.org/x\",\n"
		"\"unsafe_macos_seatbelt_rules\": [\"x\"],\n"
		"\"open_urls\": {\"allow_origins\": [\"https://example.org\"]},\n"
		"\"linux\": {\"af_unix_mediation\": \"off\"}, \"command_policies\": {}}",
		&warnings);

	(void)state;
	assert_non_null(p);
	assert_int_equal(warnings.n, 2);
	assert_string_equal(
		warnings.items[0], "p:2: 'unsafe_macos_seatbelt_rules' has no effect on Linux");
	assert_string_equal(warnings.items[1], "p:3: 'open_urls' is not there yet and is left out");
	assert_refused("{\"linux\": {\"af_unix_mediation\": \"pathname\"}}",
		"p:1:12: 'linux.af_unix_mediation' would restrict the command and is not there yet");
	assert_refused("{\"command_policies\": {\"commands\": {}}}",
		"p:1:2: 'command_policies' would restrict the command and is not there yet");
}

/* The same key in two spellings is one list. */
static void test_both_spellings(void **state)
{
	_cleanup_(profile_freep) struct profile *p =
		parse("{\"security\": {\"groups\": [\"a\", \"b\"]}, "
		      "\"groups\": {\"include\": [\"b\", \"c\"]}}");

	(void)state;
	assert_string_equal(joined(p, KEY_GROUPS_INCLUDE), "a b c");
}

/* null and an empty list cut off what bases say, also those that come later. */
static void test_clearing(void **state)
{
	_cleanup_(profile_freep) struct profile *child =
		parse("{\"network\": {\"network_profile\": null, \"open_port\": []}}");
	_cleanup_(profile_freep) struct profile *middle = parse(
		"{\"network\": {\"credentials\": []}, \"environment\": {\"allow_vars\": []}}");
	_cleanup_(profile_freep) struct profile *base = parse(
		"{\"network\": {\"network_profile\": \"minimal\", \"credentials\": [\"openai\"], "
		"\"open_port\": [80]}, \"environment\": {\"allow_vars\": [\"PATH\"]}}");

	(void)state;
	assert_int_equal(profile_merge(child, middle), 0);
	assert_int_equal(profile_merge(child, base), 0);
	assert_true(child->values[KEY_NET_PROFILE].present);
	assert_null(child->values[KEY_NET_PROFILE].string);
	assert_int_equal(child->values[KEY_NET_CREDENTIALS].n, 0);
	assert_true(child->values[KEY_ENV_ALLOW].present);
	assert_int_equal(child->values[KEY_ENV_ALLOW].n, 0);
	assert_string_equal(joined(child, KEY_NET_OPEN_PORT), "80");
}

/* Bases are handed in from the nearest to the furthest. */
static void test_several_bases(void **state)
{
	_cleanup_(profile_freep) struct profile *child =
		parse("{\"filesystem\":{\"read\":[\"/c\"]}}");
	_cleanup_(profile_freep) struct profile *second = parse(
		"{\"filesystem\":{\"read\":[\"/b\"]},\"security\":{\"signal_mode\":\"allow_all\"}}");
	_cleanup_(profile_freep) struct profile *first = parse(
		"{\"filesystem\":{\"read\":[\"/a\"]},\"security\":{\"signal_mode\":\"isolated\"}}");

	(void)state;
	assert_int_equal(profile_merge(child, second), 0);
	assert_int_equal(profile_merge(child, first), 0);
	assert_string_equal(joined(child, KEY_READ), "/a /b /c");
	assert_string_equal(child->values[KEY_SIGNAL_MODE].string, "allow_all");
}

static void test_to_json(void **state)
{
	_cleanup_(profile_freep) struct profile *p = parse(
		"{\"interactive\":true,\"secrets\":{\"k\":\"K\"},\"network\":{\"allow_hosts\":"
		"[\"a.example.org\"],\"open_port\":[80],\"network_profile\":null,"
		"\"custom_credentials\":{\"s\":{\"upstream\":[1]}}},\"extends\":\"b\","
		"\"meta\":{\"name\":\"p\\\"\"},\"filesystem\":{\"deny\":[]}}");
	_cleanup_free_ char *text = profile_to_json(p);
	_cleanup_(profile_freep) struct profile *empty = parse("{}");
	_cleanup_free_ char *nothing = profile_to_json(empty);

	(void)state;
	assert_string_equal(text,
		"{\n  \"extends\": [\n    \"b\"\n  ],\n  \"meta\": {\n    \"name\": \"p\\\"\"\n  },\n"
		"  \"filesystem\": {\n    \"deny\": []\n  },\n"
		"  \"network\": {\n    \"network_profile\": null,\n"
		"    \"allow_domain\": [\n      \"a.example.org\"\n    ],\n"
		"    \"custom_credentials\": {\n      \"s\": {\n        \"upstream\": [\n"
		"          1\n        ]\n      }\n    },\n    \"open_port\": [\n      80\n    ]\n  },\n"
		"  \"env_credentials\": {\n    \"k\": \"K\"\n  },\n  \"interactive\": true\n}\n");
	assert_string_equal(nothing, "{}\n");
}

/* Every built-in profile survives being written and read. */
static void test_round_trip(void **state)
{
	(void)state;
	for (size_t i = 0; i < embedded_profiles_n; i++) {
		const struct embedded_document *d = &embedded_profiles[i];
		_cleanup_(profile_freep) struct profile *p = parse_as(d->name, d->text, NULL);
		_cleanup_free_ char *text = profile_to_json(p);
		_cleanup_(profile_freep) struct profile *again = parse_as(d->name, text, NULL);
		_cleanup_free_ char *second = profile_to_json(again);
		assert_string_equal(text, second);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_older_spellings),
		cmocka_unit_test(test_unknown_keys),
		cmocka_unit_test(test_merge),
		cmocka_unit_test(test_all_keys),
		cmocka_unit_test(test_bad_values),
		cmocka_unit_test(test_bad_documents),
		cmocka_unit_test(test_too_many_elements),
		cmocka_unit_test(test_comments),
		cmocka_unit_test(test_conditions),
		cmocka_unit_test(test_set_aside),
		cmocka_unit_test(test_both_spellings),
		cmocka_unit_test(test_clearing),
		cmocka_unit_test(test_several_bases),
		cmocka_unit_test(test_to_json),
		cmocka_unit_test(test_round_trip),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
