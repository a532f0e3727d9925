/* SPDX-License-Identifier: GPL-2.0-or-later */
/* engine_arch.h owns finding out which architecture the programs of a root file system are for. */
#ifndef XRUN_RUNTIME_ENGINE_ARCH_H
#define XRUN_RUNTIME_ENGINE_ARCH_H

#include "binfmt/arch.h"
#include "src/base/err.h"
#include "src/plan/spec.h"

/*
 * By the ELF header of the program that the spec is to execute, or the interpreter of its script, found below its root; else
 * by that of a shell. Nothing else is believed: no annotation, no name. NULL: nothing there tells, or xrun does not know it.
 */
const struct arch *engine_arch_find(const struct spec *spec);

#endif
