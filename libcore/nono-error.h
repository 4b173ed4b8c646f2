/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The error every nono function can explain itself with.
 *
 * Fixed size and caller-allocated: filling it in cannot fail, there is nothing to free, and the
 * child between fork and exec can write() it whole through a pipe (it is smaller than PIPE_BUF).
 */
#ifndef NONO_ERROR_H
#define NONO_ERROR_H

#ifdef __cplusplus
extern "C" {
#endif

/* What went wrong, for programs. The values are part of the ABI and never change meaning. */
enum nono_code {
	NONO_OK = 0,
	NONO_INVALID = 1,            /* an argument or a document is malformed */
	NONO_NO_MEMORY = 2,          /* allocation failed */
	NONO_SYSTEM = 3,             /* a system call failed; see errnum */
	NONO_PATH_NOT_FOUND = 4,     /* a path to grant does not exist */
	NONO_EXPECTED_DIRECTORY = 5, /* a file was given where a directory is needed */
	NONO_EXPECTED_FILE = 6,      /* a directory was given where a file is needed */
	NONO_UNSUPPORTED = 7,    /* this kernel or configuration cannot enforce what was asked */
	NONO_REFUSED = 8,        /* policy refuses it */
	NONO_NOT_EXECUTABLE = 9, /* the command exists but cannot be executed */
	NONO_NOT_FOUND = 10,     /* the command, or another named thing, does not exist */
	NONO_TIMEOUT = 11,       /* the time given ran out */
	NONO_LIMIT = 12,         /* a size or count limit was exceeded */
	NONO_INTERNAL = 13       /* a bug in nono itself */
};

struct nono_error {
	int code;          /* enum nono_code */
	int errnum;        /* positive errno, or 0 when none applies */
	char message[504]; /* NUL-terminated, one line, no trailing newline or full stop */
};

#ifdef __cplusplus
}
#endif
#endif
