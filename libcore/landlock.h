/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Landlock from ABI 1 (Linux 5.13) on. Internal: the policy-free half of what nono_apply(),
 * nono_exec() and nono-session do. Rights the running ABI lacks are masked here, in one place;
 * what a missing right means for a request is decided by caps_check_support() (support.h).
 */
#pragma once
#include <stdbool.h>
#include <stdint.h>

#include "nono.h"

/* Newest ABI this code knows: a newer kernel is used as if it were this one. */
#define LANDLOCK_ABI_NEWEST 10

/* ABI of the running kernel capped to LANDLOCK_ABI_NEWEST; 0 when there is no Landlock, with
 * *ret_errno (may be NULL) telling why: ENOSYS not built, EOPNOTSUPP disabled at boot. The
 * environment is never consulted. */
int landlock_abi(int *ret_errno);

/* What a domain handles. */
struct landlock_domain {
	bool restrict_tcp;   /* ABI 4: only ports with a rule may be bound or connected to */
	bool scope_signal;   /* ABI 6 */
	bool scope_abstract; /* ABI 6 */
	bool restrict_unix;  /* ABI 9: pathname sockets only below write grants */
	bool restrict_udp;   /* ABI 10 */
};

/* A ruleset that handles every file system right of abi and what domain asks for. Descriptor
 * (CLOEXEC) or -errno with err set. */
int landlock_new(int abi, const struct landlock_domain *domain, struct nono_error *err);

/* Rights that access means for the object behind path_fd (O_PATH), masked to abi and kind:
 * never MAKE_CHAR or MAKE_BLOCK; IOCTL_DEV for devices and directories below /dev only. */
int landlock_allow_path(
	int ruleset_fd, int abi, int path_fd, enum nono_access access, struct nono_error *err);

/* ABI 9, with restrict_unix: connecting to the socket behind path_fd, or to those below it. */
int landlock_allow_unix(int ruleset_fd, int path_fd, struct nono_error *err);

enum landlock_port { LANDLOCK_CONNECT = 1, LANDLOCK_BIND = 2 };
int landlock_allow_port(int ruleset_fd, uint16_t port, unsigned kinds, struct nono_error *err);

/* Enters the domain; needs no_new_privs. Async-signal-safe (one system call), for use between
 * vfork and exec. 0 or -errno. all_threads needs ABI 8. */
int landlock_enforce(int ruleset_fd, int abi, bool all_threads);
