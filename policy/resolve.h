/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From what was asked for to what a session gets: the one place that decides, for `run`, `wrap`,
 * `--dry-run` and every later question. Names only; nothing here touches the file system.
 */
#pragma once
#include <stdbool.h>
#include <stddef.h>

#include "nono.h"
#include "policy/never.h"
#include "policy/places.h"

struct policy_grant {
	const char *path; /* absolute and clean */
	enum nono_access access;
	bool is_file;
};

struct policy_request {
	const struct policy_grant *grants;
	size_t n_grants;
	const char *cwd;     /* absolute and clean, NULL when not known */
	bool allow_cwd;      /* grants cwd for reading and writing */
	bool without_system; /* leaves out what every session gets, but for the files below home */
	enum nono_network_mode network;
};

/* The whole set: what the user asked for (NONO_SOURCE_USER), then what every session gets
 * (NONO_SOURCE_SYSTEM). Paths are not looked up. Fails with err and *ret_hint set (a static
 * string, or NULL): -EINVAL for a malformed request, -EPERM for what policy refuses, -ENOMEM. */
int policy_resolve(struct nono_caps **ret, const struct policy_request *request,
	const struct never *never, const struct policy_places *places, const char **ret_hint,
	struct nono_error *err);

/* The second decision: asked was opened and turned out to be canonical. 0, or -EPERM with err and
 * *ret_hint set. */
int policy_decide_canonical(const struct never *never, const char *asked, const char *canonical,
	enum nono_access access, bool is_file, const char **ret_hint, struct nono_error *err);
