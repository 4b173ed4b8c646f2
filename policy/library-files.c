/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/library-files.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "libcore/base/cleanup.h"
#include "libcore/base/error.h"
#include "libcore/base/fd.h"
#include "libcore/base/path.h"
#include "libcore/base/str.h"
#include "policy/checked-file.h"
#include "policy/document.h"

#define DOCUMENTS_MAX 1024
#define TRUSTED_DIR   "nono/trusted-projects" /* below the state directory */

static void document_deinit(struct policy_document *d)
{
	free((char *)d->name);
	free((char *)d->file);
	free((char *)d->text);
}

void documents_deinit(struct document_files *f)
{
	for (size_t i = 0; i < f->n; i++) {
		document_deinit(&f->items[i]);
	}
	free(f->items);
	*f = (struct document_files){ 0 };
}

/* Appends d with copies of its name and file; takes its text, also when it fails. */
static int add(struct document_files *into, struct policy_document d, struct nono_error *err)
{
	d.name = d.name ? strdup(d.name) : NULL;
	d.file = d.file ? strdup(d.file) : NULL;
	if (into->n >= DOCUMENTS_MAX) {
		document_deinit(&d);
		return error_set(err, NONO_LIMIT, E2BIG, "more than %d documents", DOCUMENTS_MAX);
	}
	if (!d.file || (d.kind == DOCUMENT_PROFILE && !d.name) ||
		array_grow((void **)&into->items, into->n, sizeof(*into->items)) < 0) {
		document_deinit(&d);
		return error_oom(err);
	}
	into->items[into->n++] = d;
	return 0;
}

/* Reads d->file and adds it when it exists: 1, 0 or -errno. */
static int read_document(
	struct document_files *into, struct policy_document d, struct nono_error *err)
{
	char *text = NULL;
	int r = checked_file_read(d.file, DOCUMENT_SIZE_MAX, &text, &d.n, err);

	if (r <= 0) {
		return r;
	}
	if (d.n == 0) {
		free(text);
		return error_set(err, NONO_INVALID, EINVAL, "%s is empty", d.file);
	}
	d.text = text;
	r = add(into, d, err);
	return r < 0 ? r : 1;
}

/* Length of a document's name without .json or .jsonc. */
static size_t stem_length(const char *name)
{
	const char *dot = strrchr(name, '.');

	return dot ? (size_t)(dot - name) : strlen(name);
}

static int read_kind(struct document_files *into, const char *dir, const char *below,
	enum document_kind kind, enum policy_origin origin, struct nono_error *err)
{
	_cleanup_(strlist_deinit) struct strlist names = { 0 };
	_cleanup_free_ char *path = path_absolute(dir, below);
	int r = path ? checked_dir_list(dir, below, &names, err) : error_oom(err);

	for (size_t i = 0; r >= 0 && i < names.n; i++) {
		_cleanup_free_ char *file = path_absolute(path, names.items[i]);
		_cleanup_free_ char *name = strndup(names.items[i], stem_length(names.items[i]));
		if (!file || !name) {
			return error_oom(err);
		}
		r = read_document(into,
			(struct policy_document){ .kind = kind,
				.origin = origin,
				.name = kind == DOCUMENT_PROFILE ? name : NULL,
				.file = file },
			err);
	}
	return r < 0 ? r : 0;
}

int documents_read_dir(struct document_files *into, const char *dir, enum policy_origin origin,
	bool profiles, struct nono_error *err)
{
	int r;

	if (access(dir, F_OK) < 0 && (errno == ENOENT || errno == ENOTDIR)) {
		return 0;
	}
	r = read_kind(into, dir, "policy.d", DOCUMENT_GROUPS, origin, err);
	if (r == 0) {
		r = read_kind(into, dir, "network.d", DOCUMENT_NETWORK, origin, err);
	}
	if (r == 0 && profiles) {
		r = read_kind(into, dir, "profiles", DOCUMENT_PROFILE, origin, err);
	}
	return r;
}

/* The directory of file without a slash at its end, or NULL when out of memory. */
static char *directory_of(const char *file)
{
	const char *slash = strrchr(file, '/');

	return strndup(file, slash && slash != file ? (size_t)(slash - file) : 1);
}

/* Looks for dir/ref.jsonc and dir/ref.json, but not for the file that asks. 1, 0 or -errno. */
static int read_named(struct document_files *into, const char *dir, const char *ref,
	const char *from_file, bool as_file, struct nono_error *err)
{
	static const char *const suffixes[] = { ".jsonc", ".json" };
	int r = 0;

	for (size_t i = 0; r == 0 && i < ELEMENTSOF(suffixes); i++) {
		_cleanup_free_ char *file = NULL;
		if (asprintf(&file, "%s/%s%s", dir, ref, suffixes[i]) < 0) {
			file = NULL;
			return error_oom(err);
		}
		if (from_file && str_equal(file, from_file)) {
			continue;
		}
		r = read_document(into,
			(struct policy_document){ .kind = DOCUMENT_PROFILE,
				.origin = ORIGIN_USER,
				.name = as_file ? file : ref,
				.file = file },
			err);
	}
	return r;
}

static int read_by_name(struct document_files *into, const struct policy_places *places,
	const char *ref, const char *from_file, struct nono_error *err)
{
	_cleanup_free_ char *profiles = path_absolute(places->config, "nono/profiles");
	_cleanup_free_ char *beside = from_file ? directory_of(from_file) : NULL;
	_cleanup_(strlist_deinit) struct strlist unused = { 0 };
	_cleanup_free_ char *dir = path_absolute(places->config, "nono");
	int r = 0;

	if (!profiles || !dir || (from_file && !beside)) {
		return error_oom(err);
	}
	if (beside && !str_equal(beside, profiles)) {
		r = read_named(into, beside, ref, from_file, true, err);
	}
	if (r == 0 && access(profiles, F_OK) == 0) {
		r = checked_dir_list(dir, "profiles", &unused, err);
		if (r == 0) {
			r = read_named(into, profiles, ref, from_file, false, err);
		}
	}
	return r;
}

static int read_by_file(struct document_files *into, const struct policy_places *places,
	const char *cwd, const char *ref, const char *from_file, struct nono_error *err)
{
	_cleanup_free_ char *beside = from_file ? directory_of(from_file) : NULL;
	const char *below_home = str_after(ref, "~/");
	_cleanup_free_ char *file = path_absolute(below_home ? places->home
						  : beside   ? beside
							     : cwd,
		below_home ? below_home : ref);

	if (!file || (from_file && !beside)) {
		return error_oom(err);
	}
	return read_document(into,
		(struct policy_document){ .kind = DOCUMENT_PROFILE,
			.origin = ORIGIN_USER,
			.name = from_file ? file : ref,
			.file = file },
		err);
}

int documents_read_profile(struct document_files *into, const struct policy_places *places,
	const char *cwd, const char *ref, const char *from_file, struct nono_error *err)
{
	int r;

	if (from_file && from_file[0] != '/') {
		from_file = NULL;
	}
	if (profile_ref_is_file(ref)) {
		r = read_by_file(into, places, cwd, ref, from_file, err);
	} else {
		r = read_by_name(into, places, ref, from_file, err);
	}
	if (r == 0) {
		r = add(into,
			(struct policy_document){ .kind = DOCUMENT_PROFILE,
				.origin = ORIGIN_USER,
				.name = ref,
				.file = from_file ? from_file : "" },
			err);
	}
	return r;
}

/* What was accepted of a project's document: its whole path once more, below nono's state. */
static char *trusted_path(const struct policy_places *places, const char *file)
{
	_cleanup_free_ char *dir = path_absolute(places->state, TRUSTED_DIR);

	return dir ? path_absolute(dir, file + 1) : NULL;
}

static int is_trusted(const struct policy_places *places, const struct policy_document *d,
	bool *ret, struct nono_error *err)
{
	_cleanup_free_ char *path = trusted_path(places, d->file), *text = NULL;
	size_t n;
	int r;

	if (!path) {
		return error_oom(err);
	}
	r = checked_file_read(path, DOCUMENT_SIZE_MAX, &text, &n, err);
	*ret = r > 0 && n == d->n && memcmp(text, d->text, n) == 0;
	return r < 0 ? r : 0;
}

/* 1, 0 or -errno. */
static int read_project(struct document_files *into, const struct policy_places *places,
	const char *file, struct nono_error *err)
{
	struct policy_document d = {
		.kind = DOCUMENT_PROFILE, .origin = ORIGIN_PROJECT, .name = "project", .file = file
	};
	char *text = NULL;
	int r = unchecked_file_read(file, DOCUMENT_SIZE_MAX, &text, &d.n, err);

	if (r <= 0) {
		return r;
	}
	d.text = text;
	r = is_trusted(places, &d, &d.trusted, err);
	if (r < 0) {
		free(text);
		return r;
	}
	r = add(into, d, err);
	return r < 0 ? r : 1;
}

/* What runs in a project may write there: one more file must not make another one be overlooked. */
static int read_project_in(struct document_files *into, const struct policy_places *places,
	const char *dir, struct nono_error *err)
{
	_cleanup_free_ char *jsonc = path_absolute(dir, ".nono.jsonc");
	_cleanup_free_ char *json = path_absolute(dir, ".nono.json");
	int r, s;

	if (!jsonc || !json) {
		return error_oom(err);
	}
	r = read_project(into, places, jsonc, err);
	s = r < 0 ? r : read_project(into, places, json, err);
	if (r > 0 && s > 0) {
		return error_set(err, NONO_INVALID, EINVAL,
			"%.300s and .nono.json beside it: which one counts? Remove one", jsonc);
	}
	return r > 0 ? r : s;
}

int documents_read_project(struct document_files *into, const struct policy_places *places,
	const char *cwd, struct nono_error *err)
{
	_cleanup_free_ char *dir = strdup(cwd);
	bool below_home = path_is_below(cwd, places->home) && !str_equal(cwd, places->home);
	char *slash;
	int found = 0;

	if (!dir) {
		return error_oom(err);
	}
	for (;;) {
		int r = read_project_in(into, places, dir, err);
		if (r < 0) {
			return r;
		}
		found |= r;
		slash = strrchr(dir, '/');
		if (!below_home || slash == dir) {
			return found;
		}
		*slash = '\0';
		if (str_equal(dir, places->home)) {
			return found;
		}
	}
}

/* Creates the directories of path below base, which exists or is created too. */
static int make_directories(const char *path, struct nono_error *err)
{
	_cleanup_free_ char *dir = strdup(path);

	if (!dir) {
		return error_oom(err);
	}
	for (char *at = strchr(dir + 1, '/'); at; at = strchr(at + 1, '/')) {
		*at = '\0';
		if (mkdir(dir, 0700) < 0 && errno != EEXIST) {
			return error_errno(err, errno, "cannot create %s", dir);
		}
		*at = '/';
	}
	return 0;
}

int documents_trust(const struct policy_places *places, const struct policy_document *project,
	struct nono_error *err)
{
	_cleanup_free_ char *path = trusted_path(places, project->file), *draft = NULL;
	_cleanup_close_ int fd = -1;
	int r;

	if (!path || asprintf(&draft, "%s.XXXXXX", path) < 0) {
		draft = NULL;
		return error_oom(err);
	}
	r = make_directories(path, err);
	if (r < 0) {
		return r;
	}
	fd = mkostemp(draft, O_CLOEXEC);
	if (fd < 0) {
		return error_errno(err, errno, "cannot create %s", draft);
	}
	r = fd_write_full(fd, project->text, project->n);
	if (r == 0 && (fsync(fd) < 0 || rename(draft, path) < 0)) {
		r = -errno;
	}
	if (r < 0) {
		unlink(draft);
		return error_errno(err, -r, "cannot write %s", path);
	}
	return 0;
}

int documents_distrust(const struct policy_places *places, const struct policy_document *project,
	struct nono_error *err)
{
	_cleanup_free_ char *path = trusted_path(places, project->file);

	if (!path) {
		return error_oom(err);
	}
	if (unlink(path) < 0 && errno != ENOENT && errno != ENOTDIR) {
		return error_errno(err, errno, "cannot remove %s", path);
	}
	return 0;
}
