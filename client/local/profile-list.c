/* SPDX-License-Identifier: Apache-2.0 */
/* nono profile list: the built-in profiles, the administrator's and the user's. One that cannot be
 * read is a line of the list, not the end of it. */
#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "client/local/decision.h"
#include "client/local/local.h"
#include "client/local/profile.h"
#include "client/local/show.h"
#include "client/say.h"
#include "libcore/base/cleanup.h"
#include "libcore/base/error.h"
#include "libcore/base/path.h"
#include "libcore/base/str.h"
#include "libcore/base/strlist.h"
#include "libcore/base/visible.h"
#include "policy/library-files.h"

#define NAME_WIDTH   22
#define SOURCE_WIDTH 28

struct row {
	char *name;
	enum policy_origin origin;
	bool overrides;                /* something further away has that name too */
	const struct profile *profile; /* NULL when it cannot be used */
	char *error;
};

struct list {
	struct library *library;
	struct row *rows;
	size_t n;
};

static void list_deinit(struct list *l)
{
	for (size_t i = 0; i < l->n; i++) {
		free(l->rows[i].name);
		free(l->rows[i].error);
	}
	free(l->rows);
	library_free(l->library);
}

static int add_row(struct list *l, struct row row, struct nono_error *err)
{
	row.name = strdup(row.name);
	row.error = row.error ? strdup(row.error) : NULL;
	if (!row.name || array_grow((void **)&l->rows, l->n, sizeof(*l->rows)) < 0) {
		free(row.name);
		free(row.error);
		return error_oom(err);
	}
	l->rows[l->n++] = row;
	return 0;
}

/* Adds a document to the library, or a line that says why not. */
static int add_document(struct list *l, const struct policy_document *d, struct nono_error *err)
{
	struct nono_error why = { 0 };
	int r = library_add(l->library, d, &why);

	if (r == -ENOMEM) {
		return error_oom(err);
	}
	if (r < 0 && d->name) {
		return add_row(l,
			(struct row){ .name = (char *)d->name,
				.origin = d->origin,
				.error = why.message },
			err);
	}
	if (r < 0) {
		say("%s", why.message);
	}
	return 0;
}

static int add_documents(struct list *l, const struct document_files *files, struct nono_error *err)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < files->n; i++) {
		if (files->items[i].n > 0) {
			r = add_document(l, &files->items[i], err);
		}
	}
	return r;
}

static int add_system(struct list *l, struct nono_error *err)
{
	_cleanup_(documents_deinit) struct document_files files = { 0 };
	struct nono_error why = { 0 };

	if (documents_read_dir(&files, SYSTEM_POLICY_DIR, ORIGIN_SYSTEM, true, &why) < 0) {
		say("%s", why.message);
	}
	return add_documents(l, &files, err);
}

/* The names of the files in the user's directory, each once. */
static int user_names(struct strlist *ret, const char *dir, struct nono_error *err)
{
	DIR *d = opendir(dir);
	const struct dirent *entry;
	int r = 0;

	while (d && r == 0 && (entry = readdir(d)) != NULL) {
		const char *dot = strrchr(entry->d_name, '.');
		if (dot && dot != entry->d_name &&
			(str_equal(dot, ".json") || str_equal(dot, ".jsonc"))) {
			_cleanup_free_ char *name =
				strndup(entry->d_name, (size_t)(dot - entry->d_name));
			r = name ? strlist_add_once(ret, name) : -ENOMEM;
		}
	}
	if (d) {
		closedir(d);
	}
	return r < 0 ? error_oom(err) : 0;
}

static int add_user(struct list *l, const struct policy_places *places, struct nono_error *err)
{
	_cleanup_free_ char *dir = path_absolute(places->config, "nono/profiles");
	_cleanup_(strlist_deinit) struct strlist names = { 0 };
	int r = dir ? user_names(&names, dir, err) : error_oom(err);

	for (size_t i = 0; r == 0 && i < names.n; i++) {
		_cleanup_(documents_deinit) struct document_files files = { 0 };
		struct nono_error why = { 0 };
		if (documents_read_profile(&files, places, "/", names.items[i], NULL, &why) < 0) {
			r = add_row(l,
				(struct row){ .name = names.items[i],
					.origin = ORIGIN_USER,
					.error = why.message },
				err);
		} else {
			r = add_documents(l, &files, err);
		}
	}
	return r;
}

static struct row *find(struct list *l, const char *name)
{
	for (size_t i = 0; i < l->n; i++) {
		if (str_equal(l->rows[i].name, name)) {
			return &l->rows[i];
		}
	}
	return NULL;
}

/* What the library has, each name once: the nearest. */
static int add_good(struct list *l, struct nono_error *err)
{
	enum policy_origin origin;
	const struct profile *p;
	int r = 0;

	for (size_t i = 0; r == 0 && (p = library_profile_at(l->library, i, &origin)); i++) {
		struct row *known = find(l, p->name);
		if (!known) {
			r = add_row(l,
				(struct row){ .name = p->name, .origin = origin, .profile = p },
				err);
			continue;
		}
		known->overrides = known->overrides || known->origin != origin;
		if (origin > known->origin) {
			known->origin = origin;
			known->profile = p;
		}
	}
	return r;
}

static int compare_rows(const void *a, const void *b)
{
	return strcmp(((const struct row *)a)->name, ((const struct row *)b)->name);
}

static const char *source_words(const struct row *r)
{
	static const char *const words[] = {
		[ORIGIN_BUILTIN] = "built-in",
		[ORIGIN_SYSTEM] = "system",
		[ORIGIN_USER] = "user",
		[ORIGIN_PROJECT] = "project",
	};

	if (!r->overrides) {
		return words[r->origin];
	}
	return r->origin == ORIGIN_USER ? "user (overrides built-in)"
					: "system (overrides built-in)";
}

static const char *description(const struct row *r)
{
	const char *s = r->profile ? r->profile->values[KEY_DESCRIPTION].string : NULL;

	return s ? s : "";
}

static void print_text(struct buf *out, const struct list *l)
{
	buf_printf(
		out, "%-*s%-*s%s\n", NAME_WIDTH, "PROFILE", SOURCE_WIDTH, "SOURCE", "DESCRIPTION");
	for (size_t i = 0; i < l->n; i++) {
		const struct row *r = &l->rows[i];
		size_t begin = out->len;
		visible_append(out, r->name);
		do {
			buf_append_char(out, ' ');
		} while (buf_error(out) == 0 && out->len - begin < NAME_WIDTH);
		buf_printf(out, "%-*s", SOURCE_WIDTH, source_words(r));
		if (!r->profile) {
			buf_append_str(out, "cannot be used: ");
		}
		visible_append(out, r->error ? r->error : description(r));
		buf_append_char(out, '\n');
	}
}

static void print_json(struct buf *out, const struct list *l)
{
	struct json_writer w = { .buf = out };

	json_begin_array(&w, NULL);
	for (size_t i = 0; i < l->n; i++) {
		const struct row *r = &l->rows[i];
		json_begin_object(&w, NULL);
		show_text(&w, "name", r->name);
		if (r->error) {
			show_text(&w, "error", r->error);
		} else {
			const struct profile_value *bases = &r->profile->values[KEY_EXTENDS];
			json_write_string(&w, "source", source_words(r));
			json_write_null(&w, "pack");
			json_write_string(&w, "description", description(r));
			json_begin_array(&w, "extends");
			for (size_t k = 0; k < bases->n; k++) {
				json_write_string(&w, NULL, bases->items[k].text);
			}
			json_end(&w);
		}
		json_end(&w);
	}
	json_end(&w);
}

int local_profile_list(const struct arguments *a, struct nono_error *err)
{
	_cleanup_(places_deinit) struct policy_places places = { 0 };
	_cleanup_(list_deinit) struct list l = { 0 };
	_cleanup_(buf_deinit) struct buf out = { 0 };
	int r = local_places(&places, err);

	if (r == 0) {
		r = library_new(&l.library, err);
	}
	if (r == 0) {
		r = add_system(&l, err);
	}
	if (r == 0) {
		r = add_user(&l, &places, err);
	}
	if (r == 0) {
		r = add_good(&l, err);
	}
	if (r < 0) {
		return r;
	}
	if (l.n > 0) {
		qsort(l.rows, l.n, sizeof(*l.rows), compare_rows);
	}
	if (a->json) {
		print_json(&out, &l);
		return show_json(&out);
	}
	print_text(&out, &l);
	return say_result(&out);
}
