/* SPDX-License-Identifier: Apache-2.0 */
/* Policy documents on disk: which are read, and which nobody should believe. */
#include "tests/unit/scratch.h"

#include <errno.h>
#include <sys/wait.h>

#include "libcore/base/cleanup.h"
#include "policy/checked-file.h"
#include "policy/library-files.h"

#define GROUPS "{\"groups\":{\"g\":{\"description\":\"d\",\"allow\":{\"read\":[\"/g\"]}}}}"

static struct policy_places places;
static struct nono_error err;

static int setup(void **state)
{
	static char config[4200], home[4200], data[4200];

	if (scratch_setup(state) < 0) {
		return -1;
	}
	snprintf(home, sizeof(home), "%s/home", scratch_root);
	snprintf(config, sizeof(config), "%s/home/.config", scratch_root);
	snprintf(data, sizeof(data), "%s/home/state", scratch_root);
	places = (struct policy_places){
		.home = home, .config = config, .state = data, .data = data, .cache = data
	};
	scratch_dir("home");
	scratch_dir("home/.config");
	scratch_dir("home/.config/nono");
	scratch_dir("home/.config/nono/profiles");
	scratch_dir("home/.config/nono/policy.d");
	scratch_dir("home/work");
	umask(022);
	return 0;
}

static int read_user(struct document_files *files)
{
	return documents_read_dir(
		files, scratch_path("home/.config/nono"), ORIGIN_USER, true, &err);
}

static void expect_refused(int code, const char *path, const char *part)
{
	_cleanup_(documents_deinit) struct document_files files = { 0 };
	int r = read_user(&files);

	if (r != code || !strstr(err.message, part) || !strstr(err.message, path)) {
		fail_msg("%d: %s", r, r < 0 ? err.message : "");
	}
}

static void test_directories(void **state)
{
	_cleanup_(documents_deinit) struct document_files files = { 0 };

	(void)state;
	assert_int_equal(
		documents_read_dir(&files, scratch_path("nowhere"), ORIGIN_SYSTEM, true, &err), 0);
	assert_int_equal(read_user(&files), 0);
	assert_int_equal(files.n, 0);
	scratch_file("home/.config/nono/policy.d/b.json", GROUPS);
	scratch_file("home/.config/nono/policy.d/a.jsonc", GROUPS);
	scratch_file("home/.config/nono/policy.d/a.json", GROUPS);
	scratch_file("home/.config/nono/policy.d/a.json.json", GROUPS);
	scratch_file("home/.config/nono/policy.d/.c.json", GROUPS);
	scratch_file("home/.config/nono/policy.d/README", "");
	scratch_file("home/.config/nono/profiles/mine.json", "{}");
	assert_int_equal(read_user(&files), 0);
	assert_int_equal(files.n, 4);
	assert_string_equal(
		files.items[0].file, scratch_path("home/.config/nono/policy.d/a.json.json"));
	assert_string_equal(
		files.items[1].file, scratch_path("home/.config/nono/policy.d/a.jsonc"));
	assert_string_equal(files.items[2].file, scratch_path("home/.config/nono/policy.d/b.json"));
	assert_int_equal(files.items[2].kind, DOCUMENT_GROUPS);
	assert_null(files.items[2].name);
	assert_int_equal(files.items[2].n, strlen(GROUPS));
	assert_string_equal(files.items[2].text, GROUPS);
	assert_string_equal(files.items[3].name, "mine");
	assert_int_equal(files.items[3].kind, DOCUMENT_PROFILE);
}

static void test_writable_by_others(void **state)
{
	const char *file = scratch_file("home/.config/nono/policy.d/a.json", GROUPS);
	const char *dir = scratch_path("home/.config/nono/policy.d");

	(void)state;
	assert_int_equal(chmod(file, 0606), 0);
	expect_refused(-EPERM, file, "can be written by others");
	assert_int_equal(chmod(file, 0600), 0);
	assert_int_equal(chmod(dir, 0777), 0);
	expect_refused(-EPERM, dir, "chmod go-w");
	/* A sticky directory keeps others from replacing, not from adding. */
	assert_int_equal(chmod(dir, 01777), 0);
	expect_refused(-EPERM, dir, "can be written by others");
	assert_int_equal(chmod(dir, 0700), 0);
	assert_int_equal(chmod(scratch_path("home/.config"), 0777), 0);
	expect_refused(-EPERM, scratch_path("home/.config"), "can be written by others");
	assert_int_equal(chmod(scratch_path("home/.config"), 01777), 0);
	{
		_cleanup_(documents_deinit) struct document_files files = { 0 };
		assert_int_equal(read_user(&files), 0);
		assert_int_equal(files.n, 1);
	}
}

static void test_other_owner(void **state)
{
	const char *file = scratch_file("home/.config/nono/policy.d/a.json", GROUPS);

	(void)state;
	if (geteuid() != 0) {
		skip();
	}
	assert_int_equal(chown(file, 65534, 65534), 0);
	expect_refused(-EPERM, file, "belongs to user 65534");
	assert_int_equal(chown(file, 0, 0), 0);
	assert_int_equal(chown(scratch_path("home/.config"), 65534, 65534), 0);
	expect_refused(-EPERM, scratch_path("home/.config"), "belongs to user 65534");
}

static void test_kinds(void **state)
{
	const char *dir = scratch_path("home/.config/nono/policy.d");
	const char *file = scratch_path("home/.config/nono/policy.d/a.json");

	(void)state;
	assert_int_equal(mkfifo(file, 0600), 0);
	expect_refused(-EINVAL, file, "not a regular file");
	assert_int_equal(unlink(file), 0);
	assert_int_equal(mkdir(file, 0700), 0);
	expect_refused(-EINVAL, file, "not a regular file");
	assert_int_equal(rmdir(file), 0);
	scratch_file("home/.config/nono/policy.d/a.json", "");
	expect_refused(-EINVAL, file, "is empty");
	assert_int_equal(truncate(file, (1 << 20) + 1), 0);
	expect_refused(-EFBIG, file, "larger than 1048576 bytes");
	assert_int_equal(unlink(file), 0);
	/* A document may be kept elsewhere; the directory may not be a link. */
	scratch_file("elsewhere.json", GROUPS);
	scratch_link("home/.config/nono/policy.d/a.json", scratch_path("elsewhere.json"));
	{
		_cleanup_(documents_deinit) struct document_files files = { 0 };
		assert_int_equal(read_user(&files), 0);
		assert_int_equal(files.n, 1);
	}
	assert_int_equal(unlink(file), 0);
	assert_int_equal(rmdir(dir), 0);
	scratch_dir("other");
	scratch_link("home/.config/nono/policy.d", scratch_path("other"));
	expect_refused(-ENOTDIR, dir, "no symbolic link");
}

/* What cannot be read is an error, not nothing. Root reads everything. */
static void test_unreadable(void **state)
{
	const char *file = scratch_file("home/.config/nono/policy.d/a.json", GROUPS);
	int status;
	pid_t pid;

	(void)state;
	assert_int_equal(chmod(file, 0000), 0);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		char *text;
		size_t n;
		if (geteuid() == 0 &&
			(chmod(scratch_root, 0755) < 0 || chmod(scratch_path("home"), 0755) < 0 ||
				chmod(scratch_path("home/.config"), 0755) < 0 ||
				chmod(scratch_path("home/.config/nono"), 0755) < 0 ||
				chmod(scratch_path("home/.config/nono/policy.d"), 0755) < 0 ||
				setresuid(65534, 65534, 65534) < 0)) {
			_exit(2);
		}
		_exit(checked_file_read(file, 100, &text, &n, &err) == -EACCES &&
					strstr(err.message, file)
				? 0
				: 1);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
}

static int read_profile(struct document_files *files, const char *ref, const char *from_file)
{
	return documents_read_profile(
		files, &places, scratch_path("home/work"), ref, from_file, &err);
}

static void test_profiles(void **state)
{
	_cleanup_(documents_deinit) struct document_files files = { 0 };
	const char *mine = scratch_file("home/.config/nono/profiles/mine.json", "{}");
	const char *own = scratch_file("home/work/agent.json", "{}");
	const char *base = scratch_file("home/work/base.jsonc", "{}");

	(void)state;
	assert_int_equal(read_profile(&files, "mine", NULL), 1);
	assert_string_equal(files.items[0].name, "mine");
	assert_string_equal(files.items[0].file, mine);
	assert_int_equal(read_profile(&files, "agent.json", NULL), 1);
	assert_string_equal(files.items[1].name, "agent.json");
	assert_string_equal(files.items[1].file, own);
	assert_int_equal(read_profile(&files, "./agent.json", NULL), 1);
	assert_int_equal(read_profile(&files, "~/work/agent.json", NULL), 1);
	assert_string_equal(files.items[3].file, own);
	/* A name is no file here, but a neighbour of the one that refers to it. */
	assert_int_equal(read_profile(&files, "agent", NULL), 0);
	assert_int_equal(files.items[4].n, 0);
	assert_string_equal(files.items[4].name, "agent");
	assert_string_equal(files.items[4].file, "");
	assert_int_equal(read_profile(&files, "base", own), 1);
	assert_string_equal(files.items[5].file, base);
	assert_string_equal(files.items[5].name, base);
	assert_int_equal(read_profile(&files, "agent", own), 0);
	assert_string_equal(files.items[6].file, own);
	assert_int_equal(read_profile(&files, "mine", mine), 0);
	assert_int_equal(read_profile(&files, "nothing/", NULL), 0);
	scratch_file("home/.config/nono/profiles/mine.jsonc", "{}");
	assert_int_equal(read_profile(&files, "mine", NULL), 1);
	assert_string_equal(
		files.items[9].file, scratch_path("home/.config/nono/profiles/mine.jsonc"));
}

static int read_project(struct document_files *files, const char *cwd)
{
	return documents_read_project(files, &places, cwd, &err);
}

static void test_project(void **state)
{
	_cleanup_(documents_deinit) struct document_files files = { 0 };
	const char *deep = scratch_dir("home/work/deep");

	(void)state;
	assert_int_equal(read_project(&files, deep), 0);
	scratch_file("home/.nono.json", "{}");
	assert_int_equal(read_project(&files, deep), 0);
	assert_int_equal(read_project(&files, places.home), 1);
	assert_int_equal(chmod(scratch_file("home/work/.nono.json", "{ }"), 0666), 0);
	assert_int_equal(read_project(&files, deep), 1);
	assert_string_equal(files.items[1].file, scratch_path("home/work/.nono.json"));
	assert_int_equal(files.items[1].origin, ORIGIN_PROJECT);
	assert_false(files.items[1].trusted);
	assert_int_equal(documents_trust(&places, &files.items[1], &err), 0);
	assert_int_equal(read_project(&files, deep), 1);
	assert_true(files.items[2].trusted);
	/* Another text, or another project with the same. */
	assert_int_equal(unlink(scratch_path("home/work/.nono.json")), 0);
	scratch_file("home/work/.nono.json", "{  }");
	assert_int_equal(read_project(&files, deep), 1);
	assert_false(files.items[3].trusted);
	assert_int_equal(documents_trust(&places, &files.items[3], &err), 0);
	scratch_file("home/work/deep/.nono.json", "{  }");
	assert_int_equal(read_project(&files, deep), 1);
	assert_false(files.items[4].trusted);
	/* It hides nothing. */
	assert_string_equal(files.items[5].file, scratch_path("home/work/.nono.json"));
	assert_true(files.items[5].trusted);
	scratch_file("home/work/deep/.nono.jsonc", "{}");
	assert_int_equal(read_project(&files, deep), -EINVAL);
}

static void test_project_is_odd(void **state)
{
	_cleanup_(documents_deinit) struct document_files files = { 0 };

	(void)state;
	/* Outside home the parents are anybody's. */
	scratch_dir("srv");
	scratch_dir("srv/p");
	scratch_file("srv/.nono.json", "{}");
	assert_int_equal(read_project(&files, scratch_path("srv/p")), 0);
	assert_int_equal(read_project(&files, scratch_path("srv")), 1);
	scratch_link("srv/p/.nono.json", "/etc/passwd");
	assert_int_equal(read_project(&files, scratch_path("srv/p")), -ELOOP);
	assert_non_null(strstr(err.message, "symbolic link"));
	assert_int_equal(unlink(scratch_path("srv/p/.nono.json")), 0);
	assert_int_equal(mkfifo(scratch_path("srv/p/.nono.json"), 0600), 0);
	assert_int_equal(read_project(&files, scratch_path("srv/p")), -EINVAL);
}

/* Everything together, with profiles that extend each other across directories. */
static void test_load(void **state)
{
	_cleanup_(library_freep) struct library *l = NULL;
	_cleanup_(profile_freep) struct profile *p = NULL;

	(void)state;
	scratch_file("home/.config/nono/policy.d/g.json", GROUPS);
	scratch_file("home/.config/nono/profiles/mine.json",
		"{\"extends\":\"python-dev\",\"groups\":{\"include\":[\"g\"]}}");
	scratch_file("home/work/agent.json", "{\"extends\":[\"mine\",\"beside\",\"../up.json\"]}");
	scratch_file("home/work/beside.json", "{\"filesystem\":{\"read\":[\"/beside\"]}}");
	scratch_file("home/up.json", "{\"filesystem\":{\"read\":[\"/up\"]}}");
	assert_int_equal(
		library_load(&l, &places, scratch_path("home/work"), "agent.json", NULL, 0, &err),
		0);
	assert_non_null(library_group(l, "g"));
	assert_int_equal(library_compose(&p, l, "agent.json", NULL, 0, NULL, &err), 0);
	assert_int_equal(p->values[KEY_READ].n, 2);
	assert_string_equal(p->values[KEY_READ].items[0].text, "/beside");
	assert_string_equal(p->values[KEY_READ].items[1].text, "/up");
	library_free(l);
	l = NULL;
	/* What is not there is said when the profile is wanted. */
	assert_int_equal(library_load(&l, &places, NULL, "nothing", NULL, 0, &err), 0);
	profile_free(p);
	p = NULL;
	assert_int_equal(library_compose(&p, l, "nothing", NULL, 0, NULL, &err), -ENOENT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_directories, setup, scratch_teardown),
		cmocka_unit_test_setup_teardown(test_writable_by_others, setup, scratch_teardown),
		cmocka_unit_test_setup_teardown(test_other_owner, setup, scratch_teardown),
		cmocka_unit_test_setup_teardown(test_kinds, setup, scratch_teardown),
		cmocka_unit_test_setup_teardown(test_unreadable, setup, scratch_teardown),
		cmocka_unit_test_setup_teardown(test_profiles, setup, scratch_teardown),
		cmocka_unit_test_setup_teardown(test_project, setup, scratch_teardown),
		cmocka_unit_test_setup_teardown(test_project_is_odd, setup, scratch_teardown),
		cmocka_unit_test_setup_teardown(test_load, setup, scratch_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
