/* SPDX-License-Identifier: GPL-2.0-or-later */
/* root_arch.h owns finding out which architecture the programs of a root file system are for. */
#ifndef XRUN_RUNTIME_ROOT_ARCH_H
#define XRUN_RUNTIME_ROOT_ARCH_H

#include "binfmt/arch.h"

/* What is to be executed, as execvp(3) would find it: `cwd` and `path` (PATH; NULL: the usual) are for names that are not absolute. */
struct root_program {
	const char *name, *cwd, *path; /* name "": not known */
};

/*
 * By the ELF header of the program, or the interpreter of its script, found below root_fd; else by that of a shell. Nothing
 * else is believed: no annotation, no name. NULL: nothing there tells, or xrun does not know it.
 */
const struct arch *root_arch_find(int root_fd, const struct root_program *program);

#endif
