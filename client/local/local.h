/* SPDX-License-Identifier: Apache-2.0 */
/* The verbs of nono-local. Each returns the exit status of the process, or -errno with err set,
 * which is said once, by main(). */
#pragma once
#include "client/options.h"

int local_wrap(const struct arguments *a, struct nono_error *err);
int local_doctor(const struct arguments *a, struct nono_error *err);
int local_completion(const struct arguments *a, struct nono_error *err);
