#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# docs/emulation.md says what becomes of each pain of emulation: every test that it names is there, under that name.

load lib

PAGE=$PLACE/docs/emulation.md

# The rows of the table of pains.
rows() {
	sed -n '/^## What users of emulation suffer/,$p' "$PAGE" | grep -E '^\| *[0-9]+ *\|'
}

# named: "FILE<tab>NAME" for each test that the page names, as FILE.bats: "NAME" or FILE.bats, "NAME"; "..." ends a name
# that is cut short.
named() {
	grep -oE '[a-z/-]+\.bats(:|,)? "[^"]+"' "$PAGE" | sed -E 's/^([a-z\/-]+\.bats)[:,]? "([^"]+)"$/\1\t\2/'
}

@test "each of the 27 pains has a line, which says what becomes of it" {
	local number row
	for number in {1..27}; do
		row=$(rows | grep -E "^\| *$number *\|")
		[ "$(wc -l <<<"$row")" = 1 ]
		[[ $row == *"| removed"* || $row == *"| explained"* || $row == *"| not removable"* ]]
	done
	[ "$(rows | wc -l)" = 27 ]
}

@test "every test that the page names exists" {
	local file name
	[ "$(named | wc -l)" -ge 12 ]
	while IFS=$'\t' read -r file name; do
		echo "$file: $name"
		[ -e "$BATS_TEST_DIRNAME/$file" ]
		grep -qF "@test \"${name%% ...}" "$BATS_TEST_DIRNAME/$file"
	done < <(named)
}

@test "every test file and unit test that the page names exists" {
	local file
	while read -r file; do
		echo "$file"
		[ -e "$BATS_TEST_DIRNAME/$file" ]
	done < <(grep -oE '[a-z/-]+\.bats' "$PAGE" | sort -u)
	while read -r _ _ file name; do
		grep -qF "$(tr -d '"' <<<"$name")" "$PLACE/tests/unit/${file%,}.c"
	done < <(grep -oE 'unit test [a-z_]+, "[a-z_]+"' "$PAGE")
}
