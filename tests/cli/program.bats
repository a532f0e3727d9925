#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# Programs of the caller's own, with an image for their libraries and without one.

load lib

prepare() {
	cat >"$BATS_FILE_TMPDIR/own.c" <<-'END'
		#include <stdio.h>
		#include <stdlib.h>
		#include <sys/utsname.h>
		#include <unistd.h>
		extern char **environ;
		int main(int argc, char **argv)
		{
			struct utsname uts;
			char cwd[4096], line[100];
			uname(&uts);
			printf("%s %s %d %s\n", uts.machine, argv[0], argc, getcwd(cwd, sizeof cwd));
			if (fgets(line, sizeof line, stdin))
				printf("read %s", line);
			for (char **e = environ; *e; e++)
				printf("env %s\n", *e);
			FILE *made = fopen("made", "w");
			if (made)
				fputs("by the program\n", made);
			return made ? argc : 100;
		}
	END
	aarch64-linux-gnu-gcc -static -o "$BATS_FILE_TMPDIR/static" "$BATS_FILE_TMPDIR/own.c"
	aarch64-linux-gnu-gcc -o "$BATS_FILE_TMPDIR/dynamic" "$BATS_FILE_TMPDIR/own.c"
	xrun pull -q --arch aarch64 "$PLAIN/test:arm64"
}

setup() {
	mkdir "$BATS_TEST_TMPDIR/here"
	cd "$BATS_TEST_TMPDIR/here" || return
	cp "$BATS_FILE_TMPDIR/static" "$BATS_FILE_TMPDIR/dynamic" .
}

@test "a static program of another architecture runs where it is, with nothing but itself" {
	run xrun ./static a b </dev/null
	[ "$status" = 3 ]
	[ "${lines[0]}" = "aarch64 ./static 3 $PWD" ]
	[ "$(cat made)" = "by the program" ]
	[ "$(stat -c %u made)" = "$(id -u)" ]
}

@test "it reads standard input, as if it were executed directly" {
	[ "$(echo words | xrun ./static | sed -n 2p)" = "read words" ]
}

@test "it runs before anything was ever pulled" {
	run "$XRUN" --root "$BATS_TEST_TMPDIR/new" ./static </dev/null
	[ "$status" = 1 ]
	[[ ${lines[0]} == "aarch64 ./static"* ]]
}

@test "a program of another directory is seen there, and files are made in this one" {
	mkdir ../there
	mv static ../there
	run xrun ../there/static </dev/null
	[ "$status" = 1 ]
	[ "${lines[0]}" = "aarch64 $(realpath ../there/static) 1 $PWD" ]
	[ -e made ]
	cd ../there
	run xrun "$PWD/static" </dev/null
	[ "${lines[0]}" = "aarch64 $PWD/static 1 $PWD" ]
	ln -s "$PWD/static" ../here/link
	cd ../here
	run xrun ./link </dev/null
	[ "$status" = 1 ]
}

@test "of the environment it gets what says how to talk to the user, and what it is given" {
	export SECRET=1 LC_TEST=x TERM=dumb GIVEN=2
	run xrun -e GIVEN -e OTHER=3 ./static </dev/null
	[[ $output == *"env LC_TEST=x"* && $output == *"env TERM=dumb"* && $output == *"env GIVEN=2"* && $output == *"env OTHER=3"* ]]
	[[ $output != *SECRET* ]]
	run xrun --env-host -e GIVEN=4 ./static </dev/null
	[[ $output == *"env SECRET=1"* && $output == *"env GIVEN=4"* ]]
}

@test "--env-host is what an image's environment and -e are above" {
	export MARK=host
	[ "$(xrun --env-host -e MARK=mine "$NATIVE" sh -c 'echo $MARK')" = mine ]
	[ "$(PATH=/nowhere:$PATH xrun --env-host "$NATIVE" sh -c 'echo $MARK')" = host ]
}

@test "a dynamic program names the image that it needs, and runs in it" {
	fails_with 126 "--image debian:12" xrun ./dynamic
	# shellcheck disable=SC2154 # fails_with set it
	[[ $said == *ld-linux-aarch64.so.1* ]]
	run xrun --image "$PLAIN/test:arm64" ./dynamic x </dev/null
	[ "$status" = 2 ]
	[ "${lines[0]}" = "aarch64 ./dynamic 2 $PWD" ]
}

@test "a script runs in an image of the architecture asked for" {
	printf '#!/bin/sh\nuname -m; echo "$0" "$@"\n' >script
	chmod +x script
	fails_with 126 "/bin/sh" xrun ./script
	[ "$(xrun --arch aarch64 --image "$PLAIN/test:arm64" ./script a | tr '\n' ' ')" = "aarch64 ./script a " ]
}

@test "--arch must be the program's" {
	run xrun --arch arm64 ./static </dev/null
	[ "$status" = 1 ]
	fails_with 125 "a program for aarch64, not for s390x" xrun --arch s390x ./static
}

@test "several architectures are for images" {
	fails_with 125 "of one architecture" xrun --arch aarch64,s390x ./static
}

@test "what is no program is said to be none" {
	echo text >text
	fails_with 126 "not executable" xrun ./text
	chmod +x text
	fails_with 126 "neither an ELF program nor a script" xrun ./text
	fails_with 127 "no such file" xrun ./nonesuch
	fails_with 126 "not a regular file" xrun ./
	fails_with 125 "--image" xrun --image "$PLAIN/test:arm64" "$PLAIN/test:arm64" true
	fails_with 125 "--entrypoint" xrun --entrypoint sh ./static
}

@test "an image whose name has a slash is still an image" {
	mkdir -p "${PLAIN##*/}"
	[ "$(xrun --arch aarch64 "$PLAIN/test:arm64" uname -m)" = aarch64 ]
}

@test "the options of run apply: -v, -w, -u, --read-only" {
	mkdir ../v
	echo kept >../v/file
	run xrun -v "$BATS_TEST_TMPDIR/v:/v" -w /v ./static </dev/null
	[ "$status" = 127 ] # ./static is where it was, and we are not
	run xrun -v "$BATS_TEST_TMPDIR/v:/v" -w /v "$PWD/static" </dev/null
	[ "$status" = 1 ]
	[ -e ../v/made ]
	run xrun --read-only --network none ./static </dev/null
	[ "$status" = 1 ]
}

@test "the container's own directories are no place to start from" {
	cd /proc
	fails_with 125 "/proc" xrun "$BATS_TEST_TMPDIR/here/static"
	cd /
	run xrun "$BATS_TEST_TMPDIR/here/static" </dev/null
	[ "${lines[0]}" = "aarch64 $BATS_TEST_TMPDIR/here/static 1 /" ]
}

@test "a signal ends it, as if it were executed directly" {
	printf '#!/bin/sh\necho ready; sleep 100\n' >"waiting"
	chmod +x waiting
	"$XRUN" --root "$STORE" --arch aarch64 --image "$PLAIN/test:arm64" ./waiting >out 2>&1 &
	await_text ready out
	kill -TERM $!
	await_end $!
	[ "$status" = 143 ]
}
