/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The calling side of org.varlink.certification, over the client library alone.
 *
 * usage: cert-client PATH
 * Every reply is handed back as the arguments of the next call, as text: what the server sent
 * survives our reader and writer, or it refuses.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "libcore/base/cleanup.h"
#include "libcore/base/json-write.h"
#include "proto/client.h"

#define CERT    "org.varlink.certification."
#define TIMEOUT 10000

static struct vl_client *client;
static char client_id[256];

_Noreturn static void fail(const char *what, const char *detail)
{
	fprintf(stderr, "cert-client: %s: %s\n", what, detail);
	exit(1);
}

static void send_call(const char *method, unsigned flags, struct buf *b)
{
	struct nono_error err;

	if (vl_client_send(client, method, flags, b->data, NULL, 0, TIMEOUT, &err) < 0) {
		fail(method, err.message);
	}
}

static struct vl_reply receive(const char *method)
{
	struct vl_reply reply;
	struct nono_error err;

	if (vl_client_receive(client, TIMEOUT, &reply, &err) < 0) {
		fail(method, err.message);
	}
	if (reply.error) {
		fprintf(stderr, "%.*s\n", (int)reply.parameters.n, reply.parameters.p);
		fail(method, reply.error);
	}
	return reply;
}

/* The members of the last reply with the client's id. */
static void build_arguments(struct buf *b, struct json_span last)
{
	struct json_writer w = { .buf = b };
	struct json_iter it = json_iter(last);
	struct json_span key, value;
	char name[64];

	json_begin_object(&w, NULL);
	json_write_string(&w, "client_id", client_id);
	while (json_next(&it, &key, &value)) {
		if (json_get_string(key, name, sizeof(name)) < 0) {
			fail("reply", "strange member");
		}
		if (strcmp(name, "client_id") != 0) {
			json_write_span(&w, name, value);
		}
	}
	json_end(&w);
	if (json_writer_error(&w) < 0) {
		fail("build", "arguments");
	}
}

/* Test10 answers several times, Test11 wants all of that and answers nothing. */
static void call_more_and_oneway(struct buf *arguments)
{
	_cleanup_(buf_deinit) struct buf b = { 0 };
	struct json_writer w = { .buf = &b };
	struct vl_reply reply;

	json_begin_object(&w, NULL);
	json_write_string(&w, "client_id", client_id);
	json_begin_array(&w, "last_more_replies");
	send_call(CERT "Test10", VL_MORE, arguments);
	do {
		reply = receive("Test10");
		json_write_span(&w, NULL, json_member(reply.parameters, "string"));
	} while (reply.continues);
	json_end(&w);
	json_end(&w);
	send_call(CERT "Test11", VL_ONEWAY, &b);
}

int main(int argc, char **argv)
{
	_cleanup_(buf_deinit) struct buf arguments = { 0 };
	struct vl_reply reply;
	struct nono_error err;
	char method[64];
	bool all_ok;

	if (argc != 2) {
		fail("usage", "cert-client PATH");
	}
	if (vl_client_connect(&client, argv[1], &err) < 0) {
		fail("connect", err.message);
	}
	send_call(CERT "Start", 0, &arguments);
	reply = receive("Start");
	if (json_get_string(
		    json_member(reply.parameters, "client_id"), client_id, sizeof(client_id)) < 0) {
		fail("Start", "no client_id");
	}
	for (int i = 1; i <= 9; i++) {
		buf_deinit(&arguments);
		build_arguments(&arguments, reply.parameters);
		snprintf(method, sizeof(method), CERT "Test%02d", i);
		send_call(method, 0, &arguments);
		reply = receive(method);
	}
	buf_deinit(&arguments);
	build_arguments(&arguments, reply.parameters);
	call_more_and_oneway(&arguments);
	buf_deinit(&arguments);
	build_arguments(&arguments, (struct json_span){ 0 });
	send_call(CERT "End", 0, &arguments);
	reply = receive("End");
	if (json_get_bool(json_member(reply.parameters, "all_ok"), &all_ok) < 0 || !all_ok) {
		fail("End", "not certified");
	}
	vl_client_free(client);
	puts("certified");
	return 0;
}
