/* SPDX-License-Identifier: Apache-2.0 */
#include "libcore/base/json-pretty.h"

#include "libcore/base/json-lex.h"

static void new_line(struct buf *b, unsigned depth)
{
	buf_append_char(b, '\n');
	for (unsigned i = 0; i < depth; i++) {
		buf_append_str(b, "  ");
	}
}

/* Behind the string that starts at p. */
static const char *append_string(struct buf *b, const char *p, const char *end)
{
	const char *from = p;

	for (p++; p < end && *p != '"'; p++) {
		p += *p == '\\';
	}
	p = p < end ? p + 1 : end;
	buf_append(b, from, (size_t)(p - from));
	return p;
}

/* Tokens stay as they are; only the white space between them is made anew. No recursion: the
 * checker has bounded the depth, and the stack is not a place for it. */
void json_pretty(struct buf *b, struct json_span v)
{
	const char *p = v.p, *end = v.p + v.n;
	unsigned depth = 0;

	while (p < end) {
		const char *next;
		switch (*p) {
		case '{':
		case '[':
			next = json_skip_space(p + 1, end);
			buf_append_char(b, *p);
			if (next < end && (*next == '}' || *next == ']')) {
				buf_append_char(b, *next);
				p = next + 1;
				break;
			}
			new_line(b, ++depth);
			p = next;
			break;
		case '}':
		case ']':
			new_line(b, depth > 0 ? --depth : 0);
			buf_append_char(b, *p++);
			break;
		case ',':
			buf_append_char(b, *p++);
			new_line(b, depth);
			break;
		case ':':
			buf_append_str(b, ": ");
			p++;
			break;
		case '"':
			p = append_string(b, p, end);
			break;
		default:
			if (!json_is_space(*p)) {
				buf_append_char(b, *p);
			}
			p++;
		}
	}
}
