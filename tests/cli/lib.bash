# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# lib.bash: what the command tests share. Each file has a store of its own, removed at its end.

native=$(uname -m)

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
	xrun -q "$PLAIN/test:$(debian_name "$native")" "$@"
}

debian_name() {
	case $1 in
	x86_64) echo amd64 ;;
	aarch64) echo arm64 ;;
	ppc64le) echo ppc64el ;;
	*) echo "$1" ;;
	esac
}

# fails_with STATUS TEXT COMMAND...: one line on stderr, beginning "xrun: " and holding TEXT.
fails_with() {
	local want=$1 text=$2 got=0 said
	shift 2
	said=$("$@" 2>&1 >/dev/null) || got=$?
	echo "status $got: $said"
	[ "$got" = "$want" ]
	[ "$(printf '%s\n' "$said" | wc -l)" = 1 ]
	[[ $said == "xrun: "*"$text"* ]]
}
