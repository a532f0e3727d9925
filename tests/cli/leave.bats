#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# Leaving a container, or a program of exec, that runs in the foreground with a terminal.

load lib

prepare() {
	xrun pull -q "$NATIVE"
}

teardown() {
	xrun rm -f box 2>/dev/null || true
}

# on_terminal STEPS COMMAND...: runs it on a terminal. Steps, separated by |, are a text to wait for, or =TEXT to type, with
# escapes, or :COMMAND for a shell, with $1 its number, or ! to hang up. Its exit status, and what it said, with the newlines of a terminal.
on_terminal() {
	python3 - "$@" <<-'END'
		import os, pty, subprocess, sys
		pid, fd = pty.fork()
		if pid == 0: os.execv(sys.argv[2], sys.argv[2:])
		said = b""
		for step in sys.argv[1].split("|"):
		    if step[0] == "=": os.write(fd, step[1:].encode().decode("unicode_escape").encode())
		    elif step == "!": os.close(fd)
		    elif step[0] == ":": subprocess.run(["sh", "-c", step[1:], "sh", str(pid)], check=True)
		    else:
		        while step.encode() not in said: said += os.read(fd, 4096)
		try:
		    while more := os.read(fd, 4096): said += more
		except OSError: pass
		sys.stdout.buffer.write(said)
		sys.exit(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) % 256)
	END
}

ECHO='stty -echo; echo ready; while read -r line; do echo "got $line"; done'

@test "the detach keys leave it running, attach goes back to it, and it ends as it would have" {
	run on_terminal 'ready|=one\r|got one|=\x10\x11' "$XRUN" --root "$STORE" run -it --name box "$NATIVE" sh -c "$ECHO"
	[ "$status" = 0 ]
	[[ $output == *"left the container running"* ]]
	[ "$(xrun ps --filter name=box --format '{{.State}}')" = running ]
	run on_terminal '=two\r|got two|=\x04' "$XRUN" --root "$STORE" attach box
	[ "$status" = 0 ]
	[ "$(xrun ps -a --filter name=box --format '{{.State}}')" = exited ]
	[[ $(xrun logs box) == *"got two"* ]]
}

@test "other keys can be chosen, and what begins like them reaches the program" {
	run on_terminal 'ready|=xo\r|got xo|=xy' "$XRUN" --root "$STORE" run -it --detach-keys x,y --name box "$NATIVE" sh -c "$ECHO"
	[ "$status" = 0 ]
	[[ $output == *"left the container running"* ]]
	run on_terminal 'letters' "$XRUN" --root "$STORE" run -it --detach-keys ctrl-pq "$NATIVE" true
	[ "$status" = 125 ]
}

@test "one that is removed at its end is removed after it was left, too" {
	run on_terminal 'ready|=\x10\x11' "$XRUN" --root "$STORE" run -it --rm --name box "$NATIVE" sh -c "$ECHO"
	[ "$status" = 0 ]
	xrun stop -t 1 box
	[ -z "$(xrun ps -aq)" ]
}

@test "a container that was started again is left by the same keys" {
	xrun create -it --name box "$NATIVE" sh -c "$ECHO" >/dev/null
	run on_terminal 'ready|=\x10\x11' "$XRUN" --root "$STORE" start -ai box
	[ "$status" = 0 ]
	[ "$(xrun ps --filter name=box --format '{{.State}}')" = running ]
}

@test "exit status, signals and SIGKILL are those of one process" {
	run on_terminal 'ready|=7\r' "$XRUN" --root "$STORE" run -it "$NATIVE" sh -c 'stty -echo; echo ready; read -r n; exit $n'
	[ "$status" = 7 ]
	# shellcheck disable=SC2016 # another shell's
	run on_terminal 'ready|:kill -TERM $1' "$XRUN" --root "$STORE" run -it "$NATIVE" sh -c 'trap "exit 9" TERM; echo ready; while :; do sleep 0.1; done'
	[ "$status" = 9 ]
	# shellcheck disable=SC2016 # another shell's
	run on_terminal 'ready|:kill -KILL $1' "$XRUN" --root "$STORE" run -it --name box "$NATIVE" sh -c 'echo ready; exec sleep 8779'
	await ! pgrep -f '^sleep 8779'
}

@test "a terminal that hangs up tells the program, which ends as one outside would, in the middle of a line as well" {
	run on_terminal 'ready|=half a line|!' "$XRUN" --root "$STORE" run -it "$NATIVE" sh -c 'stty -echo; echo ready; exec cat'
	[ "$status" = 129 ]
	run on_terminal 'ready|!' "$XRUN" --root "$STORE" run -it "$NATIVE" sh -c 'trap "exit 9" HUP; echo ready; while :; do sleep 0.1; done'
	[ "$status" = 9 ]
	xrun run -d --name box "$NATIVE" sleep 8784 >/dev/null
	run on_terminal 'ready|!' "$XRUN" --root "$STORE" exec -it box sh -c 'trap "exit 8" HUP; echo ready; while :; do sleep 0.1; done'
	[ "$status" = 8 ]
}

@test "so does one whose output on its terminal nobody reads any more" {
	run bash -c '"$XRUN" --root "$STORE" -t "$@" yes | { read -r word; echo "$word"; }; echo "status ${PIPESTATUS[0]}"' bash "$NATIVE"
	[ "$output" = "$(printf 'y\r\nstatus 129')" ]
}

@test "exec: a program that was left goes on, whatever it still writes, and ends with its container" {
	xrun run -d --name box "$NATIVE" sleep 8780 >/dev/null
	# more than a terminal holds: who left has to be replaced as its reader
	local program='stty -echo; echo ready; read -r line; i=0; while [ $i -lt 5000 ]; do echo "line $i"; i=$((i + 1)); done; echo "$line" >/done'
	run on_terminal 'ready|=go\r\x10\x11' "$XRUN" --root "$STORE" exec -it box sh -c "$program; exec sleep 8781"
	[ "$status" = 0 ]
	[[ $output == *"left the program running"* ]]
	await exec_says go cat /done
	await pgrep -f '^sleep 8781'
	xrun rm -f box >/dev/null
	await refute pgrep -f '^sleep 8781'
	await refute pgrep -f 'exec -it box sh -c .*sleep 8781'
}

# exec_says TEXT COMMAND...: the command's output in the box.
exec_says() {
	local text=$1
	shift
	[ "$(xrun exec box "$@" 2>/dev/null)" = "$text" ]
}

@test "exec: other keys can be chosen; exit status and SIGKILL are those of one process" {
	xrun run -d --name box "$NATIVE" sleep 8782 >/dev/null
	run on_terminal 'ready|=xo\r|got xo|=xy' "$XRUN" --root "$STORE" exec -it --detach-keys x,y box sh -c "$ECHO"
	[ "$status" = 0 ]
	[[ $output == *"left the program running"* ]]
	run on_terminal 'letters' "$XRUN" --root "$STORE" exec -it --detach-keys ctrl-pq box true
	[ "$status" = 125 ]
	run on_terminal 'ready|=7\r' "$XRUN" --root "$STORE" exec -it box sh -c 'stty -echo; echo ready; read -r n; exit $n'
	[ "$status" = 7 ]
	# shellcheck disable=SC2016 # another shell's
	run on_terminal 'ready|:kill -KILL $1' "$XRUN" --root "$STORE" exec -it box sh -c 'echo ready; exec sleep 8783'
	await refute pgrep -f '^sleep 8783'
}
