/* SPDX-License-Identifier: GPL-2.0-or-later */
/* arch.h owns the one table of CPU architectures. Pure: no I/O. */
#ifndef XRUN_BINFMT_ARCH_H
#define XRUN_BINFMT_ARCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* An ELF header as far as binfmt_misc looks: the first 20 bytes (e_ident, e_type, e_machine). */
enum { ARCH_MAGIC_SIZE = 20 };

struct arch {
	const char *name;            /* xrun's name, = uname -m mostly: "aarch64", "armv7", "x86_64" */
	const char *const *aliases;  /* every other name people use, lower case, NULL-terminated */
	const char *oci_arch;        /* "arm64" */
	const char *oci_variant;     /* "v8", "" for none */
	const char *qemu;            /* "aarch64": the program is qemu-aarch64-static */
	const char *uname;           /* what uname -m says inside */
	uint8_t elf_class;           /* 1: 32 bit, 2: 64 bit */
	uint8_t elf_data;            /* 1: little endian, 2: big */
	uint16_t elf_machine;
	uint8_t magic[ARCH_MAGIC_SIZE], mask[ARCH_MAGIC_SIZE];
};

/* The table, in the order of `xrun binfmt status`. arm variants share one emulator and one magic. */
const struct arch *arch_table(size_t *ret_count);

/* By any name ("arm64/v8", "linux/arm64", "AARCH64", "ppc64el"); NULL if unknown. */
const struct arch *arch_by_name(const char *name);

/* By OCI platform; an empty variant gives the default one. NULL if unknown. */
const struct arch *arch_by_platform(const char *oci_arch, const char *oci_variant);

/* By an ELF header; NULL if it is not ELF, or of an unknown architecture. (armv7 stands for all 32-bit arm.) */
const struct arch *arch_by_elf(const void *header, size_t len);

/* The architecture this program was built for. */
const struct arch *arch_host(void);

#endif
