/* SPDX-License-Identifier: Apache-2.0 */
/* A small varlink service that has one method for everything a server can do wrong, and the loop
 * that unit tests and fuzzers drive it with. */
#pragma once
#include "proto/server.h"

/* Calls that io.nono.Test.Wait keeps, and what became of them. */
struct test_service {
	struct vl_server *server;
	struct vl_call *waiting;
	unsigned n_cancelled, n_disconnected, n_calls;
	int upgraded_fd; /* -2 until Switch has happened */
	bool deny;       /* the authorize hook refuses everything */
	bool close_after_call;
};

void test_service_init(struct test_service *s, const struct vl_server_limits *limits);
/* Only the interface, to a server of somebody else. */
void test_service_add(struct test_service *s, struct vl_server *server);
void test_service_deinit(struct test_service *s);
/* Adds a connection and returns our end of it. */
int test_service_connect(struct test_service *s, struct vl_conn **ret);
/* Processes until nothing is left to do. False when the connection is over. */
bool test_service_pump(struct vl_conn *conn);
