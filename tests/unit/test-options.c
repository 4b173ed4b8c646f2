/* SPDX-License-Identifier: Apache-2.0 */
#include "client/options.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "client/help.h"
#include "libcore/base/cleanup.h"

/* The parser moves its pointers but never writes to the strings. */
#define PARSE(a, err, ...)                                                                         \
	arguments_parse((a), (int)ELEMENTSOF(((const char *[]){ "nono", __VA_ARGS__, NULL })) - 1, \
		(char **)(const char *[]){ "nono", __VA_ARGS__, NULL }, NULL, (err))

static void test_run(void **state)
{
	struct arguments a;

	(void)state;
	assert_int_equal(0, PARSE(&a, NULL, "run", "-r", "x", "-wy", "--allow=z", "--read-file",
				    "f", "-vv", "--net-block", "--env", "A=b", "--", "cmd", "-r"));
	assert_int_equal(VERB_RUN, a.verb);
	assert_int_equal(4, a.n_grants);
	assert_string_equal("x", a.grants[0].path);
	assert_int_equal(NONO_READ, a.grants[0].access);
	assert_false(a.grants[0].is_file);
	assert_string_equal("y", a.grants[1].path);
	assert_int_equal(NONO_WRITE, a.grants[1].access);
	assert_string_equal("z", a.grants[2].path);
	assert_int_equal(NONO_READ_WRITE, a.grants[2].access);
	assert_string_equal("f", a.grants[3].path);
	assert_true(a.grants[3].is_file);
	assert_int_equal(2, a.verbose);
	assert_true(a.net_block);
	assert_int_equal(1, a.env.n);
	assert_int_equal(2, a.n_operands);
	assert_string_equal("cmd", a.operands[0]);
	assert_string_equal("-r", a.operands[1]);
	arguments_deinit(&a);
}

static void test_command_ends_options(void **state)
{
	struct arguments a;

	(void)state;
	assert_int_equal(0, PARSE(&a, NULL, "run", "--block-net", "cmd", "--read", "--", "-x"));
	assert_true(a.net_block);
	assert_int_equal(0, a.n_grants);
	assert_int_equal(4, a.n_operands);
	assert_string_equal("--", a.operands[2]);
	arguments_deinit(&a);
}

static void test_options_behind_operands(void **state)
{
	struct arguments a;

	(void)state;
	assert_int_equal(0, PARSE(&a, NULL, "stop", "name", "--timeout", "7", "--json"));
	assert_int_equal(7, a.timeout_seconds);
	assert_true(a.given[OPTION_TIMEOUT] && a.json);
	assert_int_equal(1, a.n_operands);
	assert_string_equal("name", a.operands[0]);
	assert_null(a.operands[1]);
	arguments_deinit(&a);
	assert_int_equal(0, PARSE(&a, NULL, "inspect", "--", "--json"));
	assert_string_equal("--json", a.operands[0]);
	assert_false(a.json);
	arguments_deinit(&a);
}

static void test_help_needs_nothing_else(void **state)
{
	struct arguments a;

	(void)state;
	assert_int_equal(0, PARSE(&a, NULL, "run", "--help"));
	assert_true(a.help);
	arguments_deinit(&a);
}

/* Every refusal says what is wrong and names what was typed. */
static void test_refusals(void **state)
{
	static const struct {
		const char *argv[6];
		const char *says;
	} cases[] = {
		{ { "nono" }, "no verb" },
		{ { "nono", "rnu" }, "did you mean 'run'" },
		{ { "nono", "ls" }, "did you mean 'ps'" },
		{ { "nono", "python3.11-config" }, "nono run -- python3.11-config" },
		{ { "nono", "--read", "/" }, "options follow the verb" },
		{ { "nono", "run" }, "no command given" },
		{ { "nono", "run", "--" }, "no command given" },
		{ { "nono", "run", "--raed", "x" }, "'--raed'; did you mean '--read'" },
		{ { "nono", "run", "--raed=x", "x" }, "'--raed'; did you mean '--read'" },
		{ { "nono", "run", "--bogosity", "x" }, "'--bogosity'; 'nono help run'" },
		{ { "nono", "run", "--rea", "x" }, "did you mean '--read'" },
		{ { "nono", "run", "-q", "x" }, "'-q'" },
		{ { "nono", "run", "--read" }, "'--read' needs DIR" },
		{ { "nono", "run", "-r" }, "'-r' needs DIR" },
		{ { "nono", "run", "--read", "", "x" }, "--read needs DIR" },
		{ { "nono", "run", "--allow-cwd=x", "x" }, "takes no value" },
		{ { "nono", "run", "--env", "=x", "x" }, "NAME" },
		{ { "nono", "run", "--name", "", "x" }, "--name needs NAME" },
		{ { "nono", "run", "--name=a", "--name=b", "x" }, "--name is given twice" },
		{ { "nono", "wrap", "--name", "a", "x" }, "'--name'" },
		{ { "nono", "ps", "--read", "x" }, "'--read'" },
		{ { "nono", "ps", "x" }, "unexpected argument 'x'" },
		{ { "nono", "stop" }, "no session given" },
		{ { "nono", "shell", "x" }, "unexpected argument 'x'" },
		{ { "nono", "stop", "a", "b" }, "unexpected argument 'b'" },
		{ { "nono", "stop", "a", "--timeout", "1.5" }, "'1.5'" },
		{ { "nono", "stop", "a", "--timeout", "-1" }, "'-1'" },
		{ { "nono", "stop", "a", "--timeout", "86401" }, "'86401'" },
		{ { "nono", "stop", "a", "--force", "--timeout=1" }, "contradict" },
		{ { "nono", "profile" }, "nono profile needs one of: list show" },
		{ { "nono", "profile", "lits" }, "did you mean 'list'" },
		{ { "nono", "profile", "python-dev" }, "nono profile needs one of" },
		{ { "nono", "profile", "show" }, "nono profile show [OPTION…] PROFILE" },
		{ { "nono", "profile", "diff", "a" }, "PROFILE PROFILE" },
		{ { "nono", "completion", "tcsh" }, "'tcsh' is none of bash|zsh|fish" },
		{ { "nono", "completion", "bash|zsh" }, "'bash|zsh' is none of" },
		{ { "nono", "profile", "schema", "[" }, "'[' is none of" },
		{ { "nono", "why", "--path", "x", "--host", "h" }, "--path and --host" },
		{ { "nono", "why", "--op", "reed" }, "--op is one of read|write" },
		{ { "nono", "why", "--port", "0" }, "from 1 to 65535, not '0'" },
		{ { "nono", "why", "--port", "65536" }, "not '65536'" },
		{ { "nono", "run", "--open-port", "8000x", "x" }, "not '8000x'" },
		{ { "nono", "run", "--net-block", "--net-allow", "x" },
			"--net-block and --net-allow contradict" },
		{ { "nono", "run", "--block-net", "--proxy-allow=h", "x" },
			"--net-block and --allow-domain contradict" },
		{ { "nono", "run", "--allow-net", "--network-profile=m", "x" },
			"--net-allow and --network-profile contradict" },
		{ { "nono", "run", "--no-diagnostics", "--diagnostics-json", "x" }, "contradict" },
		{ { "nono", "run", "-p", "a", "--profile=b", "x" }, "--profile is given twice" },
		{ { "nono", "run", "-p" }, "'-p' needs PROFILE" },
		{ { "nono", "profile", "init", "x", "--groups", "a,,b" }, "an empty entry" },
	};

	(void)state;
	for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
		struct arguments a = { .verb = VERB_HELP };
		struct nono_error err = { 0 };
		const char *argv[ELEMENTSOF(cases[i].argv) + 1] = { NULL };
		int argc = 0;
		while (argc < (int)ELEMENTSOF(cases[i].argv) && cases[i].argv[argc]) {
			argv[argc] = cases[i].argv[argc];
			argc++;
		}
		assert_int_equal(-EINVAL, arguments_parse(&a, argc, (char **)argv, NULL, &err));
		if (!strstr(err.message, cases[i].says)) {
			fail_msg("case %zu: '%s' does not say '%s'", i, err.message, cases[i].says);
		}
		assert_int_equal(VERB_HELP, a.verb); /* untouched */
	}
}

static void test_many_grants(void **state)
{
	enum { N = 10000 };
	const char **argv = calloc(2 * N + 4, sizeof(*argv));
	struct arguments a;
	int argc = 0;

	(void)state;
	argv[argc++] = "nono";
	argv[argc++] = "run";
	for (int i = 0; i < N; i++) {
		argv[argc++] = "-r";
		argv[argc++] = "/x";
	}
	argv[argc++] = "cmd";
	assert_int_equal(0, arguments_parse(&a, argc, (char **)argv, NULL, NULL));
	assert_int_equal(N, a.n_grants);
	assert_string_equal("cmd", a.operands[0]);
	arguments_deinit(&a);
	free(argv);
}

/* What is not there yet is refused by name, whatever follows, and never silently accepted. */
static void test_missing(void **state)
{
	static const struct {
		const char *argv[6];
		const char *says;
	} cases[] = {
		{ { "nono", "rollback", "list", "--bogus" }, "nono rollback: this version has no" },
		{ { "nono", "audit" }, "no audit records yet" },
		{ { "nono", "learn", "--", "cmd" }, "nono learn" },
		{ { "nono", "pause", "x" }, "nono detach" },
		{ { "nono", "trust", "init" }, "no signed files yet" },
		{ { "nono", "run", "--rollback", "x" },
			"--rollback: this version has no snapshots" },
		{ { "nono", "run", "--supervised", "x" }, "--supervised: this version has no" },
		{ { "nono", "run", "--rollback-include", "d", "x" }, "--rollback-include: " },
		{ { "nono", "run", "--memory=1G", "x" }, "no memory limit yet; leave it out" },
		{ { "nono", "run", "--env-credential-map", "r", "V", "x" }, "no keyring access" },
		{ { "nono", "run", "--env-credential-map", "r" }, "needs REFERENCE NAME" },
		{ { "nono", "run", "--env-credential-map=r", "V" }, "takes two words" },
		{ { "nono", "shell", "--detached" }, "no background sessions yet" },
		{ { "nono", "ps", "--all" }, "no session records yet" },
	};

	(void)state;
	for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
		struct arguments a = { .verb = VERB_HELP };
		struct nono_error err = { 0 };
		int argc = 0;
		while (argc < (int)ELEMENTSOF(cases[i].argv) && cases[i].argv[argc]) {
			argc++;
		}
		assert_true(arguments_parse(&a, argc, (char **)cases[i].argv, NULL, &err) < 0);
		if (!strstr(err.message, cases[i].says)) {
			fail_msg("case %zu: '%s' does not say '%s'", i, err.message, cases[i].says);
		}
	}
}

/* Every spelling of every option, for every verb that has it, with every way to give a value. */
static void test_every_spelling(void **state)
{
	size_t n = 0;

	(void)state;
	for (enum option o = 0; o < _OPTION_MAX; o++) {
		const struct option_spec *s = &option_specs[o];
		const char *value =
			s->type == TYPE_PORT || s->type == TYPE_PORTS || s->type == TYPE_SECONDS
				? "7"
			: s->type == TYPE_CHOICE ? "read"
						 : "word";
		value = o == OPTION_FORMAT ? "manifest" : value;
		for (const char *name = s->names; name; name = spelling_next(name)) {
			for (enum verb v = 0; v < _VERB_MAX; v++) {
				struct arguments a = { 0 };
				char verb[32], *second, option[64];
				const char *argv[10] = { "nono", verb };
				int argc = 2, r;
				if (!(s->verbs & VERB_BIT(v)) || verb_specs[v].missing[0]) {
					continue;
				}
				memcpy(verb, verb_specs[v].name, sizeof(verb_specs[v].name));
				second = strchr(verb, ' ');
				if (second) {
					*second = '\0';
					argv[argc++] = second + 1;
				}
				snprintf(option, sizeof(option), "--%s", name + (*name == '!'));
				argv[argc++] = option;
				if (s->argument[0]) {
					argv[argc++] = value;
				}
				if (s->type == TYPE_PAIR) {
					argv[argc++] = value;
				}
				for (unsigned i = 0; i < verb_specs[v].min_operands; i++) {
					argv[argc++] = v == VERB_COMPLETION ? "zsh" : "operand";
				}
				r = arguments_parse(&a, argc, (char **)argv, NULL, NULL);
				assert_int_equal(s->missing[0] ? -ENOTSUP : 0, r);
				if (r == 0) {
					assert_int_equal(GIVEN_BY_WORD, a.given[o]);
					assert_int_equal(*name == '!', a.n_deprecations);
					assert_int_equal(verb_specs[v].min_operands, a.n_operands);
					arguments_deinit(&a);
				}
				n++;
			}
		}
	}
	assert_true(n > 200);
}

/* The spellings that documents about other versions use. */
static void test_old_and_new_spellings(void **state)
{
	static const struct {
		char old[24], now[24];
		bool deprecated;
	} pairs[] = {
		{ "proxy-allow", "allow-domain", false },
		{ "allow-proxy", "allow-domain", true },
		{ "proxy-credential", "credential", false },
		{ "allow-net", "net-allow", false },
		{ "block-net", "net-block", false },
		{ "allow-port", "open-port", false },
		{ "allow-bind", "listen-port", true },
		{ "external-proxy", "upstream-proxy", true },
		{ "external-proxy-bypass", "upstream-bypass", true },
		{ "override-deny", "bypass-protection", true },
		{ "ignore-denied", "suppress-save-prompt", true },
		{ "supervised", "capability-elevation", false },
	};

	(void)state;
	for (size_t i = 0; i < ELEMENTSOF(pairs); i++) {
		bool found = false;
		for (enum option o = 0; o < _OPTION_MAX; o++) {
			const char *s = option_specs[o].names;
			if (strcmp(s, pairs[i].now) != 0) {
				continue;
			}
			while (s && strcmp(s + (*s == '!'), pairs[i].old) != 0) {
				s = spelling_next(s);
			}
			found = s && (*s == '!') == pairs[i].deprecated;
		}
		if (!found) {
			fail_msg("--%s is no spelling of --%s", pairs[i].old, pairs[i].now);
		}
	}
}

static void test_values(void **state)
{
	struct arguments a;

	(void)state;
	assert_int_equal(
		0, PARSE(&a, NULL, "run", "-p", "claude-code", "--extends", "a", "--extends=b",
			   "--proxy-allow", "h1", "--allow-domain", "h2", "--proxy-credential",
			   "openai", "--allow-port", "8000", "--listen-port=1", "--override-deny",
			   "/x", "--allow-command", "rm", "--no-audit", "--no-rollback", "cmd"));
	assert_string_equal("claude-code", a.profile);
	assert_int_equal(2, a.extends.n);
	assert_string_equal("b", a.extends.items[1]);
	assert_int_equal(2, a.allow_domains.n);
	assert_string_equal("h1", a.allow_domains.items[0]);
	assert_int_equal(1, a.credentials.n);
	assert_int_equal(1, a.open_ports.n);
	assert_int_equal(8000, a.open_ports.items[0]);
	assert_int_equal(1, a.listen_ports.items[0]);
	assert_string_equal("/x", a.bypass.items[0]);
	assert_string_equal("rm", a.allow_commands.items[0]);
	assert_int_equal(1, a.n_deprecations);
	assert_string_equal("override-deny", a.deprecations[0].old);
	assert_string_equal("bypass-protection", a.deprecations[0].now);
	assert_true(a.deprecations[0].is_option);
	arguments_deinit(&a);
	assert_int_equal(0, PARSE(&a, NULL, "profiles", "export", "python-agent"));
	assert_int_equal(VERB_PROFILE_EXPORT, a.verb);
	assert_int_equal(0, a.n_deprecations);
	arguments_deinit(&a);
	assert_int_equal(0, PARSE(&a, NULL, "policy", "groups"));
	assert_int_equal(VERB_PROFILE_GROUPS, a.verb);
	assert_int_equal(1, a.n_deprecations);
	arguments_deinit(&a);
	assert_int_equal(0, PARSE(&a, NULL, "profile", "init", "n", "--groups", "a,b", "-o", "f"));
	assert_int_equal(2, a.groups.n);
	assert_string_equal("b", a.groups.items[1]);
	assert_string_equal("f", a.output);
	arguments_deinit(&a);
	assert_int_equal(0, PARSE(&a, NULL, "profile", "-h"));
	assert_true(a.help);
	assert_int_equal(_VERB_MAX, a.verb);
	arguments_deinit(&a);
	assert_int_equal(0, PARSE(&a, NULL, "rollback", "--help"));
	assert_true(a.help);
	arguments_deinit(&a);
}

static int parse_with(struct arguments *a, struct nono_error *err, const char *variable,
	const char *other, const char *option)
{
	const char *env[] = { "HOME=/", variable, other, NULL };
	const char *argv[] = { "nono", "run", option ? option : "cmd", option ? "cmd" : NULL,
		NULL };

	memset(a, 0, sizeof(*a));
	memset(err, 0, sizeof(*err));
	return arguments_parse(a, option ? 4 : 3, (char **)argv, (char **)env, err);
}

static void test_environment(void **state)
{
	struct nono_error err;
	struct arguments a;

	(void)state;
	assert_int_equal(0, parse_with(&a, &err, "NONO_ALLOW=/a,/b", "NONO_PROFILE=p", NULL));
	assert_int_equal(2, a.n_grants);
	assert_string_equal("/b", a.grants[1].path);
	assert_int_equal(NONO_READ_WRITE, a.grants[1].access);
	assert_string_equal("p", a.profile);
	assert_int_equal(GIVEN_BY_VARIABLE, a.given[OPTION_PROFILE]);
	arguments_deinit(&a);
	/* The command line wins, over the same option and over what contradicts it. */
	assert_int_equal(0, parse_with(&a, &err, "NONO_PROFILE=p", NULL, "--profile=mine"));
	assert_string_equal("mine", a.profile);
	arguments_deinit(&a);
	assert_int_equal(0, parse_with(&a, &err, "NONO_BLOCK_NET=1", NULL, "--net-allow"));
	assert_true(a.net_allow && !a.net_block);
	arguments_deinit(&a);
	assert_int_equal(0, parse_with(&a, &err, "NONO_ALLOW_DOMAIN=h", NULL, "--net-block"));
	assert_int_equal(0, a.allow_domains.n);
	arguments_deinit(&a);
	assert_int_equal(0, parse_with(&a, &err, "NONO_BLOCK_NET=Off", "NONO_PROFILE=", NULL));
	assert_false(a.net_block);
	assert_null(a.profile);
	arguments_deinit(&a);
	/* Old names count, with a warning, unless the new one is set. */
	assert_int_equal(0, parse_with(&a, &err, "NONO_NET_BLOCK=TRUE", NULL, NULL));
	assert_true(a.net_block);
	assert_int_equal(1, a.n_deprecations);
	assert_string_equal("NONO_NET_BLOCK", a.deprecations[0].old);
	assert_string_equal("NONO_BLOCK_NET", a.deprecations[0].now);
	assert_false(a.deprecations[0].is_option);
	arguments_deinit(&a);
	assert_int_equal(0, parse_with(&a, &err, "NONO_BLOCK_NET=0", "NONO_NET_BLOCK=1", NULL));
	assert_false(a.net_block);
	assert_int_equal(0, a.n_deprecations);
	arguments_deinit(&a);
	assert_int_equal(0, parse_with(&a, &err, "NONO_TRUST_OVERRIDE=1", "NONO_ELSE=1", NULL));
	arguments_deinit(&a);
}

static void test_environment_refusals(void **state)
{
	static const struct {
		char variable[40], other[24], says[64];
	} cases[] = {
		{ "NONO_BLOCK_NET=maybe", "", "NONO_BLOCK_NET is neither true nor false: 'maybe'" },
		{ "NONO_NET_BLOCK=2", "", "NONO_NET_BLOCK is neither" },
		{ "NONO_ALLOW=/a,,/b", "", "NONO_ALLOW: an empty entry" },
		{ "NONO_BLOCK_NET=1", "NONO_ALLOW_NET=1", "NONO_BLOCK_NET and NONO_ALLOW_NET" },
		{ "NONO_CAPABILITY_ELEVATION=yes", "", "NONO_CAPABILITY_ELEVATION: this version" },
		{ "NONO_ENV_CREDENTIAL=key", "", "NONO_ENV_CREDENTIAL: this version" },
		{ "NONO_UPSTREAM_PROXY=h:1", "", "NONO_UPSTREAM_PROXY: this version" },
	};
	struct nono_error err;
	struct arguments a;

	(void)state;
	for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
		assert_true(parse_with(&a, &err, cases[i].variable, cases[i].other, NULL) < 0);
		if (!strstr(err.message, cases[i].says)) {
			fail_msg("case %zu: '%s' does not say '%s'", i, err.message, cases[i].says);
		}
	}
}

/* Strings inside the tables end before their arrays do, and lists of spellings, too. */
static void check_list(const char *list, size_t size)
{
	assert_int_equal('\0', list[size - 1]);
	for (const char *s = list; *s; s += strlen(s) + 1) {
		assert_true(s + strlen(s) + 1 < list + size);
	}
}

static void test_tables_are_sound(void **state)
{
	(void)state;
	for (enum option o = 0; o < _OPTION_MAX; o++) {
		const struct option_spec *s = &option_specs[o];
		check_list(s->names, sizeof(s->names));
		check_list(s->env, sizeof(s->env));
		assert_int_equal('\0', s->help[sizeof(s->help) - 1]);
		assert_int_equal('\0', s->argument[sizeof(s->argument) - 1]);
		assert_int_equal('\0', s->missing[sizeof(s->missing) - 1]);
		assert_true(s->names[0] && s->names[0] != '!');
		assert_true((s->help[0] == '\0') ==
			    (s->section == SECTION_IGNORED || s->section == SECTION_MISSING));
		assert_true((s->missing[0] != '\0') == (s->section == SECTION_MISSING));
		assert_int_not_equal(0, s->verbs);
		for (enum option other = 0; other < o; other++) {
			const struct option_spec *t = &option_specs[other];
			for (const char *n = s->names; n; n = spelling_next(n)) {
				for (const char *m = t->names; m; m = spelling_next(m)) {
					assert_string_not_equal(n + (*n == '!'), m + (*m == '!'));
				}
			}
			assert_true(!s->letter || !(s->verbs & t->verbs) || s->letter != t->letter);
		}
	}
	for (size_t i = 0; i < n_option_conflicts; i++) {
		assert_true(option_specs[option_conflicts[i].a].verbs &
			    option_specs[option_conflicts[i].b].verbs);
	}
	for (enum verb v = 0; v < _VERB_MAX; v++) {
		char words[sizeof(verb_specs[v].name)];
		char *space;
		assert_int_equal('\0', verb_specs[v].name[sizeof(words) - 1]);
		assert_int_equal('\0', verb_specs[v].summary[sizeof(verb_specs[v].summary) - 1]);
		memcpy(words, verb_specs[v].name, sizeof(words));
		space = strchr(words, ' ');
		if (space) {
			*space++ = '\0';
		}
		assert_int_equal(v, verb_from_words(words, space));
		assert_int_equal(space ? _VERB_MAX : v, verb_from_words(words, NULL));
	}
	assert_int_equal(_VERB_MAX, verb_from_words("nothing", NULL));
}

static void test_help_names_every_option(void **state)
{
	(void)state;
	for (enum verb v = 0; v < _VERB_MAX; v++) {
		_cleanup_(buf_deinit) struct buf b = { 0 };
		help_verb(&b, v);
		assert_int_equal(0, buf_error(&b));
		for (enum option o = 0; o < _OPTION_MAX; o++) {
			char text[64] = "--";
			bool has = option_specs[o].verbs & VERB_BIT(v);
			memcpy(text + 2, option_specs[o].names, strlen(option_specs[o].names) + 1);
			assert_true(!has || strstr(b.data, text));
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_run),
		cmocka_unit_test(test_command_ends_options),
		cmocka_unit_test(test_options_behind_operands),
		cmocka_unit_test(test_help_needs_nothing_else),
		cmocka_unit_test(test_refusals),
		cmocka_unit_test(test_missing),
		cmocka_unit_test(test_every_spelling),
		cmocka_unit_test(test_old_and_new_spellings),
		cmocka_unit_test(test_values),
		cmocka_unit_test(test_environment),
		cmocka_unit_test(test_environment_refusals),
		cmocka_unit_test(test_many_grants),
		cmocka_unit_test(test_tables_are_sound),
		cmocka_unit_test(test_help_names_every_option),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
