/* SPDX-License-Identifier: Apache-2.0 */
/* When a file was made: something nobody can change. */
#pragma once
#include <stdbool.h>
#include <time.h>

/* Whether what is behind fd was made after that moment (CLOCK_REALTIME), give or take what the
 * clock of a file system is behind. Where a file system does not tell, everything was. */
bool born_after(int fd, const struct timespec *moment);
