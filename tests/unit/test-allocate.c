/* SPDX-License-Identifier: Apache-2.0 */
/* The static client's malloc(), under other names. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define malloc  arena_malloc
#define calloc  arena_calloc
#define realloc arena_realloc
#define free    arena_free
void *malloc(size_t n);
void *calloc(size_t n, size_t size);
void *realloc(void *p, size_t n);
void free(void *p);
#include "client/allocate.c"

static void test_blocks_are_apart(void **state)
{
	char *blocks[200];

	(void)state;
	for (size_t i = 0; i < 200; i++) {
		blocks[i] = malloc(i * 7);
		assert_non_null(blocks[i]);
		assert_int_equal(0, (uintptr_t)blocks[i] % ALIGNMENT);
		memset(blocks[i], (int)i, i * 7);
	}
	for (size_t i = 0; i < 200; i++) {
		for (size_t j = 0; j < i * 7; j++) {
			assert_int_equal((char)i, blocks[i][j]);
		}
	}
}

static void test_latest_grows_in_place(void **state)
{
	char *a = malloc(10), *b, *c;

	(void)state;
	memcpy(a, "0123456789", 10);
	assert_ptr_equal(a, realloc(a, 5000));
	assert_memory_equal(a, "0123456789", 10);
	b = malloc(1);
	assert_true(b >= a + 5000);
	c = realloc(a, 6000);
	assert_ptr_not_equal(a, c);
	assert_memory_equal(c, "0123456789", 10);
	assert_ptr_equal(c, realloc(c, 3));
}

static void test_given_back(void **state)
{
	char *a = malloc(100), *b;

	(void)state;
	memset(a, 0xff, 100);
	a = realloc(a, 300);
	memset(a, 0xff, 300);
	free(a);
	b = calloc(40, 5);
	assert_ptr_equal(a, b);
	for (size_t i = 0; i < 200; i++) {
		assert_int_equal(0, b[i]);
	}
	malloc(1);
	free(b); /* not the latest any more */
	free(NULL);
	assert_ptr_not_equal(b, malloc(1));
}

static void test_beyond_the_first_arena(void **state)
{
	char *p = NULL;

	(void)state;
	for (size_t n = 1; n <= (8U << 20); n *= 2) {
		p = realloc(p, n);
		assert_non_null(p);
		memset(p + n / 2, 'x', n - n / 2);
	}
	for (size_t i = 1; i < (8U << 20); i++) {
		assert_int_equal('x', p[i]);
	}
	for (int i = 0; i < 3000; i++) {
		char *q = calloc(1, 1000);
		assert_non_null(q);
		assert_true(q[0] == 0 && memcmp(q, q + 1, 999) == 0);
		memset(q, 1, 1000);
	}
}

static void test_too_much(void **state)
{
	(void)state;
	errno = 0;
	assert_null(malloc(SIZE_MAX));
	assert_int_equal(ENOMEM, errno);
	assert_null(malloc((size_t)PTRDIFF_MAX));
	errno = 0;
	assert_null(calloc(SIZE_MAX / 2, 3));
	assert_int_equal(ENOMEM, errno);
	assert_non_null(malloc(0));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_blocks_are_apart),
		cmocka_unit_test(test_latest_grows_in_place),
		cmocka_unit_test(test_given_back),
		cmocka_unit_test(test_beyond_the_first_arena),
		cmocka_unit_test(test_too_much),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
