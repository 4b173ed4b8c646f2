/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The capability set of libnono: what a sandboxed process may use. Included by nono.h; the rules
 * for return values, threads and signals are stated there and hold for every function here.
 *
 * A new set grants nothing but the open network. Nothing here touches the process or the kernel's
 * sandbox: a set is data until nono_apply() or nono_exec() is called with it.
 */
#ifndef NONO_CAPS_H
#define NONO_CAPS_H

#include <stddef.h>
#include <stdint.h>

#include "nono-error.h"

#ifdef __cplusplus
extern "C" {
#endif

#define NONO_PUBLIC __attribute__((visibility("default")))

/* READ means reading files, listing directories and executing. WRITE means changing: writing,
 * truncating, creating, removing, renaming. WRITE does not imply READ. Words: "read", "write",
 * "read+write". */
enum nono_access { NONO_READ = 1, NONO_WRITE = 2, NONO_READ_WRITE = 3 };

/* Who asked for a capability. User and profile are the user's intent; group and system are not.
 * Words: "user", "profile", "group", "system". */
enum nono_source {
	NONO_SOURCE_USER = 0,
	NONO_SOURCE_PROFILE = 1,
	NONO_SOURCE_GROUP = 2,
	NONO_SOURCE_SYSTEM = 3
};

/* OPEN restricts nothing as long as no port is listed. BLOCKED, and OPEN with any port listed,
 * refuse every connection and every bind but those to listed ports. Words: "open", "blocked". */
enum nono_network_mode { NONO_NETWORK_OPEN = 0, NONO_NETWORK_BLOCKED = 1 };

/* Which processes may be signalled. ISOLATED, the default: only those in the sandbox, as far as
 * the kernel can (Linux 6.12). SAME_SANDBOX: the same as a promise, an error where the kernel
 * cannot keep it. ALL: no restriction. Words: "isolated", "allow_same_sandbox", "allow_all". */
enum nono_signal_mode {
	NONO_SIGNAL_ISOLATED = 0,
	NONO_SIGNAL_SAME_SANDBOX = 1,
	NONO_SIGNAL_ALL = 2
};

/* FULL adds SysV IPC, POSIX message queues and abstract unix sockets of other processes.
 * Words: "shared_memory_only" (the default), "full". */
enum nono_ipc_mode { NONO_IPC_SHARED_MEMORY_ONLY = 0, NONO_IPC_FULL = 1 };

/* Which sockets a unix socket grant means: this one, those directly in this directory, or all
 * below it. Words: "file", "dir_children", "dir_subtree". */
enum nono_unix_scope { NONO_UNIX_FILE = 0, NONO_UNIX_DIR_CHILDREN = 1, NONO_UNIX_DIR_SUBTREE = 2 };

/* Sending to a datagram socket counts as connecting. Words: "connect", "connect+bind". */
enum nono_unix_mode { NONO_UNIX_CONNECT = 1, NONO_UNIX_CONNECT_BIND = 3 };

/* Upper bounds. MEMORY: bytes of private writable memory per process (RLIMIT_DATA). TASKS:
 * processes and threads of the whole user (RLIMIT_NPROC; the kernel exempts root, so that it is an
 * error there). FILES: open descriptors per process (RLIMIT_NOFILE). CPU: seconds of processor
 * time per process (RLIMIT_CPU). These are what nono_apply() and nono_exec() use; a supervisor
 * with a cgroup bounds the whole session instead. Words: "memory_bytes", "max_tasks",
 * "max_files", "cpu_seconds". */
enum nono_limit {
	NONO_LIMIT_MEMORY = 0,
	NONO_LIMIT_TASKS = 1,
	NONO_LIMIT_FILES = 2,
	NONO_LIMIT_CPU = 3
};

/* Words as users and JSON see them. _to_string: static storage, NULL for a value that is none.
 * _from_string: 0, or -EINVAL for NULL and unknown words (exact match). Async-signal-safe. */
NONO_PUBLIC const char *nono_access_to_string(enum nono_access v);
NONO_PUBLIC int nono_access_from_string(const char *s, enum nono_access *ret);
NONO_PUBLIC const char *nono_source_to_string(enum nono_source v);
NONO_PUBLIC int nono_source_from_string(const char *s, enum nono_source *ret);
NONO_PUBLIC const char *nono_network_mode_to_string(enum nono_network_mode v);
NONO_PUBLIC int nono_network_mode_from_string(const char *s, enum nono_network_mode *ret);
NONO_PUBLIC const char *nono_signal_mode_to_string(enum nono_signal_mode v);
NONO_PUBLIC int nono_signal_mode_from_string(const char *s, enum nono_signal_mode *ret);
NONO_PUBLIC const char *nono_ipc_mode_to_string(enum nono_ipc_mode v);
NONO_PUBLIC int nono_ipc_mode_from_string(const char *s, enum nono_ipc_mode *ret);
NONO_PUBLIC const char *nono_unix_scope_to_string(enum nono_unix_scope v);
NONO_PUBLIC int nono_unix_scope_from_string(const char *s, enum nono_unix_scope *ret);
NONO_PUBLIC const char *nono_unix_mode_to_string(enum nono_unix_mode v);
NONO_PUBLIC int nono_unix_mode_from_string(const char *s, enum nono_unix_mode *ret);
NONO_PUBLIC const char *nono_limit_to_string(enum nono_limit v);
NONO_PUBLIC int nono_limit_from_string(const char *s, enum nono_limit *ret);

/* A set of capabilities. Opaque; owned by whoever made it. */
struct nono_caps;

/* An empty set. 0 or -ENOMEM (NONO_NO_MEMORY). Free with nono_caps_free(). */
NONO_PUBLIC int nono_caps_new(struct nono_caps **ret);
/* NULL is accepted. Every pointer a listing function gave out becomes invalid. */
NONO_PUBLIC void nono_caps_free(struct nono_caps *caps);
/* A deep copy, independent of caps. 0 or -ENOMEM. */
NONO_PUBLIC int nono_caps_clone(const struct nono_caps *caps, struct nono_caps **ret);

/* Grants a directory and everything below it, or a single file (anything that is not a directory:
 * sockets, fifos and devices too). path may be relative to the working directory and go through
 * symlinks; what it names now is granted, under its canonical name. It must exist.
 * NONO_PATH_NOT_FOUND; NONO_EXPECTED_DIRECTORY (-ENOTDIR); NONO_EXPECTED_FILE (-EISDIR);
 * NONO_INVALID for an empty path or a wrong enum value; NONO_SYSTEM when it cannot be looked up;
 * NONO_LIMIT (-E2BIG) beyond 65536 grants. The source is "user". */
NONO_PUBLIC int nono_caps_allow_path(
	struct nono_caps *caps, const char *path, enum nono_access access, struct nono_error *err);
NONO_PUBLIC int nono_caps_allow_file(
	struct nono_caps *caps, const char *path, enum nono_access access, struct nono_error *err);
/* The same with a source. group names the group for NONO_SOURCE_GROUP (not empty) and is NULL for
 * every other source. */
NONO_PUBLIC int nono_caps_allow_path_from(struct nono_caps *caps, const char *path,
	enum nono_access access, enum nono_source source, const char *group,
	struct nono_error *err);
NONO_PUBLIC int nono_caps_allow_file_from(struct nono_caps *caps, const char *path,
	enum nono_access access, enum nono_source source, const char *group,
	struct nono_error *err);

/* Network. block_network(caps) is set_network_mode(caps, NONO_NETWORK_BLOCKED).
 * Ports: connect and bind are about any address; localhost is connecting to and binding the port
 * on a loopback address only, which needs a supervisor (nono_apply() and nono_exec() refuse it
 * with NONO_UNSUPPORTED). Port 0 is valid for bind only: a port of the kernel's choice. A port
 * that is listed already is no error. NONO_INVALID; NONO_LIMIT beyond 4096 ports of a kind. */
NONO_PUBLIC int nono_caps_block_network(struct nono_caps *caps, struct nono_error *err);
NONO_PUBLIC int nono_caps_set_network_mode(
	struct nono_caps *caps, enum nono_network_mode mode, struct nono_error *err);
NONO_PUBLIC enum nono_network_mode nono_caps_network_mode(const struct nono_caps *caps);
NONO_PUBLIC int nono_caps_allow_tcp_connect(
	struct nono_caps *caps, uint16_t port, struct nono_error *err);
NONO_PUBLIC int nono_caps_allow_tcp_bind(
	struct nono_caps *caps, uint16_t port, struct nono_error *err);
NONO_PUBLIC int nono_caps_allow_localhost_port(
	struct nono_caps *caps, uint16_t port, struct nono_error *err);

/* Unix sockets by path, for the user. Directory scopes need an existing directory other than /;
 * FILE with CONNECT an existing file; FILE with CONNECT_BIND an existing parent directory.
 * Enforced by Linux 7.1 (Landlock ABI 9) or a supervisor. Errors as nono_caps_allow_path(). */
NONO_PUBLIC int nono_caps_allow_unix_socket(struct nono_caps *caps, const char *path,
	enum nono_unix_scope scope, enum nono_unix_mode mode, struct nono_error *err);
NONO_PUBLIC int nono_caps_allow_unix_socket_from(struct nono_caps *caps, const char *path,
	enum nono_unix_scope scope, enum nono_unix_mode mode, enum nono_source source,
	const char *group, struct nono_error *err);

/* Commands by base name (no slash, not empty). A blocked command is refused unless it is also
 * allowed. Advice, not a boundary: what is checked is the name nono_exec() is asked to run. */
NONO_PUBLIC int nono_caps_allow_command(
	struct nono_caps *caps, const char *name, struct nono_error *err);
NONO_PUBLIC int nono_caps_block_command(
	struct nono_caps *caps, const char *name, struct nono_error *err);
/* 1 when the base name of command is blocked and not allowed, else 0. */
NONO_PUBLIC int nono_caps_command_blocked(const struct nono_caps *caps, const char *command);

NONO_PUBLIC int nono_caps_set_signal_mode(
	struct nono_caps *caps, enum nono_signal_mode mode, struct nono_error *err);
NONO_PUBLIC enum nono_signal_mode nono_caps_signal_mode(const struct nono_caps *caps);
NONO_PUBLIC int nono_caps_set_ipc_mode(
	struct nono_caps *caps, enum nono_ipc_mode mode, struct nono_error *err);
NONO_PUBLIC enum nono_ipc_mode nono_caps_ipc_mode(const struct nono_caps *caps);
/* value 0 removes the limit; the getter gives 0 when there is none. */
NONO_PUBLIC int nono_caps_set_limit(
	struct nono_caps *caps, enum nono_limit limit, uint64_t value, struct nono_error *err);
NONO_PUBLIC uint64_t nono_caps_limit(const struct nono_caps *caps, enum nono_limit limit);

/* Merges grants of one object (same canonical path, same kind; unix sockets: same path and scope)
 * into one. Within a tier (user and profile; group and system) accesses are united. Across tiers
 * the user's tier stands alone: a user who narrows a path to READ is not widened by a group that
 * grants WRITE on it. Grants are sorted by path afterwards. Cannot fail. */
NONO_PUBLIC void nono_caps_deduplicate(struct nono_caps *caps);

/* 1 when path (lexically cleaned, relative to the working directory) is a granted directory or
 * lies below one, else 0; file grants never cover. With access: the directories that cover it
 * together grant all of access. See nono_query_path() for a full answer. */
NONO_PUBLIC int nono_caps_path_covered(const struct nono_caps *caps, const char *path);
NONO_PUBLIC int nono_caps_path_covered_with_access(
	const struct nono_caps *caps, const char *path, enum nono_access access);

/* Listing. Views belong to the set and live until it is changed or freed. They may grow at their
 * end in later versions: use the pointers, do not copy the structs. */
struct nono_fs_grant {
	const char *original; /* as it was asked for */
	const char *resolved; /* canonical and absolute when it was added */
	enum nono_access access;
	int is_file;
	enum nono_source source;
	const char *source_name; /* the group's name for NONO_SOURCE_GROUP, else NULL */
};
struct nono_unix_grant {
	const char *original;
	const char *resolved;
	enum nono_unix_scope scope;
	enum nono_unix_mode mode;
	enum nono_source source;
	const char *source_name;
};
enum nono_port_list { NONO_PORTS_CONNECT = 0, NONO_PORTS_BIND = 1, NONO_PORTS_LOCALHOST = 2 };
enum nono_command_list { NONO_COMMANDS_ALLOWED = 0, NONO_COMMANDS_BLOCKED = 1 };

/* Element index, from 0 on; NULL (-1 for ports) behind the last one. */
NONO_PUBLIC const struct nono_fs_grant *nono_caps_fs_grant(
	const struct nono_caps *caps, size_t index);
NONO_PUBLIC const struct nono_unix_grant *nono_caps_unix_grant(
	const struct nono_caps *caps, size_t index);
NONO_PUBLIC long nono_caps_port(
	const struct nono_caps *caps, enum nono_port_list list, size_t index);
NONO_PUBLIC const char *nono_caps_command(
	const struct nono_caps *caps, enum nono_command_list list, size_t index);

/* The set for people, one line per entry. Bytes of paths that could disturb a terminal are shown
 * as \xNN. Free with free(). NULL when out of memory. */
NONO_PUBLIC char *nono_caps_summary(const struct nono_caps *caps);

/* The set as JSON and back (libnono(3) has the keys). Free *ret with free(). NONO_LIMIT beyond
 * 16 MiB. Reading is strict (RFC 8259, n bytes that need no terminator, no duplicate or unknown
 * keys: NONO_INVALID naming the place) and looks every path up again, as the functions above do
 * and with their errors: by the name it was asked for when that is absolute, else by the canonical
 * one. A unix socket that now is at another place is NONO_REFUSED. */
NONO_PUBLIC int nono_caps_to_json(const struct nono_caps *caps, char **ret, struct nono_error *err);
NONO_PUBLIC int nono_caps_from_json(
	const char *json, size_t n, struct nono_caps **ret, struct nono_error *err);

#ifdef __cplusplus
}
#endif
#endif
