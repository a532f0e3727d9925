#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# The host-wide table is not for everybody to change.

load ../lib

@test "an ordinary user is told that the host's table is root's" {
	fails_with 125 "sudo xrun binfmt install" xrun binfmt install s390x
	fails_with 125 "sudo xrun binfmt remove" xrun binfmt remove s390x
}

@test "an emulator of the user's own comes first, as their PATH says" {
	mkdir "$BATS_TEST_TMPDIR/bin"
	cp /usr/bin/qemu-s390x-static "$BATS_TEST_TMPDIR/bin/qemu-s390x"
	PATH=$BATS_TEST_TMPDIR/bin:$PATH xrun binfmt status s390x | grep -F "$BATS_TEST_TMPDIR/bin/qemu-s390x "
}

# conf TEXT: the user's emulators.conf.
conf() {
	mkdir -p "$BATS_TEST_TMPDIR/config/xrun"
	export XDG_CONFIG_HOME=$BATS_TEST_TMPDIR/config
	export CONF=$XDG_CONFIG_HOME/xrun/emulators.conf
	printf '%s\n' "$1" >"$CONF"
}

@test "emulators.conf names the emulator of an architecture, and status says so" {
	cp /usr/bin/qemu-s390x-static "$BATS_TEST_TMPDIR/mine"
	conf "s390x = \"$BATS_TEST_TMPDIR/mine\""
	xrun binfmt status s390x | grep -E "private +$BATS_TEST_TMPDIR/mine .* $CONF:1 "
	xrun binfmt status --format json s390x | python3 -c 'import json,sys; e, = json.load(sys.stdin); assert e["emulator"].endswith("/mine") and e["from"].endswith("/xrun/emulators.conf:1"), e'
	xrun doctor | grep -F "$BATS_TEST_TMPDIR/mine as named by $CONF:1"
	[ "$(xrun --arch s390x "$PLAIN/test:s390x" uname -m)" = s390x ]
	xrun --dry-run --arch s390x "$PLAIN/test:s390x" true | grep -F "$BATS_TEST_TMPDIR/mine"
}

@test "--emulator comes before emulators.conf, and emulators.conf before PATH" {
	mkdir "$BATS_TEST_TMPDIR/bin"
	cp /usr/bin/qemu-s390x-static "$BATS_TEST_TMPDIR/bin/qemu-s390x"
	export PATH=$BATS_TEST_TMPDIR/bin:$PATH
	conf 's390x = "/usr/bin/qemu-s390x-static"'
	xrun binfmt status s390x | grep -E "/usr/bin/qemu-s390x-static .* $CONF:1 "
	xrun binfmt status --emulator "$BATS_TEST_TMPDIR/bin/qemu-s390x" s390x | grep -E "/bin/qemu-s390x .* --emulator "
}

@test "an emulator of emulators.conf that cannot serve is an error with file and line, and no other takes its place" {
	conf 's390x = "/no/emulator"'
	fails_with 125 "$CONF:1: cannot open the emulator /no/emulator" xrun --arch s390x "$PLAIN/test:s390x" true
	xrun binfmt status s390x | grep -E "none .* $CONF:1 .*cannot open the emulator /no/emulator"
	conf 's390x = "/usr/bin/qemu-riscv64-static"'
	fails_with 125 "is qemu-riscv64, which runs no s390x programs" xrun --arch s390x "$PLAIN/test:s390x" true
	conf 's390x = "/bin/true"'
	fails_with 125 "$CONF:1: the emulator /bin/true is dynamically linked" xrun --arch s390x "$PLAIN/test:s390x" true
}

@test "what emulators.conf does not mean is an error with file and line, for who needs an emulator" {
	conf 'vax = "/opt/vax"'
	fails_with 125 "$CONF: line 1: unknown architecture vax" xrun --arch s390x "$PLAIN/test:s390x" true
	conf 's390x = qemu'
	fails_with 125 "$CONF: line 1: " xrun --arch s390x "$PLAIN/test:s390x" true
	chmod 0 "$CONF"
	fails_with 125 "cannot open $CONF: Permission denied" xrun --arch s390x "$PLAIN/test:s390x" true
	in_native true
}
