/* SPDX-License-Identifier: Apache-2.0 */
#include "client/footer.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "client/say.h"
#include "client/summary.h"
#include "libcore/base/cleanup.h"
#include "libcore/base/fd.h"
#include "libcore/base/visible.h"

#define EXIT_NOT_EXECUTABLE 126
#define EXIT_NOT_FOUND      127
#define EXIT_SIGNALED       128
#define SIGNALS             64

static const char *const origins[] = {
	[SUSPECT_PROGRAM] = "the command, or its interpreter",
	[SUSPECT_ARGUMENT] = "named on the command line",
	[SUSPECT_OUTPUT] = "named in the command's output",
	[SUSPECT_DIRECTORY] = "the working directory",
};

bool footer_is_wanted(const struct arguments *a)
{
	return a->diagnostics_json || (!a->no_diagnostics && !a->silent);
}

/* The user, or the reader of a pipe, ended it: nobody needs to be told why. */
static bool was_ended(int exit_status)
{
	int sig = exit_status - EXIT_SIGNALED;

	return sig == SIGINT || sig == SIGTERM || sig == SIGHUP || sig == SIGPIPE;
}

static void append_string(struct buf *out, struct json_span v)
{
	_cleanup_free_ char *text = NULL;

	if (json_dup_string(v, &text) == 0) {
		visible_append(out, text);
	}
}

/* A word for a shell, as far as a terminal may show it. */
static void append_quoted(struct buf *out, const char *word)
{
	static const char safe[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
				   "_@%+=:,./-";
	_cleanup_(buf_deinit) struct buf quoted = { 0 };

	if (word[0] != '\0' && strspn(word, safe) == strlen(word)) {
		buf_append_str(out, word);
		return;
	}
	buf_append_char(&quoted, '\'');
	for (; *word; word++) {
		buf_append_str(&quoted, *word == '\'' ? "'\\''" : (char[]){ *word, '\0' });
	}
	buf_append_str(&quoted, "'");
	buf_append_char(&quoted, '\0');
	if (buf_error(&quoted) == 0) {
		visible_append(out, quoted.data);
	}
}

static void append_nearest(struct buf *out, struct json_span answer)
{
	struct json_span path = json_member(answer, "grantedPath");

	if (json_is_null(path)) {
		return;
	}
	buf_append_str(out, "      nearest grant  ");
	summary_append_path(out, path);
	buf_printf(out, " (%s, ", summary_access(json_member(answer, "access")));
	append_string(out, json_member(answer, "source"));
	buf_append_str(out, ")\n");
}

static void append_denial(struct buf *out, const struct footer *f, const struct denial *d)
{
	struct json_span flag = json_member(d->json, "suggestedFlag");

	buf_append_str(out, "  ");
	visible_append(out, d->suspect->path);
	buf_printf(out, " (%s) - %s\n", d->operation, origins[d->suspect->origin]);
	if (!json_is_null(json_member(d->json, "details"))) {
		buf_append_str(out, "      because        ");
		append_string(out, json_member(d->json, "details"));
		buf_append_char(out, '\n');
	}
	if (d->suspect->origin == SUSPECT_DIRECTORY && !json_is_null(flag)) {
		buf_append_str(out, "      allow it with  --allow-cwd\n");
	} else if (!json_is_null(flag)) {
		buf_append_str(out, "      allow it with  ");
		append_string(out, flag);
		buf_append_char(out, '\n');
	}
	append_nearest(out, d->json);
	buf_append_str(out, "      ask            nono why ");
	if (f->a->profile) {
		buf_append_str(out, "--profile ");
		append_quoted(out, f->a->profile);
		buf_append_char(out, ' ');
	}
	buf_append_str(out, "--path ");
	append_quoted(out, d->suspect->path);
	buf_printf(out, " --op %s\n", d->operation);
}

static void append_end(struct buf *out, const struct footer *f)
{
	int sig = f->exit_status - EXIT_SIGNALED;

	if (sig > 0 && sig <= SIGNALS) {
		buf_printf(out, "Command killed by signal %d (%s).\n", sig, strsignal(sig));
	} else {
		buf_printf(out, "Command exited with code %d.\n", f->exit_status);
	}
}

static void append_human(struct buf *out, const struct footer *f, const struct denials *d)
{
	if (d->n == 0) {
		if (!f->end->said) {
			buf_append_str(out, "nono: ");
			append_end(out, f);
			buf_append_str(out, "nono: nothing points at the sandbox; 'nono why --path "
					    "PATH' tells what it allows\n");
		}
		return;
	}
	buf_append_str(out, "\nNONO DIAGNOSTIC\n────────────────────────\n");
	append_end(out, f);
	buf_printf(out,
		"Probably because of the sandbox (inferred, not observed): %zu path%s not "
		"allowed.\n",
		d->n, d->n > 1 ? "s" : "");
	for (size_t i = 0; i < d->n; i++) {
		append_denial(out, f, &d->items[i]);
	}
}

static void suspect(struct suspects *s, const struct footer *f)
{
	const char *base = f->workdir->path;

	if (f->end->said) {
		suspects_add_program(s, f->a->operands[0], base);
		return;
	}
	suspects_add_output(s, f->end->tail, f->end->tail_n, base);
	suspects_add_arguments(s, f->a->operands, base);
	if (base) {
		suspects_add_directory(s, base);
	}
}

void footer_print(const struct footer *f)
{
	_cleanup_(suspects_deinit) struct suspects suspects = { 0 };
	_cleanup_(denials_deinit) struct denials denials = { 0 };
	_cleanup_(buf_deinit) struct buf b = { 0 };
	bool failed = f->exit_status != 0 && !was_ended(f->exit_status) &&
		      !(f->end->said && f->exit_status == EXIT_NONO);

	if (failed) {
		suspect(&suspects, f);
		denials_ask(&denials, f->connection, f->session, &suspects);
	}
	if (f->a->diagnostics_json) {
		footer_append_json(&b, f, &denials);
	} else if (failed && (denials_have_cause(&denials) || isatty(STDERR_FILENO))) {
		append_human(&b, f, &denials);
	}
	if (buf_error(&b) == 0 && b.len > 0) {
		/* Nowhere is left to report that standard error does not work. */
		(void)fd_write_full(STDERR_FILENO, b.data, b.len);
	}
}
