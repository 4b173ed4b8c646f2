/* SPDX-License-Identifier: Apache-2.0 */
/* What the three standard streams of a command may be, and which of them are the terminal. */
#pragma once
#include <stdbool.h>
#include <stdint.h>

#include "nono-error.h"

struct stream_kind {
	bool is_terminal; /* the client's controlling terminal: becomes the session's own */
};

/* Looks at stream number (0 to 2) behind fd. terminal_device is the TIOCGDEV number of the
 * client's controlling terminal, 0 when it has none. Refused, with err set: a directory (reading
 * it lists names outside every grant), an AF_UNIX datagram or raw socket (it can be re-addressed
 * by sendmsg, which no filter can see into), a terminal that is not the client's controlling one
 * (TIOCSTI and reading its keys), and what has no file type (anonymous inodes such as io_uring).
 * Everything else passes untouched. */
int stream_classify(int number, int fd, uint32_t terminal_device, bool network_blocked,
	struct stream_kind *ret, struct nono_error *err);

/* Whether it is a file of our user that may only be read: without being asked about it, nobody
 * could keep its mode, times and attributes from being changed through it. */
bool stream_reads_own(int fd);
