/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
#include <stddef.h>
#include <sys/types.h>

/* The type of what fd leads to, 0 when it is not known. Does not wait. */
mode_t descriptor_kind(int fd);
/* Closes descriptors that came from a client and sets them to -1. Does not wait. */
void descriptors_let_go(int *fds, size_t n);
