/* SPDX-License-Identifier: Apache-2.0 */
/* Numbers of system calls that are not there on every architecture: there no call has them. */
#pragma once
#include <sys/syscall.h>

enum {
#ifdef SYS_open
	SYS_OPEN = SYS_open,
	SYS_CREAT = SYS_creat,
	SYS_MKDIR = SYS_mkdir,
	SYS_RMDIR = SYS_rmdir,
	SYS_UNLINK = SYS_unlink,
	SYS_LINK = SYS_link,
	SYS_SYMLINK = SYS_symlink,
	SYS_MKNOD = SYS_mknod,
#else
	SYS_OPEN = -1,
	SYS_CREAT = -2,
	SYS_MKDIR = -3,
	SYS_RMDIR = -4,
	SYS_UNLINK = -5,
	SYS_LINK = -6,
	SYS_SYMLINK = -7,
	SYS_MKNOD = -8,
#endif
#ifdef SYS_rename
	SYS_RENAME = SYS_rename,
#else
	SYS_RENAME = -9,
#endif
#ifdef SYS_renameat
	SYS_RENAMEAT = SYS_renameat,
#else
	SYS_RENAMEAT = -10,
#endif
};
