/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A name as the asker sees it, turned into a descriptor once; after that the name means nothing
 * any more. Root directory and mounts are the same for it and for us (nothing inside can change
 * them), the working directory and /proc/self are not.
 */
#pragma once
#include <limits.h>
#include <stdbool.h>
#include <stdint.h>

#include "daemon/session/asker.h"

/* O_PATH descriptor of what path leads to, relative to the asker's descriptor dir_fd or, with
 * AT_FDCWD, its working directory; without follow a symlink at the end is itself the object.
 * -errno as open(2) would give; -ELOOP also for links only the kernel can follow, other than those
 * to the asker's own descriptors. */
int lookup_object(struct asker *a, int dir_fd, const char *path, bool follow);

/* The directory path's last component is in: O_PATH descriptor, *ret_name points into path. -EISDIR
 * when there is no such component (".", "..", a trailing slash). */
int lookup_parent(struct asker *a, int dir_fd, const char *path, const char **ret_name);
/* The same two for a relative path, from a descriptor of ours; what it leads to is followed. */
int lookup_object_from(int base_fd, const char *path);
int lookup_parent_from(int base_fd, const char *path, const char **ret_name);

/* Whether path begins with a name of one of the asker's own descriptors. */
bool lookup_is_by_descriptor(const char *path);
/* The descriptor of the asker's own that path is a name of, or -1. */
int lookup_descriptor(const char *path);
