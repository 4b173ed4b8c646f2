/* SPDX-License-Identifier: Apache-2.0 */
/* The verbs of nono-local. Each returns the exit status of the process, or -errno with err set,
 * which is said once, by main(). */
#pragma once
#include "client/options.h"

int local_wrap(const struct arguments *a, struct nono_error *err);
int local_why(const struct arguments *a, struct nono_error *err);
int local_profile_list(const struct arguments *a, struct nono_error *err);
int local_profile_show(const struct arguments *a, struct nono_error *err);
int local_profile_export(const struct arguments *a, struct nono_error *err);
int local_profile_groups(const struct arguments *a, struct nono_error *err);
int local_profile_diff(const struct arguments *a, struct nono_error *err);
int local_profile_validate(const struct arguments *a, struct nono_error *err);
int local_profile_init(const struct arguments *a, struct nono_error *err);
int local_profile_schema(const struct arguments *a, struct nono_error *err);
int local_trust_project(const struct arguments *a, struct nono_error *err);
int local_setup(const struct arguments *a, struct nono_error *err);
int local_doctor(const struct arguments *a, struct nono_error *err);
int local_completion(const struct arguments *a, struct nono_error *err);
