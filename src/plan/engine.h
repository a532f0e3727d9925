/* SPDX-License-Identifier: GPL-2.0-or-later */
/* engine.h owns struct spec_engine: what a container's spec holds beyond struct spec when an engine wrote its config.json. */
#ifndef XRUN_PLAN_ENGINE_H
#define XRUN_PLAN_ENGINE_H

#include "src/plan/device_rule.h"
#include "src/plan/spec.h"

/* One line of an id map, user_namespaces(7). */
struct engine_range {
	uint32_t inside, outside, count;
};
struct engine_map {
	struct engine_range *uids, *gids;
	size_t uid_count, gid_count;
};

/*
 * One entry of config.json's mounts. The order counts. `set` and `clear` are MOUNT_ATTR_*, those with an r for the mounts
 * below as well; propagation is MS_SHARED and its kin with MS_REC or not, in the order given.
 */
struct engine_mount {
	char *type, *source, *target;
	bool bind, recursive, copy_up, remount;
	bool source_nofollow, target_nofollow; /* a symlink as source or target is not followed */
	uint64_t set, clear, rset, rclear;
	unsigned long propagation[4];
	size_t propagation_count;
	struct strv data;       /* the file system's own options, "KEY" or "KEY=VALUE" */
	bool mapped, mapped_recursive; /* idmapped, by `map` or where that is empty by the container's own */
	struct engine_map map;
};

/* linux.devices: a node that is made, or bound from the host where making it is not allowed. */
struct engine_node {
	char *path;
	char type;              /* b, c, p */
	unsigned major, minor, mode;
	uint32_t uid, gid;
};

/* linux.netDevices: an interface of the host's, and what it is called in the container; there "eth%d" is a template. */
struct engine_link {
	char *host, *name;
};

enum hook_kind { HOOK_PRESTART, HOOK_CREATE_RUNTIME, HOOK_CREATE_CONTAINER, HOOK_START_CONTAINER, HOOK_POSTSTART, HOOK_POSTSTOP, HOOK_KINDS };
struct engine_hook {
	char *path;
	struct strv args, env;
	bool has_env;           /* otherwise it has the runtime's own */
	int timeout;            /* seconds; 0: none */
};
struct engine_hooks {
	struct engine_hook *items;
	size_t count;
};

struct engine_capabilities {
	uint64_t bounding, effective, permitted, inheritable, ambient;
};

struct engine_user {
	uint32_t uid, gid;
	uint32_t *groups;
	size_t group_count;
	bool has_umask;
	unsigned umask;
};

/* sched_setattr(2), in its own numbers; times in nanoseconds. */
struct engine_scheduler {
	bool given;
	unsigned policy, priority;
	int nice;
	uint64_t flags, runtime, deadline, period;
};

/* set_mempolicy(2): the mode with its flags, and a bit for each NUMA node. */
enum { ENGINE_NODES = 1024 };
struct engine_memory_policy {
	bool given;
	int mode;
	uint64_t nodes[ENGINE_NODES / 64];
};

/* sched_setaffinity(2): a bit for each processor. */
enum { ENGINE_CPUS = 1024 };
struct engine_cpus {
	bool given;
	uint64_t of[ENGINE_CPUS / 64];
};

/*
 * A file of a controller's directory with what to write to it. NULL: that version of cgroups has no such file; "": there is
 * nothing to do in that version.
 */
struct engine_setting {
	const char *controller; /* the name that v1 has for it; "" for a file of the unified hierarchy */
	char *v1_file, *v1_value, *v2_file, *v2_value;
};

struct spec_engine {
	char *rootfs;           /* absolute */
	bool no_pivot, no_keyring;
	unsigned long propagation; /* of the root, MS_*; 0: as the kernel has it in a new mount namespace, private */
	struct engine_map map;  /* of a new user namespace */
	struct engine_user user;
	bool has_capabilities;
	struct engine_capabilities capabilities;
	struct engine_mount *mounts;
	size_t mount_count;
	struct engine_node *nodes;
	size_t node_count;
	struct engine_link *links;
	size_t link_count;
	struct device_rule *rules; /* linux.resources.devices, in order */
	size_t rule_count;
	struct engine_setting *settings;
	size_t setting_count;
	bool check_memory;      /* a limit below what is used already is refused, instead of ending processes */
	struct engine_hooks hooks[HOOK_KINDS];
	char *cgroup;           /* cgroupsPath, or NULL */
	bool no_cgroup;         /* none is made */
	bool systemd_cgroup;    /* and it says where systemd is to put it */
	char *domainname;
	bool has_console_size;
	unsigned rows, columns;
	unsigned long personality;
	bool has_personality;
	int io_class, io_priority; /* ioprio_set(2); class 0: none given */
	struct engine_scheduler scheduler;
	struct engine_memory_policy memory_policy;
	struct engine_cpus exec_initial, exec_final; /* of exec's processes, before and after they enter the container's cgroup */
	bool known_calls;       /* a seccomp profile that names a call which no machine has is refused */
	char *listener, *listener_metadata; /* linux.seccomp's: the agent's socket, where the filter asks, and what it is told beside */
	struct strv warnings;   /* what is asked for and passed over */
	struct strv annotations; /* KEY=VALUE */
};
void spec_engine_done(struct spec_engine *engine);
void engine_resources_done(struct spec_engine *engine); /* its settings and rules */
void engine_user_done(struct engine_user *user);

#endif
