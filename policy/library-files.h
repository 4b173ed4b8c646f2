/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Policy documents in the file system, for the programs that may read there: the client,
 * nono-local, and nonod at its start for /etc/nono.
 *
 * Whoever can change a document can open the sandbox. So it must be a regular file (after
 * symlinks) of the user or root that nobody else can write, in directories nobody else can write
 * (a sticky one above them is as good); else it is refused by name. A group that is the user's own
 * (same name, no members) is not somebody else. What does not exist is no error.
 */
#pragma once
#include "policy/library.h"
#include "policy/places.h"

#define SYSTEM_POLICY_DIR "/etc/nono"

struct document_files {
	struct policy_document *items; /* strings are owned */
	size_t n;
};

/* policy.d, network.d (sorted *.json, *.jsonc) of dir. With profiles, also every profile in
 * dir/profiles (for /etc/nono and for listings). Of NAME.json and NAME.jsonc the latter. */
int documents_read_dir(struct document_files *into, const char *dir, enum policy_origin origin,
	bool profiles, struct nono_error *err);

/*
 * The profile a reference means, as a user's document. With a slash, or when it ends in .json or
 * .jsonc, it is a file: relative to cwd, or to the directory of from_file when a document refers
 * to it. Else a name: a sibling of from_file (may be NULL) first, then a file in the user's
 * profiles directory. 1 when found and added; 0 when there is none, and a document without text
 * is added that says so (the system or nono itself may have it); -errno with err set.
 */
int documents_read_profile(struct document_files *into, const struct policy_places *places,
	const char *cwd, const char *ref, const char *from_file, struct nono_error *err);

/* .nono.json or .nono.jsonc in cwd and in every parent below home, nearest first, with trusted set
 * by comparing each with what the user accepted. All of them count: one that is planted further
 * down must not hide what another takes away. They may belong to anybody. 1 found, 0 none, -errno
 * with err set: -EINVAL also for both in one directory. */
int documents_read_project(struct document_files *into, const struct policy_places *places,
	const char *cwd, struct nono_error *err);
/* Accepts a project's document as it was read: a copy in nono's state directory, which no session
 * can write. 0 or -errno with err set. */
int documents_trust(const struct policy_places *places, const struct policy_document *project,
	struct nono_error *err);

/* Takes that back; nothing to take back is no error. 0 or -errno with err set. */
int documents_distrust(const struct policy_places *places, const struct policy_document *project,
	struct nono_error *err);

void documents_deinit(struct document_files *f);

/* Everything for one command line: what is in /etc/nono, the user's documents, the profile (NULL
 * for `default`) with all it refers to, the project's unless cwd is NULL. For programs that resolve
 * by themselves (wrap, why, profile). In library-load.c, so that the client need not link it. */
int library_load(struct library **ret, const struct policy_places *places, const char *cwd,
	const char *profile, const char *const *extra, size_t n_extra, struct nono_error *err);
