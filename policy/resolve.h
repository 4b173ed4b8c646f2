/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From what was asked for to what a session gets: the one place that decides, for `run`, `wrap`,
 * `why`, `--dry-run` and `profile`. Names only; nothing here touches the file system.
 *
 * groups → profile with its bases → project → flags; then never > deny > grants. Every part of the
 * result remembers who is the reason for it.
 */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "libcore/base/path.h"
#include "nono.h"
#include "policy/deny.h"
#include "policy/environment.h"
#include "policy/library.h"
#include "policy/never.h"
#include "policy/places.h"

struct policy_grant {
	const char *path; /* absolute and clean */
	enum nono_access access;
	bool is_file;
};

enum policy_network { NETWORK_AS_PROFILE, NETWORK_OPEN, NETWORK_BLOCKED };

struct policy_ports {
	const uint16_t *items;
	size_t n;
};

struct policy_names {
	const char *const *items;
	size_t n;
};

/* Everything flags can say. Empty is `nono run -- COMMAND`. */
struct policy_request {
	const char *profile; /* a reference the library knows; NULL for `default` */
	struct policy_names extends;
	const struct policy_grant *grants;
	size_t n_grants;
	struct policy_names bypass; /* absolute, clean paths */
	struct policy_names allow_commands, block_commands;
	struct policy_names keep_variables;
	struct policy_names allow_domains, credentials;
	const char *network_profile;
	struct policy_ports connect, listen, localhost;
	enum policy_network network;
	const char *cwd;     /* absolute and clean, NULL when not known */
	bool allow_cwd;      /* grants cwd, as the profile's workdir.access says */
	const char *command; /* argv[0], for blocked commands; NULL for none */
	const char *tmpdir;  /* what $TMPDIR in policies means; NULL for /tmp */
	bool supervised;     /* nono-session answers what Landlock cannot decide */
};

enum policy_mode {
	POLICY_START, /* what cannot be enforced is refused, and so is a blocked command */
	POLICY_PLAN,  /* needs is set instead */
	POLICY_ASK, /* the same; and a grant that is refused is left out, with a line in refusals */
};

/* What is asked for and this version cannot enforce: such a session is refused, but for the last.
 */
enum policy_need {
	NEED_PROXY = 1 << 0,      /* hosts, network profiles, credentials */
	NEED_SUPERVISED = 1 << 1, /* capability elevation */
	NEED_KEYRING = 1 << 2,
	NEED_UNIX_SOCKETS = 1 << 3,
	NEED_LOCALHOST_PORTS = 1 << 4, /* unless supervised */
	/* A deny inside a granted tree: a supervisor keeps it closed. Then it is set, but no
	 * reason to refuse. */
	NEED_TRAPPED_OPENS = 1 << 5,
};

struct policy_result {
	char *profile; /* its name; "default" for none */
	/* The grants of the user, then of the profile, then of groups: sources user, profile and
	 * group. What is not the user's may be missing, and without is_file be of either kind.
	 * What is blocked is in the order of command_sources. */
	struct nono_caps *caps;
	struct strlist command_sources; /* "group NAME", "profile NAME", "--block-command" */
	struct strlist locked_commands; /* of them, what an administrator blocks for good */
	struct deny_list deny;
	struct environment_rules environment;
	bool proxied;                      /* the network is hosts, and nothing else */
	struct strlist hosts, credentials; /* for the proxy */
	struct strlist warnings;           /* one line each */
	struct strlist refusals;           /* POLICY_ASK: grants that are not in caps */
	enum nono_access workdir;          /* what the profile wants for cwd; 0 for nothing */
	bool workdir_granted;              /* cwd is covered that far */
	bool capability_elevation, interactive;
	bool standard_base;          /* contains all that an empty request gets from groups */
	unsigned needs;              /* enum policy_need */
	struct strlist need_reasons; /* one line for each bit of needs, with the way out */
	struct strlist
		closed_reasons; /* of NEED_TRAPPED_OPENS: what stays closed, and inside what */
};

/* The whole decision. 0; or -errno with err and *ret_hint (static, or NULL) set: -EINVAL malformed
 * or contradictory, -EPERM refused by policy, -ENOENT an unknown profile or group (with ret_missing
 * as in library_compose()), -ELOOP, -E2BIG, -ENOMEM. */
int policy_resolve(struct policy_result *ret, const struct policy_request *request,
	const struct library *library, const struct never *never,
	const struct policy_places *places, enum policy_mode mode, struct strlist *ret_missing,
	const char **ret_hint, struct nono_error *err);
void policy_result_deinit(struct policy_result *r);

/* True for a directory below home that a profile grants for writing: it is made when it is missing,
 * or an agent could not keep its state on the day it is installed. Not those of groups, which name
 * every cache that might be there. */
static inline bool policy_grant_is_made(const struct nono_fs_grant *g, const char *home)
{
	return g->source == NONO_SOURCE_PROFILE && !g->is_file && (g->access & NONO_WRITE) &&
	       path_is_below(g->resolved, home);
}
/* Adds g to another set without looking it up. 0 or -ENOMEM. */
int policy_keep_grant(struct nono_caps *caps, const struct nono_fs_grant *g);

/* The second decision: asked was opened and turned out to be canonical. 0, or -EPERM with err and
 * *ret_hint set. deny may be NULL. */
int policy_decide_canonical(const struct never *never, const struct deny_list *deny,
	const char *asked, const char *canonical, enum nono_access access, bool is_file,
	const char **ret_hint, struct nono_error *err);
