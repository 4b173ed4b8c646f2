/* SPDX-License-Identifier: Apache-2.0 */
/* What this kernel can enforce, and whether that is enough for a set. */
#pragma once
#include "libcore/caps.h"

/* Fails for the first restriction caps asks for that a process restricting itself (nono_apply(),
 * nono_exec(): no supervisor) cannot have at this Landlock ABI: NONO_UNSUPPORTED (-EOPNOTSUPP)
 * naming the missing feature and the kernel that has it. abi 0 fails for every set. Tests may pass
 * any ABI; the only thing read from the system is the user id (root is exempt from TASKS). */
int caps_check_support(const struct nono_caps *caps, int abi, struct nono_error *err);
