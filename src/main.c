/* SPDX-License-Identifier: GPL-2.0-or-later */
/* main.c owns the way from argv to the exit status; it is the only file that prints an error, and the only exit. */
#include "src/cli/cli.h"

#include <stdio.h>
#include <linux/close_range.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	struct err err = { 0 };
	close_range(3, ~0u, CLOSE_RANGE_CLOEXEC); /* what our caller left open is no business of a container */
	int status = cli_main(argc, argv, &err);
	if (err.text[0])
		fprintf(stderr, "xrun: %s\n", err.text);
	if (status < 0)
		return err.status ? err.status : STATUS_FAILED;
	return fflush(stdout) == 0 ? status : STATUS_FAILED;
}
