/* SPDX-License-Identifier: GPL-2.0-or-later */
/* mount.h owns mounts as descriptors (Linux 5.2: fsopen, fsmount, open_tree, move_mount; 5.12: mount_setattr). */
#ifndef XRUN_RUNTIME_MOUNT_H
#define XRUN_RUNTIME_MOUNT_H

#include "src/base/err.h"
#include "src/base/str.h"

#include <stdint.h>

/* One option of a file system: with value NULL it is a flag. */
struct mount_option {
	const char *key, *value;
};

/* A new detached file system; `options` end with a NULL key; attributes are MOUNT_ATTR_*. A descriptor. */
int mount_new(const char *type, const struct mount_option *options, uint64_t attributes, struct err *err);

/*
 * The SELinux label of all files on file systems that are made from now on, by this process and its children, as far as a user
 * namespace may set it: tmpfs and devpts (security/selinux/hooks.c, selinux_set_mnt_opts). NULL: what the policy says.
 */
void mount_label_new(const char *label);

/* A detached copy of what stands at dir_fd/path (AT_EMPTY_PATH allowed through path ""), with its submounts. */
int mount_clone(int dir_fd, const char *path, bool recursive, struct err *err);

/* Attaches a detached mount over the file or directory behind target_fd. */
int mount_attach(int mount_fd, int target_fd, const char *what, struct err *err);

/* Sets MOUNT_ATTR_* on the mount behind fd, with its submounts where `recursive`. */
int mount_set(int fd, uint64_t attributes, bool recursive, struct err *err);

/* Makes it MS_PRIVATE, MS_SLAVE and the like (mount(2)), with MS_REC its submounts as well. */
int mount_set_propagation(int fd, uint64_t flags, const char *what, struct err *err);

/* Maps the owners of files on a detached mount through the user namespace behind userns_fd. */
int mount_map_ids(int mount_fd, int userns_fd, const char *what, struct err *err);

#endif
