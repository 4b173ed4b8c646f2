/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The loop behind `nono run`. All signals it cares for come through a descriptor; each is blocked
 * except at the one place where the process stops itself.
 *
 * Who reads the terminal: the session holds it (holds_terminal) when it started in the foreground,
 * or after its command was stopped for wanting it. While it does and we are in the foreground, the
 * user's terminal is raw and every byte goes through; otherwise we keep our hands off it, because
 * another program of the pipeline, or the shell, may be reading.
 *
 * Back-pressure: output that the terminal does not take stops the reading of the channel, input
 * that the channel does not take stops the reading of the terminal.
 */
#include "client/relay.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "client/say.h"
#include "libcore/base/buf.h"
#include "libcore/base/cleanup.h"
#include "libcore/base/clock.h"
#include "proto/channel.h"

#define INPUT_CHUNK     4096
#define TAIL_MAX        8192
#define STOP_TIMEOUT_MS 1000 /* for the command to stop after SIGTSTP, before we do anyway */

struct relay {
	const struct relay_setup *setup;
	struct tty *tty;
	int channel_fd, signal_fd;
	bool holds_terminal;
	bool modes_sent; /* or not needed: the session started in the foreground */
	bool stopping;   /* we got SIGTSTP ourselves and stop at stop_at at the latest */
	int64_t stop_at;
	struct buf output;   /* bytes for the terminal */
	struct buf outgoing; /* packets for the channel, each behind its uint32_t size */
	bool ended;
	bool interrupted; /* the command died of SIGINT */
	int exit_status;
	bool said;
	size_t tail_n;
	char packet[CHANNEL_PACKET_MAX];
	char tail[TAIL_MAX]; /* of the terminal's output */
};

static void end(struct relay *r, int exit_status)
{
	r->ended = true;
	r->exit_status = exit_status;
}

static void flush_outgoing(struct relay *r)
{
	uint32_t n;

	while (r->outgoing.len > 0) {
		memcpy(&n, r->outgoing.data, sizeof(n));
		if (send(r->channel_fd, r->outgoing.data + sizeof(n), n,
			    MSG_DONTWAIT | MSG_NOSIGNAL) < 0) {
			/* A channel that is gone is noticed by reading it. */
			if (errno != EAGAIN && errno != EINTR) {
				buf_consume(&r->outgoing, r->outgoing.len);
			}
			return;
		}
		buf_consume(&r->outgoing, sizeof(n) + n);
	}
}

static void send_packet(struct relay *r, enum channel_type type, const void *p, size_t n)
{
	uint32_t size = (uint32_t)n + 1;
	char t = (char)type;

	buf_append(&r->outgoing, &size, sizeof(size));
	buf_append(&r->outgoing, &t, 1);
	buf_append(&r->outgoing, p, n);
	flush_outgoing(r);
}

static void send_signal(struct relay *r, int sig)
{
	struct channel_signal packet = { .signal = (uint32_t)sig };

	send_packet(r, CHANNEL_SIGNAL, &packet, sizeof(packet));
}

static void send_window(struct relay *r)
{
	struct winsize size;

	if (r->tty->fd >= 0 && ioctl(r->tty->fd, TIOCGWINSZ, &size) == 0) {
		struct channel_window packet = { .rows = size.ws_row,
			.columns = size.ws_col,
			.x_pixels = size.ws_xpixel,
			.y_pixels = size.ws_ypixel };
		send_packet(r, CHANNEL_WINDOW, &packet, sizeof(packet));
	}
}

static void send_modes(struct relay *r)
{
	struct channel_modes packet;
	struct termios modes;

	if (tcgetattr(r->tty->fd, &modes) == 0) {
		packet = (struct channel_modes){ .input = modes.c_iflag,
			.output = modes.c_oflag,
			.control = modes.c_cflag,
			.local = modes.c_lflag };
		_Static_assert(sizeof(modes.c_cc) == sizeof(packet.characters), "the same array");
		memcpy(packet.characters, modes.c_cc, sizeof(modes.c_cc));
		send_packet(r, CHANNEL_MODES, &packet, sizeof(packet));
		r->modes_sent = true;
	}
}

/* Raw exactly while the session holds the terminal and we are in the foreground. */
static void update_terminal(struct relay *r)
{
	if (r->holds_terminal && tty_in_foreground(r->tty)) {
		if (!r->modes_sent) {
			send_modes(r);
		}
		tty_raw(r->tty, !r->setup->stdout_is_tty);
	}
}

static void send_continue(struct relay *r)
{
	struct channel_continue packet = {
		.foreground = r->holds_terminal && tty_in_foreground(r->tty),
	};

	update_terminal(r);
	send_window(r);
	send_packet(r, CHANNEL_CONTINUE, &packet, sizeof(packet));
}

/* Ends this process by sig, as a shell expects of a command that was ended by it. */
static void die_by(struct relay *r, int sig)
{
	sigset_t set;

	tty_close(r->tty);
	signal(sig, SIG_DFL);
	sigemptyset(&set);
	sigaddset(&set, sig);
	kill(getpid(), sig);
	sigprocmask(SIG_UNBLOCK, &set, NULL);
}

/* Stops this process by sig, and with whole_group its pipeline, until somebody continues it. False
 * when it could not be stopped: in an orphaned process group there is nobody to continue it. */
static bool stop_self(struct relay *r, int sig, bool whole_group)
{
	sigset_t set, pending;

	tty_restore(r->tty, false);
	sigemptyset(&set);
	sigaddset(&set, sig);
	kill(whole_group ? 0 : getpid(), sig);
	if (sig != SIGSTOP) {
		sigprocmask(SIG_UNBLOCK, &set, NULL); /* here it stops */
		sigprocmask(SIG_BLOCK, &set, NULL);
	}
	return sigpending(&pending) == 0 && sigismember(&pending, SIGCONT) == 1;
}

/* The command wants the terminal: it gets it as soon as we may use it ourselves. */
static void lend_terminal(struct relay *r, int sig)
{
	while (!tty_in_foreground(r->tty)) {
		if (!stop_self(r, sig, true)) {
			say("the command wants the terminal, which belongs to another job");
			send_signal(r, SIGHUP);
			return;
		}
	}
	r->holds_terminal = true;
	send_continue(r);
}

static void on_stopped(struct relay *r, int sig)
{
	if (sig == SIGTTIN || sig == SIGTTOU) {
		lend_terminal(r, sig);
		return;
	}
	/* A key stopped it: the session's terminal saw it, the rest of our group did not. When
	 * the stop came through us, the group has had its own. */
	stop_self(r, sig == SIGTSTP ? SIGTSTP : SIGSTOP, !r->stopping);
	r->stopping = false;
	send_continue(r);
}

static void on_failed(struct relay *r, const char *p, size_t n)
{
	struct channel_failed packet;

	if (n < sizeof(packet)) {
		end(r, EXIT_NONO);
		return;
	}
	memcpy(&packet, p, sizeof(packet));
	tty_restore(r->tty, true);
	say("%.*s", (int)(n - sizeof(packet)), p + sizeof(packet));
	r->said = true;
	end(r, (int)packet.exit_code);
}

static void on_exited(struct relay *r, uint32_t status)
{
	int s = (int)status;

	r->interrupted = WIFSIGNALED(s) && WTERMSIG(s) == SIGINT;
	end(r, WIFSIGNALED(s) ? 128 + WTERMSIG(s) : WEXITSTATUS(s));
}

static void flush_output(struct relay *r)
{
	ssize_t n;

	while (r->output.len > 0) {
		n = write(r->tty->fd, r->output.data, r->output.len);
		if (n > 0) {
			buf_consume(&r->output, (size_t)n);
		} else if (n < 0 && errno == EAGAIN) {
			return;
		} else if (n == 0 || errno != EINTR) {
			buf_consume(&r->output, r->output.len); /* the terminal is gone */
		}
	}
}

/* The session's terminal made CR LF of each LF already. Where the user's does so too, that CR goes
 * again. (A pair that two packets share keeps it, which nobody sees.) */
static void append_output(struct relay *r, const char *p, size_t n)
{
	const char *end, *nl;

	if (n == 0 || !tty_adds_returns(r->tty)) {
		buf_append(&r->output, p, n);
		return;
	}
	end = p + n;
	for (; (nl = memchr(p, '\n', (size_t)(end - p))) != NULL; p = nl + 1) {
		buf_append(&r->output, p, (size_t)(nl - p) - (nl > p && nl[-1] == '\r'));
		buf_append_char(&r->output, '\n');
	}
	buf_append(&r->output, p, (size_t)(end - p));
}

static void keep_tail(struct relay *r, const char *p, size_t n)
{
	size_t keep;

	if (n > TAIL_MAX) {
		p += n - TAIL_MAX;
		n = TAIL_MAX;
	}
	keep = r->tail_n < TAIL_MAX - n ? r->tail_n : TAIL_MAX - n;
	memmove(r->tail, r->tail + r->tail_n - keep, keep);
	memcpy(r->tail + keep, p, n);
	r->tail_n = keep + n;
}

static void on_packet(struct relay *r, const char *p, size_t n)
{
	union {
		struct channel_signal signal;
		struct channel_exited exited;
	} u;
	size_t payload = n - 1;

	memcpy(&u, p + 1, payload < sizeof(u) ? payload : sizeof(u));
	switch ((enum channel_type)p[0]) {
	case CHANNEL_STARTED:
		update_terminal(r);
		send_window(r);
		break;
	case CHANNEL_OUTPUT:
		if (r->tty->fd >= 0) {
			append_output(r, p + 1, payload);
			flush_output(r);
			if (r->setup->end) {
				keep_tail(r, p + 1, payload);
			}
		}
		break;
	case CHANNEL_STOPPED:
		if (payload == sizeof(u.signal)) {
			on_stopped(r, (int)u.signal.signal);
		}
		break;
	case CHANNEL_FAILED:
		on_failed(r, p + 1, payload);
		break;
	case CHANNEL_EXITED:
		if (payload == sizeof(u.exited)) {
			on_exited(r, u.exited.wait_status);
		}
		break;
	case CHANNEL_INPUT:
	case CHANNEL_WINDOW:
	case CHANNEL_SIGNAL:
	case CHANNEL_MODES:
	case CHANNEL_CONTINUE:
	default:
		break; /* a newer session's */
	}
}

static void on_channel(struct relay *r)
{
	ssize_t n = recv(r->channel_fd, r->packet, sizeof(r->packet), MSG_DONTWAIT);

	if (n > 0) {
		on_packet(r, r->packet, (size_t)n);
	} else if (n < 0 && errno == ECONNRESET) {
		/* It ended without reading all we sent. What it had said before is still there. */
		return;
	} else if (n == 0 || (errno != EAGAIN && errno != EINTR)) {
		tty_restore(r->tty, true);
		say("the session was lost: its supervisor died");
		r->said = true;
		end(r, EXIT_NONO);
	}
}

static void on_terminal(struct relay *r)
{
	char bytes[INPUT_CHUNK];
	ssize_t n = read(r->tty->fd, bytes, sizeof(bytes));

	if (n > 0) {
		send_packet(r, CHANNEL_INPUT, bytes, (size_t)n);
	} else if (n == 0 || (errno != EAGAIN && errno != EINTR)) {
		die_by(r, SIGHUP); /* hung up; the signal may come later or not at all */
	}
}

static void on_signal(struct relay *r, int sig)
{
	switch (sig) {
	case SIGWINCH:
		send_window(r);
		break;
	case SIGCONT:
		/* Also after a SIGSTOP we never saw: the shell has had the terminal. */
		update_terminal(r);
		send_window(r);
		break;
	case SIGTSTP:
		send_signal(r, SIGTSTP);
		r->stopping = true;
		r->stop_at = clock_msec() + STOP_TIMEOUT_MS;
		break;
	case SIGHUP:
		die_by(r, SIGHUP); /* the session ends because we are gone */
		break;
	default:
		send_signal(r, sig);
		break;
	}
}

static void on_signals(struct relay *r)
{
	struct signalfd_siginfo info;

	while (read(r->signal_fd, &info, sizeof(info)) == sizeof(info)) {
		on_signal(r, (int)info.ssi_signo);
	}
}

static int poll_timeout(struct relay *r)
{
	int64_t left;

	if (!r->stopping) {
		return -1;
	}
	left = r->stop_at - clock_msec();
	return left > 0 ? (int)left : 0;
}

static void step(struct relay *r)
{
	enum { CHANNEL, SIGNALS, TERMINAL, N };
	struct pollfd p[N] = {
		[CHANNEL] = { .fd = r->channel_fd },
		[SIGNALS] = { .fd = r->signal_fd, .events = POLLIN },
		[TERMINAL] = { .fd = r->tty->fd },
	};
	int n;

	p[CHANNEL].events |= r->output.len == 0 ? POLLIN : 0;
	p[CHANNEL].events |= r->outgoing.len > 0 ? POLLOUT : 0;
	p[TERMINAL].events |= r->tty->is_raw && r->outgoing.len == 0 ? POLLIN : 0;
	p[TERMINAL].events |= r->output.len > 0 ? POLLOUT : 0;
	if (p[TERMINAL].events == 0) {
		p[TERMINAL].fd = -1; /* or a hang-up would keep poll awake; SIGHUP tells us */
	}
	if (p[CHANNEL].events == 0) {
		p[CHANNEL].fd = -1;
	}
	n = poll(p, N, poll_timeout(r));
	if (n == 0 && r->stopping) {
		/* It ignores the signal, or has no terminal to say so, or waits in vfork() for a
		 * child that stopped: then it is not stopped itself, but needs to be continued. */
		r->stopping = false;
		stop_self(r, SIGTSTP, false);
		send_continue(r);
		return;
	}
	if (n <= 0) {
		return;
	}
	if (p[SIGNALS].revents) {
		on_signals(r);
	}
	if (p[TERMINAL].revents & POLLOUT) {
		flush_output(r);
	}
	if (p[TERMINAL].revents & (POLLIN | POLLHUP | POLLERR) && r->tty->is_raw) {
		on_terminal(r);
	}
	if (p[CHANNEL].revents & POLLOUT) {
		flush_outgoing(r);
	}
	if (p[CHANNEL].revents & (POLLIN | POLLHUP | POLLERR) && r->output.len == 0) {
		on_channel(r);
	}
}

int relay_watch_signals(void)
{
	static const int watched[] = { SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGUSR1, SIGUSR2, SIGTSTP,
		SIGCONT, SIGWINCH };
	sigset_t set;
	int fd;

	sigemptyset(&set);
	for (size_t i = 0; i < ELEMENTSOF(watched); i++) {
		struct sigaction action;
		/* What the caller ignores (nohup, a script's background job) stays ignored. */
		if (sigaction(watched[i], NULL, &action) == 0 && action.sa_handler != SIG_IGN) {
			sigaddset(&set, watched[i]);
		}
	}
	sigprocmask(SIG_BLOCK, &set, NULL);
	fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	return fd < 0 ? -errno : fd;
}

void relay_release_signals(void)
{
	sigset_t all;

	sigfillset(&all);
	sigprocmask(SIG_UNBLOCK, &all, NULL);
}

int relay_run(const struct relay_setup *setup)
{
	static struct relay r; /* too large for the stack of a small process, and zero already */
	bool has_terminal = setup->tty->fd >= 0;
	int exit_status;

	r.setup = setup;
	r.tty = setup->tty;
	r.channel_fd = setup->channel_fd;
	r.holds_terminal = setup->foreground;
	r.modes_sent = setup->foreground;
	r.signal_fd = setup->signal_fd;
	if (setup->first && has_terminal) {
		append_output(&r, setup->first->data, setup->first->len);
	}
	while (!r.ended) {
		step(&r);
	}
	tty_close(r.tty);
	if (r.interrupted && has_terminal) {
		die_by(&r, SIGINT); /* a shell's loop ends only for a child that died of it */
	}
	if (setup->end) {
		*setup->end =
			(struct relay_end){ .said = r.said, .tail = r.tail, .tail_n = r.tail_n };
	}
	exit_status = r.exit_status;
	buf_deinit(&r.output);
	buf_deinit(&r.outgoing);
	close_fd(&r.signal_fd);
	return exit_status;
}
