/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the session may change and whom it may connect to, for the decisions Landlock does not make:
 * the objects of its write grants, and the unix sockets that are its own. By device and inode,
 * never by name.
 *
 * An inode number means a file as long as something keeps that file: of write grants the Landlock
 * rules do, of sockets a descriptor here.
 *
 * Filled while the session is single-threaded; the sockets may be used by any thread.
 */
#pragma once
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/stat.h>

struct granted_object {
	dev_t device;
	ino_t inode;
	int fd; /* of sockets: O_PATH, keeps the number from being used again */
};

struct granted {
	bool reads_own; /* something that may only be read belongs, or may belong, to our user */
	struct granted_object *writable;
	size_t n_writable;
	pthread_mutex_t lock; /* of the rest */
	struct granted_object *sockets;
	size_t n_sockets;
};

void granted_init(struct granted *g);

int granted_add_writable(struct granted *g, const struct stat *st); /* 0 or -ENOMEM */
int granted_add_writable_fd(struct granted *g, int fd);             /* or -errno of fstat */
/* Whether the directory, or one that it is in, is granted for writing. */
bool granted_covers_directory(const struct granted *g, int dir_fd);
/* The same for an object of any kind. */
bool granted_covers(const struct granted *g, int fd);

/* The session has bound the socket behind fd (O_PATH), which is taken. 0, or -ENOBUFS when there
 * are too many. */
int granted_add_socket(struct granted *g, int fd);
/* Whether the socket behind fd is one of them. */
bool granted_has_socket(struct granted *g, int fd);
