/* SPDX-License-Identifier: Apache-2.0 */
#include "libcore/base/error.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "libcore/base/str.h"

/* Messages quote paths and other people's words, yet must stay one line and fit into JSON: what is
 * a control character or no UTF-8 (also a character that truncation cut) becomes '?'. */
static void make_text(char *s)
{
	size_t n = strlen(s);
	uint32_t c;

	while (n > 0) {
		size_t k = str_utf8_char(s, n, &c);
		if (k == 0 || c < 0x20 || (c >= 0x7f && c < 0xa0)) {
			k = k > 0 ? k : 1;
			memset(s, '?', k);
		}
		s += k;
		n -= k;
	}
}

static int error_result(int errnum)
{
	return errnum > 0 ? -errnum : -EINVAL;
}

int error_set(struct nono_error *err, enum nono_code code, int errnum, const char *fmt, ...)
{
	va_list ap;

	if (err) {
		va_start(ap, fmt);
		vsnprintf(err->message, sizeof(err->message), fmt, ap);
		va_end(ap);
		make_text(err->message);
		err->code = (int)code;
		err->errnum = errnum;
	}
	return error_result(errnum);
}

int error_errno(struct nono_error *err, int errnum, const char *fmt, ...)
{
	va_list ap;
	int n;

	if (err) {
		va_start(ap, fmt);
		n = vsnprintf(err->message, sizeof(err->message), fmt, ap);
		va_end(ap);
		if (n >= 0 && (size_t)n < sizeof(err->message)) {
			snprintf(err->message + n, sizeof(err->message) - (size_t)n, ": %s",
				strerror(errnum));
		}
		make_text(err->message);
		err->code = errnum == ENOMEM ? NONO_NO_MEMORY : NONO_SYSTEM;
		err->errnum = errnum;
	}
	return error_result(errnum);
}

int error_wrap(struct nono_error *err, const char *fmt, ...)
{
	char inner[sizeof(err->message)];
	va_list ap;
	int n;

	if (!err) {
		return -EINVAL;
	}
	memcpy(inner, err->message, sizeof(inner));
	va_start(ap, fmt);
	n = vsnprintf(err->message, sizeof(err->message), fmt, ap);
	va_end(ap);
	if (n >= 0 && (size_t)n < sizeof(err->message)) {
		/* Cutting the tail of a long message is meant; the precision says so to gcc. */
		snprintf(err->message + n, sizeof(err->message) - (size_t)n, ": %.*s",
			(int)(sizeof(err->message) - (size_t)n), inner);
	}
	make_text(err->message);
	return error_result(err->errnum);
}
