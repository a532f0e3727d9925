/* SPDX-License-Identifier: GPL-2.0-or-later */
/* emulate.c owns choosing how the programs of an engine's container run here. */
#include "src/oci/oci.h"

#include "binfmt/binfmt.h"
#include "binfmt/choice.h"
#include "registry/image.h"
#include "src/base/fd.h"
#include "src/base/self.h"
#include "src/cli/run.h"
#include "src/runtime/root_arch.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/personality.h>

/* Where what is known of emulators is kept, and their copies with options: it outlives /run. */
static int open_cache(struct err *err)
{
	const char *home = getenv("HOME");
	if (!self_is_host_root() && (!home || *home != '/'))
		return err_set(err, -ENOENT, "HOME is not set: there is no place to keep emulators in");
	cleanup_free char *path = self_is_host_root() ? str_dup("/var/lib/xrun-oci") : str_fmt("%s/.local/share/xrun-oci", home);
	int r = fd_mkdir_path(path, 0755, err);
	int fd = r < 0 ? r : open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return fd < 0 && r == 0 ? err_sys(err, "cannot open %s", path) : fd;
}

/* One without the flag F would be looked for in the container. */
static bool host_has(const struct arch *arch)
{
	struct err ignored;
	struct host_handler handler = { 0 };
	return binfmt_host_find(arch, &handler, &ignored) == 0 && handler.registered && handler.enabled && strchr(handler.flags, 'F');
}

/* emulators.conf says which one, or cannot be read: then the host's handler is looked at as xrun run does. */
static bool is_chosen(const struct arch *arch)
{
	struct err ignored;
	struct choice choice = { 0 };
	bool chosen = choice_find(arch, &choice, &ignored) < 0 || choice.path;
	choice_done(&choice);
	return chosen;
}

static const struct arch *find_arch(const struct spec *spec)
{
	const struct root_program program = { spec->args.len ? spec->args.items[0] : "", spec->cwd, strv_env_get(&spec->env, "PATH") };
	cleanup_fd int root_fd = open(spec->engine->rootfs, O_PATH | O_DIRECTORY | O_CLOEXEC);
	return root_fd < 0 ? NULL : root_arch_find(root_fd, &program);
}

int oci_plan_emulation(struct spec *spec, int *ret_cache_fd, struct err *err)
{
	const struct arch *arch = find_arch(spec);
	const struct request request = { 0 };
	struct image image = { .reference = (char *)"the container's root" };
	if (!arch || arch == arch_host())
		return 0;
	if (binfmt_is_native(arch)) {
		bool other = arch->elf_class != arch_host()->elf_class && !spec->engine->has_personality;
		spec->engine->personality = other ? PER_LINUX32 : spec->engine->personality;
		spec->engine->has_personality |= other;
		return 0;
	}
	spec->emulated = true;
	if (!is_chosen(arch) && host_has(arch))
		return 0;
	snprintf(image.platform.arch, sizeof image.platform.arch, "%s", arch->oci_arch);
	snprintf(image.platform.variant, sizeof image.platform.variant, "%s", arch->oci_variant);
	int r = *ret_cache_fd = open_cache(err);
	return r < 0 ? r : run_plan_emulation(&request, &image, *ret_cache_fd, spec, err);
}
