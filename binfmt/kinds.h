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

/*
 * Whether it understands binfmt_misc's flag P, by which argv[1] is the program's path and argv[2] its argv[0]. To another its first
 * argument would be its own name. What does not say what it is does not.
 */
bool kinds_keeps_argv0(const char *name, const char *version);

#endif
