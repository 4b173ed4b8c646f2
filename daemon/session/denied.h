/* SPDX-License-Identifier: Apache-2.0 */
/* Other names of what is denied: a denied path may be a symlink, or below one. */
#pragma once
#include <stdbool.h>

#include "daemon/session/plan.h"

/* Tells nonod, over link_fd, under which other names the plan's denied paths are to be found now,
 * so that it decides on grants with them (LINK_DENIED). *ret_any when there are some. 0 or -errno
 * with err set. */
int denied_report(const struct plan *plan, int link_fd, bool *ret_any, struct nono_error *err);
