/* SPDX-License-Identifier: GPL-2.0-or-later */
/* rule.c owns the line that registers a handler (Linux Documentation/admin-guide/binfmt-misc.rst). Pure. */
#include "binfmt/binfmt.h"
#include "binfmt/patch.h"
#include "src/base/str.h"

#include <string.h>

static void add_escaped(struct buf *rule, const uint8_t *bytes)
{
	for (int i = 0; i < ARCH_MAGIC_SIZE; i++)
		buf_fmt(rule, "\\x%02x", bytes[i]);
}

/* The machine's own programs go to an emulator, but not the emulator itself, which is one of them: see PATCH_MARK. */
static void spare_emulator(const struct arch *arch, uint8_t *mask)
{
	if (str_eq(arch->qemu, arch_host()->qemu))
		mask[PATCH_MARK_AT] = 0xff;
}

/* arm's variants are one handler: the emulator's name tells them. */
void binfmt_rule(struct buf *ret_rule, const struct arch *arch, const char *interpreter, const char *flags)
{
	uint8_t mask[ARCH_MAGIC_SIZE];
	memcpy(mask, arch->mask, sizeof mask);
	spare_emulator(arch, mask);
	buf_fmt(ret_rule, ":xrun-%s:M:0:", arch->qemu);
	add_escaped(ret_rule, arch->magic);
	buf_str(ret_rule, ":");
	add_escaped(ret_rule, mask);
	buf_fmt(ret_rule, ":%s:%s", interpreter, flags);
}
