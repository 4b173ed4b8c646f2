/* SPDX-License-Identifier: Apache-2.0 */
/* The words of the public enums: one table each, read in both directions. */
#include "nono.h"

#include <errno.h>

#include "libcore/base/cleanup.h"
#include "libcore/base/str.h"

struct word {
	int value;
	const char *text;
};

static const char *to_string(const struct word *words, size_t n, int value)
{
	for (size_t i = 0; i < n; i++) {
		if (words[i].value == value) {
			return words[i].text;
		}
	}
	return NULL;
}

static int from_string(const struct word *words, size_t n, const char *text, int *ret)
{
	for (size_t i = 0; text && i < n; i++) {
		if (str_equal(words[i].text, text)) {
			*ret = words[i].value;
			return 0;
		}
	}
	return -EINVAL;
}

#define DEFINE_TO_STRING(type, words)                                                              \
	const char *nono_##type##_to_string(enum nono_##type v)                                    \
	{                                                                                          \
		return to_string(words, ELEMENTSOF(words), (int)v);                                \
	}

#define DEFINE_WORDS(type, words)                                                                  \
	DEFINE_TO_STRING(type, words)                                                              \
	int nono_##type##_from_string(const char *s, enum nono_##type *ret)                        \
	{                                                                                          \
		int v, r = from_string(words, ELEMENTSOF(words), s, &v);                           \
		if (r == 0) {                                                                      \
			*ret = (enum nono_##type)v;                                                \
		}                                                                                  \
		return r;                                                                          \
	}

static const struct word access_words[] = {
	{ NONO_READ, "read" },
	{ NONO_WRITE, "write" },
	{ NONO_READ_WRITE, "read+write" },
};
DEFINE_WORDS(access, access_words)

static const struct word source_words[] = {
	{ NONO_SOURCE_USER, "user" },
	{ NONO_SOURCE_PROFILE, "profile" },
	{ NONO_SOURCE_GROUP, "group" },
	{ NONO_SOURCE_SYSTEM, "system" },
};
DEFINE_WORDS(source, source_words)

static const struct word network_mode_words[] = {
	{ NONO_NETWORK_OPEN, "open" },
	{ NONO_NETWORK_BLOCKED, "blocked" },
};
DEFINE_WORDS(network_mode, network_mode_words)

static const struct word signal_mode_words[] = {
	{ NONO_SIGNAL_ISOLATED, "isolated" },
	{ NONO_SIGNAL_SAME_SANDBOX, "allow_same_sandbox" },
	{ NONO_SIGNAL_ALL, "allow_all" },
};
DEFINE_WORDS(signal_mode, signal_mode_words)

static const struct word ipc_mode_words[] = {
	{ NONO_IPC_SHARED_MEMORY_ONLY, "shared_memory_only" },
	{ NONO_IPC_FULL, "full" },
};
DEFINE_WORDS(ipc_mode, ipc_mode_words)

static const struct word unix_scope_words[] = {
	{ NONO_UNIX_FILE, "file" },
	{ NONO_UNIX_DIR_CHILDREN, "dir_children" },
	{ NONO_UNIX_DIR_SUBTREE, "dir_subtree" },
};
DEFINE_WORDS(unix_scope, unix_scope_words)

static const struct word unix_mode_words[] = {
	{ NONO_UNIX_CONNECT, "connect" },
	{ NONO_UNIX_CONNECT_BIND, "connect+bind" },
};
DEFINE_WORDS(unix_mode, unix_mode_words)

static const struct word limit_words[] = {
	{ NONO_LIMIT_MEMORY, "memory_bytes" },
	{ NONO_LIMIT_TASKS, "max_tasks" },
	{ NONO_LIMIT_FILES, "max_files" },
	{ NONO_LIMIT_CPU, "cpu_seconds" },
};
DEFINE_WORDS(limit, limit_words)

static const struct word query_status_words[] = {
	{ NONO_DENIED, "denied" },
	{ NONO_ALLOWED, "allowed" },
};
DEFINE_TO_STRING(query_status, query_status_words)

static const struct word query_reason_words[] = {
	{ NONO_REASON_GRANTED_PATH, "granted_path" },
	{ NONO_REASON_NETWORK_ALLOWED, "network_allowed" },
	{ NONO_REASON_PATH_NOT_GRANTED, "path_not_granted" },
	{ NONO_REASON_INSUFFICIENT_ACCESS, "insufficient_access" },
	{ NONO_REASON_NETWORK_BLOCKED, "network_blocked" },
};
DEFINE_TO_STRING(query_reason, query_reason_words)
