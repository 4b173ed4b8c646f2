/* SPDX-License-Identifier: Apache-2.0 */
/* nono profile groups: what profiles are made of, by name. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "client/local/local.h"
#include "client/local/profile.h"
#include "client/local/show.h"
#include "client/say.h"
#include "libcore/base/cleanup.h"
#include "libcore/base/error.h"
#include "libcore/base/nearest.h"
#include "libcore/base/str.h"
#include "libcore/base/visible.h"
#include "policy/variables.h"

#define NAME_WIDTH 26
#define KIND_WIDTH 10

static int compare_groups(const void *a, const void *b)
{
	return strcmp((*(const struct policy_group *const *)a)->name,
		(*(const struct policy_group *const *)b)->name);
}

/* All groups by name, those of other platforms only with foreign. Free it. */
static const struct policy_group **sorted_groups(const struct library *l, bool foreign, size_t *ret)
{
	const struct policy_group **list = NULL, *g;
	size_t n = 0;

	for (size_t i = 0; (g = library_group_at(l, i)) != NULL; i++) {
		if (g->foreign && !foreign) {
			continue;
		}
		if (array_grow((void **)&list, n, sizeof(*list)) < 0) {
			free(list);
			return NULL;
		}
		list[n++] = g;
	}
	if (n > 0) {
		qsort(list, n, sizeof(*list), compare_groups);
	}
	*ret = n;
	return list;
}

/* What the group does, in a word. */
static const char *kind(const struct policy_group *g)
{
	bool allows = g->read.n + g->read_file.n + g->write.n + g->read_write.n > 0;
	bool denies = g->deny.n + g->deny_commands.n > 0 || g->deny_unlink;

	return g->foreign ? "foreign" : allows && denies ? "both" : denies ? "denies" : "allows";
}

static void print_list(struct buf *out, const struct policy_group **list, size_t n)
{
	buf_printf(out, "%-*s%-*s%s\n", NAME_WIDTH, "GROUP", KIND_WIDTH, "KIND", "DESCRIPTION");
	for (size_t i = 0; i < n; i++) {
		buf_printf(out, "%-*s%-*s", NAME_WIDTH, list[i]->name, KIND_WIDTH, kind(list[i]));
		visible_append(out, list[i]->description ? list[i]->description : "");
		if (list[i]->locked) {
			buf_append_str(out, " (locked by the administrator)");
		} else if (list[i]->required) {
			buf_append_str(out, " (cannot be left out)");
		}
		buf_append_char(out, '\n');
	}
}

static void write_head(struct json_writer *w, const struct policy_group *g)
{
	show_text(w, "name", g->name);
	show_text(w, "description", g->description ? g->description : "");
	json_write_string(w, "platform", g->foreign ? "other" : "linux");
	json_write_bool(w, "required", g->required || g->locked);
	json_write_bool(w, "locked", g->locked);
}

static void print_list_json(struct buf *out, const struct policy_group **list, size_t n)
{
	struct json_writer w = { .buf = out };

	json_begin_array(&w, NULL);
	for (size_t i = 0; i < n; i++) {
		const struct policy_group *g = list[i];
		json_begin_object(&w, NULL);
		write_head(&w, g);
		json_begin_object(&w, "allow");
		json_write_uint64(&w, "read", g->read.n);
		json_write_uint64(&w, "read_file", g->read_file.n);
		json_write_uint64(&w, "write", g->write.n);
		json_write_uint64(&w, "readwrite", g->read_write.n);
		json_end(&w);
		json_begin_object(&w, "deny");
		json_write_uint64(&w, "access", g->deny.n);
		json_write_uint64(&w, "commands", g->deny_commands.n);
		json_write_uint64(&w, "unlink", g->deny_unlink);
		json_end(&w);
		json_end(&w);
	}
	json_end(&w);
}

/* The path a raw one means here; NULL when it means none. */
static char *expand(const struct policy_variables *v, const char *raw)
{
	char *path;

	return variables_path(&path, raw, v, NULL) == 0 ? path : NULL;
}

static void print_paths(struct buf *out, const struct policy_variables *v, const char *title,
	const struct strlist *paths)
{
	struct stat st;

	for (size_t i = 0; i < paths->n; i++) {
		_cleanup_free_ char *path = expand(v, paths->items[i]);
		buf_printf(out, "  %-12s", title);
		visible_append(out, paths->items[i]);
		if (path && !str_equal(path, paths->items[i])) {
			buf_append_str(out, "  =  ");
			visible_append(out, path);
		}
		if (!path || lstat(path, &st) < 0) {
			buf_append_str(out, "  (not there)");
		}
		buf_append_char(out, '\n');
	}
}

static void print_group(
	struct buf *out, const struct policy_variables *v, const struct policy_group *g)
{
	visible_append(out, g->name);
	buf_append_str(out, ": ");
	visible_append(out, g->description ? g->description : "");
	buf_append_str(out, "\n  defined in  ");
	visible_append(out, g->file);
	buf_append_char(out, '\n');
	if (g->locked || g->required) {
		buf_printf(out, "  %s\n",
			g->locked ? "locked by the administrator: in every session"
				  : "cannot be left out");
	}
	print_paths(out, v, "read", &g->read);
	print_paths(out, v, "read file", &g->read_file);
	print_paths(out, v, "write", &g->write);
	print_paths(out, v, "read+write", &g->read_write);
	print_paths(out, v, "deny", &g->deny);
	for (size_t i = 0; i < g->deny_commands.n; i++) {
		buf_append_str(out, i == 0 ? "  commands    " : " ");
		visible_append(out, g->deny_commands.items[i]);
	}
	if (g->deny_commands.n > 0) {
		buf_append_char(out, '\n');
	}
}

static void write_paths(struct json_writer *w, const struct policy_variables *v, const char *name,
	const struct strlist *paths)
{
	json_begin_array(w, name);
	for (size_t i = 0; i < paths->n; i++) {
		_cleanup_free_ char *path = expand(v, paths->items[i]);
		json_begin_object(w, NULL);
		show_text(w, "raw", paths->items[i]);
		if (path) {
			show_path(w, "expanded", path);
		} else {
			json_write_null(w, "expanded");
		}
		json_end(w);
	}
	json_end(w);
}

static void print_group_json(
	struct buf *out, const struct policy_variables *v, const struct policy_group *g)
{
	struct json_writer w = { .buf = out };

	json_begin_object(&w, NULL);
	write_head(&w, g);
	show_text(&w, "file", g->file);
	json_begin_object(&w, "allow");
	write_paths(&w, v, "read", &g->read);
	write_paths(&w, v, "read_file", &g->read_file);
	write_paths(&w, v, "write", &g->write);
	write_paths(&w, v, "readwrite", &g->read_write);
	json_end(&w);
	json_begin_object(&w, "deny");
	write_paths(&w, v, "access", &g->deny);
	json_begin_array(&w, "commands");
	for (size_t i = 0; i < g->deny_commands.n; i++) {
		show_text(&w, NULL, g->deny_commands.items[i]);
	}
	json_end(&w);
	json_write_bool(&w, "unlink", g->deny_unlink);
	json_end(&w);
	json_end(&w);
}

const struct policy_group *profile_find_group(
	const struct library *l, const char *name, struct nono_error *err)
{
	const struct policy_group *g = library_group(l, name), *other;
	struct nearest nearest = nearest_init(name, strlen(name));

	if (g) {
		return g;
	}
	for (size_t i = 0; (other = library_group_at(l, i)) != NULL; i++) {
		nearest_offer(&nearest, other->name);
	}
	if (nearest.best) {
		error_set(err, NONO_NOT_FOUND, ENOENT, "unknown group '%.100s'; did you mean '%s'?",
			name, nearest.best);
	} else {
		error_set(err, NONO_NOT_FOUND, ENOENT,
			"unknown group '%.100s'; 'nono profile groups' lists them", name);
	}
	return NULL;
}

static int show_one(const struct arguments *a, const struct profile_set *s, struct nono_error *err)
{
	const struct policy_group *g = profile_find_group(s->library, a->operands[0], err);
	_cleanup_(buf_deinit) struct buf out = { 0 };
	_cleanup_free_ char *cwd = getcwd(NULL, 0);
	const struct policy_variables v = {
		.places = &s->places, .workdir = cwd, .tmpdir = getenv("TMPDIR"), .uid = geteuid()
	};

	if (!g) {
		return -ENOENT;
	}
	if (a->json) {
		print_group_json(&out, &v, g);
		return show_json(&out);
	}
	print_group(&out, &v, g);
	return say_result(&out);
}

int local_profile_groups(const struct arguments *a, struct nono_error *err)
{
	_cleanup_(profile_set_deinit) struct profile_set s = { 0 };
	_cleanup_(buf_deinit) struct buf out = { 0 };
	_cleanup_free_ const struct policy_group **list = NULL;
	size_t n = 0;
	int r = profile_set_load(&s, NULL, NULL, 0, err);

	if (r < 0) {
		return r;
	}
	if (a->n_operands > 0) {
		return show_one(a, &s, err);
	}
	list = sorted_groups(s.library, a->all_platforms, &n);
	if (!list) {
		return error_oom(err);
	}
	if (a->json) {
		print_list_json(&out, list, n);
		return show_json(&out);
	}
	print_list(&out, list, n);
	return say_result(&out);
}
