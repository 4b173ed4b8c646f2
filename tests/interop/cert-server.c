/* SPDX-License-Identifier: Apache-2.0 */
/*
 * org.varlink.certification, and the interface of tests/test-service.c, on a socket.
 *
 * usage: cert-server PATH
 * Serves until its standard input ends.
 */
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>

#include "libcore/base/cleanup.h"
#include "libcore/base/embed.h"
#include "proto/json.h"
#include "tests/test-service.h"

#define CERT      "org.varlink.certification"
#define CONNS_MAX 64

extern const struct embedded_file cert_files[];

#define STRUCT "{\"bool\":false,\"int\":2,\"float\":3.14,\"string\":\"a \\\"lot\\\" of string\"}"
#define MYTYPE                                                                                     \
	"{\"object\":{\"method\":\"org.varlink.certification.Test09\",\"parameters\":{\"map\":"    \
	"{\"foo\":\"Foo\",\"bar\":\"Bar\"}}},\"enum\":\"two\",\"struct\":{\"first\":1,\"second\":" \
	"\"2\"},\"array\":[\"one\",\"two\",\"three\"],\"dictionary\":{\"foo\":\"Foo\",\"bar\":"    \
	"\"Bar\"},\"stringset\":{\"one\":{},\"two\":{},\"three\":{}},\"nullable\":null,"           \
	"\"nullable_array_struct\":null,\"interface\":{\"foo\":[null,{\"foo\":\"foo\",\"bar\":"    \
	"\"bar\"},null,{\"one\":\"foo\",\"two\":\"bar\"}],\"anon\":{\"foo\":true,\"bar\":false}}}"

/* What each step answers, which is what the next one has to be called with. */
static const char *const answers[] = {
	"{}",
	"{\"bool\":true}",
	"{\"int\":1}",
	"{\"float\":1.0}",
	"{\"string\":\"ping\"}",
	STRUCT,
	"{\"struct\":" STRUCT "}",
	"{\"map\":{\"foo\":\"Foo\",\"bar\":\"Bar\"}}",
	"{\"set\":{\"one\":{},\"two\":{},\"three\":{}}}",
	"{\"mytype\":" MYTYPE "}",
	"{\"last_more_replies\":[\"Reply number 1\",\"Reply number 2\",\"Reply number 3\","
	"\"Reply number 4\",\"Reply number 5\",\"Reply number 6\",\"Reply number 7\","
	"\"Reply number 8\",\"Reply number 9\",\"Reply number 10\"]}",
};

static int next_step; /* of the one client that is certified at a time */

static bool same(struct json_object *a, struct json_object *b)
{
	if ((json_object_is_type(a, json_type_int) || json_object_is_type(a, json_type_double)) &&
		(json_object_is_type(b, json_type_int) ||
			json_object_is_type(b, json_type_double))) {
		return json_object_get_double(a) == json_object_get_double(b);
	}
	if (json_object_get_type(a) != json_object_get_type(b)) {
		return false;
	}
	if (json_object_is_type(a, json_type_object)) {
		if (json_object_object_length(a) != json_object_object_length(b)) {
			return false;
		}
		json_object_object_foreach(a, name, value)
		{
			struct json_object *other;
			if (!json_object_object_get_ex(b, name, &other) || !same(value, other)) {
				return false;
			}
		}
		return true;
	}
	if (json_object_is_type(a, json_type_array)) {
		size_t n = json_object_array_length(a);
		for (size_t i = 0; n == json_object_array_length(b) && i < n; i++) {
			if (!same(json_object_array_get_idx(a, i),
				    json_object_array_get_idx(b, i))) {
				return false;
			}
		}
		return n == json_object_array_length(b);
	}
	return json_object_equal(a, b);
}

static struct json_object *from_text(const char *text)
{
	struct json_object *o = NULL;
	struct nono_error err;

	if (json_parse(&o, text, strlen(text), &err) < 0) {
		fprintf(stderr, "cert-server: %s\n", err.message);
		abort();
	}
	return o;
}

/* Members that are null say the same as members that are not there. */
static void drop_nulls(struct json_object *o)
{
	struct json_object *mytype = json_object_of(o, "mytype");

	if (mytype) {
		json_object_object_del(mytype, "nullable");
		json_object_object_del(mytype, "nullable_array_struct");
	}
}

static int check_arguments(struct vl_call *call, int step)
{
	_cleanup_(json_object_putp) struct json_object *wants = from_text(answers[step - 1]);
	struct json_object *got = vl_call_parameters(call), *o;
	const char *id = json_string_or(got, "client_id", "");

	if (strcmp(id, "the-client") != 0) {
		return vl_call_error(call, CERT ".ClientIdError", NULL);
	}
	json_add_string(wants, "client_id", id);
	drop_nulls(got);
	drop_nulls(wants);
	if (step == next_step && same(wants, got)) {
		next_step++;
		return 0;
	}
	o = json_object_new_object();
	json_add(o, "wants", TAKE_PTR(wants));
	json_add(o, "got", json_object_get(got));
	return vl_call_error(call, CERT ".CertificationError", o);
}

static int call_start(struct vl_call *call, void *userdata)
{
	(void)userdata;
	next_step = 1;
	return vl_call_reply(call, from_text("{\"client_id\":\"the-client\"}"));
}

static int call_test10(struct vl_call *call)
{
	for (int i = 1; i <= 10; i++) {
		struct json_object *o = json_object_new_object();
		char text[32];
		snprintf(text, sizeof(text), "Reply number %d", i);
		json_add_string(o, "string", text);
		int r = i < 10 ? vl_call_notify(call, o) : vl_call_reply(call, o);
		if (r < 0) {
			return r;
		}
	}
	return 0;
}

static int call_test(struct vl_call *call, void *userdata)
{
	const char *digits = vl_call_method(call) + strlen(CERT ".Test");
	int step = (digits[0] - '0') * 10 + digits[1] - '0', before = next_step;
	int r = check_arguments(call, step);

	(void)userdata;
	if (r < 0 || next_step == before) {
		return r;
	}
	if (step == 10) {
		return call_test10(call);
	}
	/* 11 is oneway: the answer is dropped. */
	return vl_call_reply(call, step < 11 ? from_text(answers[step]) : NULL);
}

static int call_end(struct vl_call *call, void *userdata)
{
	struct json_object *o = json_object_new_object();

	(void)userdata;
	json_add_bool(o, "all_ok", next_step == 12);
	return vl_call_reply(call, o);
}

static const struct vl_method cert_methods[] = {
	{ "Start", .call = call_start },
	{ "Test01", .call = call_test },
	{ "Test02", .call = call_test },
	{ "Test03", .call = call_test },
	{ "Test04", .call = call_test },
	{ "Test05", .call = call_test },
	{ "Test06", .call = call_test },
	{ "Test07", .call = call_test },
	{ "Test08", .call = call_test },
	{ "Test09", .call = call_test },
	{ "Test10", .flags = VL_NEEDS_MORE, .call = call_test },
	{ "Test11", .call = call_test },
	{ "End", .call = call_end },
	{ 0 },
};

/* ---- the loop ---- */

static struct vl_conn *conns[CONNS_MAX];

static void on_disconnected(struct vl_conn *conn, void *userdata)
{
	(void)userdata;
	for (int i = 0; i < CONNS_MAX; i++) {
		if (conns[i] == conn) {
			conns[i] = NULL;
		}
	}
}

static void accept_one(struct vl_server *server, int listen_fd)
{
	int fd = accept4(listen_fd, NULL, NULL, SOCK_CLOEXEC);

	for (int i = 0; fd >= 0 && i < CONNS_MAX; i++) {
		if (!conns[i] && vl_server_add_connection(server, fd, &conns[i], NULL) == 0) {
			return;
		}
	}
	close_fd(&fd);
}

static uint64_t now_usec(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000 + (uint64_t)t.tv_nsec / 1000;
}

static void serve(struct vl_server *server, int listen_fd)
{
	struct pollfd p[CONNS_MAX + 2];

	for (;;) {
		p[0] = (struct pollfd){ .fd = STDIN_FILENO, .events = POLLIN };
		p[1] = (struct pollfd){ .fd = listen_fd, .events = POLLIN };
		for (int i = 0; i < CONNS_MAX; i++) {
			p[i + 2] = (struct pollfd){
				.fd = conns[i] ? vl_conn_fd(conns[i]) : -1,
				.events = conns[i] ? vl_conn_events(conns[i]) : (short)0,
			};
		}
		if (poll(p, CONNS_MAX + 2, 100) < 0 && errno != EINTR) {
			return;
		}
		if (p[0].revents) {
			return;
		}
		for (int i = 0; i < CONNS_MAX; i++) {
			if (conns[i] &&
				(p[i + 2].revents || vl_conn_deadline(conns[i]) <= now_usec())) {
				vl_conn_process(conns[i]);
			}
		}
		if (p[1].revents) {
			accept_one(server, listen_fd);
		}
	}
}

int main(int argc, char **argv)
{
	const struct vl_server_config config = {
		.vendor = "nono",
		.product = "certification",
		.version = "1",
		.disconnected = on_disconnected,
		.limits.stall_usec = 1000000,
	};
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	struct test_service service = { .upgraded_fd = -2 };
	struct vl_server *server;
	struct nono_error err;
	int fd;

	if (argc != 2 || strlen(argv[1]) >= sizeof(address.sun_path)) {
		fprintf(stderr, "usage: cert-server PATH\n");
		return 1;
	}
	memcpy(address.sun_path, argv[1], strlen(argv[1]));
	if (vl_server_new(&server, &config, &err) < 0 ||
		vl_server_add_interface(server, cert_files[0].text, cert_files[0].size,
			cert_methods, NULL, &err) < 0) {
		fprintf(stderr, "cert-server: %s\n", err.message);
		return 1;
	}
	test_service_add(&service, server);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0 || bind(fd, (struct sockaddr *)&address, sizeof(address)) < 0 ||
		listen(fd, 64) < 0) {
		perror("cert-server");
		return 1;
	}
	serve(server, fd);
	vl_server_free(server);
	close(fd);
	return 0;
}
