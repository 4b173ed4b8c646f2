/* SPDX-License-Identifier: Apache-2.0 */
/*
 * nono wrap: decides as nonod would, restricts itself with libnono and becomes the command. No
 * daemon and no parent, so all that only a supervisor can do is missing, and nothing here may be
 * asked for that needs one.
 */
#include <errno.h>
#include <linux/close_range.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "client/before.h"
#include "client/environment.h"
#include "client/local/decision.h"
#include "client/local/local.h"
#include "client/say.h"
#include "client/summary.h"
#include "client/tty.h"
#include "libcore/base/cleanup.h"
#include "libcore/base/error.h"
#include "libcore/base/inherited.h"
#include "policy/result-json.h"

#define EXIT_NOT_EXECUTABLE 126
#define EXIT_NOT_FOUND      127

/* A standard stream may not be a way around the grants. */
static int check_stream(int fd, bool network_blocked, struct nono_error *err)
{
	static const char *const names[] = { "standard input", "standard output",
		"standard error" };
	const char *fault;
	struct stat st;

	if (fstat(fd, &st) < 0) {
		return error_errno(err, errno, "inspect %s", names[fd]);
	}
	if (S_ISDIR(st.st_mode)) {
		return error_set(err, NONO_REFUSED, EPERM,
			"%s is a directory, which would open it to the sandbox", names[fd]);
	}
	fault = S_ISSOCK(st.st_mode) ? inherited_socket_fault(fd, network_blocked) : NULL;
	if (fault) {
		return error_set(err, NONO_REFUSED, EPERM, "%s is %s", names[fd], fault);
	}
	return 0;
}

/* What io.nono.Session calls a Policy: a dry run of wrap and one of run print the same. */
static int describe(
	struct buf *out, struct json_span *ret, const struct decision *d, struct nono_error *err)
{
	struct json_writer w = { .buf = out };

	json_begin_object(&w, NULL);
	policy_result_write(&w, "policy", &d->result, POLICY_ALL);
	json_end(&w);
	if (json_writer_error(&w) < 0 || json_check(out->data, out->len, ret, NULL) < 0) {
		return error_oom(err);
	}
	return 0;
}

static int print_policy(const struct arguments *a, struct json_span reply)
{
	_cleanup_(buf_deinit) struct buf b = { 0 };

	before_warnings(a, json_member(reply, "policy"));
	if (a->json) {
		buf_append(&b, reply.p, reply.n);
		buf_append_char(&b, '\n');
	} else {
		summary_append(&b, json_member(reply, "policy"), a->verbose > 0);
		summary_append_dry_run(&b, json_member(reply, "policy"), a->operands);
	}
	return say_result(&b);
}

/* Becomes the command. Returns the exit status when it cannot. */
static int execute(char **argv)
{
	execvp(argv[0], argv);
	if (errno == ENOENT || errno == ENOTDIR) {
		say("'%.300s': command not found", argv[0]);
		return EXIT_NOT_FOUND;
	}
	if (errno == EACCES) {
		say("cannot execute '%.300s': it, or the interpreter it names, is outside what the "
		    "sandbox may read; grant its directory with --read",
			argv[0]);
	} else {
		say("cannot execute '%.300s': %s", argv[0], strerror(errno));
	}
	return EXIT_NOT_EXECUTABLE;
}

/* The profile wants the working directory, and nobody has said whether it may. *ret_yes: the user
 * just did. */
static int settle_workdir(const struct arguments *a, const struct workdir *w,
	struct json_span policy, bool *ret_yes, struct nono_error *err)
{
	struct tty tty;

	if (!before_wants_workdir(a, policy)) {
		return 0;
	}
	if (a->silent) {
		return error_set(err, NONO_REFUSED, EPERM,
			"CWD access requires --allow-cwd in non-interactive mode");
	}
	tty_open(&tty);
	if (isatty(STDIN_FILENO) && tty.fd >= 0 && w->path) {
		*ret_yes = before_ask_workdir(&tty, w->path, policy);
	} else {
		say("Skipping CWD prompt (non-interactive). Use --allow-cwd to include working "
		    "directory.");
	}
	tty_close(&tty);
	return 0;
}

/* What run says before a command starts, wrap says too. */
static int say_before(const struct arguments *a, struct json_span policy, struct nono_error *err)
{
	before_hint(a);
	before_warnings(a, policy);
	before_secrets(a, policy, environ);
	return a->verbose > 0 && !a->silent ? before_summary(policy, err) : 0;
}

static int prepare(const struct arguments *a, const struct workdir *w, const struct decision *d,
	struct environment *env, struct nono_error *err)
{
	bool blocked = nono_caps_network_mode(d->result.caps) == NONO_NETWORK_BLOCKED;
	int r = environment_build(
		env, environ, a->env.items, a->env.n, a->workdir ? w->path : NULL, err);

	for (int fd = 0; r == 0 && fd < 3; fd++) {
		r = check_stream(fd, blocked, err);
	}
	if (r == 0 && a->workdir && fchdir(w->fd) < 0) {
		r = error_errno(err, errno, "enter '%.300s'", a->workdir);
	}
	return r;
}

/* The environment of the command takes the place of ours. */
static int change_environment(
	const struct decision *d, const struct environment *env, struct nono_error *err)
{
	char **filtered = environment_filter(&d->result.environment, env->vector);

	if (!filtered) {
		return error_oom(err);
	}
	environ = filtered;
	return 0;
}

static int start(const struct arguments *a, const struct workdir *w, struct decision *d,
	struct nono_error *err)
{
	_cleanup_(environment_deinit) struct environment env = { 0 };
	int r = prepare(a, w, d, &env, err);

	if (r == 0) {
		r = decision_look_up(d, POLICY_START, err);
	}
	if (r == 0) {
		r = change_environment(d, &env, err);
	}
	if (r == 0) {
		r = nono_apply(d->result.caps, err);
	}
	if (r < 0) {
		return r;
	}
	if (syscall(SYS_close_range, 3, ~0U, CLOSE_RANGE_CLOEXEC) < 0) {
		return error_errno(err, errno, "close inherited descriptors");
	}
	return execute(a->operands);
}

/* One decision, and its description. */
struct plan {
	struct decision decision;
	struct buf text;
	struct json_span reply, policy;
};

static void plan_deinit(struct plan *p)
{
	decision_deinit(&p->decision);
	buf_deinit(&p->text);
	*p = (struct plan){ 0 };
}

static int plan_make(
	struct plan *p, const struct arguments *a, const struct workdir *w, struct nono_error *err)
{
	int r = decision_make(
		&p->decision, a, w, a->operands[0], a->dry_run ? POLICY_PLAN : POLICY_START, err);

	if (r == 0) {
		r = describe(&p->text, &p->reply, &p->decision, err);
		p->policy = json_member(p->reply, "policy");
	}
	return r;
}

int local_wrap(const struct arguments *a, struct nono_error *err)
{
	_cleanup_(workdir_deinit) struct workdir w = { .fd = -1 };
	_cleanup_(plan_deinit) struct plan plan = { 0 };
	struct arguments sharing = *a; /* with the working directory; borrows everything */
	bool shares = false;
	int r = workdir_open(&w, a, err);

	if (r == 0) {
		r = plan_make(&plan, a, &w, err);
	}
	if (r == 0 && a->dry_run) {
		return print_policy(a, plan.reply);
	}
	if (r == 0) {
		r = settle_workdir(a, &w, plan.policy, &shares, err);
	}
	if (r == 0 && shares) {
		sharing.allow_cwd = true;
		plan_deinit(&plan);
		r = plan_make(&plan, &sharing, &w, err);
	}
	if (r == 0) {
		r = say_before(&sharing, plan.policy, err);
	}
	return r < 0 ? r : start(&sharing, &w, &plan.decision, err);
}
