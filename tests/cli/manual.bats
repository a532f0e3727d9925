#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# The manual pages and the shells' completions say what --help says.

load lib

MAN=$PLACE/build/man

commands() {
	xrun --help | sed -n '/^Commands:/,/^$/s/^  \([a-z]*\) .*/\1/p'
}

# The long options that something mentions, a line each.
long_options() {
	grep -oE -e '--[a-z][a-z-]*[a-z]' | sort -u
}

# Those that the help of a command lists.
help_options() {
	xrun "$1" --help | sed -n 's/^ *\(-[a-zA-Z], \)\?\(--[a-z-]*\).*/\2/p' | long_options
}

@test "every command has a page, and stands in xrun(1)" {
	[ "$(commands | wc -l)" -gt 5 ]
	for command in $(commands); do
		[ -s "$MAN/xrun-$command.1" ]
		sed 's/\\-/-/g' "$MAN/xrun.1" | grep -qx ".BR xrun-$command (1)"
	done
}

@test "a command's page has the options that its help has, and no others" {
	for command in $(commands); do
		help_options "$command" >"$BATS_TEST_TMPDIR/help"
		sed -n '/^.SH OPTIONS/,/^.SH "SEE/p' "$MAN/xrun-$command.1" | sed 's/\\-/-/g' | grep '^.f[BR].*--' |
			sed 's/\\f[IR] .*//' | long_options >"$BATS_TEST_TMPDIR/page"
		[ -s "$BATS_TEST_TMPDIR/help" ]
		diff "$BATS_TEST_TMPDIR/help" "$BATS_TEST_TMPDIR/page"
	done
}

@test "every command's help has a usage line of its own" {
	for command in $(commands); do
		[[ $(xrun "$command" --help | head -1) == "Usage: xrun $command"* ]]
	done
}

@test "help and a command's name say what the command says of itself, and version takes no argument" {
	diff <(xrun help images) <(xrun images --help)
	diff <(xrun help) <(xrun --help)
	fails_with 125 "imagse is no command; \`xrun help\` lists them" xrun help imagse
	fails_with 125 "version takes no argument: 2" xrun version 2
	fails_with 125 "unknown option --short" xrun version --short
	[ "$(xrun version)" = "$(xrun --version)" ]
}

@test "the manual pages are well formed" {
	for page in "$MAN"/*.1; do
		[ -z "$(groff -ww -man -Tutf8 -z "$page" 2>&1)" ]
	done
}

# complete WORDS...: what bash would offer for the last of them. xrun knows the store of the test.
complete_in_bash() {
	bash -c 'source "$0"; xrun() { "$XRUN" --root "$STORE" "$@"; }; COMP_LINE="$*" COMP_POINT=${#COMP_LINE}
		read -ra COMP_WORDS <<<"${COMP_LINE//:/ : }"; COMP_CWORD=$((${#COMP_WORDS[@]} - 1)); _xrun; printf "%s\n" "${COMPREPLY[@]}"' \
		"$MAN/xrun.bash" "$@"
}

@test "bash completes commands, and each command's options" {
	[ "$(complete_in_bash xrun imag)" = images ]
	[ "$(complete_in_bash xrun run --memor | head -1)" = --memory ]
	[ "$(complete_in_bash xrun --arc | head -1)" = --arch ]
	[ -z "$(complete_in_bash xrun rmi --memor)" ]
	diff <(complete_in_bash xrun rmi -- | sort) <(help_options rmi)
}

@test "bash completes the names of images and containers, where a command takes them" {
	xrun pull -q "$NATIVE"
	xrun tag "$NATIVE" example.com/complete:one example.com/complete:two
	xrun run -q --name completed "$NATIVE" true
	[ "$(complete_in_bash xrun rmi example)" = $'example.com/complete:one\nexample.com/complete:two' ]
	[ "$(complete_in_bash xrun rmi example.com/complete:t)" = two ] # the colon has ended a word for bash
	[ "$(complete_in_bash xrun run --rm example.com/complete:o)" = one ]
	[ "$(complete_in_bash xrun example.com/complete:o)" = one ]
	[ "$(complete_in_bash xrun logs com)" = completed ]
	[ "$(complete_in_bash xrun inspect com)" = completed ]
	[ -z "$(complete_in_bash xrun load example)" ]
	remove_containers
}

complete_in_fish() {
	mkdir -p "$BATS_TEST_TMPDIR/home" # it keeps things there, for its owner alone
	# shellcheck disable=SC2016 # fish's own variables
	HOME=$BATS_TEST_TMPDIR/home fish -c 'function xrun; $XRUN --root $STORE $argv; end; source $argv[1]; complete -C $argv[2]' "$MAN/xrun.fish" "$1" | cut -f 1
}

complete_in_zsh() {
	mkdir -p "$BATS_TEST_TMPDIR/functions"
	cp "$MAN/xrun.zsh" "$BATS_TEST_TMPDIR/functions/_xrun"
	HOME=$BATS_TEST_TMPDIR timeout 60 zsh -f tests/cli/complete.zsh "$BATS_TEST_TMPDIR/functions" "$1"
}

@test "zsh and fish complete what bash does" {
	local shell
	xrun pull -q "$NATIVE"
	xrun tag "$NATIVE" example.com/complete:one example.com/complete:two
	xrun run -q --name completed "$NATIVE" true
	for shell in zsh fish; do
		[ "$(complete_in_$shell "xrun imag")" = images ]
		[ "$(complete_in_$shell "xrun run --memor" | head -n 1)" = --memory ]
		[ "$(complete_in_$shell "xrun --arc")" = --arch ]
		[ -z "$(complete_in_$shell "xrun rmi --memor")" ]
		diff <(complete_in_$shell "xrun rmi --" | sort) <(help_options rmi)
		[ "$(complete_in_$shell "xrun rmi example")" = $'example.com/complete:one\nexample.com/complete:two' ]
		[ "$(complete_in_$shell "xrun run --rm example.com/complete:o")" = example.com/complete:one ]
		[ "$(complete_in_$shell "xrun example.com/complete:o")" = example.com/complete:one ]
		[ "$(complete_in_$shell "xrun --init example.com/complete:o")" = example.com/complete:one ]
		[ "$(complete_in_$shell "xrun logs com")" = completed ]
		[ "$(complete_in_$shell "xrun inspect com")" = completed ]
	done
	remove_containers
}
