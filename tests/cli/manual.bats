#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# The manual page says what --help says.

load lib

PAGE=$PLACE/docs/xrun.1

# The long options that something mentions, a line each.
long_options() {
	grep -oE -e '--[a-z][a-z-]*[a-z]' | sort -u
}

@test "every option stands in the manual page, and no other" {
	for command in run pull images rmi binfmt; do
		xrun "$command" --help | sed -n 's/^ *\(-[a-z], \)\?\(--[a-z-]*\).*/\2/p'
	done | long_options >"$BATS_TEST_TMPDIR/help"
	sed -n '/^.SH OPTIONS/,/^.SH "EXIT/p' "$PAGE" | sed 's/\\-/-/g' | long_options | grep -vx -e --root >"$BATS_TEST_TMPDIR/page"
	[ "$(wc -l <"$BATS_TEST_TMPDIR/help")" -gt 25 ]
	diff "$BATS_TEST_TMPDIR/help" "$BATS_TEST_TMPDIR/page"
}

@test "every command stands in the manual page" {
	for command in $(xrun --help | sed -n '/^Commands:/,/^$/s/^  \([a-z]*\) .*/\1/p'); do
		grep -q "^.B $command" "$PAGE"
	done
}

@test "the manual page is well formed" {
	[ -z "$(groff -ww -man -Tutf8 -z "$PAGE" 2>&1)" ]
}
