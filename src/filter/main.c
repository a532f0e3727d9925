/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * filter owns which system calls a container's programs may not make. It runs when xrun is built: "filter MACHINE" (as
 * gcc -dumpmachine names it) prints the policy as BPF, for src/runtime/security.c to load. Compiling it takes libseccomp
 * 2 ms, which no start of a container has to wait for this way.
 */
#include <errno.h>
#include <linux/filter.h>
#include <sched.h>
#include <seccomp.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

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

static int add_rules(scmp_filter_ctx filter, uint32_t machine)
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
	unsigned flags = machine == SCMP_ARCH_S390X ? 1 : 0; /* which argument they are: clone(2) */
	for (size_t i = 0; r == 0 && i < sizeof namespaces / sizeof *namespaces; i++)
		r = seccomp_rule_add(filter, SCMP_ACT_ERRNO(EPERM), SCMP_SYS(clone), 1,
			SCMP_CMP(flags, SCMP_CMP_MASKED_EQ, namespaces[i], namespaces[i]));
	return r;
}

/* The machine's own table of system calls, and every one that its kernel offers beside it. */
static int add_architectures(scmp_filter_ctx filter, uint32_t machine)
{
	static const struct {
		uint32_t machine, beside;
	} pairs[] = {
		{ SCMP_ARCH_X86_64, SCMP_ARCH_X86 }, { SCMP_ARCH_X86_64, SCMP_ARCH_X32 }, { SCMP_ARCH_AARCH64, SCMP_ARCH_ARM },
	};
	int r = 0;
	if (machine != seccomp_arch_native()) {
		r = seccomp_arch_add(filter, machine);
		if (r == 0)
			r = seccomp_arch_remove(filter, SCMP_ARCH_NATIVE);
	}
	for (size_t i = 0; r == 0 && i < sizeof pairs / sizeof *pairs; i++)
		if (machine == pairs[i].machine)
			r = seccomp_arch_add(filter, pairs[i].beside);
	return r;
}

static int print_program(scmp_filter_ctx filter)
{
	struct sock_filter instruction;
	FILE *program = tmpfile();
	int r = program ? seccomp_export_bpf(filter, fileno(program)) : -errno;
	if (r < 0)
		return r;
	rewind(program);
	while (fread(&instruction, sizeof instruction, 1, program) == 1)
		printf("{ 0x%x, %u, %u, 0x%x },\n", instruction.code, instruction.jt, instruction.jf, instruction.k);
	fclose(program);
	return 0;
}

int main(int argc, char **argv)
{
	char name[64] = "";
	if (argc == 2)
		snprintf(name, sizeof name, "%.*s", (int)strcspn(argv[1], "-"), argv[1]);
	uint32_t machine = seccomp_arch_resolve_name(strcmp(name, "powerpc64le") == 0 ? "ppc64le" : name);
	if (machine == 0) {
		fprintf(stderr, "filter: libseccomp does not know the machine \"%s\"\n", name);
		return 1;
	}
	scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ALLOW);
	int r = filter ? add_architectures(filter, machine) : -ENOMEM;
	if (r == 0)
		r = seccomp_attr_set(filter, SCMP_FLTATR_CTL_OPTIMIZE, 2);
	if (r == 0)
		r = add_rules(filter, machine);
	if (r == 0)
		r = print_program(filter);
	if (r < 0)
		fprintf(stderr, "filter: %s\n", strerror(-r));
	seccomp_release(filter);
	return r < 0;
}
