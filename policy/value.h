/* SPDX-License-Identifier: Apache-2.0 */
/* What a document says for one key. */
#pragma once
#include "policy/reader.h"

#define VALUE_ITEMS_MAX 1024 /* elements of one list in one document */

/* Reads v, the value of a key. A list that was there before is added to. 0 or -errno, err set. */
int value_read(struct reader *r, const struct key_spec *spec, struct json_span v,
	struct profile_value *ret);
/* Adds copies unless there is an item of that text. 0 or -ENOMEM. */
int value_add(struct profile_value *v, const char *text, const char *value, const char *from);
void value_deinit(struct profile_value *v);
/* Moves the elements' texts to the end of list, without doubles. 0 or -ENOMEM. */
int value_to_list(struct profile_value *v, struct strlist *list);
