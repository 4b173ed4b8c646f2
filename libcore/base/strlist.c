/* SPDX-License-Identifier: Apache-2.0 */
#include "libcore/base/strlist.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "libcore/base/str.h"

int strlist_take(struct strlist *list, char *s)
{
	void *items = list->items;

	if (!s || array_grow(&items, list->n, sizeof(*list->items)) < 0) {
		free(s);
		return -ENOMEM;
	}
	list->items = items;
	list->items[list->n++] = s;
	return 0;
}

int strlist_add(struct strlist *list, const char *s)
{
	return strlist_take(list, strdup(s));
}

int strlist_add_once(struct strlist *list, const char *s)
{
	return strlist_has(list, s) ? 0 : strlist_add(list, s);
}

int strlist_add_all(struct strlist *list, const struct strlist *from)
{
	for (size_t i = 0; i < from->n; i++) {
		if (strlist_add(list, from->items[i]) < 0) {
			return -ENOMEM;
		}
	}
	return 0;
}

int strlist_add_all_once(struct strlist *list, const struct strlist *from)
{
	for (size_t i = 0; i < from->n; i++) {
		if (strlist_add_once(list, from->items[i]) < 0) {
			return -ENOMEM;
		}
	}
	return 0;
}

bool strlist_has(const struct strlist *list, const char *s)
{
	for (size_t i = 0; i < list->n; i++) {
		if (str_equal(list->items[i], s)) {
			return true;
		}
	}
	return false;
}

void strlist_deinit(struct strlist *list)
{
	for (size_t i = 0; i < list->n; i++) {
		free(list->items[i]);
	}
	free(list->items);
	*list = (struct strlist){ 0 };
}
