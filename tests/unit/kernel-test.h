/* SPDX-License-Identifier: Apache-2.0 */
/* Shared by the tests of the kernel half of libnono. */
#pragma once
#include <stdbool.h>
#include <stdlib.h>

#include "libcore/filter.h"

/* Ends the whole binary as skipped (failed with NONO_MUST_WORK=1) when the kernel's Landlock is
 * older than abi. */
void require_landlock(int abi);

/* The same for one test. Needs cmocka.h. */
#define SKIP_BECAUSE(...)                                                                          \
	do {                                                                                       \
		if (getenv("NONO_MUST_WORK")) {                                                    \
			fail_msg(__VA_ARGS__);                                                     \
		}                                                                                  \
		print_message(__VA_ARGS__);                                                        \
		skip();                                                                            \
	} while (0)

/* A new directory of our own below /tmp, canonical; remove_tree() removes and frees it. */
char *temp_dir(void);
void remove_tree(char *dir);

/* Waits (at most ten seconds) until the file at path holds something. */
void wait_for_content(const char *path);
/* True when the process whose number the file at path holds is there and no zombie. */
bool process_in_file_is_alive(const char *path);

/* The ordinary user tests become when they start as root; the own user id otherwise. */
#define ORDINARY_USER 65534

/* Runs body in a child, as the ordinary user when asked to and possible. Its return value (0 to
 * 255), or 256 + the number of the signal that killed it. */
int in_child(bool ordinary, int (*body)(void *), void *arg);

/* errno when failed, else 0: what bodies return. */
int outcome(long result);

/* An operation with a filter around it, or without one (NULL): bodies for in_child(). Both give
 * outcome() of the operation; the second one's is made in a new directory that holds "file", with
 * an umask of 0. */
struct filtered {
	long (*op)(void);
	const struct filter *filter;
};
int filtered_body(void *filtered);
int filtered_in_place(void *filtered);

/* The filter of shape; a failure to build it ends the program. Free with free(). */
struct filter *filter_for(const struct filter_shape *shape);
