/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Children that end, and what they leave behind. nonod is a subreaper: its own children are
 * templates, sessions of former templates, and whatever a nono-session that was killed left
 * behind. The last kind belongs to nobody any more and is killed.
 */
#pragma once

struct manager;

/* For SIGCHLD. */
void reap_children(struct manager *m);
/* Kills every child that is neither a template nor a session's supervisor. */
void reap_leftovers(struct manager *m);
