/* SPDX-License-Identifier: Apache-2.0 */
/* Time for deadlines and waiting: it never jumps and stands still while the machine sleeps. One
 * system call without state, so fit for a signal handler and between clone and exec. */
#pragma once
#include <stdint.h>
#include <time.h>

static inline uint64_t clock_usec(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000 + (uint64_t)t.tv_nsec / 1000;
}

/* Signed, because what is left until a deadline may be negative. */
static inline int64_t clock_msec(void)
{
	return (int64_t)(clock_usec() / 1000);
}
