/* SPDX-License-Identifier: Apache-2.0 */
/* For the probes: what answers, and what other programs say. Nothing here waits for long. */
#pragma once
#include "libcore/base/buf.h"

/* Connects to a stream socket and closes it again. 0 or -errno. */
int reach_socket(const char *path);
/* Reads a whole file, also one of /proc. 0 or -errno. */
int reach_read(const char *path, struct buf *into);
/* Runs a program (an absolute path) with our environment and nothing to read, and collects what it
 * prints, at most 64 KiB, until it ends or seconds are over, when it is killed. Its exit status
 * (128 + N for a signal), or -errno. */
int reach_run(const char *const *argv, int seconds, struct buf *out);
