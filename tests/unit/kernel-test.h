/* SPDX-License-Identifier: Apache-2.0 */
/* Shared by the tests of the kernel half of libnono. */
#pragma once
#include <stdbool.h>

/* Ends the whole binary as skipped (failed with NONO_MUST_WORK=1) when the kernel's Landlock is
 * older than abi. */
void require_landlock(int abi);

/* A new directory of our own below /tmp, canonical; remove_tree() removes and frees it. */
char *temp_dir(void);
void remove_tree(char *dir);

/* Waits (at most ten seconds) until the file at path holds something. */
void wait_for_content(const char *path);
/* True when the process whose number the file at path holds is there and no zombie. */
bool process_in_file_is_alive(const char *path);
