/* SPDX-License-Identifier: GPL-2.0-or-later */
/* profile_cache.h owns what seccomp profiles of users' became at earlier starts: to read one and to compile it takes a sixth of a start. */
#ifndef XRUN_CLI_PROFILE_CACHE_H
#define XRUN_CLI_PROFILE_CACHE_H

#include "src/plan/request.h"
#include "src/plan/spec.h"

/*
 * <store>/profiles/SLOT   a profile's text and what this very xrun made of it. Whatever does not fit (another text of the same slot, another
 *                         xrun, a torn file) is as if it were not there. Nothing else looks at it; it may be removed at any time.
 */

/* Sets request->seccomp_known, where there is something for its seccomp_text. */
void profile_cache_find(int store_dir_fd, struct request *request);

/* Keeps what was planned for the next start, unless it comes from there. A store that takes no file is no error. */
void profile_cache_keep(int store_dir_fd, const struct request *request, const struct spec *spec);

#endif
