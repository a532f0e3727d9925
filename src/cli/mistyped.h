/* SPDX-License-Identifier: GPL-2.0-or-later */
/* mistyped.h owns telling a command that was mistyped from an image, since the word run may be left out. */
#ifndef XRUN_CLI_MISTYPED_H
#define XRUN_CLI_MISTYPED_H

#include "src/cli/cli.h"

#include <stdbool.h>

/* Whether one becomes the other by one letter more, less or another one, or by two neighbours that change places. Pure. */
bool mistyped_is_near(const char *a, const char *b);

/*
 * An error that names the command where `word`, which is none, is near one and no image of that name is in the store. It is not near
 * with two letters: perl would be pull, and docker doctor. `xrun run WORD` never asks.
 */
int mistyped_check(const struct globals *globals, const char *word, struct err *err);

#endif
