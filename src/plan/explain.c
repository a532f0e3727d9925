/* SPDX-License-Identifier: GPL-2.0-or-later */
/* explain.c owns the rules by which a bad end is explained. */
#include "src/plan/explain.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

enum { SIGNALED = 128, NOT_FOUND = 127, ARM_V6 = 6, ARM_V7 = 10 };

typedef char *rule(const struct explain_facts *f);

/* "7.2.22" as 70222; 0 if it is no version. */
static int version_number(const char *text)
{
	int major = 0, minor = 0, patch = 0;
	if (!text || sscanf(text, "%d.%d.%d", &major, &minor, &patch) < 2)
		return 0;
	return major * 10000 + minor * 100 + patch;
}

char *explain_hidden(const char *arch)
{
	return str_fmt("a binfmt_misc that was mounted in the container hides the emulators from it, so that no %s program starts there any "
		       "more: do not mount one, for every emulator of this machine is registered without it", arch);
}

/* What mounts one needs CAP_SYS_ADMIN (--privileged): scripts that register emulators with the kernel do. */
static char *hidden(const struct explain_facts *f)
{
	return f->hidden ? explain_hidden(f->arch) : NULL;
}

static char *missing_interpreter(const struct explain_facts *f)
{
	const struct program_facts *p = &f->program;
	size_t len = strlen(p->interpreter);
	if (f->error != -ENOENT || p->kind != PROGRAM_SCRIPT || p->interpreter_found || !len)
		return NULL;
	if (p->interpreter[len - 1] == '\r')
		return str_fmt("the lines of %s end in carriage returns, so that it asks for \"%.*s\\r\": sed -i 's/\\r$//' mends it", p->path,
			(int)len - 1, p->interpreter);
	return str_fmt("%s is a script that asks for %s, which the image does not have", p->path, p->interpreter);
}

static const char *library_of(const char *loader)
{
	return strstr(loader, "ld-musl") ? "musl, as on Alpine" : strstr(loader, "ld-linux") || strstr(loader, "ld64") || strstr(loader, "/ld.so") ?
			"glibc, as on Debian and Fedora" : "another C library";
}

static char *missing_loader(const struct explain_facts *f)
{
	const struct program_facts *p = &f->program;
	if (f->error != -ENOENT || p->kind != PROGRAM_ELF || p->interpreter_found || !p->interpreter[0])
		return NULL;
	if (f->program_arch && !str_eq(f->program_arch, f->arch))
		return str_fmt("%s is a program for %s, and the image, which is for %s, has no %s: --arch %s, with an image that has it", p->path,
			f->program_arch, f->arch, p->interpreter, f->program_arch);
	return str_fmt("%s was built for %s, and the image has no %s: take an image with that library, or link the program statically",
		p->path, library_of(p->interpreter), p->interpreter);
}

static char *other_processor(const struct explain_facts *f)
{
	const struct program_facts *p = &f->program;
	if (f->error != -ENOEXEC || p->kind != PROGRAM_ELF)
		return NULL;
	if (!f->program_arch)
		return str_fmt("%s is for a processor that xrun does not know (ELF machine %u, %d bits)", p->path, p->needs.machine,
			p->needs.elf_class == 2 ? 64 : 32);
	if (!f->program_runs)
		return str_fmt("%s is a program for %s in a container for %s: --arch %s, with an image for it", p->path, f->program_arch, f->arch,
			f->program_arch);
	return p->needs.cut ? str_fmt("%s says that it is a program for %s, but the file is cut off", p->path, f->program_arch) : NULL;
}

static char *no_program(const struct explain_facts *f)
{
	if (f->error == -ENOEXEC && f->program.kind == PROGRAM_EMPTY)
		return str_fmt("%s is an empty file", f->program.path);
	if (f->error == -ENOEXEC && f->program.kind == PROGRAM_TEXT)
		return str_fmt("%s is neither a program nor does it begin with #!: for a shell script, run `sh %s`", f->program.path, f->program.path);
	if (f->error == -EACCES && f->program.kind == PROGRAM_DIRECTORY)
		return str_fmt("%s is a directory: name a program in it", f->program.path);
	if (f->error == -EACCES && f->program.kind != PROGRAM_UNKNOWN && !f->program.executable)
		return str_fmt("%s has no x in its mode: chmod +x mends it", f->program.path);
	return NULL;
}

static char *out_of_memory(const struct explain_facts *f)
{
	if (!f->out_of_memory || !f->memory_bytes)
		return NULL;
	return str_fmt("the container ran out of memory: its limit is %llu MiB (--memory)", (unsigned long long)f->memory_bytes >> 20);
}

/* glibc's loader ends a program with 127; a static one meets an instruction that is none. */
static char *low_level(const struct explain_facts *f)
{
	int needs = f->program.needs.x86_level;
	if (f->status != NOT_FOUND && f->status != SIGNALED + SIGILL)
		return NULL;
	if (f->program.kind != PROGRAM_ELF || !str_eq(f->program_arch, "x86_64") || !f->x86_level || needs <= f->x86_level)
		return NULL;
	if (!f->emulator)
		return str_fmt("%s needs a processor of level x86-64-v%d, and this machine's is x86-64-v%d: --emulator "
			       "/usr/bin/qemu-x86_64-static runs it, slowly, up to x86-64-v3", f->program.path, needs, f->x86_level);
	return str_fmt("%s needs a processor of level x86-64-v%d, and that of the emulator (%s) is x86-64-v%d%s", f->program.path, needs,
		f->cpu_model ? f->cpu_model : "its default", f->x86_level, needs <= 3 ? ": --cpu-model max" : "");
}

static char *old_arm(const struct explain_facts *f)
{
	int has = !f->cpu_model ? 0 : str_eq(f->cpu_model, "arm1176") ? ARM_V6 : str_eq(f->cpu_model, "arm926") ? ARM_V6 - 1 : 0;
	int needs = f->program.needs.arm_cpu;
	bool beyond = has == ARM_V6 ? needs >= ARM_V7 : has && needs >= ARM_V6;
	if (f->status != SIGNALED + SIGILL || !f->emulator || f->program.kind != PROGRAM_ELF || !beyond)
		return NULL;
	return str_fmt("%s is built for ARMv%d, and the image is for %s, whose processor (%s) has no such instructions: it is for --arch armv7; "
		       "--cpu-model max runs it all the same", f->program.path, needs >= ARM_V7 ? 7 : 6, f->arch, f->cpu_model);
}

/* Linux, arch/loongarch/include/uapi/asm/hwcap.h. Programs for LoongArch are built to need LSX unless asked otherwise (gcc 14 and newer). */
static char *no_vectors(const struct explain_facts *f)
{
	enum { LSX = 1 << 4 };
	if (f->status != SIGNALED + SIGILL || !f->emulator || !str_eq(f->arch, "loongarch64") || !f->hwcap || (f->hwcap & LSX))
		return NULL;
	return str_fmt("signal 4, an illegal instruction: the processor of %s, version %s, has no vector instructions (LSX), which distributions "
		       "for loongarch64 are built with: --emulator with qemu 8.1 or newer", f->emulator, f->emulator_version);
}

/*
 * qemu before 8.1 writes the zeros behind a segment's part of the file into a page that it has mapped read-only, and dies of it while it
 * loads the program (its issue 1102); Linux runs such a program. Seen with 5.2.0 and 7.2.22; 10.0.13 and 11.1.3 run it. Those from
 * 8.1 to 10.0.2 refuse it and say why themselves.
 */
static char *crashing_loader(const struct explain_facts *f)
{
	int version = version_number(f->emulator_version);
	if (f->status != SIGNALED + SIGSEGV || !f->emulator || f->program.kind != PROGRAM_ELF || !f->program.needs.zeros_behind_code)
		return NULL;
	if (!f->emulator_name || !str_starts(f->emulator_name, "qemu-") || !version || version >= 80100)
		return NULL;
	return str_fmt("signal 11, of the emulator: %s has a read-only segment that is longer in memory than in the file, and qemu before 8.1 (%s is "
		       "%s) crashes when it loads such a program: --emulator with qemu 10.0.13, as Debian 13 has it, or 11.1", f->program.path,
		f->emulator, f->emulator_version);
}

/* xrun's own filter answers with an errno and kills nothing. */
static char *filtered(const struct explain_facts *f)
{
	if (f->status != SIGNALED + SIGSYS)
		return NULL;
	return str_fmt("a seccomp filter killed it at a system call (signal 31): not xrun's default one, which kills nothing, but %s",
		f->emulator ? "a profile that it was given, or a filter around xrun: they see the emulator's calls, which are this machine's, not the program's" :
			      "the program's own, or a profile that it was given");
}

char *explain(const struct explain_facts *facts)
{
	static rule *const rules[] = { out_of_memory, hidden, missing_interpreter, missing_loader, other_processor, no_program, low_level, old_arm, no_vectors,
		crashing_loader, filtered };
	for (size_t i = 0; i < sizeof rules / sizeof *rules; i++) {
		char *text = rules[i](facts);
		if (text)
			return text;
	}
	return NULL;
}

/* target/i386/cpu.c of qemu: these are of before 2008. TCG has AVX2, and with it v3, since 7.2. */
int explain_model_level(const char *model, const char *version)
{
	static const char *const old[] = { "qemu64", "qemu32", "kvm64", "kvm32", "core2duo", "coreduo", "phenom", "athlon", "n270", "Conroe", "Penryn" };
	size_t len = model ? strcspn(model, ",") : 0;
	if (!model)
		return 1; /* qemu-x86_64's default is qemu64 */
	for (size_t i = 0; i < sizeof old / sizeof *old; i++)
		if (strlen(old[i]) == len && memcmp(old[i], model, len) == 0)
			return 1;
	if (str_eq(model, "max"))
		return version_number(version) >= 70200 ? 3 : version_number(version) ? 2 : 0;
	return 0;
}
