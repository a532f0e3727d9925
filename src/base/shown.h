/* SPDX-License-Identifier: GPL-2.0-or-later */
/* shown.h owns what of a text may reach a terminal. Pure; allocates nothing. */
#ifndef XRUN_BASE_SHOWN_H
#define XRUN_BASE_SHOWN_H

/*
 * In place: what a terminal would obey (control characters, U+0080 to U+009F among them, and what turns the order of characters), and
 * what is no UTF-8, becomes '?', byte by byte.
 * Control characters in `kept` stay: "\n\t" where a text has lines, "" where it is one.
 */
void shown_clean(char *text, const char *kept);

#endif
