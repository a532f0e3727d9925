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

@test "an option of docker's or podman's that there is none of says what to do instead" {
	fails_with 125 "there is no --gpus: no driver is put into containers; --device shows a device node" xrun run --gpus all "$NATIVE" true
	fails_with 125 "there is no --expose: -p publishes a port" xrun run --expose=80 "$NATIVE" true
	fails_with 125 "there is no --attach: output always comes here" xrun run -a stdout "$NATIVE" true
	fails_with 125 "unknown option --nonsense; \`xrun COMMAND --help\` lists them" xrun run --nonsense "$NATIVE" true
	fails_with 125 "unknown option --root; \`xrun COMMAND --help\` lists them, \`xrun --help\` those that stand before COMMAND" xrun run --root /tmp "$NATIVE" true
	fails_with 125 "unknown option --runroot; " xrun ps --runroot=/tmp
	fails_with 125 "version takes no argument: x" xrun --version x
	refute grep -e --gpus <(xrun run --help)
}

@test "a command of docker's says what to do instead, unless an image has its name" {
	fails_with 125 "there is no command build, and no image of that name in the store: images are made by docker build" xrun build .
	fails_with 125 "there is no command image, and no image of that name in the store: what is done to images stands without that word" xrun image ls
	xrun tag "$NATIVE" docker.io/library/compose:latest
	[ "$(xrun compose echo here)" = here ]
}

@test "-h names the host as with docker, and alone is help" {
	[ "$(xrun run -h box "$NATIVE" cat /etc/hostname)" = box ]
	[[ $(xrun run -h) == "Usage: xrun run "* ]]
	[[ $(xrun create -h) == "Usage: xrun create "* ]]
}

@test "help and version take a command's name, and no other words" {
	[ "$(xrun help run)" = "$(xrun run --help)" ]
	[ "$(xrun help)" = "$(xrun --help)" ]
	fails_with 125 "nonsense is no command; \`xrun help\` lists them" xrun help nonsense
	[[ $(xrun version --help) == "Usage: xrun version"* ]]
	fails_with 125 "version takes no argument: nonsense" xrun version nonsense
}
