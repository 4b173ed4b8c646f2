/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Grants of directories in which something stays closed. Landlock only adds, so such a directory
 * gets no rule: what is around the closed path gets one each, at every level down to it. What is
 * made there later has none, nor have the directories on the way; all that is done in them is done
 * on behalf, for whoever split_judge() says may.
 *
 * So the kernel refuses what is closed by itself, and a judgement only ever adds to that. "Not
 * ours" is the answer to every doubt: the call then goes on by itself and Landlock decides.
 *
 * What is closed is so under its name, which need not exist yet, and as the object that had it when
 * the session began. Names stay what they are: nothing on the way to a closed one can be moved or
 * replaced from inside. Objects here are held by descriptors, so that their numbers mean them.
 *
 * Filled while the session is single-threaded, used by any thread.
 */
#pragma once
#include <stdbool.h>
#include <stdint.h>
#include <sys/stat.h>

#include "daemon/session/granted.h"
#include "libcore/base/strlist.h"
#include "nono.h"

struct split_grant {
	dev_t device;
	ino_t inode;
	unsigned access; /* enum nono_access */
	bool is_split;
};

struct split {
	struct strlist closed, lifted;  /* canonical names; lifted is inside closed */
	struct granted_object *objects; /* what is closed, as far as it exists */
	size_t n_objects;
	struct granted_object *ways; /* directories that are split */
	size_t n_ways;
	struct split_grant *grants; /* all that the session was asked for */
	size_t n_grants;
	struct strlist roots; /* canonical names of the split ones */
	size_t n_rules;
	bool is_used; /* some grant is split */
};

/* What no grant shall reach, and what below it may be reached nevertheless: by names, of which the
 * canonical ones are looked up. 0 or -errno with err set. */
int split_init(struct split *s, const struct strlist *closed, const struct strlist *lifted,
	struct nono_error *err);
/* Whether something closed is strictly inside the directory of that canonical name. */
bool split_is_needed(const struct split *s, const char *name);
/* Rules for what is around the closed paths in the directory behind fd, of that canonical name. 0
 * or -errno. */
int split_allow(struct split *s, int ruleset_fd, int abi, int fd, const char *name,
	enum nono_access access, struct nono_error *err);
/* A grant, split or not. 0 or -ENOMEM. */
int split_add_grant(struct split *s, const struct stat *st, unsigned access, bool is_split);

/* Whether a name that starts with prefix may be one of a split grant's. */
bool split_concerns(const struct split *s, const char *prefix);

int split_add_grant_fd(struct split *s, int fd, unsigned access); /* the same, whole */

struct split_verdict {
	bool ours;       /* in a split grant and not closed: to be done on behalf */
	bool closed;     /* it is closed, or it could not be found out */
	bool on_the_way; /* the name of something closed goes through it */
	unsigned access; /* what the grants give there, all together */
};
/* About the entry name of the directory dir_fd, which may not be there; about the directory itself
 * when name is NULL. object is what was found under that name and will be acted on; NULL for what
 * is there now. */
void split_judge(const struct split *s, int dir_fd, const char *name, const struct stat *object,
	struct split_verdict *ret);
/* Whether the object behind fd, of any kind, is closed. */
bool split_closes(const struct split *s, int fd);
