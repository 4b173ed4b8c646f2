/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The session's own terminal: the command never holds the user's. nono-session keeps the master,
 * relays its bytes to the channel and leads the terminal's session, so that the command's process
 * group is not orphaned and job control works as in a shell.
 */
#pragma once
#include <stdbool.h>
#include <sys/types.h>

#include "libcore/base/buf.h"
#include "nono-error.h"
#include "proto/channel.h"

#define TERMINAL_INPUT_MAX 65536 /* bytes kept for a command that does not read */

struct terminal {
	int master_fd;    /* -1: the session has none */
	int slave_fd;     /* kept open while the command lives: it may close all its own and open
			   * /dev/tty again, and the master must not see an end in between */
	struct buf input; /* from the client, not yet taken by the terminal */
	bool ended;       /* every slave is closed and everything was read */
};

#define TERMINAL_NONE ((struct terminal){ .master_fd = -1, .slave_fd = -1 })

/* Makes a terminal with the modes and size of the client's (model_fd) and makes it the controlling
 * terminal of the calling process, which must be a session leader without one. */
int terminal_open(struct terminal *t, int model_fd, struct nono_error *err);
void terminal_close(struct terminal *t);

/* Reads what the command wrote, at most size bytes. >0 bytes, 0 nothing now, sets t->ended at the
 * end. */
ssize_t terminal_read(struct terminal *t, void *p, size_t size);
/* Queues client input and writes as much as the terminal takes now. */
void terminal_input(struct terminal *t, const void *p, size_t n);
void terminal_flush(struct terminal *t);

/* The modes the command is to find; only before it has had the terminal. */
void terminal_set_modes(struct terminal *t, const struct channel_modes *modes);
void terminal_resize(struct terminal *t, const struct channel_window *window);
/* The foreground process group, or -1. */
pid_t terminal_foreground(const struct terminal *t);
void terminal_set_foreground(struct terminal *t, pid_t group);
