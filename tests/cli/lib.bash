# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# lib.bash: what the command tests share. Each file has a store of its own, removed at its end.

HOST=$(uname -m)

debian_name() {
	case $1 in
	x86_64) echo amd64 ;;
	aarch64) echo arm64 ;;
	ppc64le) echo ppc64el ;;
	*) echo "$1" ;;
	esac
}

# The image of the machine's own architecture.
NATIVE=$PLAIN/test:$(debian_name "$HOST")

setup_file() {
	export STORE="$BATS_FILE_TMPDIR/store"
	if type prepare >/dev/null 2>&1; then prepare; fi
}

teardown_file() {
	"$XRUN" --root "$STORE" rmi --all 2>/dev/null || true
}

xrun() {
	"$XRUN" --root "$STORE" "$@"
}

# What a test of containers that stay ends with.
remove_containers() {
	xrun ps -aq | xargs -r "$XRUN" --root "$STORE" rm -f
}

# in_native COMMAND...: runs it in the native image.
in_native() {
	xrun "$NATIVE" "$@"
}

# fails_with STATUS TEXT COMMAND...: one line on stderr, beginning "xrun: " and holding TEXT, with nothing in it that a
# terminal would obey. It stays in $said.
fails_with() {
	local want=$1 text=$2 got=0
	shift 2
	said=$("$@" 2>&1 >/dev/null) || got=$?
	echo "status $got: $said"
	[ "$got" = "$want" ]
	[ "$(printf '%s\n' "$said" | wc -l)" = 1 ]
	[[ $said == "xrun: "*"$text"* ]]
	[[ $said != *[![:print:]]* ]]
}

# free_port [COUNT]: the first of so many in a row that nobody listens at; below those that the kernel gives to whoever asks
# for any, so that it is free for a while.
free_port() {
	python3 - "${1:-1}" <<-'END'
		import random, socket, sys
		while True:
		    first = random.randrange(20000, 32000)
		    taken = []
		    try:
		        for port in range(first, first + int(sys.argv[1])):
		            taken.append(socket.socket())
		            taken[-1].bind(("", port))
		    except OSError:
		        continue
		    print(first)
		    break
	END
}

# await [!] COMMAND...: until it succeeds (with !: fails), for at most a minute, as machines may be busy.
await() {
	local wanted=0 got end=$((SECONDS + 60))
	[ "$1" != ! ] || { wanted=1; shift; }
	while ((SECONDS < end)); do
		got=0
		"$@" >/dev/null 2>&1 || got=1
		[ $got != $wanted ] || return 0
		sleep 0.05
	done
	echo "not within a minute: $*"
	return 1
}

# await_text TEXT FILE: until the file has it.
await_text() {
	await grep -q "$1" "$2"
}

# prints TEXT COMMAND...: whether the command prints this and nothing else.
prints() {
	local text=$1
	shift
	[ "$("$@" 2>/dev/null)" = "$text" ]
}

# log_has TEXT CONTAINER
log_has() {
	xrun logs "$2" | grep -q "$1"
}

# await_end PID: sets status to what our background job PID ended with.
# shellcheck disable=SC2034 # the tests read it
await_end() {
	status=0
	wait "$1" || status=$?
}

# refute COMMAND...: it must fail. (bash does not end a test at a "!" that turns out false.)
refute() {
	if "$@"; then
		echo "succeeded: $*"
		return 1
	fi
}

# Whether xrun is the build with sanitizers, whose memory says nothing of xrun's own.
sanitized() {
	grep -q __asan_init "$XRUN"
}
