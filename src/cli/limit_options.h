/* SPDX-License-Identifier: GPL-2.0-or-later */
/* limit_options.h owns the options for limits that run sets and update changes: rows of an option table. */
#ifndef XRUN_CLI_LIMIT_OPTIONS_H
#define XRUN_CLI_LIMIT_OPTIONS_H

#include "src/cli/options.h"
#include "src/plan/request.h"

/* at: where the table's target has its struct request_limits. */
#define LIMIT_OPTION(at, field) OPTION_TEXT, (at) + offsetof(struct request_limits, field)
#define LIMIT_OPTIONS(at) \
	{ "memory", 'm', LIMIT_OPTION(at, memory), "SIZE", "limit memory, and with it swap: 64m, 2g" }, \
	{ "memory-swap", 0, LIMIT_OPTION(at, memory_swap), "SIZE", "another limit for memory and swap together; -1: none" }, \
	{ "memory-reservation", 0, LIMIT_OPTION(at, memory_reservation), "SIZE", "what is left to it when memory is short" }, \
	{ "cpus", 0, LIMIT_OPTION(at, cpus), "NUMBER", "limit processor time: 0.5, 2" }, \
	{ "cpu-quota", 0, LIMIT_OPTION(at, cpu_quota), "MICROSECONDS", "processor time in each period" }, \
	{ "cpu-period", 0, LIMIT_OPTION(at, cpu_period), "MICROSECONDS", "the period; 100000 by default" }, \
	{ "cpu-shares", 'c', LIMIT_OPTION(at, cpu_shares), "NUMBER", "weight when processors are short; 1024 is usual" }, \
	{ "cpuset-cpus", 0, LIMIT_OPTION(at, cpuset_cpus), "LIST", "processors to run on: 0-3,8" }, \
	{ "cpuset-mems", 0, LIMIT_OPTION(at, cpuset_mems), "LIST", "memory nodes to use" }, \
	{ "pids-limit", 0, LIMIT_OPTION(at, pids_limit), "NUMBER", "limit the number of processes; -1: no limit" }, \
	{ "blkio-weight", 0, LIMIT_OPTION(at, blkio_weight), "NUMBER", "weight when disks are busy: 10 to 1000" }

#endif
