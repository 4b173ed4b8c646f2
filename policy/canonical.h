/* SPDX-License-Identifier: Apache-2.0 */
/* Canonical names of the paths in a rule, which need not exist. For lists in which neighbours
 * mostly share a directory. Looks into the file system. */
#pragma once

/* The directory looked up last. Starts as { 0 }. */
struct canonical_memo {
	char *dir, *real;
};
void canonical_memo_deinit(struct canonical_memo *m);

/* Where path (absolute, clean) leads, as far as it exists. A new string; NULL when out of memory.
 */
char *canonical_target(const char *path, struct canonical_memo *memo);
/* The same, but a symlink at path itself stays: the name it has in its canonical directory. */
char *canonical_name(const char *path, struct canonical_memo *memo);
