/* SPDX-License-Identifier: Apache-2.0 */
/* A list of strings that owns them, in order of addition. Starts as { 0 }. */
#pragma once
#include <stdbool.h>
#include <stddef.h>

struct strlist {
	char **items;
	size_t n;
};

/* Appends a copy of s. 0 or -ENOMEM. */
int strlist_add(struct strlist *list, const char *s);
/* Appends s itself, which belongs to the list from now on, also when it fails. NULL is out of
 * memory. 0 or -ENOMEM. */
int strlist_take(struct strlist *list, char *s);
/* strlist_add() unless it is there already. */
int strlist_add_once(struct strlist *list, const char *s);
/* Appends copies of everything in from. 0 or -ENOMEM. */
int strlist_add_all(struct strlist *list, const struct strlist *from);
/* The same, leaving out what is there already. */
int strlist_add_all_once(struct strlist *list, const struct strlist *from);
bool strlist_has(const struct strlist *list, const char *s);
void strlist_deinit(struct strlist *list);
