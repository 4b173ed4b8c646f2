/* SPDX-License-Identifier: Apache-2.0 */
/*
 * nono why: would this be allowed, and who says so. About a command line, the decision is made here
 * with the very code that makes it for `wrap` and, in nonod, for `run`. About a session that runs,
 * nonod knows.
 */
#include <errno.h>

#include "client/local/answer.h"
#include "client/local/decision.h"
#include "client/local/inside.h"
#include "client/local/local.h"
#include "client/local/question.h"
#include "client/local/show.h"
#include "client/local/why-session.h"
#include "client/say.h"
#include "libcore/base/cleanup.h"
#include "libcore/base/error.h"

#define EXIT_DENIED  1
#define PORT_DEFAULT 443

static int answer_here(struct why_answer *ret, const struct arguments *a, const struct workdir *w,
	struct nono_error *err)
{
	_cleanup_(decision_deinit) struct decision d = { 0 };
	int r = decision_make(&d, a, w, NULL, POLICY_ASK, err);

	if (r == 0) {
		r = decision_look_up(&d, POLICY_ASK, err);
	}
	if (r < 0) {
		return r;
	}
	if (!a->silent) {
		decision_warn(&d);
		for (size_t i = 0; i < d.result.need_reasons.n; i++) {
			say("run would refuse this: %s", d.result.need_reasons.items[i]);
		}
	}
	if (!a->silent) {
		for (size_t i = 0; i < d.result.closed_reasons.n; i++) {
			say("supervised: %s", d.result.closed_reasons.items[i]);
		}
	}
	if (a->path) {
		_cleanup_(question_deinit) struct question q = { 0 };
		r = question_init(&q, w, a->path, a->op, err);
		return r < 0 ? r : why_path(ret, &d.result, d.never, &q.why, err);
	}
	if (a->host) {
		return why_host(ret, &d.result, a->host, a->port ? a->port : PORT_DEFAULT, err);
	}
	return why_command(ret, &d.result, a->command, err);
}

/* A session that runs is as it is. */
static int check_session(const struct arguments *a, struct nono_error *err)
{
	for (enum option o = 0; o < _OPTION_MAX; o++) {
		unsigned section = option_specs[o].section;
		if (a->given[o] == GIVEN_BY_WORD &&
			(section == SECTION_FILES || section == SECTION_PROFILE ||
				section == SECTION_NETWORK || section == SECTION_SESSION)) {
			return error_set(err, NONO_INVALID, EINVAL,
				"--%s describes a command, and %s is about one that runs",
				option_specs[o].names, a->self ? "--self" : "--session");
		}
	}
	return 0;
}

static int check(const struct arguments *a, struct nono_error *err)
{
	if (!a->path && !a->host && !a->command) {
		return error_set(err, NONO_INVALID, EINVAL,
			"--path, --host or --command is required: what is it about?");
	}
	if (a->op && !a->path) {
		return error_set(err, NONO_INVALID, EINVAL, "--op is about --path");
	}
	if (a->port && !a->host) {
		return error_set(err, NONO_INVALID, EINVAL, "--port is about --host");
	}
	return a->session || a->self ? check_session(a, err) : 0;
}

/* --self, and nothing of nono's is around this process. */
static int print_not_sandboxed(const struct arguments *a)
{
	_cleanup_(buf_deinit) struct buf out = { 0 };
	struct json_writer w = { .buf = &out };
	static const char message[] = "This process runs outside of every session of nono.";

	if (!a->json) {
		buf_printf(&out, "NOT SANDBOXED\n  Details: %s\n", message);
		return say_result(&out);
	}
	json_begin_object(&w, NULL);
	json_write_string(&w, "status", "not_sandboxed");
	json_write_string(&w, "message", message);
	json_end(&w);
	return show_json(&out);
}

static int print(const struct arguments *a, const struct why_answer *answer)
{
	_cleanup_(buf_deinit) struct buf out = { 0 };
	int r;

	if (a->json) {
		answer_json(&out, answer);
		r = show_json(&out);
	} else {
		answer_text(&out, answer);
		r = say_result(&out);
	}
	return r == 0 && a->exit_code && !answer->allowed ? EXIT_DENIED : r;
}

int local_why(const struct arguments *a, struct nono_error *err)
{
	_cleanup_(workdir_deinit) struct workdir w = { .fd = -1 };
	_cleanup_(why_answer_deinit) struct why_answer answer = { 0 };
	int r;

	if (a->self && !inside_sandbox()) {
		return print_not_sandboxed(a);
	}
	r = check(a, err);
	if (r == 0) {
		r = workdir_open(&w, a, err);
	}
	if (r == 0 && a->self) {
		r = why_ask_self(&answer, a, &w, err);
	} else if (r == 0 && a->session) {
		r = why_ask_session(&answer, a, &w, err);
	} else if (r == 0) {
		r = answer_here(&answer, a, &w, err);
	}
	return r < 0 ? r : print(a, &answer);
}
