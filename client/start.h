/* SPDX-License-Identifier: Apache-2.0 */
/* Starting a nonod, and finding the programs of our own installation. */
#pragma once
#include <stdbool.h>

#include "nono-error.h"
#include "proto/runtime.h"

/* Path of one of our programs: beside this one, in a directory relative to that (a build tree, an
 * installation that was moved), or where it is installed. A new string, or NULL. */
char *program_find(const char *name, const char *relative_dir, const char *install_dir);

/* Asks the user's service manager for nonod.socket. True when it listens now. */
bool start_by_service_manager(const char *xdg_runtime_dir);

/* Starts nonod in a session of its own, with no descriptor, limit or setting of ours that it could
 * do without, and waits until it listens, somebody else does, or it failed. *ret_errors_fd reads
 * what it says on standard error. 0, or -errno with err set. */
int start_on_demand(int *ret_errors_fd, struct nono_error *err);

/* Starts nonod for the connection whose other end is fd (which stays the caller's). */
int start_private(int fd, int *ret_errors_fd, struct nono_error *err);
