/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One session as both of nono-session's peers see it: the tests are nonod and the client at once.
 * Everything asserts, so that a test reads as what it expects.
 */
#pragma once
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdbool.h>

#include "daemon/session/control.h"
#include "daemon/session/plan.h"
#include "proto/channel.h"

#define PATIENCE_MS        20000
#define SESSION_RUN_GRANTS 12

extern char scratch[]; /* a directory of the test's own, the command's working directory */

/* Fixtures of a whole test program: a template of session_program, and scratch. */
extern const char *session_program;
int session_setup(void **state);
int session_teardown(void **state);

/* One session as both its peers see it. */
struct run {
	struct plan_grant grants[SESSION_RUN_GRANTS];
	struct plan plan;
	char *argv[8];
	char *envp[8];
	int stdin_fd, terminal_fd; /* -1: /dev/null, none */
	int stdout_fd;             /* our end of a pipe */
	int channel_fd, link_fd;
	char output[8192];
	size_t n_output;
	char tty[65536]; /* what the terminal said */
	size_t n_tty;
	struct channel_exited exited;
	struct channel_failed failed;
	char failure[600];
	bool has_exited, has_failed;
};

struct control_event control_read(void);
void run_init(struct run *r, const char *shell_command);
void run_grant(struct run *r, const char *path, enum nono_access access, unsigned flags);
/* Says that a client has connected, as nonod does. */
void run_expect(void);
void run_start(struct run *r);
/* One packet from the channel; its type, or 0 at the end. */
int channel_read(struct run *r);
void channel_send(struct run *r, char type, const void *payload, size_t n);
/* Reads everything to the end of both the output and the channel. */
void run_finish(struct run *r);
void run_close(struct run *r);
void run_shell(struct run *r);
/* Reads fd, a pipe whose write end only the session holds, until its last process is gone. */
void expect_gone(int pipe_fd);

#define assert_exit(r, code)                                                                       \
	do {                                                                                       \
		if (!(r)->has_exited) {                                                            \
			print_error("failed: %s\n", (r)->failure);                                 \
		}                                                                                  \
		assert_true((r)->has_exited);                                                      \
		assert_int_equal((r)->exited.wait_status, (code) << 8);                            \
	} while (0)
