/* SPDX-License-Identifier: Apache-2.0 */
/* The capability set from the inside: what landlock, filter, query, state and nonod read. */
#pragma once
#include <stdbool.h>
#include <stddef.h>

#include "nono.h"

struct caps_path {
	char *original; /* as it was asked for */
	char *resolved; /* canonical when it was looked up, else lexically clean */
	enum nono_access access;
	bool is_file;
	enum nono_source source;
	char *source_name; /* NAME of "group:NAME", else NULL */
};

struct caps_ports {
	uint16_t *items;
	size_t n;
};

struct nono_caps {
	struct caps_path *paths;
	size_t n_paths;
	enum nono_network_mode network;
	struct caps_ports connect, bind, localhost;
	/* libcore/caps.c adds: unix sockets, commands, signal and IPC mode, limits */
};

/* Adds a path nobody looked up: nonod must not touch the file system, nono-session opens it
 * later. path is absolute and clean. source_name may be NULL. 0 or -errno with err set. */
int caps_add_unresolved(struct nono_caps *caps, const char *path, enum nono_access access,
	bool is_file, enum nono_source source, const char *source_name, struct nono_error *err);
