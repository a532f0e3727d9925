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

# await_text TEXT FILE: until it is there, for at most ten seconds.
await_text() {
	local i
	for ((i = 0; i < 200; i++)); do
		grep -q "$1" "$2" 2>/dev/null && return 0
		sleep 0.05
	done
	echo "no $1 in $2"
	return 1
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
