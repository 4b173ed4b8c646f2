/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/scratch.h"

#include <errno.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "libcore/caps.h"

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

#define assert_fails(call, want_errno, want_code)                                                  \
	do {                                                                                       \
		err.code = NONO_OK;                                                                \
		assert_int_equal((call), -(want_errno));                                           \
		assert_int_equal(err.code, (want_code));                                           \
		assert_true(err.message[0] != '\0');                                               \
	} while (0)

static void assert_grant(
	size_t i, const char *resolved, enum nono_access access, enum nono_source source)
{
	const struct nono_fs_grant *g = nono_caps_fs_grant(caps, i);

	assert_non_null(g);
	assert_string_equal(g->resolved, resolved);
	assert_int_equal(g->access, access);
	assert_int_equal(g->source, source);
}

static void test_starts_empty(void **state)
{
	(void)state;
	assert_null(nono_caps_fs_grant(caps, 0));
	assert_null(nono_caps_unix_grant(caps, 0));
	assert_int_equal(nono_caps_network_mode(caps), NONO_NETWORK_OPEN);
	assert_int_equal(nono_caps_signal_mode(caps), NONO_SIGNAL_ISOLATED);
	assert_int_equal(nono_caps_ipc_mode(caps), NONO_IPC_SHARED_MEMORY_ONLY);
	assert_false(caps_restricts_network(caps));
	assert_int_equal(nono_caps_port(caps, NONO_PORTS_CONNECT, 0), -1);
	assert_null(nono_caps_command(caps, NONO_COMMANDS_BLOCKED, 0));
	assert_int_equal(nono_caps_limit(caps, NONO_LIMIT_MEMORY), 0);
}

static void test_directory_and_file(void **state)
{
	const char *dir = scratch_dir("d"), *file = scratch_file("f", "x");

	(void)state;
	assert_int_equal(nono_caps_allow_path(caps, dir, NONO_READ, &err), 0);
	assert_int_equal(nono_caps_allow_file(caps, file, NONO_WRITE, &err), 0);
	assert_grant(0, dir, NONO_READ, NONO_SOURCE_USER);
	assert_grant(1, file, NONO_WRITE, NONO_SOURCE_USER);
	assert_false(nono_caps_fs_grant(caps, 0)->is_file);
	assert_true(nono_caps_fs_grant(caps, 1)->is_file);
	assert_null(nono_caps_fs_grant(caps, 2));

	assert_fails(nono_caps_allow_path(caps, file, NONO_READ, &err), ENOTDIR,
		NONO_EXPECTED_DIRECTORY);
	assert_fails(nono_caps_allow_file(caps, dir, NONO_READ, &err), EISDIR, NONO_EXPECTED_FILE);
	assert_null(nono_caps_fs_grant(caps, 2));
}

static void test_bad_paths(void **state)
{
	char *tooth = calloc(1, 5000);

	(void)state;
	memset(tooth, 'x', 4999);
	scratch_file("f", "");
	scratch_link("loop", "loop");
	assert_fails(nono_caps_allow_path(caps, scratch_path("none"), NONO_READ, &err), ENOENT,
		NONO_PATH_NOT_FOUND);
	assert_non_null(strstr(err.message, "/none"));
	assert_fails(nono_caps_allow_file(caps, scratch_path("f/below"), NONO_READ, &err), ENOENT,
		NONO_PATH_NOT_FOUND);
	assert_fails(nono_caps_allow_path(caps, scratch_path("loop"), NONO_READ, &err), ELOOP,
		NONO_SYSTEM);
	assert_fails(nono_caps_allow_path(caps, tooth, NONO_READ, &err), ENAMETOOLONG, NONO_SYSTEM);
	assert_fails(nono_caps_allow_path(caps, "", NONO_READ, &err), EINVAL, NONO_INVALID);
	assert_fails(nono_caps_allow_path(caps, NULL, NONO_READ, &err), EINVAL, NONO_INVALID);
	assert_fails(nono_caps_allow_path(NULL, "/", NONO_READ, &err), EINVAL, NONO_INVALID);
	assert_fails(
		nono_caps_allow_path(caps, "/", (enum nono_access)0, &err), EINVAL, NONO_INVALID);
	assert_fails(
		nono_caps_allow_path(caps, "/", (enum nono_access)4, &err), EINVAL, NONO_INVALID);
	assert_int_equal(nono_caps_allow_path(caps, "", NONO_READ, NULL), -EINVAL);
	assert_null(nono_caps_fs_grant(caps, 0));
	free(tooth);
}

static void test_symlinks_and_relative(void **state)
{
	const char *dir = scratch_dir("d");
	char *before = getcwd(NULL, 0);

	(void)state;
	scratch_link("link", "d");
	assert_int_equal(nono_caps_allow_path(caps, scratch_path("link/."), NONO_READ, &err), 0);
	assert_grant(0, dir, NONO_READ, NONO_SOURCE_USER);
	assert_string_equal(nono_caps_fs_grant(caps, 0)->original, scratch_path("link/."));

	assert_int_equal(chdir(dir), 0);
	assert_int_equal(nono_caps_allow_path(caps, "..", NONO_READ, &err), 0);
	assert_grant(1, scratch_root, NONO_READ, NONO_SOURCE_USER);
	assert_int_equal(chdir(before), 0);
	free(before);
}

static void test_special_files_are_files(void **state)
{
	(void)state;
	assert_int_equal(mkfifo(scratch_path("fifo"), 0600), 0);
	assert_int_equal(nono_caps_allow_file(caps, scratch_path("fifo"), NONO_READ, &err), 0);
	assert_int_equal(nono_caps_allow_file(caps, "/dev/null", NONO_READ_WRITE, &err), 0);
	assert_fails(nono_caps_allow_path(caps, "/dev/null", NONO_READ, &err), ENOTDIR,
		NONO_EXPECTED_DIRECTORY);
}

static void test_names_that_are_not_utf8(void **state)
{
	const char *dir = scratch_dir("\xff\nname");

	(void)state;
	assert_int_equal(nono_caps_allow_path(caps, dir, NONO_READ, &err), 0);
	assert_grant(0, dir, NONO_READ, NONO_SOURCE_USER);
	assert_fails(nono_caps_allow_file(caps, dir, NONO_READ, &err), EISDIR, NONO_EXPECTED_FILE);
	assert_non_null(strstr(err.message, "/??name"));
}

static void test_sources(void **state)
{
	(void)state;
	assert_int_equal(
		nono_caps_allow_path_from(caps, "/", NONO_READ, NONO_SOURCE_GROUP, "base", &err),
		0);
	assert_string_equal(nono_caps_fs_grant(caps, 0)->source_name, "base");
	assert_int_equal(nono_caps_allow_file_from(
				 caps, "/dev/null", NONO_READ, NONO_SOURCE_SYSTEM, NULL, &err),
		0);
	assert_null(nono_caps_fs_grant(caps, 1)->source_name);
	assert_fails(nono_caps_allow_path_from(caps, "/", NONO_READ, NONO_SOURCE_GROUP, NULL, &err),
		EINVAL, NONO_INVALID);
	assert_fails(nono_caps_allow_path_from(caps, "/", NONO_READ, NONO_SOURCE_GROUP, "", &err),
		EINVAL, NONO_INVALID);
	assert_fails(
		nono_caps_allow_path_from(caps, "/", NONO_READ, NONO_SOURCE_USER, "base", &err),
		EINVAL, NONO_INVALID);
	assert_fails(
		nono_caps_allow_path_from(caps, "/", NONO_READ, (enum nono_source)9, NULL, &err),
		EINVAL, NONO_INVALID);
}

static void test_unresolved(void **state)
{
	(void)state;
	assert_int_equal(caps_add_unresolved(caps, "/not/there", NONO_READ, true, NONO_SOURCE_GROUP,
				 "base", &err),
		0);
	assert_grant(0, "/not/there", NONO_READ, NONO_SOURCE_GROUP);
	assert_int_equal(
		caps_add_unresolved(caps, "/", NONO_READ, false, NONO_SOURCE_USER, NULL, &err), 0);
	assert_fails(caps_add_unresolved(
			     caps, "relative", NONO_READ, false, NONO_SOURCE_USER, NULL, &err),
		EINVAL, NONO_INVALID);
	assert_fails(caps_add_unresolved(
			     caps, "/a/../b", NONO_READ, false, NONO_SOURCE_USER, NULL, &err),
		EINVAL, NONO_INVALID);
}

static void add(const char *path, enum nono_access access, enum nono_source source)
{
	assert_int_equal(caps_add_unresolved(caps, path, access, false, source,
				 source == NONO_SOURCE_GROUP ? "g" : NULL, &err),
		0);
}

static void test_dedup_unites_inside_a_tier(void **state)
{
	(void)state;
	add("/b", NONO_WRITE, NONO_SOURCE_PROFILE);
	add("/a", NONO_READ, NONO_SOURCE_GROUP);
	add("/b", NONO_READ, NONO_SOURCE_USER);
	add("/a", NONO_WRITE, NONO_SOURCE_SYSTEM);
	add("/a", NONO_READ, NONO_SOURCE_GROUP);
	nono_caps_deduplicate(caps);
	assert_grant(0, "/a", NONO_READ_WRITE, NONO_SOURCE_GROUP);
	assert_grant(1, "/b", NONO_READ_WRITE, NONO_SOURCE_USER);
	assert_null(nono_caps_fs_grant(caps, 2));
}

/* The user narrowed the path; what a group says about it must not widen it again, in any order. */
static void test_dedup_keeps_what_the_user_narrowed(void **state)
{
	(void)state;
	add("/a", NONO_WRITE, NONO_SOURCE_GROUP);
	add("/a", NONO_READ, NONO_SOURCE_USER);
	add("/a", NONO_READ_WRITE, NONO_SOURCE_SYSTEM);
	add("/b", NONO_WRITE, NONO_SOURCE_USER);
	add("/b", NONO_READ, NONO_SOURCE_GROUP);
	nono_caps_deduplicate(caps);
	assert_grant(0, "/a", NONO_READ, NONO_SOURCE_USER);
	assert_grant(1, "/b", NONO_WRITE, NONO_SOURCE_USER);
	assert_null(nono_caps_fs_grant(caps, 2));
}

static void test_dedup_tells_kinds_apart(void **state)
{
	(void)state;
	add("/a", NONO_READ, NONO_SOURCE_USER);
	assert_int_equal(
		caps_add_unresolved(caps, "/a", NONO_WRITE, true, NONO_SOURCE_USER, NULL, &err), 0);
	nono_caps_deduplicate(caps);
	assert_grant(0, "/a", NONO_READ, NONO_SOURCE_USER);
	assert_grant(1, "/a", NONO_WRITE, NONO_SOURCE_USER);
}

static void test_dedup_keeps_the_symlink(void **state)
{
	const char *dir = scratch_dir("d"), *link = scratch_link("link", "d");

	(void)state;
	assert_int_equal(nono_caps_allow_path(caps, dir, NONO_READ, &err), 0);
	assert_int_equal(nono_caps_allow_path(caps, link, NONO_READ, &err), 0);
	nono_caps_deduplicate(caps);
	assert_grant(0, dir, NONO_READ, NONO_SOURCE_USER);
	assert_string_equal(nono_caps_fs_grant(caps, 0)->original, link);
	assert_null(nono_caps_fs_grant(caps, 1));
}

/* Growing again after shrinking: the array's capacity is derived from its length. */
static void test_dedup_then_grow(void **state)
{
	char path[32];

	(void)state;
	for (int i = 0; i < 100; i++) {
		add("/same", NONO_READ, NONO_SOURCE_USER);
	}
	nono_caps_deduplicate(caps);
	for (int i = 0; i < 200; i++) {
		snprintf(path, sizeof(path), "/p%03d", i);
		add(path, NONO_READ, NONO_SOURCE_USER);
	}
	nono_caps_deduplicate(caps);
	assert_int_equal(caps->n_paths, 201);
	assert_grant(0, "/p000", NONO_READ, NONO_SOURCE_USER);
	assert_grant(200, "/same", NONO_READ, NONO_SOURCE_USER);
}

static void test_grant_limit(void **state)
{
	char path[32];

	(void)state;
	for (int i = 0; i < CAPS_GRANTS_MAX; i++) {
		snprintf(path, sizeof(path), "/p%d", i);
		add(path, NONO_READ, NONO_SOURCE_USER);
	}
	assert_fails(
		caps_add_unresolved(caps, "/more", NONO_READ, false, NONO_SOURCE_USER, NULL, &err),
		E2BIG, NONO_LIMIT);
	nono_caps_deduplicate(caps);
	assert_int_equal(caps->n_paths, CAPS_GRANTS_MAX);
}

static void test_ports(void **state)
{
	(void)state;
	assert_int_equal(nono_caps_allow_tcp_connect(caps, 443, &err), 0);
	assert_int_equal(nono_caps_allow_tcp_connect(caps, 443, &err), 0);
	assert_int_equal(nono_caps_allow_tcp_connect(caps, 65535, &err), 0);
	assert_int_equal(nono_caps_port(caps, NONO_PORTS_CONNECT, 0), 443);
	assert_int_equal(nono_caps_port(caps, NONO_PORTS_CONNECT, 1), 65535);
	assert_int_equal(nono_caps_port(caps, NONO_PORTS_CONNECT, 2), -1);
	assert_true(caps_restricts_network(caps));

	assert_int_equal(nono_caps_allow_tcp_bind(caps, 0, &err), 0);
	assert_int_equal(nono_caps_port(caps, NONO_PORTS_BIND, 0), 0);
	assert_int_equal(nono_caps_allow_localhost_port(caps, 8080, &err), 0);
	assert_int_equal(nono_caps_port(caps, NONO_PORTS_LOCALHOST, 0), 8080);
	assert_int_equal(nono_caps_port(caps, (enum nono_port_list)7, 0), -1);
	assert_fails(nono_caps_allow_tcp_connect(caps, 0, &err), EINVAL, NONO_INVALID);
	assert_fails(nono_caps_allow_localhost_port(caps, 0, &err), EINVAL, NONO_INVALID);
}

static void test_commands(void **state)
{
	(void)state;
	assert_int_equal(nono_caps_block_command(caps, "rm", &err), 0);
	assert_int_equal(nono_caps_block_command(caps, "rm", &err), 0);
	assert_int_equal(nono_caps_block_command(caps, "dd", &err), 0);
	assert_int_equal(nono_caps_allow_command(caps, "dd", &err), 0);
	assert_string_equal(nono_caps_command(caps, NONO_COMMANDS_BLOCKED, 0), "rm");
	assert_string_equal(nono_caps_command(caps, NONO_COMMANDS_BLOCKED, 1), "dd");
	assert_null(nono_caps_command(caps, NONO_COMMANDS_BLOCKED, 2));
	assert_string_equal(nono_caps_command(caps, NONO_COMMANDS_ALLOWED, 0), "dd");

	assert_true(nono_caps_command_blocked(caps, "rm"));
	assert_true(nono_caps_command_blocked(caps, "/bin/rm"));
	assert_false(nono_caps_command_blocked(caps, "dd"));
	assert_false(nono_caps_command_blocked(caps, "rmdir"));
	assert_false(nono_caps_command_blocked(caps, "/rm/"));
	assert_fails(nono_caps_block_command(caps, "/bin/rm", &err), EINVAL, NONO_INVALID);
	assert_fails(nono_caps_block_command(caps, "", &err), EINVAL, NONO_INVALID);
	assert_fails(nono_caps_allow_command(caps, NULL, &err), EINVAL, NONO_INVALID);
}

static void test_modes_and_limits(void **state)
{
	(void)state;
	assert_int_equal(nono_caps_block_network(caps, &err), 0);
	assert_int_equal(nono_caps_network_mode(caps), NONO_NETWORK_BLOCKED);
	assert_true(caps_restricts_network(caps));
	assert_int_equal(nono_caps_set_signal_mode(caps, NONO_SIGNAL_ALL, &err), 0);
	assert_int_equal(nono_caps_signal_mode(caps), NONO_SIGNAL_ALL);
	assert_int_equal(nono_caps_set_ipc_mode(caps, NONO_IPC_FULL, &err), 0);
	assert_int_equal(nono_caps_ipc_mode(caps), NONO_IPC_FULL);
	assert_int_equal(nono_caps_set_limit(caps, NONO_LIMIT_CPU, UINT64_MAX, &err), 0);
	assert_true(nono_caps_limit(caps, NONO_LIMIT_CPU) == UINT64_MAX);

	assert_fails(nono_caps_set_network_mode(caps, (enum nono_network_mode)2, &err), EINVAL,
		NONO_INVALID);
	assert_fails(nono_caps_set_signal_mode(caps, (enum nono_signal_mode)3, &err), EINVAL,
		NONO_INVALID);
	assert_fails(
		nono_caps_set_ipc_mode(caps, (enum nono_ipc_mode)2, &err), EINVAL, NONO_INVALID);
	assert_fails(nono_caps_set_limit(caps, (enum nono_limit)4, 1, &err), EINVAL, NONO_INVALID);
	assert_fails(nono_caps_set_limit(NULL, NONO_LIMIT_CPU, 1, &err), EINVAL, NONO_INVALID);
	/* A set that is not there must not look like an open one. */
	assert_int_equal(nono_caps_network_mode(NULL), NONO_NETWORK_BLOCKED);
}

static void make_socket(const char *path)
{
	struct sockaddr_un sa = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	assert_true(fd >= 0 && strlen(path) < sizeof(sa.sun_path));
	memcpy(sa.sun_path, path, strlen(path) + 1);
	assert_int_equal(bind(fd, (struct sockaddr *)&sa, sizeof(sa)), 0);
	close(fd);
}

static int allow_socket(const char *name, enum nono_unix_scope scope, enum nono_unix_mode mode)
{
	return nono_caps_allow_unix_socket(caps, scratch_path(name), scope, mode, &err);
}

static void test_unix_sockets(void **state)
{
	const struct nono_unix_grant *g;

	(void)state;
	scratch_dir("d");
	scratch_link("link", "d");
	make_socket(scratch_path("d/s"));
	assert_int_equal(allow_socket("link/s", NONO_UNIX_FILE, NONO_UNIX_CONNECT), 0);
	g = nono_caps_unix_grant(caps, 0);
	assert_string_equal(g->original, scratch_path("link/s"));
	assert_string_equal(g->resolved, scratch_path("d/s"));
	assert_int_equal(g->scope, NONO_UNIX_FILE);
	assert_int_equal(g->mode, NONO_UNIX_CONNECT);
	assert_int_equal(allow_socket("link/new", NONO_UNIX_FILE, NONO_UNIX_CONNECT_BIND), 0);
	assert_string_equal(nono_caps_unix_grant(caps, 1)->resolved, scratch_path("d/new"));
	assert_int_equal(allow_socket("link", NONO_UNIX_DIR_CHILDREN, NONO_UNIX_CONNECT), 0);
	assert_string_equal(nono_caps_unix_grant(caps, 2)->resolved, scratch_path("d"));

	assert_fails(allow_socket("d/new", NONO_UNIX_FILE, NONO_UNIX_CONNECT), ENOENT,
		NONO_PATH_NOT_FOUND);
	assert_fails(allow_socket("no/new", NONO_UNIX_FILE, NONO_UNIX_CONNECT_BIND), ENOENT,
		NONO_PATH_NOT_FOUND);
	assert_fails(allow_socket("no/", NONO_UNIX_FILE, NONO_UNIX_CONNECT_BIND), ENOENT,
		NONO_PATH_NOT_FOUND);
	assert_fails(allow_socket("d", NONO_UNIX_FILE, NONO_UNIX_CONNECT_BIND), EISDIR,
		NONO_EXPECTED_FILE);
	assert_fails(allow_socket("d/s", NONO_UNIX_DIR_SUBTREE, NONO_UNIX_CONNECT), ENOTDIR,
		NONO_EXPECTED_DIRECTORY);
	assert_fails(nono_caps_allow_unix_socket(
			     caps, "/", NONO_UNIX_DIR_SUBTREE, NONO_UNIX_CONNECT, &err),
		EINVAL, NONO_INVALID);
	assert_fails(
		allow_socket("d/s", NONO_UNIX_FILE, (enum nono_unix_mode)2), EINVAL, NONO_INVALID);
	assert_fails(allow_socket("d/s", (enum nono_unix_scope)3, NONO_UNIX_CONNECT), EINVAL,
		NONO_INVALID);
}

static void test_unix_dedup(void **state)
{
	(void)state;
	scratch_dir("d");
	assert_int_equal(
		nono_caps_allow_unix_socket_from(caps, scratch_path("d"), NONO_UNIX_DIR_CHILDREN,
			NONO_UNIX_CONNECT_BIND, NONO_SOURCE_SYSTEM, NULL, &err),
		0);
	assert_int_equal(allow_socket("d", NONO_UNIX_DIR_CHILDREN, NONO_UNIX_CONNECT), 0);
	assert_int_equal(allow_socket("d", NONO_UNIX_DIR_SUBTREE, NONO_UNIX_CONNECT), 0);
	assert_int_equal(allow_socket("d", NONO_UNIX_DIR_SUBTREE, NONO_UNIX_CONNECT_BIND), 0);
	nono_caps_deduplicate(caps);
	assert_int_equal(caps->n_unix_sockets, 2);
	assert_int_equal(nono_caps_unix_grant(caps, 0)->mode, NONO_UNIX_CONNECT);
	assert_int_equal(nono_caps_unix_grant(caps, 0)->scope, NONO_UNIX_DIR_CHILDREN);
	assert_int_equal(nono_caps_unix_grant(caps, 1)->mode, NONO_UNIX_CONNECT_BIND);
}

static void test_clone_is_whole_and_independent(void **state)
{
	struct nono_caps *copy, *first = caps;

	(void)state;
	scratch_dir("d");
	add("/a", NONO_READ, NONO_SOURCE_GROUP);
	assert_int_equal(allow_socket("d", NONO_UNIX_DIR_SUBTREE, NONO_UNIX_CONNECT), 0);
	nono_caps_block_network(caps, &err);
	nono_caps_allow_tcp_connect(caps, 1, &err);
	nono_caps_allow_tcp_bind(caps, 2, &err);
	nono_caps_allow_localhost_port(caps, 3, &err);
	nono_caps_allow_command(caps, "a", &err);
	nono_caps_block_command(caps, "b", &err);
	nono_caps_set_signal_mode(caps, NONO_SIGNAL_SAME_SANDBOX, &err);
	nono_caps_set_ipc_mode(caps, NONO_IPC_FULL, &err);
	nono_caps_set_limit(caps, NONO_LIMIT_FILES, 64, &err);
	assert_int_equal(nono_caps_clone(caps, &copy), 0);
	nono_caps_free(first);
	caps = copy;

	assert_grant(0, "/a", NONO_READ, NONO_SOURCE_GROUP);
	assert_string_equal(nono_caps_fs_grant(caps, 0)->source_name, "g");
	assert_string_equal(nono_caps_unix_grant(caps, 0)->resolved, scratch_path("d"));
	assert_int_equal(nono_caps_network_mode(caps), NONO_NETWORK_BLOCKED);
	assert_int_equal(nono_caps_port(caps, NONO_PORTS_CONNECT, 0), 1);
	assert_int_equal(nono_caps_port(caps, NONO_PORTS_BIND, 0), 2);
	assert_int_equal(nono_caps_port(caps, NONO_PORTS_LOCALHOST, 0), 3);
	assert_string_equal(nono_caps_command(caps, NONO_COMMANDS_ALLOWED, 0), "a");
	assert_string_equal(nono_caps_command(caps, NONO_COMMANDS_BLOCKED, 0), "b");
	assert_int_equal(nono_caps_signal_mode(caps), NONO_SIGNAL_SAME_SANDBOX);
	assert_int_equal(nono_caps_ipc_mode(caps), NONO_IPC_FULL);
	assert_int_equal(nono_caps_limit(caps, NONO_LIMIT_FILES), 64);
	assert_int_equal(nono_caps_clone(NULL, &copy), -EINVAL);
}

static void test_words(void **state)
{
	enum nono_access access = NONO_READ;
	enum nono_signal_mode mode;

	(void)state;
	assert_string_equal(nono_access_to_string(NONO_READ_WRITE), "read+write");
	assert_int_equal(nono_access_from_string("write", &access), 0);
	assert_int_equal(access, NONO_WRITE);
	assert_int_equal(nono_access_from_string("WRITE", &access), -EINVAL);
	assert_int_equal(nono_access_from_string(NULL, &access), -EINVAL);
	assert_int_equal(access, NONO_WRITE);
	assert_null(nono_access_to_string((enum nono_access)0));
	assert_int_equal(nono_signal_mode_from_string("allow_same_sandbox", &mode), 0);
	assert_int_equal(mode, NONO_SIGNAL_SAME_SANDBOX);
	for (int i = 0; i < CAPS_LIMITS; i++) {
		assert_non_null(nono_limit_to_string((enum nono_limit)i));
	}
	assert_null(nono_limit_to_string((enum nono_limit)CAPS_LIMITS));
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_starts_empty),
		TEST(test_directory_and_file),
		TEST(test_bad_paths),
		TEST(test_symlinks_and_relative),
		TEST(test_special_files_are_files),
		TEST(test_names_that_are_not_utf8),
		TEST(test_sources),
		TEST(test_unresolved),
		TEST(test_dedup_unites_inside_a_tier),
		TEST(test_dedup_keeps_what_the_user_narrowed),
		TEST(test_dedup_tells_kinds_apart),
		TEST(test_dedup_keeps_the_symlink),
		TEST(test_dedup_then_grow),
		TEST(test_grant_limit),
		TEST(test_ports),
		TEST(test_commands),
		TEST(test_modes_and_limits),
		TEST(test_unix_sockets),
		TEST(test_unix_dedup),
		TEST(test_clone_is_whole_and_independent),
		cmocka_unit_test(test_words),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
