/* SPDX-License-Identifier: GPL-2.0-or-later */
/* elf.h owns reading ELF headers (elf(5)). Pure: no I/O. */
#ifndef XRUN_BINFMT_ELF_H
#define XRUN_BINFMT_ELF_H

#include <stddef.h>

/* Whether a program of either class and byte order asks for a dynamic loader: 1 yes, 0 no, -1 not a sound ELF file,
 * or one whose program headers do not lie within the `len` bytes given. */
int elf_has_interpreter(const void *data, size_t len);

/* The same answers, and the loader's path; "" where it lies beyond `len` or is longer than `size`. */
int elf_interpreter(const void *data, size_t len, char *ret_path, size_t size);

/* The signal that a core was written for: of the first note, if that is a process' state (core(5), NT_PRSTATUS); else 0. */
int elf_core_signal(const void *data, size_t len);

/* e_flags, whose meaning is the machine's own; 0 if it is not a sound ELF header. */
unsigned elf_flags(const void *data, size_t len);

#endif
