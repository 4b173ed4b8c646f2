/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The deciding half of `nono why`, many questions at once: takes the command line of nono run
 * or wrap, decides as that does, and answers the questions on standard input without any sandbox.
 *
 *	question: an operation, NUL, a path, NUL
 *	output:   "accepted" or "refused" (the message on standard error, as nono says it), newline,
 *		  then '0' or '1' for each question
 *
 * An operation is a word of --op, or read-place, write-place or execute-place: about whatever is at
 * that name, even when it is a symlink.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "client/local/decision.h"
#include "client/local/question.h"
#include "client/options.h"
#include "client/request.h"
#include "client/say.h"
#include "libcore/base/cleanup.h"
#include "libcore/base/error.h"
#include "libcore/base/str.h"

#define INPUT_MAX (16U << 20)

static const struct {
	const char *word;
	unsigned operation;
} places[] = {
	{ "read-place", WHY_READ },
	{ "write-place", WHY_WRITE },
	{ "execute-place", WHY_EXECUTE },
};

static int ask(const struct decision *d, const struct workdir *w, const char *operation,
	const char *path, struct nono_error *err)
{
	_cleanup_(question_deinit) struct question q = { 0 };
	_cleanup_(why_answer_deinit) struct why_answer answer = { 0 };
	unsigned place = 0;
	int r;

	for (size_t i = 0; i < ELEMENTSOF(places); i++) {
		if (str_equal(places[i].word, operation)) {
			place = places[i].operation;
		}
	}
	/* A deletion is about the place, too. */
	r = question_init(&q, w, path, place ? "delete" : operation, err);
	if (r == 0) {
		q.why.operations = place ? place : q.why.operations;
		r = why_path(&answer, &d->result, d->never, &q.why, err);
	}
	if (r == 0) {
		putchar(answer.allowed ? '1' : '0');
	}
	return r;
}

static int answer_all(const struct decision *d, const struct workdir *w, struct nono_error *err)
{
	_cleanup_free_ char *input = calloc(1, INPUT_MAX + 2);
	size_t n = 0, at = 0;
	ssize_t got;
	int r = 0;

	if (!input) {
		return error_oom(err);
	}
	while ((got = read(STDIN_FILENO, input + n, INPUT_MAX - n)) > 0) {
		n += (size_t)got;
	}
	while (r == 0 && at < n) {
		const char *operation = input + at;
		const char *path = operation + strlen(operation) + 1;
		at += strlen(operation) + strlen(path) + 2;
		r = ask(d, w, operation, path, err);
	}
	return r;
}

int main(int argc, char **argv)
{
	_cleanup_(arguments_deinit) struct arguments a = { 0 };
	_cleanup_(workdir_deinit) struct workdir w = { .fd = -1 };
	_cleanup_(decision_deinit) struct decision d = { 0 };
	struct nono_error err = { 0 };
	int r = arguments_parse(&a, argc, argv, environ, &err);

	if (r == 0) {
		r = workdir_open(&w, &a, &err);
	}
	if (r == 0) {
		r = decision_make(&d, &a, &w, a.operands[0], POLICY_START, &err);
	}
	if (r == 0) {
		r = decision_look_up(&d, POLICY_START, &err);
	}
	if (r < 0) {
		say("%s", err.message);
		puts("refused");
		return 0;
	}
	puts("accepted");
	r = answer_all(&d, &w, &err);
	if (r < 0) {
		say("%s", err.message);
	}
	return r < 0 ? 1 : 0;
}
