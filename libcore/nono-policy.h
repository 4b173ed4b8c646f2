/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Policy for programs that embed libnono: named groups of paths, what they deny, and which hosts
 * and secrets a network profile means. The rules of nono.h for return values, threads and strings
 * hold here as well.
 *
 *	struct nono_policy *policy;
 *	struct nono_policy_resolved *resolved;
 *	const char *const names[] = { "system_read_linux_core", "python_runtime" };
 *
 *	nono_policy_load_embedded(&policy, &err);
 *	nono_policy_resolve_groups(policy, names, 2, caps, &resolved, &err);
 *	nono_policy_check_deny(resolved, caps, &err);
 *
 * A policy is read-only once it is loaded, and may be used by many threads. It contains names; what
 * they mean is looked up when groups are resolved: "~" and $HOME are the user's home, $TMPDIR,
 * $XDG_* and $WORKDIR what the environment and the working directory say. HOME and XDG_* are
 * believed only where the directory is the user's own; else the account's is meant.
 *
 * Nothing here is enforced by itself. A set that contains a denied path would open it: ask
 * nono_policy_check_deny() before nono_apply().
 */
#ifndef NONO_POLICY_H
#define NONO_POLICY_H

#include "nono-caps.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Groups, and optionally network documents. Opaque. */
struct nono_policy;

/* Parses a policy document (nono-policy(5)): n bytes of strict JSON. NONO_INVALID names the line,
 * column and nearest known key; NONO_LIMIT beyond 1 MiB. Free with nono_policy_free() (accepts
 * NULL). */
NONO_PUBLIC int nono_policy_load(
	const char *json, size_t n, struct nono_policy **ret, struct nono_error *err);
/* The policy and the network policy that nono itself uses. */
NONO_PUBLIC int nono_policy_load_embedded(struct nono_policy **ret, struct nono_error *err);
/* Adds a network document to a policy. Names that are there already are NONO_INVALID. The one
 * function that changes a policy. */
NONO_PUBLIC int nono_policy_add_network(
	struct nono_policy *policy, const char *json, size_t n, struct nono_error *err);
NONO_PUBLIC void nono_policy_free(struct nono_policy *policy);

/* Text of the embedded policy document, as JSON. Free *ret with free(). 0 or -ENOMEM. */
NONO_PUBLIC int nono_policy_embedded_json(char **ret, struct nono_error *err);

/* Name of the group with this index, from 0 on and in the order of strcmp(3); NULL behind the last
 * one. Belongs to the policy. */
NONO_PUBLIC const char *nono_policy_group_name(const struct nono_policy *policy, size_t index);
/* What it is for; NULL when there is no such group or it says nothing. */
NONO_PUBLIC const char *nono_policy_group_description(
	const struct nono_policy *policy, const char *name);
/* 1 when no profile may exclude it, else 0. */
NONO_PUBLIC int nono_policy_group_required(const struct nono_policy *policy, const char *name);
/* NONO_REFUSED "Cannot exclude required groups: …" when one of names is required. */
NONO_PUBLIC int nono_policy_check_exclusions(const struct nono_policy *policy,
	const char *const *names, size_t n, struct nono_error *err);

/* What groups came to. Opaque. */
struct nono_policy_resolved;

/* Adds what the groups grant to caps, looked up: what does not exist is left out, the source is
 * "group" with the group's name; the commands they deny become blocked commands. caps may be NULL.
 * Groups for other platforms contribute nothing. Free *ret with nono_policy_resolved_free()
 * (accepts NULL). NONO_NOT_FOUND (-ENOENT) names an unknown group; NONO_INVALID; NONO_LIMIT;
 * NONO_SYSTEM. After an error caps may have some of the grants. */
NONO_PUBLIC int nono_policy_resolve_groups(const struct nono_policy *policy,
	const char *const *names, size_t n, struct nono_caps *caps,
	struct nono_policy_resolved **ret, struct nono_error *err);
NONO_PUBLIC void nono_policy_resolved_free(struct nono_policy_resolved *resolved);

/* Element index, from 0 on; NULL behind the last one. The groups that contributed; the paths they
 * deny, absolute, under every name the file system has for them now; the commands they deny. */
NONO_PUBLIC const char *nono_policy_resolved_group(
	const struct nono_policy_resolved *resolved, size_t index);
NONO_PUBLIC const char *nono_policy_resolved_deny_path(
	const struct nono_policy_resolved *resolved, size_t index);
NONO_PUBLIC const char *nono_policy_resolved_deny_command(
	const struct nono_policy_resolved *resolved, size_t index);

/* NONO_REFUSED when a grant of caps is a denied path, lies inside one or contains one (Landlock
 * cannot take a part of a granted directory out), naming both. */
NONO_PUBLIC int nono_policy_check_deny(const struct nono_policy_resolved *resolved,
	const struct nono_caps *caps, struct nono_error *err);
/* The same for paths of one's own: absolute and lexically clean, else NONO_INVALID. */
NONO_PUBLIC int nono_policy_check_deny_overlaps(const char *const *deny_paths, size_t n,
	const struct nono_caps *caps, struct nono_error *err);

/* How requests for one service get their secret. */
struct nono_proxy_route {
	const char *name;
	const char *upstream;          /* URL */
	const char *inject_header;     /* "Authorization" */
	const char *credential_format; /* its value, "{}" standing for the secret */
	const char *credential_key; /* where the secret is: an account of the keyring, env://NAME */
	const char *env_var;        /* the variable a program looks for it in; may be NULL */
};

/* What a filtering proxy is to allow. Grows at its end in later versions. */
struct nono_proxy_config {
	size_t n_hosts;
	const char *const *hosts; /* lower case; "*.example.org" is every host below example.org */
	size_t n_routes;
	const struct nono_proxy_route *routes;
};

/* The configuration for a network profile (may be NULL), more hosts (names, patterns or host
 * groups) and more credential services. A service's own host is among the hosts. Free *ret with
 * nono_proxy_config_free() (accepts NULL). NONO_NOT_FOUND for an unknown profile or service,
 * NONO_INVALID for what is no host, NONO_REFUSED for one no session may reach (the metadata
 * services of clouds). */
NONO_PUBLIC int nono_policy_proxy_config(const struct nono_policy *policy,
	const char *network_profile, const char *const *hosts, size_t n_hosts,
	const char *const *credentials, size_t n_credentials, struct nono_proxy_config **ret,
	struct nono_error *err);
NONO_PUBLIC void nono_proxy_config_free(struct nono_proxy_config *config);

#ifdef __cplusplus
}
#endif
#endif
