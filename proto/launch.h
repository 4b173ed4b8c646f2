/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The launch memfd: argv and environment of a command, from the client to the process that will
 * exec it. They need not be UTF-8, so they are not JSON; nonod forwards the descriptor unread.
 *
 * Layout: struct launch_header, then n_args NUL-terminated strings in args_size bytes, then n_env
 * ones in env_size bytes. The memfd is sealed, so what was checked is what is used.
 */
#pragma once
#include <stddef.h>
#include <stdint.h>

#include "nono-error.h"

#define LAUNCH_MAGIC    UINT64_C(0x316e75616c6f6e6f) /* "onolaun1" in little endian */
#define LAUNCH_SIZE_MAX (32U << 20)                  /* whole memfd, bytes */

struct launch_header {
	uint64_t magic;
	uint32_t n_args, n_env;
	uint32_t args_size, env_size; /* bytes, terminators included */
};

/* Decoded view. argv and envp are one allocation whose strings point into the mapping. */
struct launch {
	const void *map;
	size_t map_size;
	char **argv; /* NULL-terminated, at least one element */
	char **envp; /* NULL-terminated; every element has a '=' behind a non-empty name */
};

/* A sealed memfd with both vectors. Descriptor or -errno with err set: -E2BIG above the limit,
 * -EINVAL for an empty argv or an environment string without a name. */
int launch_create(char *const *argv, char *const *envp, struct nono_error *err);

/* Maps and checks fd (which stays the caller's). 0, or -errno with err set; nothing to undo then.
 * Hostile input is expected: every count and terminator is verified. */
int launch_open(struct launch *ret, int fd, struct nono_error *err);
/* The same for bytes in memory (for fuzzing and tests); the bytes stay the caller's. */
int launch_parse(struct launch *ret, const void *p, size_t n, struct nono_error *err);
void launch_deinit(struct launch *l); /* unmaps what launch_open() mapped; accepts { 0 } */
