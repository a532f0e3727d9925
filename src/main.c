/* SPDX-License-Identifier: GPL-2.0-or-later */
/* main.c owns the way from argv to the exit status; it is the only file that prints an error, and the only exit. */
#include "src/base/rlimits.h"
#include "src/base/self.h"
#include "src/base/str.h"
#include "src/cli/cli.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

/* In one piece; fprintf would have 8 KiB for that on the stack, which may be too short: rlimits_check. */
static void say(const struct err *err)
{
	const struct iovec parts[] = { { "xrun: ", 6 }, { (char *)err->text, strlen(err->text) }, { "\n", 1 } };
	ssize_t ignored = writev(STDERR_FILENO, parts, 3);
	(void)ignored;
}

int main(int argc, char **argv)
{
	struct err err = { 0 };
	cleanup_strv struct strv words = { 0 };
	int status = rlimits_check(&err);
	if (status == 0)
		status = self_begin(argv, &err);
	if (status == 0) {
		strv_copy(&words, argv); /* what the kernel shows of argv some of our processes clear: self_forget_arguments */
		status = cli_main(argc, words.items, &err);
	}
	if (err.code == -ENOSYS)
		err_append(&err, "; `xrun doctor` names the call that this kernel, or a filter around xrun, lacks");
	rlimits_explain(&err);
	if (err.text[0])
		say(&err);
	if (status < 0)
		return err.status ? err.status : STATUS_FAILED;
	return fflush(stdout) == 0 ? status : STATUS_FAILED;
}
