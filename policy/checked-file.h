/* SPDX-License-Identifier: Apache-2.0 */
/* Reading files that decide what is allowed: only where nobody else can have written them. */
#pragma once
#include <stddef.h>

#include "libcore/base/strlist.h"
#include "nono-error.h"

/* The whole of a regular file of at most limit bytes, with a NUL behind it. Every directory on the
 * way to where path leads was checked through the descriptor it was then searched by. 1 with *ret
 * a new string, 0 when it does not exist, -errno with err set: -EPERM (NONO_REFUSED) naming who
 * could have changed it, -EFBIG (NONO_LIMIT), NONO_INVALID when it is no regular file. */
int checked_file_read(
	const char *path, size_t limit, char **ret, size_t *ret_n, struct nono_error *err);

/* The same without a look at owners and modes, for what is not believed anyway; path itself must
 * not be a symlink. */
int unchecked_file_read(
	const char *path, size_t limit, char **ret, size_t *ret_n, struct nono_error *err);

/* Names in the directory dir/name that end in .json or .jsonc, in order; of two that differ in that
 * only, the .jsonc. dir/name must not be a symlink. Not existing is empty. 0 or -errno, err set. */
int checked_dir_list(
	const char *dir, const char *name, struct strlist *ret, struct nono_error *err);
