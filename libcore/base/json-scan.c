/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The checker is one loop over a stack of at most JSON_DEPTH_MAX containers: no recursion, so no
 * input decides how much stack is used. Member names of all open objects lie on a second stack
 * that is at the same time a chained hash table: a new name goes to the head of its chain, and
 * closing an object takes its names off again in reverse order. The hash is keyed with the
 * process's own random bytes, so that nobody can choose names that all share one chain.
 */
#include "libcore/base/json-scan.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>

#include "libcore/base/error.h"

#define N_CHAINS 1024 /* a power of two */

struct name {
	const char *p; /* behind the opening quote */
	uint32_t hash;
	uint16_t next; /* index + 1 in names, 0 ends the chain */
	uint8_t depth; /* of the object it belongs to */
};

struct checker {
	const char *start, *at, *end;
	struct nono_error *err;
	uint64_t hash_key;
	unsigned depth;
	bool is_object[JSON_DEPTH_MAX];
	size_t n_names;
	uint16_t chains[N_CHAINS];
	struct name names[JSON_NAMES_MAX];
};

static int fail(const struct checker *c, int errnum, const char *why)
{
	size_t line = 1, column = 1;

	for (const char *p = c->start; p < c->at; p++) {
		if (*p == '\n') {
			line++;
			column = 1;
		} else {
			column++;
		}
	}
	return error_set(c->err, errnum == EMSGSIZE ? NONO_LIMIT : NONO_INVALID, errnum,
		"line %zu, column %zu: %s", line, column, why);
}

static bool is_space(char ch)
{
	return ch == ' ' || ch == '\t' || ch == '\n' || ch == '\r';
}

static const char *skip_space(const char *p, const char *end)
{
	while (p < end && is_space(*p)) {
		p++;
	}
	return p;
}

static bool is_digit(char ch)
{
	return ch >= '0' && ch <= '9';
}

static int hex_value(char ch)
{
	if (is_digit(ch)) {
		return ch - '0';
	}
	ch |= 0x20;
	return ch >= 'a' && ch <= 'f' ? ch - 'a' + 10 : -1;
}

/* The four digits behind \u; -1 when they are not there. */
static int32_t hex4(const char *p, const char *end)
{
	int32_t v = 0;

	if (end - p < 4) {
		return -1;
	}
	for (int i = 0; i < 4; i++) {
		int digit = hex_value(p[i]);
		if (digit < 0) {
			return -1;
		}
		v = v << 4 | digit;
	}
	return v;
}

/*
 * Decodes one character of a string into at most four bytes of UTF-8 and moves *p behind it.
 * The number of bytes, 0 at the closing quote (*p stays), -1 when malformed, -2 on a NUL.
 */
static int decode_escape(const char **p, const char *end, char out[4])
{
	static const char from[] = "\"\\/bfnrt", to[] = "\"\\/\b\f\n\r\t";
	const char *at = *p + 1, *simple;
	int32_t c, low;

	if (at >= end) {
		return -1;
	}
	if (*at != 'u') {
		simple = *at ? strchr(from, *at) : NULL;
		if (!simple) {
			return -1;
		}
		out[0] = to[simple - from];
		*p = at + 1;
		return 1;
	}
	c = hex4(at + 1, end);
	at += 5;
	if (c < 0 || (c >= 0xdc00 && c <= 0xdfff)) {
		return -1;
	}
	if (c == 0) {
		return -2;
	}
	if (c >= 0xd800 && c <= 0xdbff) {
		if (end - at < 6 || at[0] != '\\' || at[1] != 'u') {
			return -1;
		}
		low = hex4(at + 2, end);
		if (low < 0xdc00 || low > 0xdfff) {
			return -1;
		}
		c = 0x10000 + ((c - 0xd800) << 10) + (low - 0xdc00);
		at += 6;
	}
	*p = at;
	if (c < 0x80) {
		out[0] = (char)c;
		return 1;
	}
	if (c < 0x800) {
		out[0] = (char)(0xc0 | c >> 6);
		out[1] = (char)(0x80 | (c & 0x3f));
		return 2;
	}
	if (c < 0x10000) {
		out[0] = (char)(0xe0 | c >> 12);
		out[1] = (char)(0x80 | (c >> 6 & 0x3f));
		out[2] = (char)(0x80 | (c & 0x3f));
		return 3;
	}
	out[0] = (char)(0xf0 | c >> 18);
	out[1] = (char)(0x80 | (c >> 12 & 0x3f));
	out[2] = (char)(0x80 | (c >> 6 & 0x3f));
	out[3] = (char)(0x80 | (c & 0x3f));
	return 4;
}

/* Length of the UTF-8 sequence at p, 0 when it is not one (overlong forms and surrogates too). */
static int utf8_length(const char *p, const char *end)
{
	const unsigned char *u = (const unsigned char *)p;
	unsigned char low = 0x80, high = 0xbf;
	int n;

	if (u[0] < 0x80) {
		return 1;
	}
	if (u[0] >= 0xc2 && u[0] <= 0xdf) {
		n = 2;
	} else if (u[0] >= 0xe0 && u[0] <= 0xef) {
		n = 3;
		low = u[0] == 0xe0 ? 0xa0 : 0x80;
		high = u[0] == 0xed ? 0x9f : 0xbf;
	} else if (u[0] >= 0xf0 && u[0] <= 0xf4) {
		n = 4;
		low = u[0] == 0xf0 ? 0x90 : 0x80;
		high = u[0] == 0xf4 ? 0x8f : 0xbf;
	} else {
		return 0;
	}
	if (end - p < n || u[1] < low || u[1] > high) {
		return 0;
	}
	for (int i = 2; i < n; i++) {
		if ((u[i] & 0xc0) != 0x80) {
			return 0;
		}
	}
	return n;
}

/* One decoded character of a string; what decode_escape() returns. */
static int decode_char(const char **p, const char *end, char out[4])
{
	int n;

	if (*p >= end) {
		return -1;
	}
	if (**p == '"') {
		return 0;
	}
	if (**p == '\\') {
		return decode_escape(p, end, out);
	}
	if ((unsigned char)**p < 0x20) {
		return -1;
	}
	n = utf8_length(*p, end);
	if (n == 0) {
		return -1;
	}
	memcpy(out, *p, (size_t)n);
	*p += n;
	return n;
}

/* at is on the opening quote; moves behind the closing one. Hashes what the string decodes to. */
static int check_string(struct checker *c, uint32_t *ret_hash)
{
	uint64_t h = c->hash_key;
	char bytes[4];
	int n;

	c->at++;
	while ((n = decode_char(&c->at, c->end, bytes)) > 0) {
		for (int i = 0; ret_hash && i < n; i++) {
			h = (h ^ (unsigned char)bytes[i]) * UINT64_C(0x9e3779b97f4a7c15);
			h ^= h >> 29;
		}
	}
	if (n < 0) {
		if (c->at >= c->end) {
			return fail(c, EBADMSG, "unterminated string");
		}
		if (n == -2) {
			return fail(c, EBADMSG, "NUL in a string");
		}
		if (*c->at == '\\') {
			return fail(c, EBADMSG, "invalid escape sequence");
		}
		return fail(c, EBADMSG,
			(unsigned char)*c->at < 0x20 ? "control character in a string"
						     : "invalid UTF-8");
	}
	c->at++;
	if (ret_hash) {
		*ret_hash = (uint32_t)(h >> 32);
	}
	return 0;
}

static bool same_string(const char *a, const char *b, const char *end)
{
	char x[4], y[4];
	int n, m;

	for (;;) {
		n = decode_char(&a, end, x);
		m = decode_char(&b, end, y);
		if (n != m || n < 0 || memcmp(x, y, (size_t)n) != 0) {
			return false;
		}
		if (n == 0) {
			return true;
		}
	}
}

/* A member's name and the colon behind it. */
static int check_name(struct checker *c)
{
	const char *p = c->at + 1;
	uint16_t *chain;
	uint32_t hash;
	int r;

	if (c->at >= c->end || *c->at != '"') {
		return fail(c, EBADMSG, "expected a member name in double quotes");
	}
	r = check_string(c, &hash);
	if (r < 0) {
		return r;
	}
	chain = &c->chains[hash % N_CHAINS];
	for (uint16_t i = *chain; i > 0; i = c->names[i - 1].next) {
		const struct name *name = &c->names[i - 1];
		if (name->depth == c->depth && name->hash == hash &&
			same_string(name->p, p, c->end)) {
			c->at = p - 1;
			return fail(c, EBADMSG, "duplicate member name");
		}
	}
	if (c->n_names == JSON_NAMES_MAX) {
		return fail(c, EMSGSIZE, "too many members");
	}
	c->names[c->n_names] =
		(struct name){ .p = p, .hash = hash, .next = *chain, .depth = (uint8_t)c->depth };
	*chain = (uint16_t)++c->n_names;
	c->at = skip_space(c->at, c->end);
	if (c->at >= c->end || *c->at != ':') {
		return fail(c, EBADMSG, "expected ':'");
	}
	c->at++;
	return 0;
}

static void forget_names(struct checker *c)
{
	while (c->n_names > 0 && c->names[c->n_names - 1].depth == c->depth) {
		const struct name *name = &c->names[--c->n_names];
		c->chains[name->hash % N_CHAINS] = name->next;
	}
}

static size_t skip_digits(struct checker *c)
{
	const char *from = c->at;

	while (c->at < c->end && is_digit(*c->at)) {
		c->at++;
	}
	return (size_t)(c->at - from);
}

/* True unless the integer text lies outside int64 and uint64. */
static bool integer_fits(const char *p, const char *end, bool negative, uint64_t *ret)
{
	uint64_t v = 0;

	for (; p < end; p++) {
		if (__builtin_mul_overflow(v, 10, &v) ||
			__builtin_add_overflow(v, (uint64_t)(*p - '0'), &v)) {
			return false;
		}
	}
	*ret = v;
	return !negative || v <= (uint64_t)INT64_MAX + 1;
}

/* Moves over a number with all its digits; false where the grammar ends. *ret_power is the
 * decimal exponent of its first significant digit, as far as that can matter. */
static bool scan_number(struct checker *c, bool *ret_integer, int64_t *ret_power)
{
	const char *digits;
	size_t n_int, n_exp;
	int64_t power = -1, exponent = 0;
	bool minus = false, zero = true;

	*ret_integer = true;
	digits = c->at;
	n_int = skip_digits(c);
	if (n_int == 0 || (n_int > 1 && *digits == '0')) {
		return false;
	}
	if (*digits != '0') {
		power = (int64_t)n_int - 1;
		zero = false;
	}
	if (c->at < c->end && *c->at == '.') {
		*ret_integer = false;
		digits = ++c->at;
		if (skip_digits(c) == 0) {
			return false;
		}
		for (; zero && digits < c->at; digits++) {
			zero = *digits == '0';
			power -= zero;
		}
	}
	if (c->at < c->end && (*c->at == 'e' || *c->at == 'E')) {
		*ret_integer = false;
		c->at++;
		if (c->at < c->end && (*c->at == '+' || *c->at == '-')) {
			minus = *c->at++ == '-';
		}
		digits = c->at;
		n_exp = skip_digits(c);
		if (n_exp == 0) {
			return false;
		}
		for (; digits < c->at; digits++) {
			if (exponent < INT32_MAX) {
				exponent = exponent * 10 + (*digits - '0');
			}
		}
	}
	*ret_power = zero ? 0 : power + (minus ? -exponent : exponent);
	return true;
}

static int check_number(struct checker *c)
{
	bool negative = *c->at == '-', integer;
	const char *from = c->at, *digits;
	int64_t power;
	uint64_t v;

	digits = c->at += negative;
	if (!scan_number(c, &integer, &power)) {
		return fail(c, EBADMSG, "malformed number");
	}
	if (integer ? !integer_fits(digits, c->at, negative, &v) : power >= 308) {
		c->at = from;
		return fail(c, EBADMSG, "number out of range");
	}
	return 0;
}

static int check_word(struct checker *c, const char *word)
{
	size_t n = strlen(word);

	if ((size_t)(c->end - c->at) < n || memcmp(c->at, word, n) != 0) {
		return fail(c, EBADMSG, "expected a value");
	}
	c->at += n;
	return 0;
}

/* A value that is no container, or the opening of one. */
static int check_value(struct checker *c)
{
	if (c->at >= c->end) {
		return fail(c, EBADMSG, "unexpected end");
	}
	switch (*c->at) {
	case '{':
	case '[':
		if (c->depth == JSON_DEPTH_MAX) {
			return fail(c, EMSGSIZE, "nested too deeply");
		}
		c->is_object[c->depth++] = *c->at++ == '{';
		return 0;
	case '"':
		return check_string(c, NULL);
	case 't':
		return check_word(c, "true");
	case 'f':
		return check_word(c, "false");
	case 'n':
		return check_word(c, "null");
	default:
		if (*c->at == '-' || is_digit(*c->at)) {
			return check_number(c);
		}
		return fail(c, EBADMSG, "expected a value");
	}
}

static int check_text(struct checker *c)
{
	bool first = false; /* directly behind an opening bracket */
	unsigned before;
	int r;

	r = check_value(c);
	first = c->depth > 0;
	while (r == 0 && c->depth > 0) {
		bool is_object = c->is_object[c->depth - 1];
		c->at = skip_space(c->at, c->end);
		if (c->at < c->end && *c->at == (is_object ? '}' : ']')) {
			forget_names(c);
			c->depth--;
			c->at++;
			first = false;
			continue;
		}
		if (!first) {
			if (c->at >= c->end || *c->at != ',') {
				return fail(c, EBADMSG,
					is_object ? "expected ',' or '}'" : "expected ',' or ']'");
			}
			c->at = skip_space(c->at + 1, c->end);
		}
		if (is_object) {
			r = check_name(c);
			if (r < 0) {
				return r;
			}
			c->at = skip_space(c->at, c->end);
		}
		before = c->depth;
		r = check_value(c);
		first = c->depth > before;
	}
	return r;
}

int json_check(const void *p, size_t n, struct json_span *ret_value, struct nono_error *err)
{
	/* names is 64 KiB of which most texts use a few entries: not worth clearing. */
	struct checker c __attribute__((uninitialized));
	const void *random = (const void *)getauxval(AT_RANDOM); /* NOLINT */
	const char *value;
	int r;

	c.start = c.at = p;
	c.end = c.at + n;
	c.err = err;
	c.depth = 0;
	c.n_names = 0;
	c.hash_key = 0;
	if (random) {
		memcpy(&c.hash_key, random, sizeof(c.hash_key));
	}
	memset(c.chains, 0, sizeof(c.chains));
	c.at = value = skip_space(c.at, c.end);
	r = check_text(&c);
	if (r < 0) {
		return r;
	}
	if (ret_value) {
		*ret_value = (struct json_span){ .p = value, .n = (size_t)(c.at - value) };
	}
	c.at = skip_space(c.at, c.end);
	if (c.at < c.end) {
		return fail(&c, EBADMSG, "unexpected text behind the value");
	}
	return 0;
}

enum json_kind json_kind(struct json_span v)
{
	if (!v.p || v.n == 0) {
		return JSON_ABSENT;
	}
	switch (*v.p) {
	case '{':
		return JSON_OBJECT;
	case '[':
		return JSON_ARRAY;
	case '"':
		return JSON_STRING;
	case 't':
	case 'f':
		return JSON_BOOL;
	case 'n':
		return JSON_NULL;
	default:
		return JSON_NUMBER;
	}
}

bool json_is_null(struct json_span v)
{
	return json_kind(v) <= JSON_NULL;
}

/* at is on an opening quote; behind the closing one. */
static const char *skip_string(const char *at, const char *end)
{
	for (at++; at < end && *at != '"'; at++) {
		if (*at == '\\') {
			at++;
		}
	}
	return at < end ? at + 1 : end;
}

/* Behind the value that starts at at. */
static const char *skip_value(const char *at, const char *end)
{
	size_t depth = 0;

	for (; at < end; at++) {
		switch (*at) {
		case '"':
			at = skip_string(at, end);
			if (depth == 0) {
				return at;
			}
			at--;
			break;
		case '{':
		case '[':
			depth++;
			break;
		case '}':
		case ']':
			if (depth <= 1) {
				/* 0: the end of what a number or a word was in. */
				return depth == 1 ? at + 1 : at;
			}
			depth--;
			break;
		default:
			if (depth == 0 && (*at == ',' || is_space(*at))) {
				return at;
			}
		}
	}
	return end;
}

struct json_iter json_iter(struct json_span v)
{
	enum json_kind kind = json_kind(v);

	if (kind != JSON_OBJECT && kind != JSON_ARRAY) {
		return (struct json_iter){ 0 };
	}
	return (struct json_iter){
		.at = v.p + 1, .end = v.p + v.n, .is_object = kind == JSON_OBJECT
	};
}

bool json_next(struct json_iter *it, struct json_span *ret_key, struct json_span *ret_value)
{
	struct json_span key = { 0 };
	const char *at;

	if (!it->at) {
		return false;
	}
	at = skip_space(it->at, it->end);
	if (at < it->end && *at == ',') {
		at = skip_space(at + 1, it->end);
	}
	if (at >= it->end || *at == '}' || *at == ']') {
		it->at = NULL;
		return false;
	}
	if (it->is_object) {
		key.p = at;
		at = skip_string(at, it->end);
		key.n = (size_t)(at - key.p);
		at = skip_space(at, it->end);
		if (at < it->end) {
			at = skip_space(at + 1, it->end); /* the colon */
		}
	}
	it->at = skip_value(at, it->end);
	*ret_value = (struct json_span){ .p = at, .n = (size_t)(it->at - at) };
	if (ret_key) {
		*ret_key = key;
	}
	return true;
}

struct json_span json_member(struct json_span v, const char *name)
{
	struct json_iter it = json_iter(v);
	struct json_span key, value;

	while (it.is_object && json_next(&it, &key, &value)) {
		if (json_string_equal(key, name)) {
			return value;
		}
	}
	return (struct json_span){ 0 };
}

size_t json_count(struct json_span v)
{
	const char *end = v.p + v.n;
	size_t n = v.n > 0;

	/* One for every comma, and one more for a container that is not empty. */
	for (const char *at = v.p; at < end; at++) {
		if (*at == '"') {
			at = skip_string(at, end) - 1;
		} else if (*at == ',') {
			n++;
		} else if (*at == '[' || *at == '{') {
			const char *first = skip_space(at + 1, end);
			n += first < end && *first != ']' && *first != '}';
		}
	}
	return n;
}

int json_get_bool(struct json_span v, bool *ret)
{
	if (json_kind(v) != JSON_BOOL) {
		return -EINVAL;
	}
	*ret = *v.p == 't';
	return 0;
}

/* The magnitude of an integer in -2^63..2^64-1. */
static int get_integer(struct json_span v, bool *ret_negative, uint64_t *ret)
{
	if (json_kind(v) != JSON_NUMBER) {
		return -EINVAL;
	}
	*ret_negative = *v.p == '-';
	for (size_t i = *ret_negative; i < v.n; i++) {
		if (!is_digit(v.p[i])) {
			return -EINVAL;
		}
	}
	return integer_fits(v.p + *ret_negative, v.p + v.n, *ret_negative, ret) ? 0 : -ERANGE;
}

int json_get_int64(struct json_span v, int64_t *ret)
{
	bool negative;
	uint64_t u;
	int r = get_integer(v, &negative, &u);

	if (r < 0) {
		return r;
	}
	if (!negative && u > INT64_MAX) {
		return -ERANGE;
	}
	*ret = negative ? (int64_t)(0 - u) : (int64_t)u;
	return 0;
}

int json_get_uint64(struct json_span v, uint64_t *ret)
{
	bool negative;
	uint64_t u;
	int r = get_integer(v, &negative, &u);

	if (r < 0) {
		return r;
	}
	if (negative && u != 0) {
		return -ERANGE;
	}
	*ret = u;
	return 0;
}

ssize_t json_get_string(struct json_span v, char *p, size_t size)
{
	const char *at, *end = v.p + v.n;
	char bytes[4];
	size_t len = 0;
	int n;

	if (json_kind(v) != JSON_STRING) {
		return -EINVAL;
	}
	at = v.p + 1;
	while ((n = decode_char(&at, end, bytes)) > 0) {
		if ((size_t)n >= size - len) {
			return -ENOSPC;
		}
		memcpy(p + len, bytes, (size_t)n);
		len += (size_t)n;
	}
	if (n < 0) {
		return -EINVAL;
	}
	if (len >= size) {
		return -ENOSPC;
	}
	p[len] = '\0';
	return (ssize_t)len;
}

int json_dup_string(struct json_span v, char **ret)
{
	ssize_t n;
	char *s;

	if (json_kind(v) != JSON_STRING) {
		return -EINVAL;
	}
	/* Decoding never makes a string longer, and the quotes leave room for the terminator. */
	s = malloc(v.n + 1);
	if (!s) {
		return -ENOMEM;
	}
	n = json_get_string(v, s, v.n + 1);
	if (n < 0) {
		free(s);
		return (int)n;
	}
	*ret = s;
	return 0;
}

bool json_string_equal(struct json_span v, const char *s)
{
	const char *at, *end = v.p + v.n;
	char bytes[4];
	int n;

	if (json_kind(v) != JSON_STRING) {
		return false;
	}
	at = v.p + 1;
	while ((n = decode_char(&at, end, bytes)) > 0) {
		if (strncmp(s, bytes, (size_t)n) != 0) {
			return false;
		}
		s += n;
	}
	return n == 0 && *s == '\0';
}
