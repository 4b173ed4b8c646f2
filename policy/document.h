/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The two documents that profiles refer to by name: policy groups (what a toolchain needs, what
 * nobody should read) and the network policy (host groups, network profiles, credential services).
 */
#pragma once
#include <stdbool.h>
#include <stddef.h>

#include "libcore/base/strlist.h"
#include "nono-error.h"

#define DOCUMENT_SIZE_MAX (1U << 20)  /* bytes, of every kind of document */
#define BUILTIN_PREFIX    "built-in " /* what messages call a document that is compiled in */

struct policy_group {
	char *name, *description;
	char *file;    /* where it is defined, as messages name it */
	size_t line;   /* in it */
	bool required; /* cannot be excluded */
	bool locked;   /* of an administrator: in every session, and nothing it denies can be lifted
			*/
	bool foreign;  /* for another platform: known by name, contributes nothing */
	struct strlist read, read_file, write, read_write; /* paths with variables, not expanded */
	struct strlist deny, deny_commands;
	bool deny_unlink;
};

struct policy_groups {
	struct policy_group *items;
	size_t n;
};

/* Adds the groups of one document. A name that exists already is an error, unless extends: then
 * the entries are added to it. 0, or -errno with err set as profile_parse() does, and nothing was
 * added unless it is -ENOMEM. */
int groups_parse(struct policy_groups *into, const char *file, const char *text, size_t n,
	bool jsonc, bool extends, bool may_lock, struct nono_error *err);
const struct policy_group *groups_find(const struct policy_groups *groups, const char *name);
void groups_deinit(struct policy_groups *groups);

struct network_group {
	char *name;
	size_t line;
	char *description;
	struct strlist hosts; /* "api.example.org", or "*.example.org" for what is below it */
	bool composed;        /* of what the package clients are configured for, at run time */
};

struct network_profile {
	char *name;
	size_t line;
	char *description;
	struct strlist groups, credentials;
};

struct credential_service {
	char *name;
	size_t line;
	char *upstream, *inject_header, *credential_format, *credential_key, *env_var;
};

struct network_policy {
	struct network_group *groups;
	size_t n_groups;
	struct network_profile *profiles;
	size_t n_profiles;
	struct credential_service *services;
	size_t n_services;
};

/* Adds one document to into; the same rules. A service that is extended has its members replaced
 * one by one. */
int network_parse(struct network_policy *into, const char *file, const char *text, size_t n,
	bool jsonc, bool extends, struct nono_error *err);
void network_deinit(struct network_policy *policy);

/* What is built in: names and texts of the documents in policy/. */
struct embedded_document {
	const char *name; /* "policy", "network-policy", or a profile's name */
	const char *file; /* "built-in policy.jsonc" */
	const char *text;
	size_t n;
	bool jsonc;
};
extern const struct embedded_document embedded_policy, embedded_network;
extern const struct embedded_document embedded_profiles[];
extern const size_t embedded_profiles_n;
