/* SPDX-License-Identifier: Apache-2.0 */
/* The runtime directory: which one is taken, and what is refused. */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "libcore/base/cleanup.h"
#include "proto/runtime.h"

/* Nobody's uid: its directory below /tmp cannot be in use by anybody. */
#define STRANGER 4000000123U

struct fixture {
	char dir[64];  /* a private XDG_RUNTIME_DIR */
	char link[80]; /* a symlink to it */
};

static int setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	assert_non_null(f);
	snprintf(f->dir, sizeof(f->dir), "/tmp/test-runtime.XXXXXX");
	assert_non_null(mkdtemp(f->dir));
	snprintf(f->link, sizeof(f->link), "%s.link", f->dir);
	assert_int_equal(symlink(f->dir, f->link), 0);
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;
	char path[128];

	snprintf(path, sizeof(path), "%s/nono/%s", f->dir, RUNTIME_SOCKET);
	unlink(path);
	snprintf(path, sizeof(path), "%s/nono/%s", f->dir, RUNTIME_LOCK);
	unlink(path);
	snprintf(path, sizeof(path), "%s/nono", f->dir);
	rmdir(path);
	unlink(f->link);
	assert_int_equal(rmdir(f->dir), 0);
	free(f);
	return 0;
}

static void test_xdg(void **state)
{
	struct fixture *f = *state;
	struct runtime_dir dir = { .fd = -1 };
	struct nono_error err;
	struct stat st;
	char want[128];

	assert_int_equal(runtime_dir_open(&dir, f->dir, geteuid(), false, &err), -ENOENT);
	assert_non_null(strstr(err.message, f->dir));
	assert_int_equal(dir.fd, -1);
	assert_int_equal(runtime_dir_open(&dir, f->dir, geteuid(), true, &err), 0);
	snprintf(want, sizeof(want), "%s/nono", f->dir);
	assert_string_equal(dir.path, want);
	assert_int_equal(fstat(dir.fd, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0700);
	runtime_dir_deinit(&dir);
	runtime_dir_deinit(&dir);

	/* There already; trailing slashes do not matter. */
	snprintf(want, sizeof(want), "%s//", f->dir);
	assert_int_equal(runtime_dir_open(&dir, want, geteuid(), true, &err), 0);
	runtime_dir_deinit(&dir);

	assert_int_equal(fchmodat(AT_FDCWD, dir.path, 0755, 0), 0);
	assert_int_equal(runtime_dir_open(&dir, f->dir, geteuid(), true, &err), -EPERM);
	assert_non_null(strstr(err.message, "0755"));
}

/* Not below a directory that is no runtime directory of ours: the next place is taken. */
static void assert_not_taken(const char *xdg, const char *below)
{
	struct runtime_dir dir = { .fd = -1 };
	struct nono_error err;

	if (runtime_dir_open(&dir, xdg, geteuid(), false, &err) == 0) {
		assert_int_not_equal(strncmp(dir.path, below, strlen(below)), 0);
		runtime_dir_deinit(&dir);
	} else {
		assert_null(strstr(err.message, below));
	}
}

static void test_xdg_not_usable(void **state)
{
	struct fixture *f = *state;
	char path[96];

	assert_not_taken(f->link, f->link);
	snprintf(path, sizeof(path), "%s/", f->link);
	assert_not_taken(path, f->link);
	assert_not_taken(f->dir + 1, f->dir); /* relative */
	assert_not_taken("", f->dir);
	assert_not_taken(NULL, f->dir);
	assert_int_equal(chmod(f->dir, 0750), 0);
	assert_not_taken(f->dir, f->dir);
	assert_int_equal(chmod(f->dir, 0700), 0);
	if (geteuid() == 0) {
		assert_int_equal(chown(f->dir, STRANGER, 0), 0);
		assert_not_taken(f->dir, f->dir);
		assert_int_equal(chown(f->dir, 0, 0), 0);
	}
}

/* Whoever came first to /tmp/nono-UID does not get the sockets of uid. */
static void test_foreign_owner(void **state)
{
	struct runtime_dir dir = { .fd = -1 };
	struct nono_error err;
	char path[64];
	int r;

	(void)state;
	snprintf(path, sizeof(path), "/tmp/nono-%u", STRANGER);
	r = runtime_dir_open(&dir, NULL, STRANGER, true, &err);
	rmdir(path);
	assert_int_equal(r, -EPERM);
	assert_non_null(strstr(err.message, path));
	assert_non_null(strstr(err.message, "belongs to"));

	assert_int_equal(symlink("/", path), 0);
	r = runtime_dir_open(&dir, NULL, STRANGER, true, &err);
	unlink(path);
	assert_true(r == -ENOTDIR || r == -ELOOP);
}

static int listen_at(const struct runtime_dir *dir)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	struct nono_error err;
	struct sockaddr_un sa;
	socklen_t len;

	assert_true(fd >= 0);
	assert_int_equal(runtime_address(dir, RUNTIME_SOCKET, &sa, &len, &err), 0);
	assert_int_equal(bind(fd, (struct sockaddr *)&sa, len), 0);
	assert_int_equal(listen(fd, 8), 0);
	return fd;
}

static void test_connect(void **state)
{
	struct fixture *f = *state;
	struct runtime_dir dir = { .fd = -1 };
	struct nono_error err;
	int fd, client;

	assert_int_equal(runtime_dir_open(&dir, f->dir, geteuid(), true, &err), 0);
	assert_int_equal(runtime_connect(&dir, geteuid(), &err), -ENOENT);
	fd = listen_at(&dir);
	client = runtime_connect(&dir, geteuid(), &err);
	assert_true(client >= 0);
	assert_true(fcntl(client, F_GETFD) & FD_CLOEXEC);
	close(client);
	assert_int_equal(runtime_connect(&dir, STRANGER, &err), -EPERM);
	close(fd);
	assert_int_equal(runtime_connect(&dir, geteuid(), &err), -ECONNREFUSED);
	runtime_dir_deinit(&dir);
}

/* A path too long for sockaddr_un is reached through the descriptor. */
static void test_long_path(void **state)
{
	struct fixture *f = *state;
	struct runtime_dir dir = { .fd = -1 };
	char path[256], inside[300];
	struct nono_error err;
	int fd, client;

	snprintf(path, sizeof(path), "%s/%0*d", f->dir, 120, 0);
	assert_int_equal(mkdir(path, 0700), 0);
	assert_int_equal(runtime_dir_open(&dir, path, geteuid(), true, &err), 0);
	fd = listen_at(&dir);
	client = runtime_connect(&dir, geteuid(), &err);
	assert_true(client >= 0);
	close(client);
	close(fd);
	assert_int_equal(unlinkat(dir.fd, RUNTIME_SOCKET, 0), 0);
	runtime_dir_deinit(&dir);
	snprintf(inside, sizeof(inside), "%s/nono", path);
	assert_int_equal(rmdir(inside), 0);
	assert_int_equal(rmdir(path), 0);
}

static void test_lock(void **state)
{
	struct fixture *f = *state;
	struct runtime_dir dir = { .fd = -1 };
	struct nono_error err;
	int lock;

	assert_int_equal(runtime_dir_open(&dir, f->dir, geteuid(), true, &err), 0);
	lock = runtime_lock(&dir, &err);
	assert_true(lock >= 0);
	assert_int_equal(runtime_lock(&dir, &err), -EWOULDBLOCK);
	assert_non_null(strstr(err.message, RUNTIME_LOCK));
	close(lock);
	lock = runtime_lock(&dir, &err);
	assert_true(lock >= 0);
	close(lock);
	runtime_dir_deinit(&dir);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_xdg, setup, teardown),
		cmocka_unit_test_setup_teardown(test_xdg_not_usable, setup, teardown),
		cmocka_unit_test(test_foreign_owner),
		cmocka_unit_test_setup_teardown(test_connect, setup, teardown),
		cmocka_unit_test_setup_teardown(test_long_path, setup, teardown),
		cmocka_unit_test_setup_teardown(test_lock, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
