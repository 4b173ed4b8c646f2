/* SPDX-License-Identifier: Apache-2.0 */
/* One decision while it is made, for resolve*.c and project.c only. */
#pragma once
#include "libcore/caps.h"
#include "policy/resolve.h"
#include "policy/variables.h"

struct resolution {
	const struct policy_request *request;
	const struct library *library;
	const struct never *never;
	const struct policy_places *places;
	enum policy_mode mode;
	struct policy_variables variables;
	struct profile *profile;            /* with its bases and the project's document */
	const struct policy_group **groups; /* in force, each once */
	size_t n_groups;
	struct policy_result result;
	struct strlist *missing; /* may be NULL */
	const char **ret_hint;
	struct nono_error *err;
};

/* Expands a path that from (may be NULL) says. 0, 1 when nono's own policy has it and it means
 * nothing here, or -errno with err set. */
int resolution_path(struct resolution *s, char **ret, const char *text, const char *from);

/* Adds a deny rule. 0 or -errno with err set. */
int resolution_deny(struct resolution *s, const char *path, const char *source,
	const char *description, bool locked);

/* Notes what cannot be enforced yet: the first reason of a kind. 0 or -ENOMEM. */
int resolution_need(struct resolution *s, enum policy_need need, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/* The project's document (not NULL) merged into s->profile: all of it when it is trusted, else only
 * what takes something away, with a warning that names the rest. */
int resolution_add_project(struct resolution *s, const struct profile *project, bool trusted);

/* Which groups are in force, and whether they are those an empty request has. */
int resolution_select_groups(struct resolution *s);
/* The deny rules and blocked commands of the groups in force. */
int resolution_deny_groups(struct resolution *s);
/* Their grants, but what a deny rule covers. */
int resolution_grant_groups(struct resolution *s);

/* Checks a grant by never and deny rules and adds it to the set. */
int resolution_grant(struct resolution *s, const struct policy_grant *g, enum nono_source source,
	const char *source_name, const char *from);

/* Everything but paths, in the order of the functions. */
int resolution_commands(struct resolution *s);
int resolution_environment(struct resolution *s);
int resolution_network(struct resolution *s);
int resolution_settings(struct resolution *s);
