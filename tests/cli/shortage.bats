#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# Where the machine gives no more processes or namespaces, the message names the limit and how to lift it.

load lib

@test "a limit on namespaces is named, and how to lift it" {
	local case kind message store=$BATS_TEST_TMPDIR/store
	cp "$PLACE/busybox-$(debian_name "$HOST")" "$BATS_TEST_TMPDIR/program"
	for case in user:0 user:1 mnt:2 net:0 pid:0 uts:0; do # user:1: one for the emulators, none for the container; mnt:2: none for its overlay
		kind=${case%:*}
		# in a user namespace, whose limits are its own
		message=$(unshare -Ur sh -c 'echo "$3" >"/proc/sys/user/max_$2_namespaces"; "$0" --root "$1" run --network none "$4" true 2>&1' \
			"$XRUN" "$store" "$kind" "${case#*:}" "$BATS_TEST_TMPDIR/program" | grep -v note:)
		echo "$message"
		[[ $message == "xrun: cannot make "*": no more may be made; of the limits in /proc/sys/user the lowest is that of "* ]]
		[[ $message == *" $kind namespaces, ${case#*:}: sudo sysctl user.max_${kind}_namespaces=15000" ]]
	done
}

@test "a user's limit on processes is named" {
	((EUID != 0)) || return 0 # it does not hold for root
	fails_with 125 "of processes and threads user $EUID may have 1, and has" env ASAN_OPTIONS=detect_leaks=0 \
		bash -c 'ulimit -u 1; exec "$@"' bash "$XRUN" --root "$BATS_TEST_TMPDIR/store" "$PLACE/busybox-$(debian_name "$HOST")" true
	# shellcheck disable=SC2154 # fails_with sets it
	[[ $said == *"Resource temporarily unavailable"*"ulimit -u"* ]]
}
