/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/session/listener.h"

#include <errno.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "daemon/session/mediate.h"
#include "libcore/base/cleanup.h"
#include "libcore/base/clock.h"
#include "libcore/base/compat.h"

#define THREADS_MAX    64
#define STACK_SIZE     (128 * 1024)
#define LOOK_USEC      20000 /* a call that takes longer is looked after */
#define LONG_USEC      1000000
#define LONG_LOOK_USEC 100000 /* and after LONG_USEC less often */
#define DESCRIPTORS    4096
#define RESTART        512     /* ERESTARTSYS, which the kernel keeps to itself */
#define INTERRUPT      SIGUSR1 /* ends what a thread waits for; all others are blocked */

/* A thread and the call it is busy with. */
struct worker {
	struct listener *listener;
	pthread_t thread;
	bool exists, busy;
	bool answered; /* by the loop */
	struct asker asker;
	uint64_t since;
};

struct listener {
	struct mediator *mediator;
	int fd, timer_fd;
	bool started, ended;
	pthread_mutex_t lock;   /* of the rest */
	struct worker *workers; /* THREADS_MAX of them, from the first call on */
	int n_waiting;          /* threads that will receive */
	bool watched;           /* the timer runs */
};

struct listener *listener_new(int fd, struct mediator *mediator)
{
	struct listener *l = calloc(1, sizeof(*l));

	if (l) {
		l->mediator = mediator;
		l->fd = fd;
		l->timer_fd = -1;
		pthread_mutex_init(&l->lock, NULL);
	}
	return l;
}

int listener_thread(pthread_t *ret, void *(*run)(void *), void *userdata)
{
	pthread_attr_t attr;
	int r = pthread_attr_init(&attr);

	if (r != 0) {
		return r;
	}
	r = pthread_attr_setstacksize(&attr, STACK_SIZE);
	if (r == 0) {
		r = pthread_create(ret, &attr, run, userdata);
	}
	pthread_attr_destroy(&attr);
	return r;
}

static void answer(int fd, uint64_t id, int64_t value)
{
	struct seccomp_notif_resp response = { .id = id };

	/* It may have ended while we were at it; then nobody waits. */
	if (value == MEDIATE_CONTINUE) {
		response.flags = SECCOMP_USER_NOTIF_FLAG_CONTINUE;
	} else if (value < 0) {
		response.error = (int32_t)value;
	} else {
		response.val = value;
	}
	ioctl(fd, SECCOMP_IOCTL_NOTIF_SEND, &response);
}

static void watch(struct listener *l, uint64_t usec)
{
	struct itimerspec in = { .it_value = { .tv_nsec = (long)usec * 1000 } };

	l->watched = timerfd_settime(l->timer_fd, 0, &in, NULL) == 0;
}

static void begin(struct worker *w, const struct seccomp_notif *n)
{
	struct listener *l = w->listener;

	pthread_mutex_lock(&l->lock);
	l->n_waiting--;
	w->busy = true;
	w->answered = false;
	w->asker = (struct asker){
		.listener_fd = l->fd, .id = n->id, .tid = (pid_t)n->pid, .pidfd = -1
	};
	w->since = clock_usec();
	if (!l->watched) {
		watch(l, LOOK_USEC);
	}
	pthread_mutex_unlock(&l->lock);
}

/* False when the thread is not needed any more. */
static bool end(struct worker *w, bool *ret_answered)
{
	struct listener *l = w->listener;
	bool stay;

	pthread_mutex_lock(&l->lock);
	*ret_answered = w->answered;
	w->busy = false;
	stay = l->n_waiting == 0;
	if (stay) {
		l->n_waiting++;
	} else {
		w->exists = false;
	}
	pthread_mutex_unlock(&l->lock);
	return stay;
}

/* 0 a call, -ENOENT the last task that could call is gone, or another error to be ignored. */
static int receive(int fd, struct seccomp_notif *n)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };

	memset(n, 0, sizeof(*n));
	if (ioctl(fd, SECCOMP_IOCTL_NOTIF_RECV, n) == 0) {
		return 0;
	}
	/* Also when the one that called was killed before we looked. */
	if (errno == ENOENT && poll(&p, 1, 0) > 0 && (p.revents & POLLHUP)) {
		return -ENOENT;
	}
	return -EAGAIN;
}

static void *work(void *userdata)
{
	struct worker *w = userdata;
	struct listener *l = w->listener;
	struct seccomp_notif n;
	sigset_t interrupt;
	bool stay = true;
	int r;

	sigemptyset(&interrupt);
	sigaddset(&interrupt, INTERRUPT);
	pthread_sigmask(SIG_UNBLOCK, &interrupt, NULL);
	while (stay && (r = receive(l->fd, &n)) != -ENOENT) {
		struct call c = { .mediator = l->mediator, .data = n.data };
		bool answered;
		int64_t value;
		if (r < 0) {
			continue;
		}
		begin(w, &n);
		c.asker = w->asker;
		value = mediate(&c);
		stay = end(w, &answered);
		if (!answered) {
			answer(l->fd, n.id, value);
		}
	}
	return NULL;
}

/* Called with the lock held. */
static int add_worker(struct listener *l)
{
	for (size_t i = 0; i < THREADS_MAX; i++) {
		struct worker *w = &l->workers[i];
		if (w->exists) {
			continue;
		}
		w->listener = l;
		if (listener_thread(&w->thread, work, w) != 0) {
			return -EAGAIN;
		}
		pthread_detach(w->thread);
		w->exists = true;
		l->n_waiting++;
		return 0;
	}
	return -EAGAIN;
}

int listener_make_room(struct listener *l)
{
	int r = 0;

	pthread_mutex_lock(&l->lock);
	if (l->n_waiting == 0) {
		r = add_worker(l);
	}
	pthread_mutex_unlock(&l->lock);
	return r;
}

static void on_interrupt(int sig)
{
	(void)sig;
}

/* The first call is there. What only a session with calls needs is made now. */
static int start(struct listener *l)
{
	struct sigaction interrupted = { .sa_handler = on_interrupt };
	struct rlimit files;

	l->workers = calloc(THREADS_MAX, sizeof(*l->workers));
	l->timer_fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
	if (!l->workers || l->timer_fd < 0 || sigaction(INTERRUPT, &interrupted, NULL) < 0) {
		return -EAGAIN;
	}
	if (getrlimit(RLIMIT_NOFILE, &files) == 0 && files.rlim_cur < DESCRIPTORS) {
		files.rlim_cur = files.rlim_max < DESCRIPTORS ? files.rlim_max : DESCRIPTORS;
		setrlimit(RLIMIT_NOFILE, &files);
	}
	/* The answered task goes on where we are (Linux 6.6): elsewhere waking it takes longer. */
	ioctl(l->fd, SECCOMP_IOCTL_NOTIF_SET_FLAGS, SECCOMP_USER_NOTIF_FD_SYNC_WAKE_UP);
	/* With as many processes as the user may have there is no thread to be had now. */
	pthread_mutex_lock(&l->lock);
	if (add_worker(l) < 0) {
		watch(l, LONG_LOOK_USEC);
	}
	pthread_mutex_unlock(&l->lock);
	return 0;
}

int listener_poll_fd(const struct listener *l)
{
	if (l->ended) {
		return -1;
	}
	return l->started ? l->timer_fd : l->fd;
}

/* A call that takes long. */
static void look_after(struct listener *l, struct worker *w)
{
	bool waits = asker_waits(&w->asker);

	if (waits && !w->answered && asker_is_signalled(&w->asker)) {
		answer(l->fd, w->asker.id, -RESTART);
		w->answered = true;
	}
	if (!waits || w->answered) {
		pthread_kill(w->thread, INTERRUPT);
	}
}

static void look_around(struct listener *l)
{
	uint64_t now = clock_usec(), next = LONG_LOOK_USEC;
	bool busy = false, stuck = false, lacking = false;

	pthread_mutex_lock(&l->lock);
	for (size_t i = 0; i < THREADS_MAX; i++) {
		struct worker *w = &l->workers[i];
		if (!w->exists || !w->busy) {
			continue;
		}
		busy = true;
		if (now - w->since < LONG_USEC) {
			next = LOOK_USEC;
		}
		if (now - w->since >= LOOK_USEC / 2) {
			stuck = true;
			look_after(l, w);
		}
	}
	if (l->n_waiting == 0 && (stuck || !busy)) {
		lacking = add_worker(l) < 0;
	}
	l->watched = false;
	if (busy || lacking) {
		watch(l, next);
	}
	pthread_mutex_unlock(&l->lock);
}

void listener_dispatch(struct listener *l)
{
	struct pollfd p = { .fd = l->fd, .events = POLLIN };
	uint64_t expired;

	if (l->started) {
		if (read(l->timer_fd, &expired, sizeof(expired)) == sizeof(expired)) {
			look_around(l);
		}
		return;
	}
	if (poll(&p, 1, 0) > 0 && (p.revents & POLLIN)) {
		/* Without a thread nobody would ever be answered: closing it makes the calls fail.
		 */
		l->started = start(l) == 0;
		if (l->started) {
			return;
		}
		close_fd(&l->fd);
	}
	l->ended = l->ended || l->fd < 0 || (p.revents & (POLLHUP | POLLERR));
}
