/* SPDX-License-Identifier: GPL-2.0-or-later */
/* signals.h owns the names of signals. */
#ifndef XRUN_BASE_SIGNALS_H
#define XRUN_BASE_SIGNALS_H

/* "TERM", "SIGTERM", "15", "RTMIN+3"; any case. 0 where it is none. */
int signal_by_name(const char *name);

/* "SIGTERM"; an allocated string. */
char *signal_name(int number);

#endif
