/* SPDX-License-Identifier: Apache-2.0 */
/*
 * While the command runs: terminal bytes, window size, signals and job control between the user's
 * terminal and nono-session, over the channel of proto/channel.h. nonod has no part in it.
 */
#pragma once
#include <stddef.h>

#include "client/tty.h"
#include "libcore/base/buf.h"
#include "nono-error.h"

/* From here on the signals that go to the command wait for relay_run() instead of ending us. A
 * descriptor, or -errno. */
int relay_watch_signals(void);
/* Undoes that: what has come meanwhile takes effect. */
void relay_release_signals(void);

struct relay_setup {
	int channel_fd;
	int signal_fd;   /* of relay_watch_signals(); taken */
	struct tty *tty; /* fd -1: no controlling terminal, so the session has none either */
	bool stdout_is_tty;
	bool foreground; /* what the session was told: it holds the terminal from the start */
	const struct buf *first; /* for the terminal, before all else; may be NULL */
	struct relay_end *end;   /* filled in when not NULL */
};

/* How it ended, for whoever explains it. */
struct relay_end {
	bool said;        /* why is on standard error already */
	const char *tail; /* the last of what the command wrote to the terminal */
	size_t tail_n;
};

/* Relays until the session has ended. The exit status for this process. May not return when the
 * user interrupted the command or the terminal hung up: then the process ends by that signal. */
int relay_run(const struct relay_setup *setup);
