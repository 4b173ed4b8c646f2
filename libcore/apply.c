/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <linux/capability.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "libcore/base/cleanup.h"
#include "libcore/base/error.h"
#include "libcore/confine.h"
#include "libcore/landlock.h"
#include "nono.h"

/* Threads of this process: /proc counts one link for each. 0 when it cannot be told. */
static unsigned long count_threads(void)
{
	struct stat st;

	if (stat("/proc/self/task", &st) < 0 || st.st_nlink < 3) {
		return 0;
	}
	return (unsigned long)st.st_nlink - 2;
}

static bool has_capabilities(void)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct sets[_LINUX_CAPABILITY_U32S_3];

	if (syscall(SYS_capget, &header, sets) < 0) {
		return true;
	}
	return sets[0].permitted || sets[1].permitted;
}

/* Decides before anything is changed whether all threads can be restricted. */
static int check_threads(int abi, bool *ret_all_threads, struct nono_error *err)
{
	unsigned long n = count_threads();

	if (n == 1) {
		*ret_all_threads = false;
		return 0;
	}
	if (n == 0 && abi < 8) {
		return error_set(err, NONO_UNSUPPORTED, EOPNOTSUPP,
			"cannot tell whether the program has threads: /proc is not there");
	}
	if (abi < 8) {
		return error_set(err, NONO_UNSUPPORTED, EOPNOTSUPP,
			"the program has %lu threads, and restricting all of them needs Landlock "
			"ABI 8 (Linux 7.0); this kernel has %d",
			n, abi);
	}
	if (has_capabilities()) {
		return error_set(err, NONO_UNSUPPORTED, EOPNOTSUPP,
			"the program has threads and privileges, which no thread can give up for "
			"another: restrict it before it starts threads");
	}
	*ret_all_threads = true;
	return 0;
}

int nono_apply(const struct nono_caps *caps, struct nono_error *err)
{
	_cleanup_(confinement_deinit) struct confinement c = { .ruleset_fd = -1 };
	int abi = landlock_abi(NULL);
	const char *what = NULL;
	bool all_threads = false;
	int r;

	if (!caps) {
		return error_set(err, NONO_INVALID, EINVAL, "no capability set");
	}
	r = confinement_build(&c, caps, abi, err);
	if (r == 0) {
		r = check_threads(abi, &all_threads, err);
	}
	if (r < 0) {
		return r;
	}
	r = confinement_enter(&c, all_threads, &what);
	if (r < 0) {
		error_errno(err, -r, "cannot %s", what);
		return error_wrap(err, "the process may be restricted in part");
	}
	return 0;
}
