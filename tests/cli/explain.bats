#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# Why a container ended badly: each rule of src/plan/explain.c, provoked by programs that are built here.
# shellcheck disable=SC2030,SC2031 # each test is a process of its own, and so are the functions that it calls

load lib

prepare() {
	export BIN=$BATS_FILE_TMPDIR/bin
	chmod 755 "$BATS_RUN_TMPDIR" "$BATS_FILE_TMPDIR"
	mkdir "$BIN"
	xrun pull -q "$NATIVE"
	xrun pull -q --arch aarch64 "$PLAIN/test:arm64"
	[ "$HOST" != x86_64 ] || xrun pull -q --arch x86_64 "$PLAIN/test:amd64"
	echo 'int main(void) { return 0; }' >"$BIN/ok.c"
	compile_old_arm
	compile_nested
	compile_zeros_behind_code
}

# An image for ARMv6 whose program has code of ARMv7.
compile_old_arm() {
	mkdir "$BIN/v6"
	arm-linux-gnueabihf-gcc -march=armv7-a+fp -static -o "$BIN/v6/v7" "$BIN/ok.c"
	"$PLACE/tests/images/mkimage.py" "$BIN/layout" v6 --arch arm --variant v6 --layer "$BIN/v6" --cmd '["/v7"]'
	skopeo copy -q --dest-no-creds --dest-tls-verify=false "oci:$BIN/layout:v6" "docker://$PLAIN/explain-$(id -un):v6"
}

# What scripts do that register emulators: mounts binfmt_misc, which hides those that are there, and goes on.
compile_nested() {
	cat >"$BIN/nested.c" <<-'END'
		#include <stdio.h>
		#include <sys/mount.h>
		#include <unistd.h>
		int main(int argc, char **argv)
		{
			if (mount("none", "/mnt", "binfmt_misc", 0, NULL) < 0)
				return perror("mount"), 1;
			return argc > 1 ? execvp(argv[1], argv + 1), perror(argv[1]), 126 : 0;
		}
	END
	aarch64-linux-gnu-gcc -static -o "$BIN/nested" "$BIN/nested.c"
	mkdir -p "$BIN/mnt"
}

# A program whose one segment has its code and, not to be written, a thousand zeros. Linux runs it; it ends with one of them.
compile_zeros_behind_code() {
	cat >"$BIN/zeros.c" <<-'END'
		int zeros[1000];
		void _start(void)
		{
			register long status __asm__("x0") = zeros[7], call __asm__("x8") = 93;
			__asm__ volatile("svc 0" : : "r"(status), "r"(call));
		}
	END
	cat >"$BIN/zeros.ld" <<-'END'
		PHDRS { all PT_LOAD FLAGS(5); }
		SECTIONS {
			. = 0x400000 + SIZEOF_HEADERS;
			.text : { *(.text) } :all
			.bss : { *(.bss) } :all
			/DISCARD/ : { *(.note* .comment .eh_frame) }
		}
	END
	aarch64-linux-gnu-gcc -O1 -nostdlib -static -Wl,--build-id=none,-T,"$BIN/zeros.ld" -o "$BIN/zeros" "$BIN/zeros.c"
}

# explains STATUS TEXT OPTION... : xrun ends with that status, and its only line has that text.
explains() {
	fails_with "$@"
}

# says_nothing STATUS COMMAND...: that status, and nothing on stderr from xrun.
says_nothing() {
	local want=$1 got=0
	shift
	said=$("$@" 2>&1 >/dev/null) || got=$?
	echo "status $got: $said"
	[ "$got" = "$want" ]
	[[ $said != *"xrun: "* ]]
}

# native FILE: the native image with that file as its program.
native() {
	xrun -v "$1:/usr/bin/thing" "$NATIVE" thing
}

@test "a program for a processor that nobody knows is told by its ELF machine" {
	gcc -static -o "$BIN/odd" "$BIN/ok.c"
	printf '\x26\x90' | dd of="$BIN/odd" bs=1 seek=18 conv=notrunc status=none
	explains 126 "/usr/bin/thing is for a processor that xrun does not know (ELF machine 36902" native "$BIN/odd"
}

@test "a program for another architecture than the image's is told with the option that runs it" {
	[ "$HOST" = s390x ] && skip "s390x is native here"
	s390x-linux-gnu-gcc -static -o "$BIN/s390x" "$BIN/ok.c"
	explains 126 "is a program for s390x in a container for" native "$BIN/s390x"
	[[ $said == *"--arch s390x"* ]]
}

@test "a program that is cut off is told as such" {
	gcc -static -o "$BIN/whole" "$BIN/ok.c"
	head -c 60 "$BIN/whole" >"$BIN/cut"
	chmod +x "$BIN/cut"
	explains 126 "but the file is cut off" native "$BIN/cut"
}

@test "an empty file, a text without #!, a file without x are told as such" {
	: >"$BIN/empty"
	chmod +x "$BIN/empty"
	explains 126 "/usr/bin/thing is an empty file" native "$BIN/empty"
	printf 'echo hello\n' >"$BIN/text"
	chmod +x "$BIN/text"
	explains 126 "run \`sh /usr/bin/thing\`" native "$BIN/text"
	chmod -x "$BIN/text"
	explains 126 "chmod +x" xrun -v "$BIN/text:/usr/bin/thing" "$NATIVE" /usr/bin/thing
}

@test "a directory in the place of the program is told as one" {
	explains 126 "/etc is a directory: name a program in it" in_native /etc
	mkdir "$BIN/directory"
	explains 126 "/src is a directory" xrun -v "$BIN/directory:/src" "$NATIVE" /src
	explains 126 "/src/./directory is a directory" xrun -v "$BIN:/src" -w /src "$NATIVE" ./directory
}

@test "a script whose interpreter is missing, or whose lines end in carriage returns" {
	printf '#!/usr/bin/perl9 -w\n' >"$BIN/script"
	chmod +x "$BIN/script"
	explains 126 "asks for /usr/bin/perl9, which the image does not have" xrun -v "$BIN/script:/script" "$NATIVE" /script
	printf '#!/bin/sh\r\necho\r\n' >"$BIN/script"
	explains 126 "carriage returns" xrun -v "$BIN/script:/script" "$NATIVE" /script
}

@test "a dynamic loader that the image lacks is named, with the library that it belongs to" {
	gcc -o "$BIN/musl" -Wl,--dynamic-linker=/lib/ld-musl-x.so.1 "$BIN/ok.c"
	explains 126 "was built for musl, as on Alpine, and the image has no /lib/ld-musl-x.so.1" xrun -v "$BIN/musl:/musl" "$NATIVE" /musl
}

@test "a native dynamic program in a foreign image is told by its architecture" {
	[ "$HOST" = aarch64 ] && skip "aarch64 is native here"
	gcc -o "$BIN/native" "$BIN/ok.c"
	explains 126 "is a program for $HOST, and the image, which is for aarch64" xrun --arch arm64 -v "$BIN/native:/native" "$PLAIN/test:arm64" /native
	[[ $said == *"--arch $HOST"* ]]
}

@test "a program for x86-64-v3 on an emulated x86-64-v1 is told with the model that runs it" {
	x86_64-linux-gnu-gcc -o "$BIN/v3" -Wl,-z,x86-64-v3 "$BIN/ok.c"
	local run=(xrun --arch x86_64 --emulator /usr/bin/qemu-x86_64-static -v "$BIN/v3:/v3") got=0
	said=$("${run[@]}" --cpu-model qemu64 "$PLAIN/test:amd64" /v3 2>&1 >/dev/null) || got=$?
	echo "status $got: $said"
	[ "$got" = 127 ]
	[[ $said == *"xrun: /v3 needs a processor of level x86-64-v3, and that of the emulator (qemu64) is x86-64-v1: --cpu-model max"* ]]
	"${run[@]}" --cpu-model max "$PLAIN/test:amd64" /v3
}

@test "code of ARMv7 in an image for ARMv6 is told, and runs as ARMv7" {
	[ "$HOST" = aarch64 ] && skip "arm is native here"
	xrun -q --arch arm/v6 "$PLAIN/explain-$(id -un):v6" >"$BATS_TEST_TMPDIR/out" 2>&1 || got=$?
	cat "$BATS_TEST_TMPDIR/out"
	[ "$got" = 132 ]
	grep -q "xrun: /v7 is built for ARMv7, and the image is for armv6, whose processor (arm1176) has no such instructions" "$BATS_TEST_TMPDIR/out"
	xrun -q --arch arm/v6 --cpu-model max "$PLAIN/explain-$(id -un):v6"
}

@test "code for LoongArch with vectors is told where the emulator's processor has none" {
	local loong=$PLAIN/test:loong64 got=0
	said=$(xrun -q --arch loong64 "$loong" uname 2>&1) || got=$?
	[ "$got" != 0 ] || skip "this qemu-loongarch64 has vectors"
	echo "$got: $said"
	[ "$got" = 132 ]
	[[ $said == *"xrun: signal 4, an illegal instruction: the processor of /usr/bin/qemu-loongarch64-static, version 7."*"no vector instructions (LSX)"* ]]
	[ "$(xrun --arch loong64 --emulator "$PLACE/qemu-loongarch64" "$loong" uname -m)" = loongarch64 ]
}

@test "a program that the emulator's version is known to crash on is told, with one that runs it" {
	[ "$HOST" = aarch64 ] && skip "aarch64 is native here"
	[[ $(qemu-aarch64-static --version) == *" version 7."* ]] || skip "this qemu-aarch64 does not crash on it"
	explains 139 "signal 11, of the emulator: /zeros has a read-only segment that is longer in memory than in the file, and qemu before 8.1" \
		xrun --arch arm64 -v "$BIN/zeros:/zeros" "$PLAIN/test:arm64" /zeros
	[[ $said == *"--emulator with qemu 10.0.13"* ]]
	xrun --arch arm64 --emulator "$PLACE/qemu-aarch64" -v "$BIN/zeros:/zeros" "$PLAIN/test:arm64" /zeros
}

@test "a program that crashes by itself, and one that another program starts, are not explained by the emulator's version" {
	[ "$HOST" = aarch64 ] && skip "aarch64 is native here"
	says_nothing 139 xrun --arch arm64 "$PLAIN/test:arm64" sh -c 'kill -SEGV $$'
	says_nothing 139 xrun --arch arm64 -v "$BIN/zeros:/zeros" "$PLAIN/test:arm64" sh -c '/zeros || exit $?'
}

# nested OPTION... -- COMMAND...: in an arm64 container.
nested() {
	local options=()
	while [ "$1" != -- ]; do
		options+=("$1")
		shift
	done
	xrun "${options[@]}" -v "$BIN/nested:/nested" -v "$BIN/mnt:/mnt" --arch arm64 "$PLAIN/test:arm64" "${@:2}"
}

@test "a binfmt_misc that is mounted in a container, and hides its emulators, is told as the cause of exec format errors" {
	[ "$HOST" = aarch64 ] && skip "aarch64 is native here"
	local hides="a binfmt_misc that was mounted in the container hides the emulators from it, so that no aarch64 program starts there any more"
	run nested --privileged -- sh -c '/nested && uname -m'
	echo "$output"
	[ "$status" = 126 ]
	[ "${#lines[@]}" = 2 ]
	[[ ${lines[0]} == *"Exec format error"* && ${lines[1]} == "xrun: $hides"* ]]
	run nested --cap-add SYS_ADMIN -- /nested uname -m
	[ "$status" = 126 ]
	[[ ${lines[1]} == "xrun: $hides"* ]]
	nested -d -q --name nested --privileged -- sh -c '/nested && while :; do :; done'
	await ! xrun exec nested true
	fails_with 126 "true: exec format error: $hides" xrun exec nested true
	xrun rm -f nested
}

@test "an end with 126 of a container that could have hidden its emulators and did not is not explained by that" {
	[ "$HOST" = aarch64 ] && skip "aarch64 is native here"
	says_nothing 126 nested --privileged -- sh -c 'uname -m; exit 126'
	run nested -- sh -c '/nested; uname -m'
	[[ $output == *"mount: Operation not permitted"*aarch64 ]]
}

@test "a program that a seccomp filter killed is told" {
	cat >"$BIN/kill.c" <<-'END'
		#include <linux/filter.h>
		#include <linux/seccomp.h>
		#include <sys/prctl.h>
		#include <unistd.h>
		int main(void)
		{
			struct sock_filter kill[] = { BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS) };
			struct sock_fprog filter = { 1, kill };
			prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
			prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter);
			return getppid();
		}
	END
	gcc -static -o "$BIN/kill" "$BIN/kill.c"
	explains 159 "a seccomp filter killed it at a system call" native "$BIN/kill"
}

@test "a foreign program that a seccomp profile killed is told whose calls that sees" {
	[ "$HOST" = aarch64 ] && skip "aarch64 is native here"
	echo '{"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [{"names": ["mkdir", "mkdirat"], "action": "SCMP_ACT_KILL_PROCESS"}]}' >"$BIN/profile"
	explains 159 "but a profile that it was given, or a filter around xrun: they see the emulator's calls" \
		xrun --arch arm64 --security-opt "seccomp=$BIN/profile" "$PLAIN/test:arm64" mkdir /tmp/directory
}

@test "where nothing is known, nothing is said" {
	local code
	for code in 1 126 127 132 139; do
		says_nothing "$code" in_native sh -c "exit $code"
	done
	says_nothing 139 in_native sh -c 'sh -c "kill -SEGV \$\$"; exit $?'
	says_nothing 137 in_native sh -c 'sh -c "kill -KILL \$\$"; exit $?'
}

@test "a program that is not there is told as before" {
	fails_with 127 "no such program in the image" in_native nothing-of-that-name
}
