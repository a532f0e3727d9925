#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# System calls that an older kernel, or a filter of a container around xrun, answers with ENOSYS: done in another way that is as
# strong, or refused. Each for root and for an ordinary user; root's because a filter of the user's own would take newuidmap away.

load ../lib

prepare() {
	mkdir "$BATS_FILE_TMPDIR/user"
	chown xrun-test "$BATS_FILE_TMPDIR/user"
	chmod 755 "$BATS_RUN_TMPDIR" "$BATS_FILE_TMPDIR"
	for who in root user; do
		as "$who" pull -q "$NATIVE"
		as "$who" pull -q --arch aarch64 "$PLAIN/test:arm64"
	done
}

teardown_file() {
	for who in root user; do as "$who" rmi --all; done
}

# without CALLS root|user ARGUMENT...: xrun, with all of CALLS, which have blanks between them, denied.
without() {
	local calls=$1 who=$2 become=()
	shift 2
	[[ $who == root ]] || become=(setpriv --reuid xrun-test --regid xrun-test --init-groups)
	# shellcheck disable=SC2086 # one word a call
	"$BATS_TEST_DIRNAME/../deny.py" ENOSYS $calls -- "${become[@]}" "$XRUN" --root "$BATS_FILE_TMPDIR/$who/store" "$@"
}

as() {
	without "" "$@"
}

@test "without clone3 a container has the namespaces that it has with it" {
	# shellcheck disable=SC2016 # the container's shell
	local list='for n in user mnt pid net ipc uts cgroup time; do readlink /proc/self/ns/$n; done'
	sh -c "$list" >"$BATS_TEST_TMPDIR/outside"
	for who in root user; do
		without clone3 "$who" run --rm --network none "$NATIVE" sh -c "$list" >"$BATS_TEST_TMPDIR/inside"
		[ "$(wc -l <"$BATS_TEST_TMPDIR/inside")" = 8 ]
		refute grep -xFf "$BATS_TEST_TMPDIR/outside" "$BATS_TEST_TMPDIR/inside"
		# shellcheck disable=SC2016
		[ "$(without clone3 "$who" run --rm --network none "$NATIVE" sh -c 'echo $$; exit 3' || echo "status $?")" = "1"$'\n'"status 3" ]
		[ "$(without clone3 "$who" run --rm --arch aarch64 "$PLAIN/test:arm64" uname -m)" = aarch64 ]
	done
}

@test "without clone3 a program joins a container" {
	for who in root user; do
		as "$who" run -q -d --network none --name joined "$NATIVE" sleep 600 3>&-
		[ "$(without clone3 "$who" exec joined readlink /proc/self/ns/pid)" = "$(as "$who" exec joined readlink /proc/1/ns/pid)" ]
		as "$who" rm -f joined
	done
}

# 3 is where ls has the directory open.
@test "without close_range a program has none of our files, and none of our caller's" {
	local list='ls /proc/self/fd | sort -n | tr "\n" " "' who
	for who in root user; do
		[ "$(without close_range "$who" run --rm --network none "$NATIVE" sh -c "$list" 7</ 9</)" = "0 1 2 3 " ]
		[ "$(without close_range "$who" run --rm --network none --init "$NATIVE" sh -c "$list" 7</ 9</)" = "0 1 2 3 " ]
		[ "$(without "close_range clone3" "$who" run --rm --arch aarch64 "$PLAIN/test:arm64" sh -c "$list" 9</)" = "0 1 2 3 " ]
		as "$who" run -q -d --network none --name joined "$NATIVE" sleep 600 3>&-
		[ "$(without close_range "$who" exec joined sh -c "$list" 9</)" = "0 1 2 3 " ]
		as "$who" rm -f joined
	done
}

@test "what nothing as strong can replace is refused, in one line, and leaves nothing" {
	local call
	for who in root user; do
		for call in openat2 fsopen fsconfig fsmount move_mount open_tree mount_setattr; do
			fails_with 125 "Function not implemented; \`xrun doctor\` names the call" \
				without "$call" "$who" run --rm --network none --read-only -v "$BATS_FILE_TMPDIR:/v:ro" "$NATIVE" true
		done
		[ -z "$(as "$who" ps -aq)" ]
		[ -z "$(find "$BATS_FILE_TMPDIR/$who/store/containers" -mindepth 1 -maxdepth 1 -name '[0-9a-f]*')" ]
	done
}
