/* SPDX-License-Identifier: Apache-2.0 */
#include "client/local/answer.h"

#include "client/local/show.h"
#include "libcore/base/json-write.h"
#include "libcore/base/str.h"
#include "libcore/base/visible.h"

static const char *access_word(enum nono_access access)
{
	switch (access) {
	case NONO_READ:
		return "read";
	case NONO_WRITE:
		return "write";
	case NONO_READ_WRITE:
	default:
		return "read+write";
	}
}

static void append_line(struct buf *out, const char *label, const char *text)
{
	if (text) {
		buf_printf(out, "  %s: ", label);
		visible_append(out, text);
		buf_append_char(out, '\n');
	}
}

static void append_match(struct buf *out, const struct why_answer *a)
{
	buf_append_str(out, "  Closest match: ");
	visible_append(out, a->granted_path);
	buf_printf(out, " (%s, ", access_word(a->access));
	visible_append(out, a->source ? a->source : "user");
	buf_append_str(out, ")\n");
}

void answer_text(struct buf *out, const struct why_answer *a)
{
	buf_append_str(out, a->allowed ? "ALLOWED\n" : "DENIED\n");
	append_line(out, "Reason", why_reason_to_string(a->reason));
	append_line(out, "Details", a->details);
	if (a->allowed) {
		append_line(out, "Granted by", a->granted_path);
		append_line(out, "Access", a->granted_path ? access_word(a->access) : NULL);
		append_line(out, "Source", a->source);
		return;
	}
	/* The details have what a group says of itself. */
	if (a->policy_source && !str_after(a->policy_source, "group:")) {
		append_line(out, "Policy", a->policy_source);
	}
	if (a->granted_path) {
		append_match(out, a);
	}
	append_line(out, "Suggested fix", a->suggested_flag);
}

static void write_grant(struct json_writer *w, const char *name, const struct why_answer *a)
{
	show_path(w, name, a->granted_path);
	json_write_string(w, "access", access_word(a->access));
	show_text(w, "source", a->source);
}

void answer_json(struct buf *out, const struct why_answer *a)
{
	struct json_writer w = { .buf = out };

	json_begin_object(&w, NULL);
	json_write_string(&w, "status", a->allowed ? "allowed" : "denied");
	json_write_string(&w, "reason", why_reason_to_string(a->reason));
	show_text(&w, "details", a->details);
	if (a->allowed && a->granted_path) {
		write_grant(&w, "granted_path", a);
	} else if (a->granted_path) {
		json_begin_object(&w, "matching_capability");
		write_grant(&w, "path", a);
		json_end(&w);
	}
	show_text(&w, "policy_source", a->policy_source);
	show_text(&w, "suggested_flag", a->suggested_flag);
	json_end(&w);
}
