/* SPDX-License-Identifier: GPL-2.0-or-later */
/* cpu.h owns which CPU an emulator shows to its guest. Pure: no I/O. */
#ifndef XRUN_BINFMT_CPU_H
#define XRUN_BINFMT_CPU_H

#include "binfmt/arch.h"
#include "src/base/str.h"

/*
 * CPU models for a guest of arch under qemu, as its option -cpu takes them, best first: the first one that the emulator
 * at hand accepts is used. NULL-terminated; an empty list where the emulator's own choice is the best one.
 */
const char *const *cpu_models(const struct arch *arch);

/* Whether a model has only characters that -cpu can mean; control characters and the like never reach a message. */
bool cpu_model_is_sound(const char *model);

/*
 * The words that make qemu give its guest a stack of this size; `limit` is in bytes, UINT64_MAX for no limit, which becomes as much
 * as fits well. qemu by itself takes a limit above 8 MiB, but neither a lower one nor none.
 */
void cpu_stack_options(const struct arch *arch, uint64_t limit, struct strv *ret_words);

/* The words that make qemu use a model. */
void cpu_options(const char *model, struct strv *ret_words);

#endif
