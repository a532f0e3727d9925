#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# What a container is, and what the options of `xrun run` do to it. In the machine's own architecture.

load lib

prepare() {
	xrun pull -q "$PLAIN/test:$(debian_name "$HOST")"
	xrun pull -q "$PLAIN/test:config"
}

@test "the program is the container's first process" {
	[ "$(in_native sh -c 'echo $$')" = 1 ]
}

@test "eight namespaces are not the host's" {
	local kind inside
	inside=$(in_native sh -c 'cd /proc/self/ns; for n in cgroup ipc mnt net pid time user uts; do echo $n $(readlink $n); done')
	[ "$(wc -l <<<"$inside")" = 8 ]
	while read -r kind id; do
		[ "$id" != "$(readlink "/proc/self/ns/$kind")" ]
	done <<<"$inside"
}

@test "ps sees only the container's processes" {
	[ "$(in_native sh -c 'ps -e -o comm=; true' | sort | tr '\n' ' ')" = "ps sh " ]
}

@test "the hostname is its own, and --hostname sets it" {
	[ "$(in_native cat /proc/sys/kernel/hostname)" != "$(cat /proc/sys/kernel/hostname)" ]
	[ "$(xrun --hostname box "$NATIVE" cat /proc/sys/kernel/hostname)" = box ]
	fails_with 125 "--hostname two words: write letters" xrun --hostname "two words" "$NATIVE" true
	fails_with 125 "a hostname has 1 to 64 characters" xrun --hostname "" "$NATIVE" true
}

@test "with --network none there is the loopback interface, and nothing else" {
	[ "$(xrun --network none "$NATIVE" sed -n 's/^ *\([^ :]*\):.*/\1/p' /proc/net/dev)" = lo ]
}

@test "with --network host the interfaces are the host's" {
	diff <(xrun --network host "$NATIVE" sed -n 's/^ *\([^ :]*\):.*/\1/p' /proc/net/dev) \
		<(sed -n 's/^ *\([^ :]*\):.*/\1/p' /proc/net/dev)
}

@test "/sys is there and read-only, also with the host's network" {
	for network in none host; do
		xrun --network $network "$NATIVE" sh -c 'test -d /sys/kernel && ! mkdir /sys/x 2>/dev/null && ! (echo 1 >/sys/kernel/notes) 2>/dev/null'
	done
}

@test "a write to the image's files is gone the next time" {
	in_native sh -c 'echo changed >/etc/hostname-test && rm /bin/sed && cat /etc/hostname-test'
	in_native sh -c 'test -x /bin/sed && ! test -e /etc/hostname-test'
}

@test "--read-only refuses writes, but not to a --tmpfs" {
	xrun --read-only --tmpfs /scratch "$NATIVE" sh -c '! (echo x >/etc/x) 2>/dev/null && echo x >/scratch/x && cat /scratch/x'
}

@test "the exit status is the program's, and 128+n after a signal" {
	run in_native sh -c 'exit 7'
	[ "$status" = 7 ]
	run in_native sh -c 'sh -c "kill -SEGV \$\$"'
	[ "$status" = 139 ]
}

@test "a missing program is 127, a file that is no program 126, each with one line" {
	fails_with 127 "nonesuch: no such program in the image" in_native nonesuch
	fails_with 127 "/no/such/file" in_native /no/such/file
	fails_with 126 "/etc/passwd" in_native /etc/passwd
	fails_with 126 "/etc" in_native /etc
}

@test "a script whose interpreter is missing is said to be one" {
	printf '#!/no/interpreter\n' >"$BATS_TEST_TMPDIR/script"
	chmod 755 "$BATS_TEST_TMPDIR/script"
	fails_with 126 "interpreter" xrun -v "$BATS_TEST_TMPDIR/script:/script" "$NATIVE" /script
}

@test "the image's entrypoint, command, environment, directory and user are used" {
	[ "$(xrun "$PLAIN/test:config")" = "entry cmd" ]
	[ "$(xrun "$PLAIN/test:config" other words)" = "entry other words" ]
	[ "$(xrun --entrypoint sh "$PLAIN/test:config" -c 'echo $GREETING $(pwd) $(id -un) $HOME')" = "hello /work/dir app /home/app" ]
}

@test "a variable of the image cannot steer the emulator" {
	[ -z "$(xrun --entrypoint sh "$PLAIN/test:config" -c 'echo $QEMU_LOG')" ]
}

@test "-e sets a variable, passes ours on, and wins over --env-file" {
	printf '# comment\nFROM_FILE=f\nBOTH=file\nPASSED\n' >"$BATS_TEST_TMPDIR/env"
	PASSED=on OURS=ours run xrun -e A=b -e OURS -e BOTH=option --env-file "$BATS_TEST_TMPDIR/env" "$NATIVE" \
		sh -c 'echo $A $OURS $FROM_FILE $BOTH $PASSED'
	[ "$output" = "b ours f option on" ]
}

@test "nothing of our environment is in the container unless asked" {
	SECRET_TOKEN=x run in_native env
	[[ $output != *SECRET_TOKEN* ]]
	[[ $output == *PATH=* ]]
}

@test "-u runs as a user by name and by number, with the image's groups" {
	[ "$(xrun -u app "$NATIVE" id)" = "uid=1000(app) gid=1000(app) groups=1000(app),50(staff)" ]
	[ "$(xrun -u 1000:50 "$NATIVE" id -u -n)" = app ]
	[ "$(xrun -u 4242:4343 "$NATIVE" sh -c 'echo $(id -u) $(id -g)')" = "4242 4343" ]
	fails_with 125 "nobody-here" xrun -u nobody-here "$NATIVE" true
}

@test "a user by number has a name, too: the image's, or else one that is a line in the container's own files" {
	[ "$(xrun -u 4242:4343 -w /tmp "$NATIVE" sh -c 'id -un; id -gn; echo $HOME; tail -n 1 /etc/passwd; tail -n 1 /etc/group')" = "4242
4343
/tmp
4242:*:4242:4343:container user:/tmp:/bin/sh
4343:x:4343:" ]
	[ "$(xrun -u 4242 -e HOME=/root --read-only "$NATIVE" sh -c 'id -un; tail -n 1 /etc/passwd')" = "4242
4242:*:4242:0:container user:/root:/bin/sh" ]
	[ "$(xrun -u 1000:50 "$NATIVE" sha256sum /etc/passwd /etc/group)" = "$(xrun "$NATIVE" sha256sum /etc/passwd /etc/group)" ]
	echo "own:x:0:0::/:/bin/sh" >"$BATS_TEST_TMPDIR/passwd"
	chmod 644 "$BATS_TEST_TMPDIR/passwd"
	[ "$(xrun -u 4242 -v "$BATS_TEST_TMPDIR/passwd:/etc/passwd" "$NATIVE" cat /etc/passwd)" = "own:x:0:0::/:/bin/sh" ]
}

@test "the caller's umask is not the container's" {
	local old
	old=$(umask)
	umask 077
	[ "$(xrun -w /new/dir -u app "$NATIVE" sh -c 'umask; ls /new')" = "$(printf '0022\ndir')" ]
	umask "$old"
}

@test "a umask that denies us our own files does not stop xrun, and what it denies others holds" {
	(
		umask 0777
		own=$BATS_TEST_TMPDIR/store image=oci:$IMAGES:$(debian_name "$HOST")
		"$XRUN" --root "$own" pull -q "$image"
		[ "$("$XRUN" --root "$own" --network private "$image" sh -c umask)" = 0022 ]
		"$XRUN" --root "$own" run -d --name masked "$image" sleep 60
		[ "$("$XRUN" --root "$own" exec masked echo ok)" = ok ]
		"$XRUN" --root "$own" rm -f masked
		"$XRUN" --root "$own" save -o "$BATS_TEST_TMPDIR/saved" "$image"
		"$XRUN" --root "$own" rmi --all
	)
	[ "$(stat -c %a "$BATS_TEST_TMPDIR/saved")" = 600 ]
}

@test "-w sets the working directory and makes it" {
	[ "$(xrun -w /made/here "$NATIVE" pwd)" = /made/here ]
}

@test "files written to a volume belong to the caller" {
	mkdir "$BATS_TEST_TMPDIR/volume"
	xrun -v "$BATS_TEST_TMPDIR/volume:/data" "$NATIVE" sh -c 'echo hello >/data/file && mkdir /data/dir'
	[ "$(stat -c %u "$BATS_TEST_TMPDIR/volume/file" "$BATS_TEST_TMPDIR/volume/dir" | sort -u)" = "$(id -u)" ]
	[ "$(cat "$BATS_TEST_TMPDIR/volume/file")" = hello ]
}

@test "a volume may be relative, a file, and read-only" {
	cd "$BATS_TEST_TMPDIR"
	echo content >file
	[ "$(xrun -v ./file:/etc/it:ro "$NATIVE" cat /etc/it)" = content ]
	run xrun -v .:/v:ro "$NATIVE" sh -c 'echo x >/v/new'
	[ "$status" != 0 ]
	[ ! -e new ]
}

@test "a volume whose source is missing is an error, and nothing is made" {
	fails_with 125 "$BATS_TEST_TMPDIR/missing" xrun -v "$BATS_TEST_TMPDIR/missing:/v" "$NATIVE" true
	[ ! -e "$BATS_TEST_TMPDIR/missing" ]
}

@test "no descriptor of the caller is in the container" {
	[ "$(in_native sh -c 'echo /proc/self/fd/*' 7</etc/passwd 9</ | wc -w)" -le 4 ]
	refute in_native sh -c 'cat <&7' 7</etc/passwd
}

@test "standard input is closed without -i, and passed on with it" {
	[ -z "$(echo words | in_native cat)" ]
	[ "$(echo words | xrun -i "$NATIVE" cat)" = words ]
}

@test "a program of any user may open /dev/stdin, stdout and stderr again where they are pipes, each for what it is for" {
	local user
	for user in root app; do
		[ "$(echo line | xrun -i -u $user "$NATIVE" sh -c 'cat /dev/stdin; echo out >/dev/stdout; echo err >/dev/stderr' 2>&1)" = "$(printf 'line\nout\nerr')" ]
	done
	[ "$(echo | xrun -i -u app "$NATIVE" sh -c '(: >/dev/stdin) 2>/dev/null || (: </dev/stdout) 2>/dev/null || echo refused')" = refused ]
}

@test "root has docker's capabilities, another user none, and nobody inherits any" {
	local caps
	caps=$(in_native sed -n 's/^Cap\(Inh\|Prm\|Eff\|Bnd\|Amb\):\s*/\1 /p' /proc/self/status | tr '\n' ' ')
	[ "$caps" = "Inh 0000000000000000 Prm 00000000a80425fb Eff 00000000a80425fb Bnd 00000000a80425fb Amb 0000000000000000 " ]
	[ "$(xrun -u app "$NATIVE" sed -n 's/^CapEff:\s*//p' /proc/self/status)" = 0000000000000000 ]
}

@test "--cap-drop and --cap-add change them" {
	[ "$(xrun --cap-drop ALL "$NATIVE" sed -n 's/^CapBnd:\s*//p' /proc/self/status)" = 0000000000000000 ]
	[ "$(xrun --cap-drop all --cap-add CAP_CHOWN "$NATIVE" sed -n 's/^CapEff:\s*//p' /proc/self/status)" = 0000000000000001 ]
	fails_with 125 "FLY" xrun --cap-add FLY "$NATIVE" true
}

@test "what --cap-drop names is dropped of --cap-add ALL and --privileged, and a contradiction is an error" {
	local all
	all=$(xrun --cap-add ALL "$NATIVE" sed -n 's/^CapEff:\s*//p' /proc/self/status)
	for option in "--cap-add ALL" --privileged; do
		# shellcheck disable=SC2086 # one word or two
		[ "$((0x$all - 0x$(xrun $option --cap-drop CHOWN,mknod "$NATIVE" sed -n 's/^CapEff:\s*//p' /proc/self/status)))" = $((1 | 1 << 27)) ]
	done
	fails_with 125 "--cap-add CHOWN: it is dropped as well" xrun --cap-add KILL,CHOWN --cap-drop chown "$NATIVE" true
	fails_with 125 "--cap-add ALL: every one is dropped as well" xrun --cap-add ALL --cap-drop ALL "$NATIVE" true
}

@test "seccomp filters unless it is told not to" {
	[ "$(in_native sed -n 's/^Seccomp:\s*//p' /proc/self/status)" = 2 ]
	[ "$(xrun --security-opt seccomp=unconfined "$NATIVE" sed -n 's/^Seccomp:\s*//p' /proc/self/status)" = 0 ]
}

@test "a set-uid program gains its owner's rights, but not with no-new-privileges" {
	[ "$(xrun -u app "$NATIVE" suid-id -u)" = 0 ]
	[ "$(xrun -u app --security-opt no-new-privileges "$NATIVE" suid-id -u)" = 1000 ]
}

@test "what docker masks and makes read-only is so" {
	in_native sh -c '
		[ -z "$(cat /proc/kcore /proc/keys /proc/timer_list 2>/dev/null)" ] || exit 1
		[ -z "$(ls /sys/firmware /sys/devices/virtual/powercap 2>/dev/null | sed /:/d)" ] || exit 1
		for f in /proc/sys/kernel/core_pattern /proc/sysrq-trigger /proc/irq/default_smp_affinity; do
			! test -e $f || ! (: >$f) 2>/dev/null || { echo $f; exit 1; }
		done'
}

@test "the devices that programs need are there, and no others" {
	in_native sh -c 'for d in null zero full random urandom tty; do test -c /dev/$d || exit 1; done
		test -d /dev/pts && test -d /dev/shm && test -d /dev/mqueue && test -e /dev/ptmx && echo x >/dev/null && echo x >/dev/shm/x'
	[ "$(in_native sh -c 'echo /dev/*')" = "/dev/core /dev/fd /dev/full /dev/mqueue /dev/null /dev/ptmx /dev/pts /dev/random /dev/shm /dev/stderr /dev/stdin /dev/stdout /dev/tty /dev/urandom /dev/zero" ]
	refute in_native sh -c 'mknod /tmp/sda b 8 0 && cat /tmp/sda' 2>/dev/null
}

@test "a signal to xrun reaches the program" {
	"$XRUN" --root "$STORE" "$NATIVE" sh -c 'trap "exit 9" TERM; echo ready; while :; do sleep 0.1; done' >"$BATS_TEST_TMPDIR/out" &
	await_text ready "$BATS_TEST_TMPDIR/out"
	kill -TERM $!
	await_end $!
	[ "$status" = 9 ]
}

@test "--init reaps orphans, passes signals on, and ends with the program's status" {
	xrun --init "$NATIVE" sh -c '(sleep 0.1 &); sleep 0.4; ps -e -o stat=; echo my pid $$' >"$BATS_TEST_TMPDIR/out"
	refute grep -x Z "$BATS_TEST_TMPDIR/out"
	refute grep -x "my pid 1" "$BATS_TEST_TMPDIR/out"
	run xrun --init "$NATIVE" sh -c 'exit 5'
	[ "$status" = 5 ]
	"$XRUN" --root "$STORE" --init "$NATIVE" sh -c 'echo ready; sleep 30' >"$BATS_TEST_TMPDIR/out" &
	await_text ready "$BATS_TEST_TMPDIR/out"
	kill -TERM $!
	await_end $!
	[ "$status" = 143 ]
}

@test "-t gives a terminal of the caller's size, and the caller's is as before" {
	run script -qec "stty rows 33 cols 101; stty -g >$BATS_TEST_TMPDIR/before
		'$XRUN' --root '$STORE' -it '$NATIVE' sh -c 'stty size; test -t 0 && tty'
		echo status \$?; stty -g >$BATS_TEST_TMPDIR/after" /dev/null
	[[ $output == *"33 101"* ]]
	[[ $output == *"/dev/pts/0"* ]]
	[[ $output == *"status 0"* ]]
	cmp "$BATS_TEST_TMPDIR/before" "$BATS_TEST_TMPDIR/after"
}

@test "with -t /dev/console is the terminal, whatever the image has there, and without it there is none" {
	run script -qec "'$XRUN' --root '$STORE' -t --read-only '$NATIVE' sh -c 'echo said there >/dev/console; stat -Lc %t:%T /dev/console /dev/pts/0 | uniq | wc -l'" \
		/dev/null </dev/null
	[[ $output == *"said there"*1* ]]
	[ "$(xrun "$NATIVE" sh -c 'test -e /dev/console || echo none')" = none ]
}

@test "of systemd that is not given what it needs it is said that it does not get far, and what to do" {
	run xrun --systemd=false "$NATIVE" /lib/systemd/systemd
	[ "$status" = 127 ]
	[[ $output == "xrun: note: where /lib/systemd/systemd is systemd it does not get far: "*"--systemd=true gives it both"* ]]
	[[ $(xrun "$NATIVE" true 2>&1) != *systemd* ]]
}

@test "the terminal follows the size of the caller's" {
	run script -qec "stty rows 20 cols 80
		(until [ -e '$BATS_TEST_TMPDIR/ready' ]; do sleep 0.05; done; stty rows 44 cols 132 </dev/tty) &
		'$XRUN' --root '$STORE' -it -v '$BATS_TEST_TMPDIR:/test' '$NATIVE' sh -c '
			trap \"stty size; exit\" WINCH; >/test/ready; while :; do sleep 0.1; done'" /dev/null
	[[ $output == *"44 132"* ]]
}

# type_interrupt COMMAND...: on a terminal, where Ctrl-C is typed once it has said "ready"; prints what it says, and its status.
type_interrupt() {
	timeout 60 python3 -c "import os,pty,sys
pid, fd = pty.fork()
if pid == 0: os.execvp(sys.argv[1], sys.argv[1:])
said = b''
while b'ready' not in said: said += os.read(fd, 1000)
os.write(fd, b'\x03')
try:
    while True:
        data = os.read(fd, 1000)
        if not data: break
        said += data
except OSError: pass
print(said, os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))" "$@"
}

@test "Ctrl-C at the terminal interrupts the program, not xrun" {
	run type_interrupt "$XRUN" --root "$STORE" -it "$NATIVE" sh -c 'trap "echo caught; exit 3" INT; echo ready; while :; do sleep 0.1; done'
	[[ $output == *caught*" 3" ]]
}

@test "Ctrl-C reaches what the program waits for, with a terminal of its own and without, as it would without a container" {
	local options waits='trap "echo caught; exit 3" INT; sh -c "trap \"echo \$((3 * 5)); exit 4\" INT; echo ready; while :; do sleep 0.1; done"; sleep 1000'
	for options in "" -t -it --init "--init -t" "--pid host"; do
		# shellcheck disable=SC2086 # several
		run type_interrupt "$XRUN" --root "$STORE" $options "$NATIVE" sh -c "$waits"
		echo "$options: $output"
		[[ $output == *15*caught*" 3" ]]
	done
	xrun run -d --name box "$NATIVE" sleep 1000
	run type_interrupt "$XRUN" --root "$STORE" exec box sh -c "$waits"
	xrun rm -f box
	echo "exec: $output"
	[[ $output == *15*caught*" 3" ]]
}

@test "Ctrl-C ends a program without a handler, with a terminal of its own and without" {
	local options
	echo ready >"$BATS_TEST_TMPDIR/said"
	chmod 755 "$BATS_RUN_TMPDIR" "$BATS_FILE_TMPDIR" "$BATS_TEST_TMPDIR"
	for options in "" -t -it --init; do
		# shellcheck disable=SC2086
		run type_interrupt "$XRUN" --root "$STORE" $options -v "$BATS_TEST_TMPDIR/said:/said" "$NATIVE" tail -f /said
		echo "$options: $output"
		[[ $output == *" 130" ]]
	done
}

@test "--name is the container's, and is refused while another has it" {
	"$XRUN" --root "$STORE" --name one "$NATIVE" sh -c 'echo ready; sleep 30' >"$BATS_TEST_TMPDIR/out" &
	await_text ready "$BATS_TEST_TMPDIR/out"
	fails_with 125 "one" xrun --name one "$NATIVE" true
	kill -KILL $!
	await_end $!
	fails_with 125 "named one already" xrun --name one "$NATIVE" true
	xrun rm one
	xrun --rm --name one "$NATIVE" true
	fails_with 125 "../x" xrun --name ../x "$NATIVE" true
}

@test "--dry-run prints the container's config.json and starts nothing" {
	xrun --dry-run -e A=b -w /tmp "$NATIVE" sh -c 'echo started' >"$BATS_TEST_TMPDIR/json"
	python3 - "$BATS_TEST_TMPDIR/json" <<-'END'
		import json, sys
		c = json.load(open(sys.argv[1]))
		assert c["process"]["args"] == ["sh", "-c", "echo started"], c
		assert "A=b" in c["process"]["env"] and c["process"]["cwd"] == "/tmp", c
		assert {n["type"] for n in c["linux"]["namespaces"]} >= {"pid", "mount", "user", "network", "ipc", "uts", "cgroup", "time"}, c
	END
}

@test "afterwards nothing is left of a container" {
	in_native sh -c 'mkdir /root/d; chmod 0 /root/d; touch /tmp/x'
	[ -z "$(ls "$STORE/containers")" ]
}

@test "when xrun is killed the program dies, and the next run clears up" {
	"$XRUN" --root "$STORE" "$NATIVE" sh -c 'echo ready; exec sleep 4321' >"$BATS_TEST_TMPDIR/out" &
	await_text ready "$BATS_TEST_TMPDIR/out"
	kill -KILL $!
	await_end $!
	[ -n "$(ls "$STORE/containers")" ]
	in_native true
	[ -z "$(ls "$STORE/containers")" ]
	refute pgrep -f 'sleep 4321' -u "$(id -u)"
}

@test "an image of a hundred layers shows the files of all" {
	[ "$(xrun -q "$PLAIN/test:many" sh -c 'cat /file-*' | sort -n | tr '\n' ' ')" = "$(seq 100 | tr '\n' ' ')" ]
}

@test "many at once do not disturb each other" {
	local pids=() i
	for i in 1 2 3 4 5 6 7 8; do
		"$XRUN" --root "$STORE" "$NATIVE" sh -c "echo $i >/tmp/i; sleep 0.2; cat /tmp/i; exit $i" &
		pids+=($!)
	done
	for i in 1 2 3 4 5 6 7 8; do
		await_end "${pids[i - 1]}"
		[ "$status" = "$i" ]
	done
	[ -z "$(ls "$STORE/containers")" ]
}

@test "an unknown option, command or image is one clear line" {
	fails_with 125 "--nonesuch" xrun run --nonesuch "$NATIVE"
	fails_with 125 "which image" xrun run
	fails_with 125 "Bad/Name" xrun run Bad/Name
	fails_with 125 "--memory lots" xrun --memory lots "$NATIVE" true
	fails_with 125 "--network lan" xrun --network lan "$NATIVE" true
}

@test "--help shows examples for every command, and version says which" {
	for command in run pull images rmi binfmt; do
		run xrun $command --help
		[ "$status" = 0 ]
		[[ $output == Usage:* ]]
	done
	run xrun version
	[[ $output == *xrun* ]]
}

# unread PROGRAM [OPTION...]: what is left of a program of sh whose reader is gone after a line: its status in $got, its errors in $said.
unread() {
	local place=$BATS_TEST_TMPDIR/unread
	{ timeout -s KILL 30 "$XRUN" --root "$STORE" "${@:2}" "$NATIVE" sh -c "$1" 2>"$place.said" || echo $? >"$place.status"; } | head -n 1
	got=$(cat "$place.status") said=$(cat "$place.said")
}

@test "a program whose output nobody reads any more dies of SIGPIPE when it writes, as outside" {
	unread 'while :; do echo y; done 2>/dev/null'
	[ "$got" = 141 ]
	unread 'exec yes' # its first write that fails may come before we know: it ends by that itself
	[ "$got" = 141 ] || [[ $got == 1 && $said == *"Broken pipe"* ]]
}

@test "a program whose output nobody reads any more goes on until it writes, and where it handles SIGPIPE" {
	local gone='echo first; until ! sh -c "exec echo probe" 2>/dev/null; do sleep 0.1; done;'
	unread "$gone kill -STOP 1; kill -TERM 1; echo alive >&2; exit 3"
	[ "$got $said" = "3 alive" ]
	unread "trap '' PIPE; $gone echo second || exit 4"
	[ "$got" = 4 ]
	unread "trap 'echo caught >&2' PIPE; $gone echo second; exit 5"
	[ "$got" = 5 ]
	[[ $said == *caught* ]]
}

@test "a program whose output nobody reads any more ends by a fault, as outside, or handles it" {
	local fault
	mkdir "$BATS_TEST_TMPDIR/v"
	cc -static -x c -o "$BATS_TEST_TMPDIR/v/fault" - <<-C
		#include <signal.h>
		#include <stdlib.h>
		#include <unistd.h>
		static void handle(int number) { _exit(number); }
		int main(int argc, char **argv)
		{
			signal(SIGPIPE, SIG_IGN);
			while (write(1, "more\\n", 5) == 5)
				usleep(10000);
			usleep(300000); /* xrun has seen it by then */
			if (argc > 2)
				signal(SIGSEGV, handle);
			if (*argv[1] == 'a')
				abort();
			*(volatile int *)8 = 1;
		}
	C
	for fault in segv:139 abort:139 "segv handled:11"; do
		unread "exec /v/fault ${fault%:*}" -v "$BATS_TEST_TMPDIR/v:/v"
		[ "$got" = "${fault#*:}" ]
	done
}
