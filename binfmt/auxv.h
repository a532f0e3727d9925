/* SPDX-License-Identifier: GPL-2.0-or-later */
/* auxv.h owns finding out what a guest is told of its CPU: a program that writes what it is told. Pure: no I/O. */
#ifndef XRUN_BINFMT_AUXV_H
#define XRUN_BINFMT_AUXV_H

#include "binfmt/arch.h"
#include "binfmt/cpuinfo.h"

#include <sys/types.h>

/* The stack's first bytes that it writes; its environment must be longer, so that there are as many. */
enum { AUXV_STACK = 1024, AUXV_PROGRAM_ROOM = 256 };

/*
 * A static program of arch that writes AUXV_STACK bytes of its initial stack, or on x86 some answers of cpuid, to standard output. Its
 * size; 0: none known.
 */
size_t auxv_program(const struct arch *arch, uint8_t ret_program[AUXV_PROGRAM_ROOM]);

/* What it wrote: argc, argv, environment, auxiliary vector; or those answers. False if that does not end within len. */
bool auxv_read(const struct arch *arch, const void *stack, size_t len, struct cpu_capabilities *ret_capabilities);

#endif
