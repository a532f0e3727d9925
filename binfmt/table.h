/* SPDX-License-Identifier: GPL-2.0-or-later */
/* table.h owns the place of the host-wide table: whether binfmt_misc is mounted there, and by whom. */
#ifndef XRUN_BINFMT_TABLE_H
#define XRUN_BINFMT_TABLE_H

#include "src/base/err.h"

#include <stdbool.h>

#define TABLE "/proc/sys/fs/binfmt_misc"

bool table_is_mounted(void);

/* The next handler of a listing of TABLE; "register" and "status" are none. NULL at its end. */
struct dirent;
struct dirent *table_next(void *dir);

/* Mounts it, if it is not. */
int table_mount(struct err *err);

/* Undoes table_mount: unmounts it if that mounted it and no handler is left, whoever registered it. */
int table_unmount(struct err *err);

#endif
