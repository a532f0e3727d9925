/* SPDX-License-Identifier: GPL-2.0-or-later */
/* rlimits.c owns what is said of limits of setrlimit(2) that xrun itself has met. */
#include "src/base/rlimits.h"

#include <errno.h>
#include <string.h>
#include <sys/resource.h>

enum { ENOUGH_FILES = 1024 }; /* what distributions give everybody; a container with many layers and volumes needs some hundred */

void rlimits_explain(struct err *err)
{
	struct rlimit files = { 0 }, size = { 0 };
	getrlimit(RLIMIT_NOFILE, &files);
	getrlimit(RLIMIT_FSIZE, &size);
	if (err->code == -EMFILE && files.rlim_cur < ENOUGH_FILES)
		err_append(err, "; xrun may have %llu open here: ulimit -n %d, or LimitNOFILE= of its service, gives more", (unsigned long long)files.rlim_cur,
			ENOUGH_FILES);
	if (err->code == -EFBIG && size.rlim_cur != RLIM_INFINITY && strstr(err->text, strerror(EFBIG)))
		err_append(err, "; a file may have %llu bytes here: ulimit -f unlimited, or LimitFSIZE= of its service, allows more",
			(unsigned long long)size.rlim_cur);
}
