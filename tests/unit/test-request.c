/* SPDX-License-Identifier: Apache-2.0 */
#include "client/request.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "libcore/base/cleanup.h"
#include "libcore/base/json-scan.h"

static char base[] = "/base/dir";
static struct workdir workdir = { .fd = -1, .base = base, .path = base };
static const char *command[] = { "cmd", "\xff%", NULL };

static char *build(const struct arguments *a, const struct workdir *w, size_t n_fds, int expected)
{
	struct buf b = { 0 };
	struct nono_error err = { 0 };

	assert_int_equal(expected,
		request_parameters(&b, a, w,
			&(struct request_form){ .foreground = true, .n_fds = n_fds }, &err));
	if (expected < 0) {
		assert_int_not_equal(0, err.message[0]);
		buf_deinit(&b);
		return NULL;
	}
	assert_int_equal(0, json_check(b.data, b.len, NULL, NULL));
	return buf_take(&b);
}

static void test_everything(void **state)
{
	struct grant_argument grants[] = {
		{ "../x/./y", NONO_READ, false },
		{ "/a\xff/%", NONO_READ_WRITE, true },
		{ "/w", NONO_WRITE, false },
	};
	struct arguments a = { .grants = grants,
		.n_grants = ELEMENTSOF(grants),
		.name = "n\"ame",
		.allow_cwd = true,
		.net_block = true,
		.operands = (char **)command,
		.n_operands = 2 };
	_cleanup_free_ char *text = build(&a, &workdir, 2, 0);

	(void)state;
	assert_string_equal(text,
		"{\"context\":{\"name\":\"n\\\"ame\",\"grants\":["
		"{\"path\":\"/base/x/y\",\"access\":\"read\",\"isFile\":false},"
		"{\"path\":\"/a%FF/%25\",\"escaped\":true,\"access\":\"readWrite\",\"isFile\":true},"
		"{\"path\":\"/w\",\"access\":\"write\",\"isFile\":false}],"
		"\"allowWorkingDirectory\":true,\"workingDirectory\":\"/base/dir\","
		"\"resolved\":true,"
		"\"network\":\"blocked\",\"command\":\"cmd\",\"commandLine\":[\"cmd\",\"%FF%25\"],\"foreground\":true},"
		"\"launchFileDescriptor\":0,\"workingDirectoryFileDescriptor\":1}");
}

static void test_long_command_line_is_cut(void **state)
{
	const char *argv[102];
	struct arguments a = { .operands = (char **)argv, .n_operands = 101 };
	char *text;

	(void)state;
	for (int i = 0; i < 101; i++) {
		argv[i] = "argument";
	}
	argv[101] = NULL;
	text = build(&a, &workdir, 0, 0);
	assert_non_null(strstr(text, "\"argument\",\"…\"]"));
	assert_true(strlen(text) < 1200);
	free(text);
}

static void test_deleted_directory(void **state)
{
	struct workdir nameless = { .fd = -1 };
	struct grant_argument absolute = { "/x", NONO_READ, false },
			      relative = { "x", NONO_READ, false };
	struct arguments a = { .grants = &absolute, .n_grants = 1, .operands = (char **)command };

	(void)state;
	free(build(&a, &nameless, 0, 0));
	a.grants = &relative;
	build(&a, &nameless, 0, -EINVAL);
	a.n_grants = 0;
	a.allow_cwd = true;
	build(&a, &nameless, 0, -ENOENT);
}

static void test_name_that_is_no_text(void **state)
{
	struct arguments a = { .name = "\xff", .operands = (char **)command };

	(void)state;
	build(&a, &workdir, 0, -EINVAL);
}

static void test_workdir(void **state)
{
	struct arguments a = { .workdir = "/usr/../tmp/" }, missing = { .workdir = "/not/there" };
	struct nono_error err = { 0 };
	struct workdir w;

	(void)state;
	assert_int_equal(0, workdir_open(&w, &a, NULL));
	assert_string_equal("/tmp", w.path);
	assert_true(fcntl(w.fd, F_GETFL) & O_PATH);
	workdir_deinit(&w);
	assert_int_equal(-ENOENT, workdir_open(&w, &missing, &err));
	assert_non_null(strstr(err.message, "/not/there"));
	a.workdir = "/dev/null";
	assert_int_equal(-ENOTDIR, workdir_open(&w, &a, &err));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_everything),
		cmocka_unit_test(test_long_command_line_is_cut),
		cmocka_unit_test(test_deleted_directory),
		cmocka_unit_test(test_name_that_is_no_text),
		cmocka_unit_test(test_workdir),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
