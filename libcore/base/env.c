/* SPDX-License-Identifier: Apache-2.0 */
#include "libcore/base/env.h"

#include <string.h>

#include "libcore/base/cleanup.h"

/* Those of glibc's list of variables unsafe for setuid programs that name code, or data libc
 * parses before main(); musl reads the LD_ ones only. */
static const char *const loader_variables[] = {
	"GCONV_PATH",
	"GETCONF_DIR",
	"GLIBC_TUNABLES",
	"LOCPATH",
	"MALLOC_TRACE",
	"NLSPATH",
};

bool env_is_loader_variable(const char *name)
{
	size_t n = strcspn(name, "=");

	if (strncmp(name, "LD_", 3) == 0) {
		return true;
	}
	for (size_t i = 0; i < ELEMENTSOF(loader_variables); i++) {
		if (strlen(loader_variables[i]) == n &&
			strncmp(name, loader_variables[i], n) == 0) {
			return true;
		}
	}
	return false;
}
