/* SPDX-License-Identifier: GPL-2.0-or-later */
/* single.c owns what makes package managers work where a container has a single id. */
#include "src/runtime/single.h"

#include "src/base/fd.h"

#include <fcntl.h>
#include <string.h>

static const char apt_file[] = "xrun-apt.conf";

int single_configure(int dev_fd, struct err *err)
{
	static const char text[] = "APT::Sandbox::User \"root\";\n";
	cleanup_fd int fd = openat(dev_fd, apt_file, O_CREAT | O_EXCL | O_WRONLY | O_NOFOLLOW | O_CLOEXEC, 0644);
	if (fd < 0)
		return err_sys(err, "cannot make /dev/%s", apt_file);
	int r = fd_write_all(fd, text, strlen(text));
	return r < 0 ? err_code(err, r, "cannot write /dev/%s", apt_file) : 0;
}

void single_set_env(struct strv *env)
{
	if (strv_env_get(env, "APT_CONFIG"))
		return;
	cleanup_free char *assignment = str_fmt("APT_CONFIG=/dev/%s", apt_file);
	strv_env_set(env, assignment);
}
