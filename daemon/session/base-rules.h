/* SPDX-License-Identifier: Apache-2.0 */
/* The Landlock ruleset a session's own grants are added to. Looking its files up takes a good part
 * of a launch, so a spare does it ahead of time for the base plan that it expects. */
#pragma once
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "nono-error.h"

struct base_rules {
	int fd;        /* what was made ahead of time, -1 for nothing */
	uint64_t usec; /* and when, monotonic */
	ino_t plan;    /* and of which base plan */
};

/* Makes the rules of the base plan in base_fd unless they are there already. */
void base_rules_expect(struct base_rules *b, int base_fd, int abi);
/* Those of base_fd, made just now or ahead of time. The descriptor is the caller's; -errno with err
 * set. */
int base_rules_take(
	struct base_rules *b, int base_fd, bool network_open, int abi, struct nono_error *err);
