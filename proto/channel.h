/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The channel between the client and nono-session: a SOCK_SEQPACKET socketpair the client makes.
 * It is the session's lifeline (end of file = the client is gone) and carries terminal bytes,
 * window size, signals and the exit status, so that none of them depends on nonod.
 *
 * A packet is one byte of enum channel_type and its payload; integers are native endian (both
 * ends share the machine). Unknown types are ignored, so that either end may be newer.
 *
 * Job control. nono-session leads the terminal's session, the command has its own process group.
 * - Started in the foreground with stdin and stdout on the terminal: the group is the foreground
 *   one from the start and the client holds its terminal in raw mode.
 * - Otherwise the group starts in the background. When it wants the terminal it is stopped by
 *   SIGTTIN or SIGTTOU and CHANNEL_STOPPED tells the client, which answers CHANNEL_CONTINUE with
 *   foreground = 1 as soon as it is itself in the foreground (stopping itself by the same signal
 *   until then, as the command would have done).
 * - Any other stop: the client restores its terminal, stops itself by the same signal, and on
 *   being continued answers CHANNEL_CONTINUE with whether it is in the foreground now.
 */
#pragma once
#include <stdint.h>

#define CHANNEL_VERSION    1
#define CHANNEL_PACKET_MAX 32768 /* bytes, type included */

enum channel_type {
	/* nono-session to client */
	CHANNEL_STARTED = 's', /* struct channel_started: the command runs */
	CHANNEL_FAILED = 'f',  /* struct channel_failed, then text: nothing runs; the last packet */
	CHANNEL_OUTPUT = 'o',  /* bytes the command wrote to its terminal */
	CHANNEL_STOPPED = 'z', /* struct channel_signal: the command stopped */
	CHANNEL_EXITED = 'x',  /* struct channel_exited: nothing is left running; the last packet */
	/* client to nono-session */
	CHANNEL_INPUT = 'i',  /* bytes for the command's terminal */
	CHANNEL_WINDOW = 'w', /* struct channel_window: the terminal's new size */
	CHANNEL_SIGNAL = 'k', /* struct channel_signal: for the command's process group */
	CHANNEL_MODES = 'm',  /* struct channel_modes: before the first CHANNEL_CONTINUE that gives
			       * a command started in the background the terminal */
	CHANNEL_CONTINUE = 'c', /* struct channel_continue: go on after CHANNEL_STOPPED */
};

struct channel_started {
	uint32_t version; /* CHANNEL_VERSION of nono-session */
	uint32_t pid;     /* the command */
	uint32_t has_terminal;
};

struct channel_failed {
	uint32_t exit_code; /* 125 refused or broken, 126 cannot execute, 127 not found */
};

struct channel_exited {
	uint32_t wait_status; /* as wait(2) reports it */
};

struct channel_signal {
	uint32_t signal;
};

struct channel_window {
	uint16_t rows, columns, x_pixels, y_pixels;
};

/* The terminal's modes as a command finds them, tcgetattr(3). Those of the start are worth nothing
 * to a command in the background: its shell was editing a line. */
struct channel_modes {
	uint32_t input, output, control, local;
	uint8_t characters[32]; /* c_cc */
};

struct channel_continue {
	uint32_t foreground;
};
