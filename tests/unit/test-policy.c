/* SPDX-License-Identifier: Apache-2.0 */
/* From a request to the set a session gets, by name alone. */
#include <errno.h>
#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "libcore/base/cleanup.h"
#include "libcore/caps.h"
#include "policy/builtin.h"
#include "policy/resolve.h"

static struct policy_places places = {
	.home = (char *)"/home/u",
	.config = (char *)"/home/u/.config",
	.state = (char *)"/home/u/.local/state",
	.data = (char *)"/home/u/.local/share",
};
static const char *const programs[] = { "/usr/bin", NULL };
static struct never *never;
static struct nono_error err;
static const char *hint;

static int setup(void **state)
{
	(void)state;
	return never_new(&never, &places, programs, &err);
}

static int teardown(void **state)
{
	(void)state;
	never_free(never);
	return 0;
}

static int resolve(struct nono_caps **ret, const struct policy_request *request)
{
	err = (struct nono_error){ 0 };
	return policy_resolve(ret, request, never, &places, &hint, &err);
}

static int resolve_one(const char *path, enum nono_access access, bool is_file)
{
	struct policy_grant g = { path, access, is_file };
	_cleanup_(caps_freep) struct nono_caps *caps = NULL;

	return resolve(&caps, &(struct policy_request){ .grants = &g, .n_grants = 1 });
}

static void test_set(void **state)
{
	const struct policy_grant grants[] = {
		{ "/data", NONO_READ, false },
		{ "/data/out.log", NONO_WRITE, true },
	};
	const struct policy_request q = { .grants = grants,
		.n_grants = 2,
		.cwd = "/home/u/project",
		.allow_cwd = true,
		.network = NONO_NETWORK_BLOCKED };
	_cleanup_(caps_freep) struct nono_caps *caps = NULL;
	bool found_home = false;

	(void)state;
	assert_int_equal(resolve(&caps, &q), 0);
	assert_null(hint);
	assert_int_equal(caps->network, NONO_NETWORK_BLOCKED);
	assert_int_equal(caps->n_paths, 3 + builtin_grants_n);
	assert_string_equal(caps->paths[0].resolved, "/data");
	assert_int_equal(caps->paths[0].access, NONO_READ);
	assert_false(caps->paths[0].is_file);
	assert_true(caps->paths[1].is_file);
	assert_string_equal(caps->paths[2].resolved, "/home/u/project");
	assert_int_equal(caps->paths[2].access, NONO_READ_WRITE);
	/* The user's own first, then ours: nonod numbers its second decisions by that. */
	for (size_t i = 0; i < caps->n_paths; i++) {
		assert_int_equal(
			caps->paths[i].source, i < 3 ? NONO_SOURCE_USER : NONO_SOURCE_SYSTEM);
		assert_int_equal(caps->paths[i].resolved[0], '/');
		found_home |= strcmp(caps->paths[i].resolved, "/home/u/.gitconfig") == 0;
	}
	assert_true(found_home);
}

static void test_nothing_asked(void **state)
{
	_cleanup_(caps_freep) struct nono_caps *caps = NULL;

	(void)state;
	assert_int_equal(resolve(&caps, &(struct policy_request){ .cwd = "/home/u/project" }), 0);
	assert_int_equal(caps->n_paths, builtin_grants_n);
	assert_int_equal(caps->network, NONO_NETWORK_OPEN);
	nono_caps_free(caps);
	caps = NULL;
	/* But for the files below home, which need a decision each time. */
	assert_int_equal(resolve(&caps, &(struct policy_request){ .without_system = true }), 0);
	assert_true(caps->n_paths > 0);
	for (size_t i = 0; i < caps->n_paths; i++) {
		assert_true(caps->paths[i].is_file);
		assert_memory_equal(caps->paths[i].resolved, "/home/u/", 8);
	}
}

static void test_names(void **state)
{
	static char longest[PATH_MAX + 8];

	(void)state;
	memset(longest, 'a', sizeof(longest) - 1);
	longest[0] = '/';
	assert_int_equal(resolve_one("relative", NONO_READ, false), -EINVAL);
	assert_non_null(strstr(err.message, "not an absolute path"));
	assert_int_equal(resolve_one("", NONO_READ, false), -EINVAL);
	assert_int_equal(resolve_one("/a/../etc/shadow", NONO_READ, true), -EINVAL);
	assert_non_null(strstr(err.message, "/etc/shadow"));
	assert_int_equal(resolve_one("/a//b", NONO_READ, false), -EINVAL);
	assert_int_equal(resolve_one("/a/", NONO_READ, false), -EINVAL);
	assert_int_equal(resolve_one(longest, NONO_READ, false), -EINVAL);
	assert_int_equal(resolve_one("/\xff\x01", NONO_READ, false), 0);
}

static void test_refused(void **state)
{
	const struct policy_request home = { .cwd = "/home/u", .allow_cwd = true };
	struct nono_caps *caps = NULL;

	(void)state;
	assert_int_equal(resolve_one("/etc/shadow", NONO_READ, true), -EPERM);
	assert_int_equal(err.code, NONO_REFUSED);
	assert_non_null(hint);
	assert_int_equal(resolve_one("/usr/bin", NONO_WRITE, false), -EPERM);
	assert_int_equal(resolve_one("/usr/bin", NONO_READ, false), 0);

	assert_int_equal(resolve(&caps, &home), -EPERM);
	assert_non_null(strstr(err.message, "working directory"));
	assert_non_null(hint);
	assert_int_equal(resolve(&caps, &(struct policy_request){ .allow_cwd = true }), -EINVAL);
	assert_null(caps);
}

static void test_canonical(void **state)
{
	const char *asked = "/home/u/project/key";

	(void)state;
	assert_int_equal(policy_decide_canonical(
				 never, asked, "/srv/elsewhere", NONO_READ, true, &hint, &err),
		0);
	assert_int_equal(policy_decide_canonical(
				 never, asked, "/home/u/.ssh/id_rsa", NONO_READ, true, &hint, &err),
		-EPERM);
	assert_non_null(strstr(err.message, asked));
	assert_non_null(strstr(err.message, "/home/u/.ssh/id_rsa"));
	assert_int_equal(
		policy_decide_canonical(never, "/link", "/", NONO_READ, false, &hint, &err),
		-EPERM);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_set),
		cmocka_unit_test(test_nothing_asked),
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_canonical),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
