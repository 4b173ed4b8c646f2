/* SPDX-License-Identifier: Apache-2.0 */
/* The capability set from the inside: what landlock, filter, query, state and nonod read. */
#pragma once
#include <stdbool.h>
#include <stddef.h>

#include "nono.h"

#define CAPS_GRANTS_MAX 65536 /* paths; unix sockets */
#define CAPS_LIST_MAX   4096  /* ports of a kind; commands of a kind */

/* The strings of grants are heap strings of the set, const only in the public view. */
struct caps_ports {
	uint16_t *items; /* in order of addition, no doubles */
	size_t n;
};

struct caps_names {
	char **items; /* in order of addition, no doubles */
	size_t n;
};

#define CAPS_LIMITS 4 /* enum nono_limit */

struct nono_caps {
	struct nono_fs_grant *paths;
	size_t n_paths;
	struct nono_unix_grant *unix_sockets;
	size_t n_unix_sockets;
	enum nono_network_mode network;
	struct caps_ports connect, bind, localhost;
	struct caps_names allowed_commands, blocked_commands;
	enum nono_signal_mode signal_mode;
	enum nono_ipc_mode ipc_mode;
	uint64_t limits[CAPS_LIMITS]; /* 0: none */
};

static inline void caps_freep(struct nono_caps **caps)
{
	nono_caps_free(*caps);
}

/* Adds a path nobody looked up: nonod must not touch the file system, nono-session opens it
 * later. path is absolute and clean. source_name may be NULL. 0 or -errno with err set. */
int caps_add_unresolved(struct nono_caps *caps, const char *path, enum nono_access access,
	bool is_file, enum nono_source source, const char *source_name, struct nono_error *err);

/* Parts of the set's own implementation. */
void caps_path_deinit(struct nono_fs_grant *g); /* frees the strings */
void caps_unix_deinit(struct nono_unix_grant *g);
int caps_copy_settings(struct nono_caps *to, const struct nono_caps *from); /* 0 or -ENOMEM */

bool caps_has_port(const struct caps_ports *ports, uint16_t port);

/* True when the set restricts TCP at all: blocked, or some port is listed. */
bool caps_restricts_network(const struct nono_caps *caps);
