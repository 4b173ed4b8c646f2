/* SPDX-License-Identifier: Apache-2.0 */
/* What a command is executed with: names to try and environment, made before anything is forked. */
#pragma once
#include <stdbool.h>

#include "nono-error.h"

#define COMMAND_DEFAULT_PATH "/usr/local/bin:/usr/bin:/bin"

/* NULL-terminated vector of strings; each one and the vector are the caller's. */
void command_strv_free(char **strv);
static inline void command_strv_freep(char ***strv)
{
	command_strv_free(*strv);
}

/* env, then what of inherited (may be NULL) env does not name; without what the dynamic loader
 * listens to, which in env is an error: NONO_REFUSED. NONO_INVALID for a string that is not
 * NAME=value. env may be NULL. */
int command_environment(
	const char *const *env, const char *const *inherited, char ***ret, struct nono_error *err);

/* The names exec is to be tried with: name itself when it has a slash, else name in each directory
 * of PATH of envp (an empty one is the working directory), or of COMMAND_DEFAULT_PATH. */
int command_candidates(const char *name, char *const *envp, char ***ret, struct nono_error *err);
