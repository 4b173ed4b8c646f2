/* SPDX-License-Identifier: Apache-2.0 */
#include "libcore/caps.h"

const char *nono_version(void)
{
	return NONO_VERSION;
}
