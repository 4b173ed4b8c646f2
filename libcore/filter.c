/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From rules to a program: libseccomp builds the tree for the native architecture and kills what
 * comes through another one (i386, x32); four instructions in front of it make calls newer than
 * FILTER_LAST_REVIEWED unknown, which libseccomp cannot say.
 *
 * libseccomp only has comparisons for equality under a mask and by order of all 64 bits, so "is
 * none of" becomes the masks that cover everything else, as a set of address prefixes would.
 */
#include "libcore/filter.h"

#include <errno.h>
#include <linux/seccomp.h>
#include <seccomp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "libcore/base/cleanup.h"
#include "libcore/base/error.h"
#include "libcore/base/fd.h"
#include "libcore/base/str.h"
#include "libcore/filter-rules.h"

#define X32_BIT 0x40000000U

/* Calls younger than the libseccomp of Debian 12; their numbers are the same everywhere. */
static const struct {
	const char *name;
	int number;
} young_calls[] = {
	{ "fchmodat2", 452 },
	{ "setxattrat", 463 },
	{ "removexattrat", 466 },
	{ "open_tree_attr", 467 },
	{ "file_setattr", 469 },
};

static void releasep(scmp_filter_ctx *ctx)
{
	if (*ctx) {
		seccomp_release(*ctx);
	}
}

/* One call with the conditions that are settled so far. */
struct expansion {
	scmp_filter_ctx ctx;
	const struct filter_rule *rule;
	int call;
	struct scmp_arg_cmp compared[FILTER_CONDITIONS];
	unsigned n;
};

static int expand(const struct expansion *e, size_t condition);

/* Adds one comparison and goes on with the next condition. */
static int expand_with(
	const struct expansion *e, size_t condition, enum scmp_compare op, uint64_t a, uint64_t b)
{
	struct expansion next = *e;

	next.compared[next.n++] = (struct scmp_arg_cmp){
		.arg = e->rule->conditions[condition].argument,
		.op = op,
		.datum_a = a,
		.datum_b = b,
	};
	return expand(&next, condition + 1);
}

/* Covers what is none of the values, below the prefix whose bits above bit are decided. */
static int expand_others(const struct expansion *e, size_t condition, uint32_t prefix, uint32_t bit)
{
	const struct filter_condition *c = &e->rule->conditions[condition];
	uint32_t decided = c->mask & ~(bit - 1);
	bool holds_value = false;
	int r;

	for (unsigned i = 0; i < c->n_values; i++) {
		holds_value = holds_value || (c->values[i] & decided) == prefix;
	}
	if (!holds_value) {
		return expand_with(e, condition, SCMP_CMP_MASKED_EQ, decided, prefix);
	}
	if (bit == 1) {
		return 0;
	}
	r = expand_others(e, condition, prefix, bit / 2);
	return r < 0 ? r : expand_others(e, condition, prefix | bit / 2, bit / 2);
}

static int expand_not_in(const struct expansion *e, size_t condition)
{
	const struct filter_condition *c = &e->rule->conditions[condition];
	int r = 0;

	if (!c->ignore_high) {
		r = expand_with(e, condition, SCMP_CMP_GT, c->mask, 0);
	}
	return r < 0 ? r : expand_others(e, condition, 0, c->mask + 1);
}

static int expand_any_bit(const struct expansion *e, size_t condition)
{
	uint32_t mask = e->rule->conditions[condition].mask;
	int r = 0;

	for (; mask && r == 0; mask &= mask - 1) {
		uint32_t bit = mask & ~(mask - 1);
		r = expand_with(e, condition, SCMP_CMP_MASKED_EQ, bit, bit);
	}
	return r;
}

/* Turns condition and those after it into as many rules of libseccomp as they need. */
static int expand(const struct expansion *e, size_t condition)
{
	const struct filter_condition *c = &e->rule->conditions[condition];
	int r = 0;

	if (condition == FILTER_CONDITIONS || c->test == FILTER_TEST_NONE) {
		return seccomp_rule_add_array(e->ctx,
			e->rule->error == FILTER_ASK ? SCMP_ACT_NOTIFY
						     : SCMP_ACT_ERRNO((unsigned)e->rule->error),
			e->call, e->n, e->compared);
	}
	switch (c->test) {
	case FILTER_TEST_NONE:
		break;
	case FILTER_TEST_EQUAL:
		return expand_with(e, condition, SCMP_CMP_MASKED_EQ, c->mask ? c->mask : UINT32_MAX,
			c->values[0]);
	case FILTER_TEST_ANY_BIT:
		return expand_any_bit(e, condition);
	case FILTER_TEST_IN:
		for (unsigned i = 0; i < c->n_values && r == 0; i++) {
			r = expand_with(e, condition, SCMP_CMP_MASKED_EQ, UINT32_MAX, c->values[i]);
		}
		return r;
	case FILTER_TEST_NOT_IN:
		return expand_not_in(e, condition);
	case FILTER_TEST_NONZERO:
		return expand_with(e, condition, SCMP_CMP_NE, 0, 0);
	}
	return r;
}

static int resolve_call(const char *name)
{
	int number = seccomp_syscall_resolve_name(name);

	for (size_t i = 0; number == __NR_SCMP_ERROR && i < ELEMENTSOF(young_calls); i++) {
		if (str_equal(name, young_calls[i].name)) {
			number = young_calls[i].number;
		}
	}
	return number;
}

static int add_rule(scmp_filter_ctx ctx, const struct filter_rule *rule, struct nono_error *err)
{
	const char *at = rule->calls;

	while (*at) {
		struct expansion e = { .ctx = ctx, .rule = rule };
		size_t n = strcspn(at, " ");
		char name[32];
		int r;

		snprintf(name, sizeof(name), "%.*s", (int)n, at);
		at += n + (at[n] == ' ');
		e.call = resolve_call(name);
		if (e.call == __NR_SCMP_ERROR) {
			return error_set(
				err, NONO_INTERNAL, EINVAL, "no system call is named %s", name);
		}
		if (e.call < 0) {
			continue; /* another architecture has it, such as open on arm64 */
		}
		r = expand(&e, 0);
		if (r < 0) {
			return error_errno(err, -r, "cannot filter %s (%s)", name, rule->what);
		}
	}
	return 0;
}

/* The program as the kernel takes it, behind room for n_front instructions. */
static int export(scmp_filter_ctx ctx, size_t n_front, struct filter **ret, struct nono_error *err)
{
	_cleanup_close_ int fd = memfd_create("nono-filter", MFD_CLOEXEC);
	_cleanup_free_ struct filter *filter = NULL;
	size_t size, front = n_front * sizeof(struct sock_filter);
	struct stat st;
	ssize_t n;
	int r;

	if (fd < 0) {
		return error_errno(err, errno, "cannot make room for the system call filter");
	}
	r = seccomp_export_bpf(ctx, fd);
	if (r < 0) {
		return error_errno(err, -r, "cannot build the system call filter");
	}
	if (fstat(fd, &st) < 0 || lseek(fd, 0, SEEK_SET) < 0) {
		return error_errno(err, errno, "cannot read the system call filter");
	}
	size = (size_t)st.st_size;
	filter = malloc(sizeof(*filter) + front + size);
	if (!filter) {
		return error_oom(err);
	}
	n = fd_read_full(fd, (char *)filter->insns + front, size);
	if (n != (ssize_t)size || size % sizeof(struct sock_filter) != 0) {
		return error_errno(
			err, n < 0 ? (int)-n : EIO, "cannot read the system call filter");
	}
	filter->n = n_front + size / sizeof(struct sock_filter);
	*ret = TAKE_PTR(filter);
	return 0;
}

int filter_build(const struct filter_shape *shape, struct filter **ret, struct nono_error *err)
{
	static const struct sock_filter front[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JGT | BPF_K, FILTER_LAST_REVIEWED, 0, 2),
		BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, X32_BIT, 1, 0), /* the rest kills it */
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | ENOSYS),
	};
	_cleanup_(releasep) scmp_filter_ctx ctx = seccomp_init(SCMP_ACT_ALLOW);
	int r;

	if (!ctx) {
		return error_oom(err);
	}
	r = seccomp_attr_set(ctx, SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_KILL_PROCESS);
	if (r == 0) {
		/* A binary tree: the depth, not the number of rules, is what a call pays. */
		r = seccomp_attr_set(ctx, SCMP_FLTATR_CTL_OPTIMIZE, 2);
	}
	if (r < 0) {
		return error_errno(err, -r, "cannot set up the system call filter");
	}
	for (size_t i = 0; i < filter_n_rules; i++) {
		if (!filter_applies(filter_rules[i].when, shape)) {
			continue;
		}
		r = add_rule(ctx, &filter_rules[i], err);
		if (r < 0) {
			return r;
		}
	}
	r = export(ctx, ELEMENTSOF(front), ret, err);
	if (r == 0) {
		memcpy((*ret)->insns, front, sizeof(front));
	}
	return r;
}
