/* SPDX-License-Identifier: Apache-2.0 */
#include "client/say.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "libcore/base/cleanup.h"
#include "libcore/base/fd.h"
#include "libcore/base/visible.h"

void say(const char *fmt, ...)
{
	_cleanup_(buf_deinit) struct buf b = { 0 };
	char line[4096];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(line, sizeof(line), fmt, ap);
	va_end(ap);
	buf_append_str(&b, "nono: ");
	visible_append(&b, line);
	buf_append_char(&b, '\n');
	if (buf_error(&b) == 0) {
		/* Nowhere is left to report that standard error does not work. */
		(void)fd_write_full(STDERR_FILENO, b.data, b.len);
	}
}

void say_deprecations(const struct arguments *a)
{
	for (size_t i = 0; !a->silent && i < a->n_deprecations; i++) {
		const struct deprecation *d = &a->deprecations[i];
		const char *dashes = d->is_option ? "--" : "";
		say("warning: '%s%s' is deprecated; use '%s%s' instead", dashes, d->old, dashes,
			d->now);
	}
}

int say_result(const struct buf *text)
{
	int r = buf_error(text);

	if (r == 0) {
		r = fd_write_full(STDOUT_FILENO, text->data, text->len);
	}
	if (r < 0) {
		say("cannot write the result: %s", strerror(-r));
		return EXIT_NONO;
	}
	return 0;
}
