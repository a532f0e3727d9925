/* SPDX-License-Identifier: GPL-2.0-or-later */
/* version.h owns the version of xrun, which is its programs'. */
#ifndef XRUN_BASE_VERSION_H
#define XRUN_BASE_VERSION_H

#define XRUN_VERSION "0.1.0"

#endif
