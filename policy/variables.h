/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Names that policies use for places that differ between users: "~", "$NAME" and "${NAME}".
 *
 *	HOME WORKDIR TMPDIR UID XDG_CONFIG_HOME XDG_STATE_HOME XDG_CACHE_HOME XDG_DATA_HOME
 *	XDG_RUNTIME_DIR NONO_CONFIG
 *
 * A name goes as far as letters, digits and '_' do: $HOMEX is not $HOME and an X. "$$" is one '$'.
 * The environment is not consulted: what a name means was decided before (places.h), and an
 * unknown name is an error. No file system.
 */
#pragma once
#include "nono-error.h"
#include "policy/places.h"

struct policy_variables {
	const struct policy_places *places;
	const char *workdir; /* NULL when not known */
	const char *tmpdir;  /* NULL for /tmp */
	unsigned uid;
};

#define VARIABLE_UNSET 1

/* text with everything replaced, in a new string. 0; VARIABLE_UNSET with err set when a known name
 * has no value here; -EINVAL (NONO_INVALID), -E2BIG beyond 64 KiB, -ENOMEM. */
int variables_expand(char **ret, const char *text, const struct policy_variables *variables,
	struct nono_error *err);

/* The same for a path, which comes out absolute, clean and shorter than PATH_MAX: what is relative
 * is below the working directory, ".." is resolved by name. */
int variables_path(char **ret, const char *text, const struct policy_variables *variables,
	struct nono_error *err);
