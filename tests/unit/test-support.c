/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/scratch.h"

#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "libcore/base/compat.h"
#include "libcore/landlock.h"
#include "libcore/support.h"

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

static const struct nono_gate *gate(const struct nono_support_info *info, const char *name)
{
	for (size_t i = 0; i < info->n_gates; i++) {
		if (strcmp(info->gates[i].name, name) == 0) {
			return &info->gates[i];
		}
	}
	fail_msg("no gate %s", name);
	return NULL;
}

static void test_gates_are_complete(void **state)
{
	struct nono_support_info *info;

	(void)state;
	assert_int_equal(nono_support_info(&info, &err), 0);
	assert_string_equal(info->platform, "linux");
	assert_true(info->n_gates >= 14);
	for (size_t i = 0; i < info->n_gates; i++) {
		const struct nono_gate *g = &info->gates[i];
		assert_true(g->name[0] != '\0' && g->description[0] != '\0');
		assert_true((g->reason == NULL) == (g->active != 0));
		assert_ptr_equal(gate(info, g->name), g); /* no name twice */
	}
	assert_int_equal(nono_support_info(NULL, &err), -EINVAL);
	nono_support_info_free(info);
	nono_support_info_free(NULL);
}

/* Landlock's gates say what the kernel's own number says. */
static void test_landlock_gates(void **state)
{
	static const struct {
		const char *name;
		int abi;
	} want[] = { { "landlock", 1 }, { "landlock-refer", 2 }, { "landlock-truncate", 3 },
		{ "landlock-tcp", 4 }, { "landlock-ioctl-dev", 5 },
		{ "landlock-scope-abstract", 6 }, { "landlock-scope-signal", 6 },
		{ "landlock-tsync", 8 }, { "landlock-resolve-unix", 9 }, { "landlock-udp", 10 } };
	long abi = syscall(SYS_landlock_create_ruleset, NULL, 0, 1U);
	struct nono_support_info *info;
	char details[64];

	(void)state;
	abi = abi < 0 ? 0 : abi;
	assert_int_equal(nono_support_info(&info, &err), 0);
	for (size_t i = 0; i < sizeof(want) / sizeof(want[0]); i++) {
		assert_int_equal(gate(info, want[i].name)->active, abi >= want[i].abi);
	}
	assert_int_equal(info->landlock_abi, abi > LANDLOCK_ABI_NEWEST ? LANDLOCK_ABI_NEWEST : abi);
	assert_int_equal(info->supported, nono_is_supported());
	if (abi > 0) {
		snprintf(
			details, sizeof(details), "Landlock ABI v%d available", info->landlock_abi);
		assert_memory_equal(info->details, details, strlen(details));
	} else {
		assert_false(info->supported);
		assert_memory_equal(info->details, "Landlock not available", 22);
	}
	nono_support_info_free(info);
}

/* Installs a filter that allows everything, in a child. */
static bool can_install(unsigned long flags)
{
	pid_t pid = fork();
	int status;

	if (pid == 0) {
		struct sock_filter allow = BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
		struct sock_fprog prog = { .len = 1, .filter = &allow };
		prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
		_exit(syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, flags, &prog) < 0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

/* The probes install nothing; what they say must be what installing does. */
static void test_seccomp_gates(void **state)
{
	struct nono_support_info *info;

	(void)state;
	assert_int_equal(nono_support_info(&info, &err), 0);
	assert_int_equal(
		gate(info, "seccomp-filter")->active, can_install(SECCOMP_FILTER_FLAG_TSYNC));
	assert_int_equal(gate(info, "seccomp-notify")->active,
		can_install(SECCOMP_FILTER_FLAG_NEW_LISTENER));
	assert_int_equal(gate(info, "seccomp-wait-killable")->active,
		can_install(
			SECCOMP_FILTER_FLAG_NEW_LISTENER | SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV));
	assert_true(gate(info, "no-new-privs")->active);
	nono_support_info_free(info);
}

/* caps is enforceable from ABI first on (0: never), and the refusal below it says words. */
static void assert_from(int first, const char *words)
{
	for (int abi = 1; abi <= LANDLOCK_ABI_NEWEST; abi++) {
		int r;
		memset(&err, 0, sizeof(err));
		r = caps_check_support(caps, abi, &err);
		if (first != 0 && abi >= first) {
			assert_int_equal(r, 0);
			continue;
		}
		assert_int_equal(r, -EOPNOTSUPP);
		assert_int_equal(err.code, NONO_UNSUPPORTED);
		assert_non_null(strstr(err.message, words));
	}
}

static void test_plain_set_needs_landlock(void **state)
{
	(void)state;
	assert_int_equal(nono_caps_allow_path(caps, scratch_root, NONO_READ_WRITE, &err), 0);
	assert_int_equal(nono_caps_block_network(caps, &err), 0);
	assert_int_equal(nono_caps_set_limit(caps, NONO_LIMIT_MEMORY, 1 << 30, &err), 0);
	assert_from(1, "");
	assert_int_equal(caps_check_support(caps, 0, &err), -EOPNOTSUPP);
	assert_non_null(strstr(err.message, "Landlock ABI 1 (Linux 5.13)"));
}

static void test_ports(void **state)
{
	(void)state;
	assert_int_equal(nono_caps_allow_tcp_bind(caps, 80, &err), 0);
	assert_from(4, "TCP ports needs Landlock ABI 4 (Linux 6.7)");
	assert_int_equal(nono_caps_allow_localhost_port(caps, 80, &err), 0);
	assert_from(0, "localhost");
}

static void test_signal_mode(void **state)
{
	(void)state;
	assert_int_equal(nono_caps_set_signal_mode(caps, NONO_SIGNAL_SAME_SANDBOX, &err), 0);
	assert_from(6, "allow_same_sandbox needs Landlock ABI 6 (Linux 6.12)");
}

static void test_unix_sockets(void **state)
{
	(void)state;
	scratch_dir("d");
	assert_int_equal(nono_caps_allow_unix_socket(caps, scratch_path("d"), NONO_UNIX_DIR_SUBTREE,
				 NONO_UNIX_CONNECT, &err),
		0);
	assert_from(9, "unix socket");
	assert_int_equal(nono_caps_allow_unix_socket(caps, scratch_path("d/s"), NONO_UNIX_FILE,
				 NONO_UNIX_CONNECT_BIND, &err),
		0);
	assert_from(0, "");
	assert_int_equal(caps_check_support(caps, 9, &err), -EOPNOTSUPP);
	assert_non_null(strstr(err.message, "write access to its directory"));
	assert_int_equal(nono_caps_allow_path(caps, scratch_path("d"), NONO_WRITE, &err), 0);
	assert_from(9, "unix socket");
	assert_int_equal(nono_caps_allow_unix_socket(caps, scratch_path("d"),
				 NONO_UNIX_DIR_CHILDREN, NONO_UNIX_CONNECT, &err),
		0);
	assert_from(0, "");
}

static void test_tasks(void **state)
{
	(void)state;
	assert_int_equal(nono_caps_set_limit(caps, NONO_LIMIT_TASKS, 100, &err), 0);
	assert_from(getuid() == 0 ? 0 : 1, "root");
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_gates_are_complete),
		cmocka_unit_test(test_landlock_gates),
		cmocka_unit_test(test_seccomp_gates),
		TEST(test_plain_set_needs_landlock),
		TEST(test_ports),
		TEST(test_signal_mode),
		TEST(test_unix_sockets),
		TEST(test_tasks),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
