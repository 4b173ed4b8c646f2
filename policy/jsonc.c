/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/jsonc.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>

#include "libcore/base/json-lex.h"

/* Behind the string whose opening quote is at i. */
static size_t skip_string(const char *text, size_t n, size_t i)
{
	for (i++; i < n && text[i] != '"'; i++) {
		i += text[i] == '\\';
	}
	return i < n ? i + 1 : n;
}

/* Behind the comment that starts at i; 0 when it has no end. */
static size_t skip_comment(const char *text, size_t n, size_t i)
{
	const char *end = text[i + 1] == '/' ? memchr(text + i, '\n', n - i)
					     : memmem(text + i + 2, n - i - 2, "*/", 2);

	if (text[i + 1] == '/') {
		return end ? (size_t)(end - text) : n;
	}
	return end ? (size_t)(end - text) + 2 : 0;
}

static void blank(char *from, char *to)
{
	for (; from < to; from++) {
		*from = json_is_space(*from) ? *from : ' ';
	}
}

int jsonc_blank(char *text, size_t n, size_t *ret_at)
{
	size_t comma = 0;
	char last = '['; /* the last token's last byte */
	bool removable = false;

	for (size_t i = 0; i < n;) {
		size_t next = i + 1;
		if (json_is_space(text[i])) {
			i = next;
			continue;
		}
		if (text[i] == '/' && next < n && (text[next] == '/' || text[next] == '*')) {
			next = skip_comment(text, n, i);
			if (next == 0) {
				*ret_at = i;
				return -EBADMSG;
			}
			blank(text + i, text + next);
			i = next;
			continue;
		}
		if (text[i] == '"') {
			next = skip_string(text, n, i);
		} else if (text[i] == ',') {
			/* Only one that follows a value: [,] stays wrong. */
			removable = !strchr("[{,:", last);
			comma = i;
		} else if ((text[i] == ']' || text[i] == '}') && last == ',' && removable) {
			text[comma] = ' ';
		}
		last = text[next - 1];
		i = next;
	}
	return 0;
}
