/* SPDX-License-Identifier: Apache-2.0 */
/* Is this process in a sandbox? */
#pragma once
#include <stdbool.h>

/* True when something around this process restricts it as a session of nono does: no_new_privs, a
 * seccomp filter, and a nono-session above it; or, without a session, its own home is shut to it.
 * For messages only: what a sandbox refuses, the kernel refuses. */
bool inside_sandbox(void);
