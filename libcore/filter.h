/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The seccomp filter: the gate for what Landlock does not see. Built with libseccomp (allocates,
 * half a millisecond), installed with seccomp(2) directly (libseccomp 2.5.4 knows no
 * WAIT_KILLABLE, and installing happens between vfork and exec). One filter per process tree:
 * every rule is a row of the table in filter.c with its reason.
 */
#pragma once
#include <linux/filter.h>
#include <stdbool.h>
#include <stddef.h>

#include "nono.h"

/* What the filter depends on. Two equal shapes give the same filter, so it can be kept. */
struct filter_shape {
	bool network_blocked; /* no INET, INET6 or NETLINK socket at all */
	bool network_tcp;     /* only TCP: no UDP, raw, MPTCP, Fast Open; ports are Landlock's */
	bool listen_allowed;  /* with network_tcp: some port may be bound */
	bool unix_sockets;    /* socket(AF_UNIX) stream and seqpacket allowed */
	bool ipc_full;        /* SysV IPC and POSIX message queues allowed */
	bool deny_truncate;   /* Landlock below ABI 3 cannot see truncate(2) by path */
	bool metadata_fds; /* with supervised: changes of metadata by descriptor are asked about too
			    */
	bool supervised; /* somebody answers what the filter hands over (filter_install_listener) */
	bool opens; /* with supervised: opening, making, moving and removing files is asked about */
};

struct filter {
	size_t n;
	struct sock_filter insns[]; /* flexible */
};

/* A filter in one malloc()ed block, or -errno with err set. */
int filter_build(const struct filter_shape *shape, struct filter **ret, struct nono_error *err);

/* Installs it on the calling thread, or on all threads. Needs no_new_privs. Async-signal-safe.
 * 0 or -errno; -ESRCH when all_threads and some thread could not follow. */
int filter_install(const struct filter *filter, bool all_threads);

/* The same on the calling thread for a filter of a supervised shape: a descriptor (CLOEXEC) from
 * which to receive the calls that are handed over. They wait for their answers, from the moment
 * they are received only a deadly signal ends that (from Linux 5.19). -EBUSY when another
 * supervisor around us listens already. */
int filter_install_listener(const struct filter *filter);
