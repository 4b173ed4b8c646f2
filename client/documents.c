/* SPDX-License-Identifier: Apache-2.0 */
#include "client/documents.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "libcore/base/cleanup.h"
#include "libcore/base/error.h"
#include "libcore/base/path.h"
#include "libcore/base/str.h"

static bool is_sent(const struct user_documents *d, const char *name)
{
	for (size_t i = 0; i < d->files.n; i++) {
		if (d->files.items[i].kind == DOCUMENT_PROFILE && d->files.items[i].name &&
			str_equal(d->files.items[i].name, name)) {
			return true;
		}
	}
	return false;
}

static int read_profile(
	struct user_documents *d, const char *ref, const char *from_file, struct nono_error *err)
{
	int r = documents_read_profile(&d->files, &d->places, d->cwd, ref, from_file, err);

	return r < 0 ? r : 0;
}

/* The user's directory: groups, the network, and the profile that everything extends. */
static int read_config(struct user_documents *d, const char *dir, struct nono_error *err)
{
	int r = documents_read_dir(&d->files, dir, ORIGIN_USER, false, err);

	return r < 0 ? r : read_profile(d, "default", NULL, err);
}

/* That there is no document is of interest to those that refer to it: alone it says nothing. */
static void forget_absent(struct user_documents *d)
{
	for (size_t i = 0; i < d->files.n; i++) {
		if (d->files.items[i].n > 0) {
			return;
		}
	}
	documents_deinit(&d->files);
}

int user_documents_read(struct user_documents *ret, const struct arguments *a,
	const struct workdir *w, struct nono_error *err)
{
	_cleanup_(
		user_documents_deinit) struct user_documents d = { .cwd = w->path ? w->path : "/" };
	_cleanup_free_ char *dir = NULL;
	int r = places_init_documents(&d.places, geteuid(), getenv, err);

	if (r < 0) {
		return r;
	}
	dir = path_absolute(d.places.config, "nono");
	if (!dir) {
		return error_oom(err);
	}
	if (faccessat(AT_FDCWD, dir, F_OK, AT_EACCESS) == 0) {
		r = read_config(&d, dir, err);
	}
	if (r == 0 && a->profile) {
		r = read_profile(&d, a->profile, NULL, err);
	}
	for (size_t i = 0; r == 0 && i < a->extends.n; i++) {
		r = is_sent(&d, a->extends.items[i])
			    ? 0
			    : read_profile(&d, a->extends.items[i], NULL, err);
	}
	if (r == 0 && w->path) {
		r = documents_read_project(&d.files, &d.places, w->path, err);
	}
	if (r < 0) {
		return r;
	}
	forget_absent(&d);
	*ret = d;
	d = (struct user_documents){ 0 };
	return 0;
}

int user_documents_add_needed(
	struct user_documents *d, struct json_span parameters, struct nono_error *err)
{
	struct json_iter it = json_iter(json_member(parameters, "documents"));
	struct json_span needed;
	size_t before = d->files.n;

	while (json_next(&it, NULL, &needed)) {
		_cleanup_free_ char *name = NULL, *from = NULL;
		int r;
		if (json_dup_string(json_member(needed, "name"), &name) < 0) {
			continue;
		}
		json_dup_string(json_member(needed, "referredToBy"), &from);
		r = read_profile(d, name, from, err);
		if (r < 0) {
			return r;
		}
	}
	return d->files.n > before ? 0
				   : error_set(err, NONO_SYSTEM, EBADMSG,
					     "nonod keeps asking for documents it has been sent");
}

void user_documents_deinit(struct user_documents *d)
{
	documents_deinit(&d->files);
	places_deinit(&d->places);
	*d = (struct user_documents){ 0 };
}
