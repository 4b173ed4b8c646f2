/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/rulebook.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "daemon/session/plan.h"
#include "libcore/base/cleanup.h"
#include "libcore/base/error.h"
#include "libcore/base/path.h"
#include "libcore/base/str.h"
#include "libcore/caps.h"
#include "policy/library-files.h"

/* A file or directory as it was; all zero for one that is not there. */
struct state {
	uint64_t inode, size;
	int64_t changed_sec, modified_sec;
	uint32_t changed_nsec, modified_nsec;
	uint32_t device_major, device_minor;
};

struct watched {
	char *path;
	struct state state;
};

static struct state look(const char *path)
{
	struct statx st;

	if (statx(AT_FDCWD, path, 0, STATX_INO | STATX_SIZE | STATX_MTIME | STATX_CTIME, &st) < 0) {
		return (struct state){ 0 };
	}
	return (struct state){ .inode = st.stx_ino,
		.size = st.stx_size,
		.changed_sec = st.stx_ctime.tv_sec,
		.changed_nsec = st.stx_ctime.tv_nsec,
		.modified_sec = st.stx_mtime.tv_sec,
		.modified_nsec = st.stx_mtime.tv_nsec,
		.device_major = st.stx_dev_major,
		.device_minor = st.stx_dev_minor };
}

static bool is_same(const struct state *a, const struct state *b)
{
	return a->inode == b->inode && a->size == b->size && a->changed_sec == b->changed_sec &&
	       a->changed_nsec == b->changed_nsec && a->modified_sec == b->modified_sec &&
	       a->modified_nsec == b->modified_nsec && a->device_major == b->device_major &&
	       a->device_minor == b->device_minor;
}

/* Takes path; NULL is out of memory. */
static int watch(struct rulebook *book, char *path, struct nono_error *err)
{
	void *items = book->watched;

	if (!path || array_grow(&items, book->n_watched, sizeof(*book->watched)) < 0) {
		free(path);
		return error_oom(err);
	}
	book->watched = items;
	book->watched[book->n_watched++] = (struct watched){ path, look(path) };
	return 0;
}

static int watch_directories(struct rulebook *book, const char *dir, struct nono_error *err)
{
	static const char *const names[] = { ".", "policy.d", "network.d", "profiles" };

	for (size_t i = 0; i < ELEMENTSOF(names); i++) {
		int r = watch(book, path_absolute(dir, names[i]), err);
		if (r < 0) {
			return r;
		}
	}
	return 0;
}

static int load(struct rulebook *book, const char *dir, struct nono_error *err)
{
	_cleanup_(documents_deinit) struct document_files files = { 0 };
	int r = watch_directories(book, dir, err); /* before they are read */

	if (r == 0) {
		r = library_new(&book->library, err);
	}
	if (r == 0) {
		r = documents_read_dir(&files, dir, ORIGIN_SYSTEM, true, err);
	}
	for (size_t i = 0; r == 0 && i < files.n; i++) {
		r = watch(book, strdup(files.items[i].file), err);
		if (r == 0) {
			r = library_add(book->library, &files.items[i], err);
		}
	}
	return r;
}

/* What is below home may have been put elsewhere by a symlink: where it leads is decided for each
 * session. What the base plan names means whatever it leads to. */
static bool belongs_in_base(const struct rulebook *book, const struct nono_fs_grant *g)
{
	const char *home = book->places->home;

	return g->source == NONO_SOURCE_GROUP &&
	       (str_equal(home, "/") || !path_is_below(g->resolved, home));
}

static int make_plans(struct rulebook *book, struct nono_error *err)
{
	const struct nono_caps *caps = book->standard.caps;
	_cleanup_free_ struct plan_grant *grants = calloc(caps->n_paths + 1, sizeof(*grants));
	struct plan plan = { .grants = grants };

	if (!grants) {
		return error_oom(err);
	}
	book->empty_fd = plan_create(&plan, err);
	if (book->empty_fd < 0) {
		return book->empty_fd;
	}
	for (size_t i = 0; i < caps->n_paths; i++) {
		const struct nono_fs_grant *g = &caps->paths[i];
		if (belongs_in_base(book, g)) {
			grants[plan.n_grants++] = (struct plan_grant){ .path = g->resolved,
				.access = g->access,
				.flags = PLAN_GRANT_OPTIONAL | (g->is_file ? PLAN_GRANT_FILE : 0) };
		}
	}
	book->base_fd = plan_create(&plan, err);
	return book->base_fd < 0 ? book->base_fd : 0;
}

int rulebook_new(struct rulebook **ret, const char *dir, const struct never *never,
	const struct policy_places *places, struct nono_error *err)
{
	const struct policy_request nothing = { .tmpdir = PLAN_TMPDIR_STANDIN };
	struct rulebook *book = calloc(1, sizeof(*book));
	const char *hint;
	int r;

	if (!book) {
		return error_oom(err);
	}
	book->references = 1;
	book->places = places;
	book->base_fd = book->empty_fd = -1;
	r = load(book, dir, err);
	if (r == 0) {
		r = policy_resolve(&book->standard, &nothing, book->library, never, places,
			POLICY_PLAN, NULL, &hint, err);
	}
	if (r == 0) {
		r = make_plans(book, err);
	}
	if (r < 0) {
		rulebook_unref(book);
		return r;
	}
	*ret = book;
	return 0;
}

struct rulebook *rulebook_ref(struct rulebook *book)
{
	book->references++;
	return book;
}

void rulebook_unref(struct rulebook *book)
{
	if (!book || --book->references > 0) {
		return;
	}
	policy_result_deinit(&book->standard);
	if (book->library) {
		library_free(book->library);
	}
	close_fd(&book->base_fd);
	close_fd(&book->empty_fd);
	for (size_t i = 0; i < book->n_watched; i++) {
		free(book->watched[i].path);
	}
	free(book->watched);
	free(book);
}

bool rulebook_is_current(const struct rulebook *book)
{
	for (size_t i = 0; i < book->n_watched; i++) {
		const struct state now = look(book->watched[i].path);
		if (!is_same(&now, &book->watched[i].state)) {
			return false;
		}
	}
	return true;
}

bool rulebook_has(const struct rulebook *book, const struct nono_fs_grant *grant, size_t *at)
{
	const struct nono_caps *caps = book->standard.caps;

	if (!belongs_in_base(book, grant)) {
		return false;
	}
	for (size_t i = 0; i < caps->n_paths; i++) {
		size_t k = (*at + i) % caps->n_paths;
		const struct nono_fs_grant *g = &caps->paths[k];
		if (g->access == grant->access && g->is_file == grant->is_file &&
			g->source == grant->source && str_equal(g->resolved, grant->resolved)) {
			*at = k + 1;
			return true;
		}
	}
	return false;
}
