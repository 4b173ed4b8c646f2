/* SPDX-License-Identifier: Apache-2.0 */
/* Paths as text. Nothing here touches the file system. */
#pragma once
#include <stdbool.h>
#include <stddef.h>

/* Joins path to the absolute base when it is relative, then removes empty and "." components and
 * resolves ".." lexically (never above /). A new string, or NULL when out of memory. Lexical ".."
 * differs from the kernel's when a component is a symlink: use the result to name and compare,
 * and let an open decide what is really meant. */
char *path_absolute(const char *base, const char *path);

/* True when clean absolute path is dir itself or lies below it, component by component. */
bool path_is_below(const char *path, const char *dir);
