/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A nonod of our own, started the way systemd starts one: with a listening socket as descriptor 3.
 * So it serves from its first instruction and a cold start can be measured without waiting for it
 * to bind.
 */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "libcore/base/cleanup.h"
#include "proto/runtime.h"
#include "tests/bench/bench.h"

#define END_TRIES 500 /* of 10 ms */

static char *format_env(const char *name, const char *value)
{
	char *s;

	if (asprintf(&s, "%s=%s", name, value) < 0) {
		die("out of memory");
	}
	return s;
}

void daemon_prepare(struct daemon *d, const struct bench *b, const char *name)
{
	static unsigned serial; /* modes are measured twice: never the same directory */
	struct sockaddr_un address = { .sun_family = AF_UNIX };

	*d = (struct daemon){ .listen_fd = -1 };
	snprintf(d->runtime, sizeof(d->runtime), "%s", below(b->dir, "%s%u", name, ++serial));
	make_directory(d->runtime);
	make_directory(below(d->runtime, "nono"));
	snprintf(d->socket, sizeof(d->socket), "%s", below(d->runtime, "nono/" RUNTIME_SOCKET));
	if (strlen(d->socket) >= sizeof(address.sun_path)) {
		die("%s is too long for a socket: choose a shorter TMPDIR", d->socket);
	}
	memcpy(address.sun_path, d->socket, strlen(d->socket) + 1);
	d->listen_fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (d->listen_fd < 0 || bind(d->listen_fd, (void *)&address, sizeof(address)) < 0 ||
		listen(d->listen_fd, 4096) < 0) {
		die("cannot listen on %s: %s", d->socket, strerror(errno));
	}
	d->env[0] = format_env("XDG_RUNTIME_DIR", d->runtime);
	d->env[1] = format_env("HOME", b->dir);
	d->env[2] = format_env("TMPDIR", below(b->dir, "tmp"));
	d->env[3] = format_env("PATH", "/usr/local/bin:/usr/bin:/bin");
	d->env[4] = format_env("LANG", "C.UTF-8");
	d->env[5] = format_env("ASAN_OPTIONS", "detect_leaks=0");
}

/* For the child, which shares our memory until it execs. */
struct start {
	const char *program;
	int listen_fd, null_fd, log_fd;
	char **env;
	char pid_text[32]; /* LISTEN_PID, which only the child can know */
};

static int start_in_child(void *p)
{
	struct start *s = p;
	char *argv[] = { (char *)"nonod", NULL };

	prctl(PR_SET_PDEATHSIG, SIGTERM);
	snprintf(s->pid_text, sizeof(s->pid_text), "LISTEN_PID=%d", (int)getpid());
	dup2(s->null_fd, 0);
	dup2(s->null_fd, 1);
	dup2(s->log_fd, 2);
	dup2(s->listen_fd, 3);
	execve(s->program, argv, s->env);
	_exit(127);
}

void daemon_spawn(struct daemon *d, const struct bench *b)
{
	static char stack[65536] __attribute__((aligned(64)));
	/* Clear of the number they are about to be given. */
	_cleanup_close_ int listen_fd = fcntl(d->listen_fd, F_DUPFD_CLOEXEC, 10);
	_cleanup_close_ int null_fd = open("/dev/null", O_RDWR | O_CLOEXEC);
	_cleanup_close_ int log_fd =
		open(below(d->runtime, "log"), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
	char *env[ELEMENTSOF(d->env) + 2] = { 0 };
	struct start s = { .program = b->nonod,
		.listen_fd = listen_fd,
		.null_fd = null_fd,
		.log_fd = log_fd,
		.env = env };
	size_t n = 0;

	while (d->env[n]) {
		env[n] = d->env[n];
		n++;
	}
	env[n++] = (char *)"LISTEN_FDS=1";
	env[n++] = s.pid_text;
	d->pid = clone(start_in_child, stack + sizeof(stack), CLONE_VM | CLONE_VFORK | SIGCHLD, &s);
	if (d->pid < 0) {
		die("cannot start %s: %s", b->nonod, strerror(errno));
	}
}

struct vl_client *daemon_connect(const struct daemon *d)
{
	struct vl_client *client;
	struct nono_error err;

	if (vl_client_connect(&client, d->socket, &err) < 0) {
		die("%s", err.message);
	}
	return client;
}

void daemon_start(struct daemon *d, const struct bench *b, const char *name)
{
	struct nono_error err;
	struct vl_reply reply;

	daemon_prepare(d, b, name);
	daemon_spawn(d, b);
	d->keep = daemon_connect(d);
	if (vl_client_call(d->keep, "org.varlink.service.GetInfo", NULL, NULL, 0, CALL_TIMEOUT_MS,
		    &reply, &err) < 0) {
		die("%s does not answer: %s", b->nonod, err.message);
	}
}

size_t daemon_sessions(const struct daemon *d, pid_t *supervisors, size_t max)
{
	struct json_iter it;
	struct json_span session;
	uint64_t pid;
	struct nono_error err;
	struct vl_reply reply;
	size_t n = 0;

	if (vl_client_call(d->keep, "io.nono.Session.List", NULL, NULL, 0, CALL_TIMEOUT_MS, &reply,
		    &err) < 0) {
		die("nonod does not list its sessions: %s", err.message);
	}
	if (reply.error) {
		die("nonod does not list its sessions: %s", reply.error);
	}
	it = json_iter(json_member(reply.parameters, "sessions"));
	while (json_next(&it, NULL, &session)) {
		if (n < max &&
			json_get_uint64(json_member(session, "supervisorProcessId"), &pid) == 0) {
			supervisors[n] = (pid_t)pid;
		}
		n++;
	}
	return n;
}

void daemon_end(struct daemon *d)
{
	const struct timespec pause = { .tv_nsec = 10000000 };

	d->keep = vl_client_free(d->keep);
	if (d->pid <= 0) {
		return;
	}
	kill(d->pid, SIGTERM);
	for (int i = 0; waitpid(d->pid, NULL, WNOHANG) == 0; i++) {
		if (i == END_TRIES) {
			kill(d->pid, SIGKILL);
		}
		nanosleep(&pause, NULL);
	}
	d->pid = 0;
}

void daemon_close(struct daemon *d)
{
	daemon_end(d);
	close_fd(&d->listen_fd);
	for (size_t i = 0; i < ELEMENTSOF(d->env); i++) {
		free(d->env[i]);
		d->env[i] = NULL;
	}
}
