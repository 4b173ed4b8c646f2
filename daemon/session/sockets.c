/* SPDX-License-Identifier: Apache-2.0 */
/*
 * connect() and bind(), done on a duplicate of the asker's socket with a copy of the address.
 *
 * A unix socket in the file system is looked up once, to a descriptor. What is decided on is the
 * inode, and what is connected to is that descriptor, so no name is left that could be changed in
 * between. The session may connect to the sockets it has bound itself.
 *
 * bind() has to keep the name as it was given, because getsockname() tells it to others. So it is
 * done by name, by a thread that is in the same Landlock domain as the session: where a socket may
 * be made is then decided by the kernel, on what the name leads to at that moment.
 *
 * We are in no Landlock domain that knows ports, so where the network is down to single ones they
 * are decided on here.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <netinet/in.h>
#include <pthread.h>
#include <sched.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/vfs.h>
#include <time.h>
#include <unistd.h>

#include "daemon/session/birth.h"
#include "daemon/session/bound.h"
#include "daemon/session/listener.h"
#include "daemon/session/lookup.h"
#include "daemon/session/mediate.h"
#include "daemon/session/plan.h"
#include "libcore/base/cleanup.h"
#include "libcore/landlock.h"

#define UNIX_HEADER offsetof(struct sockaddr_un, sun_path)

/* Room for the terminator that a name of full length has not. */
union address {
	struct sockaddr any;
	struct sockaddr_un un;
	struct sockaddr_in in;
	struct sockaddr_in6 in6;
	struct sockaddr_storage storage;
	char bytes[sizeof(struct sockaddr_storage) + 1];
};

struct endpoint {
	int fd; /* the asker's socket */
	int family;
	union address address;
	socklen_t size;
};

static void endpoint_release(struct endpoint *e)
{
	close_fd(&e->fd);
}

/* Takes what both calls have: socket, address, size. In the order the kernel looks at them. */
static int take_endpoint(struct call *c, struct endpoint *e)
{
	int size = (int)c->data.args[2], r;
	socklen_t n = sizeof(e->family);

	*e = (struct endpoint){ .fd = asker_fd(&c->asker, (int)c->data.args[0]) };
	if (e->fd < 0) {
		return e->fd;
	}
	if (size < 0 || (size_t)size > sizeof(e->address.storage)) {
		return -EINVAL;
	}
	e->size = (socklen_t)size;
	r = asker_read(&c->asker, c->data.args[1], &e->address, e->size);
	if (r < 0) {
		return r;
	}
	if (getsockopt(e->fd, SOL_SOCKET, SO_DOMAIN, &e->family, &n) < 0) {
		return -errno;
	}
	return asker_waits(&c->asker) ? 0 : -ENOENT;
}

/* A name in the file system; otherwise unnamed or abstract, or not even a unix address. */
static bool has_path(const struct endpoint *e)
{
	return e->address.any.sa_family == AF_UNIX && e->size > UNIX_HEADER &&
	       e->size <= sizeof(struct sockaddr_un) && e->address.un.sun_path[0] != '\0';
}

static int finish(int r)
{
	return r < 0 ? -errno : r;
}

static bool is_question(const struct endpoint *e)
{
	size_t n = strlen(QUESTION_ADDRESS);

	return e->size == UNIX_HEADER + 1 + n &&
	       memcmp(e->address.un.sun_path + 1, QUESTION_ADDRESS, n) == 0;
}

static int connect_unix(struct call *c, const struct endpoint *e)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	_cleanup_close_ int fd = -1;
	struct stat st;

	if (!has_path(e)) {
		bool is_abstract = e->address.any.sa_family == AF_UNIX && e->size > UNIX_HEADER &&
				   e->size <= sizeof(address);
		if (is_abstract && is_question(e)) {
			return questions_open(
				&c->mediator->questions, &c->asker, (int)c->data.args[0], e->fd);
		}
		return is_abstract ? -EACCES : -EINVAL;
	}
	fd = lookup_object(&c->asker, AT_FDCWD, e->address.un.sun_path, true);
	if (fd < 0) {
		return fd;
	}
	if (fstat(fd, &st) < 0 || !S_ISSOCK(st.st_mode)) {
		return -ECONNREFUSED;
	}
	if (!granted_has_socket(&c->mediator->granted, fd)) {
		return -EACCES;
	}
	snprintf(address.sun_path, sizeof(address.sun_path), "/proc/self/fd/%d", fd);
	return finish(connect(e->fd, (struct sockaddr *)&address, sizeof(address)));
}

static bool is_loopback(const union address *a)
{
	const struct in6_addr *six = &a->in6.sin6_addr;

	if (a->any.sa_family == AF_INET) {
		return ntohl(a->in.sin_addr.s_addr) >> 24 == IN_LOOPBACKNET;
	}
	return a->any.sa_family == AF_INET6 &&
	       (IN6_IS_ADDR_LOOPBACK(six) ||
		       (IN6_IS_ADDR_V4MAPPED(six) && six->s6_addr[12] == IN_LOOPBACKNET));
}

/* Whether it can take long until the other side has answered. */
static bool is_slow(const struct endpoint *e)
{
	int type = 0, flags = fcntl(e->fd, F_GETFL);
	socklen_t n = sizeof(type);

	if (flags < 0 || (flags & O_NONBLOCK) ||
		getsockopt(e->fd, SOL_SOCKET, SO_TYPE, &type, &n) < 0 || type != SOCK_STREAM) {
		return false;
	}
	return !is_loopback(&e->address);
}

static bool is_inet(const struct endpoint *e)
{
	return e->family == AF_INET || e->family == AF_INET6;
}

static bool has_port(const struct plan_ports *ports, uint16_t port)
{
	for (size_t i = 0; i < ports->n; i++) {
		if (ports->items[i] == port) {
			return true;
		}
	}
	return false;
}

/* The port is at the same place in both. 0 when it is one of ports, or one of this machine's and on
 * such an address, or the network is open. */
static int check_port(
	const struct call *c, const struct endpoint *e, const struct plan_ports *ports)
{
	_Static_assert(
		offsetof(struct sockaddr_in, sin_port) == offsetof(struct sockaddr_in6, sin6_port),
		"one place");
	uint16_t port = ntohs(e->address.in.sin_port);
	int type = 0;
	socklen_t n = sizeof(type);

	if (plan_network_is_open(c->mediator->plan)) {
		return 0;
	}
	if (getsockopt(e->fd, SOL_SOCKET, SO_TYPE, &type, &n) < 0 || type != SOCK_STREAM) {
		return -EACCES;
	}
	if (has_port(ports, port) ||
		(has_port(&c->mediator->plan->localhost, port) && is_loopback(&e->address))) {
		return 0;
	}
	return -EACCES;
}

int64_t mediate_connect(struct call *c)
{
	_cleanup_(endpoint_release) struct endpoint e;
	int r = take_endpoint(c, &e);

	if (r < 0) {
		return r;
	}
	if (e.family == AF_UNIX) {
		return connect_unix(c, &e);
	}
	/* AF_UNSPEC undoes a connection. */
	if (is_inet(&e) && e.address.any.sa_family != AF_UNSPEC) {
		r = check_port(c, &e, &c->mediator->plan->connect);
		if (r == 0 && is_slow(&e)) {
			r = listener_make_room(c->mediator->listener);
		}
		if (r < 0) {
			return r;
		}
	}
	return finish(connect(e.fd, &e.address.any, e.size));
}

/* Between a thread and the one that waits for it. */
struct confined_bind {
	const struct endpoint *endpoint;
	const struct mediator *mediator;
	int cwd_fd;
	mode_t mask;
	int result;
};

static void *bind_confined(void *userdata)
{
	struct confined_bind *b = userdata;
	const struct mediator *m = b->mediator;
	int r = unshare(CLONE_FS) < 0 || fchdir(b->cwd_fd) < 0 ? -errno : 0;

	if (r == 0) {
		umask(b->mask);
		r = landlock_enforce(m->ruleset_fd, m->abi, false);
	}
	if (r == 0) {
		r = finish(bind(b->endpoint->fd, &b->endpoint->address.any, b->endpoint->size));
	}
	b->result = r;
	return NULL;
}

/* Whether what is behind fd is what the socket was bound to just now. By the time we look, the name
 * may lead to a socket somebody else has made meanwhile, so the kernel is asked; where it cannot
 * tell, or by another number than stat() does, what is older is not. */
static bool is_bound_to(int socket_fd, int fd, const struct stat *st, const struct timespec *before)
{
	struct statfs fs;
	uint32_t inode = 0;
	int r = bound_inode(socket_fd, &inode);

	if (!born_after(fd, before) || r == -ENOENT) {
		return false;
	}
	return r < 0 || inode == (uint32_t)st->st_ino ||
	       (fstatfs(fd, &fs) == 0 && fs.f_type == OVERLAYFS_SUPER_MAGIC);
}

/* Remembers what was bound. */
static int remember(struct call *c, const struct endpoint *e, const struct timespec *before)
{
	const char *name;
	_cleanup_close_ int dir_fd =
		lookup_parent(&c->asker, AT_FDCWD, e->address.un.sun_path, &name);
	_cleanup_close_ int fd = -1;
	struct stat st;

	if (dir_fd < 0) {
		return dir_fd;
	}
	fd = openat(dir_fd, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0 || fstat(fd, &st) < 0) {
		return -errno;
	}
	if (!S_ISSOCK(st.st_mode) || !is_bound_to(e->fd, fd, &st, before) ||
		!granted_covers_directory(&c->mediator->granted, dir_fd)) {
		return -EACCES;
	}
	return granted_add_socket(&c->mediator->granted, take_fd(&fd));
}

static int bind_path(struct call *c, const struct endpoint *e)
{
	_cleanup_close_ int cwd_fd = asker_cwd(&c->asker);
	struct confined_bind b = { .endpoint = e, .mediator = c->mediator, .cwd_fd = cwd_fd };
	int mask = asker_umask(&c->asker);
	struct timespec before;
	pthread_t thread;

	if (cwd_fd < 0 || mask < 0) {
		return -EACCES;
	}
	if (!asker_waits(&c->asker)) {
		return -ENOENT;
	}
	b.mask = (mode_t)mask;
	clock_gettime(CLOCK_REALTIME, &before);
	if (listener_thread(&thread, bind_confined, &b) != 0) {
		return -EAGAIN;
	}
	pthread_join(thread, NULL);
	/* A socket nobody inside can connect to is no failure of bind(). */
	if (b.result == 0) {
		remember(c, e, &before);
	}
	return b.result;
}

int64_t mediate_bind(struct call *c)
{
	_cleanup_(endpoint_release) struct endpoint e;
	int r = take_endpoint(c, &e);

	if (r < 0) {
		return r;
	}
	if (e.family == AF_UNIX && has_path(&e)) {
		return bind_path(c, &e);
	}
	/* Without a name the kernel would make up an abstract one. */
	if (e.family == AF_UNIX) {
		return e.address.any.sa_family == AF_UNIX ? -EACCES : -EINVAL;
	}
	if (is_inet(&e)) {
		r = check_port(c, &e, &c->mediator->plan->listen);
		if (r < 0) {
			return r;
		}
	}
	return finish(bind(e.fd, &e.address.any, e.size));
}

/* The port is e's own, as getsockname() tells it. */
static bool may_listen(const struct call *c, const struct endpoint *e)
{
	return !is_inet(e) || has_port(&c->mediator->plan->listen, 0) ||
	       check_port(c, e, &c->mediator->plan->listen) == 0;
}

/* A socket that was connected and is no more still tells the port it had, but listens on one of the
 * kernel's choice. So it is bound to what it tells; one that is bound already cannot be again. */
static int hold_port(const struct endpoint *e)
{
	if (!is_inet(e) || e->address.in.sin_port == 0 ||
		bind(e->fd, &e->address.any, e->size) == 0 || errno == EINVAL) {
		return 0;
	}
	return -errno;
}

static int take_name(struct endpoint *e)
{
	e->size = sizeof(e->address.storage);
	return finish(getsockname(e->fd, &e->address.any, &e->size));
}

/* Only where the network is down to single ports: without bind() it would listen on a port of the
 * kernel's choice on every address, which is what port 0 stands for. */
int64_t mediate_listen(struct call *c)
{
	_cleanup_(endpoint_release) struct endpoint e = {
		.fd = asker_fd(&c->asker, (int)c->data.args[0]),
	};
	socklen_t n = sizeof(e.family);
	int r;

	if (e.fd < 0) {
		return e.fd;
	}
	r = getsockopt(e.fd, SOL_SOCKET, SO_DOMAIN, &e.family, &n) < 0 ? -errno : take_name(&e);
	if (r < 0) {
		return r;
	}
	if (!asker_waits(&c->asker)) {
		return -ENOENT;
	}
	if (!may_listen(c, &e)) {
		return -EACCES;
	}
	r = hold_port(&e);
	if (r == 0) {
		r = finish(listen(e.fd, (int)c->data.args[1]));
	}
	/* Another thread may have undone a connection meanwhile, and with it what held the port. */
	if (r == 0 && (take_name(&e) < 0 || !may_listen(c, &e))) {
		shutdown(e.fd, SHUT_RDWR);
		r = -EACCES;
	}
	return r;
}
