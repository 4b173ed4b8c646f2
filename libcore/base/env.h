/* SPDX-License-Identifier: Apache-2.0 */
/* Names of environment variables, as far as they decide which code a program runs. */
#pragma once
#include <stdbool.h>

/* True when name is a variable that makes the dynamic loader or libc load code or files of the
 * environment's choice into every program (LD_*, GLIBC_TUNABLES, GCONV_PATH...): never passed into
 * a sandbox. name may be followed by '=' and a value, as in environ. */
bool env_is_loader_variable(const char *name);
