/* SPDX-License-Identifier: Apache-2.0 */
#include "client/local/show.h"

#include <errno.h>
#include <string.h>

#include "client/say.h"
#include "libcore/base/cleanup.h"
#include "libcore/base/escape.h"
#include "libcore/base/json-pretty.h"
#include "libcore/base/str.h"
#include "libcore/base/visible.h"

void show_text(struct json_writer *w, const char *name, const char *text)
{
	_cleanup_(buf_deinit) struct buf shown = { 0 };

	if (!text) {
		return;
	}
	if (!str_is_utf8(text, strlen(text))) {
		visible_append(&shown, text);
		text = shown.data ? shown.data : "";
	}
	json_write_string(w, name, text);
}

void show_path(struct json_writer *w, const char *name, const char *path)
{
	_cleanup_free_ char *text = NULL;
	bool escaped = false;

	if (escape_path(path, &text, &escaped) < 0) {
		w->buf->error = -ENOMEM;
		return;
	}
	json_write_string(w, name, text);
	if (escaped && name) {
		json_write_bool(w, "escaped", true);
	}
}

int show_json(const struct buf *compact)
{
	_cleanup_(buf_deinit) struct buf pretty = { 0 }, out = { 0 };
	struct json_span v;

	out.error = buf_error(compact);
	if (out.error == 0 && json_check(compact->data, compact->len, &v, NULL) < 0) {
		out.error = -EINVAL;
	}
	if (out.error == 0) {
		json_pretty(&pretty, v);
		out.error = buf_error(&pretty);
	}
	if (out.error == 0) {
		visible_append_json(&out, pretty.data, pretty.len);
		buf_append_char(&out, '\n');
	}
	return say_result(&out);
}
