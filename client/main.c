/* SPDX-License-Identifier: Apache-2.0 */
/*
 * nono: the thin client. It starts once per command, so it does nothing it could leave to nonod,
 * links nothing but libc, and is statically linked with musl where that can be had.
 */
#include <fcntl.h>
#include <unistd.h>

#include "client/commands.h"
#include "client/help.h"
#include "client/say.h"
#include "libcore/base/cleanup.h"
#include "libcore/base/str.h"

/* Started with a standard stream closed, the next descriptor we open would become it, and the
 * command would get that. /dev/null takes its place: reading gives end of file. */
static bool guard_streams(void)
{
	for (int fd = 0; fd < 3; fd++) {
		if (fcntl(fd, F_GETFD) < 0 && (open("/dev/null", O_RDWR | O_CLOEXEC) != fd ||
						      fcntl(fd, F_SETFD, 0) < 0)) {
			return false;
		}
	}
	return true;
}

static int print_version(void)
{
	_cleanup_(buf_deinit) struct buf b = { 0 };

	buf_append_str(&b, "nono " NONO_VERSION "\n");
	return say_result(&b);
}

static int print_help(enum verb verb)
{
	_cleanup_(buf_deinit) struct buf b = { 0 };

	if (verb == _VERB_MAX) {
		help_general(&b);
	} else {
		help_verb(&b, verb);
	}
	return say_result(&b);
}

static int dump_tables(void)
{
	_cleanup_(buf_deinit) struct buf b = { 0 };

	help_dump(&b);
	return say_result(&b);
}

static int command_help(const struct arguments *a)
{
	enum verb verb = _VERB_MAX;

	if (a->n_operands > 0) {
		verb = verb_from_words(a->operands[0], a->operands[1]);
		if (verb == _VERB_MAX && (a->operands[1] || !verb_is_first_word(a->operands[0]))) {
			say("unknown verb '%s%s%s'; see 'nono help'", a->operands[0],
				a->operands[1] ? " " : "", a->operands[1] ? a->operands[1] : "");
			return EXIT_NONO;
		}
	}
	return print_help(verb);
}

/* The verbs nono does itself; the others are nono-local's. */
static int dispatch(const struct arguments *a)
{
	if (a->verb == VERB_RUN) {
		return command_run(a);
	}
	if (a->verb == VERB_SHELL) {
		return command_shell(a);
	}
	if (a->verb == VERB_PS) {
		return command_ps(a);
	}
	if (a->verb == VERB_INSPECT) {
		return command_inspect(a);
	}
	if (a->verb == VERB_STOP) {
		return command_stop(a);
	}
	if (a->verb == VERB_STATUS) {
		return command_status(a);
	}
	return command_help(a);
}

int main(int argc, char **argv)
{
	_cleanup_(arguments_deinit) struct arguments a = { 0 };
	struct nono_error err = { 0 };

	if (!guard_streams()) {
		return EXIT_NONO;
	}
	if (argc > 1 && (str_equal(argv[1], "--version") || str_equal(argv[1], "-V"))) {
		return print_version();
	}
	if (argc > 1 && (str_equal(argv[1], "--help") || str_equal(argv[1], "-h"))) {
		return print_help(_VERB_MAX);
	}
	if (argc > 1 && str_equal(argv[1], "--dump-options")) {
		return dump_tables();
	}
	if (arguments_parse(&a, argc, argv, environ, &err) < 0) {
		return command_fail(&err);
	}
	if (a.help) {
		return print_help(a.verb);
	}
	if ((a.verb == VERB_RUN || a.verb == VERB_SHELL || a.verb == VERB_WRAP) && a.json &&
		!a.dry_run) {
		say("--json needs --dry-run here: the output of 'nono %s' is the command's",
			verb_specs[a.verb].name);
		return EXIT_NONO;
	}
	if (verb_specs[a.verb].local) {
		return command_local(argv);
	}
	say_deprecations(&a);
	return dispatch(&a);
}
