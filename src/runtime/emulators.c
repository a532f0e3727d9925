/* SPDX-License-Identifier: GPL-2.0-or-later */
/* emulators.c owns the emulators of a container. */
#include "src/runtime/emulators.h"

#include "binfmt/binfmt.h"
#include "binfmt/emulator.h"
#include "src/base/fd.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

int emulators_prepare(const struct spec *spec, int store_fd, struct strv *ret_files, struct err *err)
{
	cleanup_fd int cache_fd = -1;
	for (size_t i = 0; i < spec->emulator_count; i++) {
		const struct spec_emulator *emulator = &spec->emulators[i];
		cleanup_free char *name = NULL;
		if (!emulator->copied) {
			strv_add(ret_files, emulator->path);
			continue;
		}
		if (cache_fd < 0)
			cache_fd = emulator_cache_open(store_fd, err);
		int r = cache_fd < 0 ? cache_fd : emulator_copy(cache_fd, emulator->path, &emulator->options, &name, err);
		if (r < 0)
			return r;
		strv_take(ret_files, str_fmt("emulators/%s", name));
	}
	return 0;
}

int emulators_register(const struct stage *stage, struct err *err)
{
	const struct spec *spec = stage->spec;
	if (spec->emulator_count == 0)
		return -1;
	int instance_fd = binfmt_instance_open(err);
	for (size_t i = 0; instance_fd >= 0 && i < spec->emulator_count; i++) {
		const struct arch *arch = arch_by_name(spec->emulators[i].arch);
		cleanup_fd int emulator_fd = openat(stage->store_fd, stage->emulator_names[i], O_PATH | O_CLOEXEC);
		int r = emulator_fd < 0 ? err_sys(err, "cannot open the emulator %s", spec->emulators[i].path) :
					  binfmt_instance_register(instance_fd, arch, emulator_fd, !spec->emulators[i].no_argv0, err);
		if (r == -EEXIST && stage->share) { /* the other container's, which is the same (share.c) */
			err_clear(err);
		} else if (r < 0) {
			close(instance_fd);
			return r;
		}
	}
	return instance_fd;
}
