/* SPDX-License-Identifier: Apache-2.0 */
/* Apart from filter.c, so that a process that only installs filters needs no libseccomp. */
#include "libcore/filter.h"

#include <errno.h>
#include <linux/seccomp.h>
#include <sys/syscall.h>
#include <unistd.h>

int filter_install(const struct filter *filter, bool all_threads)
{
	struct sock_fprog program = {
		.len = (unsigned short)filter->n,
		.filter = (struct sock_filter *)filter->insns,
	};
	long r = syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER,
		all_threads ? SECCOMP_FILTER_FLAG_TSYNC : 0, &program);

	if (r < 0) {
		return -errno;
	}
	return r > 0 ? -ESRCH : 0; /* the thread that has a filter of its own */
}
