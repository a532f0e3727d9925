/* SPDX-License-Identifier: GPL-2.0-or-later */
/* cpuinfo.h owns the text of /proc/cpuinfo for emulated CPUs. Pure: no I/O. */
#ifndef XRUN_BINFMT_CPUINFO_H
#define XRUN_BINFMT_CPUINFO_H

#include "binfmt/arch.h"
#include "src/base/str.h"

/*
 * What a guest is told of its CPU by the auxiliary vector (getauxval(3)); zeros where that was not found out. On x86 by cpuid: edx of
 * leaf 1, and above it ecx; ebx of leaf 7, and above it ecx of leaf 0x80000001.
 */
struct cpu_capabilities {
	uint64_t hwcap, hwcap2;
};

/*
 * As Linux on that architecture writes it, with as many processors as the machine has, no capability that the guest has
 * not, and no model that nobody made. False: there is no text for this architecture, or for x86 without capabilities.
 */
bool cpuinfo_text(const struct arch *arch, const struct cpu_capabilities *capabilities, unsigned processors, struct buf *ret_text);

#endif
