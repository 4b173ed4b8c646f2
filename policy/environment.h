/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What of an environment reaches the command. One function, called by nono-session before it starts
 * the command, by wrap, and by the client to tell what will be missing. libc and base only.
 *
 * In this order: loader variables never pass. What was kept by name passes. What makes a program
 * run somebody's code or find the user's agents (PYTHONSTARTUP, BASH_ENV, SSH_AUTH_SOCK …), and
 * nono's own NONO_*, goes. Then deny, then allow. Secrets known by name go when strip_secrets says
 * so, unless allow has exactly that name. set comes last and replaces what is there, except what
 * was kept: the user's word counts more than the profile's. Patterns are a name, or a prefix and
 * '*' at the end; a '*' elsewhere is itself.
 *
 * EDITOR, VISUAL, PAGER and the like stay: they name programs, and those run inside as well.
 */
#pragma once
#include <stdbool.h>
#include <stddef.h>

#include "libcore/base/strlist.h"

struct environment_rules {
	struct strlist allow, deny; /* patterns */
	struct strlist keep;        /* names the user asked for, with --env */
	struct strlist set;         /* "NAME=VALUE", expanded */
	bool has_allow;             /* without it everything is allowed */
	bool strip_secrets;
};

enum environment_verdict {
	ENVIRONMENT_PASSES,
	ENVIRONMENT_LOADER,   /* decides what every program loads; cannot be kept */
	ENVIRONMENT_STRIPPED, /* runs code or names an agent; --env NAME keeps it */
	ENVIRONMENT_DENIED,   /* by the profile */
	ENVIRONMENT_SECRET,   /* a secret known by name, and the profile strips them */
};

/* name may be followed by '=' and a value, as in environ. */
enum environment_verdict environment_check(const struct environment_rules *r, const char *name);
/* True for the names secrets are known to have (AWS_SECRET_ACCESS_KEY, GITHUB_TOKEN, …). */
bool environment_is_secret(const char *name);

/* The environment of the command: a NULL-terminated vector (free it) of strings of from and of
 * rules, which must live as long. What has no name or no value is left out. NULL when out of
 * memory. */
char **environment_filter(const struct environment_rules *rules, char *const *from);

void environment_rules_deinit(struct environment_rules *r);
