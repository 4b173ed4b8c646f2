/* SPDX-License-Identifier: Apache-2.0 */
#include "client/tty.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stddef.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "libcore/base/cleanup.h"

/* What a crash has to restore. Only touched while it is raw. */
static struct tty *volatile crash_tty;

static void on_crash(int sig)
{
	struct tty *t = crash_tty;

	if (t) {
		tcsetattr(t->fd, TCSANOW, &t->saved);
	}
	raise(sig); /* SA_RESETHAND made it the default */
}

static void watch_crashes(struct tty *t)
{
	static const int signals[] = { SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT, SIGALRM, SIGXCPU };
	struct sigaction action = { .sa_handler = on_crash, .sa_flags = (int)SA_RESETHAND };

	if (!crash_tty) {
		for (size_t i = 0; i < ELEMENTSOF(signals); i++) {
			sigaction(signals[i], &action, NULL);
		}
	}
	crash_tty = t;
}

void tty_open(struct tty *t)
{
	*t = (struct tty){ .fd = open("/dev/tty", O_RDWR | O_NONBLOCK | O_NOCTTY | O_CLOEXEC) };
}

void tty_close(struct tty *t)
{
	tty_restore(t, true);
	close_fd(&t->fd);
}

bool tty_in_foreground(const struct tty *t)
{
	return t->fd >= 0 && tcgetpgrp(t->fd) == getpgrp();
}

bool tty_is(const struct tty *t, int fd)
{
	unsigned ours, other;

	/* Sees through /dev/tty to the real device, which comparing inodes would not. */
	return t->fd >= 0 && ioctl(t->fd, TIOCGDEV, &ours) == 0 &&
	       ioctl(fd, TIOCGDEV, &other) == 0 && ours == other;
}

static int set_modes(int fd, int when, const struct termios *modes)
{
	int r;

	do {
		r = tcsetattr(fd, when, modes);
	} while (r < 0 && errno == EINTR);
	return r;
}

void tty_raw(struct tty *t, bool shared)
{
	struct termios raw;

	/* Already raw: a shell that resumed us may have set its own modes, ours go on top. */
	if (!t->is_raw && tcgetattr(t->fd, &t->saved) < 0) {
		return;
	}
	raw = t->saved;
	raw.c_iflag &=
		~(tcflag_t)(IGNBRK | BRKINT | PARMRK | ISTRIP | INLCR | IGNCR | ICRNL | IXON);
	raw.c_lflag &= ~(tcflag_t)(ECHO | ECHONL | ICANON | IEXTEN);
	raw.c_cflag &= ~(tcflag_t)(CSIZE | PARENB);
	raw.c_cflag |= CS8;
	if (!shared) {
		raw.c_lflag &= ~(tcflag_t)ISIG;
		raw.c_oflag &= ~(tcflag_t)OPOST;
	}
	raw.c_cc[VMIN] = 1;
	raw.c_cc[VTIME] = 0;
	watch_crashes(t);
	t->is_raw = set_modes(t->fd, TCSADRAIN, &raw) == 0;
}

bool tty_adds_returns(const struct tty *t)
{
	struct termios modes;

	return tcgetattr(t->fd, &modes) == 0 && (modes.c_oflag & OPOST) && (modes.c_oflag & ONLCR);
}

void tty_restore(struct tty *t, bool discard)
{
	if (!t->is_raw) {
		return;
	}
	t->is_raw = false;
	/* In the background somebody else has set the modes by now, and setting ours would stop us.
	 */
	if (tty_in_foreground(t)) {
		set_modes(t->fd, discard ? TCSAFLUSH : TCSADRAIN, &t->saved);
	}
	crash_tty = NULL;
}
