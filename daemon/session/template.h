/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The template: a small process with few descriptors that forks nono-sessions, so that a launch
 * costs the same however large nonod's heap and descriptor table have become.
 */
#pragma once

/* Serves control_fd (a SOCK_SEQPACKET socket to nonod) until nonod closes it. 0, or -errno when it
 * could not begin. Forked sessions end in here. */
int template_serve(int control_fd);
