/* SPDX-License-Identifier: GPL-2.0-or-later */
/* patch.h owns how an emulator's file changes so that it starts with options of ours. Pure: no I/O. */
#ifndef XRUN_BINFMT_PATCH_H
#define XRUN_BINFMT_PATCH_H

#include "src/base/err.h"
#include "src/base/str.h"

#include <stdint.h>

/* The file is copied as it is, but for its first head.len bytes; the tail is written at tail_offset, past its end. */
struct patch {
	struct buf head, tail;
	uint64_t tail_offset;
};
void patch_done(struct patch *patch);

/* How much of a file patch_plan wants to see. */
enum { PATCH_HEAD_SIZE = 4096 };

/*
 * The patch that makes a static program of this machine put `words` after its argv[0]. `head` holds the file's first
 * bytes, PATCH_HEAD_SIZE of them unless it is shorter. -ENOEXEC with the reason if the program is not of a
 * form that can be patched; -EOPNOTSUPP where xrun was built for a machine that it has no code for.
 */
int patch_plan(const void *head, size_t len, uint64_t file_size, const struct strv *words, struct patch *ret_patch,
	struct err *err);

/* Changes whenever patch_plan would give another result for the same file: part of the key of what is cached. */
uint64_t patch_version(void);

/*
 * The last byte of a patched emulator's e_ident, which is padding (elf(5)) and 0 in other programs: a handler for the machine's
 * own architecture tells the emulator by it from what it is to run, and the kernel's own loader does not look at it.
 */
enum { PATCH_MARK_AT = 15, PATCH_MARK = 'x' };

#endif
