/* SPDX-License-Identifier: Apache-2.0 */
/*
 * All documents that are in force: the built-in ones, an administrator's (/etc/nono), and the ones
 * a user brings. Later layers add to earlier ones: an administrator's document may extend a group
 * that is there and lock it; a user's may only define new groups, and profiles of any name.
 *
 * The library itself reads no file: whoever has the right to (library-files.c for the programs of
 * the user and, at its start, nonod for /etc) hands in texts.
 */
#pragma once
#include "policy/document.h"
#include "policy/profile.h"

enum policy_origin { ORIGIN_BUILTIN, ORIGIN_SYSTEM, ORIGIN_USER, ORIGIN_PROJECT, _ORIGIN_MAX };

enum document_kind { DOCUMENT_GROUPS, DOCUMENT_NETWORK, DOCUMENT_PROFILE };

struct policy_document {
	enum document_kind kind;
	enum policy_origin origin;
	bool trusted;     /* ORIGIN_PROJECT: the user has accepted exactly this text */
	const char *name; /* of a profile: by which it is found; else NULL */
	const char *file; /* absolute path, or "built-in …" */
	const char *text;
	size_t n; /* jsonc when file ends so */
};

struct library;

/* With the built-in documents only. 0 or -errno with err set. */
int library_new(struct library **ret, struct nono_error *err);
/* One that shares what base has (which must outlive it) and can be added to. */
int library_extend(struct library **ret, const struct library *base, struct nono_error *err);
void library_free(struct library *l);
static inline void library_freep(struct library **l)
{
	library_free(*l);
}
/* Parses and adds one document; the texts are copied as needed. */
int library_add(struct library *l, const struct policy_document *document, struct nono_error *err);

const struct policy_group *library_group(const struct library *l, const char *name);
/* Element index of all groups, base first; NULL behind the last one. */
const struct policy_group *library_group_at(const struct library *l, size_t index);
/* The nearest definition: user before system before built-in. from_file (may be NULL) is the
 * document that refers to it: a sibling file of that directory wins, and it is never itself. */
const struct profile *library_profile(
	const struct library *l, const char *name, const char *from_file);
const struct profile *library_profile_at(
	const struct library *l, size_t index, enum policy_origin *ret_origin);
const struct network_policy *library_network(const struct library *l);
/* The project's document, or NULL. */
const struct profile *library_project(const struct library *l, bool *ret_trusted);
/* Lines about deprecated spellings, one per document and key. */
const struct strlist *library_warnings(const struct library *l);

/*
 * The profile name with all it extends merged in, `default` behind everything. extra (n_extra) are
 * bases put before its own. A new profile. 0; or -errno with err set: -ENOENT (NONO_NOT_FOUND,
 * "Profile not found: …", nearest name named) with *ret_missing (may be NULL) set to a new string,
 * the reference that is not in the library; -ELOOP naming the chain; -E2BIG beyond 10 levels.
 */
int library_compose(struct profile **ret, const struct library *l, const char *name,
	const char *const *extra, size_t n_extra, struct strlist *ret_missing,
	struct nono_error *err);
