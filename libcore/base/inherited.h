/* SPDX-License-Identifier: Apache-2.0 */
/* Sockets that a sandboxed program is handed: they were made outside, past the filter's rules. */
#pragma once
#include <stdbool.h>

/* Why this socket may not be handed in, as the end of a sentence ("it is ..."), or NULL when it
 * may: what is connected to one peer and stays so, and what takes connections. */
const char *inherited_socket_fault(int fd, bool network_blocked);
