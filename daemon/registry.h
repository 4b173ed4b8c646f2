/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Who is there: every session that is alive, and the last few that ended. Owns the sessions that
 * are in it. Looking one up by serial, id or name takes the same time however many there are; only
 * the prefix of an id is searched for.
 */
#pragma once
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "daemon/names.h"

#define REGISTRY_ENDED 64 /* ended sessions remembered */

struct session;
struct registry;

enum registry_index { REGISTRY_SERIAL, REGISTRY_ID, REGISTRY_NAME, _REGISTRY_INDEX_MAX };

/* Links inside struct session; the registry's alone. */
struct registry_links {
	struct session *older, *newer;
	struct session *chain[_REGISTRY_INDEX_MAX];
};

int registry_new(struct registry **ret); /* 0 or -ENOMEM */
void registry_free(struct registry *r);  /* frees the sessions; NULL is accepted */

/* Takes a session whose serial, id and name are set and used by no other one that is alive. */
void registry_add(struct registry *r, struct session *s);
/* The session ended: it can still be found (until REGISTRY_ENDED later ones have ended), its name
 * is free again. */
void registry_end(struct registry *r, struct session *s);

size_t registry_n_alive(const struct registry *r);
/* Alive ones, oldest first: NULL asks for the first, NULL answers that there is none. */
struct session *registry_next(const struct registry *r, const struct session *s);

struct session *registry_by_serial(const struct registry *r, uint64_t serial);
/* Alive or ended. */
struct session *registry_by_id(const struct registry *r, const char *id);
/* Alive only. */
struct session *registry_by_name(const struct registry *r, const char *name);
/* Alive, by the process that supervises it: for the rare case that nonod has to reap it. */
struct session *registry_by_supervisor(const struct registry *r, pid_t pid);

/* What people type: an id, a name, or a prefix of ids. Prefers what is alive to what ended. Fills
 * in up to max matches, returns how many there are. */
size_t registry_find(
	const struct registry *r, const char *key, struct session **matches, size_t max);
