/* SPDX-License-Identifier: Apache-2.0 */
#include "libcore/privileges.h"

#include <errno.h>
#include <linux/capability.h>
#include <linux/securebits.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#define SECUREBITS                                                                                 \
	(SECBIT_NOROOT | SECBIT_NOROOT_LOCKED | SECBIT_NO_SETUID_FIXUP |                           \
		SECBIT_NO_SETUID_FIXUP_LOCKED | SECBIT_KEEP_CAPS_LOCKED |                          \
		SECBIT_NO_CAP_AMBIENT_RAISE | SECBIT_NO_CAP_AMBIENT_RAISE_LOCKED)

/* With no_new_privs and an empty permitted set the bounding set and the securebits only guard
 * against uid 0 regaining capabilities by exec; both need CAP_SETPCAP, which only root has. */
static int drop_bounding_set(void)
{
	for (int cap = 0; cap < 64; cap++) {
		int present = prctl(PR_CAPBSET_READ, cap, 0, 0, 0);
		if (present < 0) {
			break; /* past the last one this kernel knows */
		}
		if (present == 1 && prctl(PR_CAPBSET_DROP, cap, 0, 0, 0) < 0) {
			return -errno;
		}
	}
	return prctl(PR_SET_SECUREBITS, SECUREBITS, 0, 0, 0) < 0 ? -errno : 0;
}

int privileges_drop(void)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct sets[_LINUX_CAPABILITY_U32S_3] = { 0 };
	int r;

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0) {
		return -errno;
	}
	if (syscall(SYS_capget, &header, sets) < 0) {
		return -errno;
	}
	if (sets[0].effective & (1U << CAP_SETPCAP)) {
		r = drop_bounding_set();
		if (r < 0) {
			return r;
		}
	}
	/* EINVAL: ambient capabilities are not built in, so there are none. */
	if (prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0) < 0 && errno != EINVAL) {
		return -errno;
	}
	for (int i = 0; i < _LINUX_CAPABILITY_U32S_3; i++) {
		sets[i] = (struct __user_cap_data_struct){ 0 };
	}
	return syscall(SYS_capset, &header, sets) < 0 ? -errno : 0;
}
