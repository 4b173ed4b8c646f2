/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "libcore/base/buf.h"
#include "libcore/base/cleanup.h"
#include "libcore/base/json-write.h"
#include "proto/channel.h"
#include "proto/launch.h"
#include "tests/bench/bench.h"

/* In the order of the descriptors of io.nono.Session.Run. */
enum { FD_LAUNCH, FD_CWD, FD_STDIN, FD_STDOUT, FD_STDERR, FD_CHANNEL, FD_TERMINAL, _FD_MAX };
static const char *const fd_names[] = {
	"launchFileDescriptor",
	"workingDirectoryFileDescriptor",
	"standardInputFileDescriptor",
	"standardOutputFileDescriptor",
	"standardErrorFileDescriptor",
	"channelFileDescriptor",
	"terminalFileDescriptor",
};

void request_init(struct request *q, const char *dir, const char *const *argv, const int *streams,
	int terminal)
{
	static char *const env[] = { (char *)"PATH=/usr/bin:/bin", NULL };
	struct buf b = { 0 };
	struct json_writer w = { .buf = &b };
	struct nono_error err;

	q->n_fds = terminal >= 0 ? _FD_MAX : FD_TERMINAL;
	q->fds[FD_LAUNCH] = launch_create((char *const *)argv, env, &err);
	if (q->fds[FD_LAUNCH] < 0) {
		die("%s", err.message);
	}
	q->fds[FD_CWD] = open(dir, O_PATH | O_DIRECTORY | O_CLOEXEC);
	memcpy(&q->fds[FD_STDIN], streams, 3 * sizeof(*streams));
	q->fds[FD_CHANNEL] = -1;
	q->fds[FD_TERMINAL] = terminal;
	json_begin_object(&w, NULL);
	json_begin_object(&w, "context");
	json_begin_array(&w, "grants");
	json_begin_object(&w, NULL);
	json_write_string(&w, "path", dir);
	json_write_string(&w, "access", "read");
	json_write_bool(&w, "isFile", false);
	json_end(&w);
	json_end(&w);
	json_write_string(&w, "workingDirectory", dir);
	json_end(&w);
	for (size_t i = 0; i < q->n_fds; i++) {
		json_write_uint64(&w, fd_names[i], i);
	}
	json_end(&w);
	if (json_writer_error(&w) < 0) {
		die("cannot write the request");
	}
	q->parameters = buf_take(&b);
}

void request_deinit(struct request *q)
{
	close_fd(&q->fds[FD_LAUNCH]);
	close_fd(&q->fds[FD_CWD]);
	free(q->parameters);
	q->parameters = NULL;
}

void job_start(struct job *j, const struct daemon *d, const struct request *q)
{
	_cleanup_close_ int theirs = -1;
	struct nono_error err;
	int fds[_FD_MAX], pair[2];

	*j = (struct job){ .channel = -1, .started = now_usec() };
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0) {
		die("socketpair: %s", strerror(errno));
	}
	j->channel = pair[0];
	theirs = pair[1];
	memcpy(fds, q->fds, sizeof(fds));
	fds[FD_CHANNEL] = theirs;
	j->client = daemon_connect(d);
	if (vl_client_send(j->client, "io.nono.Session.Run", 0, q->parameters, fds, q->n_fds,
		    CALL_TIMEOUT_MS, &err) < 0) {
		die("%s", err.message);
	}
}

/* Nothing came of it: says what nonod says. */
static void explain(struct job *j)
{
	struct nono_error err;
	struct vl_reply reply;
	char text[400] = "";

	if (!j->client) {
		die("a session ended without a word");
	}
	if (vl_client_receive(j->client, CALL_TIMEOUT_MS, &reply, &err) < 0) {
		die("%s", err.message);
	}
	json_get_string(json_member(reply.parameters, "message"), text, sizeof(text));
	die("nonod refuses a session: %s: %s", reply.error ? reply.error : "accepted, and gone",
		text);
}

void job_process(struct job *j)
{
	_Alignas(8) char packet[CHANNEL_PACKET_MAX + 1];
	struct channel_started started;
	struct channel_exited exited;
	ssize_t n = recv(j->channel, packet, sizeof(packet) - 1, MSG_DONTWAIT);

	if (n < 0 && (errno == EAGAIN || errno == EINTR)) {
		return;
	}
	if (n <= 0) {
		explain(j);
	}
	packet[n] = '\0';
	switch (packet[0]) {
	case CHANNEL_STARTED:
		memcpy(&started, packet + 1, sizeof(started));
		j->pid = (pid_t)started.pid;
		break;
	case CHANNEL_EXITED:
		memcpy(&exited, packet + 1, sizeof(exited));
		j->status = (int)exited.wait_status;
		j->ended = true;
		break;
	case CHANNEL_FAILED:
		die("a session failed: %s", packet + 1 + sizeof(struct channel_failed));
	default:
		break;
	}
}

static void wait_channel(struct job *j)
{
	struct pollfd p = { .fd = j->channel, .events = POLLIN };

	if (poll(&p, 1, CALL_TIMEOUT_MS) == 0) {
		die("a session says nothing for %d seconds", CALL_TIMEOUT_MS / 1000);
	}
	job_process(j);
}

void job_wait_started(struct job *j)
{
	while (j->pid == 0) {
		wait_channel(j);
	}
	j->client = vl_client_free(j->client);
}

void job_wait_ended(struct job *j)
{
	while (!j->ended) {
		wait_channel(j);
	}
}

void job_close(struct job *j)
{
	j->client = vl_client_free(j->client);
	close_fd(&j->channel);
}

double job_time(const struct daemon *d, const struct request *q)
{
	struct job j;
	double usec;

	job_start(&j, d, q);
	job_wait_ended(&j);
	usec = now_usec() - j.started;
	if (j.status != 0) {
		die("a session ended with wait status 0x%x", (unsigned)j.status);
	}
	job_close(&j);
	return usec;
}
