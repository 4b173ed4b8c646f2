/* SPDX-License-Identifier: Apache-2.0 */
/* Files this program makes for the user. They appear whole or not at all. */
#pragma once
#include <stdbool.h>
#include <stddef.h>

#include "nono-error.h"

/* Writes n bytes to path (absolute), making the directories above it (0700). A file that is there
 * already is replaced with force and otherwise an error (-EEXIST). 0, or -errno with err set. */
int write_file(const char *path, const char *text, size_t n, bool force, struct nono_error *err);

/* The same for a name as the user typed it, relative to the current directory. */
int write_output(const char *path, const char *text, bool force, struct nono_error *err);
