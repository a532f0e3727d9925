/* SPDX-License-Identifier: GPL-2.0-or-later */
/* compare.h owns telling whether two unpacked layers are the same. */
#ifndef XRUN_REGISTRY_COMPARE_H
#define XRUN_REGISTRY_COMPARE_H

#include "src/base/err.h"
#include "src/base/str.h"

/*
 * Compares all below two directories: names, types, modes, owners, link counts, targets, device numbers, extended attributes,
 * times of files and symlinks, content. Not compared is what two unpackings of the same layer may differ in: times of
 * directories and devices, and by what overlayfs notes where a file came from. 1: the same; 0: not, and *ret_path says where.
 */
int compare_trees(int a_fd, int b_fd, struct buf *ret_path, struct err *err);

#endif
