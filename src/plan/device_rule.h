/* SPDX-License-Identifier: GPL-2.0-or-later */
/* device_rule.h owns the rules of devices as they are written: "c 10:200 rwm". Pure. */
#ifndef XRUN_PLAN_DEVICE_RULE_H
#define XRUN_PLAN_DEVICE_RULE_H

#include <stdbool.h>

/* linux/bpf.h, BPF_DEVCG_ACC_* */
enum { DEVICE_MKNOD = 1, DEVICE_READ = 2, DEVICE_WRITE = 4, DEVICE_ALL = 7 };

struct device_rule {
	bool allow;
	char type;              /* 'b', 'c', or 'a' for both */
	int major, minor;       /* -1: any */
	unsigned access;        /* DEVICE_* */
};

/*
 * Documentation/admin-guide/cgroup-v1/devices.rst; the rule allows. "a" goes with all numbers and all access only: v1 does
 * not look at what comes after it, so anything narrower would be a promise that is not kept.
 */
bool device_rule_parse(const char *text, struct device_rule *ret_rule);

/* Letters out of "rwm", at least one. */
bool device_access_parse(const char *text, unsigned *ret_access);

/* As it is written; the caller's. */
char *device_rule_text(const struct device_rule *rule);

/* All devices, in every way. */
static inline bool device_rule_is_for_all(const struct device_rule *rule)
{
	return rule->type == 'a' && rule->major < 0 && rule->minor < 0 && rule->access == DEVICE_ALL;
}

#endif
