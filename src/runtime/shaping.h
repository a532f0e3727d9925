/* SPDX-License-Identifier: GPL-2.0-or-later */
/* shaping.h owns limiting an interface's bandwidth (tc-tbf(8), tc-mirred(8), Linux: sch_tbf, sch_ingress, cls_u32, ifb). */
#ifndef XRUN_RUNTIME_SHAPING_H
#define XRUN_RUNTIME_SHAPING_H

#include "src/base/err.h"

#include <stdint.h>

/* Limits what interface `index` sends and what it receives, each to `rate` bits per second. */
int shaping_limit(int netlink_fd, int index, uint64_t rate, struct err *err);

#endif
