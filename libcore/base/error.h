/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Filling in a struct nono_error. Libraries never log: they set an error and return, the edge
 * (a method reply, the CLI) reports it once. All functions accept err == NULL. The message is
 * always one line of valid UTF-8, whatever bytes went into it.
 */
#pragma once
#include <errno.h>

#include "nono-error.h"

/* Records code, errnum and text. Returns -errnum, or -EINVAL when errnum is 0, so that it can be
 * used in a return statement. Async-signal-unsafe only in so far as vsnprintf is. */
int error_set(struct nono_error *err, enum nono_code code, int errnum, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));

/* error_set() for a failed system call: appends ": strerror". Reads errnum, not errno. */
int error_errno(struct nono_error *err, int errnum, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/* Puts "context: " in front of the message that is there. Returns what error_set() returned. */
int error_wrap(struct nono_error *err, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* error_set() for a failed allocation. Returns -ENOMEM, which compilers and analyzers see here. */
static inline int error_oom(struct nono_error *err)
{
	error_set(err, NONO_NO_MEMORY, ENOMEM, "out of memory");
	return -ENOMEM;
}
