/* SPDX-License-Identifier: GPL-2.0-or-later */
/* emulation.c owns choosing how a container's programs run on this machine: natively, or through which emulators. */
#include "src/cli/run.h"

#include "binfmt/binfmt.h"
#include "binfmt/cpu.h"
#include "binfmt/cpuinfo.h"
#include "binfmt/emulator.h"
#include "binfmt/kinds.h"
#include "src/base/fd.h"
#include "src/plan/ulimit.h"
#include "src/runtime/listing.h"

#include <errno.h>
#include <signal.h>
#include <sys/resource.h>

/*
 * A private instance hides the host's handlers, so it gets every emulator there is, not only the image's. One that emulators.conf
 * names and that cannot serve is left out, and no other takes its place.
 */
static void add_other_emulators(const struct arch *wanted, int cache_fd, struct spec *spec)
{
	size_t count;
	const struct arch *table = arch_table(&count);
	for (size_t i = 0; i < count; i++) {
		struct err ignored;
		struct emulator_facts facts = { 0 };
		cleanup_free char *path = NULL, *where = NULL;
		bool shared = str_eq(table[i].qemu, wanted->qemu) || (i > 0 && str_eq(table[i].qemu, table[i - 1].qemu));
		if (shared || str_eq(table[i].qemu, arch_host()->qemu) || binfmt_is_native(&table[i]))
			continue;
		cleanup_fd int fd = emulator_open(&table[i], NULL, &path, &where, &ignored);
		if (fd < 0 || emulator_ask(cache_fd, &table[i], path, &facts, &ignored) < 0)
			continue;
		struct spec_emulator *emulator = spec_add_emulator(spec, table[i].name, path);
		emulator->no_argv0 = !kinds_keeps_argv0(facts.name, facts.version);
		emulator->copied = *facts.model;
		if (*facts.model)
			cpu_options(facts.model, &emulator->options);
	}
}

/* One that was given options before has been asked before. */
static int check_model(const struct request *q, const struct emulator_facts *facts, int cache_fd,
	const struct spec_emulator *emulator, struct err *err)
{
	if (!facts->takes_options)
		return err_set(err, -EINVAL, "--cpu-model: %s cannot be given options; a static qemu can", emulator->path);
	if (emulator_has_copy(cache_fd, emulator->path, &emulator->options))
		return 0;
	int r = emulator_check_model(emulator->path, q->cpu_model, err);
	if (r < 0) {
		err_prefix(err, "--cpu-model %s", q->cpu_model);
		return err_append(err, "; `%s -cpu help` lists them", emulator->path);
	}
	return 0;
}

/* The stack's limit: what --ulimit says, else nothing but that there is none. */
static void plan_stack(const struct arch *arch, const struct spec *spec, struct spec_emulator *emulator)
{
	struct rlimit inherited;
	for (size_t i = 0; i < spec->isolation.ulimit_count; i++) {
		if (spec->isolation.ulimits[i].resource == RLIMIT_STACK) {
			cpu_stack_options(arch, spec->isolation.ulimits[i].soft, &emulator->options);
			return;
		}
	}
	if (getrlimit(RLIMIT_STACK, &inherited) == 0 && inherited.rlim_cur == RLIM_INFINITY)
		cpu_stack_options(arch, UINT64_MAX, &emulator->options);
}

/* --cpu-model, else what is best for the architecture, unless `-e QEMU_CPU=...` is to choose. */
static int plan_options(const struct request *q, const struct emulator_facts *facts, int cache_fd, const struct spec *spec,
	struct spec_emulator *emulator, struct err *err)
{
	const bool own = str_eq(arch_by_name(emulator->arch)->qemu, arch_host()->qemu);
	emulator->copied = facts->takes_options;
	emulator->no_argv0 = !kinds_keeps_argv0(facts->name, facts->version);
	if (own && !facts->takes_options) /* only a copy of ours is told from what it runs */
		return err_set(err, -EINVAL, "--emulator %s is a program for %s itself, so it would be its own handler; a static qemu can be used",
			emulator->path, emulator->arch);
	if (q->cpu_model && !cpu_model_is_sound(q->cpu_model))
		return err_set(err, -EINVAL, "--cpu-model %s: a model is written like max,pauth=off", q->cpu_model);
	if (q->cpu_model)
		cpu_options(q->cpu_model, &emulator->options);
	else if (*facts->model && (own || !strv_env_get(&spec->env, "QEMU_CPU")))
		cpu_options(facts->model, &emulator->options);
	if (facts->takes_options)
		plan_stack(arch_by_name(emulator->arch), spec, emulator);
	return q->cpu_model ? check_model(q, facts, cache_fd, emulator, err) : 0;
}

static int plan_randomization(const struct request *q, const struct emulator_facts *facts, struct spec *spec, struct err *err)
{
	if (q->aslr && !str_eq(q->aslr, "auto") && !str_eq(q->aslr, "on") && !str_eq(q->aslr, "off"))
		return err_set(err, -EINVAL, "--aslr %s: there are auto, on and off", q->aslr);
	spec->fixed_addresses = str_eq(q->aslr, "off") || (!str_eq(q->aslr, "on") && emulator_randomization_trouble(facts));
	return 0;
}

static void plan_cpuinfo(const struct arch *arch, int cache_fd, struct spec *spec)
{
	struct cpu_capabilities capabilities;
	const struct spec_emulator *emulator = &spec->emulators[0];
	emulator_ask_capabilities(cache_fd, arch, emulator->path, &emulator->options, &capabilities);
	spec->cpuinfo = (struct spec_cpuinfo){ str_dup(arch->name), capabilities.hwcap, capabilities.hwcap2 };
}

static int plan_private(const struct request *q, const struct arch *arch, const char *path, int store_dir_fd, struct spec *spec,
	struct emulator_facts *ret_facts, struct err *err)
{
	cleanup_fd int cache_fd = emulator_cache_open(store_dir_fd, err);
	int r = cache_fd < 0 ? cache_fd : emulator_ask(cache_fd, arch, path, ret_facts, err);
	if (r == 0)
		r = plan_options(q, ret_facts, cache_fd, spec, spec_add_emulator(spec, arch->name, path), err);
	if (r == 0)
		plan_cpuinfo(arch, cache_fd, spec);
	if (r == 0)
		add_other_emulators(arch, cache_fd, spec);
	return r;
}

/* qemu writes a guest's core into the guest's current directory, which may be a volume: only where --ulimit asks for it. */
static int plan_cores(const struct request *q, struct spec *spec, struct err *err)
{
	struct rlimit now = { 0 };
	if (q->core_dir && (spec->life.detach || q->create))
		return err_set(err, -EINVAL, "--core-dir is for a container in the foreground");
	spec->core_dir = q->core_dir ? realpath(q->core_dir, NULL) : NULL;
	if (q->core_dir && !spec->core_dir)
		return err_sys(err, "--core-dir %s", q->core_dir);
	for (size_t i = 0; i < spec->isolation.ulimit_count; i++)
		if (spec->isolation.ulimits[i].resource == RLIMIT_CORE)
			return 0;
	getrlimit(RLIMIT_CORE, &now);
	if (spec->core_dir && now.rlim_max == 0)
		return err_set(err, -EPERM, "--core-dir: our own hard limit on cores is 0 (ulimit -H -c)");
	ulimit_set(&spec->isolation, &(struct spec_ulimit){ .resource = RLIMIT_CORE, .soft = spec->core_dir ? now.rlim_max : 0,
					      .hard = now.rlim_max });
	return 0;
}

/* Where the machine runs 32-bit programs itself, its kernel can be asked as one of them. */
static bool needs_short_positions(const struct arch *arch)
{
	return arch->elf_class == 1 && listing_by() && binfmt_is_native(arch_by_name(listing_by()));
}

/* While the kernel is asked whether there are private instances, all is planned for one. */
static int plan_way(const struct request *q, const struct arch *arch, int store_dir_fd, struct spec *spec,
	struct emulator_facts *ret_facts, struct binfmt_answer *ret_answer, struct err *err)
{
	struct binfmt_question question;
	struct err problem = { 0 };
	int planned = 0;
	binfmt_ask_start(arch, q->emulator, &question);
	if (question.emulator)
		planned = plan_private(q, arch, question.emulator, store_dir_fd, spec, ret_facts, &problem);
	int r = binfmt_ask_finish(&question, ret_answer, err);
	if (r == 0 && ret_answer->way == BINFMT_PRIVATE && planned < 0)
		*err = problem;
	if (r < 0 || ret_answer->way == BINFMT_PRIVATE)
		return r < 0 ? r : planned;
	spec_drop_emulators(spec);
	*ret_facts = (struct emulator_facts){ 0 };
	return 0;
}

int run_plan_emulation(const struct request *q, const struct image *image, int store_dir_fd, struct spec *spec,
	struct err *err)
{
	struct binfmt_answer answer = { 0 };
	struct emulator_facts facts = { 0 };
	const struct arch *arch = arch_by_platform(image->platform.arch, image->platform.variant);
	if (!arch)
		return err_set(err, -ENOEXEC, "%s is for %s, an architecture that xrun does not know", image->reference,
			platform_text(&image->platform).text);
	int r = plan_way(q, arch, store_dir_fd, spec, &facts, &answer, err);
	binfmt_answer_done(&answer);
	if (r == 0 && answer.way == BINFMT_NONE)
		*err = answer.why_not;
	if (r < 0 || answer.way == BINFMT_NONE)
		return err->code;
	spec->personality_32 = answer.way == BINFMT_NATIVE && arch->elf_class != arch_host()->elf_class;
	spec->emulated = answer.way != BINFMT_NATIVE;
	if (spec->systemd && spec->emulated && !q->stop_signal) /* qemu gives real-time signals other numbers, each version its own */
		spec->life.stop_signal = SIGINT;                                           /* which ends a container's systemd, too (systemd(1)) */
	spec->short_positions = spec->emulated && needs_short_positions(arch);
	if (spec->emulated)
		r = plan_cores(q, spec, err);
	else if (q->core_dir)
		r = err_set(err, -EINVAL, "--core-dir is for emulated programs; the kernel decides on cores of native ones (core(5))");
	if (r == 0 && answer.way != BINFMT_PRIVATE && q->cpu_model)
		r = err_set(err, -EINVAL, "--cpu-model %s: %s programs run %s", q->cpu_model, arch->name,
			answer.way == BINFMT_NATIVE ? "natively here" : "through the host's own handler, which xrun does not change");
	return r < 0 ? r : plan_randomization(q, &facts, spec, err);
}
