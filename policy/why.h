/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Would this be allowed, and why not: answers from the same result a session is started with.
 *
 * Operations, as the kernel decides them for a path P. Landlock unites what all grants on the way
 * from / to an object give; a grant of a file is about that file only, and making or removing an
 * entry is a matter of the directory it is in:
 *
 *	read     P is opened for reading, or listed when it is a directory: READ on P.
 *	write    P, a file, is opened for writing or truncated: WRITE on P. What is not there is
 *	         created. A directory cannot be written: asked about one, it is making and removing
 *	         entries of it, for which WRITE must be granted on P or on a directory above it.
 *	create   P (a file, directory, symlink, socket, fifo) is made: WRITE granted on the
 *directory that P is in, or on one above it. delete   P is removed: the same. execute  P is
 *executed, or searched when it is a directory: READ on P. (Passing through a directory needs no
 *grant at all.)
 *
 * Names decide here, the kernel decides on objects: a hard link or a bind mount is a second name
 * for what was granted under the first. What the classic permissions refuse (mode 000, another
 * owner), a file system that is read-only and what is not there are no business of a sandbox: the
 * answer is about nono alone.
 */
#pragma once
#include <stdbool.h>
#include <stdint.h>

#include "policy/resolve.h"

enum why_reason {
	WHY_GRANTED_PATH,
	WHY_NETWORK_ALLOWED,
	WHY_PROXY_ALLOWED,
	WHY_SENSITIVE_PATH, /* a deny rule */
	WHY_NEVER_GRANTABLE,
	WHY_INSUFFICIENT_ACCESS,
	WHY_PATH_NOT_GRANTED,
	WHY_NETWORK_BLOCKED,
	WHY_PROXY_FILTERED,
	WHY_COMMAND_ALLOWED,
	WHY_COMMAND_BLOCKED,
};
const char *why_reason_to_string(enum why_reason r); /* "granted_path" … */

struct why_answer {
	bool allowed;
	enum why_reason reason;
	char *details;           /* one line for people */
	char *granted_path;      /* the grant that decides or comes closest */
	enum nono_access access; /* of it */
	char *source;            /* of it: "user", "profile", "group:NAME", "system" */
	char *policy_source;     /* of a denial: "group:NAME", "profile NAME", "built-in" */
	char *suggested_flag;    /* a whole flag, ready to paste */
};

enum why_operation {
	WHY_READ = 1,
	WHY_WRITE = 2,
	WHY_CREATE = 4,
	WHY_DELETE = 8,
	WHY_EXECUTE = 16,
};

/* exists and is_dir say what is at path. */
struct why_path {
	/* Canonical as far as it exists; about creating and deleting, a symlink at path itself is
	 * not followed. */
	const char *path;
	unsigned operations; /* enum why_operation; all of them must be allowed */
	bool exists, is_dir;
	const char *parent; /* the nearest existing parent when it does not exist; NULL: its own */
};
int why_path(struct why_answer *ret, const struct policy_result *policy, const struct never *never,
	const struct why_path *question, struct nono_error *err);
int why_host(struct why_answer *ret, const struct policy_result *policy, const char *host,
	uint16_t port, struct nono_error *err);
int why_command(struct why_answer *ret, const struct policy_result *policy, const char *command,
	struct nono_error *err);
void why_answer_deinit(struct why_answer *a);
