/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Receives the calls that the filter hands over and answers them.
 *
 * Answering one may take long: a name may lead to a file system that does not answer, a connection
 * takes as long as its peer wants. So it is done in threads of its own, and the loop that looks
 * after terminal, client and nonod never touches a call. There is one thread that receives and
 * answers; when it does not come back another takes over, up to a bound. Before the first call
 * there is none.
 *
 * A caught signal must end a call that waits, as it would without us: the loop looks for one while
 * a call takes long, and answers that it is to be made again (ERESTARTSYS), from which the kernel
 * makes what the handler asked for.
 */
#pragma once
#include <pthread.h>
#include <stdbool.h>

struct mediator;
struct listener;

/* Takes fd (filter_install_listener()). mediator is borrowed for good: threads may outlive any
 * call that could stop them. NULL when out of memory. */
struct listener *listener_new(int fd, struct mediator *mediator);

/* What to wait for with POLLIN, or -1: something is to be done by listener_dispatch(). It never
 * blocks. */
int listener_poll_fd(const struct listener *l);
void listener_dispatch(struct listener *l);

/* For answers. About to block for long: makes sure that others are answered meanwhile. 0, or
 * -EAGAIN when too many block already. */
int listener_make_room(struct listener *l);
/* A thread of modest size. 0 or a positive errno. */
int listener_thread(pthread_t *ret, void *(*run)(void *), void *userdata);
