/* SPDX-License-Identifier: Apache-2.0 */
/* What the verbs about profiles share. */
#pragma once
#include "policy/library.h"
#include "policy/places.h"

/* What is in force for the profile ref, and that. The project's file is left out: what a profile
 * says does not depend on where one is. */
struct profile_set {
	struct policy_places places;
	struct library *library;
	char *ref; /* a name, or a file's absolute path */
};

/* ref may be NULL. 0, or -errno with err set. */
int profile_set_load(struct profile_set *ret, const char *ref, const char *const *extra,
	size_t n_extra, struct nono_error *err);
void profile_set_deinit(struct profile_set *s);

/* Where the profile name would be written by default. A new string, or NULL. */
char *profile_path(const struct policy_places *places, const char *name, const char *suffix);

/* The group with this name, or NULL with err set: the nearest name is in it. */
const struct policy_group *profile_find_group(
	const struct library *l, const char *name, struct nono_error *err);
