/* SPDX-License-Identifier: Apache-2.0 */
/* Variables in policies: whole names only. */
#include <errno.h>
#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "libcore/base/cleanup.h"
#include "policy/variables.h"

static struct policy_places places = {
	.home = (char *)"/home/u",
	.config = (char *)"/home/u/.config",
	.state = (char *)"/home/u/.local/state",
	.data = (char *)"/home/u/.local/share",
	.cache = (char *)"/home/u/.cache",
};
static struct policy_variables variables = { .places = &places, .workdir = "/w/p", .uid = 1000 };
static struct nono_error err;

static void expect_text(const char *text, const char *wanted)
{
	_cleanup_free_ char *got = NULL;

	assert_int_equal(variables_expand(&got, text, &variables, &err), 0);
	assert_string_equal(got, wanted);
}

static void expect_path(const char *text, const char *wanted)
{
	_cleanup_free_ char *got = NULL;

	assert_int_equal(variables_path(&got, text, &variables, &err), 0);
	assert_string_equal(got, wanted);
}

static void expect_error(const char *text, int code, const char *part)
{
	char *got = NULL;

	err = (struct nono_error){ 0 };
	assert_int_equal(variables_path(&got, text, &variables, &err), code);
	assert_null(got);
	assert_non_null(strstr(err.message, part));
}

static void test_names(void **state)
{
	(void)state;
	expect_text("~", "/home/u");
	expect_text("~/x", "/home/u/x");
	expect_text("a~", "a~");
	expect_text("$HOME", "/home/u");
	expect_text("${HOME}X", "/home/uX");
	expect_text("$HOME/$HOME", "/home/u//home/u");
	expect_text("$TMPDIR/a-$UID.b", "/tmp/a-1000.b");
	expect_text("$XDG_CONFIG_HOME:$XDG_STATE_HOME:$XDG_DATA_HOME:$XDG_CACHE_HOME",
		"/home/u/.config:/home/u/.local/state:/home/u/.local/share:/home/u/.cache");
	expect_text("$NONO_CONFIG", "/home/u/.config/nono");
	expect_text("$WORKDIR", "/w/p");
	expect_text("a$$b$$", "a$b$");
	expect_text("", "");
	variables.tmpdir = "/tmp/own";
	expect_text("$TMPDIR", "/tmp/own");
	variables.tmpdir = NULL;
}

static void test_paths(void **state)
{
	_cleanup_free_ char *long_name = malloc(PATH_MAX + 1);

	(void)state;
	expect_path("/", "/");
	expect_path("~/../x//y/./", "/home/x/y");
	expect_path("src", "/w/p/src");
	expect_path("../q", "/w/q");
	expect_path("/../../etc", "/etc");
	expect_path("$WORKDIR/.git", "/w/p/.git");
	/* What a value holds is not looked at again. */
	places.home = (char *)"/home/$UID";
	expect_path("~/a", "/home/$UID/a");
	places.home = (char *)"/home/u";
	assert_non_null(long_name);
	memset(long_name, 'a', PATH_MAX);
	long_name[PATH_MAX] = '\0';
	expect_error(long_name, -EINVAL, "longer than");
}

static void test_errors(void **state)
{
	(void)state;
	expect_error("", -EINVAL, "empty");
	expect_error("$HOMEX", -EINVAL, "no variable $HOMEX (did you mean $HOME?)");
	expect_error("/a/${HOMEX}/b", -EINVAL, "/a/${HOMEX}/b: there is no variable $HOMEX");
	expect_error("$PATH_OF_SOMETHING_LONG", -EINVAL, "no variable");
	expect_error("$home", -EINVAL, "no variable $home");
	expect_error("/a$", -EINVAL, "$$");
	expect_error("$/a", -EINVAL, "$$");
	expect_error("${HOME", -EINVAL, "closing brace");
	expect_error("${}", -EINVAL, "closing brace");
	expect_error("${HOME:-x}", -EINVAL, "closing brace");
	expect_error("~other/x", -EINVAL, "one's own home");
	assert_int_equal(err.code, NONO_INVALID);
}

static void test_unset(void **state)
{
	(void)state;
	expect_error("$XDG_RUNTIME_DIR/x", VARIABLE_UNSET, "$XDG_RUNTIME_DIR is not set");
	variables.workdir = NULL;
	expect_error("$WORKDIR", VARIABLE_UNSET, "$WORKDIR is not set");
	expect_error("src", VARIABLE_UNSET, "relative");
	expect_path("/src", "/src");
	variables.workdir = "/w/p";
}

/* A document is small, but what it expands to need not be. */
static void test_size(void **state)
{
	_cleanup_free_ char *text = calloc(1, (size_t)5 * 20000 + 1);
	char *got = NULL;

	(void)state;
	assert_non_null(text);
	for (size_t i = 0; i < 20000; i++) {
		memcpy(text + 5 * i, "$HOME", 5);
	}
	assert_int_equal(variables_expand(&got, text, &variables, &err), -E2BIG);
	assert_int_equal(err.code, NONO_LIMIT);
	assert_null(got);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_paths),
		cmocka_unit_test(test_errors),
		cmocka_unit_test(test_unset),
		cmocka_unit_test(test_size),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
