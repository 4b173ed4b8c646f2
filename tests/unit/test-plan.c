/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "daemon/session/plan.h"
#include "libcore/base/cleanup.h"
#include "libcore/base/fd.h"
#include "libcore/filter.h"

static struct plan_grant sample_grants[] = {
	{ "/usr", NONO_READ, 0 },
	{ "/home/u/pr\xff\xfe ject", NONO_READ_WRITE, 0 },
	{ "/etc/hosts", NONO_READ, PLAN_GRANT_FILE },
};

/* As filter_build() gives it: n, then n instructions. */
static const uint64_t filter_image[] = { 2, 0x0000000000000020, 0x7fff000000000006 };
static const struct filter *const sample_filter = (const void *)filter_image;
static const uint64_t other_image[] = { 1, 0x7fff000000000006 };
static const struct filter *const other_filter = (const void *)other_image;

static const uint16_t sample_connect[] = { 443, 80, 5432 }, sample_listen[] = { 8080 },
		      sample_localhost[] = { 5173, 3000 };
static char *sample_kept[] = { (char *)"BASH_ENV", (char *)"" };
static char *sample_set[] = { (char *)"A=", (char *)"B=x=y\xff" };
static char *sample_denied[] = { (char *)"/home/u/.aws", (char *)"/home/u/.ssh" };

static struct plan sample(void)
{
	struct plan p = { .filter = sample_filter,
		.session_id = "20260101-000000-1",
		.network = NONO_NETWORK_BLOCKED,
		.flags = PLAN_FOREGROUND,
		.n_grants = ELEMENTSOF(sample_grants),
		.grants = sample_grants,
		.connect = { ELEMENTSOF(sample_connect), sample_connect },
		.listen = { ELEMENTSOF(sample_listen), sample_listen },
		.localhost = { ELEMENTSOF(sample_localhost), sample_localhost },
		.filter_fds = other_filter,
		.lists = { [PLAN_ENV_KEPT] = { sample_kept, ELEMENTSOF(sample_kept) },
			[PLAN_ENV_SET] = { sample_set, ELEMENTSOF(sample_set) },
			[PLAN_DENIED] = { sample_denied, ELEMENTSOF(sample_denied) } },
		.caller = { .umask = 027, .nice = 5, .cpu_bytes = 8, .cpus = { 3 } } };

	p.caller.rlimits[7] = (struct rlimit){ 100, 200 };
	return p;
}

static void *encode(const struct plan *plan, size_t *ret_n)
{
	struct nono_error err;
	_cleanup_close_ int fd = plan_create(plan, &err);
	const void *p;
	void *copy;

	assert_true(fd >= 0);
	assert_int_equal(fd_map_sealed(fd, PLAN_SIZE_MAX, &p, ret_n), 0);
	copy = malloc(*ret_n);
	assert_non_null(copy);
	memcpy(copy, p, *ret_n);
	munmap((void *)p, *ret_n);
	return copy;
}

static void round_trip(void **state)
{
	struct plan in = sample(), out;
	struct nono_error err;
	size_t n;
	_cleanup_free_ void *p = encode(&in, &n);

	(void)state;
	assert_int_equal(plan_parse(&out, p, n, &err), 0);
	assert_string_equal(out.session_id, in.session_id);
	assert_memory_equal(&out.caller, &in.caller, sizeof(in.caller));
	assert_int_equal(out.network, NONO_NETWORK_BLOCKED);
	assert_int_equal(out.flags, PLAN_FOREGROUND);
	assert_int_equal(out.filter->n, 2);
	assert_memory_equal(out.filter, filter_image, sizeof(filter_image));
	assert_memory_equal(out.filter_fds, other_image, sizeof(other_image));
	assert_int_equal(out.n_grants, in.n_grants);
	for (size_t i = 0; i < in.n_grants; i++) {
		assert_string_equal(out.grants[i].path, in.grants[i].path);
		assert_int_equal(out.grants[i].access, in.grants[i].access);
		assert_int_equal(out.grants[i].flags, in.grants[i].flags);
	}
	assert_int_equal(out.connect.n, 3);
	assert_memory_equal(out.connect.items, sample_connect, sizeof(sample_connect));
	assert_int_equal(out.listen.n, 1);
	assert_int_equal(out.listen.items[0], 8080);
	assert_int_equal(out.localhost.n, 2);
	assert_memory_equal(out.localhost.items, sample_localhost, sizeof(sample_localhost));
	for (int l = 0; l < _PLAN_LIST_MAX; l++) {
		assert_int_equal(out.lists[l].n, in.lists[l].n);
		for (size_t i = 0; i < in.lists[l].n; i++) {
			assert_string_equal(out.lists[l].items[i], in.lists[l].items[i]);
		}
	}
	plan_deinit(&out);
}

static void open_network(void **state)
{
	const struct plan open = { 0 }, blocked = { .network = NONO_NETWORK_BLOCKED },
			  connect = { .connect = { 1, sample_connect } },
			  listen = { .listen = { 1, sample_listen } };

	(void)state;
	assert_true(plan_network_is_open(&open));
	assert_false(plan_network_is_open(&blocked));
	assert_false(plan_network_is_open(&connect));
	assert_false(plan_network_is_open(&listen));
}

/* What nono-session relies on without looking again. */
static void bad_strings(void **state)
{
	static char *relative[] = { (char *)"home/u" }, *nameless[] = { (char *)"=x" },
		    *valueless[] = { (char *)"NAME" };
	const struct {
		enum plan_list list;
		char **items;
	} cases[] = { { PLAN_DENIED, relative }, { PLAN_ENV_SET, nameless },
		{ PLAN_ENV_SET, valueless } };

	(void)state;
	for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
		struct plan in = sample(), out;
		struct nono_error err;
		size_t n;
		_cleanup_free_ void *p = NULL;
		in.lists[cases[i].list] = (struct strlist){ cases[i].items, 1 };
		p = encode(&in, &n);
		assert_int_equal(plan_parse(&out, p, n, &err), -EBADMSG);
	}
}

static void no_grants(void **state)
{
	struct plan in = sample(), out;
	struct nono_error err;
	size_t n;

	(void)state;
	in.n_grants = 0;
	{
		_cleanup_free_ void *p = encode(&in, &n);
		assert_int_equal(plan_parse(&out, p, n, &err), 0);
		assert_int_equal(out.n_grants, 0);
		plan_deinit(&out);
	}
}

/* Every truncation and every single wrong byte is either refused or decodes within bounds; the
 * sanitizers watch the bounds. */
static void hostile(void **state)
{
	struct plan in = sample(), out;
	struct nono_error err;
	size_t n, refused = 0;
	_cleanup_free_ char *p = encode(&in, &n);

	(void)state;
	for (size_t i = 0; i < n; i++) {
		_cleanup_free_ char *cut = malloc(i + 1);
		assert_non_null(cut);
		memcpy(cut, p, i);
		assert_int_not_equal(plan_parse(&out, cut, i, &err), 0);
	}
	for (size_t i = 0; i < n; i++) {
		char was = p[i];
		p[i] = (char)~was;
		if (plan_parse(&out, p, n, &err) == 0) {
			plan_deinit(&out);
		} else {
			refused++;
		}
		p[i] = was;
	}
	assert_true(refused > 0);
}

static void too_many(void **state)
{
	struct plan in = sample();
	struct nono_error err;

	(void)state;
	in.n_grants = PLAN_GRANTS_MAX + 1; /* refused before the array is looked at */
	assert_int_equal(plan_create(&in, &err), -E2BIG);
	assert_int_equal(err.code, NONO_LIMIT);
	in = sample();
	in.connect.n = PLAN_PORTS_MAX + 1;
	assert_int_equal(plan_create(&in, &err), -E2BIG);
	in = sample();
	in.lists[PLAN_ENV_KEPT].n = PLAN_STRINGS_MAX;
	assert_int_equal(plan_create(&in, &err), -E2BIG);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(round_trip),
		cmocka_unit_test(no_grants),
		cmocka_unit_test(open_network),
		cmocka_unit_test(bad_strings),
		cmocka_unit_test(hostile),
		cmocka_unit_test(too_many),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
