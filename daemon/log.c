/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/log.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#define SD_JOURNAL_SUPPRESS_LOCATION 1 /* the place in this file says nothing */
#include <systemd/sd-journal.h>

#include "libcore/base/cleanup.h"
#include "libcore/base/fd.h"

#define LINE_MAX_BYTES 1024

static bool to_journal;

/* sd_journal_send() returns 0 when nobody listens, so its result decides nothing. */
static bool stderr_is_journal(void)
{
	const char *env = getenv("JOURNAL_STREAM");
	uintmax_t device, inode;
	struct stat st;

	return env && sscanf(env, "%ju:%ju", &device, &inode) == 2 &&
	       fstat(STDERR_FILENO, &st) == 0 && st.st_dev == device && st.st_ino == inode;
}

void log_init(bool detached)
{
	to_journal = (detached && access("/run/systemd/journal/socket", W_OK) == 0) ||
		     stderr_is_journal();
}

bool log_is_journal(void)
{
	return to_journal;
}

static void send_to_journal(const struct log_fields *f, int priority, const char *text)
{
	char lines[6][LINE_MAX_BYTES + 16];
	struct iovec iov[ELEMENTSOF(lines)];
	int n = 0;

	snprintf(lines[n++], sizeof(lines[0]), "MESSAGE=%s", text);
	snprintf(lines[n++], sizeof(lines[0]), "PRIORITY=%d", priority);
	if (f->session) {
		snprintf(lines[n++], sizeof(lines[0]), "NONO_SESSION=%s", f->session);
	}
	if (f->method) {
		snprintf(lines[n++], sizeof(lines[0]), "NONO_METHOD=%s", f->method);
	}
	if (f->peer_pid) {
		snprintf(lines[n++], sizeof(lines[0]), "NONO_PEER_PID=%d", (int)f->peer_pid);
	}
	if (f->errnum) {
		snprintf(lines[n++], sizeof(lines[0]), "ERRNO=%d", f->errnum);
	}
	for (int i = 0; i < n; i++) {
		iov[i] = (struct iovec){ lines[i], strlen(lines[i]) };
	}
	sd_journal_sendv(iov, n);
}

/* One write, so that lines of several processes do not mix. */
static void write_line(const struct log_fields *f, int priority, const char *text)
{
	char line[LINE_MAX_BYTES + 128];
	int n = snprintf(line, sizeof(line), "<%d>nonod: %s%s%s%s\n", priority,
		f->session ? "session " : "", f->session ? f->session : "", f->session ? ": " : "",
		text);

	fd_write_full(STDERR_FILENO, line, (size_t)n < sizeof(line) ? (size_t)n : sizeof(line) - 1);
}

void log_write(const struct log_fields *fields, int priority, const char *fmt, ...)
{
	char text[LINE_MAX_BYTES];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	for (char *p = text; *p; p++) {
		if ((unsigned char)*p < 0x20 || *p == 0x7f) {
			*p = '?';
		}
	}
	if (to_journal) {
		send_to_journal(fields, priority, text);
	} else {
		write_line(fields, priority, text);
	}
}
