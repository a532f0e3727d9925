/* SPDX-License-Identifier: GPL-2.0-or-later */
/* main.c owns the way from argv to the exit status; it is the only file that prints an error, and the only exit. */
#include "src/base/calls.h"
#include "src/base/self.h"
#include "src/cli/cli.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/close_range.h>
#include <stdio.h>
#include <unistd.h>

/* Where our caller closed one, the next file that is opened would be taken for it: the store, or the stages' socket. */
static int open_standard(void)
{
	int fd;
	do
		fd = open("/dev/null", O_RDWR);
	while (fd >= 0 && fd < 3);
	return fd < 0 ? -1 : close(fd);
}

int main(int argc, char **argv)
{
	struct err err = { 0 };
	int status = open_standard() < 0 ? err_sys(&err, "cannot open /dev/null") : 0;
	if (status == 0)
		status = self_protect(argv, &err);
	if (status == 0 && calls_close_range(3, ~0u, CLOSE_RANGE_CLOEXEC) < 0) /* they are no business of a container */
		status = err_sys(&err, "cannot mark what our caller left open as not to be passed on");
	if (status == 0)
		status = cli_main(argc, argv, &err);
	if (err.code == -ENOSYS)
		err_append(&err, "; `xrun doctor` names the call that this kernel, or a filter around xrun, lacks");
	if (err.text[0])
		fprintf(stderr, "xrun: %s\n", err.text);
	if (status < 0)
		return err.status ? err.status : STATUS_FAILED;
	return fflush(stdout) == 0 ? status : STATUS_FAILED;
}
