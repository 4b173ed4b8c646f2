/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs inside a session and makes life hard for who answers its calls. test-listener.c starts it.
 * Exits with 0 when everything was answered as it should be; says what was not.
 */
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define CHECK(condition)                                                                           \
	do {                                                                                       \
		if (!(condition)) {                                                                \
			fprintf(stdout, "line %d: %s (errno %d)\n", __LINE__, #condition, errno);  \
			fflush(stdout);                                                            \
			_exit(1);                                                                  \
		}                                                                                  \
	} while (0)

static const struct timespec moment = { .tv_nsec = 60000000 };

static struct sockaddr_un named(const char *name)
{
	struct sockaddr_un a = { .sun_family = AF_UNIX };

	snprintf(a.sun_path, sizeof(a.sun_path), "%s", name);
	return a;
}

static int unix_connect(int fd, const char *name)
{
	struct sockaddr_un a = named(name);

	return connect(fd, (struct sockaddr *)&a, sizeof(a));
}

static int listening(const char *name, int backlog)
{
	struct sockaddr_un a = named(name);
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	unlink(name);
	CHECK(fd >= 0);
	CHECK(bind(fd, (struct sockaddr *)&a, sizeof(a)) == 0);
	CHECK(listen(fd, backlog) == 0);
	return fd;
}

static int new_socket(void)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	CHECK(fd >= 0);
	return fd;
}

/* A listener nobody more can connect to without waiting. */
static int full(const char *name)
{
	int fd = listening(name, 0), c = new_socket();

	CHECK(unix_connect(c, name) == 0);
	return fd;
}

static void expect_works(void)
{
	int fd = listening("works", 1), c = new_socket();

	CHECK(unix_connect(c, "works") == 0);
	close(c);
	close(fd);
}

/* Arguments the kernel refuses, in the order in which it looks at them. */
static void arguments(void)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	char *two =
		mmap(NULL, 2 * page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	struct sockaddr_un a = named("nothing-here"), own = named("own");
	struct sockaddr_in in = { .sin_family = AF_INET };
	int fd = new_socket(), l = listening("own", 5), pipes[2];
	size_t n = offsetof(struct sockaddr_un, sun_path) + sizeof("own");

	CHECK(two != MAP_FAILED && munmap(two + page, page) == 0 && pipe(pipes) == 0);
	CHECK(connect(-1, NULL, 4) == -1 && errno == EBADF);
	CHECK(connect(4000, (struct sockaddr *)&a, sizeof(a)) == -1 && errno == EBADF);
	CHECK(connect(pipes[0], (struct sockaddr *)&a, sizeof(a)) == -1 && errno == ENOTSOCK);
	CHECK(connect(fd, (struct sockaddr *)&a, (socklen_t)-1) == -1 && errno == EINVAL);
	CHECK(connect(fd, (struct sockaddr *)&a, 129) == -1 && errno == EINVAL);
	CHECK(connect(fd, (struct sockaddr *)&a, 0) == -1 && errno == EINVAL);
	CHECK(connect(fd, (struct sockaddr *)&in, sizeof(in)) == -1 && errno == EINVAL);
	CHECK(connect(fd, (struct sockaddr *)8, 16) == -1 && errno == EFAULT);
	CHECK(connect(fd, (struct sockaddr *)(two + page - 4), 16) == -1 && errno == EFAULT);
	CHECK(connect(fd, (struct sockaddr *)&a, sizeof(a)) == -1 && errno == ENOENT);
	CHECK(bind(fd, (struct sockaddr *)8, 16) == -1 && errno == EFAULT);
	CHECK(bind(fd, (struct sockaddr *)&a, 2) == -1 && errno == EACCES);
	/* The last bytes of a page, without a terminator. */
	memcpy(two + page - n + 1, &own, n - 1);
	CHECK(connect(fd, (struct sockaddr *)(two + page - n + 1), (socklen_t)n - 1) == 0);
	CHECK(connect(fd, (struct sockaddr *)&own, sizeof(own)) == -1 && errno == EISCONN);
	CHECK(unix_connect(l, "own") == -1);
	/* A socket of another type than the listener's. */
	close(fd);
	fd = socket(AF_UNIX, SOCK_SEQPACKET, 0);
	CHECK(unix_connect(fd, "own") == -1 && errno == EPROTOTYPE);
	CHECK(bind(l, (struct sockaddr *)&a, sizeof(a)) == -1 && errno == EINVAL);
	close(l);
	CHECK(unix_connect(new_socket(), "own") == -1 && errno == ECONNREFUSED);
}

static volatile sig_atomic_t signals;

static void on_signal(int sig)
{
	(void)sig;
	signals++;
}

static void handle(int sig, int flags)
{
	struct sigaction action = { .sa_handler = on_signal, .sa_flags = flags };

	sigaction(sig, &action, NULL);
}

/* A call that waits is interrupted by a signal that is caught, and only by that. */
static void interrupted(void)
{
	int l = full("full"), c = new_socket(), status;
	pid_t child;

	handle(SIGUSR1, 0);
	child = fork();
	if (child == 0) {
		_exit(unix_connect(c, "full") == -1 && errno == EINTR && signals >= 1 ? 0 : 1);
	}
	nanosleep(&moment, NULL);
	kill(child, SIGWINCH); /* ignored by default: nothing happens */
	nanosleep(&moment, NULL);
	CHECK(waitpid(child, &status, WNOHANG) == 0);
	/* On a busy machine it may not have come to the call when the first one arrives. */
	do {
		kill(child, SIGUSR1);
		nanosleep(&moment, NULL);
	} while (waitpid(child, &status, WNOHANG) == 0);
	CHECK(status == 0);

	handle(SIGUSR1, SA_RESTART);
	child = fork();
	if (child == 0) {
		_exit(unix_connect(c, "full") == 0 && signals >= 1 ? 0 : 1);
	}
	for (int i = 0; i < 4; i++) {
		nanosleep(&moment, NULL);
		kill(child, SIGUSR1);
	}
	nanosleep(&moment, NULL);
	CHECK(waitpid(child, &status, WNOHANG) == 0);
	CHECK(accept(l, NULL, NULL) >= 0);
	CHECK(waitpid(child, &status, 0) == child && status == 0);

	/* Stopped and continued while it waits. */
	c = new_socket();
	child = fork();
	if (child == 0) {
		_exit(unix_connect(c, "full") == 0 ? 0 : 1);
	}
	nanosleep(&moment, NULL);
	kill(child, SIGSTOP);
	CHECK(waitpid(child, &status, WUNTRACED) == child && WIFSTOPPED(status));
	kill(child, SIGCONT);
	CHECK(accept(l, NULL, NULL) >= 0);
	CHECK(waitpid(child, &status, 0) == child && status == 0);
}

/* Ends in the middle of a call, again and again; nothing stays behind and others are served. */
static void dying(void)
{
	int l = full("full");
	pid_t waiting[100];

	for (int i = 0; i < 200; i++) {
		pid_t child = fork();
		if (child == 0) {
			unix_connect(new_socket(), "full");
			_exit(1);
		}
		if (i % 3 == 0) {
			nanosleep(&(struct timespec){ .tv_nsec = 2000000 }, NULL);
		}
		kill(child, SIGKILL);
		waitpid(child, NULL, 0);
	}
	expect_works();
	/* More that wait than there are answerers: the rest waits its turn, and all of it ends. */
	for (int i = 0; i < 100; i++) {
		waiting[i] = fork();
		if (waiting[i] == 0) {
			unix_connect(new_socket(), "full");
			_exit(1);
		}
	}
	nanosleep(&moment, NULL);
	for (int i = 0; i < 100; i++) {
		kill(waiting[i], SIGKILL);
		waitpid(waiting[i], NULL, 0);
	}
	expect_works();
	close(l);
}

static atomic_int answered, wrong;
static pthread_barrier_t barrier;

static void *storm_thread(void *missing)
{
	struct sockaddr_un a = named(missing ? "missing" : "own");
	int fd = missing ? (int)(intptr_t)missing : new_socket();

	pthread_barrier_wait(&barrier);
	if (connect(fd, (struct sockaddr *)&a, sizeof(a)) == -1 && errno != ENOENT &&
		errno != EAGAIN) {
		wrong++;
	}
	answered++;
	return NULL;
}

/* Very many threads call at the same time. */
static void storm(int n)
{
	pthread_t *threads = calloc((size_t)n, sizeof(*threads));
	int l = listening("own", 4096), fd = new_socket(), made = 0;
	pthread_attr_t attr;

	pthread_attr_init(&attr);
	pthread_attr_setstacksize(&attr, 32768);
	pthread_barrier_init(&barrier, NULL, (unsigned)n);
	for (; made < n; made++) {
		if (pthread_create(&threads[made], &attr, storm_thread,
			    made % 50 == 0 ? NULL : (void *)(intptr_t)fd) != 0) {
			printf("only %d threads\n", made);
			fflush(stdout);
			_exit(77);
		}
	}
	for (int i = 0; i < n; i++) {
		pthread_join(threads[i], NULL);
	}
	CHECK(answered == n && wrong == 0);
	free(threads);
	close(l);
	expect_works();
}

static atomic_bool stop;
static char *place;

static void *unmapper(void *unused)
{
	(void)unused;
	while (!stop) {
		mmap(place, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED,
			-1, 0);
		memcpy(place, &(struct sockaddr_un){ AF_UNIX, "own" }, 8);
		munmap(place, 4096);
	}
	return NULL;
}

/* Memory that comes and goes, and descriptors that do. */
static void vanishing(void)
{
	int l = listening("own", 4096);
	pthread_t thread;

	place = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	CHECK(pthread_create(&thread, NULL, unmapper, NULL) == 0);
	for (int i = 0; i < 5000; i++) {
		int fd = new_socket();
		int r = connect(fd, (struct sockaddr *)place, 8);
		CHECK(r == 0 || errno == EFAULT || errno == EINVAL || errno == EAGAIN ||
			errno == EACCES);
		close(fd);
	}
	stop = true;
	pthread_join(thread, NULL);
	close(l);
	expect_works();
}

/* A program that cannot be looked into is refused, and others are not. */
static void undumpable(void)
{
	int l = listening("own", 5), status;
	pid_t child = fork();

	if (child == 0) {
		prctl(PR_SET_DUMPABLE, 0);
		_exit(unix_connect(new_socket(), "own") == -1 && (errno == EPERM || errno == EACCES)
				? 0
				: 1);
	}
	CHECK(waitpid(child, &status, 0) == child && status == 0);
	close(l);
	expect_works();
}

/* Very many sockets are bound; those that are removed make room. */
static void many_bound(void)
{
	for (int i = 0; i < 1500; i++) {
		int l = listening("one-more", 1);
		CHECK(unix_connect(new_socket(), "one-more") == 0 || errno == EMFILE);
		close(l);
		if (i % 100 == 0) {
			CHECK(syscall(SYS_close_range, 10, ~0U, 0) == 0);
		}
		CHECK(unlink("one-more") == 0);
	}
	expect_works();
}

/* vfork-style children make calls too: who waits for them is their parent, not us. */
static int in_child(void *unused)
{
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	(void)unused;
	_exit(unix_connect(fd, "own") == 0 ? 0 : 1);
}

static void vforked(void)
{
	static char stack[65536] __attribute__((aligned(16)));
	int l = listening("own", 64), status;

	for (int i = 0; i < 50; i++) {
		pid_t child = clone(
			in_child, stack + sizeof(stack), CLONE_VM | CLONE_VFORK | SIGCHLD, NULL);
		CHECK(child > 0 && waitpid(child, &status, 0) == child && status == 0);
	}
	close(l);
}

/* Asks what nono-session passes on, and prints the answer. */
static void ask(const char *text)
{
	struct sockaddr_un a = { .sun_family = AF_UNIX, .sun_path = "\0io.nono.self" };
	size_t n = offsetof(struct sockaddr_un, sun_path) + sizeof("\0io.nono.self") - 1;
	int fd = new_socket();
	char answer[1000];
	ssize_t got;

	CHECK(connect(fd, (struct sockaddr *)&a, (socklen_t)n) == 0);
	CHECK(send(fd, text, strlen(text) + 1, 0) == (ssize_t)strlen(text) + 1);
	for (size_t all = 0; (got = read(fd, answer + all, sizeof(answer) - all)) > 0;) {
		all += (size_t)got;
		if (answer[all - 1] == '\0') {
			printf("%s\n", answer);
			fflush(stdout);
			return;
		}
	}
	CHECK(got > 0);
}

int main(int argc, char **argv)
{
	const char *what = argc > 1 ? argv[1] : "";

	alarm(60);
	if (strcmp(what, "arguments") == 0) {
		arguments();
	} else if (strcmp(what, "interrupted") == 0) {
		interrupted();
	} else if (strcmp(what, "dying") == 0) {
		dying();
	} else if (strcmp(what, "storm") == 0) {
		storm(10000);
	} else if (strcmp(what, "vanishing") == 0) {
		vanishing();
	} else if (strcmp(what, "undumpable") == 0) {
		undumpable();
	} else if (strcmp(what, "many-bound") == 0) {
		many_bound();
	} else if (strcmp(what, "ask") == 0 && argc > 2) {
		ask(argv[2]);
	} else if (strcmp(what, "vforked") == 0) {
		vforked();
	} else {
		return 2;
	}
	printf("done\n");
	return 0;
}
