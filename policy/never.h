/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What no session may ever be given, whoever asks: the ways out of every sandbox (nono's own
 * files, keys and keyrings, what runs later with the user's full rights), and the directories of
 * nono's own programs, which nobody inside may write.
 *
 * Landlock only adds, so a grant that contains such a path would give it away as surely as one
 * that names it: both are refused. Names decide here, twice: on what was asked for, and on the
 * canonical name of what was opened (symlinks, bind mounts).
 */
#pragma once
#include <stdbool.h>
#include <stddef.h>

#include "nono.h"
#include "policy/places.h"

struct never;

enum never_rule {
	NEVER_ACCESS, /* not the path, nothing below it, nothing that contains it */
	NEVER_NAMED,  /* not the path and nothing below it; the kernel keeps it shut below a wider
		       * grant (a session has no capability) */
	NEVER_WRITE,  /* as NEVER_ACCESS, for writing only */
};

/* The list for a user. program_dirs (NULL-terminated) are where nono's own programs run from. 0
 * or -errno with err set. */
int never_new(struct never **ret, const struct policy_places *places,
	const char *const *program_dirs, struct nono_error *err);
void never_free(struct never *never);
static inline void never_freep(struct never **never)
{
	never_free(*never);
}

/* Adds the canonical names of all entries (~/.config may be a symlink into a dotfiles checkout).
 * Looks into the file system, so not in a callback. 0 or -errno with err set. */
int never_add_canonical(struct never *never, struct nono_error *err);

/* 0 when path (absolute, clean) may be granted; -EPERM with err and *ret_hint (static) set when it
 * may not. */
int never_check(const struct never *never, const char *path, enum nono_access access, bool is_file,
	const char **ret_hint, struct nono_error *err);

/* What below home no session may have, element index; NULL behind the last one, with *ret_what for
 * people. The user may put any of it elsewhere, by a symlink, while nonod runs. */
const char *never_below_home(const struct never *never, size_t index, const char **ret_what);
