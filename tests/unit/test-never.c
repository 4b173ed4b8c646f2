/* SPDX-License-Identifier: Apache-2.0 */
/* What no session may get: by name, from inside, from above, through symlinks. */
#include <errno.h>
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
#include "policy/never.h"
#include "policy/places.h"

static struct policy_places places = {
	.home = (char *)"/home/u",
	.config = (char *)"/home/u/.config",
	.state = (char *)"/home/u/.local/state",
	.data = (char *)"/home/u/.local/share",
	.runtime = (char *)"/run/user/1000",
	.nono = (char *)"/run/user/1000/nono",
};
static const char *const programs[] = { "/usr/bin", "/usr/libexec/nono", NULL };
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

static int check(const char *path, enum nono_access access, bool is_file)
{
	hint = NULL;
	err = (struct nono_error){ 0 };
	return never_check(never, path, access, is_file, &hint, &err);
}

static void assert_refused(
	const char *path, enum nono_access access, bool is_file, const char *because)
{
	assert_int_equal(check(path, access, is_file), -EPERM);
	assert_int_equal(err.code, NONO_REFUSED);
	assert_non_null(strstr(err.message, because));
	assert_non_null(strstr(err.message, path));
	assert_non_null(hint);
}

static void test_named_and_inside(void **state)
{
	(void)state;
	assert_refused("/home/u/.ssh/id_ed25519", NONO_READ, true, "a private key");
	assert_refused("/home/u/.gnupg/private-keys-v1.d", NONO_READ, false, "/home/u/.gnupg");
	assert_refused("/home/u/.config/nono", NONO_READ, false, "configuration");
	assert_refused("/home/u/.local/state/nono/x", NONO_READ, true, "state");
	assert_refused("/run/user/1000/nono", NONO_READ, false, "runtime");
	assert_refused("/run/user/1000/nono/io.nono.Manager", NONO_WRITE, true, "runtime");
	assert_refused("/home/u/.config/systemd/user", NONO_WRITE, false, "units");
	assert_refused("/sys/fs/cgroup/x", NONO_READ, false, "control groups");
	assert_refused("/etc/shadow", NONO_READ, true, "passwords");
	assert_refused("/proc/kcore", NONO_READ, true, "memory");
}

static void test_from_above(void **state)
{
	(void)state;
	assert_refused("/home/u", NONO_READ, false, "contains /home/u/");
	assert_refused("/home", NONO_WRITE, false, "contains /home/u/");
	assert_refused("/", NONO_READ, false, "contains /");
	assert_refused("/home/u/.ssh", NONO_READ, false, "contains /home/u/.ssh/id_");
	assert_refused("/run/user/1000", NONO_READ, false, "contains /run/user/1000/nono");
	assert_refused("/sys", NONO_READ, false, "/sys/fs/cgroup");
	assert_refused("/etc", NONO_READ, false, "contains /etc/");
	/* A file contains nothing; the kernel keeps kcore shut whatever is granted. */
	assert_int_equal(check("/home/u", NONO_READ, true), 0);
	assert_int_equal(check("/proc", NONO_READ, false), 0);
	assert_int_equal(check("/dev", NONO_READ_WRITE, false), 0);
}

static void test_programs(void **state)
{
	(void)state;
	assert_refused("/usr/bin", NONO_WRITE, false, "nono's own programs");
	assert_refused("/usr/bin/nono", NONO_READ_WRITE, true, "nono's own programs");
	assert_refused("/usr", NONO_READ_WRITE, false, "contains /usr/");
	assert_int_equal(check("/usr", NONO_READ, false), 0);
	assert_int_equal(check("/usr/bin", NONO_READ, false), 0);
	assert_int_equal(check("/etc/systemd", NONO_READ, false), 0);
	assert_refused("/etc/systemd/system", NONO_WRITE, false, "service units");
}

/* Only whole components count. */
static void test_neighbours(void **state)
{
	static const char *const fine[] = { "/home/u/.gnupg2", "/home/u/.config/nono2",
		"/home/u/project", "/home/u/.ssh/id_rsa.pub", "/home/u/.ssh/known_hosts",
		"/etc/shadow2", "/tmp", "/home/v", "/run/user/1000/app", "/etc/ssl" };

	(void)state;
	for (size_t i = 0; i < ELEMENTSOF(fine); i++) {
		assert_int_equal(check(fine[i], NONO_READ_WRITE, false), 0);
	}
}

static void test_canonical(void **state)
{
	char dir[] = "/tmp/test-never.XXXXXX", path[128], link[128];
	struct policy_places p = { .home = dir, .config = path, .state = dir, .data = dir };

	(void)state;
	assert_non_null(mkdtemp(dir));
	snprintf(path, sizeof(path), "%s/dotfiles", dir);
	assert_int_equal(mkdir(path, 0700), 0);
	snprintf(link, sizeof(link), "%s/.config", dir);
	assert_int_equal(symlink("dotfiles", link), 0);
	p.config = link;
	never_free(never);
	assert_int_equal(never_new(&never, &p, programs, &err), 0);
	snprintf(path, sizeof(path), "%s/dotfiles/nono", dir);
	assert_int_equal(check(path, NONO_READ, false), 0);
	assert_int_equal(never_add_canonical(never, &err), 0);
	assert_refused(path, NONO_READ, false, "configuration"); /* though it does not exist */
	snprintf(path, sizeof(path), "%s/dotfiles", dir);
	assert_refused(path, NONO_READ, false, "contains");
	unlink(link);
	rmdir(path);
	rmdir(dir);
}

static const char *fake_home;
static const char *fake_config;
static char *fake_getenv(const char *name)
{
	if (strcmp(name, "HOME") == 0) {
		return (char *)fake_home;
	}
	if (strcmp(name, "XDG_CONFIG_HOME") == 0) {
		return (char *)fake_config;
	}
	return NULL;
}

static void test_places(void **state)
{
	char dir[] = "/tmp/test-never.XXXXXX", want[64];
	struct policy_places p = { 0 };
	uid_t other = geteuid() == 0 ? 65534 : 0;

	(void)state;
	assert_non_null(mkdtemp(dir));
	snprintf(want, sizeof(want), "%s/.config", dir);
	fake_home = dir;
	fake_config = "relative";
	assert_int_equal(places_init(&p, geteuid(), fake_getenv, "/run//nono/", &err), 0);
	assert_string_equal(p.home, dir);
	assert_string_equal(p.config, want);
	assert_string_equal(p.nono, "/run/nono");
	assert_null(p.runtime);
	places_deinit(&p);

	fake_config = dir;
	assert_int_equal(places_init(&p, geteuid(), fake_getenv, NULL, &err), 0);
	assert_string_equal(p.config, dir);
	assert_null(p.nono);
	places_deinit(&p);

	/* Somebody else's HOME, as sudo -E leaves it. */
	assert_int_equal(places_init(&p, other, fake_getenv, NULL, &err), 0);
	assert_string_not_equal(p.home, dir);
	assert_int_equal(strncmp(p.config, p.home, strlen(p.home)), 0);
	places_deinit(&p);
	rmdir(dir);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_named_and_inside, setup, teardown),
		cmocka_unit_test_setup_teardown(test_from_above, setup, teardown),
		cmocka_unit_test_setup_teardown(test_programs, setup, teardown),
		cmocka_unit_test_setup_teardown(test_neighbours, setup, teardown),
		cmocka_unit_test_setup_teardown(test_canonical, setup, teardown),
		cmocka_unit_test(test_places),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
