/* SPDX-License-Identifier: GPL-2.0-or-later */
/* clocks.c owns a container's time namespace. */
#include "src/runtime/clocks.h"

#include "src/base/fd.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/sched.h>
#include <sched.h>

bool clocks_are_moved(const struct spec *spec)
{
	const struct spec_namespaces *n = &spec->namespaces;
	return n->monotonic_offset || n->boottime_offset || n->monotonic_nanoseconds || n->boottime_nanoseconds;
}

int clocks_move(const struct spec *spec, struct err *err)
{
	const struct spec_namespaces *n = &spec->namespaces;
	if (unshare(CLONE_NEWTIME) < 0)
		return err_sys(err, "cannot make a time namespace");
	cleanup_free char *offsets = str_fmt("monotonic %lld %d\nboottime %lld %d\n", (long long)n->monotonic_offset, n->monotonic_nanoseconds,
		(long long)n->boottime_offset, n->boottime_nanoseconds);
	int r = fd_write_file(AT_FDCWD, "/proc/self/timens_offsets", offsets, err);
	if (r == -ERANGE)
		return err_set(err, r, "--monotonic-offset %lld, --boottime-offset %lld: no clock may be before 0 (the machine's start), nor "
			"146 years ahead", (long long)n->monotonic_offset, (long long)n->boottime_offset);
	return r;
}
