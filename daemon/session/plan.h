/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What one session is to be, as nonod decided it: sealed memfd from nonod to nono-session.
 *
 * Names of paths are strings nonod decided on without touching the file system; nono-session
 * opens them. A path whose canonical name (what the kernel says was opened) is not the name that
 * was decided on goes back to nonod for a second decision (LINK_RESOLVED in control.h). The
 * base plan, which is what every session gets from the system, needs none: it means whatever its
 * names lead to.
 */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/resource.h>

#include "libcore/base/strlist.h"
#include "nono.h"

#define PLAN_SIZE_MAX    (16U << 20) /* bytes */
#define PLAN_GRANTS_MAX  65536
#define PLAN_STRINGS_MAX 65536 /* in all lists together */
#define PLAN_PORTS_MAX   4096  /* of a kind */
#define PLAN_RLIMITS     16    /* RLIM_NLIMITS of Linux since 2.6.25 */
#define PLAN_CPU_BYTES   1024

/* The session's TMPDIR in what is decided before it has a name of its own, which is as long.
 * Nothing is at this name. */
#define PLAN_TMPDIR_STANDIN "/tmp/nono-0000000000000000"

enum plan_grant_flag {
	PLAN_GRANT_FILE = 1 << 0,     /* must not be a directory; without it: must be one */
	PLAN_GRANT_OPTIONAL = 1 << 1, /* of a policy: if anything is wrong, not granted; without
				       * FILE of any kind */
	PLAN_GRANT_RESOLVED = 1 << 2, /* the name was canonical when it was asked for */
	PLAN_GRANT_MADE = 1 << 3,     /* made when it is missing, see policy_grant_is_made() */
};

struct plan_grant {
	const char *path; /* absolute, clean; any bytes but NUL */
	uint32_t access;  /* enum nono_access */
	uint32_t flags;   /* enum plan_grant_flag */
};

/* What the caller's kernel attributes are, read from the kernel and not from the caller's words,
 * so that a session never gets more than its caller has. */
struct plan_caller {
	struct rlimit rlimits[PLAN_RLIMITS];
	uint32_t umask;
	int32_t nice;
	int32_t io_priority; /* ioprio_get(2) value */
	int32_t oom_score_adj;
	uint32_t terminal_device; /* TIOCGDEV number of the controlling terminal, 0 for none */
	uint32_t cpu_bytes;       /* bytes of cpus in use, 0 leaves the affinity alone */
	uint8_t cpus[PLAN_CPU_BYTES];
};

enum plan_flag {
	PLAN_FOREGROUND = 1 << 0, /* the client is in the foreground of its terminal */
	PLAN_TMPDIR = 1 << 1,     /* the session gets a directory for temporary files */
	PLAN_ENV_ALLOW = 1 << 2,  /* only what PLAN_ENV_ALLOWED lists passes */
	PLAN_ENV_STRIP_SECRETS = 1 << 3,
};

/* Lists of strings. The rules of the environment are those of policy/environment.h. */
enum plan_list {
	PLAN_ENV_ALLOWED,
	PLAN_ENV_DENIED,
	PLAN_ENV_KEPT,
	PLAN_ENV_SET,
	PLAN_DENIED, /* paths no grant may reach: absolute, clean */
	/* With a filter that asks about opens: those of them that are closed inside a granted
	 * directory, too, and paths below them that are open nevertheless. */
	PLAN_CLOSED,
	PLAN_LIFTED,
	_PLAN_LIST_MAX,
};

struct plan_ports {
	size_t n;
	const uint16_t *items;
};

struct filter;

struct plan {
	char session_id[40];
	struct plan_caller caller;
	uint32_t network; /* enum nono_network_mode */
	uint32_t flags;   /* enum plan_flag */
	const struct filter
		*filter; /* for network, or NULL; points into the mapping when decoded */
	/* The same for a session that may read, but not change, files of its own user; or NULL. */
	const struct filter *filter_fds;
	size_t n_grants;
	struct plan_grant *grants; /* decoded: one allocation, paths point into the mapping */
	/* Of TCP. With any, only these and nothing else of the network. */
	struct plan_ports connect, listen, localhost; /* the last of this machine, both ways */
	/* Decoded: the first one's items are the allocation of all, strings point into the mapping.
	 */
	struct strlist lists[_PLAN_LIST_MAX];
};

/* True when the network is open as a whole: neither blocked nor down to single ports. */
bool plan_network_is_open(const struct plan *plan);

/* Sealed memfd with the plan. Descriptor or -errno with err set. */
int plan_create(const struct plan *plan, struct nono_error *err);
/* Checks and decodes n bytes, which must outlive ret. 0 or -errno with err set. */
int plan_parse(struct plan *ret, const void *p, size_t n, struct nono_error *err);
void plan_deinit(struct plan *plan); /* frees the arrays of a parsed plan */
