/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What no grant reaches unless the user lifts it: the deny rules in force for one session.
 *
 * Lifting a path lifts the rules at it and below it, and for what is at or below it also the rules
 * above: with ~/.ssh denied and ~/.ssh/config lifted, ~/.ssh/config can be granted and ~/.ssh
 * cannot. A locked rule is lifted by nothing.
 */
#pragma once
#include <stdbool.h>
#include <stddef.h>

#include "libcore/base/strlist.h"
#include "nono.h"

struct deny_rule {
	char *path;        /* absolute and clean */
	char *source;      /* "group deny_credentials", "profile NAME" */
	char *description; /* the group's, for people; may be NULL */
	bool locked;       /* by an administrator: cannot be lifted */
};

struct deny_list {
	struct deny_rule *rules;
	size_t n;
	struct strlist bypass; /* lifted: rules at or below, and grants at or below */
};

enum deny_verdict {
	DENY_NONE,
	DENY_COVERS,   /* path is a denied path or inside one */
	DENY_CONTAINS, /* a denied path is strictly inside path (a directory) */
};

/* Adds a rule; the strings are copied, description may be NULL. 0 or -ENOMEM. */
int deny_add(struct deny_list *list, const char *path, const char *source, const char *description,
	bool locked);

/* By names only. The rule that decides: a locked one before others, then the nearest to path for
 * COVERS and the first one for CONTAINS. ret_rule may be NULL and is not set for NONE. */
enum deny_verdict deny_check(
	const struct deny_list *list, const char *path, const struct deny_rule **ret_rule);

/* Whether nothing lifts the rule as a whole. */
bool deny_is_in_force(const struct deny_list *list, const struct deny_rule *rule);

/* Adds another name of what rule (its index) denies, which somebody else has looked up. 0 or
 * -ENOMEM. */
int deny_add_alias(struct deny_list *list, size_t rule, const char *name);

/* Adds the canonical name of every rule (~/.aws may be a symlink, and so may home). What is lifted
 * under the one name is under the other. Looks into the file system: never in nonod. 0 or
 * -ENOMEM. */
int deny_add_canonical(struct deny_list *list);

void deny_deinit(struct deny_list *list);
