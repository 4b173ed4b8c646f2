/* SPDX-License-Identifier: Apache-2.0 */
/*
 * nono trust-project: accept a project's policy as it is now. Whoever wrote the project wrote that
 * file, so it is shown first: what in it gives something, escaped, and read once, so that what was
 * shown is what is accepted.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "client/local/decision.h"
#include "client/local/inside.h"
#include "client/local/local.h"
#include "client/local/profile.h"
#include "client/say.h"
#include "libcore/base/cleanup.h"
#include "libcore/base/error.h"
#include "libcore/base/fd.h"
#include "libcore/base/path.h"
#include "libcore/base/str.h"
#include "libcore/base/visible.h"
#include "policy/library-files.h"

#define EXIT_NOT_TRUSTED 1 /* the user said no, or --show and it is not */

struct project {
	struct policy_places places;
	struct document_files files;
	const struct policy_document *document;
	struct profile *profile;
};

static void project_deinit(struct project *p)
{
	profile_free(p->profile);
	documents_deinit(&p->files);
	places_deinit(&p->places);
}

static int read_project(struct project *p, const struct arguments *a, struct nono_error *err)
{
	_cleanup_free_ char *cwd = getcwd(NULL, 0), *dir = NULL;
	const char *dot;
	int r = local_places(&p->places, err);

	if (r < 0) {
		return r;
	}
	if (!cwd) {
		return error_errno(err, errno, "the current directory");
	}
	dir = path_absolute(cwd, a->n_operands > 0 ? a->operands[0] : ".");
	if (!dir) {
		return error_oom(err);
	}
	r = documents_read_project(&p->files, &p->places, dir, err);
	if (r < 0) {
		return r;
	}
	if (r == 0) {
		return error_set(err, NONO_NOT_FOUND, ENOENT,
			"there is no .nono.json or .nono.jsonc in '%.300s' or above", dir);
	}
	p->document = &p->files.items[0];
	dot = strrchr(p->document->file, '.');
	return profile_parse(&p->profile, "project", p->document->file, p->document->text,
		p->document->n, dot && str_equal(dot, ".jsonc"), NULL, err);
}

static bool is_for_people(enum profile_key key)
{
	return key_specs[key].merge == MERGE_NEVER && key != KEY_EXTENDS;
}

static void append_value(struct buf *out, enum profile_key key, const struct profile_value *v)
{
	buf_printf(out, "  %s: ", key_specs[key].path);
	if (v->n == 0) {
		visible_append(out, v->string ? v->string : v->boolean ? "true" : "nothing");
	}
	for (size_t i = 0; i < v->n; i++) {
		buf_append_str(out, i > 0 ? ", " : "");
		visible_append(out, v->items[i].text);
		if (v->items[i].value) {
			buf_append_str(out, " = ");
			visible_append(out, v->items[i].value);
		}
	}
	buf_append_char(out, '\n');
}

/* A list of what the file says, of one sort: what takes away, or what may give. */
static size_t append_values(struct buf *out, const struct profile *p, bool narrows)
{
	size_t n = 0;

	for (enum profile_key key = 0; key < _KEY_MAX; key++) {
		if (p->values[key].present && !is_for_people(key) &&
			key_specs[key].narrows == narrows) {
			append_value(out, key, &p->values[key]);
			n++;
		}
	}
	return n;
}

static void append_report(struct buf *out, const struct project *p)
{
	size_t n;

	visible_append(out, p->document->file);
	buf_append_str(
		out, p->document->trusted ? " is trusted as it is.\n" : " is not trusted.\n");
	buf_append_str(out, "\nOnce trusted, a command that runs in this project also gets:\n");
	n = append_values(out, p->profile, false);
	if (n == 0) {
		buf_append_str(out, "  nothing\n");
	}
	buf_append_str(out, "\nTrusted or not, it takes away (groups: those that only deny):\n");
	n = append_values(out, p->profile, true);
	if (n == 0) {
		buf_append_str(out, "  nothing\n");
	}
}

/* Asks on the terminal. 1 yes, 0 no, -errno when there is nobody to ask. */
static int ask(struct nono_error *err)
{
	static const char question[] = "\nTrust it as it is now? [y/N] ";
	char answer[16] = "";
	ssize_t n;

	if (!isatty(STDIN_FILENO) || !isatty(STDERR_FILENO)) {
		return error_set(err, NONO_INVALID, EINVAL,
			"nobody to ask: standard input and error are no terminal; --yes accepts it "
			"unseen");
	}
	fd_write_full(STDERR_FILENO, question, strlen(question));
	n = read(STDIN_FILENO, answer, sizeof(answer) - 1);
	answer[n > 0 ? n : 0] = '\0';
	return answer[0] == 'y' || answer[0] == 'Y';
}

static int show(const struct project *p)
{
	_cleanup_(buf_deinit) struct buf out = { 0 };

	append_report(&out, p);
	return say_result(&out);
}

static int accept(const struct arguments *a, const struct project *p, struct nono_error *err)
{
	int r = a->silent && a->yes ? 0 : show(p);

	if (r != 0 || p->document->trusted) {
		return r;
	}
	r = a->yes ? 1 : ask(err);
	if (r < 0) {
		return r;
	}
	if (r == 0) {
		say("not trusted; nothing was changed");
		return EXIT_NOT_TRUSTED;
	}
	return documents_trust(&p->places, p->document, err);
}

int local_trust_project(const struct arguments *a, struct nono_error *err)
{
	_cleanup_(project_deinit) struct project p = { 0 };
	int r;

	if (inside_sandbox() && !a->show) {
		return error_set(err, NONO_REFUSED, EPERM,
			"what runs in a sandbox cannot decide what is trusted");
	}
	r = read_project(&p, a, err);
	if (r < 0) {
		return r;
	}
	if (a->show) {
		r = show(&p);
		return r == 0 && !p.document->trusted ? EXIT_NOT_TRUSTED : r;
	}
	return a->revoke ? documents_distrust(&p.places, p.document, err) : accept(a, &p, err);
}
