/* SPDX-License-Identifier: Apache-2.0 */
/* From the plan's strings to a Landlock ruleset: the only place that opens granted paths. */
#pragma once
#include <sys/stat.h>

#include "daemon/session/granted.h"
#include "daemon/session/plan.h"
#include "daemon/session/split.h"

/* Asks nonod whether the object a grant really leads to may be granted: path is its canonical
 * name. 0 yes, negative with err set no. */
typedef int (*grants_decide_fn)(void *userdata, uint32_t grant, const char *path, uint32_t access,
	const struct stat *st, struct nono_error *err);

/* A ruleset descriptor (CLOEXEC) for an open or a restricted network, with the grants of base, all
 * of which are built-in: missing ones are skipped. -errno with err set. */
int grants_base(const struct plan *base, bool network_open, int abi, struct nono_error *err);

struct grants_request {
	const struct plan *plan;
	int ruleset_fd;          /* to be added to */
	int abi;                 /* Landlock ABI, at least 1 */
	int terminal_fd;         /* the session's own terminal (slave), or -1 */
	bool ask_always;         /* nonod has learnt more since it decided on the names */
	struct granted *granted; /* to be added to: write grants */
	struct split *split;     /* to be added to: grants in which something is closed */
	grants_decide_fn decide;
	void *userdata;
};

/* Adds what this session was asked for. 0 or -errno with err set. Missing or mistyped user grants
 * are errors that name the path. */
int grants_add(const struct grants_request *request, struct nono_error *err);
