/* SPDX-License-Identifier: Apache-2.0 */
/* What every session gets so that ordinary programs start: reading the system, not the user. */
#pragma once
#include <stddef.h>

#include "nono.h"

struct builtin_grant {
	const char *path; /* absolute, or below HOME when it starts with "~/" */
	enum nono_access access;
	const char *reason;
};

/* Each may be missing and may be a file or a directory. */
extern const struct builtin_grant builtin_grants[];
extern const size_t builtin_grants_n;
