/* SPDX-License-Identifier: Apache-2.0 */
/* Where a unix socket is bound: as the kernel has it, whatever its name leads to by now. */
#pragma once
#include <stdint.h>

/* The inode number of the socket's file, of which the kernel tells the lower half. 0; -ENOENT when
 * it is not bound to a file; or -errno when the kernel cannot be asked. */
int bound_inode(int socket_fd, uint32_t *ret);
