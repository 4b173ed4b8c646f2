/* SPDX-License-Identifier: Apache-2.0 */
/*
 * libnono: a policy-free sandbox primitive for Linux (Landlock and seccomp, Linux 5.13 and later).
 * It enforces what it is asked to and nothing else; what it cannot enforce is an error.
 *
 *	struct nono_caps *caps;
 *	struct nono_error err;
 *
 *	nono_caps_new(&caps);
 *	nono_caps_allow_path(caps, "/usr", NONO_READ, &err);
 *	nono_caps_allow_path(caps, "/data", NONO_READ_WRITE, &err);
 *	nono_caps_block_network(caps, &err);
 *	if (nono_apply(caps, &err) < 0)           (irreversible)
 *		fprintf(stderr, "%s\n", err.message);
 *
 * Return values: 0, or a negative errno with *err filled in; err may be NULL, its code says what
 * went wrong and each function lists the codes it uses besides NONO_NO_MEMORY. ret parameters
 * are set on success only. A NULL set or string is -EINVAL (NONO_INVALID), not a crash.
 *
 * Threads: a set may be read by many threads or changed by one. Different sets are independent;
 * the library keeps no global state. Signals: nothing is async-signal-safe unless it says so.
 * The library never touches signal dispositions, the locale, the environment or stdio of its
 * host, never prints and never exits.
 */
#ifndef NONO_H
#define NONO_H

#include "nono-caps.h"
#include "nono-error.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Version of the library, "MAJOR.MINOR.PATCH". Static storage. Async-signal-safe. */
NONO_PUBLIC const char *nono_version(void);

/* Asking what a set allows, without a sandbox. */

enum nono_query_status { NONO_DENIED = 0, NONO_ALLOWED = 1 }; /* "denied", "allowed" */
enum nono_query_reason {
	NONO_REASON_GRANTED_PATH = 0,        /* "granted_path" */
	NONO_REASON_NETWORK_ALLOWED = 1,     /* "network_allowed" */
	NONO_REASON_PATH_NOT_GRANTED = 2,    /* "path_not_granted" */
	NONO_REASON_INSUFFICIENT_ACCESS = 3, /* "insufficient_access" */
	NONO_REASON_NETWORK_BLOCKED = 4      /* "network_blocked" */
};
NONO_PUBLIC const char *nono_query_status_to_string(enum nono_query_status v);
NONO_PUBLIC const char *nono_query_reason_to_string(enum nono_query_reason v);

struct nono_query_result {
	enum nono_query_status status;
	enum nono_query_reason reason;
	/* Paths only. grant: the deepest grant that allows all of what was asked, else the deepest
	 * that has a part in the answer; NULL for PATH_NOT_GRANTED. Belongs to the set. granted:
	 * everything the grants on the way to the path allow together, 0 for nothing. */
	const struct nono_fs_grant *grant;
	int granted;                /* of enum nono_access */
	enum nono_access requested; /* as asked */
	void *reserved[4];          /* NULL */
};

/* May an object be opened for access? The kernel unites the grants on the way from the root to
 * the object, so that any sufficient ancestor allows it and two that each have one half do too.
 * path is canonicalised as far as it exists; the rest is taken literally. Creating, removing and
 * renaming an object is a matter of the directory that holds it: ask for WRITE on that, and on
 * both directories of a move (which below Linux 5.19 the kernel always refuses with EXDEV).
 * A granted directory itself, or a granted file, can not be removed or replaced through its own
 * grant. NONO_INVALID, NONO_SYSTEM (a component cannot be looked up, other than by absence). */
NONO_PUBLIC int nono_query_path(const struct nono_caps *caps, const char *path,
	enum nono_access access, struct nono_query_result *ret, struct nono_error *err);

/* May a TCP connection be made? port 0 asks for the network without restriction. host (an address
 * or a name, NULL for any) only decides whether a localhost port counts: "localhost", names below
 * it, 127.0.0.0/8 and ::1 are loopback; no name is looked up. NONO_INVALID. */
NONO_PUBLIC int nono_query_network(const struct nono_caps *caps, const char *host, uint16_t port,
	struct nono_query_result *ret, struct nono_error *err);

/* What this machine can enforce. Everything is probed, nothing derived from the kernel's version.
 */

struct nono_gate {
	const char *name;        /* short and stable, such as "landlock-truncate" */
	const char *description; /* what it keeps a sandboxed program from doing */
	int active;              /* the running kernel enforces it */
	const char *reason;      /* why not and what would make it so; NULL when active */
};
struct nono_support_info {
	const char *platform; /* "linux" */
	int supported;        /* Landlock and seccomp filters are there */
	const char *details;  /* one line, such as "Landlock ABI v7 available" */
	int landlock_abi;     /* newest both the kernel and this library know, 0 for none */
	size_t n_gates;
	const struct nono_gate *gates;
};

/* 1 when nono_apply() can work here at all, else 0. */
NONO_PUBLIC int nono_is_supported(void);
/* 0 or -ENOMEM; free with nono_support_info_free() (accepts NULL). Changes nothing and starts no
 * process. */
NONO_PUBLIC int nono_support_info(struct nono_support_info **ret, struct nono_error *err);
NONO_PUBLIC void nono_support_info_free(struct nono_support_info *info);

/* Enforcing. */

/* Restricts the calling process, all its threads and everything they start from now on, for good:
 * no_new_privs, a Landlock domain, a seccomp filter and the set's limits. All capabilities are
 * dropped when it runs as root. Descriptors that are open stay usable: close what must not be.
 * With more than one thread Linux 7.0 (Landlock ABI 8) is needed, else NONO_UNSUPPORTED.
 * NONO_UNSUPPORTED names a restriction this kernel (or any, without a supervisor) cannot enforce;
 * NONO_PATH_NOT_FOUND: a granted path is gone; NONO_EXPECTED_DIRECTORY, NONO_EXPECTED_FILE: it is
 * of another kind now; NONO_SYSTEM. After NONO_UNSUPPORTED and the path errors nothing has
 * changed; after NONO_SYSTEM the process may be restricted in part and should end. */
NONO_PUBLIC int nono_apply(const struct nono_caps *caps, struct nono_error *err);

/* How nono_exec() runs a command. Set up with NONO_EXEC_OPTIONS_INIT: size tells the library which
 * fields the caller knows. */
struct nono_exec_options {
	size_t size;
	/* Working directory; NULL for the caller's. It must be granted to be of use. */
	const char *cwd;
	/* NULL-terminated "NAME=value"; NULL for none. Names the dynamic loader listens to (LD_*,
	 * GLIBC_TUNABLES, GCONV_PATH and the like) are NONO_REFUSED. */
	const char *const *env;
	/* Not 0: the caller's environment as well, without what the dynamic loader listens to. env
	 * wins over it. */
	int inherit_env;
	/* Milliseconds after which everything the command started is killed; 0 for never. */
	uint64_t timeout_ms;
	/* Most bytes kept of each of stdout and stderr; what is beyond is read and dropped. */
	size_t output_limit;
};
#define NONO_EXEC_OUTPUT_LIMIT ((size_t)16 << 20)
#define NONO_EXEC_OPTIONS_INIT                                                                     \
	{                                                                                          \
		sizeof(struct nono_exec_options), NULL, NULL, 0, 0, NONO_EXEC_OUTPUT_LIMIT         \
	}

/* What became of it. Grows at its end in later versions. */
struct nono_exec_result {
	int exit_status; /* the command's, or 128 + number of the signal that ended it */
	int signal;      /* that number, 0 when it exited by itself */
	int timed_out;   /* it was killed because its time ran out */
	int stdout_truncated, stderr_truncated;
	char *stdout_data, *stderr_data; /* bytes, with a NUL behind them; never NULL */
	size_t stdout_size, stderr_size; /* without that NUL */
};

/* Runs argv (NULL-terminated) in a child that is restricted as nono_apply() does it, and waits.
 * The caller stays unrestricted and may call this from any thread, again and again, with any set.
 * The child gets nothing of the caller's but the user, the working directory, umask and limits:
 * standard input is empty, other descriptors are closed, signals are default and unblocked. The
 * set must grant the command itself and what it loads (a grant on /proc/self is one on the process
 * that made it, not on the command). argv[0] without a slash is looked up in
 * PATH of the environment given, else in /usr/local/bin:/usr/bin:/bin.
 * When the call returns, everything the command started has ended: a keeper process collects and
 * kills what is left, so that the caller needs no SIGCHLD handling and is made no subreaper.
 * A grant that named the caller when it was added (/proc/self, /dev/fd) is NONO_UNSUPPORTED: it
 * would not name the command. Grant /proc instead.
 * options may be NULL. Free *ret with nono_exec_result_free() (accepts NULL).
 * NONO_UNSUPPORTED and the path errors as nono_apply(); NONO_NOT_FOUND, NONO_NOT_EXECUTABLE: the
 * command; NONO_REFUSED: a blocked command or a loader variable; NONO_INVALID; NONO_SYSTEM. A
 * command that timed out is not an error: timed_out says so. */
NONO_PUBLIC int nono_exec(const struct nono_caps *caps, const char *const *argv,
	const struct nono_exec_options *options, struct nono_exec_result **ret,
	struct nono_error *err);
NONO_PUBLIC void nono_exec_result_free(struct nono_exec_result *result);

#ifdef __cplusplus
}
#endif
#endif
