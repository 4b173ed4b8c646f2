/* SPDX-License-Identifier: Apache-2.0 */
/* Giving up every privilege for good: what running as root would otherwise leave open. */
#pragma once

/* Sets no_new_privs, empties the ambient, bounding, inheritable, permitted and effective
 * capability sets of the calling thread and locks the securebits, so that neither an exec by uid 0
 * nor a setuid binary brings anything back. Without privileges only no_new_privs is left to do.
 * Async-signal-safe. 0 or -errno; after a failure some of it may already be given up. */
int privileges_drop(void);
