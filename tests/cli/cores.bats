#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# Cores of foreign programs.

load lib

prepare() {
	xrun pull -q --arch aarch64 "$PLAIN/test:arm64"
	xrun pull -q "$NATIVE"
}

@test "--core-dir collects the cores of foreign programs, named, and gdb reads them" {
	mkdir "$BATS_TEST_TMPDIR/v" "$BATS_TEST_TMPDIR/cores"
	cd "$BATS_TEST_TMPDIR/v"
	printf 'int *nowhere;\nint crash(int value) { *nowhere = value; return 0; }\nint main(void) { return crash(42); }\n' >crash.c
	aarch64-linux-gnu-gcc -g -O0 -static -o crash crash.c
	run xrun --arch aarch64 --core-dir "$BATS_TEST_TMPDIR/cores" -v "$PWD:/v" "$PLAIN/test:arm64" \
		sh -c 'mkdir -m 700 /deep && cd /deep && sh -c "kill -ABRT \$\$"; cd /v && ./crash; true'
	echo "$output"
	[ "$status" = 0 ]
	[ "$(find "$BATS_TEST_TMPDIR/cores" -type f | wc -l)" = 2 ]
	[ -n "$(find "$BATS_TEST_TMPDIR/cores" -name 'sh.aarch64.*.ABRT.*.core' -user "$(id -u)")" ]
	local core
	core=$(find "$BATS_TEST_TMPDIR/cores" -name 'crash.aarch64.*.SEGV.*.core')
	[[ $output == *"xrun: a core: gdb-multiarch -iex "*" PROGRAM -ex 'core-file $core'"* ]]
	[ "$(ls)" = $'crash\ncrash.c' ]
	HOME=$BATS_TEST_TMPDIR gdb-multiarch -nx -batch -c "$core" ./crash -ex 'print value' | grep -q '= 42$'
}

@test "--core-dir counts for later starts of a container that is kept" {
	local cores=$BATS_TEST_TMPDIR/cores
	mkdir "$cores"
	run xrun --name crasher --arch aarch64 --core-dir "$cores" "$PLAIN/test:arm64" sh -c 'kill -ABRT $$'
	[ "$status" = 134 ]
	rm "$cores"/sh.aarch64.*.ABRT.*.core
	run xrun start -a crasher
	echo "$output"
	[ "$status" = 134 ]
	[[ $output == *"xrun: a core: "* ]]
	rm "$cores"/sh.aarch64.*.ABRT.*.core
	xrun start crasher
	[ "$(xrun wait crasher)" = 134 ]
	xrun rm crasher # waits for what the supervisor still does
	rm "$cores"/sh.aarch64.*.ABRT.*.core
}

@test "the command that is printed for a core of the container's own program finds that, and reads the core" {
	local command
	mkdir "$BATS_TEST_TMPDIR/cores" "$BATS_TEST_TMPDIR/own dir"
	cd "$BATS_TEST_TMPDIR/own dir"
	echo 'int *nowhere; int main(void) { int value = 43; *nowhere = value; return 0; }' | aarch64-linux-gnu-gcc -g -O0 -static -x c -o crash.own -
	run xrun --core-dir "$BATS_TEST_TMPDIR/cores" ./crash.own
	[ "$status" = 139 ]
	command=$(sed -n 's/^xrun: a core: //p' <<<"$output")
	HOME=$BATS_TEST_TMPDIR eval "$command -nx -batch -ex 'print value'" | grep -q '= 43$'
}

@test "a core that the emulator did not write is said to be missing" {
	[ "$HOST" = riscv64 ] && skip "riscv64 is native here"
	mkdir "$BATS_TEST_TMPDIR/cores"
	cd "$BATS_TEST_TMPDIR"
	echo 'int main(void) { __builtin_trap(); }' | riscv64-linux-gnu-gcc -static -x c -o crash -
	run xrun --core-dir "$BATS_TEST_TMPDIR/cores" ./crash
	echo "$output"
	[ "$status" -gt 128 ]
	if [ -z "$(ls "$BATS_TEST_TMPDIR/cores")" ]; then
		[[ $output == *"xrun: --core-dir: no core was found: the emulator wrote none"* ]]
	else
		[[ $output == *"xrun: a core: "* ]]
	fi
	run xrun --arch arm64 --core-dir "$BATS_TEST_TMPDIR/cores" "$PLAIN/test:arm64" sh -c 'exit 3'
	[ "$status" = 3 ]
	[[ $output != *core* ]]
}

@test "a core that is not to be had, or of a native program, is not promised" {
	fails_with 125 "--core-dir /nonesuch" xrun --core-dir /nonesuch --arch aarch64 "$PLAIN/test:arm64" true
	fails_with 125 "-core-dir is for a container in the foreground" xrun -d --core-dir /tmp --arch aarch64 "$PLAIN/test:arm64" true
	fails_with 125 "native" xrun --core-dir /tmp "$NATIVE" true
}

@test "a foreign program that crashes leaves no core behind, unless --ulimit core asks for one" {
	mkdir "$BATS_TEST_TMPDIR/v"
	ulimit -S -c "$(ulimit -H -c)"
	run xrun --arch aarch64 -v "$BATS_TEST_TMPDIR/v:/v" -w /v "$PLAIN/test:arm64" sh -c 'ulimit -c; sh -c "kill -SEGV \$\$"; ls'
	[[ $output == 0* ]]
	[ -z "$(ls "$BATS_TEST_TMPDIR/v")" ]
	[ "$(ulimit -H -c)" = unlimited ] # the machine's own tests have it so
	xrun --arch aarch64 --ulimit core=-1 -v "$BATS_TEST_TMPDIR/v:/v" -w /v "$PLAIN/test:arm64" sh -c 'sh -c "kill -SEGV \$\$"; true'
	[ -n "$(find "$BATS_TEST_TMPDIR/v" -name 'qemu_*.core' -size +0)" ]
}

@test "a core that says it is very large fills no disk" {
	mkdir "$BATS_TEST_TMPDIR/v" "$BATS_TEST_TMPDIR/cores"
	cd "$BATS_TEST_TMPDIR/v"
	{ printf '\177ELF\002\001\001\0\0\0\0\0\0\0\0\0\004\0\267\0\001\0\0\0' && head -c 8000 /dev/zero; } >core
	timeout 60 "$XRUN" --root "$STORE" --arch aarch64 --core-dir "$BATS_TEST_TMPDIR/cores" -v "$PWD:/v" "$PLAIN/test:arm64" \
		sh -c 'cp /v/core /qemu_made_20260101-010101_1.core && truncate -s 100G /qemu_made_20260101-010101_1.core'
	[ "$(stat -c %s "$BATS_TEST_TMPDIR"/cores/made.*)" = 107374182400 ]
	[ "$(stat -c %b "$BATS_TEST_TMPDIR"/cores/made.*)" -lt 1000 ]
}
