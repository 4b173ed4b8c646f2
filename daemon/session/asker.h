/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The task that waits in a system call for our answer, and everything we ever take from it: copies
 * of its memory, duplicates of its descriptors, its working directory.
 *
 * Its number means it only as long as it waits. So the order is: take what is needed, then
 * asker_waits(), then decide and act on what was taken and on nothing else.
 */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct asker {
	int listener_fd; /* borrowed */
	uint64_t id;     /* of the call */
	pid_t tid;
	int pidfd; /* -1 until it is needed */
};

void asker_release(struct asker *a);

/* Whether it was the task with this number all the time until now. */
bool asker_waits(const struct asker *a);

/* A duplicate (CLOEXEC) of its descriptor, or -errno: -EBADF when it has none, -EPERM when it may
 * not be looked into. */
int asker_fd(struct asker *a, int number);
/* Copies n bytes of its memory. 0, -EFAULT, or -EPERM when it may not be looked into. */
int asker_read(const struct asker *a, uint64_t address, void *p, size_t n);
/* Copies a string with its terminator. Its length; -ENAMETOOLONG when size bytes do not hold it. */
ssize_t asker_read_string(const struct asker *a, uint64_t address, char *p, size_t size);
/* O_PATH descriptor of its working directory, or -errno. */
int asker_cwd(const struct asker *a);
/* The process it is a thread of, or -errno. */
pid_t asker_process(const struct asker *a);
int asker_umask(const struct asker *a); /* or -errno */

/* Gives it a duplicate of fd, in place of its descriptor `number` unless that is -1. The number it
 * has there, or -errno. */
int asker_inject(const struct asker *a, int fd, int number, unsigned fd_flags);

/* A caught signal, or one that stops it, waits for it: it would interrupt the call. */
bool asker_is_signalled(const struct asker *a);
