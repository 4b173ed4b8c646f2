/* SPDX-License-Identifier: Apache-2.0 */
/*
 * nono-session is the command's parent and the session's only supervisor. It holds no policy and
 * no network; what it decides was decided by nonod and is in the plan. It outlives nonod: end of
 * file on the link only means that nobody asks any more. It does not outlive its client: end of
 * file on the channel ends the session.
 *
 * The session ends when the command does. Whatever the command left behind is killed, the terminal
 * is drained to the client however slow that is, and only then is the exit status reported: when
 * the client hears it, nothing is running.
 */
#include "daemon/session/session.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "daemon/session/base-rules.h"
#include "daemon/session/command.h"
#include "daemon/session/decision.h"
#include "daemon/session/denied.h"
#include "daemon/session/environ.h"
#include "daemon/session/grants.h"
#include "daemon/session/mediate.h"
#include "daemon/session/outbox.h"
#include "daemon/session/plan.h"
#include "daemon/session/streams.h"
#include "daemon/session/terminal.h"
#include "daemon/session/tmpdir.h"
#include "libcore/base/cleanup.h"
#include "libcore/base/clock.h"
#include "libcore/base/error.h"
#include "libcore/base/fd.h"
#include "libcore/landlock.h"
#include "libcore/tree.h"
#include "proto/channel.h"
#include "proto/launch.h"

#define HANGUP_GRACE_USEC 2000000 /* between SIGHUP and SIGKILL when the client is gone */
#define TERM_GRACE_USEC   5000000 /* the service manager asked the whole scope to end */
#define TREE_PATIENCE_MS  10000   /* for processes that are killed but stuck in the kernel */
#define TMPDIR_WAIT_MS    500     /* the client waits for its removal that long */
#define CHILDREN_BATCH    64      /* collected before anything else is looked at */
#define OUTPUT_CHUNK      16384

struct session {
	int abi, oom_score_adj;
	struct base_rules base;       /* of session_expect() */
	struct nono_error unprepared; /* code NONO_OK unless session_prepare() failed */
	int fds[_CONTROL_FD_MAX];     /* those only the start needs */
	int channel_fd, link_fd, signal_fd;
	struct plan plan;
	struct launch launch;
	struct terminal terminal;
	struct tmpdir tmpdir;
	struct tree tree;
	struct mediator mediator;
	struct outbox outbox; /* to the client */
	char *buffer;         /* CHANNEL_PACKET_MAX bytes, only with a terminal */
	pid_t command;
	bool ended;         /* the command has */
	bool children_left; /* to collect; no signal will tell again */
	bool stop_reported; /* and not answered yet */
	int wait_status;
	uint64_t kill_at; /* monotonic microseconds, 0 for never */
};

static void link_send(struct session *s, const void *p, size_t n)
{
	if (s->link_fd >= 0 && fd_send(s->link_fd, p, n, NULL, 0, MSG_DONTWAIT) < 0) {
		close_fd(&s->link_fd); /* nonod is gone, or so far behind that it may as well be */
	}
}

/* grants_decide_fn */
static int ask_nonod(void *userdata, uint32_t grant, const char *path, uint32_t access,
	const struct stat *st, struct nono_error *err)
{
	struct session *s = userdata;

	return decision_on_grant(s->link_fd, grant, path, access, st, err);
}

static void report_failure(struct session *s, int exit_code, const struct nono_error *err)
{
	struct link_failed failed = {
		.type = LINK_FAILED, .exit_code = (uint32_t)exit_code, .error = *err
	};
	struct channel_failed packet = { .exit_code = (uint32_t)exit_code };

	outbox_send2(&s->outbox, CHANNEL_FAILED, &packet, sizeof(packet), err->message,
		strlen(err->message));
	link_send(s, &failed, sizeof(failed));
}

static int open_terminal(struct session *s, struct nono_error *err)
{
	int *model_fd = &s->fds[CONTROL_FD_TERMINAL];
	int r;

	if (*model_fd < 0) {
		return 0;
	}
	r = terminal_open(&s->terminal, *model_fd, err);
	if (r < 0) {
		return r;
	}
	s->buffer = malloc(CHANNEL_PACKET_MAX);
	if (!s->buffer) {
		return error_oom(err);
	}
	return 0;
}

/* Replaces each stream that is the client's terminal by ours. */
static int prepare_streams(struct session *s, int stdio[3], struct nono_error *err)
{
	bool blocked = !plan_network_is_open(&s->plan);
	int *fds = s->fds;

	for (int i = 0; i < 3; i++) {
		uint32_t device =
			fds[CONTROL_FD_TERMINAL] >= 0 ? s->plan.caller.terminal_device : 0;
		struct stream_kind kind;
		int r = stream_classify(i, fds[CONTROL_FD_STDIN + i], device, blocked, &kind, err);
		if (r < 0) {
			return r;
		}
		stdio[i] = kind.is_terminal ? s->terminal.slave_fd : fds[CONTROL_FD_STDIN + i];
		s->mediator.granted.reads_own |= stream_reads_own(stdio[i]);
	}
	if (fds[CONTROL_FD_TERMINAL] >= 0) {
		struct stream_kind kind;
		int r = stream_classify(0, fds[CONTROL_FD_TERMINAL], s->plan.caller.terminal_device,
			blocked, &kind, err);
		if (r < 0 || !kind.is_terminal) {
			return error_set(err, NONO_INVALID, EINVAL,
				"the terminal sent is not the caller's controlling one");
		}
	}
	return 0;
}

void session_expect(struct session *s, int base_fd)
{
	base_rules_expect(&s->base, base_fd, s->abi);
}

/* The rules for this session; *ret_fd is the caller's. */
static int make_rules(struct session *s, int *ret_fd, struct nono_error *err)
{
	struct grants_request q = { .plan = &s->plan,
		.abi = s->abi,
		.terminal_fd = s->terminal.slave_fd,
		.granted = &s->mediator.granted,
		.split = &s->mediator.split,
		.decide = ask_nonod,
		.userdata = s };
	int r = base_rules_take(
		&s->base, s->fds[CONTROL_FD_BASE], plan_network_is_open(&s->plan), s->abi, err);

	if (r < 0) {
		return r;
	}
	*ret_fd = r;
	q.ruleset_fd = *ret_fd;
	r = denied_report(&s->plan, s->link_fd, &q.ask_always, err);
	if (r == 0) {
		r = grants_add(&q, err);
	}
	if (r == 0 && s->plan.flags & PLAN_TMPDIR) {
		/* The spare could not: there may be room by now. */
		r = s->tmpdir.fd >= 0 ? 0 : tmpdir_make(&s->tmpdir, err);
		if (r == 0) {
			r = landlock_allow_path(
				*ret_fd, s->abi, s->tmpdir.fd, NONO_READ_WRITE, err);
		}
		if (r == 0 && (granted_add_writable_fd(&s->mediator.granted, s->tmpdir.fd) < 0 ||
				      split_add_grant_fd(&s->mediator.split, s->tmpdir.fd,
					      NONO_READ_WRITE) < 0)) {
			r = error_oom(err);
		}
	}
	return r;
}

static int start_command(struct session *s, int *ret_exit, struct nono_error *err)
{
	struct command c = { .argv = s->launch.argv,
		.cwd_fd = s->fds[CONTROL_FD_CWD],
		.master_fd = s->terminal.master_fd,
		.foreground = s->plan.flags & PLAN_FOREGROUND,
		.caller = &s->plan.caller,
		.oom_score_adj = s->oom_score_adj,
		.abi = s->abi,
		.filter = s->plan.filter };
	_cleanup_close_ int ruleset_fd = -1;
	_cleanup_free_ char *program = NULL;
	_cleanup_free_ char **envp = NULL;
	int listener_fd;
	pid_t pid;
	int r = prepare_streams(s, c.stdio, err);

	*ret_exit = EXIT_REFUSED;
	if (r == 0) {
		r = make_rules(s, &ruleset_fd, err);
	}
	if (r < 0) {
		return r;
	}
	c.ruleset_fd = ruleset_fd;
	if (s->mediator.granted.reads_own && s->plan.filter_fds) {
		c.filter = s->plan.filter_fds;
	}
	c.envp = envp = session_environment(&s->plan, &s->tmpdir, s->launch.envp);
	if (!envp) {
		return error_oom(err);
	}
	program = command_find(s->launch.argv[0], c.envp, c.cwd_fd, ret_exit, err);
	if (!program) {
		return -ENOENT;
	}
	pid = command_spawn(&c, program, &listener_fd, ret_exit, err);
	if (pid < 0) {
		return pid;
	}
	s->command = pid;
	mediator_start(&s->mediator, &s->plan, s->abi, take_fd(&ruleset_fd), listener_fd);
	return 0;
}

/* Closes what only the start needed: the client's streams above all, whose last copy must be the
 * command's for its readers to see end of file. */
static void release_start(struct session *s)
{
	fd_close_many(s->fds, _CONTROL_FD_MAX);
	launch_deinit(&s->launch);
}

static void signal_command(struct session *s, int sig)
{
	pid_t group = terminal_foreground(&s->terminal);

	if (s->ended) {
		return;
	}
	/* The terminal's foreground group is who a key press would reach. Never our own. */
	if (group <= 1 || group == getpgrp()) {
		group = s->command;
	}
	kill(-group, sig);
	if (sig == SIGTERM || sig == SIGHUP) {
		kill(-group, SIGCONT); /* or a stopped command would not notice */
		if (group != s->command) {
			kill(s->command, sig);
		}
	}
}

static void end_soon(struct session *s, int sig, uint64_t grace_usec)
{
	uint64_t at = clock_usec() + grace_usec;

	if (grace_usec > 0) {
		signal_command(s, sig);
	}
	if (s->kill_at == 0 || at < s->kill_at) {
		s->kill_at = at;
	}
}

/* False when there was nothing to read. */
static bool on_terminal(struct session *s)
{
	ssize_t n = terminal_read(&s->terminal, s->buffer + 1, OUTPUT_CHUNK);

	if (n > 0) {
		s->buffer[0] = CHANNEL_OUTPUT;
		outbox_send_packet(&s->outbox, s->buffer, (size_t)n + 1);
	}
	return n > 0;
}

/* The client stops too, so what was written before goes first: as much as the terminal's buffers
 * hold, if the client takes it. */
static void report_stop(struct session *s, int sig)
{
	struct channel_signal packet = { .signal = (uint32_t)sig };

	/* One at a time: a command that stops and continues itself must not pile them up before a
	 * client that is stopped. */
	if (s->stop_reported) {
		return;
	}
	s->stop_reported = true;
	for (int i = 0; i < 4 && !outbox_pending(&s->outbox) && on_terminal(s); i++) {
	}
	outbox_send(&s->outbox, CHANNEL_STOPPED, &packet, sizeof(packet));
}

/* PTRACE_TRACEME made us the tracer of something inside. We want none of it: its stop is not its
 * end, and it gets the signal that it stopped for. */
static void let_go(siginfo_t *info)
{
	int sig = info->si_status;

	waitid(P_PID, (id_t)info->si_pid, info, WSTOPPED | WNOHANG);
	ptrace(PTRACE_DETACH, info->si_pid, NULL, (void *)(intptr_t)(sig == SIGTRAP ? 0 : sig));
}

/* A few at a time: children that die faster than they are collected must not keep us from the
 * client, from nonod and from the clock. */
static void on_children(struct session *s)
{
	siginfo_t info;

	s->children_left = true;
	for (int i = 0; i < CHILDREN_BATCH; i++) {
		info.si_pid = 0;
		if (waitid(P_ALL, 0, &info, WEXITED | WSTOPPED | WNOHANG | WNOWAIT) < 0 ||
			info.si_pid == 0) {
			s->children_left = false;
			return;
		}
		if (info.si_code == CLD_TRAPPED) {
			let_go(&info);
			continue;
		}
		if (info.si_code == CLD_STOPPED) {
			waitid(P_PID, (id_t)info.si_pid, &info, WSTOPPED | WNOHANG);
			if (info.si_pid == s->command && s->terminal.master_fd >= 0) {
				report_stop(s, info.si_status);
			}
			continue;
		}
		if (info.si_pid == s->command) {
			waitpid(info.si_pid, &s->wait_status, 0);
			s->ended = true;
		} else {
			waitpid(info.si_pid, NULL, 0); /* an orphan we adopted as subreaper */
		}
	}
}

static void on_signals(struct session *s)
{
	struct signalfd_siginfo info;

	while (read(s->signal_fd, &info, sizeof(info)) == sizeof(info)) {
		if (info.ssi_signo == SIGTERM) {
			end_soon(s, SIGTERM, TERM_GRACE_USEC);
		}
	}
	on_children(s);
}

static void on_continue(struct session *s, const struct channel_continue *packet)
{
	s->stop_reported = false;
	if (s->ended) {
		return;
	}
	/* In the background it must not hold the terminal: wanting it then stops it, and that is
	 * how the client learns of it. */
	terminal_set_foreground(&s->terminal, packet->foreground ? s->command : getpgrp());
	kill(-s->command, SIGCONT);
}

static void on_packet(struct session *s, char *p, size_t n)
{
	union {
		struct channel_window window;
		struct channel_signal signal;
		struct channel_continue cont;
		struct channel_modes modes;
	} u;
	size_t payload = n - 1;

	memcpy(&u, p + 1, payload < sizeof(u) ? payload : sizeof(u));
	switch ((enum channel_type)p[0]) {
	case CHANNEL_INPUT:
		if (s->terminal.master_fd >= 0) {
			terminal_input(&s->terminal, p + 1, payload);
		}
		break;
	case CHANNEL_WINDOW:
		if (payload == sizeof(u.window) && s->terminal.master_fd >= 0) {
			terminal_resize(&s->terminal, &u.window);
		}
		break;
	case CHANNEL_MODES:
		if (payload == sizeof(u.modes) && s->terminal.slave_fd >= 0 &&
			!(s->plan.flags & PLAN_FOREGROUND)) {
			terminal_set_modes(&s->terminal, &u.modes);
		}
		break;
	case CHANNEL_SIGNAL:
		if (payload == sizeof(u.signal) && u.signal.signal > 0 && u.signal.signal < 32) {
			signal_command(s, (int)u.signal.signal);
		}
		break;
	case CHANNEL_CONTINUE:
		if (payload == sizeof(u.cont)) {
			on_continue(s, &u.cont);
		}
		break;
	case CHANNEL_STARTED:
	case CHANNEL_FAILED:
	case CHANNEL_OUTPUT:
	case CHANNEL_STOPPED:
	case CHANNEL_EXITED:
	default:
		break; /* a newer client's */
	}
}

/* False when the client is gone. */
static bool on_channel(struct session *s)
{
	char small[64], *p = s->buffer ? s->buffer : small;
	ssize_t n = recv(
		s->channel_fd, p, s->buffer ? CHANNEL_PACKET_MAX : sizeof(small), MSG_DONTWAIT);

	if (n > 0) {
		on_packet(s, p, (size_t)n);
	}
	/* A SEQPACKET socket gives 0 for an empty packet too; nobody sends one. */
	return n > 0 || (n < 0 && (errno == EAGAIN || errno == EINTR));
}

static void on_link(struct session *s)
{
	static char packet[sizeof(struct link_question) + LINK_ANSWER_MAX];
	union {
		uint32_t type;
		struct link_stop stop;
		struct link_question answer;
	} u = { 0 };
	ssize_t n = recv(s->link_fd, packet, sizeof(packet), MSG_DONTWAIT);

	memcpy(&u, packet, n > (ssize_t)sizeof(u) ? sizeof(u) : n > 0 ? (size_t)n : 0);
	if (n == sizeof(u.stop) && u.type == LINK_STOP) {
		end_soon(s, SIGTERM, u.stop.timeout_usec);
	} else if (n > (ssize_t)sizeof(u.answer) && u.type == LINK_ANSWER) {
		questions_answer(&s->mediator.questions, u.answer.serial, packet + sizeof(u.answer),
			(size_t)n - sizeof(u.answer));
	} else if (n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR)) {
		close_fd(&s->link_fd);
		questions_abandon(&s->mediator.questions);
	}
}

static int poll_timeout(const struct session *s)
{
	uint64_t now;

	if (s->children_left && !s->ended) {
		return 0;
	}
	if (s->kill_at == 0 || s->ended) {
		return -1;
	}
	now = clock_usec();
	return now >= s->kill_at ? 0 : (int)((s->kill_at - now + 999) / 1000);
}

/* One round: waits for something and handles it. */
static void session_step(struct session *s)
{
	enum { SIGNALS, CHANNEL, LINK, TERMINAL, LISTENER, N };
	const struct terminal *t = &s->terminal;
	struct pollfd p[N] = {
		[SIGNALS] = { .fd = s->ended ? -1 : s->signal_fd, .events = POLLIN },
		[CHANNEL] = { .fd = s->channel_fd },
		[LINK] = { .fd = s->link_fd, .events = POLLIN },
		[TERMINAL] = { .fd = t->ended ? -1 : t->master_fd },
		[LISTENER] = { .fd = mediator_poll_fd(&s->mediator), .events = POLLIN },
	};

	/* Back-pressure both ways: output waits for the client, input for the command. */
	if (t->input.len < TERMINAL_INPUT_MAX) {
		p[CHANNEL].events |= POLLIN;
	}
	if (outbox_pending(&s->outbox)) {
		p[CHANNEL].events |= POLLOUT;
	} else {
		p[TERMINAL].events |= POLLIN;
	}
	if (t->input.len > 0) {
		p[TERMINAL].events |= POLLOUT;
	}
	if (!(p[TERMINAL].events & POLLIN) && !(p[TERMINAL].events & POLLOUT)) {
		p[TERMINAL].fd = -1; /* or its hang-up would keep poll awake */
	}
	if (poll(p, N, poll_timeout(s)) < 0) {
		return;
	}
	if (p[SIGNALS].revents || (s->children_left && !s->ended)) {
		on_signals(s);
	}
	if (p[LISTENER].revents) {
		mediator_dispatch(&s->mediator, s->link_fd);
	}
	if (p[LINK].revents) {
		on_link(s);
	}
	if (p[CHANNEL].revents & POLLOUT) {
		outbox_flush(&s->outbox);
	}
	if (p[CHANNEL].revents & (POLLIN | POLLHUP | POLLERR) && !on_channel(s)) {
		outbox_close(&s->outbox);
		close_fd(&s->channel_fd);
		end_soon(s, SIGHUP, HANGUP_GRACE_USEC);
	}
	if (p[TERMINAL].revents & POLLOUT) {
		terminal_flush(&s->terminal);
	}
	if (p[TERMINAL].revents & (POLLIN | POLLHUP | POLLERR)) {
		on_terminal(s);
	}
}

/* What is left of the terminal's output and of the queue goes to the client, if there is one. */
static void drain(struct session *s)
{
	while (s->channel_fd >= 0 && (outbox_pending(&s->outbox) ||
					     (s->terminal.master_fd >= 0 && !s->terminal.ended))) {
		session_step(s);
	}
}

/* Nothing runs any more that could use it. What is gone at once, is so before the client hears of
 * the end; nobody waits long for a heap of files. The process that still removes them, or 0. */
static pid_t remove_tmpdir(struct session *s)
{
	pid_t pid = tmpdir_remove(&s->tmpdir, s->abi);

	return tmpdir_wait(&s->tmpdir, pid, s->signal_fd, TMPDIR_WAIT_MS) ? 0 : pid;
}

static void supervise(struct session *s)
{
	struct channel_started started = { .version = CHANNEL_VERSION,
		.pid = (uint32_t)s->command,
		.has_terminal = s->terminal.master_fd >= 0 };
	struct link_started link = { .type = LINK_STARTED, .pid = s->command };
	struct link_ended ended = { .type = LINK_ENDED };
	struct channel_exited exited;
	pid_t removal;

	if (s->plan.flags & PLAN_TMPDIR) {
		memcpy(link.tmpdir, tmpdir_path(&s->tmpdir), strlen(tmpdir_path(&s->tmpdir)));
	}
	outbox_send(&s->outbox, CHANNEL_STARTED, &started, sizeof(started));
	link_send(s, &link, sizeof(link));
	while (!s->ended && (s->kill_at == 0 || clock_usec() < s->kill_at)) {
		session_step(s);
	}
	if (!s->ended) {
		/* Together with the rest: something inside that traces it could keep it from being
		 * collected for as long as it lives itself. */
		s->wait_status = SIGKILL;
		tree_kill_all(&s->tree, TREE_PATIENCE_MS, s->command, &s->wait_status);
		s->ended = true;
	} else {
		tree_kill_all(&s->tree, TREE_PATIENCE_MS, 0, NULL);
	}
	close_fd(&s->terminal.slave_fd); /* the last one: the master now reads to an end */
	drain(s);
	removal = remove_tmpdir(s);
	exited.wait_status = (uint32_t)s->wait_status;
	outbox_send(&s->outbox, CHANNEL_EXITED, &exited, sizeof(exited));
	drain(s);
	ended.wait_status = s->wait_status;
	link_send(s, &ended, sizeof(ended));
	tmpdir_wait(&s->tmpdir, removal, s->signal_fd, -1);
}

/* Signals come through a descriptor; those a terminal sends are not for us. */
static int prepare_process(struct session *s, struct nono_error *err)
{
	static const int ignored[] = { SIGINT, SIGQUIT, SIGTSTP, SIGTTIN, SIGTTOU, SIGHUP,
		SIGPIPE };
	sigset_t all, watched;
	int r;

	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, NULL);
	for (size_t i = 0; i < ELEMENTSOF(ignored); i++) {
		signal(ignored[i], SIG_IGN);
	}
	sigemptyset(&watched);
	sigaddset(&watched, SIGCHLD);
	sigaddset(&watched, SIGTERM);
	s->signal_fd = signalfd(-1, &watched, SFD_CLOEXEC | SFD_NONBLOCK);
	if (s->signal_fd < 0) {
		return error_errno(err, errno, "watch for children");
	}
	if (setsid() < 0) {
		return error_errno(err, errno, "start a process session");
	}
	r = tree_guard_enter(&s->tree, s->abi);
	return r < 0 ? error_errno(err, -r, "guard the process tree") : 0;
}

static int prepare_data(struct session *s, struct nono_error *err)
{
	const void *p;
	size_t n;
	int r = fd_map_sealed(s->fds[CONTROL_FD_PLAN], PLAN_SIZE_MAX, &p, &n);

	if (r < 0) {
		return error_errno(err, -r, "map the plan");
	}
	r = plan_parse(&s->plan, p, n, err); /* the mapping lives as long as we do */
	if (r == 0 && !s->plan.filter) {
		r = error_set(err, NONO_INTERNAL, EBADMSG, "the plan has no filter");
	}
	return r < 0 ? r : launch_open(&s->launch, s->fds[CONTROL_FD_LAUNCH], err);
}

struct session *session_prepare(int abi, int oom_score_adj)
{
	struct session *s = calloc(1, sizeof(*s));

	if (s) {
		s->abi = abi;
		s->oom_score_adj = oom_score_adj;
		s->base.fd = -1;
		s->signal_fd = -1;
		s->terminal = TERMINAL_NONE;
		s->tmpdir = TMPDIR_NONE;
		mediator_init(&s->mediator);
		prepare_process(s, &s->unprepared);
		tmpdir_make(&s->tmpdir, NULL); /* tried again when it is needed */
	}
	return s;
}

void session_discard(struct session *s)
{
	tmpdir_remove(&s->tmpdir, s->abi);
}

void session_run(struct session *s, int fds[_CONTROL_FD_MAX])
{
	struct nono_error err = s->unprepared;
	int exit_code = EXIT_REFUSED;

	memcpy(s->fds, fds, sizeof(s->fds));
	s->channel_fd = take_fd(&s->fds[CONTROL_FD_CHANNEL]);
	s->link_fd = take_fd(&s->fds[CONTROL_FD_LINK]);
	outbox_init(&s->outbox, s->channel_fd);
	if (err.code != NONO_OK || prepare_data(s, &err) < 0 || open_terminal(s, &err) < 0 ||
		start_command(s, &exit_code, &err) < 0) {
		tmpdir_remove(&s->tmpdir, s->abi); /* nothing ran: it is empty */
		report_failure(s, exit_code, &err);
		return;
	}
	release_start(s);
	supervise(s);
}
