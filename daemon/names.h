/* SPDX-License-Identifier: Apache-2.0 */
/* What a session is called: an id that nobody else ever gets, and a name people can say. */
#pragma once
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>
#include <time.h>

#define SESSION_ID_SIZE   40 /* bytes, terminator included; also in struct plan */
#define SESSION_NAME_SIZE 65

/* YYYYMMDD-HHMMSS-PID in UTC. */
void names_make_id(char ret[SESSION_ID_SIZE], time_t now, uint64_t pid);
/* An adjective and a noun, picked by random, which may be any number. */
void names_make(char ret[SESSION_NAME_SIZE], uint64_t random);
/* A letter, then letters, digits, dots, dashes and underscores. */
bool names_are_valid(const char *name);
