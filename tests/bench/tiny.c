/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The smallest process there is: no libc, one page. With PAUSE it waits for a signal, otherwise it
 * ends at once. Where the machine is not known, an ordinary program does the same.
 */
#if defined(__x86_64__)
__attribute__((noreturn)) void _start(void);
void _start(void)
{
	for (;;) {
#ifdef PAUSE
		__asm__ volatile("syscall" : : "a"(34L) : "rcx", "r11", "memory");
#else
		__asm__ volatile("syscall" : : "a"(231L), "D"(0L) : "rcx", "r11", "memory");
#endif
	}
}
#elif defined(__aarch64__)
__attribute__((noreturn)) void _start(void);
void _start(void)
{
	for (;;) {
#ifdef PAUSE /* ppoll(NULL, 0, NULL, NULL, 0) */
		register long number __asm__("x8") = 73;
#else
		register long number __asm__("x8") = 94;
#endif
		register long a __asm__("x0") = 0, b __asm__("x1") = 0, c __asm__("x2") = 0;
		register long d __asm__("x3") = 0, e __asm__("x4") = 0;
		__asm__ volatile("svc #0"
				 : "+r"(a)
				 : "r"(number), "r"(b), "r"(c), "r"(d), "r"(e)
				 : "memory");
	}
}
#else
#include <unistd.h>
int main(void)
{
#ifdef PAUSE
	pause();
#endif
	return 0;
}
#endif
