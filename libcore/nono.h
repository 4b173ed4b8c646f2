/* SPDX-License-Identifier: Apache-2.0 */
/*
 * libnono: a policy-free sandbox primitive for Linux (Landlock and seccomp, Linux 5.13 and later).
 *
 * Usage, in four steps:
 *	struct nono_caps *caps;
 *	nono_caps_new(&caps);
 *	nono_caps_allow_path(caps, "/data", NONO_READ, &err);
 *	nono_apply(caps, &err);                  (irreversible)
 */
#ifndef NONO_H
#define NONO_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "nono-error.h"

#ifdef __cplusplus
extern "C" {
#endif

#define NONO_PUBLIC __attribute__((visibility("default")))

enum nono_access { NONO_READ = 1, NONO_WRITE = 2, NONO_READ_WRITE = 3 };

/* Who asked for a capability. User and profile are the user's intent; group and system are not. */
enum nono_source { NONO_SOURCE_USER, NONO_SOURCE_PROFILE, NONO_SOURCE_GROUP, NONO_SOURCE_SYSTEM };

enum nono_network_mode { NONO_NETWORK_OPEN, NONO_NETWORK_BLOCKED };

/* A set of capabilities: what a sandboxed process may use. Starts with nothing. Not thread-safe:
 * one thread at a time per set. */
struct nono_caps;

/* Version of the library, "MAJOR.MINOR.PATCH". */
NONO_PUBLIC const char *nono_version(void);

#ifdef __cplusplus
}
#endif
#endif
