/* SPDX-License-Identifier: Apache-2.0 */
/* Scope-bound ownership: what a function holds is released on every way out of it. */
#pragma once
#include <stdlib.h>
#include <unistd.h>

#define _cleanup_(fn) __attribute__((cleanup(fn)))

static inline void freep(void *p)
{
	free(*(void **)p);
}

static inline void closep(int *fd)
{
	if (*fd >= 0) {
		close(*fd);
	}
}

#define _cleanup_free_  _cleanup_(freep)
#define _cleanup_close_ _cleanup_(closep)

#define TAKE_PTR(p)                                                                                \
	({                                                                                         \
		__typeof__(p) *_pp = &(p);                                                         \
		__typeof__(p) _v = *_pp;                                                           \
		*_pp = NULL;                                                                       \
		_v;                                                                                \
	})

static inline int take_fd(int *fd)
{
	int v = *fd;

	*fd = -1;
	return v;
}

/* Closes *fd when open and leaves it at -1. */
static inline void close_fd(int *fd)
{
	int v = take_fd(fd);

	if (v >= 0) {
		close(v);
	}
}

#define ELEMENTSOF(a) (sizeof(a) / sizeof((a)[0]))
