/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/scratch.h"

#include <errno.h>

#include "libcore/base/buf.h"
#include "libcore/caps.h"
#include "libcore/state.h"

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

static char *to_json(const struct nono_caps *from)
{
	char *text = NULL;

	assert_int_equal(nono_caps_to_json(from, &text, &err), 0);
	return text;
}

static struct nono_caps *load(const char *json)
{
	struct nono_caps *loaded = NULL;
	int r = nono_caps_from_json(json, strlen(json), &loaded, &err);

	if (r < 0) {
		fail_msg("%s: %s", err.message, json);
	}
	return loaded;
}

static void test_empty(void **state)
{
	char *text = to_json(caps);

	(void)state;
	assert_string_equal(text,
		"{\"fs\":[],\"net_blocked\":false,\"network_mode\":\"open\","
		"\"signal_mode\":\"isolated\",\"ipc_mode\":\"shared_memory_only\"}");
	nono_caps_free(load(text));
	free(text);
}

/* What is written is exactly what is read, for everything a set can hold. */
static void test_round_trip(void **state)
{
	const char *dir = scratch_dir("d"), *file = scratch_file("d/f", "");
	struct nono_caps *loaded;
	char *text, *again, *before, *after;

	(void)state;
	scratch_link("link", "d");
	scratch_dir("\xff%");
	assert_int_equal(
		nono_caps_allow_path(caps, scratch_path("link"), NONO_READ_WRITE, &err), 0);
	assert_int_equal(nono_caps_allow_path(caps, scratch_path("\xff%"), NONO_READ, &err), 0);
	assert_int_equal(
		nono_caps_allow_file_from(caps, file, NONO_WRITE, NONO_SOURCE_GROUP, "a:b", &err),
		0);
	assert_int_equal(
		nono_caps_allow_path_from(caps, dir, NONO_READ, NONO_SOURCE_PROFILE, NULL, &err),
		0);
	assert_int_equal(nono_caps_allow_unix_socket(caps, scratch_path("link"),
				 NONO_UNIX_DIR_CHILDREN, NONO_UNIX_CONNECT, &err),
		0);
	assert_int_equal(
		nono_caps_allow_unix_socket_from(caps, scratch_path("d/new"), NONO_UNIX_FILE,
			NONO_UNIX_CONNECT_BIND, NONO_SOURCE_SYSTEM, NULL, &err),
		0);
	nono_caps_block_network(caps, &err);
	nono_caps_allow_tcp_connect(caps, 443, &err);
	nono_caps_allow_tcp_connect(caps, 8443, &err);
	nono_caps_allow_tcp_bind(caps, 0, &err);
	nono_caps_allow_localhost_port(caps, 65535, &err);
	nono_caps_allow_command(caps, "pip", &err);
	nono_caps_block_command(caps, "rm \"\n", &err);
	nono_caps_set_signal_mode(caps, NONO_SIGNAL_ALL, &err);
	nono_caps_set_ipc_mode(caps, NONO_IPC_FULL, &err);
	nono_caps_set_limit(caps, NONO_LIMIT_MEMORY, UINT64_MAX, &err);
	nono_caps_set_limit(caps, NONO_LIMIT_CPU, 1, &err);

	text = to_json(caps);
	loaded = load(text);
	again = to_json(loaded);
	assert_string_equal(text, again);
	before = nono_caps_summary(caps);
	after = nono_caps_summary(loaded);
	assert_string_equal(before, after);
	assert_string_equal(nono_caps_fs_grant(loaded, 1)->resolved, scratch_path("\xff%"));
	assert_true(nono_caps_limit(loaded, NONO_LIMIT_MEMORY) == UINT64_MAX);
	free(text);
	free(again);
	free(before);
	free(after);
	nono_caps_free(loaded);
}

/* A document with the plain keys only, as other tools write it. */
static void test_plain_document(void **state)
{
	char json[8192];
	struct nono_caps *loaded;
	const char *dir = scratch_dir("d");

	(void)state;
	snprintf(json, sizeof(json),
		"{ \"fs\": [ { \"original\": \"%s\", \"resolved\": \"/stale\", \"access\": "
		"\"read+write\", \"is_file\": false } ],\n"
		"  \"unix_sockets\": [ { \"original\": \"%s\", \"resolved\": \"%s\", "
		"\"is_directory\": true, \"mode\": \"connect\" } ],\n"
		"  \"net_blocked\": true, \"resource_limits\": { \"memory_bytes\": 1048576 } }\n",
		dir, dir, dir);
	loaded = load(json);
	assert_string_equal(nono_caps_fs_grant(loaded, 0)->resolved, dir);
	assert_int_equal(nono_caps_fs_grant(loaded, 0)->access, NONO_READ_WRITE);
	assert_int_equal(nono_caps_fs_grant(loaded, 0)->source, NONO_SOURCE_USER);
	assert_int_equal(nono_caps_unix_grant(loaded, 0)->scope, NONO_UNIX_DIR_CHILDREN);
	assert_int_equal(nono_caps_network_mode(loaded), NONO_NETWORK_BLOCKED);
	assert_int_equal(nono_caps_limit(loaded, NONO_LIMIT_MEMORY), 1048576);
	nono_caps_free(loaded);
}

/* Loaded elsewhere, "." must not become another directory. */
static void test_relative_original(void **state)
{
	const char *dir = scratch_dir("d");
	char *before = getcwd(NULL, 0), *text;
	struct nono_caps *loaded;

	(void)state;
	assert_int_equal(chdir(dir), 0);
	assert_int_equal(nono_caps_allow_path(caps, ".", NONO_READ, &err), 0);
	text = to_json(caps);
	assert_int_equal(chdir("/"), 0);
	loaded = load(text);
	assert_string_equal(nono_caps_fs_grant(loaded, 0)->resolved, dir);
	nono_caps_free(loaded);
	free(text);
	assert_int_equal(chdir(before), 0);
	free(before);
}

static void assert_refused(const char *json, int errnum, int code, const char *words)
{
	struct nono_caps *loaded = NULL;

	memset(&err, 0, sizeof(err));
	if (nono_caps_from_json(json, strlen(json), &loaded, &err) != -errnum || err.code != code ||
		!strstr(err.message, words)) {
		fail_msg("%s: got code %d, errno %d, %s", json, err.code, err.errnum, err.message);
	}
	assert_null(loaded);
}

static void test_what_changed_meanwhile(void **state)
{
	const char *dir = scratch_dir("d");
	char *text;

	(void)state;
	scratch_dir("other");
	scratch_link("link", "d");
	assert_int_equal(nono_caps_allow_unix_socket(caps, scratch_path("link"),
				 NONO_UNIX_DIR_SUBTREE, NONO_UNIX_CONNECT, &err),
		0);
	text = to_json(caps);
	assert_int_equal(unlink(scratch_path("link")), 0);
	scratch_link("link", "other");
	assert_refused(text, EPERM, NONO_REFUSED, "unix_sockets[0]: ");
	free(text);

	assert_int_equal(nono_caps_allow_path(caps, dir, NONO_READ, &err), 0);
	text = to_json(caps);
	assert_int_equal(rmdir(dir), 0);
	assert_refused(text, ENOENT, NONO_PATH_NOT_FOUND, "fs[0]: path does not exist");
	free(text);
}

#define REST ",\"net_blocked\":false}"
#define FS   "\"resolved\":\"/\",\"access\":\"read\",\"is_file\":false"
#define UNIX "\"original\":\"/tmp\",\"resolved\":\"/tmp\",\"mode\":\"connect\""

static void test_bad_documents(void **state)
{
	static const struct {
		const char *json, *words;
	} bad[] = {
		{ "", "line 1" },
		{ "[]", "must be an object" },
		{ "{}", "fs: missing" },
		{ "{\"fs\":[]}", "net_blocked: missing" },
		{ "{\"fs\":null" REST, "fs: missing" },
		{ "{\"fs\":{}" REST, "fs: must be an array" },
		{ "{\"fs\":[],\"net_blocked\":1}", "net_blocked: must be true or false" },
		{ "{\"fs\":[],\"net_blocked\":false,\"net_blocked\":true}", "" },
		{ "{\"fs\":[],\"network\":\"x\"" REST, "network: unknown key" },
		{ "{\"fs\":[],\"n\\u0065tx\\n\":1" REST, "netx?: unknown key" },
		{ "{\"fs\":[],\"network_mode\":\"blocked\"" REST, "contradicts" },
		{ "{\"fs\":[],\"network_mode\":\"proxy\"" REST, "network_mode: no such value" },
		{ "{\"fs\":[],\"signal_mode\":\"allow_all_and_a_very_long_word_behind_it\"" REST,
			"signal_mode: no such value" },
		{ "{\"fs\":[],\"ipc_mode\":1" REST, "ipc_mode: must be a string" },
		{ "{\"fs\":[1]" REST, "fs: must be an object" },
		{ "{\"fs\":[{}]" REST, "fs[0].original: missing" },
		{ "{\"fs\":[{\"original\":\"/\"," FS ",\"x\":1}]" REST, "fs[0].x: unknown key" },
		{ "{\"fs\":[{\"original\":1," FS "}]" REST, "fs[0].original: must be a string" },
		{ "{\"fs\":[{\"original\":\"\"," FS ",\"source\":\"x\"}]" REST,
			"fs[0].source: no such" },
		{ "{\"fs\":[{\"original\":\"/\"," FS ",\"source\":\"group\"}]" REST,
			"fs[0].source: no such" },
		{ "{\"fs\":[{\"original\":\"/\"," FS ",\"source\":\"group:\"}]" REST,
			"fs[0]: a group needs" },
		{ "{\"fs\":[{\"original\":\"/%0g\",\"original_escaped\":true," FS "}]" REST,
			"fs[0].original: bad escape" },
		{ "{\"fs\":[{\"original\":\".\",\"resolved\":\"tmp\",\"access\":\"read\","
		  "\"is_file\":false}]" REST,
			"fs[0].resolved: not absolute" },
		{ "{\"fs\":[{\"original\":\"/\",\"resolved\":\"/\",\"access\":\"all\","
		  "\"is_file\":false}]" REST,
			"fs[0].access: no such value" },
		{ "{\"fs\":[],\"unix_sockets\":[{" UNIX "}]" REST, "unix_sockets[0].scope: " },
		{ "{\"fs\":[],\"unix_sockets\":[{" UNIX
		  ",\"scope\":\"file\",\"is_directory\":false}]" REST,
			"unix_sockets[0].scope: " },
		{ "{\"fs\":[],\"tcp_connect_ports\":[443,0]" REST, "tcp_connect_ports[1]: port 0" },
		{ "{\"fs\":[],\"tcp_connect_ports\":[65536]" REST, "tcp_connect_ports[0]: not" },
		{ "{\"fs\":[],\"tcp_bind_ports\":[-1]" REST, "tcp_bind_ports[0]: not a port" },
		{ "{\"fs\":[],\"tcp_bind_ports\":[1.0]" REST, "tcp_bind_ports[0]: not a port" },
		{ "{\"fs\":[],\"localhost_ports\":[\"1\"]" REST, "localhost_ports[0]: not" },
		{ "{\"fs\":[],\"allowed_commands\":[\"a/b\"]" REST, "allowed_commands[0]: a comm" },
		{ "{\"fs\":[],\"blocked_commands\":[null]" REST, "blocked_commands[0]: a comm" },
		{ "{\"fs\":[],\"resource_limits\":{\"disk\":1}" REST, "disk: unknown key" },
		{ "{\"fs\":[],\"resource_limits\":{\"max_files\":0}" REST, "max_files: must be" },
		{ "{\"fs\":[],\"resource_limits\":{\"max_files\":-1}" REST, "max_files: must be" },
		{ "{\"fs\":[],\"resource_limits\":{\"max_files\":1e3}" REST, "max_files: must be" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		assert_refused(bad[i].json,
			i == 0 || strstr(bad[i].json, ",\"net_blocked\":true") ? EBADMSG : EINVAL,
			NONO_INVALID, bad[i].words);
	}
	assert_int_equal(nono_caps_from_json(NULL, 0, &caps, &err), -EINVAL);
	assert_int_equal(nono_caps_to_json(NULL, &(char *){ NULL }, &err), -EINVAL);
}

static void test_too_much(void **state)
{
	struct buf b = { .limit = STATE_SIZE_MAX + 2 };
	struct nono_caps *loaded;

	(void)state;
	buf_append_str(&b, "{\"fs\":[],\"tcp_bind_ports\":[1");
	for (int i = 0; i < 5000; i++) {
		buf_append_str(&b, ",1");
	}
	buf_append_str(&b, "]" REST);
	assert_refused(b.data, E2BIG, NONO_LIMIT, "tcp_bind_ports: more than 4096");
	while (buf_reserve(&b, 4096) == 0) {
		memset(b.data + b.len, ' ', 4096);
		b.len += 4096;
	}
	assert_int_equal(nono_caps_from_json(b.data, STATE_SIZE_MAX + 1, &loaded, &err), -E2BIG);
	buf_deinit(&b);
}

/* Reads no byte behind the length it was given, and needs no terminator. */
static void test_length_is_respected(void **state)
{
	char *text = to_json(caps), *exact;
	size_t n = strlen(text);
	struct nono_caps *loaded;

	(void)state;
	exact = malloc(n);
	assert_non_null(exact);
	memcpy(exact, text, n);
	assert_int_equal(nono_caps_from_json(exact, n, &loaded, &err), 0);
	nono_caps_free(loaded);
	assert_int_equal(nono_caps_from_json(exact, n - 1, &loaded, &err), -EBADMSG);
	free(exact);
	free(text);
}

static void test_summary(void **state)
{
	char want[8192], *text;

	(void)state;
	scratch_dir("a\x1b[31m");
	assert_int_equal(
		nono_caps_allow_path(caps, scratch_path("a\x1b[31m"), NONO_READ_WRITE, &err), 0);
	assert_int_equal(nono_caps_allow_file_from(
				 caps, "/dev/null", NONO_READ, NONO_SOURCE_GROUP, "dev", &err),
		0);
	snprintf(want, sizeof(want),
		"Files:\n  %s/a\\x1b[31m [read+write] (dir)\n  /dev/null [read] (file) group:dev\n"
		"Network:\n  outbound: allowed\n",
		scratch_root);
	text = nono_caps_summary(caps);
	assert_string_equal(text, want);
	free(text);

	nono_caps_block_network(caps, &err);
	nono_caps_allow_tcp_connect(caps, 80, &err);
	nono_caps_allow_tcp_connect(caps, 443, &err);
	nono_caps_allow_tcp_bind(caps, 8000, &err);
	nono_caps_block_command(caps, "rm", &err);
	nono_caps_set_limit(caps, NONO_LIMIT_FILES, 10, &err);
	nono_caps_set_signal_mode(caps, NONO_SIGNAL_ALL, &err);
	text = nono_caps_summary(caps);
	assert_non_null(strstr(text, "  outbound: blocked, except\n"
				     "  connect to TCP ports: 80, 443\n"
				     "  bind TCP ports: 8000\n"
				     "Commands:\n  blocked: rm\n"
				     "Processes:\n  signals: allow_all\n"
				     "  IPC: shared_memory_only\n"
				     "Limits:\n  max_files: 10\n"));
	free(text);
	assert_null(nono_caps_summary(NULL));
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_empty),
		TEST(test_round_trip),
		TEST(test_plain_document),
		TEST(test_relative_original),
		TEST(test_what_changed_meanwhile),
		TEST(test_bad_documents),
		TEST(test_too_much),
		TEST(test_length_is_respected),
		TEST(test_summary),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
