/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The checker is one loop over a stack of at most JSON_DEPTH_MAX containers: no recursion, so no
 * input decides how much stack is used. Member names of all open objects lie on a second stack
 * that is at the same time a chained hash table: a new name goes to the head of its chain, and
 * closing an object takes its names off again in reverse order. The hash is keyed with the
 * process's own random bytes, so that nobody can choose names that all share one chain.
 *
 * The second stack is small at first: nearly every text fits, and a client that has just started
 * would pay a page fault for each page of the large one.
 */
#include <errno.h>
#include <string.h>
#include <sys/auxv.h>

#include "libcore/base/error.h"
#include "libcore/base/json-lex.h"
#include "libcore/base/json-scan.h"

#define SMALL_NAMES  64
#define SMALL_CHAINS 64 /* powers of two */
#define LARGE_CHAINS 1024

struct name {
	const char *p; /* behind the opening quote */
	uint32_t hash;
	uint16_t next; /* index + 1 in names, 0 ends the chain */
	uint8_t depth; /* of the object it belongs to */
};

struct checker {
	const char *start, *at, *end;
	struct json_fault *fault;
	uint64_t hash_key;
	unsigned depth;
	bool is_object[JSON_DEPTH_MAX];
	struct name *names;
	uint16_t *chains;
	size_t n_names, names_max, n_chains;
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
	*c->fault = (struct json_fault){
		.offset = (size_t)(c->at - c->start), .line = line, .column = column, .why = why
	};
	return -errnum;
}

/* at is on the opening quote; moves behind the closing one. Hashes what the string decodes to. */
static int check_string(struct checker *c, uint32_t *ret_hash)
{
	uint64_t h = c->hash_key;
	char bytes[4];
	int n;

	c->at++;
	if (!ret_hash) {
		c->at = json_skip_plain(c->at, c->end);
	}
	while ((n = json_decode_char(&c->at, c->end, bytes)) > 0) {
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
		n = json_decode_char(&a, end, x);
		m = json_decode_char(&b, end, y);
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
	chain = &c->chains[hash % c->n_chains];
	for (uint16_t i = *chain; i > 0; i = c->names[i - 1].next) {
		const struct name *name = &c->names[i - 1];
		if (name->depth == c->depth && name->hash == hash &&
			same_string(name->p, p, c->end)) {
			c->at = p - 1;
			return fail(c, EBADMSG, "duplicate member name");
		}
	}
	if (c->n_names == c->names_max) {
		return fail(c, EMSGSIZE, "too many members");
	}
	c->names[c->n_names] =
		(struct name){ .p = p, .hash = hash, .next = *chain, .depth = (uint8_t)c->depth };
	*chain = (uint16_t)++c->n_names;
	c->at = json_skip_space(c->at, c->end);
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
		c->chains[name->hash % c->n_chains] = name->next;
	}
}

static size_t skip_digits(struct checker *c)
{
	const char *from = c->at;

	while (c->at < c->end && json_is_digit(*c->at)) {
		c->at++;
	}
	return (size_t)(c->at - from);
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
	if (integer ? !json_integer_fits(digits, c->at, negative, &v) : power >= 308) {
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
		if (*c->at == '-' || json_is_digit(*c->at)) {
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
		c->at = json_skip_space(c->at, c->end);
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
			c->at = json_skip_space(c->at + 1, c->end);
		}
		if (is_object) {
			r = check_name(c);
			if (r < 0) {
				return r;
			}
			c->at = json_skip_space(c->at, c->end);
		}
		before = c->depth;
		r = check_value(c);
		first = c->depth > before;
	}
	return r;
}

static int check_whole(struct checker *c, struct json_span *ret_value)
{
	const void *random = (const void *)getauxval(AT_RANDOM); /* NOLINT */
	const char *value;
	int r;

	if (random) {
		memcpy(&c->hash_key, random, sizeof(c->hash_key));
	}
	memset(c->chains, 0, c->n_chains * sizeof(*c->chains));
	c->at = value = json_skip_space(c->start, c->end);
	r = check_text(c);
	if (r < 0) {
		return r;
	}
	if (ret_value) {
		*ret_value = (struct json_span){ .p = value, .n = (size_t)(c->at - value) };
	}
	c->at = json_skip_space(c->at, c->end);
	return c->at < c->end ? fail(c, EBADMSG, "unexpected text behind the value") : 0;
}

/* The arrays are only read where they were written: not worth clearing. */
static __attribute__((noinline)) int check_large(
	const char *p, size_t n, struct json_span *ret_value, struct json_fault *ret_fault)
{
	struct name names[JSON_NAMES_MAX] __attribute__((uninitialized));
	uint16_t chains[LARGE_CHAINS] __attribute__((uninitialized));
	struct checker c = {
		.start = p,
		.end = p + n,
		.fault = ret_fault,
		.names = names,
		.names_max = JSON_NAMES_MAX,
		.chains = chains,
		.n_chains = LARGE_CHAINS,
	};

	return check_whole(&c, ret_value);
}

int json_check_at(
	const void *p, size_t n, struct json_span *ret_value, struct json_fault *ret_fault)
{
	struct name names[SMALL_NAMES] __attribute__((uninitialized));
	uint16_t chains[SMALL_CHAINS] __attribute__((uninitialized));
	struct checker c = {
		.start = p,
		.end = (const char *)p + n,
		.fault = ret_fault,
		.names = names,
		.names_max = SMALL_NAMES,
		.chains = chains,
		.n_chains = SMALL_CHAINS,
	};
	int r = check_whole(&c, ret_value);

	return r == -EMSGSIZE ? check_large(p, n, ret_value, ret_fault) : r;
}

int json_check(const void *p, size_t n, struct json_span *ret_value, struct nono_error *err)
{
	struct json_fault fault;
	int r = json_check_at(p, n, ret_value, &fault);

	return r == 0 ? 0
		      : error_set(err, r == -EMSGSIZE ? NONO_LIMIT : NONO_INVALID, -r,
				"line %zu, column %zu: %s", fault.line, fault.column, fault.why);
}
