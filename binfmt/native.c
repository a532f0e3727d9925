/* SPDX-License-Identifier: GPL-2.0-or-later */
/* native.c owns whether the CPU and kernel run a second, older architecture by themselves. */
/*
 * Only the kernel knows: its configuration, its command line and the CPU all have a say. So it is asked to execute the
 * smallest program of that architecture, which exits with status 42.
 */
#include "binfmt/binfmt.h"
#include "src/base/fd.h"
#include "src/base/process.h"

#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

enum { PROBE_STATUS = 42, LOAD_ADDRESS = 0x10000, HEADERS = 84 };

/* exit(42) in machine code; the load address is above any vm.mmap_min_addr in use. */
static const uint8_t i386_exit[] = { 0x31, 0xc0, 0x40, 0xb3, 42, 0xcd, 0x80, 0 }; /* xor eax,eax; inc; mov bl; int 80h */
static const uint8_t arm_exit[] = { 42, 0, 0xa0, 0xe3, 1, 0x70, 0xa0, 0xe3, 0, 0, 0, 0xef }; /* mov r0; mov r7,#1; svc */

static void put(uint8_t *at, uint32_t value, int size)
{
	for (int i = 0; i < size; i++)
		at[i] = value >> (8 * i);
}

/* elf(5): a 52-byte header, one 32-byte program header that loads the whole file, and the code. */
static size_t make_elf(uint8_t *elf, uint16_t machine, uint32_t flags, const uint8_t *code, size_t len)
{
	static const uint8_t ident[] = { 0x7f, 'E', 'L', 'F', 1, 1, 1 };
	memset(elf, 0, HEADERS);
	memcpy(elf, ident, sizeof ident);
	put(elf + 16, 2, 2);
	put(elf + 18, machine, 2);
	put(elf + 20, 1, 4);
	put(elf + 24, LOAD_ADDRESS + HEADERS, 4);
	put(elf + 28, 52, 4);
	put(elf + 36, flags, 4);
	put(elf + 40, 52, 2);
	put(elf + 42, 32, 2);
	put(elf + 44, 1, 2);
	put(elf + 52, 1, 4); /* PT_LOAD */
	put(elf + 60, LOAD_ADDRESS, 4);
	put(elf + 64, LOAD_ADDRESS, 4);
	put(elf + 68, HEADERS + len, 4);
	put(elf + 72, HEADERS + len, 4);
	put(elf + 76, 5, 4); /* readable, executable */
	put(elf + 80, 0x1000, 4);
	memcpy(elf + HEADERS, code, len);
	return HEADERS + len;
}

/* A handler of the host's binfmt_misc would fool the question, but then the program runs too. */
static bool runs(const uint8_t *elf, size_t len)
{
	char path[64], *argv[] = { "xrun-probe", NULL }, *env[] = { NULL };
	pid_t pid;
	cleanup_fd int fd = memfd_create("xrun-probe", MFD_CLOEXEC);
	if (fd < 0 || fd_write_all(fd, elf, len) < 0)
		return false;
	snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
	if (posix_spawn(&pid, path, NULL, NULL, argv, env) != 0)
		return false;
	return process_wait(pid) == PROBE_STATUS;
}

bool binfmt_is_native(const struct arch *arch)
{
	const struct arch *host = arch_host();
	uint8_t elf[HEADERS + sizeof arm_exit];
	if (strcmp(host->qemu, arch->qemu) == 0)
		return true;
	if (strcmp(host->name, "x86_64") == 0 && strcmp(arch->name, "i386") == 0)
		return runs(elf, make_elf(elf, arch->elf_machine, 0, i386_exit, sizeof i386_exit));
	if (strcmp(host->name, "aarch64") == 0 && strcmp(arch->qemu, "arm") == 0)
		return runs(elf, make_elf(elf, arch->elf_machine, 0x05000400, arm_exit, sizeof arm_exit));
	return false;
}
