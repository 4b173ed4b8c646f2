/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/test-service.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "libcore/base/cleanup.h"
#include "proto/idl.h"
#include "proto/json.h"

static const char description[] =
	"# For tests.\n"
	"interface io.nono.Test\n"
	"\n"
	"type Kind (small, large)\n"
	"\n"
	"type Item (name: string, kind: ?Kind, children: ?[]Item)\n"
	"\n"
	"method Echo(item: Item, number: ?int, ratio: ?float, table: ?[string]int, extra: ?object)"
	" -> (item: Item, number: ?int, ratio: ?float, table: ?[string]int, extra: ?object)\n"
	"\n"
	"method Wait() -> (answer: int)\n"
	"\n"
	"method Count(upTo: int) -> (i: int)\n"
	"\n"
	"method Notify() -> ()\n"
	"\n"
	"method Read(fileDescriptor: int, other: ?int) -> (text: string)\n"
	"\n"
	"method Give() -> (fileDescriptor: int)\n"
	"\n"
	"method Switch() -> ()\n"
	"\n"
	"method Fail(number: int) -> ()\n"
	"\n"
	"method Forget() -> ()\n"
	"\n"
	"method Lie(utf8: bool) -> (number: int)\n"
	"\n"
	"method Large(size: int) -> (text: string)\n"
	"\n"
	"method Missing() -> ()\n"
	"\n"
	"error Denied (message: string)\n";

static int call_echo(struct vl_call *call, void *userdata)
{
	struct test_service *s = userdata;

	s->n_calls++;
	if (s->close_after_call) {
		vl_conn_close(vl_call_conn(call));
	}
	return vl_call_reply(call, json_object_get(vl_call_parameters(call)));
}

static void on_cancel(struct vl_call *call, void *userdata)
{
	struct test_service *s = userdata;

	/* Too late, and harmless. */
	vl_call_reply(call, NULL);
	s->n_cancelled++;
	s->waiting = NULL;
}

static int call_wait(struct vl_call *call, void *userdata)
{
	struct test_service *s = userdata;

	if (s->waiting) {
		return -EBUSY;
	}
	vl_call_keep(call, on_cancel, s);
	s->waiting = call;
	return 0;
}

static int call_count(struct vl_call *call, void *userdata)
{
	int64_t up_to = json_int_or(vl_call_parameters(call), "upTo", 0);

	(void)userdata;
	for (int64_t i = 1; i <= up_to; i++) {
		struct json_object *o = json_object_new_object();
		json_add_int(o, "i", i);
		int r = i < up_to ? vl_call_notify(call, o) : vl_call_reply(call, o);
		if (r < 0) {
			return r;
		}
	}
	return 0;
}

static int call_notify(struct vl_call *call, void *userdata)
{
	(void)userdata;
	return vl_call_notify(call, NULL);
}

static int call_read(struct vl_call *call, void *userdata)
{
	struct json_object *p = vl_call_parameters(call), *o;
	_cleanup_close_ int fd = vl_call_steal_fd(call, json_int_or(p, "fileDescriptor", -1));
	_cleanup_close_ int other = -1;
	char text[64];
	ssize_t n;

	(void)userdata;
	if (fd < 0) {
		return vl_call_invalid_parameter(call, "fileDescriptor");
	}
	if (json_int_or(p, "other", -1) >= 0) {
		other = vl_call_steal_fd(call, json_int_or(p, "other", -1));
		if (other < 0) {
			return vl_call_invalid_parameter(call, "other");
		}
	}
	n = read(fd, text, sizeof(text) - 1);
	if (n < 0) {
		return -errno;
	}
	text[n] = '\0';
	o = json_object_new_object();
	json_add_string(o, "text", text);
	return vl_call_reply(call, o);
}

static int call_give(struct vl_call *call, void *userdata)
{
	struct json_object *o = json_object_new_object();
	int fds[2];

	(void)userdata;
	if (pipe2(fds, O_CLOEXEC) < 0 || write(fds[1], "given", 5) != 5) {
		abort();
	}
	close(fds[1]);
	json_add_int(o, "fileDescriptor", 0);
	return vl_call_reply_fds(call, o, fds, 1);
}

static void on_upgraded(int fd, void *userdata)
{
	struct test_service *s = userdata;

	s->upgraded_fd = fd;
}

static int call_switch(struct vl_call *call, void *userdata)
{
	return vl_call_upgrade(call, NULL, on_upgraded, userdata);
}

static int call_fail(struct vl_call *call, void *userdata)
{
	(void)userdata;
	return -(int)(json_int_or(vl_call_parameters(call), "number", 1) & 0xffffff);
}

static int call_forget(struct vl_call *call, void *userdata)
{
	(void)call;
	(void)userdata;
	return 0;
}

static int call_lie(struct vl_call *call, void *userdata)
{
	struct json_object *o = json_object_new_object();

	(void)userdata;
	if (json_bool_or(vl_call_parameters(call), "utf8", true)) {
		json_object_object_add(o, "number", json_object_new_string("no number"));
	} else {
		json_object_object_add(o, "\xff", json_object_new_int(1));
	}
	return vl_call_reply(call, o);
}

static int call_large(struct vl_call *call, void *userdata)
{
	size_t n = (size_t)json_int_or(vl_call_parameters(call), "size", 0);
	_cleanup_free_ char *text = NULL;
	struct json_object *o;

	(void)userdata;
	if (n > 1 << 20) {
		return -E2BIG;
	}
	text = malloc(n + 1);
	o = json_object_new_object();
	memset(text, 'x', n);
	text[n] = '\0';
	json_add_string(o, "text", text);
	return vl_call_reply(call, o);
}

static const struct vl_method methods[] = {
	{ "Echo", .call = call_echo },
	{ "Wait", .flags = VL_MAY_MORE, .call = call_wait },
	{ "Count", .flags = VL_NEEDS_MORE, .call = call_count },
	{ "Notify", .flags = VL_MAY_MORE, .call = call_notify },
	{ "Read", .fds_min = 1, .fds_max = 2, .call = call_read },
	{ "Give", .call = call_give },
	{ "Switch", .flags = VL_NEEDS_UPGRADE, .call = call_switch },
	{ "Fail", .call = call_fail },
	{ "Forget", .call = call_forget },
	{ "Lie", .call = call_lie },
	{ "Large", .call = call_large },
	{ 0 },
};

static void on_disconnected(struct vl_conn *conn, void *userdata)
{
	struct test_service *s = userdata;

	(void)conn;
	s->n_disconnected++;
}

static int authorize(struct vl_call *call, const struct vl_method *method, void *userdata)
{
	const struct test_service *s = userdata;

	(void)method;
	return s->deny ? vl_call_error_message(call, "io.nono.Test.Denied", "%s", "not you") : 0;
}

void test_service_init(struct test_service *s, const struct vl_server_limits *limits)
{
	struct vl_server_config config = {
		.vendor = "nono",
		.product = "test",
		.version = "1",
		.disconnected = on_disconnected,
		.authorize = authorize,
		.userdata = s,
	};

	*s = (struct test_service){ .upgraded_fd = -2 };
	if (limits) {
		config.limits = *limits;
	}
	if (vl_server_new(&s->server, &config, NULL) < 0) {
		abort();
	}
	test_service_add(s, s->server);
}

void test_service_add(struct test_service *s, struct vl_server *server)
{
	if (vl_server_add_interface(
		    server, description, sizeof(description) - 1, methods, s, NULL) < 0) {
		abort();
	}
}

void test_service_deinit(struct test_service *s)
{
	vl_server_free(s->server);
	if (s->upgraded_fd >= 0) {
		close(s->upgraded_fd);
	}
}

int test_service_connect(struct test_service *s, struct vl_conn **ret)
{
	int fds[2];

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds) < 0) {
		abort();
	}
	if (vl_server_add_connection(s->server, fds[1], ret, NULL) < 0) {
		close(fds[0]);
		close(fds[1]);
		return -1;
	}
	return fds[0];
}

static uint64_t now_usec(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000 + (uint64_t)t.tv_nsec / 1000;
}

bool test_service_pump(struct vl_conn *conn)
{
	for (;;) {
		struct pollfd p = { .fd = vl_conn_fd(conn), .events = vl_conn_events(conn) };
		if (poll(&p, 1, 0) == 0 && vl_conn_deadline(conn) > now_usec()) {
			return true;
		}
		if (vl_conn_process(conn) < 0) {
			return false;
		}
	}
}
