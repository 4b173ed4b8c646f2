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

#include "client/environment.h"
#include "client/local/decision.h"
#include "client/local/local.h"
#include "client/options.h"
#include "client/request.h"
#include "client/say.h"
#include "libcore/base/cleanup.h"
#include "libcore/base/error.h"
#include "libcore/base/fd.h"
#include "libcore/base/inherited.h"
#include "libcore/base/json-write.h"
#include "libcore/base/str.h"
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

/* The same form as the reply of io.nono.Session.Plan. */
static int print_policy(const struct policy_result *result, bool as_json)
{
	_cleanup_(buf_deinit) struct buf b = { 0 };
	_cleanup_free_ char *summary = nono_caps_summary(result->caps);
	struct json_writer w = { .buf = &b };

	if (as_json) {
		json_begin_object(&w, NULL);
		policy_result_write(&w, "policy", result);
		json_end(&w);
		buf_append_char(&b, '\n');
	} else if (summary) {
		buf_append_str(&b, summary);
	} else {
		b.error = -ENOMEM;
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

static int prepare(const struct arguments *a, const struct workdir *w, const struct decision *d,
	struct environment *env, struct nono_error *err)
{
	_cleanup_free_ char *summary = NULL;
	int r = environment_build(
		env, environ, a->env.items, a->env.n, a->workdir ? w->path : NULL, err);

	for (int fd = 0; r == 0 && fd < 3; fd++) {
		r = check_stream(fd, a->net_block, err);
	}
	if (r < 0) {
		return r;
	}
	if (a->verbose > 0 && !a->silent) {
		summary = nono_caps_summary(d->result.caps);
		if (!summary) {
			return error_oom(err);
		}
		r = fd_write_full(STDERR_FILENO, summary, strlen(summary));
		if (env->dropped) {
			say("not passed to the command: %.*s", (int)strcspn(env->dropped, "="),
				env->dropped);
		}
	}
	if (a->workdir && fchdir(w->fd) < 0) {
		return error_errno(err, errno, "enter '%.300s'", a->workdir);
	}
	return r < 0 ? error_errno(err, -r, "write to standard error") : 0;
}

int local_wrap(const struct arguments *a, struct nono_error *err)
{
	_cleanup_(workdir_deinit) struct workdir w = { .fd = -1 };
	_cleanup_(decision_deinit) struct decision d = { 0 };
	_cleanup_(environment_deinit) struct environment env = { 0 };
	int r = workdir_open(&w, a, err);

	if (r == 0) {
		r = decision_make(
			&d, a, &w, a->operands[0], a->dry_run ? POLICY_PLAN : POLICY_START, err);
	}
	if (r == 0 && a->dry_run) {
		return print_policy(&d.result, a->json);
	}
	if (r == 0) {
		r = prepare(a, &w, &d, &env, err);
	}
	if (r == 0) {
		r = decision_look_up(&d, POLICY_START, err);
	}
	if (r == 0) {
		r = nono_apply(d.result.caps, err);
	}
	if (r < 0) {
		return r;
	}
	if (syscall(SYS_close_range, 3, ~0U, CLOSE_RANGE_CLOEXEC) < 0) {
		return error_errno(err, errno, "close inherited descriptors");
	}
	environ = environment_filter(&d.result.environment, env.vector);
	if (!environ) {
		return error_oom(err);
	}
	return execute(a->operands);
}
