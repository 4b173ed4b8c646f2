/* SPDX-License-Identifier: Apache-2.0 */
#include "client/local/findings.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "libcore/base/error.h"
#include "libcore/base/str.h"

void finding_miss(struct finding *f, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(f->cause, sizeof(f->cause), fmt, ap);
	va_end(ap);
	f->state = FINDING_NO;
}

void finding_doubt(struct finding *f, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(f->cause, sizeof(f->cause), fmt, ap);
	va_end(ap);
	f->state = FINDING_UNKNOWN;
}

void finding_note(struct finding *f, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(f->detail, sizeof(f->detail), fmt, ap);
	va_end(ap);
}

int findings_add(struct findings *into, const struct finding *f, struct nono_error *err)
{
	if (array_grow((void **)&into->items, into->n, sizeof(*into->items)) < 0) {
		return error_oom(err);
	}
	into->items[into->n++] = *f;
	return 0;
}

int findings_run(struct findings *into, const struct probe *rows, size_t n, struct nono_error *err)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < n; i++) {
		struct finding f = rows[i].finding;
		rows[i].run(&f);
		r = findings_add(into, &f, err);
	}
	return r;
}

const struct finding *findings_find(const struct findings *list, const char *name)
{
	for (size_t i = 0; i < list->n; i++) {
		if (str_equal(list->items[i].name, name)) {
			return &list->items[i];
		}
	}
	return NULL;
}

void findings_deinit(struct findings *list)
{
	free(list->items);
	*list = (struct findings){ 0 };
}
