/* SPDX-License-Identifier: GPL-2.0-or-later */
/* default.c owns the profiles that xrun brings: which system calls a container's programs may make. */
#include "src/seccomp/profile.h"

#include <errno.h>
#include <linux/capability.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <stddef.h>
#include <sys/stat.h>

#define NAMES(...) (const char *const[]){ __VA_ARGS__, NULL }
#define COUNTED(array) (array), sizeof(array) / sizeof *(array)
#define COMPARE(...) .compares = (const struct seccomp_compare[]){ { __VA_ARGS__ } }, .compare_count = 1
#define ALLOW .verdict = SECCOMP_RET_ALLOW
#define WITH(capability) .when = { .capabilities = 1ull << (capability) }

#define FILES                                                                                                              \
	"access", "chdir", "chmod", "chown", "chown32", "close", "close_range", "copy_file_range", "creat", "dup", "dup2",     \
	"dup3", "faccessat", "faccessat2", "fadvise64", "fadvise64_64", "fallocate", "fchdir", "fchmod", "fchmodat",           \
	"fchmodat2", "fchown", "fchown32", "fchownat", "fcntl", "fcntl64", "fdatasync", "fgetxattr", "flistxattr", "flock",    \
	"fremovexattr", "fsetxattr", "fstat", "fstat64", "fstatat64", "fstatfs", "fstatfs64", "fsync", "ftruncate",            \
	"ftruncate64", "futimesat", "getcwd", "getdents", "getdents64", "getxattr", "getxattrat", "ioctl", "lchown",           \
	"lchown32", "lgetxattr", "link", "linkat", "listmount", "listxattr", "listxattrat", "llistxattr", "_llseek",           \
	"lremovexattr", "lseek", "lsetxattr", "lstat", "lstat64", "mkdir", "mkdirat", "mknod", "mknodat",                      \
	"name_to_handle_at", "newfstatat", "open", "openat", "openat2", "pread64", "preadv", "preadv2", "pwrite64",            \
	"pwritev", "pwritev2", "read", "readahead", "readlink", "readlinkat", "readv", "removexattr", "removexattrat",         \
	"rename", "renameat", "renameat2", "rmdir", "sendfile", "sendfile64", "setxattr", "setxattrat", "splice", "stat",      \
	"stat64", "statfs", "statfs64", "statmount", "statx", "symlink", "symlinkat", "sync", "sync_file_range", "syncfs",     \
	"tee", "truncate", "truncate64", "umask", "unlink", "unlinkat", "utime", "utimensat", "utimensat_time64", "utimes",    \
	"vmsplice", "write", "writev"

#define MEMORY                                                                                                             \
	"brk", "cachestat", "madvise", "map_shadow_stack", "membarrier", "memfd_create", "memfd_secret", "mincore", "mlock",   \
	"mlock2", "mlockall", "mmap", "mmap2", "mprotect", "mremap", "mseal", "msync", "munlock", "munlockall", "munmap",      \
	"pkey_alloc", "pkey_free", "pkey_mprotect", "process_mrelease", "process_vm_readv", "process_vm_writev",               \
	"remap_file_pages"

#define PROCESSES                                                                                                          \
	"capget", "capset", "execve", "execveat", "exit", "exit_group", "fork", "futex", "futex_requeue", "futex_time64",      \
	"futex_wait", "futex_waitv", "futex_wake", "getcpu", "getegid", "getegid32", "geteuid", "geteuid32", "getgid",         \
	"getgid32", "getgroups", "getgroups32", "getpgid", "getpgrp", "getpid", "getppid", "getpriority", "getrandom",         \
	"getresgid", "getresgid32", "getresuid", "getresuid32", "getrlimit", "get_robust_list", "getrusage", "getsid",         \
	"get_thread_area", "gettid", "getuid", "getuid32", "ioprio_get", "ioprio_set", "landlock_add_rule",                    \
	"landlock_create_ruleset", "landlock_restrict_self", "pidfd_open", "prctl", "prlimit64", "ptrace",                     \
	"restart_syscall", "riscv_hwprobe", "rseq", "sched_getaffinity", "sched_getattr", "sched_getparam",                    \
	"sched_get_priority_max", "sched_get_priority_min", "sched_getscheduler", "sched_rr_get_interval",                     \
	"sched_rr_get_interval_time64", "sched_setaffinity", "sched_setattr", "sched_setparam", "sched_setscheduler",          \
	"sched_yield", "seccomp", "setfsgid", "setfsgid32", "setfsuid", "setfsuid32", "setgid", "setgid32", "setgroups",       \
	"setgroups32", "setpgid", "setpriority", "setregid", "setregid32", "setresgid", "setresgid32", "setresuid",            \
	"setresuid32", "setreuid", "setreuid32", "setrlimit", "set_robust_list", "setsid", "set_thread_area",                  \
	"set_tid_address", "setuid", "setuid32", "sysinfo", "ugetrlimit", "uname", "uretprobe", "vfork", "wait4", "waitid",    \
	"waitpid"

#define SIGNALS                                                                                                            \
	"kill", "pause", "pidfd_send_signal", "rt_sigaction", "rt_sigpending", "rt_sigprocmask", "rt_sigqueueinfo",            \
	"rt_sigreturn", "rt_sigsuspend", "rt_sigtimedwait", "rt_sigtimedwait_time64", "rt_tgsigqueueinfo", "sigaltstack",      \
	"signalfd", "signalfd4", "sigprocmask", "sigreturn", "tgkill", "tkill"

#define TIMES                                                                                                              \
	"adjtimex", "alarm", "clock_adjtime", "clock_adjtime64", "clock_getres", "clock_getres_time64", "clock_gettime",       \
	"clock_gettime64", "clock_nanosleep", "clock_nanosleep_time64", "getitimer", "gettimeofday", "nanosleep",              \
	"setitimer", "time", "timer_create", "timer_delete", "timer_getoverrun", "timer_gettime", "timer_gettime64",           \
	"timer_settime", "timer_settime64", "timerfd_create", "timerfd_gettime", "timerfd_gettime64", "timerfd_settime",       \
	"timerfd_settime64", "times"

#define WAITING                                                                                                            \
	"epoll_create", "epoll_create1", "epoll_ctl", "epoll_ctl_old", "epoll_pwait", "epoll_pwait2", "epoll_wait",            \
	"epoll_wait_old", "eventfd", "eventfd2", "fanotify_mark", "inotify_add_watch", "inotify_init", "inotify_init1",        \
	"inotify_rm_watch", "io_cancel", "io_destroy", "io_getevents", "io_pgetevents", "io_pgetevents_time64", "io_setup",    \
	"io_submit", "_newselect", "poll", "ppoll", "ppoll_time64", "pselect6", "pselect6_time64", "select"

#define TALKING                                                                                                            \
	"accept", "accept4", "bind", "connect", "getpeername", "getsockname", "getsockopt", "ipc", "listen", "mq_getsetattr",  \
	"mq_notify", "mq_open", "mq_timedreceive", "mq_timedreceive_time64", "mq_timedsend", "mq_timedsend_time64",            \
	"mq_unlink", "msgctl", "msgget", "msgrcv", "msgsnd", "pipe", "pipe2", "recv", "recvfrom", "recvmmsg",                  \
	"recvmmsg_time64", "recvmsg", "semctl", "semget", "semop", "semtimedop", "semtimedop_time64", "send", "sendmmsg",      \
	"sendmsg", "sendto", "setsockopt", "shmat", "shmctl", "shmdt", "shmget", "shutdown", "socketcall", "socketpair"

#define SYSTEM                                                                                                             \
	"bpf", "clone", "clone3", "fanotify_init", "fsconfig", "fsmount", "fsopen", "fspick", "lookup_dcookie",                \
	"lsm_get_self_attr", "lsm_list_modules", "lsm_set_self_attr", "mount", "mount_setattr", "move_mount", "open_tree",     \
	"perf_event_open", "quotactl", "quotactl_fd", "setdomainname", "sethostname", "setns", "syslog", "umount",             \
	"umount2", "unshare"

/* clone(2)'s flags; with clone3 they are in memory, where a filter cannot look: ENOSYS makes programs fall back. */
#define NAMESPACES                                                                                                         \
	(CLONE_NEWNS | CLONE_NEWCGROUP | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWUSER | CLONE_NEWPID | CLONE_NEWNET)
#define NOT_SYS_ADMIN .not_capabilities = 1ull << CAP_SYS_ADMIN

#define SOCKET(op, family) { .names = NAMES("socket"), ALLOW, COMPARE(0, op, family) }
#define PERSONALITY(domain) { .names = NAMES("personality"), ALLOW, COMPARE(0, SECCOMP_EQ, domain) }

static const struct seccomp_rule default_rules[] = {
	{ .names = NAMES(FILES), ALLOW },
	{ .names = NAMES(MEMORY), ALLOW },
	{ .names = NAMES(PROCESSES), ALLOW },
	{ .names = NAMES(SIGNALS), ALLOW },
	{ .names = NAMES(TIMES), ALLOW },
	{ .names = NAMES(WAITING), ALLOW },
	{ .names = NAMES(TALKING), ALLOW },
	/* Not AF_ALG (38), the kernel's cryptography for programs, a source of exploits, and not AF_VSOCK (40), which namespaces do not separate. */
	SOCKET(SECCOMP_LT, 38), SOCKET(SECCOMP_EQ, 39), SOCKET(SECCOMP_GT, 40),
	/* Linux, 32-bit Linux, both with uname's release as 2.6 (UNAME26), and asking. */
	PERSONALITY(0x0), PERSONALITY(0x8), PERSONALITY(0x20000), PERSONALITY(0x20008), PERSONALITY(0xffffffff),
	{ .names = NAMES("sync_file_range2", "swapcontext"), ALLOW, .when = { .architectures = NAMES("ppc64le") } },
	{ .names = NAMES("arm_fadvise64_64", "arm_sync_file_range", "sync_file_range2", "breakpoint", "cacheflush", "set_tls"),
		ALLOW, .when = { .architectures = NAMES("arm", "arm64") } },
	{ .names = NAMES("arch_prctl"), ALLOW, .when = { .architectures = NAMES("amd64", "x32") } },
	{ .names = NAMES("modify_ldt"), ALLOW, .when = { .architectures = NAMES("amd64", "x32", "x86") } },
	{ .names = NAMES("s390_pci_mmio_read", "s390_pci_mmio_write", "s390_runtime_instr"), ALLOW,
		.when = { .architectures = NAMES("s390", "s390x") } },
	{ .names = NAMES("riscv_flush_icache"), ALLOW, .when = { .architectures = NAMES("riscv64") } },
	{ .names = NAMES("open_by_handle_at"), ALLOW, WITH(CAP_DAC_READ_SEARCH) },
	{ .names = NAMES(SYSTEM), ALLOW, WITH(CAP_SYS_ADMIN) },
	{ .names = NAMES("clone"), ALLOW, COMPARE(0, SECCOMP_MASKED_EQ, NAMESPACES, 0),
		.when = { NOT_SYS_ADMIN, .not_architectures = NAMES("s390", "s390x") } },
	{ .names = NAMES("clone"), ALLOW, COMPARE(1, SECCOMP_MASKED_EQ, NAMESPACES, 0),
		.when = { NOT_SYS_ADMIN, .architectures = NAMES("s390", "s390x") } },
	{ .names = NAMES("clone3"), .verdict = SECCOMP_RET_ERRNO | ENOSYS, .when = { NOT_SYS_ADMIN } },
	{ .names = NAMES("reboot"), ALLOW, WITH(CAP_SYS_BOOT) },
	{ .names = NAMES("chroot"), ALLOW, WITH(CAP_SYS_CHROOT) },
	{ .names = NAMES("delete_module", "finit_module", "init_module"), ALLOW, WITH(CAP_SYS_MODULE) },
	{ .names = NAMES("acct"), ALLOW, WITH(CAP_SYS_PACCT) },
	{ .names = NAMES("kcmp", "pidfd_getfd", "process_madvise"), ALLOW, WITH(CAP_SYS_PTRACE) },
	{ .names = NAMES("ioperm", "iopl"), ALLOW, WITH(CAP_SYS_RAWIO) },
	{ .names = NAMES("clock_settime", "clock_settime64", "settimeofday", "stime"), ALLOW, WITH(CAP_SYS_TIME) },
	{ .names = NAMES("vhangup"), ALLOW, WITH(CAP_SYS_TTY_CONFIG) },
	{ .names = NAMES("get_mempolicy", "mbind", "set_mempolicy", "set_mempolicy_home_node"), ALLOW, WITH(CAP_SYS_NICE) },
	{ .names = NAMES("syslog"), ALLOW, WITH(CAP_SYSLOG) },
	{ .names = NAMES("bpf"), ALLOW, WITH(CAP_BPF) },
	{ .names = NAMES("perf_event_open"), ALLOW, WITH(CAP_PERFMON) },
};
const struct seccomp_profile seccomp_default = {
	.verdict = SECCOMP_RET_ERRNO | EPERM, .rules = COUNTED(default_rules)
};

#define NOTHING .verdict = SECCOMP_RET_ERRNO | 0
#define DEVICE(call, argument, type)                                                                                      \
	{ .names = NAMES(call), NOTHING, COMPARE(argument, SECCOMP_MASKED_EQ, S_IFMT, type) }

static const struct seccomp_rule single_id_rules[] = {
	{ .names = NAMES("chown", "chown32", "fchown", "fchown32", "fchownat", "lchown", "lchown32"), NOTHING },
	{ .names = NAMES("setfsgid", "setfsgid32", "setfsuid", "setfsuid32", "setgid", "setgid32", "setgroups", "setgroups32",
		"setregid", "setregid32", "setresgid", "setresgid32", "setresuid", "setresuid32", "setreuid", "setreuid32",
		"setuid", "setuid32"), NOTHING },
	DEVICE("mknod", 1, S_IFCHR), DEVICE("mknod", 1, S_IFBLK),
	DEVICE("mknodat", 2, S_IFCHR), DEVICE("mknodat", 2, S_IFBLK),
};
const struct seccomp_profile seccomp_single_id = {
	.verdict = SECCOMP_RET_ALLOW, .rules = COUNTED(single_id_rules)
};
