/* SPDX-License-Identifier: Apache-2.0 */
/* nonod's log: the journal with fields where there is one, else <N>text lines on standard error.
 * Never argv, environment or secrets. Text from elsewhere is cut to one line. */
#pragma once
#include <stdbool.h>
#include <sys/types.h>
#include <syslog.h>

/* What the entry is about; NULL and 0 leave a field out. */
struct log_fields {
	const char *session; /* NONO_SESSION */
	const char *method;  /* NONO_METHOD */
	pid_t peer_pid;      /* NONO_PEER_PID */
	int errnum;          /* ERRNO, positive */
};

/* detached: standard error leads nowhere, so the journal is taken wherever it listens. Otherwise
 * only when standard error is connected to it. */
void log_init(bool detached);
bool log_is_journal(void);
void log_write(const struct log_fields *fields, int priority, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

#define log_plain(priority, ...) log_write(&(struct log_fields){ 0 }, priority, __VA_ARGS__)
