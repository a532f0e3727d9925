#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# Options in the spellings that people bring along from docker and podman, and what is said to those that are wrong.

load lib

prepare() {
	xrun pull -q "$NATIVE"
	xrun pull -q "$PLAIN/test:config"
}

@test "a letter's argument may follow an equals sign" {
	[ "$(echo words | xrun -i=true -w=/tmp -e=A=b "$NATIVE" sh -c 'echo $A; pwd; cat')" = $'b\n/tmp\nwords' ]
	[ -z "$(echo words | xrun -i=false "$NATIVE" cat)" ]
	fails_with 125 "--memory lots:" xrun -m=lots "$NATIVE" true
}

@test "a switch takes docker's words for true and false" {
	xrun --rm=1 --init=T --read-only=False "$NATIVE" sh -c 'echo x >/etc/x'
	fails_with 125 "--rm=maybe: it is true or false" xrun --rm=maybe "$NATIVE" true
}

@test "--root without a directory says what it needs" {
	fails_with 125 "--root needs an argument: DIR" "$XRUN" --root
}

@test "a mistyped command is told, and asks no registry; an image of that name is run" {
	fails_with 125 "rnu is no command, and no image in the store: if run is meant" xrun rnu --rm "$NATIVE" true
	fails_with 125 "if inspect is meant" xrun insepct box
	xrun pull -q "$NATIVE"
	xrun tag "$NATIVE" docker.io/library/runn:latest
	[ "$(xrun runn echo here)" = here ]
	fails_with 125 "docker.io/library/rnu:latest is not in the store" xrun run --pull never rnu true
	fails_with 125 "docker.io/library/perl:latest is not in the store" xrun --pull never perl true
}
