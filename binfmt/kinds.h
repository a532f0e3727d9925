/* SPDX-License-Identifier: GPL-2.0-or-later */
/* kinds.h owns which programs emulate what, and how they tell their name and version. Pure: no I/O. */
#ifndef XRUN_BINFMT_KINDS_H
#define XRUN_BINFMT_KINDS_H

#include "binfmt/arch.h"
#include "src/base/str.h"

/* The names of programs that would run arch on a machine of `host`, best first. */
void kinds_list(const struct arch *host, const struct arch *arch, struct strv *ret_names);

/* Of what a program says to --version: "qemu-aarch64" and "7.2.22", "FEX" and "2506", "box64" and "0.3.4". False: nothing of the kind. */
bool kinds_read(const char *text, char *ret_name, size_t name_size, char *ret_version, size_t version_size);

/* Whether what calls itself that runs programs of arch. */
bool kinds_runs(const char *name, const struct arch *arch);

#endif
