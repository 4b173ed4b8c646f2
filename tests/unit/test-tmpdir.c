/* SPDX-License-Identifier: Apache-2.0 */
/* Private directories for temporary files, and trees made to get out of their removal. */
#include "daemon/session/tmpdir.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mount.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>

#include <cmocka.h>

#include "libcore/base/cleanup.h"
#include "libcore/base/str.h"
#include "libcore/landlock.h"

#define ORDINARY_UID 65534

static int abi;
static char canary[] = "/tmp/nono-test-canary-XXXXXX"; /* what nobody may touch */
static struct stat canary_before, secret_before;

/* Everything below also runs as somebody whom permissions concern. */
static void in_ordinary_process(void (*check)(void))
{
	int status;
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (pid == 0) {
		if (geteuid() == 0 && setresuid(ORDINARY_UID, ORDINARY_UID, ORDINARY_UID) < 0) {
			_exit(2);
		}
		check();
		_exit(0); /* an assertion that fails leaves before, by a signal or with 255 */
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
}

static void expect(bool ok, const char *what)
{
	if (!ok) {
		fprintf(stderr, "expected: %s (%s)\n", what, strerror(errno));
		_exit(1);
	}
}
#define EXPECT(x) expect(x, #x)

static int watch_children(void)
{
	sigset_t mask;

	sigemptyset(&mask);
	sigaddset(&mask, SIGCHLD);
	sigprocmask(SIG_BLOCK, &mask, NULL);
	return signalfd(-1, &mask, SFD_CLOEXEC | SFD_NONBLOCK);
}

static void make(struct tmpdir *t)
{
	struct nono_error err;

	if (tmpdir_make(t, &err) < 0) {
		fprintf(stderr, "%s\n", err.message);
		_exit(1);
	}
}

static void remove_now(struct tmpdir *t)
{
	int signal_fd = watch_children();
	pid_t pid = tmpdir_remove(t, abi);

	EXPECT(pid >= 0 && tmpdir_wait(t, pid, signal_fd, -1));
	close(signal_fd);
}

static void expect_gone(const struct tmpdir *t)
{
	EXPECT(access(tmpdir_path(t), F_OK) < 0 && errno == ENOENT);
	EXPECT(t->fd == -1);
}

static void put(int dir, const char *name)
{
	int fd = openat(dir, name, O_CREAT | O_WRONLY | O_CLOEXEC, 0600);

	EXPECT(fd >= 0 && write(fd, "x", 1) == 1);
	close(fd);
}

static int make_dir(int parent, const char *name)
{
	int fd;

	EXPECT(mkdirat(parent, name, 0700) == 0);
	fd = openat(parent, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	EXPECT(fd >= 0);
	return fd;
}

static void check_made(void)
{
	struct tmpdir a, b;
	struct stat st;
	int fd;

	umask(0);
	make(&a);
	make(&b);
	EXPECT(!str_equal(a.variable, b.variable));
	EXPECT(str_after(a.variable, "TMPDIR=/tmp/nono-") && strlen(tmpdir_path(&a)) == 26);
	EXPECT(lstat(tmpdir_path(&a), &st) == 0 && S_ISDIR(st.st_mode));
	EXPECT((st.st_mode & 07777) == 0700 && st.st_uid == geteuid());
	fd = open(tmpdir_path(&a), O_RDONLY | O_CLOEXEC);
	EXPECT(flock(fd, LOCK_EX | LOCK_NB) < 0 && errno == EWOULDBLOCK);
	/* An empty one needs no process. */
	EXPECT(tmpdir_remove(&a, abi) == 0);
	expect_gone(&a);
	EXPECT(tmpdir_remove(&a, abi) == 0);
	EXPECT(tmpdir_remove(&b, abi) == 0);
	expect_gone(&b);
}

static void made(void **state)
{
	(void)state;
	in_ordinary_process(check_made);
}

static void check_many_files(void)
{
	struct tmpdir t;
	char name[32];
	int sub;

	make(&t);
	sub = make_dir(t.fd, "sub");
	for (int i = 0; i < 10000; i++) {
		snprintf(name, sizeof(name), "%d", i);
		put(i % 2 ? t.fd : sub, name);
	}
	remove_now(&t);
	expect_gone(&t);
}

static void many_files(void **state)
{
	(void)state;
	in_ordinary_process(check_many_files);
}

static void check_deep(void)
{
	struct tmpdir t;
	int at;

	make(&t);
	at = dup(t.fd);
	for (int i = 0; i < 3000; i++) { /* far beyond PATH_MAX and any limit of descriptors */
		int next = make_dir(at, "directory");
		put(at, "file");
		close(at);
		at = next;
	}
	put(at, "bottom");
	close(at);
	remove_now(&t);
	expect_gone(&t);
}

static void deep(void **state)
{
	(void)state;
	in_ordinary_process(check_deep);
}

static void put_links(int dir)
{
	EXPECT(symlinkat(canary, dir, "to-directory") == 0);
	EXPECT(symlinkat("/", dir, "to-root") == 0);
	EXPECT(symlinkat("..", dir, "up") == 0);
	EXPECT(symlinkat("loop", dir, "loop") == 0);
	EXPECT(symlinkat("gone", dir, "dangling") == 0);
}

static void put_names(int dir)
{
	static const char *const names[] = { "\n", " ", "-rf", "...", "..x", "*", "\xff\xfe",
		"a\nb\t\x1b[31m", "~", "$HOME" };
	char longest[256];

	memset(longest, 'n', sizeof(longest) - 1);
	longest[sizeof(longest) - 1] = '\0';
	for (size_t i = 0; i < ELEMENTSOF(names); i++) {
		int sub = make_dir(dir, names[i]);
		put(sub, names[i]);
		put(sub, longest);
		close(sub);
	}
}

static void check_hostile(void)
{
	struct sockaddr_un sa = { .sun_family = AF_UNIX };
	_cleanup_(freep) char *secret = NULL;
	struct tmpdir t;
	int sub, below, sock;

	EXPECT(asprintf(&secret, "%s/secret", canary) > 0);
	make(&t);
	put_links(t.fd);
	put_names(t.fd);
	EXPECT(mkfifoat(t.fd, "fifo", 0) == 0);
	snprintf(sa.sun_path, sizeof(sa.sun_path), "%s/socket", tmpdir_path(&t));
	sock = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	EXPECT(bind(sock, (struct sockaddr *)&sa, sizeof(sa)) == 0);
	sub = make_dir(t.fd, "closed");
	below = make_dir(sub, "closed");
	put_links(below);
	put_names(below);
	put(below, "file");
	EXPECT(fchmod(below, 0) == 0 && fchmod(sub, 0) == 0);
	sub = make_dir(t.fd, "not-searchable");
	below = make_dir(sub, "not-writable");
	put(below, "file");
	EXPECT(fchmod(below, 0555) == 0 && fchmod(sub, 0600) == 0);
	EXPECT(fchmod(t.fd, 0) == 0);
	remove_now(&t);
	expect_gone(&t);
}

static void canary_is_alive(void)
{
	_cleanup_free_ char *secret = NULL;
	struct stat st;

	assert_true(asprintf(&secret, "%s/secret", canary) > 0);
	assert_int_equal(stat(canary, &st), 0);
	assert_int_equal(st.st_mode, canary_before.st_mode);
	assert_memory_equal(&st.st_mtim, &canary_before.st_mtim, sizeof(st.st_mtim));
	assert_int_equal(stat(secret, &st), 0);
	assert_int_equal(st.st_mode, secret_before.st_mode);
	assert_memory_equal(&st.st_ctim, &secret_before.st_ctim, sizeof(st.st_ctim));
}

static void hostile(void **state)
{
	(void)state;
	in_ordinary_process(check_hostile);
	canary_is_alive();
}

static void check_sweep(void)
{
	struct tmpdir left, used, empty;
	struct stat st;
	char fake[] = "/tmp/nono-00000000deadbeef", other[] = "/tmp/nono-test-XXXXXX";

	make(&left);
	put(left.fd, "file");
	close(make_dir(left.fd, "directory"));
	EXPECT(fchmod(left.fd, 0) == 0);
	close(left.fd); /* as when its nono-session was killed */
	left.fd = -1;
	make(&empty);
	close(empty.fd);
	empty.fd = -1;
	make(&used);
	put(used.fd, "file");
	EXPECT(mkdtemp(other) != NULL);
	unlink(fake);
	EXPECT(symlink(canary, fake) == 0);
	tmpdir_sweep(abi);
	expect_gone(&left);
	expect_gone(&empty);
	EXPECT(faccessat(used.fd, "file", F_OK, 0) == 0);
	EXPECT(access(other, F_OK) == 0);
	EXPECT(lstat(fake, &st) == 0 && S_ISLNK(st.st_mode));
	unlink(fake);
	rmdir(other);
	remove_now(&used);
	expect_gone(&used);
}

static void sweep(void **state)
{
	(void)state;
	in_ordinary_process(check_sweep);
	canary_is_alive();
}

/* What is mounted into the tree is somebody else's. */
static void mounts_stay(void **state)
{
	int status;
	pid_t pid;

	(void)state;
	if (geteuid() != 0) {
		skip(); /* mounting needs root */
	}
	pid = fork();
	if (pid == 0) {
		_cleanup_(freep) char *root = NULL, *inner = NULL;
		struct tmpdir t;
		if (unshare(CLONE_NEWNS) < 0 ||
			mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0) {
			_exit(77);
		}
		make(&t);
		close(make_dir(t.fd, "mount"));
		close(make_dir(make_dir(t.fd, "outer"), "mount"));
		EXPECT(asprintf(&root, "%s/mount", tmpdir_path(&t)) > 0);
		EXPECT(asprintf(&inner, "%s/outer/mount", tmpdir_path(&t)) > 0);
		EXPECT(mount(canary, root, NULL, MS_BIND, NULL) == 0);
		EXPECT(mount(canary, inner, NULL, MS_BIND, NULL) == 0);
		put(t.fd, "file");
		remove_now(&t);
		EXPECT(access(root, F_OK) == 0 && access(inner, F_OK) == 0);
		EXPECT(umount(root) == 0 && umount(inner) == 0);
		t.fd = open(tmpdir_path(&t), O_RDONLY | O_CLOEXEC);
		remove_now(&t);
		expect_gone(&t);
		_exit(0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	if (status == 77 << 8) {
		skip(); /* no mount namespace to be had */
	}
	assert_int_equal(status, 0);
	canary_is_alive();
}

static int setup(void **state)
{
	_cleanup_free_ char *secret = NULL;
	_cleanup_close_ int fd = -1;

	(void)state;
	abi = landlock_abi(NULL);
	if (!mkdtemp(canary) || chmod(canary, 0777) < 0 ||
		asprintf(&secret, "%s/secret", canary) < 0) {
		return -1;
	}
	fd = open(secret, O_CREAT | O_WRONLY | O_CLOEXEC, 0666);
	if (fd < 0 || fchmod(fd, 0666) < 0 || stat(canary, &canary_before) < 0) {
		return -1;
	}
	return fstat(fd, &secret_before);
}

static int teardown(void **state)
{
	_cleanup_free_ char *secret = NULL;

	(void)state;
	if (asprintf(&secret, "%s/secret", canary) < 0) {
		return -1;
	}
	return unlink(secret) == 0 && rmdir(canary) == 0 ? 0 : -1;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(made),
		cmocka_unit_test(many_files),
		cmocka_unit_test(deep),
		cmocka_unit_test(hostile),
		cmocka_unit_test(sweep),
		cmocka_unit_test(mounts_stay),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
