/* SPDX-License-Identifier: GPL-2.0-or-later */
/* explain.c owns looking up the facts by which a container's bad end is explained, see src/plan/explain.h. */
#include "src/cli/run.h"

#include "binfmt/binfmt.h"
#include "binfmt/emulator.h"
#include "src/base/fd.h"
#include "src/plan/explain.h"

static const struct arch *arch_of(const struct elf_needs *needs)
{
	size_t count;
	const struct arch *table = arch_table(&count);
	for (size_t i = 0; i < count; i++)
		if (table[i].elf_class == needs->elf_class && table[i].elf_data == needs->elf_data && table[i].elf_machine == needs->machine)
			return &table[i];
	return NULL;
}

static const struct spec_emulator *find_emulator(const struct spec *spec, const struct arch *arch)
{
	for (size_t i = 0; arch && i < spec->emulator_count; i++) {
		const struct arch *its = arch_by_name(spec->emulators[i].arch);
		if (its && str_eq(its->qemu, arch->qemu))
			return &spec->emulators[i];
	}
	return NULL;
}

static const char *option_of(const struct strv *words, const char *name)
{
	for (size_t i = 0; i + 1 < words->len; i++)
		if (str_eq(words->items[i], name))
			return words->items[i + 1];
	return NULL;
}

/* Of the processor that this program runs on, which is of x86-64 only if xrun itself is. */
static int host_level(void)
{
#if defined(__x86_64__)
	__builtin_cpu_init(); /* what the levels are told by, of those features that no processor has without the others */
	return __builtin_cpu_supports("avx512vl") ? 4 : __builtin_cpu_supports("avx2") && __builtin_cpu_supports("bmi2") ? 3 :
	       __builtin_cpu_supports("sse4.2") && __builtin_cpu_supports("popcnt") ? 2 : 1;
#else
	return 0;
#endif
}

static void add_emulator(const struct spec *spec, const struct spec_emulator *emulator, struct explain_facts *facts)
{
	facts->emulator = emulator->path;
	facts->cpu_model = option_of(&emulator->options, "-cpu");
	if (!facts->cpu_model)
		facts->cpu_model = strv_env_get(&spec->env, "QEMU_CPU");
	facts->x86_level = explain_model_level(facts->cpu_model, facts->emulator_version);
}

/* The image's emulator is registered before the others. */
static const struct arch *image_arch(const struct spec *spec)
{
	const struct arch *arch = spec->emulator_count ? arch_by_name(spec->emulators[0].arch) : arch_host();
	if (arch && spec->personality_32 && !spec->emulator_count)
		return arch_by_name(str_eq(arch->name, "aarch64") ? "armv7" : "i386");
	return arch ? arch : arch_host();
}

void run_explain(const struct spec *spec, int store_dir_fd, const struct container_result *result, struct err *err)
{
	const struct arch *arch = image_arch(spec);
	struct err ignored = { 0 };
	struct emulator_facts asked = { 0 };
	struct explain_facts facts = { .error = err->code, .status = result->status, .out_of_memory = result->out_of_memory, .hidden = result->hidden,
		.memory_bytes = spec->limits.memory_bytes, .arch = arch->name, .program = result->program, .x86_level = host_level(),
		.hwcap = spec->cpuinfo.hwcap };
	const struct arch *its = result->program.kind == PROGRAM_ELF ? arch_of(&result->program.needs) : NULL;
	const struct spec_emulator *emulator = find_emulator(spec, its ? its : arch);
	cleanup_fd int cache_fd = emulator ? emulator_cache_open(store_dir_fd, &ignored) : -1;
	if (emulator && emulator_ask(cache_fd, its ? its : arch, emulator->path, &asked, &ignored) == 0) {
		facts.emulator_name = asked.name;
		facts.emulator_version = asked.version;
	}
	if (emulator)
		add_emulator(spec, emulator, &facts);
	facts.program_arch = its && str_eq(its->qemu, arch->qemu) ? arch->name : its ? its->name : NULL;
	facts.program_runs = its && (emulator || binfmt_is_native(its));
	cleanup_free char *text = explain(&facts);
	if (text && err->code)
		err_append(err, "; %s", text);
	else if (text)
		err_set(err, 0, "%s", text);
}
