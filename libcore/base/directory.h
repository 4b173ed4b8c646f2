/* SPDX-License-Identifier: Apache-2.0 */
/* Making what a policy grants and the user does not have yet. */
#pragma once

/* Makes the directory path (absolute and clean) and its missing parents, mode 0700. A symlink among
 * what exists already is not followed: somebody put it there for another purpose. An O_PATH
 * descriptor of the directory, also when it exists already; or -errno (-ELOOP for a symlink). */
int directory_make(const char *path);
