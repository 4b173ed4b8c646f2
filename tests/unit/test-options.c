/* SPDX-License-Identifier: Apache-2.0 */
#include "client/options.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "client/help.h"
#include "libcore/base/cleanup.h"
#include "libcore/base/nearest.h"

/* The parser moves its pointers but never writes to the strings. */
#define PARSE(a, err, ...)                                                                         \
	arguments_parse((a), (int)ELEMENTSOF(((const char *[]){ "nono", __VA_ARGS__, NULL })) - 1, \
		(char **)(const char *[]){ "nono", __VA_ARGS__, NULL }, (err))

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
	assert_true(a.block_net);
	assert_int_equal(1, a.n_env);
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
	assert_true(a.block_net);
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
	assert_true(a.has_timeout && a.json);
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
		{ { "nono", "run", "--read", "", "x" }, "empty path" },
		{ { "nono", "run", "--allow-cwd=x", "x" }, "takes no value" },
		{ { "nono", "run", "--env", "=x", "x" }, "NAME" },
		{ { "nono", "run", "--name", "", "x" }, "--name needs a value" },
		{ { "nono", "run", "--name=a", "--name=b", "x" }, "--name is given twice" },
		{ { "nono", "wrap", "--name", "a", "x" }, "'--name'" },
		{ { "nono", "ps", "--read", "x" }, "'--read'" },
		{ { "nono", "ps", "x" }, "unexpected argument 'x'" },
		{ { "nono", "stop" }, "no session given" },
		{ { "nono", "stop", "a", "b" }, "unexpected argument 'b'" },
		{ { "nono", "stop", "a", "--timeout", "1.5" }, "'1.5'" },
		{ { "nono", "stop", "a", "--timeout", "-1" }, "'-1'" },
		{ { "nono", "stop", "a", "--timeout", "86401" }, "'86401'" },
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
		assert_int_equal(-EINVAL, arguments_parse(&a, argc, (char **)argv, &err));
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
	assert_int_equal(0, arguments_parse(&a, argc, (char **)argv, NULL));
	assert_int_equal(N, a.n_grants);
	assert_string_equal("cmd", a.operands[0]);
	arguments_deinit(&a);
	free(argv);
}

static void test_tables_are_sound(void **state)
{
	(void)state;
	for (enum option o = 0; o < _OPTION_MAX; o++) {
		const struct option_spec *s = &option_specs[o];
		assert_non_null(s->name);
		assert_non_null(s->help);
		assert_int_not_equal(0, s->verbs);
		for (enum option other = 0; other < o; other++) {
			const struct option_spec *t = &option_specs[other];
			assert_string_not_equal(s->name, t->name);
			assert_true(!s->letter || !(s->verbs & t->verbs) || s->letter != t->letter);
		}
	}
	for (enum verb v = 0; v < _VERB_MAX; v++) {
		assert_int_equal(v, verb_from_string(verb_specs[v].name));
	}
	assert_int_equal(_VERB_MAX, verb_from_string("nothing"));
}

static void test_nearest(void **state)
{
	struct nearest n = nearest_init("allow-cdw", 9);

	(void)state;
	nearest_offer(&n, NULL);
	nearest_offer(&n, "net-block");
	assert_null(n.best);
	nearest_offer(&n, "allow");
	nearest_offer(&n, "allow-cwd");
	nearest_offer(&n, "allow-file");
	assert_string_equal("allow-cwd", n.best);
	n = nearest_init("a-word-that-is-much-longer-than-any-we-know", 43);
	nearest_offer(&n, "a-word-that-is-much-longer-than-any-we-knov");
	assert_null(n.best);
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
			bool has = option_specs[o].verbs & (1U << v);
			memcpy(text + 2, option_specs[o].name, strlen(option_specs[o].name) + 1);
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
		cmocka_unit_test(test_many_grants),
		cmocka_unit_test(test_tables_are_sound),
		cmocka_unit_test(test_nearest),
		cmocka_unit_test(test_help_names_every_option),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
