/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/scratch.h"

#include <errno.h>

#include "libcore/caps.h"
#include "libcore/resolve.h"

static struct nono_caps *caps;
static struct nono_error err;

static int setup(void **state)
{
	memset(&err, 0, sizeof(err));
	return scratch_setup(state) || nono_caps_new(&caps);
}

static int teardown(void **state)
{
	nono_caps_free(caps);
	return scratch_teardown(state);
}

static struct nono_query_result query(const char *path, enum nono_access access)
{
	struct nono_query_result result;

	assert_int_equal(nono_query_path(caps, path, access, &result, &err), 0);
	assert_int_equal(result.requested, access);
	return result;
}

static void assert_allowed(const char *path, enum nono_access access, const char *by)
{
	struct nono_query_result result = query(path, access);

	assert_int_equal(result.status, NONO_ALLOWED);
	assert_int_equal(result.reason, NONO_REASON_GRANTED_PATH);
	assert_non_null(result.grant);
	assert_string_equal(result.grant->resolved, by);
}

static void assert_denied(const char *path, enum nono_access access, enum nono_query_reason reason)
{
	struct nono_query_result result = query(path, access);

	assert_int_equal(result.status, NONO_DENIED);
	assert_int_equal(result.reason, reason);
	assert_true((result.grant == NULL) == (reason == NONO_REASON_PATH_NOT_GRANTED));
}

static void allow(const char *path, enum nono_access access)
{
	assert_int_equal(nono_caps_allow_path(caps, path, access, &err), 0);
}

static void test_covered_and_not(void **state)
{
	const char *a = scratch_dir("a");
	struct nono_query_result result;

	(void)state;
	scratch_dir("ab");
	allow(a, NONO_READ);
	assert_allowed(a, NONO_READ, a);
	assert_allowed(scratch_path("a/not/yet"), NONO_READ, a);
	assert_denied(scratch_path("ab"), NONO_READ, NONO_REASON_PATH_NOT_GRANTED);
	assert_denied(scratch_root, NONO_READ, NONO_REASON_PATH_NOT_GRANTED);
	assert_denied(scratch_path("a/x"), NONO_WRITE, NONO_REASON_INSUFFICIENT_ACCESS);
	assert_denied(scratch_path("a/x"), NONO_READ_WRITE, NONO_REASON_INSUFFICIENT_ACCESS);
	result = query(scratch_path("a/x"), NONO_WRITE);
	assert_int_equal(result.granted, NONO_READ);
	assert_string_equal(result.grant->resolved, a);
}

/* An insufficient grant must not end the search, in whatever order they stand. */
static void test_any_sufficient_ancestor_allows(void **state)
{
	const char *a = scratch_dir("a"), *b = scratch_dir("a/b");

	(void)state;
	allow(a, NONO_READ);
	allow(b, NONO_READ_WRITE);
	assert_allowed(scratch_path("a/b/f"), NONO_WRITE, b);
	assert_allowed(scratch_path("a/b/f"), NONO_READ, b);
	assert_denied(scratch_path("a/f"), NONO_WRITE, NONO_REASON_INSUFFICIENT_ACCESS);

	nono_caps_free(caps);
	assert_int_equal(nono_caps_new(&caps), 0);
	allow(b, NONO_READ);
	allow(a, NONO_READ_WRITE);
	assert_allowed(scratch_path("a/b/f"), NONO_WRITE, a);
	assert_allowed(scratch_path("a/b/f"), NONO_READ, b);
}

static void test_halves_unite(void **state)
{
	const char *a = scratch_dir("a"), *b = scratch_dir("a/b");

	(void)state;
	allow(a, NONO_READ);
	allow(b, NONO_WRITE);
	assert_allowed(scratch_path("a/b/f"), NONO_READ_WRITE, b);
	assert_int_equal(query(scratch_path("a/b/f"), NONO_READ).granted, NONO_READ_WRITE);
	assert_allowed(scratch_path("a/b/f"), NONO_READ, a);
	assert_denied(scratch_path("a/f"), NONO_READ_WRITE, NONO_REASON_INSUFFICIENT_ACCESS);
}

static void test_files_cover_themselves_only(void **state)
{
	const char *f = scratch_file("f", "");

	(void)state;
	assert_int_equal(nono_caps_allow_file(caps, f, NONO_READ, &err), 0);
	assert_allowed(f, NONO_READ, f);
	assert_denied(scratch_path("f/x"), NONO_READ, NONO_REASON_PATH_NOT_GRANTED);
	assert_denied(scratch_root, NONO_READ, NONO_REASON_PATH_NOT_GRANTED);
	assert_false(nono_caps_path_covered(caps, f));
}

/* What counts is where a name leads, also when its end does not exist yet. */
static void test_symlinks_decide_by_target(void **state)
{
	const char *in = scratch_dir("in");

	(void)state;
	scratch_dir("out");
	scratch_link("in/escape", "../out");
	scratch_link("in/dangling", "../out/new");
	scratch_link("in/dangling-abs", scratch_path("out/new"));
	scratch_link("into", "in");
	scratch_link("in/loop", "loop");
	allow(in, NONO_READ_WRITE);
	assert_denied(scratch_path("in/escape/f"), NONO_WRITE, NONO_REASON_PATH_NOT_GRANTED);
	assert_denied(scratch_path("in/escape/../f"), NONO_WRITE, NONO_REASON_PATH_NOT_GRANTED);
	assert_denied(scratch_path("in/dangling"), NONO_WRITE, NONO_REASON_PATH_NOT_GRANTED);
	assert_denied(scratch_path("in/dangling/"), NONO_WRITE, NONO_REASON_PATH_NOT_GRANTED);
	assert_denied(scratch_path("in/dangling-abs"), NONO_WRITE, NONO_REASON_PATH_NOT_GRANTED);
	assert_denied(scratch_path("in/new/../../out"), NONO_READ, NONO_REASON_PATH_NOT_GRANTED);
	assert_allowed(scratch_path("into/f"), NONO_WRITE, in);
	assert_allowed(scratch_path("in/new/../f"), NONO_WRITE, in);
	assert_int_equal(nono_query_path(caps, scratch_path("in/loop"), NONO_READ,
				 &(struct nono_query_result){ 0 }, &err),
		-ELOOP);
}

static void test_relative_paths(void **state)
{
	const char *a = scratch_dir("a");
	char *before = getcwd(NULL, 0);

	(void)state;
	allow(a, NONO_READ);
	assert_int_equal(chdir(a), 0);
	assert_allowed(".", NONO_READ, a);
	assert_allowed("new", NONO_READ, a);
	assert_allowed("new/", NONO_READ, a);
	assert_denied("../new", NONO_READ, NONO_REASON_PATH_NOT_GRANTED);
	assert_true(nono_caps_path_covered(caps, "x"));
	assert_false(nono_caps_path_covered(caps, ".."));
	assert_int_equal(chdir(before), 0);
	free(before);
}

static void test_deleted_working_directory(void **state)
{
	char *before = getcwd(NULL, 0);

	(void)state;
	assert_int_equal(chdir(scratch_dir("gone")), 0);
	assert_int_equal(rmdir(scratch_path("gone")), 0);
	assert_int_equal(
		nono_query_path(caps, "x", NONO_READ, &(struct nono_query_result){ 0 }, &err),
		-ENOENT);
	assert_false(nono_caps_path_covered(caps, "x"));
	assert_int_equal(chdir(before), 0);
	free(before);
}

static void test_bad_arguments(void **state)
{
	struct nono_query_result result = { 0 };
	char *tooth = calloc(1, 5000);

	(void)state;
	memset(tooth, 'x', 4999);
	assert_int_equal(nono_query_path(NULL, "/", NONO_READ, &result, &err), -EINVAL);
	assert_int_equal(nono_query_path(caps, "", NONO_READ, &result, &err), -EINVAL);
	assert_int_equal(nono_query_path(caps, NULL, NONO_READ, &result, &err), -EINVAL);
	assert_int_equal(nono_query_path(caps, "/", (enum nono_access)0, &result, &err), -EINVAL);
	assert_int_equal(nono_query_path(caps, tooth, NONO_READ, &result, &err), -ENAMETOOLONG);
	assert_int_equal(nono_query_network(NULL, NULL, 0, &result, &err), -EINVAL);
	free(tooth);
}

static void test_path_covered(void **state)
{
	const char *a = scratch_dir("a"), *b = scratch_dir("a/b");

	(void)state;
	allow(a, NONO_READ);
	allow(b, NONO_WRITE);
	assert_true(nono_caps_path_covered(caps, a));
	assert_true(nono_caps_path_covered(caps, scratch_path("a/./x/..//y")));
	assert_false(nono_caps_path_covered(caps, scratch_path("a/../x")));
	assert_false(nono_caps_path_covered(caps, scratch_path("ab")));
	assert_false(nono_caps_path_covered(caps, NULL));
	assert_true(
		nono_caps_path_covered_with_access(caps, scratch_path("a/b/c"), NONO_READ_WRITE));
	assert_false(nono_caps_path_covered_with_access(caps, scratch_path("a/c"), NONO_WRITE));
	assert_false(nono_caps_path_covered_with_access(caps, a, (enum nono_access)0));
}

static void assert_network(const char *host, uint16_t port, enum nono_query_status status)
{
	struct nono_query_result result;

	assert_int_equal(nono_query_network(caps, host, port, &result, &err), 0);
	assert_int_equal(result.status, status);
	assert_int_equal(result.reason,
		status == NONO_ALLOWED ? NONO_REASON_NETWORK_ALLOWED : NONO_REASON_NETWORK_BLOCKED);
	assert_null(result.grant);
}

static void test_network(void **state)
{
	(void)state;
	assert_network(NULL, 0, NONO_ALLOWED);
	assert_network("192.0.2.1", 443, NONO_ALLOWED);
	assert_int_equal(nono_caps_allow_tcp_connect(caps, 443, &err), 0);
	assert_network(NULL, 0, NONO_DENIED);
	assert_network("192.0.2.1", 443, NONO_ALLOWED);
	assert_network(NULL, 443, NONO_ALLOWED);
	assert_network(NULL, 80, NONO_DENIED);
	assert_int_equal(nono_caps_block_network(caps, &err), 0);
	assert_network(NULL, 443, NONO_ALLOWED);
	assert_network(NULL, 80, NONO_DENIED);
	assert_int_equal(nono_caps_allow_tcp_bind(caps, 80, &err), 0);
	assert_network(NULL, 80, NONO_DENIED);
}

static void test_localhost(void **state)
{
	static const char *const loopback[] = { "localhost", "LOCALHOST", "localhost.",
		"a.localhost", "127.0.0.1", "127.255.1.2", "::1", "::ffff:127.0.0.1" };
	static const char *const other[] = { "", ".", "localhost.example", "xlocalhost",
		"128.0.0.1", "127.1", "127.0.0.1.example", "::2", "::ffff:10.0.0.1", "0.0.0.0" };

	(void)state;
	assert_int_equal(nono_caps_block_network(caps, &err), 0);
	assert_int_equal(nono_caps_allow_localhost_port(caps, 8080, &err), 0);
	for (size_t i = 0; i < sizeof(loopback) / sizeof(*loopback); i++) {
		assert_network(loopback[i], 8080, NONO_ALLOWED);
		assert_network(loopback[i], 8081, NONO_DENIED);
	}
	for (size_t i = 0; i < sizeof(other) / sizeof(*other); i++) {
		assert_network(other[i], 8080, NONO_DENIED);
	}
	assert_network(NULL, 8080, NONO_DENIED);
}

static void test_words(void **state)
{
	(void)state;
	assert_string_equal(nono_query_status_to_string(NONO_DENIED), "denied");
	assert_string_equal(nono_query_status_to_string(NONO_ALLOWED), "allowed");
	assert_string_equal(nono_query_reason_to_string(NONO_REASON_GRANTED_PATH), "granted_path");
	assert_string_equal(
		nono_query_reason_to_string(NONO_REASON_NETWORK_ALLOWED), "network_allowed");
	assert_string_equal(
		nono_query_reason_to_string(NONO_REASON_PATH_NOT_GRANTED), "path_not_granted");
	assert_string_equal(nono_query_reason_to_string(NONO_REASON_INSUFFICIENT_ACCESS),
		"insufficient_access");
	assert_string_equal(
		nono_query_reason_to_string(NONO_REASON_NETWORK_BLOCKED), "network_blocked");
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_covered_and_not),
		TEST(test_any_sufficient_ancestor_allows),
		TEST(test_halves_unite),
		TEST(test_files_cover_themselves_only),
		TEST(test_symlinks_decide_by_target),
		TEST(test_relative_paths),
		TEST(test_deleted_working_directory),
		TEST(test_bad_arguments),
		TEST(test_path_covered),
		TEST(test_network),
		TEST(test_localhost),
		cmocka_unit_test(test_words),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
