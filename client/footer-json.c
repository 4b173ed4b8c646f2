/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "client/footer.h"
#include "libcore/base/cleanup.h"
#include "libcore/base/escape.h"
#include "libcore/base/json-pretty.h"
#include "libcore/base/json-write.h"
#include "libcore/base/str.h"

static void write_path(struct json_writer *w, const char *path)
{
	_cleanup_free_ char *text = NULL;
	bool escaped;

	if (escape_path(path, &text, &escaped) < 0) {
		w->buf->error = -ENOMEM;
		return;
	}
	json_write_string(w, "path", text);
}

/* The access that would make the operation work. */
static const char *needed_access(const char *operation)
{
	return str_equal(operation, "read") || str_equal(operation, "execute") ? "read" : "write";
}

static void write_remediation(struct json_writer *w, const struct denial *d)
{
	json_begin_object(w, "remediation");
	if (d->suspect->origin == SUSPECT_DIRECTORY) {
		json_write_string(w, "kind", "allow_cwd");
	} else if (json_is_null(json_member(d->json, "suggestedFlag"))) {
		json_write_string(w, "kind", "check_policy");
	} else {
		json_write_string(w, "kind", "grant_path");
		write_path(w, d->suspect->path);
		json_write_string(w, "access", needed_access(d->operation));
		json_write_bool(w, "is_file", !d->suspect->is_directory);
	}
	json_end(w);
}

static void write_denial(struct json_writer *w, const struct denial *d)
{
	static const char *const details[] = {
		[SUSPECT_PROGRAM] = "inferred: it is the command or its interpreter",
		[SUSPECT_ARGUMENT] = "inferred: the command line names it",
		[SUSPECT_OUTPUT] = "inferred: the command's output says it was denied",
		[SUSPECT_DIRECTORY] = "inferred: it is the working directory",
	};
	bool is_directory = d->suspect->origin == SUSPECT_DIRECTORY;
	struct json_span why = json_member(d->json, "details");

	json_begin_object(w, NULL);
	json_write_string(w, "code", is_directory ? "cwd_access_required" : "sandbox_denied_path");
	json_write_string(w, "severity", is_directory ? "warning" : "error");
	if (json_is_null(why)) {
		json_write_string(w, "message", "the session may not use this path");
	} else {
		json_write_span(w, "message", why);
	}
	json_write_span(w, "reason", json_member(d->json, "reason"));
	if (!json_is_null(json_member(d->json, "suggestedFlag"))) {
		json_write_span(w, "hint", json_member(d->json, "suggestedFlag"));
	}
	write_remediation(w, d);
	write_path(w, d->suspect->path);
	json_write_string(w, "access", needed_access(d->operation));
	json_write_string(w, "detail", details[d->suspect->origin]);
	json_end(w);
}

static void write_end(struct json_writer *w, const struct footer *f, bool suspicious)
{
	char message[64];
	const char *code = f->exit_status == 127 && f->end->said ? "command_not_found"
			   : suspicious                          ? "command_failed_likely_sandbox"
								 : "command_failed_application";

	snprintf(message, sizeof(message), "command exited with code %d", f->exit_status);
	json_begin_object(w, NULL);
	json_write_string(w, "code", code);
	json_write_string(w, "severity", "error");
	json_write_string(w, "message", message);
	json_end(w);
}

void footer_append_json(struct buf *out, const struct footer *f, const struct denials *d)
{
	_cleanup_(buf_deinit) struct buf b = { 0 };
	struct json_writer w = { .buf = &b };

	json_begin_object(&w, NULL);
	json_begin_object(&w, "session");
	json_write_int64(&w, "exit_code", f->exit_status);
	json_begin_array(&w, "denials"); /* what was observed: nothing observes yet */
	json_end(&w);
	json_begin_array(&w, "ipc_denials");
	json_end(&w);
	json_begin_array(&w, "violations");
	json_end(&w);
	json_begin_array(&w, "diagnostics");
	if (f->exit_status != 0) {
		write_end(&w, f, denials_have_cause(d));
	}
	for (size_t i = 0; i < d->n; i++) {
		write_denial(&w, &d->items[i]);
	}
	json_end(&w);
	json_end(&w);
	json_end(&w);
	if (json_writer_error(&w) == 0) {
		json_pretty(out, (struct json_span){ b.data, b.len });
		buf_append_char(out, '\n');
	}
}
