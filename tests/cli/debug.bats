#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# Looking into emulated programs.
# shellcheck disable=SC2030,SC2031 # each test is a process of its own, and so are the functions that it calls

load lib

prepare() {
	xrun pull -q --arch aarch64 "$PLAIN/test:arm64"
	xrun pull -q "$NATIVE"
	mkdir "$BATS_FILE_TMPDIR/programs"
	cat >"$BATS_FILE_TMPDIR/counter.c" <<-'END'
		int counter = 41;
		int __attribute__((noinline)) step(int by) { counter += by; return counter; }
		void _start(void)
		{
			register long status __asm__("x0") = step(1), number __asm__("x8") = 93;
			__asm__ volatile("svc 0" : : "r"(status), "r"(number));
		}
	END
	aarch64-linux-gnu-gcc -g -O0 -static -nostdlib -o "$BATS_FILE_TMPDIR/programs/counter" "$BATS_FILE_TMPDIR/counter.c"
}

@test "--strace shows the system calls of an emulated program" {
	local said
	said=$(xrun --strace --arch aarch64 "$PLAIN/test:arm64" echo word 2>&1 >/dev/null)
	[[ $said == *'1 write(1,'*'= 5'* ]]
}

@test "--strace=FILE has those of all processes, and nothing of it is in the container or left behind" {
	local before
	before=$(find /tmp -maxdepth 1 -name 'xrun-debug.*' -user "$(id -u)" | sort)
	run xrun --strace="$BATS_TEST_TMPDIR/trace" --arch aarch64 "$PLAIN/test:arm64" sh -c '(exec uname -m); exec env -i uname -s'
	[ "$output" = $'aarch64\nLinux' ]
	grep -E '^1 execve\("/usr/bin/env"' "$BATS_TEST_TMPDIR/trace"
	grep -E '^[2-9] uname\(' "$BATS_TEST_TMPDIR/trace"
	[ "$(tail -1 "$BATS_TEST_TMPDIR/trace")" = "1 exit_group(0)" ]
	[ "$(find /tmp -maxdepth 1 -name 'xrun-debug.*' -user "$(id -u)" | sort)" = "$before" ]
}

@test "gdb stops in a program of another architecture and reads its variables, by the command that --gdb prints" {
	local command=
	"$XRUN" --root "$STORE" --gdb -v "$BATS_FILE_TMPDIR/programs:/programs" --arch aarch64 "$PLAIN/test:arm64" /programs/counter 2>"$BATS_TEST_TMPDIR/said" &
	await_text gdb-multiarch "$BATS_TEST_TMPDIR/said"
	command=$(sed -n 's/^xrun: the program waits for gdb: //p' "$BATS_TEST_TMPDIR/said")
	run eval "timeout 60 $command -nx -batch -ex 'break step' -ex continue -ex 'print by' -ex 'print counter' -ex backtrace -ex continue"
	echo "$output"
	[[ $output == *"step (by=1) at "*counter.c:2* ]]
	[[ $output == *'$1 = 1'*'$2 = 41'* ]]
	await_end $!
	[ "$status" = 42 ]
}

@test "a program that gdb waits for, and what it starts, know nothing of it" {
	local command=
	"$XRUN" --root "$STORE" --gdb --arch aarch64 "$PLAIN/test:arm64" sh -c 'env | sed -n /QEMU/p | wc -l; uname -m' >"$BATS_TEST_TMPDIR/out" 2>"$BATS_TEST_TMPDIR/said" &
	await_text gdb-multiarch "$BATS_TEST_TMPDIR/said"
	command=$(sed -n 's/^xrun: the program waits for gdb: //p' "$BATS_TEST_TMPDIR/said")
	run eval "timeout 60 $command -nx -batch -ex 'info sharedlibrary' -ex continue"
	echo "$output"
	[[ $output == */layers/*/ld-linux-aarch64.so.1* ]] # the image's, not the machine's own
	await_end $!
	[ "$(cat "$BATS_TEST_TMPDIR/out")" = $'0\naarch64' ]
}

@test "a native program is not for --strace or --gdb, and a trace that cannot be written is an error" {
	fails_with 125 "--strace is for emulated programs" xrun --strace "$NATIVE" true
	fails_with 125 "--gdb is for emulated programs" xrun --gdb "$NATIVE" true
	fails_with 125 "cannot write /nowhere/trace" xrun --strace=/nowhere/trace --arch aarch64 "$PLAIN/test:arm64" true
}

# wait_in_gdb OPTION...: the counter with --gdb and so on, in the background; `command` connects gdb to it.
wait_in_gdb() {
	"$XRUN" --root "$STORE" "$@" -v "$BATS_FILE_TMPDIR/programs:/programs" --arch aarch64 "$PLAIN/test:arm64" /programs/counter 2>"$BATS_TEST_TMPDIR/said" 3>&- &
	job=$!
	await_text gdb-multiarch "$BATS_TEST_TMPDIR/said"
	command=$(sed -n 's/^xrun: the program waits for gdb: //p' "$BATS_TEST_TMPDIR/said")
}

goes_to_the_end() {
	run eval "timeout -s KILL 60 $command -nx -batch -ex 'break step' -ex continue -ex 'print counter' -ex continue"
	echo "$output"
	[[ $output == *'$1 = 41'* ]]
	await_end "$job"
	[ "$status" = 42 ]
}

@test "--gdb=PORT waits on a port of the host's loopback" {
	local port
	port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
	wait_in_gdb --gdb="$port" --network none
	[[ $command == *"target remote 127.0.0.1:$port'" ]]
	goes_to_the_end
}

@test "--gdb=SOCKET makes a link to the socket, which is gone afterwards" {
	wait_in_gdb --gdb="$BATS_TEST_TMPDIR/socket"
	[[ $command == *"target remote $BATS_TEST_TMPDIR/socket'" ]]
	goes_to_the_end
	[ ! -L "$BATS_TEST_TMPDIR/socket" ]
	fails_with 125 "neither a port nor" xrun --gdb=x --arch aarch64 "$PLAIN/test:arm64" true
}

@test "debug connects gdb to a container by its name" {
	wait_in_gdb --gdb --name counter
	[ "$(xrun debug --print counter)" = "$command" ]
	printf 'break step\ncontinue\nprint counter\ncontinue\n' >"$BATS_TEST_TMPDIR/script"
	HOME=$BATS_TEST_TMPDIR run timeout -s KILL 60 "$XRUN" --root "$STORE" debug counter <"$BATS_TEST_TMPDIR/script"
	echo "$output"
	[[ $output == *'$1 = 41'* ]]
	await_end "$job"
	[ "$status" = 42 ]
	xrun rm counter
}

@test "debug attaches to a native program as it runs, and says that it cannot to an emulated one" {
	xrun -d --name native --network none "$NATIVE" sleep 100
	[[ "$(xrun debug --print native)" == "gdb -ex 'set sysroot /proc/"*"-ex 'attach "* ]]
	xrun -d --name foreign --network none --arch aarch64 "$PLAIN/test:arm64" sleep 100
	fails_with 125 "run --gdb" xrun debug --print foreign
	xrun rm -f native foreign
	fails_with 125 "native" xrun debug native
}
