/* SPDX-License-Identifier: GPL-2.0-or-later */
/* spec.h owns struct spec: everything there is to know about a container before it starts. */
#ifndef XRUN_PLAN_SPEC_H
#define XRUN_PLAN_SPEC_H

#include "src/base/str.h"

#include <linux/filter.h>
#include <stdbool.h>
#include <stdint.h>

enum network { NETWORK_NONE, NETWORK_HOST, NETWORK_PRIVATE, NETWORK_CONTAINER };

/* Published ports: `count` of them, from host and container upwards. `host` 0: any free one, chosen before the start. */
struct spec_port {
	char address[46];   /* of the host; "" for all */
	uint16_t host, container, count;
	bool udp;
};

/* What network.c plans. Texts are checked: addresses are addresses, names have neither blanks nor control characters. */
struct spec_network {
	enum network mode;
	bool asked;             /* by --network, so that doing without it is no choice */
	char mac[18];           /* of the container's interface; "": the kernel's choice */
	uint64_t rate;          /* bits per second each way; 0 for no limit */
	struct spec_port *ports;
	size_t port_count;
	struct strv hosts;      /* "NAME ADDRESS" for /etc/hosts; the address may be host-gateway */
	struct strv dns, dns_search, dns_options;
	/* Set by network_prepare before each start: */
	char *helper;           /* the program that connects a private network */
	bool ipv6;              /* the host has a way to IPv6 */
	bool offline;           /* the host has no default route at all */
	bool host_nameserver;   /* the container's 127.0.0.1 port 53 leads to the host's */
	char *hosts_text, *resolv_text; /* /etc/hosts, and /etc/resolv.conf or NULL */
};

enum mount_kind {
	MOUNT_BIND,             /* the source is a file or directory of the host */
	MOUNT_TMPFS,
	MOUNT_DEVICE,           /* the source is a device node of the host */
	MOUNT_OWN,              /* a directory of the container, writable with --read-only as well: an image's volume */
};

/* Whether the source's files are given an SELinux label: one that all containers may use, or this container's (isolation.file_label). */
enum relabel { RELABEL_NONE, RELABEL_SHARED, RELABEL_PRIVATE };

/* `target` is a path inside the container. Zero size and no mode: the kernel's, 1777. */
struct spec_mount {
	enum mount_kind kind;
	char *source;           /* NULL for tmpfs and own directories */
	char *target;
	bool read_only, no_exec, no_suid, no_dev;
	enum relabel relabel;
	bool slave;             /* mounts that the host makes below the source show in the container */
	bool flat;              /* without what is mounted below the source */
	bool has_mode;
	unsigned mode;
	uint32_t uid, gid;      /* whose a tmpfs is */
	uint64_t size;          /* bytes */
};

/* How fast a block device of the host may be used; `path` is its node. Bytes or operations per second. */
enum spec_throttle_kind { THROTTLE_READ_BPS, THROTTLE_WRITE_BPS, THROTTLE_READ_IOPS, THROTTLE_WRITE_IOPS };
struct spec_throttle {
	enum spec_throttle_kind kind;
	char *path;
	uint64_t rate;
};

/* Pages of one size, as the kernel names it: "2MB", "1GB". */
struct spec_hugetlb {
	char size[16];
	uint64_t bytes;
};

/* Zero, NULL and false mean: not limited. cpu_milli is in thousandths of a processor, quota and period in microseconds. */
struct spec_limits {
	uint64_t memory_bytes, memory_reservation;
	int64_t memory_swap;       /* memory and swap together; 0: no more than memory, -1: without limit */
	bool has_swappiness, oom_kill_disable;
	unsigned memory_swappiness; /* 0..100 */
	uint64_t cpu_milli, cpu_quota, cpu_period, cpu_shares;
	char *cpuset_cpus, *cpuset_mems; /* lists like 0-3,8 */
	uint64_t pids;
	unsigned blkio_weight;     /* 10..1000 */
	struct spec_throttle *throttles;
	size_t throttle_count;
	struct spec_hugetlb *hugetlb;
	size_t hugetlb_count;
	struct strv device_rules;  /* "c 10:200 rwm", checked */
	char *cgroup_parent;       /* of the container's cgroup, below the hierarchy's root; NULL: xrun's own */
};

struct spec_emulator {
	char *arch;   /* a name that arch_by_name knows */
	char *path;   /* of the emulator on the host */
	bool no_argv0; /* it does not understand the flag P (kinds_keeps_argv0): its guests' argv[0] is their path */
	bool copied;  /* a copy of it is registered (binfmt/patch.h), which alone can be given options */
	struct strv options; /* words without blanks that it gets after its argv[0], whatever its guest's environment is */
};

/* setrlimit(2)'s; RLIM_INFINITY means unlimited. */
struct spec_ulimit {
	int resource;
	uint64_t soft, hard;
};

/* A seccomp profile of the user's: linux.seccomp of config.json, and the program it became. */
struct spec_profile {
	char *text;             /* NULL: the built-in one */
	struct sock_filter *code;
	size_t len;
	uint64_t flags;         /* SECCOMP_FILTER_FLAG_* */
	bool asks;              /* an agent is asked about calls, SCMP_ACT_NOTIFY: engines' alone */
};

enum namespace_kind {
	NAMESPACE_USER, NAMESPACE_MOUNT, NAMESPACE_PID, NAMESPACE_NETWORK, NAMESPACE_IPC, NAMESPACE_UTS, NAMESPACE_CGROUP,
	NAMESPACE_TIME, NAMESPACE_KINDS
};
enum namespace_origin { NAMESPACE_NEW, NAMESPACE_HOST, NAMESPACE_JOINED };

/* A namespace: the container's own, the one that xrun is in, or that of a file like /proc/PID/ns/net or of spec->shared. */
struct spec_namespace {
	enum namespace_origin origin;
	char *path;             /* for a joined one, or NULL */
};

/* Offsets are in seconds, of clock_gettime(2)'s clocks. Whose the network is says spec_network, except for engines. */
struct spec_namespaces {
	struct spec_namespace of[NAMESPACE_KINDS];
	int64_t monotonic_offset, boottime_offset;            /* seconds, */
	int32_t monotonic_nanoseconds, boottime_nanoseconds;  /* and what is beyond them: engines' */
};

#define SPEC_NO_SHM UINT64_MAX

/* What holds the program beside namespaces and capabilities. Paths are absolute, in the container. */
struct spec_isolation {
	bool privileged;        /* nothing masked, /sys writable, the host's devices */
	struct spec_profile profile;
	char *apparmor;         /* a profile's name, or NULL */
	char *label, *file_label; /* SELinux's, of its processes and of the file systems that are made for it, or NULL */
	struct strv masked, read_only;
	struct strv sysctls;    /* PATH=VALUE, the path below /proc/sys */
	struct spec_ulimit *ulimits;
	size_t ulimit_count;
	bool has_oom_score;
	int oom_score_adj;      /* -1000..1000 */
	uint64_t shm_bytes;     /* of /dev/shm; 0: 64 MiB; SPEC_NO_SHM: there is none */
};

enum restart { RESTART_NO, RESTART_ON_FAILURE, RESTART_ALWAYS };

/* What tells whether it is well: run in it every now and then. Times in milliseconds. */
struct spec_health {
	struct strv test;       /* an argv; empty: nothing does */
	uint64_t interval, timeout, start_period;
	unsigned retries;       /* how many failures in a row make it unhealthy */
};

/* How long it lives, and what is left of it. */
struct spec_life {
	bool detach;            /* its supervisor is a process of its own, which keeps its output */
	bool keep;              /* its directory stays when it has ended */
	int stop_signal;        /* what `xrun stop` sends first */
	unsigned stop_timeout;  /* seconds until it sends SIGKILL */
	enum restart restart;
	unsigned restart_max;   /* 0: as often as it takes */
	uint64_t log_size;      /* bytes of a log file, after which another is begun */
	unsigned log_files;     /* how many of them are kept */
	struct strv labels;     /* KEY=VALUE */
	struct spec_health health;
	char *pid_file;         /* where the first process' number goes, an absolute path; or NULL */
	unsigned timeout;       /* seconds after which it is killed; 0: never */
	bool stacks;            /* and its processes' stacks are told before that */
};

/* What /proc/cpuinfo tells of an emulated CPU: see binfmt/cpuinfo.h. */
struct spec_cpuinfo {
	char *arch;   /* a name that arch_by_name knows; NULL: the machine's own shows */
	uint64_t hwcap, hwcap2;
};

struct spec {
	char *id;               /* 64 hex digits: a directory's and a cgroup's name; the first 12 are the host's by default */
	char *name;             /* --name, or NULL; only for making it, since it may be renamed */
	char *image;            /* full reference, for messages and for inspection */
	char *hostname;
	struct strv args, env;
	char *cwd;
	char *user;             /* "", name, uid, or either with :group; resolved against the container's own files */
	struct strv groups;     /* supplementary ones beside those of the user's: names or numbers, as `user` */
	bool terminal, interactive, init, read_only, no_new_privileges, seccomp;
	bool systemd;           /* the first process is: it has a cgroup of its own (v2), which it may change */
	bool fixed_addresses;   /* no address space randomization */
	bool debuggable;        /* its emulator waits for a debugger, which is a process of ours (cli/debuggee.h) */
	bool short_positions;   /* in directories: for a 32-bit image in a 64-bit emulator (runtime/directories.h) */
	bool personality_32;    /* a 32-bit image that runs natively: uname says so, as on a machine of its own */
	bool emulated;          /* by an emulator of ours or of the host's */
	uint64_t capabilities;  /* bounding set; permitted and effective for root */
	struct spec_network network;
	struct strv layers;     /* names below the store's layers/, lowest first */
	char *rootfs;           /* a directory of the host's in their place, absolute; or NULL */
	struct spec_mount *mounts;
	size_t mount_count;
	struct spec_limits limits;
	struct spec_life life;
	struct spec_cpuinfo cpuinfo;
	struct spec_emulator *emulators; /* to be registered in the private instance */
	size_t emulator_count;
	struct spec_isolation isolation;
	char *stacks_command;   /* for a shell: prints the stacks of the emulated program; NULL: none does. Not in config.json */
	char *core_dir;         /* --core-dir, absolute: where cores of foreign programs go; or NULL */
	struct spec_namespaces namespaces;
	struct spec_engine *engine; /* what an engine's config.json says beside all this (engine.h), or NULL */
	char *shared;           /* the container whose are the joined namespaces that have no path, by name or id; or NULL */
	uint32_t kept_uid, kept_gid; /* the caller's ids in the container: 0, other than with --userns keep-id */
	char *kept_user, *kept_group; /* what the image is to call them if it has no names for them; or NULL */
};
void spec_done(struct spec *spec);
void spec_limits_done(struct spec_limits *limits);
bool spec_limits_any(const struct spec_limits *limits); /* whether there is one */

/* A bind mount, or with source NULL a tmpfs, with the flags that are usual for it. */
struct spec_mount *spec_add_mount(struct spec *spec, const char *source, const char *target, bool read_only);
struct spec_emulator *spec_add_emulator(struct spec *spec, const char *arch, const char *path);

/* All of them, and what /proc/cpuinfo would have told. */
void spec_drop_emulators(struct spec *spec);

/* As config.json has it (config-linux.md, "Namespaces"): "user", "mount". */
const char *spec_namespace_name(enum namespace_kind kind);

/* As --restart has it: "on-failure". */
const char *spec_restart_name(enum restart restart);

#endif
