/* SPDX-License-Identifier: GPL-2.0-or-later */
/* elf.h owns reading ELF headers (elf(5)). Pure: no I/O. */
#ifndef XRUN_BINFMT_ELF_H
#define XRUN_BINFMT_ELF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Whether a program of either class and byte order asks for a dynamic loader: 1 yes, 0 no, -1 not a sound ELF file,
 * or one whose program headers do not lie within the `len` bytes given. */
int elf_has_interpreter(const void *data, size_t len);

/* The same answers, and the loader's path; "" where it lies beyond `len` or is longer than `size`. */
int elf_interpreter(const void *data, size_t len, char *ret_path, size_t size);

/* The signal that a core was written for: of the first note, if that is a process' state (core(5), NT_PRSTATUS); else 0. */
int elf_core_signal(const void *data, size_t len);

/* e_flags, whose meaning is the machine's own; 0 if it is not a sound ELF header. */
unsigned elf_flags(const void *data, size_t len);

/* What a program's file says that it needs. */
struct elf_needs {
	uint8_t elf_class, elf_data;
	uint16_t type, machine;
	char interpreter[256]; /* its dynamic loader; "" for none */
	bool cut;              /* its program headers, or what they name, lie beyond the file's end */
	bool zeros_behind_code; /* a segment that must not be written has memory, zeros, behind its part of the file, beginning within a page */
	int x86_level;         /* x86-64-v1 .. v4, by its note GNU_PROPERTY_X86_ISA_1_NEEDED (x86-64 psABI); 0: it does not say */
	int arm_cpu;           /* Tag_CPU_arch of .ARM.attributes (Addenda to the Arm ABI, 2.5.7): 6 is ARMv6, 10 ARMv7; -1: it does not say */
};

/* From a file's whole content: 0, or -1 if it is not ELF. What lies beyond the content is as if it were not said. */
int elf_read(const void *data, size_t len, struct elf_needs *ret_needs);

#endif
