/* SPDX-License-Identifier: GPL-2.0-or-later */
/* choice.h owns emulators.conf: which emulators the user's and the machine's file name. */
#ifndef XRUN_BINFMT_CHOICE_H
#define XRUN_BINFMT_CHOICE_H

#include "binfmt/arch.h"
#include "src/base/err.h"

#include <stdbool.h>

#define CHOICE_MACHINE "/etc/xrun/emulators.conf"

/*
 * Lines ARCH = "FILE", in TOML: any name of an architecture, and an absolute path. The variants of arm share an emulator, so that
 * a line for one counts for those without a line of their own.
 */
struct choice {
	char *path;  /* NULL: the file names none */
	char *where; /* "/etc/xrun/emulators.conf:3"; on a failure the file alone */
};
void choice_done(struct choice *choice);

/* What is named for arch in the text of the file `name`. An unknown architecture, a path that is none, a second line for the same are errors. Pure. */
int choice_read(const char *name, const char *text, size_t len, const struct arch *arch, struct choice *ret_choice, struct err *err);

/*
 * For an ordinary user XDG_CONFIG_HOME/xrun/emulators.conf or ~/.config/xrun/emulators.conf, else the machine's. Root's is the
 * machine's alone: his HOME may be a user's (sudo). After a failure, too, ret_choice has to be done away with.
 */
int choice_find(const struct arch *arch, struct choice *ret_choice, struct err *err);

#endif
