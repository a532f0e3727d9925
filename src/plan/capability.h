/* SPDX-License-Identifier: GPL-2.0-or-later */
/* capability.h owns the names of capabilities(7), as bits of a set. Pure. */
#ifndef XRUN_PLAN_CAPABILITY_H
#define XRUN_PLAN_CAPABILITY_H

#include <stdbool.h>
#include <stdint.h>

/* Docker's default set (moby, oci/caps/defaults.go). */
uint64_t capability_default(void);

/* By name, with or without CAP_, any case; "ALL" gives every bit. */
bool capability_by_name(const char *name, uint64_t *ret_bits);

/* Without CAP_; NULL where `number` is none that this program knows. */
const char *capability_name(int number);

#endif
