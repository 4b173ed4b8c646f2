/* SPDX-License-Identifier: Apache-2.0 */
/*
 * nono profile validate: everything that would keep a profile's file from working, found without
 * running anything: is it read at all, is it well-formed, are all names in it known, and can what
 * it asks for be granted.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

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

#define EXIT_INVALID    1
#define EXIT_DEPRECATED 2 /* with --strict */

struct report {
	struct strlist errors, warnings, deprecated;
};

static void report_deinit(struct report *r)
{
	strlist_deinit(&r->errors);
	strlist_deinit(&r->warnings);
	strlist_deinit(&r->deprecated);
}

/* What is wrong with the document belongs into the report; what is wrong with us does not. */
static int note(struct report *report, int r, struct nono_error *err)
{
	if (r >= 0 || r == -ENOMEM) {
		return r;
	}
	return strlist_add(&report->errors, err->message) < 0 ? error_oom(err) : 0;
}

/* "FILE:3:5: deprecated key 'security.groups', use …": the key, too. */
static int add_warning(struct report *report, const char *line)
{
	static const char marker[] = "deprecated key '";
	const char *at = strstr(line, marker);

	if (strlist_add_once(&report->warnings, line) < 0) {
		return -ENOMEM;
	}
	if (at) {
		_cleanup_free_ char *key = NULL;
		at += strlen(marker);
		key = strndup(at, strcspn(at, "'"));
		return key ? strlist_add_once(&report->deprecated, key) : -ENOMEM;
	}
	return 0;
}

static int add_warnings(struct report *report, const struct strlist *lines, struct nono_error *err)
{
	for (size_t i = 0; i < lines->n; i++) {
		if (add_warning(report, lines->items[i]) < 0) {
			return error_oom(err);
		}
	}
	return 0;
}

/* The file by itself. */
static int check_text(struct report *report, const struct policy_places *places, const char *file,
	struct nono_error *err)
{
	_cleanup_(documents_deinit) struct document_files files = { 0 };
	_cleanup_(profile_freep) struct profile *p = NULL;
	_cleanup_(strlist_deinit) struct strlist warnings = { 0 };
	const char *dot = strrchr(file, '.');
	int r = documents_read_profile(&files, places, "/", file, NULL, err);

	if (r == 0) {
		r = error_set(
			err, NONO_PATH_NOT_FOUND, ENOENT, "%.300s: %s", file, strerror(ENOENT));
	}
	if (r > 0) {
		r = profile_parse(&p, file, file, files.items[0].text, files.items[0].n,
			dot && str_equal(dot, ".jsonc"), &warnings, err);
	}
	r = note(report, r, err);
	return r < 0 ? r : add_warnings(report, &warnings, err);
}

static int resolve(struct report *report, const struct arguments *a, enum policy_mode mode,
	struct nono_error *err)
{
	_cleanup_(workdir_deinit) struct workdir w = { .fd = -1 };
	_cleanup_(decision_deinit) struct decision d = { 0 };
	int r = workdir_open(&w, a, err);

	if (r < 0) {
		return r;
	}
	r = decision_make(&d, a, &w, NULL, mode, err);
	if (r < 0) {
		return note(report, r, err);
	}
	if (strlist_add_all(&report->errors, &d.result.refusals) < 0 ||
		strlist_add_all(&report->warnings, &d.result.need_reasons) < 0) {
		return error_oom(err);
	}
	return add_warnings(report, &d.result.warnings, err);
}

/* The file with all that it refers to, resolved as for a run. */
static int check_meaning(struct report *report, const char *file, struct nono_error *err)
{
	const struct arguments a = { .profile = file };
	struct report again = { 0 };
	int r = resolve(report, &a, POLICY_ASK, err); /* every grant that is refused */

	if (r == 0 && report->errors.n == 0) {
		r = resolve(&again, &a, POLICY_PLAN, err); /* and what is refused as a whole */
		if (r == 0 && strlist_add_all(&report->errors, &again.errors) < 0) {
			r = error_oom(err);
		}
	}
	report_deinit(&again);
	return r;
}

static void write_list(struct json_writer *w, const char *name, const struct strlist *list)
{
	json_begin_array(w, name);
	for (size_t i = 0; i < list->n; i++) {
		show_text(w, NULL, list->items[i]);
	}
	json_end(w);
}

static void append_lines(struct buf *out, const char *label, const struct strlist *list)
{
	for (size_t i = 0; i < list->n; i++) {
		buf_printf(out, "  %s: ", label);
		visible_append(out, list->items[i]);
		buf_append_char(out, '\n');
	}
}

static int print(const struct arguments *a, const struct report *report)
{
	_cleanup_(buf_deinit) struct buf out = { 0 };
	struct json_writer w = { .buf = &out };
	bool valid = report->errors.n == 0;

	if (!a->json) {
		visible_append(&out, a->operands[0]);
		buf_append_str(&out, valid ? ": valid\n" : ": not valid\n");
		append_lines(&out, "error", &report->errors);
		append_lines(&out, "warning", &report->warnings);
		return say_result(&out);
	}
	json_begin_object(&w, NULL);
	show_path(&w, "file", a->operands[0]);
	json_write_bool(&w, "valid", valid);
	write_list(&w, "errors", &report->errors);
	write_list(&w, "warnings", &report->warnings);
	write_list(&w, "deprecated_keys", &report->deprecated);
	json_end(&w);
	return show_json(&out);
}

int local_profile_validate(const struct arguments *a, struct nono_error *err)
{
	_cleanup_(report_deinit) struct report report = { 0 };
	_cleanup_(places_deinit) struct policy_places places = { 0 };
	_cleanup_free_ char *cwd = getcwd(NULL, 0), *file = NULL;
	int r = local_places(&places, err);

	if (r < 0) {
		return r;
	}
	file = path_absolute(cwd ? cwd : "/", a->operands[0]);
	if (!file) {
		return error_oom(err);
	}
	r = check_text(&report, &places, file, err);
	if (r == 0 && report.errors.n == 0 && !a->draft) {
		r = check_meaning(&report, file, err);
	}
	if (r < 0) {
		return r;
	}
	r = print(a, &report);
	if (r == 0 && report.errors.n > 0) {
		return EXIT_INVALID;
	}
	return r == 0 && a->strict && report.deprecated.n > 0 ? EXIT_DEPRECATED : r;
}
