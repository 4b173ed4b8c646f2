/* SPDX-License-Identifier: Apache-2.0 */
#include "libcore/base/escape.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "libcore/base/cleanup.h"
#include "libcore/base/str.h"

int escape_path(const char *path, char **ret, bool *ret_escaped)
{
	static const char hex[] = "0123456789ABCDEF";
	size_t n = strlen(path);
	char *out, *at;
	uint32_t c;

	if (str_is_utf8(path, n)) {
		out = strdup(path);
		if (!out) {
			return -ENOMEM;
		}
		*ret = out;
		*ret_escaped = false;
		return 0;
	}
	out = at = malloc(3 * n + 1);
	if (!out) {
		return -ENOMEM;
	}
	while (n > 0) {
		size_t k = str_utf8_char(path, n, &c);
		if (k == 0 || *path == '%') {
			*at++ = '%';
			*at++ = hex[(unsigned char)*path >> 4];
			*at++ = hex[(unsigned char)*path & 15];
			k = 1;
		} else {
			memcpy(at, path, k);
			at += k;
		}
		path += k;
		n -= k;
	}
	*at = '\0';
	*ret = out;
	*ret_escaped = true;
	return 0;
}

static int hex_value(char c)
{
	if (c >= '0' && c <= '9') {
		return c - '0';
	}
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

int unescape_path(const char *text, char **ret)
{
	_cleanup_free_ char *out = malloc(strlen(text) + 1);
	char *at = out;

	if (!out) {
		return -ENOMEM;
	}
	while (*text) {
		if (*text == '%') {
			int high = hex_value(text[1]);
			int low = high < 0 ? -1 : hex_value(text[2]);
			if (low < 0 || (high == 0 && low == 0)) {
				return -EINVAL;
			}
			*at++ = (char)(high << 4 | low);
			text += 3;
		} else {
			*at++ = *text++;
		}
	}
	*at = '\0';
	*ret = TAKE_PTR(out);
	return 0;
}
