/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Kernel constants newer than the headers we build against (Debian 12 ships those of Linux 6.1).
 * Numbers only: whether the running kernel knows them is always probed, never derived from a
 * version.
 */
#pragma once
#include <linux/seccomp.h>
#include <stdint.h>

/* Landlock: the structs carry our own names because the header's are older and shorter. */
struct landlock_attr {
	uint64_t handled_fs;  /* ABI 1: 8 bytes  */
	uint64_t handled_net; /* ABI 4: 16 bytes */
	uint64_t scoped;      /* ABI 6: 24 bytes */
};
struct landlock_path_rule {
	uint64_t allowed;
	int32_t parent_fd;
} __attribute__((packed));
struct landlock_port_rule {
	uint64_t allowed;
	uint64_t port;
};
enum {
	LL_RULE_PATH = 1,
	LL_RULE_PORT = 2, /* ABI 4 */
};
#define LL_FS_EXECUTE      (UINT64_C(1) << 0)
#define LL_FS_WRITE_FILE   (UINT64_C(1) << 1)
#define LL_FS_READ_FILE    (UINT64_C(1) << 2)
#define LL_FS_READ_DIR     (UINT64_C(1) << 3)
#define LL_FS_REMOVE_DIR   (UINT64_C(1) << 4)
#define LL_FS_REMOVE_FILE  (UINT64_C(1) << 5)
#define LL_FS_MAKE_CHAR    (UINT64_C(1) << 6)
#define LL_FS_MAKE_DIR     (UINT64_C(1) << 7)
#define LL_FS_MAKE_REG     (UINT64_C(1) << 8)
#define LL_FS_MAKE_SOCK    (UINT64_C(1) << 9)
#define LL_FS_MAKE_FIFO    (UINT64_C(1) << 10)
#define LL_FS_MAKE_BLOCK   (UINT64_C(1) << 11)
#define LL_FS_MAKE_SYM     (UINT64_C(1) << 12)
#define LL_FS_REFER        (UINT64_C(1) << 13) /* ABI 2, Linux 5.19 */
#define LL_FS_TRUNCATE     (UINT64_C(1) << 14) /* ABI 3, Linux 6.2  */
#define LL_FS_IOCTL_DEV    (UINT64_C(1) << 15) /* ABI 5, Linux 6.10 */
#define LL_FS_RESOLVE_UNIX (UINT64_C(1) << 16) /* ABI 9, Linux 7.1  */

#define LL_NET_BIND_TCP         (UINT64_C(1) << 0) /* ABI 4, Linux 6.7  */
#define LL_NET_CONNECT_TCP      (UINT64_C(1) << 1)
#define LL_NET_BIND_UDP         (UINT64_C(1) << 2) /* ABI 10, Linux 7.2 */
#define LL_NET_CONNECT_SEND_UDP (UINT64_C(1) << 3)

#define LL_SCOPE_ABSTRACT_UNIX (UINT64_C(1) << 0) /* ABI 6, Linux 6.12 */
#define LL_SCOPE_SIGNAL        (UINT64_C(1) << 1)

#define LL_RESTRICT_LOG_NEW_EXEC_ON (1U << 1) /* ABI 7, Linux 6.15 */
#define LL_RESTRICT_TSYNC           (1U << 3) /* ABI 8, Linux 7.0  */

#ifndef SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV
#define SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV (1UL << 5) /* Linux 5.19 */
#endif
#ifndef SECCOMP_USER_NOTIF_FD_SYNC_WAKE_UP
#define SECCOMP_USER_NOTIF_FD_SYNC_WAKE_UP (1UL << 0) /* Linux 6.6; passed by value */
#define SECCOMP_IOCTL_NOTIF_SET_FLAGS      SECCOMP_IOW(4, __u64)
#endif

#ifndef SO_PEERPIDFD
#define SO_PEERPIDFD 77 /* Linux 6.5 */
#endif
#ifndef SO_PASSRIGHTS
#define SO_PASSRIGHTS 83 /* Linux 6.16 */
#endif
#ifndef IPPROTO_MPTCP
#define IPPROTO_MPTCP 262
#endif
