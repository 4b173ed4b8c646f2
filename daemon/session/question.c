/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/session/question.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#include "daemon/session/control.h"
#include "daemon/session/listener.h"
#include "libcore/base/cleanup.h"
#include "libcore/base/clock.h"
#include "libcore/base/fd.h"

#define PATIENCE_SEC  10
#define INTERVAL_USEC 50000

static const char gone[] =
	"{\"error\":\"io.nono.Session.Refused\",\"parameters\":{\"message\":\"the supervisor that "
	"started this session is gone (it was restarted, or ended); what it decided still holds, but "
	"only it could say why\"}}";

void questions_init(struct questions *q)
{
	*q = (struct questions){ .lock = PTHREAD_MUTEX_INITIALIZER, .link_fd = -1 };
	for (int i = 0; i < QUESTIONS_AT_ONCE; i++) {
		q->open[i] = (struct question){ .fd = -1, .all = q };
	}
}

void questions_link(struct questions *q, int link_fd)
{
	if (q->link_fd < 0 && link_fd >= 0) {
		q->link_fd = fcntl(link_fd, F_DUPFD_CLOEXEC, 0);
	}
}

/* Called with the lock held. What the other end does not take at once it does not want. */
static void finish(struct question *one, const char *text, size_t n)
{
	char end = '\0';

	if (text && send(one->fd, text, n, MSG_DONTWAIT | MSG_NOSIGNAL | MSG_MORE) == (ssize_t)n) {
		send(one->fd, &end, 1, MSG_DONTWAIT | MSG_NOSIGNAL);
	}
	close_fd(&one->fd);
	one->waiting = false;
}

/* The call without its terminator; -errno when there is none in time. */
static ssize_t read_call(int fd, char *p, size_t size)
{
	for (size_t n = 0; n < size;) {
		ssize_t got = recv(fd, p + n, size - n, 0);
		const char *end;
		if (got <= 0) {
			return got < 0 ? -errno : -EPIPE;
		}
		n += (size_t)got;
		end = memchr(p, '\0', n);
		if (end) {
			return end - p;
		}
	}
	return -EMSGSIZE;
}

static void forward(struct question *one, const char *text, size_t n)
{
	struct questions *q = one->all;
	char packet[sizeof(struct link_question) + LINK_QUESTION_MAX];
	struct link_question header = { .type = LINK_QUESTION };
	uint64_t now, at;

	pthread_mutex_lock(&q->lock);
	now = clock_usec();
	at = q->next_usec > now ? q->next_usec : now;
	q->next_usec = at + INTERVAL_USEC;
	pthread_mutex_unlock(&q->lock);
	if (at > now) {
		nanosleep(&(struct timespec){ .tv_nsec = (long)(at - now) * 1000 }, NULL);
	}

	pthread_mutex_lock(&q->lock);
	header.serial = one->serial = ++q->last_serial;
	memcpy(packet, &header, sizeof(header));
	memcpy(packet + sizeof(header), text, n);
	one->waiting = true;
	if (q->link_fd < 0 ||
		fd_send(q->link_fd, packet, sizeof(header) + n, NULL, 0, MSG_DONTWAIT) < 0) {
		finish(one, gone, strlen(gone));
	}
	pthread_mutex_unlock(&q->lock);
}

static void *ask(void *userdata)
{
	struct question *one = userdata;
	char text[LINK_QUESTION_MAX];
	ssize_t n = read_call(one->fd, text, sizeof(text));

	if (n > 0) {
		forward(one, text, (size_t)n);
	} else {
		pthread_mutex_lock(&one->all->lock);
		finish(one, NULL, 0);
		pthread_mutex_unlock(&one->all->lock);
	}
	return NULL;
}

/* Called with the lock held. */
static int start(struct question *one, struct asker *a, int number, int old_fd)
{
	const struct timeval patience = { .tv_sec = PATIENCE_SEC };
	_cleanup_close_ int theirs = -1;
	int pair[2], flags = fcntl(old_fd, F_GETFL), r;
	pthread_t thread;

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) < 0) {
		return -errno;
	}
	one->fd = pair[0];
	theirs = pair[1];
	setsockopt(one->fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
	if (flags >= 0 && (flags & O_NONBLOCK)) {
		fcntl(theirs, F_SETFL, O_NONBLOCK);
	}
	r = asker_inject(a, theirs, number, O_CLOEXEC);
	if (r >= 0) {
		r = -listener_thread(&thread, ask, one);
	}
	if (r < 0) {
		finish(one, NULL, 0);
		return r;
	}
	pthread_detach(thread);
	return 0;
}

int questions_open(struct questions *q, struct asker *a, int number, int old_fd)
{
	int r = -EAGAIN;

	pthread_mutex_lock(&q->lock);
	for (int i = 0; i < QUESTIONS_AT_ONCE; i++) {
		if (q->open[i].fd < 0) {
			r = start(&q->open[i], a, number, old_fd);
			break;
		}
	}
	pthread_mutex_unlock(&q->lock);
	return r;
}

void questions_answer(struct questions *q, uint32_t serial, const char *text, size_t n)
{
	pthread_mutex_lock(&q->lock);
	for (int i = 0; i < QUESTIONS_AT_ONCE; i++) {
		if (q->open[i].waiting && q->open[i].serial == serial) {
			finish(&q->open[i], text, n);
		}
	}
	pthread_mutex_unlock(&q->lock);
}

void questions_abandon(struct questions *q)
{
	pthread_mutex_lock(&q->lock);
	close_fd(&q->link_fd);
	for (int i = 0; i < QUESTIONS_AT_ONCE; i++) {
		if (q->open[i].waiting) {
			finish(&q->open[i], gone, strlen(gone));
		}
	}
	pthread_mutex_unlock(&q->lock);
}
