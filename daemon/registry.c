/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/registry.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/session.h"
#include "libcore/base/str.h"

#define BUCKETS 1024

struct registry {
	struct session *oldest, *newest; /* alive */
	size_t n_alive;
	struct session *buckets[_REGISTRY_INDEX_MAX][BUCKETS];
	struct session *ended[REGISTRY_ENDED]; /* ring */
	size_t n_ended;                        /* ever */
};

int registry_new(struct registry **ret)
{
	*ret = calloc(1, sizeof(**ret));
	return *ret ? 0 : -ENOMEM;
}

void registry_free(struct registry *r)
{
	struct session *s, *next;

	if (!r) {
		return;
	}
	for (s = r->oldest; s; s = next) {
		next = s->links.newer;
		session_free(s);
	}
	for (size_t i = 0; i < REGISTRY_ENDED; i++) {
		session_free(r->ended[i]);
	}
	free(r);
}

static size_t hash_text(const char *s)
{
	uint32_t h = 2166136261; /* FNV-1a: peers are the user's own, nobody aims at collisions */

	for (; *s; s++) {
		h = (h ^ (unsigned char)*s) * 16777619;
	}
	return h % BUCKETS;
}

static size_t bucket_of(const struct session *s, enum registry_index index)
{
	switch (index) {
	case REGISTRY_ID:
		return hash_text(s->id);
	case REGISTRY_NAME:
		return hash_text(s->name);
	case REGISTRY_SERIAL:
	case _REGISTRY_INDEX_MAX:
	default:
		return s->serial % BUCKETS;
	}
}

static void index_add(struct registry *r, struct session *s, enum registry_index index)
{
	struct session **bucket = &r->buckets[index][bucket_of(s, index)];

	s->links.chain[index] = *bucket;
	*bucket = s;
}

static void index_remove(struct registry *r, struct session *s, enum registry_index index)
{
	struct session **at = &r->buckets[index][bucket_of(s, index)];

	while (*at && *at != s) {
		at = &(*at)->links.chain[index];
	}
	if (*at) {
		*at = s->links.chain[index];
	}
}

void registry_add(struct registry *r, struct session *s)
{
	s->links.older = r->newest;
	s->links.newer = NULL;
	if (r->newest) {
		r->newest->links.newer = s;
	} else {
		r->oldest = s;
	}
	r->newest = s;
	r->n_alive++;
	index_add(r, s, REGISTRY_SERIAL);
	index_add(r, s, REGISTRY_ID);
	index_add(r, s, REGISTRY_NAME);
}

void registry_end(struct registry *r, struct session *s)
{
	struct session **slot = &r->ended[r->n_ended++ % REGISTRY_ENDED];

	if (s->links.older) {
		s->links.older->links.newer = s->links.newer;
	} else {
		r->oldest = s->links.newer;
	}
	if (s->links.newer) {
		s->links.newer->links.older = s->links.older;
	} else {
		r->newest = s->links.older;
	}
	r->n_alive--;
	index_remove(r, s, REGISTRY_SERIAL);
	index_remove(r, s, REGISTRY_NAME);
	if (*slot) {
		index_remove(r, *slot, REGISTRY_ID);
		session_free(*slot);
	}
	*slot = s;
}

size_t registry_n_alive(const struct registry *r)
{
	return r->n_alive;
}

struct session *registry_next(const struct registry *r, const struct session *s)
{
	return s ? s->links.newer : r->oldest;
}

struct session *registry_by_serial(const struct registry *r, uint64_t serial)
{
	struct session *s = r->buckets[REGISTRY_SERIAL][serial % BUCKETS];

	while (s && s->serial != serial) {
		s = s->links.chain[REGISTRY_SERIAL];
	}
	return s;
}

struct session *registry_by_id(const struct registry *r, const char *id)
{
	struct session *s = r->buckets[REGISTRY_ID][hash_text(id)];

	while (s && !str_equal(s->id, id)) {
		s = s->links.chain[REGISTRY_ID];
	}
	return s;
}

struct session *registry_by_name(const struct registry *r, const char *name)
{
	struct session *s = r->buckets[REGISTRY_NAME][hash_text(name)];

	while (s && !str_equal(s->name, name)) {
		s = s->links.chain[REGISTRY_NAME];
	}
	return s;
}

struct session *registry_by_supervisor(const struct registry *r, pid_t pid)
{
	struct session *s = r->oldest;

	while (s && s->supervisor != pid) {
		s = s->links.newer;
	}
	return s;
}

/* Counts s when key is the beginning of its id. */
static size_t match_prefix(
	struct session *s, const char *key, struct session **matches, size_t max, size_t n)
{
	if (!s || !str_after(s->id, key)) {
		return n;
	}
	if (n < max) {
		matches[n] = s;
	}
	return n + 1;
}

size_t registry_find(
	const struct registry *r, const char *key, struct session **matches, size_t max)
{
	struct session *s = registry_by_id(r, key);
	size_t n = 0, n_alive;

	if (!s) {
		s = registry_by_name(r, key);
	}
	/* The newest of the ended ones that had this name. */
	for (size_t i = 1; !s && i <= REGISTRY_ENDED && i <= r->n_ended; i++) {
		struct session *e = r->ended[(r->n_ended - i) % REGISTRY_ENDED];
		if (str_equal(e->name, key)) {
			s = e;
		}
	}
	if (s) {
		if (max > 0) {
			matches[0] = s;
		}
		return 1;
	}
	if (*key == '\0') {
		return 0;
	}
	for (s = r->oldest; s; s = s->links.newer) {
		n = match_prefix(s, key, matches, max, n);
	}
	n_alive = n;
	for (size_t i = 0; n_alive == 0 && i < REGISTRY_ENDED; i++) {
		n = match_prefix(r->ended[i], key, matches, max, n);
	}
	return n;
}
