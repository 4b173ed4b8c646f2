/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The user's terminal: our own open description of /dev/tty, so that O_NONBLOCK and nothing else
 * of ours is seen by whoever shares the standard streams. Whatever changes its modes is undone by
 * tty_restore(), which runs on every way out, crashes included.
 */
#pragma once
#include <stdbool.h>
#include <termios.h>

struct tty {
	int fd;               /* -1: no controlling terminal */
	bool is_raw;          /* the modes are ours */
	struct termios saved; /* the user's, while is_raw */
};

/* Opens the controlling terminal; t->fd is -1 when there is none. */
void tty_open(struct tty *t);
void tty_close(struct tty *t); /* restores first */

/* True when this process may use the terminal: its process group is the foreground one. */
bool tty_in_foreground(const struct tty *t);
/* True when descriptor number fd is this very terminal. */
bool tty_is(const struct tty *t, int fd);

/* Every byte goes to the session's terminal, which does the editing, echoing and signalling.
 * shared: somebody else in the pipeline writes to this terminal or waits for its signals, so
 * output processing and signal keys stay. Call it in the foreground only. */
void tty_raw(struct tty *t, bool shared);
/* True when the terminal makes CR LF of LF by itself now. */
bool tty_adds_returns(const struct tty *t);
/* The user's modes again. discard drops what was typed and not read: answers of the terminal to
 * a program that is gone. */
void tty_restore(struct tty *t, bool discard);
