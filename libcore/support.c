/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What this kernel can enforce: one row per restriction, each with its own probe. Landlock's ABI
 * number is a probe (the kernel says what it has); versions appear in texts only, so that whoever
 * misses something knows what to look for.
 */
#include "libcore/support.h"

#include <errno.h>
#include <linux/seccomp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "libcore/base/cleanup.h"
#include "libcore/base/compat.h"
#include "libcore/base/error.h"
#include "libcore/landlock.h"

static bool action_is_known(uint32_t action)
{
	return syscall(SYS_seccomp, SECCOMP_GET_ACTION_AVAIL, 0, &action) == 0;
}

/* The kernel checks the flags before it reads the (absent) filter: EFAULT means that it knows
 * them, and nothing is installed either way. */
static bool flags_are_known(unsigned long flags)
{
	return syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, flags, NULL) < 0 && errno == EFAULT;
}

static bool has_seccomp_filter(void)
{
	return action_is_known(SECCOMP_RET_ERRNO) && flags_are_known(SECCOMP_FILTER_FLAG_TSYNC);
}

static bool has_seccomp_notify(void)
{
	return action_is_known(SECCOMP_RET_USER_NOTIF) &&
	       flags_are_known(SECCOMP_FILTER_FLAG_NEW_LISTENER);
}

static bool has_wait_killable(void)
{
	return flags_are_known(
		SECCOMP_FILTER_FLAG_NEW_LISTENER | SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV);
}

static bool has_no_new_privs(void)
{
	return prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) >= 0;
}

static const struct gate_row {
	const char *name, *description;
	int abi;             /* Landlock ABI it needs, or 0: then probe decides */
	bool (*probe)(void); /* NULL with an ABI */
	const char *reason;  /* when it is not active */
} rows[] = {
	{ "landlock", "Files and directories that were not granted cannot be opened or changed", 1,
		NULL, "needs Landlock (Linux 5.13), built in and enabled at boot" },
	{ "landlock-refer",
		"Files move between directories only where both are granted for writing", 2, NULL,
		"needs Landlock ABI 2 (Linux 5.19); until then every such move is refused" },
	{ "landlock-truncate", "Files that were not granted for writing cannot be truncated", 3,
		NULL,
		"needs Landlock ABI 3 (Linux 6.2); until then seccomp denies truncate() by path "
		"instead" },
	{ "landlock-tcp", "TCP ports that were not granted cannot be connected to or bound", 4,
		NULL,
		"needs Landlock ABI 4 (Linux 6.7); until then ports need a supervisor, and a "
		"blocked network is blocked by seccomp" },
	{ "landlock-ioctl-dev", "Devices that were not granted take no ioctl", 5, NULL,
		"needs Landlock ABI 5 (Linux 6.10)" },
	{ "landlock-scope-abstract",
		"Abstract unix sockets of other processes cannot be connected to", 6, NULL,
		"needs Landlock ABI 6 (Linux 6.12)" },
	{ "landlock-scope-signal", "Processes outside the sandbox cannot be signalled", 6, NULL,
		"needs Landlock ABI 6 (Linux 6.12)" },
	{ "landlock-tsync", "A program with several threads can restrict itself", 8, NULL,
		"needs Landlock ABI 8 (Linux 7.0); until then nono_apply() works in programs with "
		"one thread" },
	{ "landlock-resolve-unix",
		"Unix sockets that were not granted cannot be connected to, without a supervisor",
		9, NULL,
		"needs Landlock ABI 9 (Linux 7.1); until then a supervisor mediates, or no unix "
		"socket is allowed" },
	{ "landlock-udp", "UDP ports that were not granted cannot be used", 10, NULL,
		"needs Landlock ABI 10 (Linux 7.2); until then a restricted network has no UDP" },
	{ "seccomp-filter", "System calls that would lead around the sandbox are refused", 0,
		has_seccomp_filter,
		"needs CONFIG_SECCOMP_FILTER, and a surrounding sandbox that "
		"allows seccomp()" },
	{ "seccomp-notify", "A supervisor can decide on single system calls", 0, has_seccomp_notify,
		"needs seccomp user notification (Linux 5.0)" },
	{ "seccomp-wait-killable", "A call that waits for a decision is not lost to a signal", 0,
		has_wait_killable,
		"needs SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV (Linux 5.19); "
		"until then interrupted calls are asked about again" },
	{ "no-new-privs", "Set-user-id programs and file capabilities give no privileges", 0,
		has_no_new_privs, "needs PR_SET_NO_NEW_PRIVS (Linux 3.5)" },
};

struct support {
	struct nono_support_info info;
	struct nono_gate gates[ELEMENTSOF(rows)];
	char details[200];
};

int nono_is_supported(void)
{
	return landlock_abi(NULL) >= 1 && has_seccomp_filter() && has_no_new_privs();
}

static void describe(struct support *s, int abi, int errnum)
{
	const char *why = "the kernel refuses it";

	if (abi >= 1) {
		snprintf(s->details, sizeof(s->details), "Landlock ABI v%d available%s", abi,
			s->info.supported ? "" : ", but seccomp filters are not");
		return;
	}
	if (errnum == ENOSYS) {
		why = "kernel too old, or built without it";
	} else if (errnum == EOPNOTSUPP) {
		why = "disabled at boot: add landlock to the lsm= kernel parameter";
	}
	snprintf(s->details, sizeof(s->details), "Landlock not available (%s)", why);
}

int nono_support_info(struct nono_support_info **ret, struct nono_error *err)
{
	struct support *s;
	int abi, errnum = 0;

	if (!ret) {
		return error_set(err, NONO_INVALID, EINVAL, "nowhere to put the result");
	}
	s = calloc(1, sizeof(*s));
	if (!s) {
		return error_oom(err);
	}
	abi = landlock_abi(&errnum);
	for (size_t i = 0; i < ELEMENTSOF(rows); i++) {
		const struct gate_row *row = &rows[i];
		bool active = row->probe ? row->probe() : abi >= row->abi;
		s->gates[i] = (struct nono_gate){ .name = row->name,
			.description = row->description,
			.active = active,
			.reason = active ? NULL : row->reason };
	}
	s->info = (struct nono_support_info){ .platform = "linux",
		.supported = nono_is_supported(),
		.details = s->details,
		.landlock_abi = abi,
		.n_gates = ELEMENTSOF(rows),
		.gates = s->gates };
	describe(s, abi, errnum);
	*ret = &s->info;
	return 0;
}

void nono_support_info_free(struct nono_support_info *info)
{
	free(info); /* the first member of struct support */
}

static int missing(struct nono_error *err, int abi, const char *what, int needs, const char *kernel)
{
	if (abi >= needs) {
		return 0;
	}
	return error_set(err, NONO_UNSUPPORTED, EOPNOTSUPP,
		"%s needs Landlock ABI %d (Linux %s); this kernel has %d", what, needs, kernel,
		abi);
}

static int needs_supervisor(struct nono_error *err, const char *what)
{
	return error_set(err, NONO_UNSUPPORTED, EOPNOTSUPP,
		"%s cannot be enforced without a supervisor", what);
}

static int check_unix(const struct nono_caps *caps, int abi, struct nono_error *err)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < caps->n_unix_sockets; i++) {
		const struct nono_unix_grant *g = &caps->unix_sockets[i];
		if (g->scope == NONO_UNIX_DIR_CHILDREN) {
			return needs_supervisor(
				err, "a grant of the unix sockets directly in a directory");
		}
		r = missing(err, abi, "a unix socket grant without a supervisor", 9, "7.1");
		if (r == 0 && g->mode == NONO_UNIX_CONNECT_BIND &&
			!nono_caps_path_covered_with_access(caps, g->resolved, NONO_WRITE)) {
			return error_set(err, NONO_UNSUPPORTED, EOPNOTSUPP,
				"binding %s without a supervisor needs write access to its "
				"directory",
				g->resolved);
		}
	}
	return r;
}

int caps_check_support(const struct nono_caps *caps, int abi, struct nono_error *err)
{
	int r = missing(err, abi, "every sandbox", 1, "5.13");

	if (r == 0 && caps->localhost.n > 0) {
		r = needs_supervisor(err, "a port on localhost only");
	}
	if (r == 0 && (caps->connect.n > 0 || caps->bind.n > 0)) {
		r = missing(err, abi, "a grant of single TCP ports", 4, "6.7");
	}
	if (r == 0 && caps->signal_mode == NONO_SIGNAL_SAME_SANDBOX) {
		r = missing(err, abi, "signal mode allow_same_sandbox", 6, "6.12");
	}
	if (r == 0) {
		r = check_unix(caps, abi, err);
	}
	if (r == 0 && caps->limits[NONO_LIMIT_TASKS] != 0 && getuid() == 0) {
		return error_set(err, NONO_UNSUPPORTED, EOPNOTSUPP,
			"the limit on tasks: the kernel exempts root from it");
	}
	return r;
}
