/* SPDX-License-Identifier: Apache-2.0 */
/* Apart from filter.c, so that a process that only installs filters needs no libseccomp. */
#include "libcore/filter.h"

#include <errno.h>
#include <linux/seccomp.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "libcore/base/compat.h"

static int install(const struct filter *filter, unsigned long flags)
{
	struct sock_fprog program = {
		.len = (unsigned short)filter->n,
		.filter = (struct sock_filter *)filter->insns,
	};
	long r = syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, flags, &program);

	return r < 0 ? -errno : (int)r;
}

int filter_install(const struct filter *filter, bool all_threads)
{
	int r = install(filter, all_threads ? SECCOMP_FILTER_FLAG_TSYNC : 0);

	return r > 0 ? -ESRCH : r; /* the thread that has a filter of its own */
}

int filter_install_listener(const struct filter *filter)
{
	int r = install(
		filter, SECCOMP_FILTER_FLAG_NEW_LISTENER | SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV);

	return r == -EINVAL ? install(filter, SECCOMP_FILTER_FLAG_NEW_LISTENER) : r;
}
