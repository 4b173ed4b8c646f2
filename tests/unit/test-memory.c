/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Every allocation of the capability set fails once: the first, then only the second, and so on
 * until a run needs no more. Each time the error is "out of memory", nothing is half done, and
 * nothing leaks (which valgrind and the sanitizers see).
 */
#include "tests/unit/scratch.h"

#include <errno.h>
#include <stdbool.h>

#include "libcore/base/cleanup.h"
#include "libcore/caps.h"
#include "tests/unit/failing-alloc.h"

/* One step: r as the library gave it. True when the story goes on. */
static bool went_well(int r, const struct nono_error *err)
{
	if (r < 0) {
		assert_true(has_failed);
		assert_int_equal(r, -ENOMEM);
		assert_true(!err || err->code == NONO_NO_MEMORY);
	}
	return r >= 0;
}

static bool fill(struct nono_caps *caps, struct nono_error *err)
{
	return went_well(nono_caps_allow_path(caps, scratch_path("d"), NONO_READ, err), err) &&
	       went_well(nono_caps_allow_file_from(caps, scratch_path("f"), NONO_WRITE,
				 NONO_SOURCE_GROUP, "group", err),
		       err) &&
	       went_well(nono_caps_allow_unix_socket(caps, scratch_path("d/new"), NONO_UNIX_FILE,
				 NONO_UNIX_CONNECT_BIND, err),
		       err) &&
	       went_well(nono_caps_allow_tcp_connect(caps, 443, err), err) &&
	       went_well(nono_caps_block_command(caps, "rm", err), err);
}

static void story(void)
{
	_cleanup_(caps_freep) struct nono_caps *caps = NULL, *copy = NULL, *loaded = NULL;
	_cleanup_free_ char *text = NULL, *summary = NULL;
	struct nono_query_result result;
	struct nono_error err = { 0 };

	if (!went_well(nono_caps_new(&caps), NULL) || !fill(caps, &err) ||
		!went_well(nono_caps_clone(caps, &copy), NULL) ||
		!went_well(nono_caps_to_json(copy, &text, &err), &err) ||
		!went_well(nono_caps_from_json(text, strlen(text), &loaded, &err), &err) ||
		!went_well(nono_query_path(loaded, scratch_path("d/x"), NONO_READ, &result, &err),
			&err)) {
		return;
	}
	assert_int_equal(result.status, NONO_ALLOWED);
	summary = nono_caps_summary(loaded);
	assert_true(summary || has_failed);
}

static void test_every_allocation_fails_once(void **state)
{
	unsigned long n;

	(void)state;
	scratch_dir("d");
	scratch_file("f", "");
	for (n = 1; n < 10000; n++) {
		has_failed = false;
		failing_left = n;
		story();
		failing_left = 0;
		if (!has_failed) {
			break;
		}
	}
	assert_in_range(n, 20, 9999);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			test_every_allocation_fails_once, scratch_setup, scratch_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
