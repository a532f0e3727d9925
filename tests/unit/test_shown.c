/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test_shown.c: what of a text may reach a terminal. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "src/base/shown.h"

#include <stdio.h>

static void shows(const char *text, const char *kept, const char *want)
{
	char buf[64];
	snprintf(buf, sizeof buf, "%s", text);
	shown_clean(buf, kept);
	assert_string_equal(buf, want);
}

static void letters_of_every_script_stay(void **state)
{
	(void)state;
	shows("", "", "");
	shows("caf\u00e9 \u65e5\u672c \u05e9\u05dc\u05d5\u05dd \U0001f40b", "", "caf\u00e9 \u65e5\u672c \u05e9\u05dc\u05d5\u05dd \U0001f40b");
}

static void control_characters_go_unless_kept(void **state)
{
	(void)state;
	shows("a\x1b[31mb\x7f\rc\n", "", "a?[31mb??c?");
	shows("a\tb\nc\r", "\n\t", "a\tb\nc?");
	shows("a\xc2\x9b" "31m", "", "a??31m"); /* CSI in one character */
}

static void what_turns_the_order_goes(void **state)
{
	(void)state;
	shows("a\u202egpj.exe", "", "a???gpj.exe");
	shows("\u2066a\u2069", "", "???a???");
	shows("\u2029\u202f\u2065\u206a", "", "\u2029\u202f\u2065\u206a"); /* their neighbours */
}

static void what_is_no_utf_8_goes(void **state)
{
	(void)state;
	shows("a\xff\xc0\x80z", "", "a???z");
	shows("\xe2\x82", "", "??"); /* cut short */
	shows("\xf4\x90\x80\x80", "", "????"); /* above U+10FFFF */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(letters_of_every_script_stay),
		cmocka_unit_test(control_characters_go_unless_kept),
		cmocka_unit_test(what_turns_the_order_goes),
		cmocka_unit_test(what_is_no_utf_8_goes),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
