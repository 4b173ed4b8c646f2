/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A name as the asker sees it, taken apart once: the directory its last component is in, as a
 * descriptor, and that component. A symlink at the end is followed by us, so that the directory is
 * the one of what the name leads to.
 */
#pragma once
#include <limits.h>
#include <sys/stat.h>

#include "daemon/session/asker.h"

struct place {
	int dir_fd; /* O_PATH; -1 when it is a directory without an entry in the name */
	char name[NAME_MAX + 2]; /* of the entry, with a slash if one was behind it */
	int object_fd;           /* O_PATH, not followed; -1 when nothing is there */
	struct stat st;          /* of the object */
};
void place_release(struct place *p);

/* What path leads to, or would when it is made. Without follow a symlink at the end is itself the
 * object. 0, or -errno for everything that cannot be decided on. */
int place_find(struct asker *a, int dir_fd, const char *path, bool follow, struct place *ret);
/* The entry that path names, for calls that make, move or remove it; the object is not looked at.
 */
int place_find_entry(struct asker *a, int dir_fd, const char *path, struct place *ret);
