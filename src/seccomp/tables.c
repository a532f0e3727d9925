/* SPDX-License-Identifier: GPL-2.0-or-later */
/* tables.c owns the machine's tables of system calls; src/filter writes them when xrun is built. */
#include "src/seccomp/compile.h"

#include "tables.inc"
