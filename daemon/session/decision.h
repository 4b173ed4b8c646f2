/* SPDX-License-Identifier: Apache-2.0 */
/* Questions to nonod while a session starts: decisions on names only the file system could tell. */
#pragma once
#include <stdint.h>
#include <sys/stat.h>

#include "nono-error.h"

/* May grant (index in the plan) be made although it leads to path? link_fd is not blocking; -1 is
 * nobody to ask. 0 yes; -errno with err set: no, or no answer in time. */
int decision_on_grant(int link_fd, uint32_t grant, const char *path, uint32_t access,
	const struct stat *st, struct nono_error *err);
