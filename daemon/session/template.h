/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The template: a small process with few descriptors that forks one nono-session per request, so
 * that a launch costs the same however large nonod's heap and descriptor table have become.
 */
#pragma once

/* Serves control_fd (a SOCK_SEQPACKET socket to nonod) until nonod closes it. In the forked
 * children it runs the session and returns as well; the process should exit with the result. */
int template_serve(int control_fd);
