/* SPDX-License-Identifier: GPL-2.0-or-later */
/* search.h owns in which files a program is looked for by its name. */
#ifndef XRUN_BASE_SEARCH_H
#define XRUN_BASE_SEARCH_H

#include "src/base/str.h"

/*
 * Adds them in order, as execvp(3) tries them: NAME itself if it has a slash, else NAME in each directory of `path`, where an
 * empty one is "."; NULL: in the usual directories. Relative ones are relative to the program's working directory.
 */
void search_files(const char *name, const char *path, struct strv *ret_files);

#endif
