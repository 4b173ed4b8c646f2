/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/scratch.h"

#include <errno.h>

#include "libcore/base/cleanup.h"
#include "libcore/base/directory.h"

static mode_t mode_of(const char *name)
{
	struct stat st;

	assert_int_equal(lstat(scratch_path(name), &st), 0);
	return st.st_mode;
}

static void test_makes_what_is_missing(void **state)
{
	_cleanup_close_ int fd = directory_make(scratch_path("a/b/c"));
	_cleanup_close_ int again = directory_make(scratch_path("a/b/c"));
	struct stat by_fd, by_name;

	(void)state;
	assert_true(fd >= 0);
	assert_true(again >= 0);
	assert_int_equal(fcntl(fd, F_GETFD), FD_CLOEXEC);
	assert_int_equal(mode_of("a"), S_IFDIR | 0700);
	assert_int_equal(mode_of("a/b/c"), S_IFDIR | 0700);
	assert_int_equal(fstat(fd, &by_fd), 0);
	assert_int_equal(stat(scratch_path("a/b/c"), &by_name), 0);
	assert_int_equal(by_fd.st_ino, by_name.st_ino);
}

static void test_follows_no_symlink(void **state)
{
	struct stat st;

	(void)state;
	assert_int_equal(mkdir(scratch_path("real"), 0700), 0);
	assert_int_equal(symlink("real", scratch_path("link")), 0);
	assert_int_equal(symlink("nowhere", scratch_path("dangling")), 0);
	assert_int_equal(directory_make(scratch_path("link/x")), -ELOOP);
	assert_int_equal(directory_make(scratch_path("link")), -ELOOP);
	assert_int_equal(directory_make(scratch_path("dangling")), -ELOOP);
	assert_int_equal(lstat(scratch_path("real/x"), &st), -1);
	assert_int_equal(lstat(scratch_path("nowhere"), &st), -1);
}

static void test_files_are_in_the_way(void **state)
{
	char name[300];
	_cleanup_close_ int fd = open(scratch_path("file"), O_CREAT | O_WRONLY | O_CLOEXEC, 0600);

	(void)state;
	assert_true(fd >= 0);
	assert_int_equal(directory_make(scratch_path("file")), -ENOTDIR);
	assert_int_equal(directory_make(scratch_path("file/x")), -ENOTDIR);
	memset(name, 'n', sizeof(name) - 1);
	name[sizeof(name) - 1] = '\0';
	assert_int_equal(directory_make(scratch_path(name)), -ENAMETOOLONG);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_makes_what_is_missing),
		cmocka_unit_test(test_follows_no_symlink),
		cmocka_unit_test(test_files_are_in_the_way),
	};

	return cmocka_run_group_tests(tests, scratch_setup, scratch_teardown);
}
