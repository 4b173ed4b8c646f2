/* SPDX-License-Identifier: Apache-2.0 */
/* What a set allows, decided on names: the one function behind queries, dry runs and decisions. */
#pragma once
#include "libcore/caps.h"

/* nono_query_path() for a path that is canonical, or as canonical as it can be: absolute and
 * clean. Touches no file system. */
void query_canonical(const struct nono_caps *caps, const char *path, enum nono_access access,
	struct nono_query_result *ret);
