/* SPDX-License-Identifier: Apache-2.0 */
/* The inside of a library, for library.c and library-compose.c only. */
#pragma once
#include "policy/library.h"

struct library_profile {
	struct profile *profile;
	enum policy_origin origin;
};

/* What somebody looked for and did not find. */
struct library_absent {
	char *name, *from_file;
};

struct library_project {
	struct profile *profile;
	bool trusted;
};

struct library {
	const struct library *base; /* NULL in one that owns the built-in documents */
	struct policy_groups groups;
	struct network_policy network;
	struct library_profile *profiles; /* in order of addition */
	size_t n_profiles;
	struct library_absent *absent;
	size_t n_absent;
	struct library_project *projects; /* nearest first */
	size_t n_projects;
	struct strlist warnings;
};

/* library_profile() that also tells where it was found. NULL when there is none. */
const struct library_profile *library_look_up(
	const struct library *l, const char *name, const char *from_file);
/* Whether the document file is one of the user's. */
bool library_is_users(const struct library *l, const char *file);
/* Whether the user's files have been searched for this reference. */
bool library_was_searched(const struct library *l, const char *name, const char *from_file);

/* What `default` is where the user has no word in it. 0 or -errno with err set. */
int library_compose_standard(struct profile **ret, const struct library *l, struct nono_error *err);
/* The project's document with all it extends over the profile below. As library_compose(). */
int library_compose_project(struct profile **ret, const struct library *l,
	const struct profile *project, const struct profile *below, struct strlist *ret_missing,
	struct nono_error *err);
