/* SPDX-License-Identifier: GPL-2.0-or-later */
/* single.h owns what makes package managers work where a container has a single id. */
/*
 * The filter seccomp_single_id lets chown, setuid and their kin succeed without effect. apt alone checks: it gives up root
 * for its downloads and looks whether that worked. A file of its configuration in the container's /dev tells it not to.
 */
#ifndef XRUN_RUNTIME_SINGLE_H
#define XRUN_RUNTIME_SINGLE_H

#include "src/base/err.h"
#include "src/base/str.h"

/* Writes apt's configuration below dev_fd, the container's /dev. */
int single_configure(int dev_fd, struct err *err);

/* Names it in the environment, unless APT_CONFIG is set. */
void single_set_env(struct strv *env);

#endif
