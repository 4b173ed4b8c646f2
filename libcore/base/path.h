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

enum path_relation {
	PATH_APART,
	PATH_BELOW, /* the first is the second, or lies below it */
	PATH_ABOVE, /* the second lies below the first */
};

/* How two clean absolute paths are to each other, component by component. */
enum path_relation path_relate(const char *a, const char *b);

/* True when clean absolute path is dir itself or lies below it, component by component. */
bool path_is_below(const char *path, const char *dir);
