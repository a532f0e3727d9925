/* SPDX-License-Identifier: GPL-2.0-or-later */
/* cores.h owns bringing the cores that an emulator wrote to where the user wants them. */
#ifndef XRUN_RUNTIME_CORES_H
#define XRUN_RUNTIME_CORES_H

#include "src/base/err.h"
#include "src/plan/spec.h"
#include "src/runtime/idmap.h"

#include <stdint.h>

/*
 * qemu-user writes qemu_PROGRAM_DATE-TIME_PID.core into its guest's current directory (linux-user/elfload.c). Moves those that
 * are in the container's own files (upper/ below container_fd) and in its writable volumes, and are not older than `since`
 * (seconds, CLOCK_REALTIME), into spec->core_dir as PROGRAM.ARCH.PID.SIGNAL.DATE-TIME.core. Their names, at most CORES_MAX of
 * them, are added to ret_names.
 */
enum { CORES_MAX = 100 };
int cores_collect(const struct spec *spec, const struct idmap *map, int container_fd, int64_t since, struct strv *ret_names,
	struct err *err);

#endif
