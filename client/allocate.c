/* SPDX-License-Identifier: Apache-2.0 */
/*
 * malloc() for the statically linked client, which allocates a few kilobytes, lives as long as its
 * command and would spend more time on asking the kernel for memory than on its work. Blocks come
 * one behind the other out of an arena in .bss, and out of larger arenas when that is full. Only
 * the latest block can grow in place or be given back; everything else stays until the end, so the
 * loop of client/relay.c must reuse its buffers (and does).
 */
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#define ALIGNMENT  16
#define FIRST_SIZE (64U << 10)
#define NEXT_SIZE  (1U << 20)

/* In front of each block, and of its size: what realloc() copies. */
struct block {
	_Alignas(ALIGNMENT) size_t size;
};

static _Alignas(ALIGNMENT) char first[FIRST_SIZE];
static char *at = first, *end = first + FIRST_SIZE;
static struct block *latest;

static int next_arena(size_t need)
{
	size_t size = need > NEXT_SIZE / 2 ? need + NEXT_SIZE : NEXT_SIZE;
	void *p = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (p == MAP_FAILED) {
		return -1;
	}
	at = p;
	end = at + size;
	return 0;
}

static size_t round_up(size_t n)
{
	return (n + ALIGNMENT - 1) & ~(size_t)(ALIGNMENT - 1);
}

void *malloc(size_t n)
{
	size_t need;

	if (n > PTRDIFF_MAX - NEXT_SIZE - sizeof(struct block)) {
		errno = ENOMEM;
		return NULL;
	}
	need = sizeof(struct block) + round_up(n);
	if (need > (size_t)(end - at) && next_arena(need) < 0) {
		return NULL;
	}
	latest = (struct block *)at;
	latest->size = n;
	at += need;
	return latest + 1;
}

void free(void *p)
{
	if (p && (struct block *)p - 1 == latest) {
		at = (char *)latest;
		memset(p, 0, latest->size); /* calloc() relies on it */
		latest = NULL;
	}
}

void *calloc(size_t n, size_t size)
{
	size_t bytes;

	if (__builtin_mul_overflow(n, size, &bytes)) {
		errno = ENOMEM;
		return NULL;
	}
	return malloc(bytes); /* arenas start as zeroes and are given out once */
}

void *realloc(void *p, size_t n)
{
	struct block *b;
	void *new;

	if (!p) {
		return malloc(n);
	}
	b = (struct block *)p - 1;
	if (n <= b->size) {
		return p;
	}
	if (b == latest && n < (size_t)(end - (char *)p) - ALIGNMENT) {
		b->size = n;
		at = (char *)p + round_up(n);
		return p;
	}
	new = malloc(n);
	if (new) {
		memcpy(new, p, b->size);
	}
	return new;
}
