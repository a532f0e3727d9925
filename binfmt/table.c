/* SPDX-License-Identifier: GPL-2.0-or-later */
/* table.c owns the place of the host-wide table: whether binfmt_misc is mounted there, and by whom. */
/*
 * Theory of operation. The mount itself says who made it: a file system without a device has any source (mount(8)), and ours
 * is "xrun", which /proc/self/mountinfo shows. A record in a file could outlive the mount, and then speak of somebody else's.
 * A mount with handlers in it stays: with the last mount of it the kernel forgets them.
 */
#include "binfmt/table.h"

#include "src/base/fd.h"
#include "src/base/str.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/vfs.h>

enum { BINFMTFS_MAGIC_NUMBER = 0x42494e4d };

bool table_is_mounted(void)
{
	struct statfs st;
	return statfs(TABLE, &st) == 0 && st.f_type == BINFMTFS_MAGIC_NUMBER;
}

struct dirent *table_next(void *dir)
{
	struct dirent *entry;
	do
		entry = readdir(dir);
	while (entry && (entry->d_name[0] == '.' || str_eq(entry->d_name, "register") || str_eq(entry->d_name, "status")));
	return entry;
}

int table_mount(struct err *err)
{
	if (table_is_mounted() || mount("xrun", TABLE, "binfmt_misc", MS_NOSUID | MS_NODEV | MS_NOEXEC, NULL) == 0)
		return 0;
	return err_sys(err, "cannot mount binfmt_misc at " TABLE);
}

/* Of a line of proc_pid_mountinfo(5): "ID PARENT MAJ:MIN ROOT MOUNTPOINT OPTIONS [FIELDS] - TYPE SOURCE SUPEROPTIONS". */
static bool is_at_table(const char *line)
{
	char point[sizeof TABLE + 1];
	return sscanf(line, "%*s %*s %*s %*s %25s", point) == 1 && str_eq(point, TABLE);
}

/* The one on top is the last that is listed. */
static bool is_ours(void)
{
	bool ours = false;
	cleanup_free char *line = NULL;
	size_t room = 0;
	cleanup_file FILE *file = fopen("/proc/self/mountinfo", "re");
	while (file && getline(&line, &room, file) > 0) {
		const char *type = strstr(line, " - ");
		if (type && is_at_table(line))
			ours = str_starts(type, " - binfmt_misc xrun ");
	}
	return ours;
}

int table_unmount(struct err *err)
{
	cleanup_dir DIR *dir = is_ours() ? opendir(TABLE) : NULL;
	if (!dir || table_next(dir))
		return 0;
	closedir(dir);
	dir = NULL;
	if (umount2(TABLE, UMOUNT_NOFOLLOW) == 0)
		return 0;
	return err_sys(err, "cannot unmount " TABLE ", which xrun mounted");
}
