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
	refute grep -E '\)[0-9]+ [a-z]+' "$BATS_TEST_TMPDIR/trace"
	grep -E '^[2-9] execve\("/usr/bin/uname",\{"uname","-m",NULL\}\)$' "$BATS_TEST_TMPDIR/trace"
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

@test "gdb has the symbols of a program without an image" {
	local command
	cd "$BATS_FILE_TMPDIR/programs"
	"$XRUN" --root "$STORE" --gdb ./counter 2>"$BATS_TEST_TMPDIR/said" &
	await_text gdb-multiarch "$BATS_TEST_TMPDIR/said"
	command=$(sed -n 's/^xrun: the program waits for gdb: //p' "$BATS_TEST_TMPDIR/said")
	run eval "timeout 60 $command -nx -batch -ex 'break step' -ex continue -ex 'print counter' -ex continue"
	echo "$output"
	[[ $output == *"step (by=1) at "*'$1 = 41'* ]]
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
	port=$(free_port)
	wait_in_gdb --gdb="$port" --network none
	[[ $command == *"target remote 127.0.0.1:$port'" ]]
	goes_to_the_end
}

@test "gdb has the symbols of a program that is a volume of its own" {
	"$XRUN" --root "$STORE" --gdb -v "$BATS_FILE_TMPDIR/programs/counter:/bin/counter" --arch aarch64 "$PLAIN/test:arm64" counter 2>"$BATS_TEST_TMPDIR/said" 3>&- &
	job=$!
	await_text gdb-multiarch "$BATS_TEST_TMPDIR/said"
	command=$(sed -n 's/^xrun: the program waits for gdb: //p' "$BATS_TEST_TMPDIR/said")
	[[ $command == *"'file $BATS_FILE_TMPDIR/programs/counter'"* ]]
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

@test "debug attaches to a native program as it runs, and says what an emulated one has to be started with" {
	xrun -d --name native --network none "$NATIVE" sleep 100
	[[ "$(xrun debug --print native)" == "gdb -iex "*" -ex 'set sysroot /proc/"*"-ex 'attach "* ]]
	xrun -d --name foreign --network none --arch aarch64 "$PLAIN/test:arm64" sleep 100
	fails_with 125 "xrun run --debuggable" xrun debug --print foreign
	xrun rm -f native foreign
	fails_with 125 "native" xrun debug native
}

# start_loop NAME OPTION...: a detached program that counts; its log has the counter, and each time that it gets SIGALRM.
start_loop() {
	cat >"$BATS_FILE_TMPDIR/loop.c" <<-'END'
		#include <pthread.h>
		#include <signal.h>
		#include <stdio.h>
		#include <stdlib.h>
		#include <sys/wait.h>
		#include <time.h>
		#include <unistd.h>
		volatile int counter = 41, alarms;
		static void on_alarm(int number) { alarms += number == SIGALRM; }
		static void *idle(void *nothing) { for (;;) pause(); return nothing; }
		int __attribute__((noinline)) step(int by) { counter += by; return counter; }
		int main(int argc, char **argv)
		{
			pthread_t thread;
			signal(SIGALRM, on_alarm);
			if (argc > 1)
				pthread_create(&thread, NULL, idle, argv);
			if (fork() == 0)
				exit(7);
			for (wait(NULL); counter < 100000; step(1)) {
				if (counter % 5 == 0)
					raise(SIGALRM);
				printf("counter %d alarms %d\n", counter, alarms);
				fflush(stdout);
				nanosleep(&(struct timespec){ 0, 50000000 }, NULL);
			}
			return 43;
		}
	END
	[ -e "$BATS_FILE_TMPDIR/programs/loop" ] ||
		aarch64-linux-gnu-gcc -g -O0 -static -pthread -o "$BATS_FILE_TMPDIR/programs/loop" "$BATS_FILE_TMPDIR/loop.c"
	local name=$1
	shift
	xrun run -d --name "$name" --network none --debuggable -v "$BATS_FILE_TMPDIR/programs:/programs" --arch aarch64 "$PLAIN/test:arm64" /programs/loop "$@"
	await log_has 'counter 4[5-9]' "$name"
}

# in_gdb NAME OPTION...: gdb, connected to the container by the command that debug prints.
in_gdb() {
	local connect
	connect=$(xrun debug --print "$1")
	shift
	eval "timeout -s KILL 60 $connect -nx -batch$(printf " -ex '%s'" "$@")"
}

@test "--debuggable: gdb attaches to an emulated program as it runs, detaches, and attaches again" {
	start_loop late
	run in_gdb late 'break step' continue 'print by' backtrace 'set variable counter = 1000' delete detach
	echo "$output"
	[[ $output == *'$1 = 1'*"step (by=1) at "*"main ("* ]]
	await log_has 'counter 1005' late
	await log_has 'alarms [1-9]' late # its signals reach it
	run in_gdb late 'print counter > 1000' 'set variable counter = 99998'
	[[ $output == *'$1 = 1'* ]]
	[ "$(xrun wait late)" = 43 ] # gdb has quit without a word
	xrun rm late
}

@test "a debugger that is killed leaves the program as it was, without its breakpoints" {
	local connect directory
	start_loop orphan thread
	connect=$(xrun debug --print orphan)
	directory=$(sed "s/.*target remote \(.*\)\/gdb'$/\1/" <<<"$connect")
	[ -d "$directory" ]
	eval "exec $connect -nx -batch -ex 'info threads' -ex 'break step' -ex continue -ex 'set variable counter = 2000' -ex 'python import time; time.sleep(100)'" >"$BATS_TEST_TMPDIR/said" 2>&1 3>&- &
	await_text 'Breakpoint 1, ' "$BATS_TEST_TMPDIR/said"
	kill -KILL $!
	await_end $!
	await log_has 'counter 20[1-9]' orphan
	xrun rm -f orphan
	await [ ! -e "$directory" ]
}

@test "--debuggable in the foreground changes neither status nor signals, and can be started again" {
	local job
	"$XRUN" --root "$STORE" run --name again --network none --debuggable -v "$BATS_FILE_TMPDIR/programs:/programs" --arch aarch64 "$PLAIN/test:arm64" \
		sh -c 'trap "echo caught; exit 5" TERM; echo ready; while :; do sleep 0.1; done' >"$BATS_TEST_TMPDIR/out" 3>&- &
	job=$!
	await_text ready "$BATS_TEST_TMPDIR/out"
	xrun kill -s TERM again
	await_end "$job"
	[ "$status" = 5 ]
	[ "$(cat "$BATS_TEST_TMPDIR/out")" = $'ready\ncaught' ]
	xrun start again
	await log_has 'ready.*' again
	[[ $(xrun debug --print again) == *"target remote /tmp/xrun-debug."* ]]
	xrun rm -f again
	run xrun run --network none --debuggable --arch aarch64 "$PLAIN/test:arm64" sh -c 'kill -SEGV $$'
	[ "$status" = 139 ]
}

@test "what --debuggable cannot go with is an error that says so" {
	fails_with 125 "--debuggable excludes --gdb" xrun run --gdb --debuggable --arch aarch64 "$PLAIN/test:arm64" true
	fails_with 125 "--debuggable excludes --restart" xrun run -d --restart always --debuggable --arch aarch64 "$PLAIN/test:arm64" true
	fails_with 125 "--debuggable is for emulated programs" xrun run --debuggable "$NATIVE" true
	if [ "$EUID" != 0 ]; then
		fails_with 125 "not as 33" xrun run --debuggable -u 33 --arch aarch64 "$PLAIN/test:arm64" true
	fi
}

@test "--gdb: a container that puts a link in the place of the emulator's socket leads gdb to no file of the host's" {
	echo mine >"$BATS_TEST_TMPDIR/mine"
	mkdir "$BATS_TEST_TMPDIR/v"
	cc -static -x c -o "$BATS_TEST_TMPDIR/v/linker" - <<-C
		#include <unistd.h>
		int main(void) { return symlink("$BATS_TEST_TMPDIR/mine", "/dev/xrun/gdb") < 0 || pause(); }
	C
	"$XRUN" --root "$STORE" --gdb -v "$BATS_TEST_TMPDIR/v:/v" --arch aarch64 "$PLAIN/test:arm64" /v/linker 2>"$BATS_TEST_TMPDIR/said" 3>&- &
	await_text gdb-multiarch "$BATS_TEST_TMPDIR/said"
	command=$(sed -n 's/^xrun: the program waits for gdb: //p' "$BATS_TEST_TMPDIR/said")
	timeout 60 sh -c "$command -nx -batch" </dev/null || true
	kill %1
	wait || true
	[ "$(cat "$BATS_TEST_TMPDIR/mine")" = mine ]
}

@test "gdb runs no script of a container's program, whatever its user's own settings allow" {
	mkdir -p "$BATS_TEST_TMPDIR/home"
	echo 'set auto-load safe-path /' >"$BATS_TEST_TMPDIR/home/.gdbinit"
	aarch64-linux-gnu-gcc -static -x c -o "$BATS_TEST_TMPDIR/home/scripted" - <<-C
		asm(".pushsection \".debug_gdb_scripts\", \"MS\",%progbits,1\n.byte 4\n.ascii \"gdb.inlined-script\\\\n\"\n"
		    ".ascii \"open('$BATS_TEST_TMPDIR/ran', 'w').write('x')\\\\n\"\n.byte 0\n.popsection");
		int main(void) { return 0; }
	C
	HOME=$BATS_TEST_TMPDIR/home gdb-multiarch -batch -ex "file $BATS_TEST_TMPDIR/home/scripted" # the script is one
	rm "$BATS_TEST_TMPDIR/ran"
	"$XRUN" --root "$STORE" --gdb -v "$BATS_TEST_TMPDIR/home:/v" --arch aarch64 "$PLAIN/test:arm64" /v/scripted 2>"$BATS_TEST_TMPDIR/said" 3>&- &
	await_text gdb-multiarch "$BATS_TEST_TMPDIR/said"
	command=$(sed -n 's/^xrun: the program waits for gdb: //p' "$BATS_TEST_TMPDIR/said")
	HOME=$BATS_TEST_TMPDIR/home sh -c "$command -batch -ex continue" </dev/null
	wait
	refute [ -e "$BATS_TEST_TMPDIR/ran" ]
}
