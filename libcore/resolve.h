/* SPDX-License-Identifier: Apache-2.0 */
/* Canonical names of paths, from the file system as it is now. */
#pragma once
#include <sys/types.h>

#include "nono-error.h"

/* The canonical absolute name of an existing object and its file type (S_IFMT bits). *ret is a new
 * string. NONO_PATH_NOT_FOUND, NONO_INVALID (empty), NONO_SYSTEM. */
int resolve_existing(const char *path, char **ret, mode_t *ret_type, struct nono_error *err);

/* The same for an object that may be missing: the directory must exist, the last component is
 * taken as it is (and may not be "." or ".."). *ret_type is 0 when it is missing. */
int resolve_creatable(const char *path, char **ret, mode_t *ret_type, struct nono_error *err);

/* The canonical name as far as the path exists and can be searched; the rest is cleaned lexically.
 * Symlinks are followed even when they dangle, as opening with O_CREAT would. */
int resolve_prefix(const char *path, char **ret, struct nono_error *err);
