/* SPDX-License-Identifier: Apache-2.0 */
/* The beginning of a profile, with comments for whoever goes on writing it. */
#pragma once
#include <stdbool.h>
#include <stddef.h>

#include "libcore/base/buf.h"

struct template
{
	const char *name, *description;
	const char *const *extends, *const *groups, *const *allow;
	size_t n_extends, n_groups, n_allow;
	bool block_network, full;
};

/* Appends JSON with comments. Text that is no UTF-8 sets the buffer's error to -EINVAL. */
void template_write(struct buf *out, const struct template *t);
