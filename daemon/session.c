/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/session.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include "daemon/letgo.h"
#include "daemon/log.h"
#include "daemon/loop.h"
#include "daemon/make-plan.h"
#include "daemon/manager.h"
#include "daemon/question.h"
#include "daemon/template.h"
#include "libcore/base/cleanup.h"
#include "libcore/base/error.h"
#include "libcore/base/fd.h"
#include "libcore/base/path.h"
#include "libcore/base/str.h"
#include "libcore/caps.h"

#define PACKET_MAX (sizeof(struct link_resolved) + LINK_QUESTION_MAX)
_Static_assert(LINK_QUESTION_MAX >= PATH_MAX, "the longest packet is a question");

static uint64_t wall_clock_usec(void)
{
	struct timespec t;

	clock_gettime(CLOCK_REALTIME, &t);
	return (uint64_t)t.tv_sec * 1000000 + (uint64_t)t.tv_nsec / 1000;
}

/* No grant comes back for a second decision any more. */
static void release_decision(struct session *s)
{
	decision_deinit(&s->decision);
	free(s->grants);
	s->grants = NULL;
	s->n_grants = 0;
}

static void close_link(struct session *s)
{
	loop_io_free(s->link_io);
	s->link_io = NULL;
	close_fd(&s->link_fd);
}

void session_free(struct session *s)
{
	if (!s) {
		return;
	}
	close_link(s);
	release_decision(s);
	rulebook_unref(s->book);
	free(s->message);
	free(s->context);
	free(s);
}

static int choose_name(struct session *s, const char *name, struct nono_error *err)
{
	uint64_t random = 0;

	if (name) {
		if (!names_are_valid(name)) {
			return error_set(err, NONO_INVALID, EINVAL,
				"'%.80s' cannot name a session: a letter, then letters, digits and "
				"._- up to %d in all",
				name, SESSION_NAME_SIZE - 1);
		}
		if (registry_by_name(s->manager->registry, name)) {
			return error_set(
				err, NONO_REFUSED, EEXIST, "a session named %s is running", name);
		}
		memcpy(s->name, name, strlen(name) + 1);
		return 0;
	}
	/* GRND_INSECURE never blocks; a name is no secret. */
	if (getrandom(&random, sizeof(random), GRND_INSECURE) < 0) {
		random = s->serial;
	}
	do {
		names_make(s->name, random++);
	} while (registry_by_name(s->manager->registry, s->name));
	return 0;
}

int session_new(struct session **ret, struct manager *m, pid_t client, const char *name,
	struct nono_error *err)
{
	_cleanup_(session_freep) struct session *s = calloc(1, sizeof(*s));
	uint64_t number = (uint64_t)client;
	int r;

	if (!s) {
		return error_oom(err);
	}
	s->manager = m;
	s->link_fd = -1;
	s->exit_status = -1;
	s->serial = ++m->last_serial;
	s->started_usec = wall_clock_usec();
	/* A client that runs two sessions within a second: the second gets another number. */
	do {
		names_make_id(s->id, (time_t)(s->started_usec / 1000000), number++);
	} while (registry_by_id(m->registry, s->id));
	r = choose_name(s, name, err);
	if (r < 0) {
		return r;
	}
	*ret = TAKE_PTR(s);
	return 0;
}

bool session_is_alive(const struct session *s)
{
	return s->state <= SESSION_STOPPING;
}

void session_add_waiter(struct session *s, struct session_waiter *w)
{
	w->next = s->waiters;
	s->waiters = w;
}

void session_remove_waiter(struct session *s, struct session_waiter *w)
{
	struct session_waiter **at = &s->waiters;

	while (*at && *at != w) {
		at = &(*at)->next;
	}
	if (*at) {
		*at = w->next;
	}
}

/* The session is over. s stays valid, but belongs to the ended ones from here on. */
static void end(struct session *s, enum session_state state, const char *message)
{
	struct session_waiter *w;

	close_link(s);
	release_decision(s);
	s->state = state;
	s->ended_usec = wall_clock_usec();
	if (message) {
		s->message = strdup(message); /* without memory, without a reason */
		log_write(&(struct log_fields){ .session = s->id }, LOG_NOTICE, "%s", message);
	}
	registry_end(s->manager->registry, s);
	while ((w = s->waiters)) {
		s->waiters = w->next;
		w->ended(s, w->userdata);
	}
	manager_check_idle(s->manager);
}

void session_on_spawned(struct session *s, pid_t supervisor)
{
	s->supervisor = supervisor;
}

void session_on_spawn_failed(struct session *s, const struct nono_error *err)
{
	end(s, SESSION_FAILED, err->message);
}

/* What is denied, or never granted, has another name. It counts for the second decisions, which
 * follow. */
static void on_denied(struct session *s, const struct link_denied *q, const char *name)
{
	struct deny_list *deny = &s->decision.own.deny;
	const char *what;
	int r = -EBADMSG;

	/* What everybody gets is not asked about: that is shared. */
	if (s->state == SESSION_STARTING && !s->decision.is_standard) {
		if (q->rule < s->n_denied) {
			r = deny_add_alias(deny, q->rule, name);
		} else if (never_below_home(s->manager->never, q->rule - s->n_denied, &what)) {
			r = deny_add(deny, name, "nono", what, true);
		}
	}
	s->undecidable |= r < 0;
}

static void decide_again(const struct session *s, const struct link_resolved *q, const char *path,
	struct link_decision *ret)
{
	const struct policy_result *result;
	const struct nono_fs_grant *g;
	const struct deny_list *deny;
	const char *hint = NULL;

	if (s->undecidable || q->grant >= s->n_grants) {
		error_set(&ret->error, NONO_INTERNAL, EBADMSG, "grant %u is not known", q->grant);
		return;
	}
	result = decision_result(&s->decision);
	g = &result->caps->paths[s->grants[q->grant]];
	deny = &result->deny;
	if (result->needs & NEED_TRAPPED_OPENS && deny_check(deny, path, NULL) == DENY_CONTAINS) {
		deny = NULL; /* the session keeps it closed, under this name too */
	}
	ret->allow = policy_decide_canonical(s->manager->never, deny, g->resolved, path, g->access,
			     !q->is_directory, &hint, &ret->error) == 0;
	if (!ret->allow && hint) { /* the packet has no room of its own for it */
		const struct nono_error e = ret->error;
		error_set(&ret->error, e.code, e.errnum, "%s (%s)", e.message, hint);
	}
}

/* The second decision, on the name of what was really opened. */
static void on_resolved(struct session *s, const struct link_resolved *q, const char *path)
{
	struct link_decision d = { .type = LINK_DECISION };

	decide_again(s, q, path, &d);
	if (fd_send(s->link_fd, &d, sizeof(d), NULL, 0, MSG_DONTWAIT) < 0) {
		log_write(&(struct log_fields){ .session = s->id }, LOG_WARNING,
			"cannot answer its nono-session");
	}
}

static void on_started(struct session *s, const struct link_started *started)
{
	s->command = started->pid;
	snprintf(s->tmpdir, sizeof(s->tmpdir), "%.*s", (int)sizeof(s->tmpdir) - 1, started->tmpdir);
	if (s->state == SESSION_STARTING) {
		s->state = SESSION_RUNNING;
	}
	release_decision(s);
	log_write(&(struct log_fields){ .session = s->id }, LOG_INFO, "started as %s", s->name);
}

static void on_question(struct session *s, uint32_t serial, const char *call, size_t n)
{
	struct link_question header = { .type = LINK_ANSWER, .serial = serial };
	_cleanup_(buf_deinit) struct buf b = { .limit = sizeof(header) + LINK_ANSWER_MAX };

	buf_append(&b, &header, sizeof(header));
	question_answer(s, call, n, &b);
	if (buf_error(&b) || fd_send(s->link_fd, b.data, b.len, NULL, 0, MSG_DONTWAIT) < 0) {
		log_write(&(struct log_fields){ .session = s->id }, LOG_WARNING,
			"cannot answer a question from inside");
	}
}

static int exit_status_of(int wait_status)
{
	return WIFSIGNALED(wait_status) ? 128 + WTERMSIG(wait_status) : WEXITSTATUS(wait_status);
}

/* One packet. false when the session is over. */
static bool on_packet(struct session *s, char *packet, size_t n)
{
	union {
		uint32_t type;
		struct link_resolved resolved;
		struct link_denied denied;
		struct link_question question;
		struct link_started started;
		struct link_failed failed;
		struct link_ended ended;
	} u = { 0 };

	memcpy(&u, packet, n < sizeof(u) ? n : sizeof(u));
	if (n > sizeof(u.resolved) && n <= PACKET_MAX && u.type == LINK_RESOLVED) {
		packet[n] = '\0'; /* the buffer has room for it */
		on_resolved(s, &u.resolved, packet + sizeof(u.resolved));
		return true;
	}
	if (n > sizeof(u.denied) && n <= PACKET_MAX && u.type == LINK_DENIED) {
		packet[n] = '\0';
		on_denied(s, &u.denied, packet + sizeof(u.denied));
		return true;
	}
	if (n > sizeof(u.question) && n <= PACKET_MAX && u.type == LINK_QUESTION) {
		on_question(
			s, u.question.serial, packet + sizeof(u.question), n - sizeof(u.question));
		return true;
	}
	if (n == sizeof(u.started) && u.type == LINK_STARTED) {
		on_started(s, &u.started);
		return true;
	}
	if (n == sizeof(u.failed) && u.type == LINK_FAILED) {
		u.failed.error.message[sizeof(u.failed.error.message) - 1] = '\0';
		s->exit_status = (int)u.failed.exit_code;
		end(s, SESSION_FAILED, u.failed.error.message);
		return false;
	}
	if (n == sizeof(u.ended) && u.type == LINK_ENDED) {
		s->exit_status = exit_status_of(u.ended.wait_status);
		log_write(&(struct log_fields){ .session = s->id }, LOG_INFO,
			"ended with status %d", s->exit_status);
		end(s, SESSION_EXITED, NULL);
		return false;
	}
	end(s, SESSION_LOST, "its supervising process talked nonsense");
	return false;
}

static void on_link(void *userdata, unsigned events)
{
	struct session *s = userdata;
	/* One packet and its terminator; the loop is single-threaded. */
	static char packet[PACKET_MAX + 1];

	(void)events;
	for (;;) {
		ssize_t n = recv(s->link_fd, packet, sizeof(packet) - 1, MSG_DONTWAIT | MSG_TRUNC);
		if (n < 0 && (errno == EAGAIN || errno == EINTR)) {
			return;
		}
		if (n <= 0) {
			if (s->state == SESSION_STARTING) {
				end(s, SESSION_FAILED, "its supervising process could not start");
			} else {
				end(s, SESSION_LOST, "its supervising process was killed");
			}
			return;
		}
		if (!on_packet(s, packet, (size_t)n)) {
			return;
		}
	}
}

int session_start(struct session *s, struct decision *decision, struct session_launch *launch,
	struct nono_error *err)
{
	struct control_spawn request = { .serial = s->serial };
	const struct rulebook *book = decision->book;
	int pair[2], r;

	s->book = rulebook_ref(decision->book);
	s->decision = *decision;
	*decision = (struct decision){ 0 };
	launch->fds[CONTROL_FD_BASE] =
		fcntl(decision_result(&s->decision)->standard_base ? book->base_fd : book->empty_fd,
			F_DUPFD_CLOEXEC, 0);
	if (launch->fds[CONTROL_FD_BASE] < 0) {
		r = error_errno(err, errno, "hand over the base plan");
		goto fail;
	}
	launch->fds[CONTROL_FD_PLAN] = r = make_plan(s, launch, err);
	if (r < 0) {
		goto fail;
	}
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0) {
		r = error_errno(err, errno, "create the link to the session");
		goto fail;
	}
	s->link_fd = pair[0];
	launch->fds[CONTROL_FD_LINK] = pair[1];
	r = loop_io_new(&s->link_io, s->manager->loop, s->link_fd, LOOP_READ, on_link, s, err);
	if (r < 0) {
		goto fail;
	}
	r = template_spawn(s->manager->template, &request, launch->fds, err);
	if (r < 0) {
		return r;
	}
	registry_add(s->manager->registry, s);
	manager_check_idle(s->manager);
	template_flush(s->manager->template);
	return 0;
fail:
	descriptors_let_go(launch->fds, _CONTROL_FD_MAX);
	return r;
}

void session_stop(struct session *s, uint64_t timeout_usec)
{
	struct link_stop stop = { .type = LINK_STOP, .timeout_usec = timeout_usec };

	s->state = SESSION_STOPPING;
	if (fd_send(s->link_fd, &stop, sizeof(stop), NULL, 0, MSG_DONTWAIT) < 0) {
		log_write(&(struct log_fields){ .session = s->id }, LOG_WARNING,
			"cannot tell its nono-session to stop");
	}
}
