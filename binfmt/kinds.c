/* SPDX-License-Identifier: GPL-2.0-or-later */
/* kinds.c owns which programs emulate what, and how they tell their name and version. */
#include "binfmt/kinds.h"

#include <stdlib.h>
#include <string.h>

/*
 * Emulators of x86 beside qemu-user, which runs everything everywhere. After qemu's: theirs is the speed, qemu's is what its
 * programs are told and what they may rely on. Whether one can serve (static, of this machine) is seen by looking at it.
 */
static const struct {
	const char *name;        /* as kinds_read has it */
	const char *guests[3], *hosts[4];
	const char *programs[3]; /* newer ones first */
} others[] = {
	{ "FEX", { "x86_64", "i386" }, { "aarch64" }, { "FEX", "FEXInterpreter" } },
	{ "box64", { "x86_64", "i386" }, { "aarch64", "riscv64", "loongarch64" }, { "box64" } }, /* i386 by its part box32 */
	{ "box86", { "i386" }, { "aarch64" }, { "box86" } },
};
enum { OTHERS_COUNT = sizeof others / sizeof *others };

static bool is_among(const char *const *names, size_t count, const char *name)
{
	for (size_t i = 0; i < count && names[i]; i++)
		if (str_eq(names[i], name))
			return true;
	return false;
}

#define IS_AMONG(names, name) is_among(names, sizeof(names) / sizeof *(names), name)

void kinds_list(const struct arch *host, const struct arch *arch, struct strv *ret_names)
{
	strv_take(ret_names, str_fmt("qemu-%s-static", arch->qemu)); /* Debian's name up to 12 */
	strv_take(ret_names, str_fmt("qemu-%s", arch->qemu));
	for (size_t i = 0; i < OTHERS_COUNT; i++) {
		if (!IS_AMONG(others[i].guests, arch->name) || !IS_AMONG(others[i].hosts, host->name))
			continue;
		for (size_t j = 0; j < sizeof others[i].programs / sizeof *others[i].programs && others[i].programs[j]; j++)
			strv_add(ret_names, others[i].programs[j]);
	}
}

/* A word of what versions are written in, which fits. */
static bool take_word(const char *at, const char *letters, char *ret_word, size_t size)
{
	size_t len = strspn(at, letters);
	if (len == 0 || len >= size)
		return false;
	memcpy(ret_word, at, len);
	ret_word[len] = 0;
	return true;
}

#define DIGITS "0123456789."
#define LETTERS "abcdefghijklmnopqrstuvwxyz"

/* "qemu-aarch64 version 7.2.22 (Debian ...)" */
static bool read_qemu(const char *text, char *ret_name, size_t name_size, char *ret_version, size_t version_size)
{
	const char *version = strstr(text, " version ");
	return str_starts(text, "qemu-") && version && take_word(text, DIGITS LETTERS "_-", ret_name, name_size) &&
	       take_word(version + strlen(" version "), DIGITS LETTERS "-", ret_version, version_size);
}

/* "FEX-Emu (FEX-2506)" */
static bool read_fex(const char *text, char *ret_name, size_t name_size, char *ret_version, size_t version_size)
{
	static const char begin[] = "FEX-Emu (FEX-";
	return str_starts(text, begin) && take_word("FEX", "FEX", ret_name, name_size) &&
	       take_word(text + strlen(begin), DIGITS LETTERS "-", ret_version, version_size);
}

/* "[BOX64] Box64 with Dynarec v0.3.4 nogit ...", "Box64 arm64 v0.4.3 nogit ...": perhaps below lines about the processor. */
static bool read_box(const char *text, char *ret_name, size_t name_size, char *ret_version, size_t version_size)
{
	static const char *const begins[][3] = { { "Box64 ", "[BOX64] ", "box64" }, { "Box86 ", "[BOX86] ", "box86" } };
	for (const char *line = text; line; line = strchr(line, '\n') ? strchr(line, '\n') + 1 : NULL) {
		for (size_t i = 0; i < sizeof begins / sizeof *begins; i++) {
			const char *at = str_starts(line, begins[i][1]) ? line + strlen(begins[i][1]) : line, *version = strstr(at, " v");
			if (str_starts(at, begins[i][0]) && version && version < at + strcspn(at, "\n"))
				return take_word(begins[i][2], DIGITS LETTERS, ret_name, name_size) &&
				       take_word(version + strlen(" v"), DIGITS, ret_version, version_size);
		}
	}
	return false;
}

bool kinds_read(const char *text, char *ret_name, size_t name_size, char *ret_version, size_t version_size)
{
	return read_qemu(text, ret_name, name_size, ret_version, version_size) ||
	       read_fex(text, ret_name, name_size, ret_version, version_size) ||
	       read_box(text, ret_name, name_size, ret_version, version_size);
}

bool kinds_runs(const char *name, const struct arch *arch)
{
	if (str_starts(name, "qemu-"))
		return str_eq(name + strlen("qemu-"), arch->qemu);
	for (size_t i = 0; i < OTHERS_COUNT; i++)
		if (str_eq(others[i].name, name))
			return IS_AMONG(others[i].guests, arch->name);
	return false;
}

/* qemu does since 6.0 (AT_FLAGS_PRESERVE_ARGV0 in linux-user/main.c); FEX is registered so by its own installation. */
bool kinds_keeps_argv0(const char *name, const char *version)
{
	return str_eq(name, "FEX") || (str_starts(name, "qemu-") && atoi(version) >= 6);
}
