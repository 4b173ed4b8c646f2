/* SPDX-License-Identifier: Apache-2.0 */
/* The environment a command gets: the caller's without what would load code into it, and --env. */
#pragma once
#include <stddef.h>

#include "nono-error.h"

struct environment {
	char **vector;       /* NULL-terminated; strings are borrowed */
	char *pwd;           /* the one that is not */
	const char *dropped; /* first variable left out because the dynamic loader listens to it */
};

/* additions: NAME passes the value in from (which happens anyway), NAME=VALUE sets one. pwd, when
 * not NULL, becomes PWD. 0, or -errno with err set: a loader variable asked for by name is
 * refused. */
int environment_build(struct environment *ret, char *const *from, const char *const *additions,
	size_t n_additions, const char *pwd, struct nono_error *err);
void environment_deinit(struct environment *e);
