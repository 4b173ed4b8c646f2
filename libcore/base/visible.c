/* SPDX-License-Identifier: Apache-2.0 */
#include "libcore/base/visible.h"

#include <stdbool.h>
#include <stdint.h>

#include "libcore/base/cleanup.h"
#include "libcore/base/str.h"

/* Characters of Unicode's classes Cc, Cf, Zl and Zp that terminals act on or do not show. */
static const struct {
	uint32_t first, last;
} hidden[] = {
	{ 0x00, 0x1f }, { '\\', '\\' }, { 0x7f, 0x9f }, { 0xad, 0xad }, /* soft hyphen */
	{ 0x61c, 0x61c },                                               /* Arabic letter mark */
	{ 0x180e, 0x180e },   /* Mongolian vowel separator */
	{ 0x200b, 0x200f },   /* zero width, direction marks */
	{ 0x2028, 0x202e },   /* line and paragraph separators, direction overrides */
	{ 0x2060, 0x206f },   /* invisible operators, direction isolates */
	{ 0xfeff, 0xfeff },   /* byte order mark */
	{ 0xfff9, 0xfffb },   /* interlinear annotation */
	{ 0xe0000, 0xe007f }, /* tags */
};

static bool is_hidden(uint32_t c)
{
	for (size_t i = 0; i < ELEMENTSOF(hidden); i++) {
		if (c >= hidden[i].first && c <= hidden[i].last) {
			return true;
		}
	}
	return false;
}

/* Bytes at the start of s that may stay as they are; at most n. */
static size_t visible_run(const char *s, size_t n)
{
	size_t run = 0, k;
	uint32_t c = 0;

	while (run < n && (k = str_utf8_char(s + run, n - run, &c)) > 0 && !is_hidden(c)) {
		run += k;
	}
	return run;
}

void visible_append(struct buf *b, const char *s)
{
	size_t n = strlen(s);
	uint32_t c;

	while (n > 0) {
		size_t run = visible_run(s, n), k;
		buf_append(b, s, run);
		s += run;
		n -= run;
		k = n > 0 ? str_utf8_char(s, n, &c) : 0;
		k = n > 0 && k == 0 ? 1 : k;
		for (size_t i = 0; i < k; i++) {
			buf_printf(b, "\\x%02x", (unsigned char)s[i]);
		}
		s += k;
		n -= k;
	}
}

void visible_append_json(struct buf *b, const char *json, size_t n)
{
	for (size_t i = 0; i < n;) {
		uint32_t c = (unsigned char)json[i];
		size_t k = str_utf8_char(json + i, n - i, &c);
		/* Below 0x7f JSON has the white space of its layout, and no other controls. */
		if (k == 0 || c < 0x7f || !is_hidden(c)) {
			k = k ? k : 1;
			buf_append(b, json + i, k);
		} else if (c < 0x10000) {
			buf_printf(b, "\\u%04x", c);
		} else {
			c -= 0x10000;
			buf_printf(b, "\\u%04x\\u%04x", 0xd800 + (c >> 10), 0xdc00 + (c & 0x3ff));
		}
		i += k;
	}
}
