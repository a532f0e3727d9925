#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# --security-opt apparmor=PROFILE on a kernel that has AppArmor; tests/kernels/init has loaded tests/kernels/apparmor.profile.

load ../cli/lib

confined() {
	xrun -q --network none --security-opt apparmor=xrun-test-confined "$@"
}

@test "the program runs under the AppArmor profile, which is enforced" {
	[ "$(confined "$PLAIN/test:amd64" cat /proc/self/attr/current)" = "xrun-test-confined (enforce)" ]
	[ "$(xrun -q --network none "$PLAIN/test:amd64" cat /proc/self/attr/current)" = unconfined ]
	confined "$PLAIN/test:amd64" sh -c ': >/tmp/allowed'
	run confined "$PLAIN/test:amd64" sh -c ': >/tmp/forbidden'
	[ "$status" != 0 ]
	[[ $output == *"ermission denied"* ]]
}

@test "so it does without new privileges, as another user, behind --init, and with exec" {
	[ "$(confined --security-opt no-new-privileges "$PLAIN/test:amd64" cat /proc/self/attr/current)" = "xrun-test-confined (enforce)" ]
	[ "$(confined --pid host "$PLAIN/test:amd64" cat /proc/self/attr/current)" = "xrun-test-confined (enforce)" ]
	[ "$(confined --init "$PLAIN/test:amd64" cat /proc/self/attr/current)" = "xrun-test-confined (enforce)" ]
	((EUID != 0)) || [ "$(confined -u 1000 "$PLAIN/test:amd64" cat /proc/self/attr/current)" = "xrun-test-confined (enforce)" ]
	"$XRUN" --root "$STORE" run -q -d --network none --name confined --security-opt apparmor=xrun-test-confined "$PLAIN/test:amd64" sleep 600 3>&-
	[ "$(xrun exec confined cat /proc/self/attr/current)" = "xrun-test-confined (enforce)" ]
	xrun rm -f confined
}

@test "a profile that is not loaded is an error" {
	fails_with 125 "the AppArmor profile none-such cannot be used; is it loaded?" \
		xrun -q --security-opt apparmor=none-such "$PLAIN/test:amd64" true
}
