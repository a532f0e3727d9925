/* SPDX-License-Identifier: GPL-2.0-or-later */
/* device_filter.h owns rules of devices as a BPF program, which is how cgroup v2 takes them. Pure. */
#ifndef XRUN_RUNTIME_DEVICE_FILTER_H
#define XRUN_RUNTIME_DEVICE_FILTER_H

#include "src/plan/device_rule.h"

#include <linux/bpf.h>
#include <stddef.h>

/* Instructions that `count` rules take at most. */
#define DEVICE_FILTER_ROOM(count) (8 + 8 * (count))

/*
 * Writes a program of type BPF_PROG_TYPE_CGROUP_DEVICE (Linux 4.15, linux/bpf.h, struct bpf_cgroup_dev_ctx) and returns its
 * length. Each kind of access that is asked for gets the verdict of the last rule that names it; without one it is denied.
 */
size_t device_filter_make(const struct device_rule *rules, size_t count, struct bpf_insn *ret_code);

#endif
