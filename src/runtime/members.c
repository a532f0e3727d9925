/* SPDX-License-Identifier: GPL-2.0-or-later */
/* members.c owns which processes are a running container's. */
#include "src/runtime/members.h"

#include "src/base/process.h"
#include "src/runtime/namespaces.h"

#include <ctype.h>
#include <stdlib.h>
#include <sys/stat.h>

static int open_list(struct members *members, struct err *err)
{
	members->dir = opendir("/proc");
	return members->dir ? 0 : err_sys(err, "cannot list processes");
}

int members_open(pid_t pid, struct members *ret_members, struct err *err)
{
	*ret_members = (struct members){ .kind = process_is_first(pid) ? NAMESPACE_PID : NAMESPACE_MOUNT };
	ret_members->number = namespace_number(pid, ret_members->kind);
	return ret_members->number ? open_list(ret_members, err) : err_sys(err, "cannot look at the container's processes");
}

int members_open_mount(int mount_fd, struct members *ret_members, struct err *err)
{
	struct stat st;
	*ret_members = (struct members){ .kind = NAMESPACE_MOUNT };
	if (fstat(mount_fd, &st) < 0)
		return err_sys(err, "cannot look at the container's mount namespace");
	ret_members->number = st.st_ino;
	return open_list(ret_members, err);
}

const char *members_next(struct members *members)
{
	for (struct dirent *entry; (entry = readdir(members->dir));)
		if (isdigit((unsigned char)entry->d_name[0]) && namespace_number(atoi(entry->d_name), members->kind) == members->number)
			return entry->d_name;
	return NULL;
}

void members_close(struct members *members)
{
	if (members->dir)
		closedir(members->dir);
	members->dir = NULL;
}
