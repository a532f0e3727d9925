/* SPDX-License-Identifier: GPL-2.0-or-later */
/* prompt.h owns asking a person something at the terminal. */
#ifndef XRUN_CLI_PROMPT_H
#define XRUN_CLI_PROMPT_H

#include "src/base/err.h"

#include <stdbool.h>

/*
 * Shows the question on the controlling terminal, whatever standard input and output are, and reads a line of at most
 * 4095 bytes from there; without `echo` nobody sees it. The terminal is as before when this returns, also after a signal, which
 * is an error (-EINTR). *ret_line is the caller's.
 */
int prompt_line(const char *question, bool echo, char **ret_line, struct err *err);

#endif
