/* SPDX-License-Identifier: GPL-2.0-or-later */
/* rlimits.c owns what is said of limits of setrlimit(2) that xrun itself has met. */
#include "src/base/rlimits.h"

#include <errno.h>
#include <string.h>
#include <sys/resource.h>

enum {
	ENOUGH_FILES = 1024, /* what distributions give everybody; a container with many layers and volumes needs some hundred */
	USUAL_STACK = 8192,  /* KiB, likewise */
	NEEDED_STACK = 128,  /* KiB; containers started with 64, and did not with 48 */
	NEEDED_DATA = 1024,  /* KiB; likewise 1000 and 400 */
};

/* KiB; RLIM_INFINITY is more than any of the above. */
static unsigned long long kib_of(int resource)
{
	struct rlimit limit = { .rlim_cur = RLIM_INFINITY };
	getrlimit(resource, &limit);
	return limit.rlim_cur / 1024;
}

int rlimits_check(struct err *err)
{
	unsigned long long stack = kib_of(RLIMIT_STACK), data = kib_of(RLIMIT_DATA);
	if (stack < NEEDED_STACK)
		return err_set(err, -ENOMEM, "xrun may have a stack of %llu KiB here and needs %d: ulimit -s %d, or LimitSTACK= of its service, gives more; "
			"a container's own limit is --ulimit stack=BYTES", stack, NEEDED_STACK, USUAL_STACK);
	if (data < NEEDED_DATA)
		return err_set(err, -ENOMEM, "xrun may use %llu KiB for its data here and needs %d: ulimit -d unlimited, or LimitDATA= of its service, "
			"gives more; a container's own limit is --ulimit data=BYTES", data, NEEDED_DATA);
	return 0;
}

void rlimits_explain_end(struct err *err)
{
	const unsigned long long unlimited = RLIM_INFINITY / 1024, space = kib_of(RLIMIT_AS), data = kib_of(RLIMIT_DATA), stack = kib_of(RLIMIT_STACK);
	if (space < unlimited)
		err_append(err, "; it may use %llu KiB of address space here: ulimit -v unlimited allows more", space);
	if (data < unlimited)
		err_append(err, "; it may use %llu KiB for its data here: ulimit -d unlimited allows more", data);
	if (stack < USUAL_STACK)
		err_append(err, "; it may have a stack of %llu KiB here: ulimit -s %d gives more", stack, USUAL_STACK);
}

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
