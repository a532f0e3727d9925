/* SPDX-License-Identifier: GPL-2.0-or-later */
/* request.h owns what the user asked for, as typed, and turning it into a spec. Pure: no I/O. */
#ifndef XRUN_PLAN_REQUEST_H
#define XRUN_PLAN_REQUEST_H

#include "registry/image.h"
#include "src/base/err.h"
#include "src/plan/spec.h"

#include <stdbool.h>

/*
 * A program of the caller's own instead of an image's. It is executed as if there were no container, as far as that goes:
 * in the same directory, with standard input, and not as the first process.
 */
struct request_program {
	const char *path;             /* as typed; NULL: there is none */
	struct strv binds;            /* what the container shows where it is on the host: the current directory, or just the file */
	char *cwd;
	bool alone;                   /* no image: its libraries are its own */
};

/* Limits, as typed (borrowed); NULL when not given. */
struct request_limits {
	const char *memory, *cpus, *pids_limit, *memory_swap, *memory_reservation, *memory_swappiness, *cpu_shares, *cpu_quota, *cpu_period, *cpuset_cpus,
		*cpuset_mems, *blkio_weight, *cgroup_parent;
	struct strv device_read_bps, device_write_bps, device_read_iops, device_write_iops, hugetlb, device_rules;
	bool oom_kill_disable;
};

/* One field for each option of `xrun run`; strings are as typed (borrowed), NULL when not given. */
struct request {
	const char *arch, *platform, *workdir, *user, *systemd, *name, *hostname, *entrypoint, *network, *pull, *creds;
	const char *progress;
	const char *timeout, *on_timeout, *core_dir;
	const char *detach_keys, *restart, *stop_signal, *stop_timeout, *cidfile, *pidfile, *health_cmd, *health_interval, *health_timeout,
		*health_retries, *health_start_period;
	bool no_healthcheck;
	struct strv labels, log_options;
	bool detach, create;
	struct strv env, env_files, volumes, tmpfs, cap_add, cap_drop, security, groups;
	const char *mac_address, *net_rate;
	struct request_limits limits;
	bool publish_all;
	struct strv publish, add_host, dns, dns_search, dns_options;
	const char *jobs, *output;
	struct strv reports;
	bool interactive, terminal, read_only, remove, init, dry_run, quiet, tls_verify, help;
	/* Emulation */
	const char *emulator, *cpu_model, *aslr, *strace;
	bool debuggable;
	const char *gdb;              /* "" without a place; NULL: not asked for */
	/* Isolation */
	const char *oom_score_adj, *ipc, *shm_size, *pid, *uts, *userns, *cgroupns, *monotonic_offset, *boottime_offset;
	struct strv sysctls, ulimits, mounts, devices;
	bool privileged, read_only_tmpfs;
	char *seccomp_text;           /* the content of --security-opt seccomp=FILE, ours */
	struct seccomp_known *seccomp_known; /* what an earlier start made of it, ours; or NULL */
	char *host_name;              /* the host's own, ours */
	char *label_file;             /* the SELinux policy's for containers, lxc_contexts, ours; or NULL */
	uint32_t caller_uid, caller_gid;
	char *caller_name, *caller_group; /* with --userns keep-id: what the host calls them, ours; or NULL */
	uint32_t kernel;              /* the running one, KERNEL_VERSION's number: a profile's rules may ask for it */
	const char *program_image;    /* --image */
	char *rootfs;                 /* a directory instead of an image, absolute, ours */
	bool env_host;
	struct request_program program;
	struct strv command;
	struct strv env_lines;        /* --env-file, see request_add_env_file */
};
void request_done(struct request *request);

/*
 * The spec, all but id and emulators. `caller_env` is looked up for `-e NAME` without a value. Volume sources
 * come out as typed; the caller makes them absolute.
 */
int request_plan(const struct request *request, const struct image *image, char *const *caller_env, struct spec *spec,
	struct err *err);

/*
 * Adds an --env-file's content to env_lines, as docker-run(1) reads it: lines of NAME=VALUE or NAME, CR LF too; blanks
 * before a name are left out; '#' begins a comment. `file` is for messages; `text` ends with a NUL that len does not
 * count, and is changed.
 */
int request_add_env_file(struct request *request, const char *file, char *text, size_t len, struct err *err);

/* Puts --env-file's and -e's variables into env; the latter win. */
void request_take_env(const struct request *request, char *const *caller_env, struct strv *env);

/* --userns keep-id: the caller's own ids are to be the same in the container, or those that were given. */
bool request_keeps_id(const struct request *request);

/* Whether systemd is usually called so, as podman-run(1) has it. */
bool plan_is_systemd(const char *program);

/* A name as docker allows it, [a-zA-Z0-9][a-zA-Z0-9_.-]*, of at most 64 characters: it becomes a hostname. */
int request_check_name(const char *name, struct err *err);

#endif
