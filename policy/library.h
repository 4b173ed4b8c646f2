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
#include <string.h>

#include "policy/document.h"
#include "policy/profile.h"

enum policy_origin { ORIGIN_BUILTIN, ORIGIN_SYSTEM, ORIGIN_USER, ORIGIN_PROJECT, _ORIGIN_MAX };

enum document_kind { DOCUMENT_GROUPS, DOCUMENT_NETWORK, DOCUMENT_PROFILE };

struct policy_document {
	enum document_kind kind;
	enum policy_origin origin;
	bool trusted;     /* ORIGIN_PROJECT: the user has accepted exactly this text */
	const char *name; /* of a profile: by which it is referred to; else NULL */
	const char *file; /* absolute path, or "built-in …"; jsonc when it ends so */
	const char *text;
	/* 0 for a user's profile: somebody looked for it and there is none; file is the document
	 * that refers to it then, or empty. */
	size_t n;
};

/* True for a reference to a profile that is a file's name; else it is a profile's. */
static inline bool profile_ref_is_file(const char *ref)
{
	size_t n = strlen(ref);

	return strchr(ref, '/') || (n > 5 && strcmp(ref + n - 5, ".json") == 0) ||
	       (n > 6 && strcmp(ref + n - 6, ".jsonc") == 0);
}

struct library;

/* With the built-in documents only. 0 or -errno with err set. */
int library_new(struct library **ret, struct nono_error *err);
/* One that shares what base has (which must outlive it); the user's and the project's documents can
 * be added to it, the system's belong into base. */
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
/* The nearest definition: user before system before built-in. from_file (may be NULL, for a command
 * line) is the document that refers to it and never the answer. A reference with a slash, or that
 * ends in .json or .jsonc, is a file's name relative to that of from_file; a name may also be that
 * of a sibling. What the system's and the built-in documents refer to is never a user's. */
const struct profile *library_profile(
	const struct library *l, const char *name, const char *from_file);
const struct profile *library_profile_at(
	const struct library *l, size_t index, enum policy_origin *ret_origin);
/* The network policies in force, one after the other (0 and 1); NULL behind the last. A name is in
 * one of them only. */
const struct network_policy *library_network(const struct library *l, size_t index);
const struct network_group *library_network_group(const struct library *l, const char *name);
const struct network_profile *library_network_profile(const struct library *l, const char *name);
const struct credential_service *library_service(const struct library *l, const char *name);
/* The documents of the project and of the ones around it, as they were added: nearest first. NULL
 * behind the last one. */
const struct profile *library_project(const struct library *l, size_t index, bool *ret_trusted);
/* Lines about deprecated spellings, one per document and key. */
const struct strlist *library_warnings(const struct library *l);

/*
 * The profile name with all it extends merged in, `default` behind everything. extra (n_extra) are
 * bases put before its own. A new profile. 0; or -errno with err set: -ENOENT (NONO_NOT_FOUND,
 * "Profile not found: …", nearest name named); -ELOOP naming the chain; -E2BIG beyond 10 levels.
 *
 * With ret_missing, what is not here but may be among the user's files is -ENOENT too, and
 * *ret_missing gets two elements for each: the reference, and the file that refers to it (empty
 * for the command line). That is asked for references of the user's documents, also when the
 * system or nono itself has a profile of that name, until a document with text or without (n 0)
 * was added for it. For a name on the command line the user's files have been searched before.
 */
int library_compose(struct profile **ret, const struct library *l, const char *name,
	const char *const *extra, size_t n_extra, struct strlist *ret_missing,
	struct nono_error *err);
