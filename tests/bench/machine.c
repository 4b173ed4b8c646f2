/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a reader needs to judge absolute numbers. CPUID traps to the hypervisor in a virtual
 * machine (microseconds instead of nanoseconds), and the start of a glibc program executes dozens
 * of them: its cost tells the one from the other.
 */
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "tests/bench/bench.h"

#define CPUID_ROUNDS 50

double machine_cpuid_usec(void)
{
#if defined(__x86_64__)
	double start = now_usec();

	for (int i = 0; i < CPUID_ROUNDS; i++) {
		unsigned a = 0, b, c = 0, d;
		__asm__ volatile("cpuid" : "+a"(a), "=b"(b), "+c"(c), "=d"(d));
	}
	return (now_usec() - start) / CPUID_ROUNDS;
#else
	return NAN;
#endif
}

void machine_print(const struct report *r)
{
	struct utsname u;
	struct rlimit files;
	double load[3] = { 0 }, cpuid = machine_cpuid_usec();

	uname(&u);
	getloadavg(load, 3);
	getrlimit(RLIMIT_NOFILE, &files);
	report_say(r, "kernel %s %s, %ld cores, load %.2f %.2f %.2f, nofile %llu", u.release,
		u.machine, sysconf(_SC_NPROCESSORS_ONLN), load[0], load[1], load[2],
		(unsigned long long)files.rlim_cur);
	if (!isnan(cpuid)) {
		report_say(r, "cpuid %.2f us each: %s", cpuid,
			cpuid > 0.5 ? "a virtual machine" : "bare metal");
	}
}
