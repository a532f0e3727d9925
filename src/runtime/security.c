/* SPDX-License-Identifier: GPL-2.0-or-later */
/* security.c owns what the payload may do. */
#include "src/runtime/security.h"

#include "src/base/str.h"

#include <errno.h>
#include <grp.h>
#include <linux/capability.h>
#include <sched.h>
#include <seccomp.h>
#include <strings.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

/* In the order of <linux/capability.h>: the index is the number. */
static const char *const names[] = {
	"CHOWN", "DAC_OVERRIDE", "DAC_READ_SEARCH", "FOWNER", "FSETID", "KILL", "SETGID", "SETUID", "SETPCAP",
	"LINUX_IMMUTABLE", "NET_BIND_SERVICE", "NET_BROADCAST", "NET_ADMIN", "NET_RAW", "IPC_LOCK", "IPC_OWNER",
	"SYS_MODULE", "SYS_RAWIO", "SYS_CHROOT", "SYS_PTRACE", "SYS_PACCT", "SYS_ADMIN", "SYS_BOOT", "SYS_NICE",
	"SYS_RESOURCE", "SYS_TIME", "SYS_TTY_CONFIG", "MKNOD", "LEASE", "AUDIT_WRITE", "AUDIT_CONTROL", "SETFCAP",
	"MAC_OVERRIDE", "MAC_ADMIN", "SYSLOG", "WAKE_ALARM", "BLOCK_SUSPEND", "AUDIT_READ", "PERFMON", "BPF",
	"CHECKPOINT_RESTORE",
};
enum { NAME_COUNT = sizeof names / sizeof *names };

static uint64_t bit(int capability)
{
	return 1ull << capability;
}

uint64_t security_default_capabilities(void)
{
	return bit(CAP_CHOWN) | bit(CAP_DAC_OVERRIDE) | bit(CAP_FOWNER) | bit(CAP_FSETID) | bit(CAP_KILL) |
	       bit(CAP_SETGID) | bit(CAP_SETUID) | bit(CAP_SETPCAP) | bit(CAP_NET_BIND_SERVICE) | bit(CAP_NET_RAW) |
	       bit(CAP_SYS_CHROOT) | bit(CAP_MKNOD) | bit(CAP_AUDIT_WRITE) | bit(CAP_SETFCAP);
}

bool security_capability(const char *name, uint64_t *ret_bits)
{
	if (strcasecmp(name, "ALL") == 0) {
		*ret_bits = bit(NAME_COUNT) - 1;
		return true;
	}
	if (strncasecmp(name, "CAP_", 4) == 0)
		name += 4;
	for (int i = 0; i < NAME_COUNT; i++) {
		if (strcasecmp(name, names[i]) == 0) {
			*ret_bits = bit(i);
			return true;
		}
	}
	return false;
}

static int set_capabilities(uint64_t bits)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[2] = {
		{ .effective = (uint32_t)bits, .permitted = (uint32_t)bits },
		{ .effective = bits >> 32, .permitted = bits >> 32 },
	};
	return syscall(SYS_capset, &header, data);
}

int security_become(const struct user *user, uint64_t bounding, bool set_groups, struct err *err)
{
	gid_t groups[USER_MAX_GROUPS];
	for (int i = 0; i < user->group_count; i++)
		groups[i] = user->groups[i];
	for (int i = 0; prctl(PR_CAPBSET_READ, i) >= 0; i++)
		if (!(bounding & bit(i)) && prctl(PR_CAPBSET_DROP, i) < 0)
			return err_sys(err, "cannot drop capability %d", i);
	if (set_groups && setgroups(user->group_count, groups) < 0)
		return err_sys(err, "cannot set the supplementary groups");
	if (setresgid(user->gid, user->gid, user->gid) < 0)
		return err_sys(err, "cannot become group %u (is it within the subordinate ids?)", user->gid);
	if (setresuid(user->uid, user->uid, user->uid) < 0)
		return err_sys(err, "cannot become user %u (is it within the subordinate ids?)", user->uid);
	if (set_capabilities(user->uid == 0 ? bounding : 0) < 0)
		return err_sys(err, "cannot set the capabilities");
	return 0;
}

/* What docker's default profile keeps from a container without extra capabilities. */
static const char *const denied[] = {
	"acct", "add_key", "bpf", "clock_adjtime", "clock_adjtime64", "clock_settime", "clock_settime64",
	"create_module", "delete_module", "fanotify_init", "finit_module", "fsconfig", "fsmount", "fsopen", "fspick",
	"get_kernel_syms", "init_module", "io_uring_enter", "io_uring_register", "io_uring_setup", "ioperm", "iopl",
	"kcmp", "kexec_file_load", "kexec_load", "keyctl", "lookup_dcookie", "mount", "mount_setattr", "move_mount",
	"move_pages", "name_to_handle_at", "nfsservctl", "open_by_handle_at", "open_tree", "perf_event_open",
	"pivot_root", "process_madvise", "query_module", "quotactl", "quotactl_fd", "reboot", "request_key",
	"setdomainname", "sethostname", "setns", "settimeofday", "stime", "swapoff", "swapon", "_sysctl", "sysfs",
	"syslog", "umount", "umount2", "unshare", "uselib", "userfaultfd", "ustat", "vhangup", "vm86", "vm86old",
};

static int add_rules(scmp_filter_ctx filter)
{
	int r = 0;
	for (size_t i = 0; r == 0 && i < sizeof denied / sizeof *denied; i++) {
		int call = seccomp_syscall_resolve_name(denied[i]);
		if (call == __NR_SCMP_ERROR)
			continue; /* younger than this libseccomp, or of another architecture */
		r = seccomp_rule_add(filter, SCMP_ACT_ERRNO(EPERM), call, 0);
	}
	if (r == 0) /* the flags are in memory with clone3, where a filter cannot look: programs fall back to clone */
		r = seccomp_rule_add(filter, SCMP_ACT_ERRNO(ENOSYS), SCMP_SYS(clone3), 0);
	static const unsigned long namespaces[] = { CLONE_NEWNS, CLONE_NEWCGROUP, CLONE_NEWUTS, CLONE_NEWIPC,
		CLONE_NEWUSER, CLONE_NEWPID, CLONE_NEWNET };
	for (size_t i = 0; r == 0 && i < sizeof namespaces / sizeof *namespaces; i++)
		r = seccomp_rule_add(filter, SCMP_ACT_ERRNO(EPERM), SCMP_SYS(clone), 1,
			SCMP_A0(SCMP_CMP_MASKED_EQ, namespaces[i], namespaces[i]));
	return r;
}

/* Every table of calls that the host's kernel offers beside its own. */
static int add_architectures(scmp_filter_ctx filter)
{
	static const struct {
		uint32_t native, other;
	} pairs[] = {
		{ SCMP_ARCH_X86_64, SCMP_ARCH_X86 }, { SCMP_ARCH_X86_64, SCMP_ARCH_X32 }, { SCMP_ARCH_AARCH64, SCMP_ARCH_ARM },
	};
	int r = 0;
	for (size_t i = 0; r == 0 && i < sizeof pairs / sizeof *pairs; i++)
		if (seccomp_arch_native() == pairs[i].native)
			r = seccomp_arch_add(filter, pairs[i].other);
	return r;
}

int security_load_filter(struct err *err)
{
	scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ALLOW);
	int r = filter ? add_architectures(filter) : -ENOMEM;
	if (r == 0)
		r = seccomp_attr_set(filter, SCMP_FLTATR_CTL_NNP, 0);
	if (r == 0)
		r = seccomp_attr_set(filter, SCMP_FLTATR_CTL_OPTIMIZE, 2);
	if (r == 0)
		r = add_rules(filter);
	if (r == 0)
		r = seccomp_load(filter);
	seccomp_release(filter);
	return r < 0 ? err_code(err, r, "cannot load the seccomp filter") : 0;
}
