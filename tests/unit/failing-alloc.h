/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Makes one allocation of the libraries fail. The linker sends their calls here (failing_alloc_dep
 * in meson.build); those of libc and other libraries stay their own.
 */
#pragma once
#include <stdbool.h>

extern unsigned long failing_left; /* allocations until the one that fails; 0: none does */
extern bool has_failed;            /* one has */
