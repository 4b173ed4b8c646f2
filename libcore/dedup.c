/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One grant per object. Sorting brings the grants of an object together, the user's tier first;
 * one pass then keeps the first of each and unites what the same tier says about it.
 *
 * The tiers are not united with each other. A group's grant is what somebody wrote for everybody,
 * the user's what this person wants here: whoever says "read" about a path that a group opens for
 * writing means less, and gets less. (A grant on a directory above still adds its rights, as
 * everywhere: narrowing works on the very object.)
 */
#include <stdlib.h>
#include <string.h>

#include "libcore/caps.h"

static bool is_users(enum nono_source source)
{
	return source == NONO_SOURCE_USER || source == NONO_SOURCE_PROFILE;
}

static int compare_text(const char *a, const char *b)
{
	return strcmp(a ? a : "", b ? b : "");
}

static int compare_paths(const void *pa, const void *pb)
{
	const struct nono_fs_grant *a = pa, *b = pb;
	int r = strcmp(a->resolved, b->resolved);

	r = r ? r : a->is_file - b->is_file;
	r = r ? r : (int)a->source - (int)b->source;
	r = r ? r : compare_text(a->source_name, b->source_name);
	/* Of several spellings the one through a symlink says more than the canonical one. */
	r = r ? r
	      : (strcmp(a->original, a->resolved) == 0) - (strcmp(b->original, b->resolved) == 0);
	return r ? r : strcmp(a->original, b->original);
}

static int compare_sockets(const void *pa, const void *pb)
{
	const struct nono_unix_grant *a = pa, *b = pb;
	int r = strcmp(a->resolved, b->resolved);

	r = r ? r : (int)a->scope - (int)b->scope;
	r = r ? r : (int)a->source - (int)b->source;
	r = r ? r : compare_text(a->source_name, b->source_name);
	return r ? r : strcmp(a->original, b->original);
}

static size_t merge_paths(struct nono_fs_grant *items, size_t n)
{
	size_t kept = 0;

	for (size_t i = 0; i < n; i++) {
		struct nono_fs_grant *g = &items[i], *last = kept ? &items[kept - 1] : NULL;
		if (!last || strcmp(last->resolved, g->resolved) != 0 ||
			last->is_file != g->is_file) {
			items[kept++] = *g;
			continue;
		}
		if (is_users(last->source) == is_users(g->source)) {
			last->access = (enum nono_access)(last->access | g->access);
		}
		caps_path_deinit(g);
	}
	return kept;
}

static size_t merge_sockets(struct nono_unix_grant *items, size_t n)
{
	size_t kept = 0;

	for (size_t i = 0; i < n; i++) {
		struct nono_unix_grant *g = &items[i], *last = kept ? &items[kept - 1] : NULL;
		if (!last || strcmp(last->resolved, g->resolved) != 0 || last->scope != g->scope) {
			items[kept++] = *g;
			continue;
		}
		if (is_users(last->source) == is_users(g->source)) {
			last->mode = (enum nono_unix_mode)(last->mode | g->mode);
		}
		caps_unix_deinit(g);
	}
	return kept;
}

void nono_caps_deduplicate(struct nono_caps *caps)
{
	if (!caps) {
		return;
	}
	if (caps->n_paths > 1) {
		qsort(caps->paths, caps->n_paths, sizeof(*caps->paths), compare_paths);
		caps->n_paths = merge_paths(caps->paths, caps->n_paths);
	}
	if (caps->n_unix_sockets > 1) {
		qsort(caps->unix_sockets, caps->n_unix_sockets, sizeof(*caps->unix_sockets),
			compare_sockets);
		caps->n_unix_sockets = merge_sockets(caps->unix_sockets, caps->n_unix_sockets);
	}
}
