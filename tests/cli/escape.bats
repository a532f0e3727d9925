#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# What an image, or a program in a container, could try in order to reach the host; other containers' runtimes fell for
# most of it. And what is left of xrun itself where a container could see it.

load lib

prepare() {
	xrun pull -q "$NATIVE"
}

# every_descriptor COMMAND...: with N for each number that a descriptor of xrun might have.
every_descriptor() {
	local n
	for n in {3..16}; do
		"${@//N/$n}" >/dev/null 2>&1 || true
	done
}

@test "a working directory of /proc/self/fd/N makes nothing on the host" {
	mkdir "$BATS_TEST_TMPDIR/caller"
	every_descriptor xrun -w /proc/self/fd/N/escaped/x "$NATIVE" true 9<"$BATS_TEST_TMPDIR/caller"
	every_descriptor xrun -w /proc/self/fd/N/../escaped/x "$NATIVE" true 9<"$BATS_TEST_TMPDIR/caller"
	run find "$BATS_FILE_TMPDIR" -name escaped
	[ -z "$output" ]
}

@test "a command of /proc/self/fd/N executes none of the host's programs" {
	printf '#!/bin/sh\necho ran >&2\n' >"$BATS_FILE_TMPDIR/tool"
	cp /bin/true "$BATS_FILE_TMPDIR/true"
	chmod 755 "$BATS_FILE_TMPDIR/tool" "$BATS_FILE_TMPDIR/true"
	local n
	for n in {3..16}; do
		fails_with 127 "/proc/self/fd/$n/../true" xrun "$NATIVE" "/proc/self/fd/$n/../true"
	done
}

@test "a standard descriptor that is a directory is refused, and a closed one is /dev/null" {
	local closed
	fails_with 125 "standard input is a directory" xrun -i "$NATIVE" true </
	fails_with 125 "standard output is a directory" bash -c '"$@" 1</' - "$XRUN" --root "$STORE" "$NATIVE" true
	closed=$(xrun -i "$NATIVE" readlink /proc/self/fd/0 /proc/self/fd/2 <&- 2>&-)
	[ "$closed" = "$(printf '/dev/null\n/dev/null')" ]
	run xrun "$NATIVE" sh -c 'exit 3' <&- >&- 2>&-
	[ "$status" = 3 ]
}

@test "of xrun's environment and arguments nothing is in a container, with --init neither" {
	local option seen
	for option in --rm --init; do
		seen=$(HIDDEN=words xrun $option --creds ann:hidden-password "$NATIVE" sh -c \
			'cat /proc/*/cmdline /proc/*/environ 2>/dev/null; cat /proc/1/maps 2>/dev/null; readlink /proc/1/exe' | tr '\0' '\n')
		[ -n "$seen" ]
		[[ $seen != *HIDDEN* ]]
		[[ $seen != *hidden-password* ]]
		[[ $seen != */xrun* ]]
	done
}

@test "of the arguments of an xrun that enters a container nothing is there, even for one that is stopped on the way" {
	xrun run -d --name stopping --creds ann:hidden-password --health-cmd true --health-interval 1s "$NATIVE" sh -c '
		echo begun
		while :; do
			for p in /proc/[0-9]*; do
				case ${p#/proc/} in 1 | $$) continue ;; esac
				read -r name <$p/comm && case $name in
				xrun*)
					kill -STOP ${p#/proc/}
					echo "seen: $(tr "\0" " " <$p/cmdline)"
					kill -KILL ${p#/proc/} ;;
				esac
			done
		done 2>/dev/null' >/dev/null
	await log_has begun stopping
	for _ in {1..12}; do
		timeout 20 "$XRUN" --root "$STORE" exec -e PASSED=hidden-words stopping true || true
	done
	run xrun logs stopping
	xrun rm -f stopping >/dev/null
	[[ $output != *hidden* ]]
	[[ $output != *xrun* ]]
}

@test "the caller's keys are not the container's, not even without seccomp" {
	cat >"$BATS_TEST_TMPDIR/key.c" <<-'C'
		#include <linux/keyctl.h>
		#include <sys/syscall.h>
		#include <unistd.h>
		int main(int argc, char **argv)
		{
			if (argc == 1) /* inside: 0 if the key is found */
				return syscall(SYS_keyctl, KEYCTL_SEARCH, KEY_SPEC_SESSION_KEYRING, "user", "xrun-test", 0) < 0;
			syscall(SYS_keyctl, KEYCTL_JOIN_SESSION_KEYRING, 0);
			if (syscall(SYS_add_key, "user", "xrun-test", "secret", 6, KEY_SPEC_SESSION_KEYRING) < 0)
				return 2;
			return execvp(argv[1], argv + 1);
		}
	C
	cc -static -o "$BATS_TEST_TMPDIR/key" "$BATS_TEST_TMPDIR/key.c"
	"$BATS_TEST_TMPDIR/key" "$BATS_TEST_TMPDIR/key" # the test itself would find it
	local option got
	for option in --rm "--security-opt seccomp=unconfined"; do
		got=0
		# shellcheck disable=SC2086 # several words are meant
		"$BATS_TEST_TMPDIR/key" "$XRUN" --root "$STORE" $option -v "$BATS_TEST_TMPDIR/key:/key" "$NATIVE" /key || got=$?
		[ "$got" = 1 ]
	done
}

@test "a program that does not read its terminal blocks neither its own output nor xrun" {
	local out=$BATS_TEST_TMPDIR/out
	head -c 300000 /dev/zero | tr '\0' x >"$BATS_TEST_TMPDIR/in"
	# shellcheck disable=SC2094 # the input waits for a word of the output
	timeout -s KILL 90 "$XRUN" --root "$STORE" -it "$NATIVE" sh -c \
		'stty raw -echo; echo raw; sleep 1; head -c 1000000 /dev/zero; head -c 300000 | wc -c' < <(await_text raw "$out"; cat "$BATS_TEST_TMPDIR/in") >"$out"
	[ "$(tr -d '\0\r\n ' <"$out")" = raw300000 ]
	[ "$(wc -c <"$out")" -ge 1000000 ]
}

@test "a reader that stalls keeps no signal from the program, nor xrun from ending" {
	mkfifo "$BATS_TEST_TMPDIR/fifo"
	# shellcheck disable=SC2217 # it holds the fifo open, and reads nothing
	sleep 30 <"$BATS_TEST_TMPDIR/fifo" 3>&- &
	local reader=$! supervisor
	"$XRUN" --root "$STORE" --init -t "$NATIVE" sh -c 'while :; do echo words; done' >"$BATS_TEST_TMPDIR/fifo" 3>&- &
	supervisor=$!
	await ! prints "" xrun ps -q
	await ! kill -TERM "$supervisor"
	await_end "$supervisor"
	kill "$reader"
	[ "$status" = 143 ]
}

@test "a container cannot change xrun's own file" {
	local own=$BATS_TEST_TMPDIR/xrun
	cp "$XRUN-fetch" "$BATS_TEST_TMPDIR"
	cp "$XRUN-dynamic" "$own" # with a dynamic loader code of the image's gets into it
	chmod 755 "$own"
	cat >"$BATS_TEST_TMPDIR/preload.c" <<-'C'
		#include <stdio.h>
		#include <sys/stat.h>
		#include <unistd.h>
		__attribute__((constructor)) static void change(void)
		{
			chmod("/proc/self/exe", 04777);
			puts("was here");
			fflush(stdout);
			_exit(0);
		}
	C
	cc -shared -fPIC -o "$BATS_TEST_TMPDIR/preload.so" "$BATS_TEST_TMPDIR/preload.c"
	local library libraries=() # those of a sanitizer build, which the image has not
	for library in $(ldd "$own" | awk '$3 ~ /^\// && $1 !~ /^libc\./ { print $3 }'); do
		libraries+=(-v "$library:/libraries/${library##*/}:ro")
	done
	[ "$("$own" --root "$STORE" -e LD_PRELOAD=/preload.so -e LD_LIBRARY_PATH=/libraries -e ASAN_OPTIONS=verify_asan_link_order=0 \
		-v "$BATS_TEST_TMPDIR/preload.so:/preload.so" "${libraries[@]}" "$NATIVE" /proc/self/exe)" = "was here" ]
	[ "$(stat -c %a "$own")" = 755 ]
	cmp "$own" "$XRUN-dynamic"
	"$own" --root "$BATS_TEST_TMPDIR/store" pull -q "$NATIVE" # it finds xrun-fetch all the same
	"$own" --root "$BATS_TEST_TMPDIR/store" rmi --all
}
