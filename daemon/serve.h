/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Connections: accepts them, keeps each on the loop as its state asks for, and lets nobody in who
 * runs inside a sandbox. When descriptors run out accepting pauses until one is freed or a second
 * has passed; it never spins.
 */
#pragma once
#include <stdbool.h>

#include "nono-error.h"

struct manager;
struct serve;
struct vl_server_config;

/* Fills in what the server needs from here; m->serve and m->loop are used once it runs. */
void serve_configure(struct vl_server_config *config, struct manager *m);

/* listen_fd: -1 for none; taken in every case. 0 or -errno with err set. */
int serve_new(struct serve **ret, struct manager *m, int listen_fd, struct nono_error *err);
void serve_free(struct serve *s); /* NULL is accepted */

/* Takes fd in every case. 0 or -errno with err set. */
int serve_add(struct serve *s, int fd, struct nono_error *err);
/* True when a client waits to be accepted. */
bool serve_is_wanted(const struct serve *s);
