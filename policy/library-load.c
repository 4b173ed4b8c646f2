/* SPDX-License-Identifier: Apache-2.0 */
/* Everything for one command line. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "libcore/base/cleanup.h"
#include "libcore/base/error.h"
#include "libcore/base/path.h"
#include "policy/library-files.h"

#define ROUNDS_MAX 16 /* one more than profiles can extend each other deep */

static int add_all(struct library *l, const struct document_files *files, struct nono_error *err)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < files->n; i++) {
		r = library_add(l, &files->items[i], err);
	}
	return r;
}

struct loading {
	struct library *library;
	const struct policy_places *places;
	const char *cwd; /* "/" when not known */
	struct nono_error *err;
};

static int read_profile(struct loading *g, const char *ref, const char *from_file)
{
	_cleanup_(documents_deinit) struct document_files files = { 0 };
	int r = documents_read_profile(&files, g->places, g->cwd, ref, from_file, g->err);

	return r < 0 ? r : add_all(g->library, &files, g->err);
}

static int read_standing(struct loading *g, bool project)
{
	_cleanup_(documents_deinit) struct document_files files = { 0 };
	_cleanup_free_ char *config = path_absolute(g->places->config, "nono");
	int r = config ? 0 : error_oom(g->err);

	if (r == 0) {
		r = documents_read_dir(&files, SYSTEM_POLICY_DIR, ORIGIN_SYSTEM, true, g->err);
	}
	if (r == 0) {
		r = documents_read_dir(&files, config, ORIGIN_USER, false, g->err);
	}
	if (r == 0 && project) {
		r = documents_read_project(&files, g->places, g->cwd, g->err);
	}
	return r < 0 ? r : add_all(g->library, &files, g->err);
}

/* Reads what the profiles that are there refer to, until nothing is missing. What is wrong with
 * them is said when they are resolved. */
static int read_referred(
	struct loading *g, const char *profile, const char *const *extra, size_t n_extra)
{
	for (int round = 0; round < ROUNDS_MAX; round++) {
		_cleanup_(strlist_deinit) struct strlist missing = { 0 };
		_cleanup_(profile_freep) struct profile *p = NULL;
		int r = library_compose(&p, g->library, profile, extra, n_extra, &missing, NULL);
		if (r == -ENOMEM) {
			return error_oom(g->err);
		}
		if (missing.n == 0) {
			break;
		}
		for (size_t i = 0; i + 1 < missing.n; i += 2) {
			r = read_profile(g, missing.items[i], missing.items[i + 1]);
			if (r < 0) {
				return r;
			}
		}
	}
	return 0;
}

/* The bases of a project's document. */
static int read_project_bases(struct loading *g, const struct profile *project)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < project->values[KEY_EXTENDS].n; i++) {
		const char *ref = project->values[KEY_EXTENDS].items[i].text;
		r = read_profile(g, ref, project->file);
		if (r == 0 && library_profile(g->library, ref, project->file)) {
			r = read_referred(
				g, library_profile(g->library, ref, project->file)->name, NULL, 0);
		}
	}
	return r;
}

static int read_projects_bases(struct loading *g)
{
	const struct profile *project;
	bool trusted;
	int r = 0;

	for (size_t i = 0; r == 0 && (project = library_project(g->library, i, &trusted)); i++) {
		r = trusted ? read_project_bases(g, project) : 0;
	}
	return r;
}

int library_load(struct library **ret, const struct policy_places *places, const char *cwd,
	const char *profile, const char *const *extra, size_t n_extra, struct nono_error *err)
{
	_cleanup_(library_freep) struct library *l = NULL;
	struct loading g = { .places = places, .cwd = cwd ? cwd : "/", .err = err };
	int r = library_new(&l, err);

	g.library = l;
	if (r == 0) {
		r = read_standing(&g, cwd != NULL);
	}
	if (r == 0) {
		r = read_profile(&g, "default", NULL);
	}
	if (r == 0 && profile && strcmp(profile, "default") != 0) {
		r = read_profile(&g, profile, NULL);
	}
	for (size_t i = 0; r == 0 && i < n_extra; i++) {
		r = read_profile(&g, extra[i], NULL);
	}
	if (r == 0) {
		r = read_referred(&g, profile ? profile : "default", extra, n_extra);
	}
	if (r == 0) {
		r = read_projects_bases(&g);
	}
	if (r < 0) {
		return r;
	}
	*ret = TAKE_PTR(l);
	return 0;
}
