/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/document.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "libcore/base/cleanup.h"
#include "libcore/base/path.h"
#include "libcore/base/str.h"
#include "policy/never.h"
#include "policy/profile.h"

static void add(struct policy_groups *groups, const char *file, const char *text)
{
	struct nono_error err = { 0 };

	if (groups_parse(groups, file, text, strlen(text), true, false, false, &err) < 0) {
		fail_msg("%s", err.message);
	}
}

static void assert_refused(struct policy_groups *groups, const char *text, const char *message)
{
	struct nono_error err = { 0 };
	size_t n = groups->n;

	assert_int_equal(
		groups_parse(groups, "f", text, strlen(text), true, false, false, &err), -EINVAL);
	assert_string_equal(err.message, message);
	assert_int_equal(groups->n, n);
}

static void test_groups(void **state)
{
	_cleanup_(groups_deinit) struct policy_groups groups = { 0 };
	const struct policy_group *g;

	(void)state;
	add(&groups, "a",
		"{\"$schema\":\"x\",\"meta\":{\"version\":\"1\"},\"groups\":{\"tools\":{"
		"\"description\":\"D\",\"required\":true,\"allow\":{\"read\":[\"/a\",\"~/b\",\"/a\"],"
		"\"write\":[\"$HOME/c\"],\"readwrite\":[\"/d\"]},\"deny\":{\"access\":[\"~/e\"],"
		"\"commands\":[\"rm\"],\"unlink\":true,"
		"\"unlink_override_for_user_writable\":true}},\"empty\":{}}}");
	assert_int_equal(groups.n, 2);
	g = groups_find(&groups, "tools");
	assert_non_null(g);
	assert_string_equal(g->description, "D");
	assert_string_equal(g->file, "a");
	assert_int_equal(g->line, 1);
	assert_true(g->required && g->deny_unlink);
	assert_false(g->locked || g->foreign);
	assert_int_equal(g->read.n, 2);
	assert_string_equal(g->read.items[1], "~/b");
	assert_string_equal(g->write.items[0], "$HOME/c");
	assert_string_equal(g->read_write.items[0], "/d");
	assert_string_equal(g->deny.items[0], "~/e");
	assert_string_equal(g->deny_commands.items[0], "rm");
	assert_null(groups_find(&groups, "tool"));
}

/* Without an object around them, as the documentation prints them. */
static void test_bare_groups(void **state)
{
	_cleanup_(groups_deinit) struct policy_groups groups = { 0 };

	(void)state;
	add(&groups, "a",
		"{\n  \"deny_credentials\": {\n    \"deny\": { \"access\": [\"~/.ssh\", "
		"\"~/.gnupg\", \"~/.aws\", \"~/.kube\"] }\n  },\n  \"node_runtime\": {\n"
		"    \"allow\": { \"read\": [\"~/.nvm\", \"~/.fnm\", \"~/.npm\"] }\n  }\n}");
	assert_int_equal(groups.n, 2);
	assert_int_equal(groups_find(&groups, "deny_credentials")->deny.n, 4);
	assert_int_equal(groups_find(&groups, "node_runtime")->read.n, 3);
	assert_int_equal(groups_find(&groups, "node_runtime")->line, 5);
}

static void test_foreign_group(void **state)
{
	_cleanup_(groups_deinit) struct policy_groups groups = { 0 };
	const struct policy_group *g;

	(void)state;
	add(&groups, "a",
		"{\"groups\":{\"m\":{\"platform\":\"macos\",\"required\":true,"
		"\"symlink_pairs\":{\"/etc\":\"/private/etc\"},\"allow\":{\"read\":[\"/Library\"]},"
		"\"deny\":{\"commands\":[\"srm\"]}},"
		"\"l\":{\"platform\":\"linux\",\"allow\":{\"read\":[\"/a\"]}}}}");
	g = groups_find(&groups, "m");
	assert_true(g->foreign && g->required);
	assert_int_equal(g->read.n + g->deny_commands.n, 0);
	assert_false(groups_find(&groups, "l")->foreign);
	assert_int_equal(groups_find(&groups, "l")->read.n, 1);
}

static void test_refused_groups(void **state)
{
	_cleanup_(groups_deinit) struct policy_groups groups = { 0 };

	(void)state;
	add(&groups, "first", "{\"groups\":{\"there\":{}}}");
	assert_refused(&groups, "[]", "f:1:1: not an object");
	assert_refused(&groups, "{\"groups\":[]}", "f:1:11: 'groups' must be an object");
	assert_refused(&groups, "{\"groups\":{},\"profiles\":{}}",
		"f:1:14: a document of groups has groups and meta only");
	assert_refused(&groups, "{\n\"groups\": {\n \"there\": {} } }",
		"f:3:2: group 'there' is in first already; choose another name");
	assert_refused(&groups, "{\"groups\":{\"a\":{},\"b\":{\"locked\":true}}}",
		"f:1:19: group 'b' is locked, which only an administrator's document can say");
	assert_refused(&groups, "{\"groups\":{\"a b\":{}}}",
		"f:1:12: 'a b' is no name for a group: up to 64 letters, digits, '-' and '_'");
	assert_refused(&groups, "{\"groups\":{\"\":{}}}",
		"f:1:12: '' is no name for a group: up to 64 letters, digits, '-' and '_'");
	assert_refused(&groups, "{\"groups\":{\"a\":[]}}", "f:1:16: group 'a' must be an object");
	assert_refused(&groups, "{\"groups\":{\"a\":{\"allow\":{\"red\":[]}}}}",
		"f:1:26: unknown key 'allow.red', did you mean 'allow.read'?");
	assert_refused(&groups, "{\"groups\":{\"a\":{\"allow\":[]}}}",
		"f:1:25: 'allow' must be an object");
	assert_refused(&groups, "{\"groups\":{\"a\":{\"allow\":{\"read\":[\"b\"]}}}}",
		"f:1:12: path 'b' does not start with '/', '~' or a variable");
	assert_refused(&groups, "{\"groups\":{\"a\":{\"platform\":\"plan9\"}}}",
		"f:1:28: 'platform' must be one of linux, macos, not 'plan9'");
	assert_refused(
		&groups, "{\"groups\":{\"a\":{},\"a\":{}}}", "f:1:19: duplicate member name");
}

/* An administrator's document adds to what is there. */
static void test_extended_groups(void **state)
{
	static const char text[] = "{\"groups\":{\"g\":{\"description\":\"other\",\"locked\":true,"
				   "\"allow\":{\"read\":[\"/a\",\"/b\"]},"
				   "\"deny\":{\"access\":[\"/c\"]}},\"new\":{}}}";
	_cleanup_(groups_deinit) struct policy_groups groups = { 0 };
	const struct policy_group *g;

	(void)state;
	add(&groups, "first",
		"{\"groups\":{\"g\":{\"description\":\"D\",\"allow\":{\"read\":[\"/a\"]}}}}");
	assert_int_equal(groups_parse(&groups, "/etc/nono/policy.d/x.json", text, strlen(text),
				 false, true, true, NULL),
		0);
	assert_int_equal(groups.n, 2);
	g = groups_find(&groups, "g");
	assert_string_equal(g->description, "D");
	assert_true(g->locked);
	assert_int_equal(g->read.n, 2);
	assert_int_equal(g->deny.n, 1);
}

/* --- network --- */

static const struct network_group *hosts(const struct network_policy *p, const char *name)
{
	for (size_t i = 0; i < p->n_groups; i++) {
		if (str_equal(p->groups[i].name, name)) {
			return &p->groups[i];
		}
	}
	fail_msg("no host group %s", name);
	return &p->groups[0];
}

static void test_network(void **state)
{
	static const char first[] =
		"{\"groups\":{\"g\":{\"hosts\":[\"a.example.org\",\"*.b.example.org\"],"
		"\"suffixes\":[\".c.example.org\",\"d.example.org\"]},\"r\":{\"composed\":true}},"
		"\"profiles\":{\"p\":{\"groups\":[\"g\"],\"credentials\":[\"s\"]}},"
		"\"credentials\":{\"s\":{\"upstream\":\"https://a.example.org\","
		"\"inject_header\":\"X-Key\",\"credential_format\":\"{}\","
		"\"credential_key\":\"s\",\"env_var\":\"S_KEY\"}}}";
	static const char more[] =
		"{\"groups\":{\"g\":{\"hosts\":[\"e.example.org\",\"a.example.org\"]}},"
		"\"profiles\":{\"p\":{\"groups\":[\"r\"]},\"q\":{}},"
		"\"credentials\":{\"s\":{\"env_var\":\"T\"}}}";
	_cleanup_(network_deinit) struct network_policy p = { 0 };
	struct nono_error err = { 0 };

	(void)state;
	assert_int_equal(network_parse(&p, "f", first, strlen(first), false, false, &err), 0);
	assert_int_equal(hosts(&p, "g")->hosts.n, 4);
	assert_string_equal(hosts(&p, "g")->hosts.items[1], "*.b.example.org");
	assert_string_equal(hosts(&p, "g")->hosts.items[2], "*.c.example.org");
	assert_string_equal(hosts(&p, "g")->hosts.items[3], "*.d.example.org");
	assert_true(hosts(&p, "r")->composed);
	assert_string_equal(p.profiles[0].groups.items[0], "g");
	assert_int_equal(p.groups[1].line + p.profiles[0].line + p.services[0].line, 3);
	assert_string_equal(p.services[0].env_var, "S_KEY");

	assert_int_equal(network_parse(&p, "f", more, strlen(more), false, false, &err), -EINVAL);
	assert_string_equal(err.message, "f:1:12: there is 'g' already; choose another name");
	assert_int_equal(network_parse(&p, "f", more, strlen(more), false, true, &err), 0);
	assert_int_equal(hosts(&p, "g")->hosts.n, 5);
	assert_int_equal(p.n_profiles, 2);
	assert_int_equal(p.profiles[0].groups.n, 2);
	assert_string_equal(p.services[0].env_var, "T");
	assert_string_equal(p.services[0].inject_header, "X-Key");
}

static void assert_network_refused(const char *text, const char *message)
{
	_cleanup_(network_deinit) struct network_policy p = { 0 };
	struct nono_error err = { 0 };

	assert_int_equal(network_parse(&p, "f", text, strlen(text), false, false, &err), -EINVAL);
	assert_string_equal(err.message, message);
	assert_int_equal(p.n_groups + p.n_profiles + p.n_services, 0);
}

static void test_refused_network(void **state)
{
	const char *const no_hosts[] = { "A.example.org", "a..b", ".a", "a.", "*", "*.", "a/b",
		"*.*.a", "a b", "https:" };

	(void)state;
	assert_network_refused("{\"group\":{}}",
		"f:1:2: a network policy has groups, profiles, credentials and meta only");
	assert_network_refused("{\"groups\":{\"g\":{\"host\":[]}}}",
		"f:1:17: unknown key 'host', did you mean 'hosts'?");
	assert_network_refused("{\"profiles\":3}", "f:1:13: 'profiles' must be an object");
	for (size_t i = 0; i < ELEMENTSOF(no_hosts); i++) {
		char text[128], message[128];
		snprintf(text, sizeof(text), "{\"groups\":{\"g\":{\"hosts\":[\"%s\"]}}}",
			no_hosts[i]);
		snprintf(message, sizeof(message),
			"f:1:12: '%s' is no host in lower case, nor *. and a domain", no_hosts[i]);
		assert_network_refused(text, message);
	}
}

/* --- what is built in --- */

struct builtin {
	struct policy_groups groups;
	struct never *never;
};

static int load_builtin(void **state)
{
	static const char *const no_dirs[] = { NULL };
	static struct builtin b;
	const struct policy_places places = {
		.home = (char *)"/home/u",
		.account = (char *)"/home/u",
		.config = (char *)"/home/u/.config",
		.state = (char *)"/home/u/.local/state",
		.data = (char *)"/home/u/.local/share",
		.runtime = (char *)"/run/user/1000",
		.nono = (char *)"/run/user/1000/nono",
	};
	const struct embedded_document *d = &embedded_policy;

	*state = &b;
	return groups_parse(&b.groups, d->file, d->text, d->n, d->jsonc, false, false, NULL) < 0 ||
	       never_new(&b.never, &places, no_dirs, NULL) < 0;
}

static int free_builtin(void **state)
{
	struct builtin *b = *state;

	groups_deinit(&b->groups);
	never_free(b->never);
	return 0;
}

/* The variables that groups use. */
static char *expand(const char *path)
{
	const char *rest = str_after(path, "~/");

	assert_null(strchr(path, '$'));
	return rest ? path_absolute("/home/u", rest) : path_absolute("/", path);
}

/* A built-in group never asks for what no session may have. */
static void check_never(
	const struct builtin *b, const struct strlist *paths, enum nono_access access)
{
	for (size_t i = 0; i < paths->n; i++) {
		_cleanup_free_ char *path = expand(paths->items[i]);
		struct nono_error err = { 0 };
		const char *hint;
		if (never_check(b->never, path, access, false, &hint, &err) < 0) {
			fail_msg("%s: %s", paths->items[i], err.message);
		}
	}
}

/* Nor for what another one denies, nor for what contains it. */
static void check_disjoint(const struct builtin *b, const struct strlist *paths)
{
	for (size_t i = 0; i < paths->n; i++) {
		_cleanup_free_ char *path = expand(paths->items[i]);
		for (size_t k = 0; k < b->groups.n; k++) {
			const struct strlist *deny = &b->groups.items[k].deny;
			for (size_t j = 0; j < deny->n; j++) {
				_cleanup_free_ char *denied = expand(deny->items[j]);
				if (path_is_below(path, denied) || path_is_below(denied, path)) {
					fail_msg("%s is granted, %s is denied", path, denied);
				}
			}
		}
	}
}

static void test_builtin_groups(void **state)
{
	const struct builtin *b = *state;

	for (size_t i = 0; i < b->groups.n; i++) {
		const struct policy_group *g = &b->groups.items[i];
		if (!g->foreign && !g->description) {
			fail_msg("%s has no description", g->name);
		}
		check_never(b, &g->read, NONO_READ);
		check_never(b, &g->write, NONO_WRITE);
		check_never(b, &g->read_write, NONO_READ_WRITE);
		check_disjoint(b, &g->read);
		check_disjoint(b, &g->write);
		check_disjoint(b, &g->read_write);
	}
}

static bool denied(const struct policy_groups *groups, const char *command)
{
	for (size_t i = 0; i < groups->n; i++) {
		if (strlist_has(&groups->items[i].deny_commands, command)) {
			return true;
		}
	}
	return false;
}

static void test_builtin_promises(void **state)
{
	const struct builtin *b = *state;
	const struct policy_group *node = groups_find(&b->groups, "node_runtime");
	const struct policy_group *python = groups_find(&b->groups, "python_runtime");
	const struct policy_group *deny = groups_find(&b->groups, "deny_credentials");
	const char *const conda[] = { "~/.conda", "~/miniconda3", "~/anaconda3", "~/miniforge3" };

	assert_true(denied(&b->groups, "rm") && denied(&b->groups, "sudo"));
	assert_false(denied(&b->groups, "npm") || denied(&b->groups, "pip"));
	assert_true(strlist_has(&node->read_write, "~/.npm"));
	assert_true(strlist_has(&python->read_write, "~/.cache/pip"));
	assert_true(strlist_has(&python->read_write, "~/.cache/uv"));
	for (size_t i = 0; i < ELEMENTSOF(conda); i++) {
		assert_true(strlist_has(&python->read, conda[i]));
	}
	assert_true(deny->required && strlist_has(&deny->deny, "~/.npmrc"));
	assert_string_equal(deny->description,
		"Block access to cryptographic keys, tokens, and cloud credentials");
	assert_true(strlist_has(
		&groups_find(&b->groups, "system_read_linux_core")->read, "/etc/passwd"));
	assert_true(groups_find(&b->groups, "vscode_macos")->foreign);
}

/* Grants of profiles keep the same distance. */
static void test_builtin_profiles(void **state)
{
	static const enum profile_key grants[] = { KEY_ALLOW, KEY_READ, KEY_WRITE, KEY_ALLOW_FILE,
		KEY_READ_FILE, KEY_WRITE_FILE };
	const struct builtin *b = *state;
	struct nono_error err = { 0 };

	assert_true(embedded_profiles_n >= 12);
	for (size_t i = 0; i < embedded_profiles_n; i++) {
		const struct embedded_document *d = &embedded_profiles[i];
		_cleanup_(profile_freep) struct profile *p = NULL;
		_cleanup_(strlist_deinit) struct strlist paths = { 0 };
		if (profile_parse(&p, d->name, d->file, d->text, d->n, d->jsonc, NULL, &err) < 0) {
			fail_msg("%s", err.message);
		}
		assert_string_equal(p->values[KEY_NAME].string, d->name);
		assert_non_null(p->values[KEY_DESCRIPTION].string);
		for (size_t k = 0; k < ELEMENTSOF(grants); k++) {
			const struct profile_value *v = &p->values[grants[k]];
			for (size_t j = 0; j < v->n; j++) {
				if (*v->items[j].text != '$') {
					assert_int_equal(strlist_add(&paths, v->items[j].text), 0);
				}
			}
		}
		check_never(b, &paths, NONO_READ_WRITE);
		check_disjoint(b, &paths);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_groups),
		cmocka_unit_test(test_bare_groups),
		cmocka_unit_test(test_foreign_group),
		cmocka_unit_test(test_refused_groups),
		cmocka_unit_test(test_extended_groups),
		cmocka_unit_test(test_network),
		cmocka_unit_test(test_refused_network),
		cmocka_unit_test(test_builtin_groups),
		cmocka_unit_test(test_builtin_promises),
		cmocka_unit_test(test_builtin_profiles),
	};

	return cmocka_run_group_tests(tests, load_builtin, free_builtin);
}
