/* SPDX-License-Identifier: Apache-2.0 */
/* Apart from the others because the kernel's header and libc's do not go together. */
#include "daemon/session/birth.h"

#include <linux/fcntl.h>
#include <linux/stat.h>
#include <stdint.h>
#include <sys/syscall.h>
#include <unistd.h>

#define TICK_MSEC 20

bool born_after(int fd, const struct timespec *moment)
{
	struct statx x;
	int64_t later;

	if (syscall(SYS_statx, fd, "", AT_EMPTY_PATH, STATX_BTIME, &x) < 0 ||
		!(x.stx_mask & STATX_BTIME)) {
		return true;
	}
	later = (x.stx_btime.tv_sec - moment->tv_sec) * 1000 +
		((int64_t)x.stx_btime.tv_nsec - moment->tv_nsec) / 1000000;
	return later >= -TICK_MSEC;
}
