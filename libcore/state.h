/* SPDX-License-Identifier: Apache-2.0 */
/* The JSON form of a set: nono_caps_to_json() and nono_caps_from_json(), and what both know. */
#pragma once
#include "libcore/caps.h"

#define STATE_SIZE_MAX (16U << 20) /* bytes of text */
