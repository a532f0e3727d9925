/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * filter owns what is known about system calls when xrun is built. It runs then: "filter MACHINE tables" (as gcc
 * -dumpmachine names it) prints the numbers of every system call there, which libseccomp knows, for src/seccomp/tables.c;
 * "filter MACHINE programs" prints the built-in profiles as BPF, for src/seccomp/ready.c.
 */
#include "src/seccomp/compile.h"

#include <linux/audit.h>
#include <linux/capability.h>
#include <seccomp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_CALLS = 1024, MAX_TABLES = 3 };

/* Younger than libseccomp 2.5.4; since Linux 5.1 a call has the same number everywhere (asm-generic/unistd.h). */
static const struct seccomp_call younger[] = {
	{ "futex_waitv", 449 }, { "set_mempolicy_home_node", 450 }, { "cachestat", 451 }, { "fchmodat2", 452 },
	{ "map_shadow_stack", 453 }, { "futex_wake", 454 }, { "futex_wait", 455 }, { "futex_requeue", 456 },
	{ "statmount", 457 }, { "listmount", 458 }, { "lsm_get_self_attr", 459 }, { "lsm_set_self_attr", 460 },
	{ "lsm_list_modules", 461 }, { "mseal", 462 }, { "setxattrat", 463 }, { "getxattrat", 464 }, { "listxattrat", 465 },
	{ "removexattrat", 466 }, { "open_tree_attr", 467 }, { "file_getattr", 468 }, { "file_setattr", 469 },
};
enum { OPENAT2 = 437 }; /* tells where an architecture's numbers begin: 0, for x32 2^30, for MIPS 4000 and up */

static const struct {
	uint32_t machine;
	const char *name, *docker_name;
	uint32_t beside[2]; /* what its kernel also runs programs of */
} machines[] = {
	{ SCMP_ARCH_X86_64, "SCMP_ARCH_X86_64", "amd64", { SCMP_ARCH_X86, SCMP_ARCH_X32 } },
	{ SCMP_ARCH_X86, "SCMP_ARCH_X86", "x86", { 0 } },
	{ SCMP_ARCH_X32, "SCMP_ARCH_X32", "x32", { 0 } },
	{ SCMP_ARCH_AARCH64, "SCMP_ARCH_AARCH64", "arm64", { SCMP_ARCH_ARM } },
	{ SCMP_ARCH_ARM, "SCMP_ARCH_ARM", "arm", { 0 } },
	{ SCMP_ARCH_S390X, "SCMP_ARCH_S390X", "s390x", { SCMP_ARCH_S390 } },
	{ SCMP_ARCH_S390, "SCMP_ARCH_S390", "s390", { 0 } },
	{ SCMP_ARCH_PPC64LE, "SCMP_ARCH_PPC64LE", "ppc64le", { 0 } },
	{ SCMP_ARCH_RISCV64, "SCMP_ARCH_RISCV64", "riscv64", { 0 } },
	{ SCMP_ARCH_MIPS64, "SCMP_ARCH_MIPS64", "mips64", { SCMP_ARCH_MIPS, SCMP_ARCH_MIPS64N32 } },
	{ SCMP_ARCH_MIPS, "SCMP_ARCH_MIPS", "mips", { 0 } },
	{ SCMP_ARCH_MIPS64N32, "SCMP_ARCH_MIPS64N32", "mips64n32", { 0 } },
	{ SCMP_ARCH_MIPSEL64, "SCMP_ARCH_MIPSEL64", "mips64le", { SCMP_ARCH_MIPSEL, SCMP_ARCH_MIPSEL64N32 } },
	{ SCMP_ARCH_MIPSEL, "SCMP_ARCH_MIPSEL", "mipsle", { 0 } },
	{ SCMP_ARCH_MIPSEL64N32, "SCMP_ARCH_MIPSEL64N32", "mips64n32le", { 0 } },
};

static int by_name(const void *a, const void *b)
{
	return strcmp(((const struct seccomp_call *)a)->name, ((const struct seccomp_call *)b)->name);
}

static void add_call(struct seccomp_call *calls, size_t *count, const char *name, uint32_t number)
{
	if (*count == MAX_CALLS)
		abort();
	for (size_t i = 0; i < *count; i++)
		if (strcmp(calls[i].name, name) == 0)
			return;
	calls[(*count)++] = (struct seccomp_call){ name, number };
}

/* libseccomp cannot list its names, but name the numbers: those from `first` on. */
static void add_numbers(uint32_t machine, int first, int count, struct seccomp_call *calls, size_t *ret_count)
{
	for (int number = first; number < first + count; number++) {
		char *name = seccomp_syscall_resolve_num_arch(machine, number);
		if (name)
			add_call(calls, ret_count, name, number);
	}
}

static void fill_table(size_t i, struct seccomp_table *ret_table)
{
	uint32_t machine = machines[i].machine, audit = machine == SCMP_ARCH_X32 ? SCMP_ARCH_X86_64 : machine;
	struct seccomp_call *calls = calloc(MAX_CALLS, sizeof *calls);
	size_t count = 0;
	if (!calls)
		abort();
	int base = seccomp_syscall_resolve_name_arch(machine, "openat2") - OPENAT2;
	add_numbers(machine, base, MAX_CALLS / 2, calls, &count);
	if (machine == SCMP_ARCH_ARM)
		add_numbers(machine, 0xf0000, 16, calls, &count); /* __ARM_NR_BASE: breakpoint, cacheflush, ... */
	for (size_t n = 0; n < sizeof younger / sizeof *younger; n++)
		add_call(calls, &count, younger[n].name, base + younger[n].number);
	qsort(calls, count, sizeof *calls, by_name);
	*ret_table = (struct seccomp_table){ .name = machines[i].name, .docker_name = machines[i].docker_name, .audit = audit,
		.wide = machine & __AUDIT_ARCH_64BIT, .calls = calls, .count = count };
}

static size_t find_machine(uint32_t machine)
{
	size_t i = 0;
	while (i < sizeof machines / sizeof *machines && machines[i].machine != machine)
		i++;
	return i;
}

static size_t fill_tables(uint32_t machine, struct seccomp_table *tables)
{
	size_t i = find_machine(machine), count = 0;
	if (i == sizeof machines / sizeof *machines)
		return 0;
	fill_table(i, &tables[count++]);
	for (size_t b = 0; b < 2 && machines[i].beside[b]; b++)
		fill_table(find_machine(machines[i].beside[b]), &tables[count++]);
	return count;
}

static bool has_call(const struct seccomp_table *table, const char *name)
{
	const struct seccomp_call call = { .name = name };
	return bsearch(&call, table->calls, table->count, sizeof call, by_name) != NULL;
}

static bool any_has_call(const struct seccomp_table *tables, size_t count, const char *name)
{
	for (size_t i = 0; i < count; i++)
		if (has_call(&tables[i], name))
			return true;
	return false;
}

/* The names that only other machines have. */
static void print_elsewhere(const struct seccomp_table *tables, size_t count)
{
	enum { ALL = sizeof machines / sizeof *machines };
	struct seccomp_table all[ALL];
	puts("static const char *const elsewhere[] = {");
	for (size_t i = 0; i < ALL; i++) {
		fill_table(i, &all[i]);
		for (size_t c = 0; c < all[i].count; c++)
			if (!any_has_call(tables, count, all[i].calls[c].name) && !any_has_call(all, i, all[i].calls[c].name))
				printf("\t\"%s\",\n", all[i].calls[c].name);
	}
	puts("\tNULL,\n};");
}

static void print_tables(const struct seccomp_table *tables, size_t count)
{
	print_elsewhere(tables, count);
	for (size_t i = 0; i < count; i++) {
		printf("static const struct seccomp_call calls_%zu[] = {\n", i);
		for (size_t c = 0; c < tables[i].count; c++)
			printf("\t{ \"%s\", %u },\n", tables[i].calls[c].name, tables[i].calls[c].number);
		puts("};");
	}
	puts("static const struct seccomp_table tables[] = {");
	for (size_t i = 0; i < count; i++)
		printf("\t{ \"%s\", \"%s\", 0x%xu, %d, calls_%zu, %zu },\n", tables[i].name, tables[i].docker_name, tables[i].audit,
			tables[i].wide, i, tables[i].count);
	printf("};\nconst struct seccomp_machine seccomp_machine = { tables, %zu, elsewhere };\n", count);
}

static int print_program(const char *name, const struct seccomp_profile *profile, const struct seccomp_machine *machine,
	uint64_t capabilities)
{
	struct seccomp_setting setting = { .capabilities = capabilities };
	struct seccomp_program program;
	struct err err;
	if (seccomp_compile(profile, machine, &setting, &program, &err) < 0) {
		fprintf(stderr, "filter: %s\n", err.text);
		return -1;
	}
	printf("static const struct sock_filter %s[] = {\n", name);
	for (size_t i = 0; i < program.len; i++)
		printf("\t{ 0x%x, %u, %u, 0x%x },\n", program.code[i].code, program.code[i].jt, program.code[i].jf, program.code[i].k);
	puts("};");
	return 0;
}

int main(int argc, char **argv)
{
	char name[64] = "";
	struct seccomp_table tables[MAX_TABLES];
	if (argc == 3)
		snprintf(name, sizeof name, "%.*s", (int)strcspn(argv[1], "-"), argv[1]);
	uint32_t token = seccomp_arch_resolve_name(strcmp(name, "powerpc64le") == 0 ? "ppc64le" : name);
	struct seccomp_machine machine = { tables, token ? fill_tables(token, tables) : 0, NULL };
	if (machine.count == 0) {
		fprintf(stderr, "filter: libseccomp does not know the machine \"%s\"\n", name);
		return 1;
	}
	if (strcmp(argv[2], "tables") == 0) {
		print_tables(tables, machine.count);
		return 0;
	}
	/* Of docker's default capabilities, the one that a rule asks for. */
	uint64_t capabilities = 1ull << CAP_SYS_CHROOT;
	printf("#define DEFAULT_CODE_CAPABILITIES 0x%llxull\n", (unsigned long long)capabilities);
	int r = print_program("default_code", &seccomp_default, &machine, capabilities);
	return r < 0 || print_program("single_id_code", &seccomp_single_id, &machine, 0) < 0;
}
