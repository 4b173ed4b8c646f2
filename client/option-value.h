/* SPDX-License-Identifier: Apache-2.0 */
/* One option with its value, wherever that was said, put where it belongs in struct arguments. */
#pragma once
#include "client/options.h"

/* label is how the user said it ("--port", "NONO_PROFILE") and starts every message. value is ""
 * for an option without one. 0, or -errno with err set. */
int option_apply(struct arguments *a, enum option option, const char *label, const char *value,
	struct nono_error *err);

/* True when value is one of choices, "a|b|c" with or without brackets around. */
bool choice_has(const char *choices, const char *value);

/* The items of a comma list, each a string of its own that a owns. 0, or -errno with err set: an
 * item is empty. */
int commas_split(struct arguments *a, const char *label, const char *value, struct words *into,
	struct nono_error *err);

/* Remembers that the user wrote old. 0 or -ENOMEM. */
int deprecation_add(struct arguments *a, const char *old, const char *now, bool is_option);

/* Defaults for what the command line leaves open. 0, or -errno with err set. */
int options_from_env(struct arguments *a, char *const *env, struct nono_error *err);
