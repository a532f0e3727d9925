#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# The host-wide table. Each test has a table of its own, in a user namespace, where the host's should be.

load ../lib

TABLE=/proc/sys/fs/binfmt_misc

prepare() {
	umoci unpack --rootless --image "$IMAGES:s390x" "$BATS_FILE_TMPDIR/s390x"
	# A kernel without private instances, as far as programs see it that load this.
	echo '#include <errno.h>
		#include <string.h>
		#include <sys/syscall.h>
		#include <unistd.h>
		int fsopen(const char *name, unsigned flags) { return strcmp(name, "binfmt_misc") ? syscall(SYS_fsopen, name, flags) : (errno = ENODEV, -1); }' |
		gcc -D_GNU_SOURCE -shared -fPIC -x c -o "$BATS_FILE_TMPDIR/old-kernel.so" -
}

setup() {
	export BUNDLE=$BATS_FILE_TMPDIR/s390x
	host_table >"$BATS_TEST_TMPDIR/before"
}

teardown() {
	host_table | diff "$BATS_TEST_TMPDIR/before" -
}

host_table() {
	find "$TABLE" /etc/binfmt.d -type f ! -name register -exec head -v {} + 2>/dev/null | sort
}

# on_table SCRIPT: as root of a namespace whose table is empty. $xrun is the program.
on_table() {
	unshare -Urm sh -ec "
		mount -t binfmt_misc none $TABLE
		mkdir -p /etc/binfmt.d && mount -t tmpfs none /etc/binfmt.d
		xrun='$XRUN --root $BATS_TEST_TMPDIR/store'
		$1"
}

# without_private COMMAND...: on a kernel that has no private instances. The command is linked dynamically.
without_private() {
	env LD_PRELOAD="$BATS_FILE_TMPDIR/old-kernel.so" ASAN_OPTIONS=verify_asan_link_order=0 "$@"
}

@test "binfmt install makes the host run foreign programs, and remove ends that" {
	run on_table 'refute() { ! "$@"; }
		refute chroot $BUNDLE/rootfs /bin/uname -m 2>/dev/null
		$xrun binfmt install s390x
		chroot $BUNDLE/rootfs /bin/uname -m
		$xrun binfmt remove s390x
		refute chroot $BUNDLE/rootfs /bin/uname -m 2>/dev/null
		ls /proc/sys/fs/binfmt_misc /etc/binfmt.d'
	echo "$output"
	[ "$status" = 0 ]
	[[ $output == *$'s390x: registered /usr/bin/qemu-s390x-static\ns390x\n'* ]]
	[[ $output != *xrun-* ]]
}

@test "binfmt install without names takes every emulator there is, and none for the machine's own programs" {
	run on_table "\$xrun binfmt install >/dev/null; ls $TABLE"
	[ "$status" = 0 ]
	[[ $output == *xrun-aarch64* && $output == *xrun-riscv64* && $output == *xrun-s390x* ]]
	[[ $output != *"xrun-$HOST"* ]]
	fails_with 125 "$HOST runs natively" on_table "\$xrun binfmt install $HOST"
}

@test "set-uid programs gain privileges through a handler only with --credentials" {
	[ "$(on_table "\$xrun binfmt install s390x >/dev/null; sed -n 's/^flags: //p' $TABLE/xrun-s390x")" = F ]
	[ "$(on_table "\$xrun binfmt install --credentials s390x >/dev/null; sed -n 's/^flags: //p' $TABLE/xrun-s390x")" = OCF ]
}

@test "install changes our own handler when it is asked for something else" {
	run on_table "\$xrun binfmt install --credentials s390x; \$xrun binfmt install s390x; sed -n 's/^flags: //p' $TABLE/xrun-s390x"
	[ "$status" = 0 ]
	[ "${lines[2]}" = F ]
}

@test "an emulator that somebody else could change or replace is not registered for everybody" {
	local dir
	dir=$(mktemp -d "$BATS_TEST_TMPDIR/emulator.XXXXXX") # below a directory that everybody may write to
	cp /usr/bin/qemu-s390x-static "$dir/"
	chmod 755 "$dir" "$dir/qemu-s390x-static"
	fails_with 125 "will not be registered for everybody" on_table "\$xrun binfmt install --emulator $dir/qemu-s390x-static s390x"
	fails_with 125 "/tmp is not root's alone to write" on_table "\$xrun binfmt install --emulator $dir/qemu-s390x-static s390x"
}

@test "what would be registered for everybody is an emulator of that architecture" {
	fails_with 125 "is qemu-riscv64, which runs no s390x programs" on_table "\$xrun binfmt install --emulator /usr/bin/qemu-riscv64-static s390x"
}

@test "an option that does nothing for a verb is an error" {
	fails_with 125 "--persistent and --credentials are for install" "$XRUN" binfmt remove --persistent s390x
	fails_with 125 "--format is for status" "$XRUN" binfmt install --format json s390x
	fails_with 125 "--emulator is for" "$XRUN" binfmt install --emulator /usr/bin/qemu-s390x-static
}

@test "--persistent also writes what is read at boot, and remove deletes it" {
	run on_table '$xrun binfmt install --persistent s390x
		cat /etc/binfmt.d/xrun-s390x.conf
		$xrun binfmt remove s390x
		ls /etc/binfmt.d | wc -l'
	[ "$status" = 0 ]
	[[ ${lines[1]} == ":xrun-s390x:M:"*":/usr/bin/qemu-s390x-static:F" ]]
	[ "${lines[2]}" = 0 ]
}

@test "what --persistent wrote is what systemd-binfmt reads at boot" {
	run on_table '$xrun binfmt install --persistent s390x
		echo -1 >'$TABLE'/xrun-s390x
		/lib/systemd/systemd-binfmt xrun-s390x.conf
		chroot $BUNDLE/rootfs /bin/uname -m'
	echo "$output"
	[ "$status" = 0 ]
	[ "${lines[1]}" = s390x ]
}

@test "another's handler is left alone" {
	run on_table "echo ':theirs:M::\\x7fELF\\x02\\x02\\x01\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x02\\x00\\x16:\\xff\\xff\\xff\\xff\\xff\\xff\\xff\\x00\\xff\\xff\\xff\\xff\\xff\\xff\\xff\\xff\\xff\\xfe\\xff\\xff:/bin/true:F' >$TABLE/register
		\$xrun binfmt install --persistent --credentials s390x
		test ! -e /etc/binfmt.d/xrun-s390x.conf
		\$xrun binfmt remove s390x
		ls $TABLE
		echo 0 >$TABLE/theirs
		\$xrun binfmt install s390x"
	[ "$status" = 125 ]
	[ "${lines[0]}" = "s390x: already handled by theirs (/bin/true), without credentials, so nothing was written to /etc/binfmt.d" ]
	[[ $output == *theirs* && $output != *xrun-s390x* ]]
	[[ $output == *"xrun: the host's handler theirs for s390x is disabled"* ]]
}

@test "where the table is not mounted, install mounts it" {
	run unshare -m sh -ec "umount $TABLE 2>/dev/null || true
		exec unshare -Urm sh -ec 'test ! -e $TABLE/register; $XRUN binfmt install s390x; ls $TABLE'"
	[ "$status" = 0 ]
	[[ $output == *xrun-s390x* ]]
}

# on_no_table SCRIPT: as on_table, but nothing is mounted there.
on_no_table() {
	unshare -m sh -ec "umount $TABLE 2>/dev/null || true
		exec unshare -Urm sh -ec 'test ! -e $TABLE/register
			xrun=\"$XRUN --root $BATS_TEST_TMPDIR/store\"
			$1'"
}

@test "remove unmounts the table that install mounted, with the last handler" {
	run on_no_table "\$xrun binfmt install s390x riscv64
		\$xrun binfmt remove s390x
		ls $TABLE
		\$xrun binfmt remove
		test ! -e $TABLE/register"
	echo "$output"
	[ "$status" = 0 ]
	[[ $output == *xrun-riscv64* && $output != *xrun-s390x* ]]
}

@test "remove leaves a table that somebody else mounted, or that has somebody else's handler in it" {
	run on_no_table "mount -t binfmt_misc none $TABLE
		\$xrun binfmt install s390x
		\$xrun binfmt remove
		ls $TABLE"
	echo "$output"
	[ "$status" = 0 ]
	[[ $output == *register* && $output != *xrun-* ]]
	run on_no_table "\$xrun binfmt install s390x
		echo :theirs:M::MZ::/bin/true: >$TABLE/register
		\$xrun binfmt remove
		ls $TABLE"
	echo "$output"
	[ "$status" = 0 ]
	[[ $output == *theirs* && $output != *xrun-* ]]
}

@test "an install that fails leaves neither a handler nor a table" {
	run on_no_table "mount -t tmpfs none /etc/binfmt.d && mount -o remount,ro /etc/binfmt.d
		\$xrun binfmt install --persistent s390x && exit 1
		test ! -e $TABLE/register"
	echo "$output"
	[ "$status" = 0 ]
	[[ $output == *"/etc/binfmt.d"* ]]
}

@test "on an older kernel the host's handler runs the container, or the refusal says what helps" {
	"$XRUN" --root "$STORE" pull -q --arch s390x "$PLAIN/test:s390x"
	fails_with 125 "sudo xrun binfmt install s390x" without_private "$XRUN-dynamic" --root "$STORE" --arch s390x "$PLAIN/test:s390x" uname -m
	"$XRUN" --root "$STORE" rmi --all
	[ "$(without_private "$XRUN-dynamic" binfmt status s390x | sed -n 's/^s390x *linux.s390x *//p')" != "" ]
	run on_table "\$xrun binfmt install s390x >/dev/null
		LD_PRELOAD=$BATS_FILE_TMPDIR/old-kernel.so ASAN_OPTIONS=verify_asan_link_order=0
		export LD_PRELOAD ASAN_OPTIONS
		xrun='$XRUN-dynamic --root $BATS_TEST_TMPDIR/store'
		\$xrun binfmt status s390x
		\$xrun --arch s390x $PLAIN/test:s390x uname -m 2>/dev/null
		\$xrun rmi --all"
	echo "$output"
	[ "$status" = 0 ]
	[[ ${lines[1]} == *host*/usr/bin/qemu-s390x-static* ]]
	[ "${lines[2]}" = s390x ]
}

@test "root's PATH is not searched for emulators" {
	mkdir "$BATS_TEST_TMPDIR/bin"
	cp /usr/bin/qemu-s390x-static "$BATS_TEST_TMPDIR/bin/qemu-s390x"
	PATH=$BATS_TEST_TMPDIR/bin:$PATH xrun binfmt status s390x | grep -F /usr/bin/qemu-s390x-static
}

# with_conf TEXT COMMAND...: on a machine whose /etc/xrun/emulators.conf has that text.
with_conf() {
	local text=$1
	shift
	TEXT=$text unshare -m sh -ec '
		mount -t tmpfs none /mnt
		mkdir /mnt/upper /mnt/work
		mount -t overlay -o lowerdir=/etc,upperdir=/mnt/upper,workdir=/mnt/work none /etc
		mkdir -p /etc/xrun
		printf "%s\n" "$TEXT" >/etc/xrun/emulators.conf
		exec "$@"' - "$@"
}

@test "/etc/xrun/emulators.conf names the machine's emulators; root's is the only one for root" {
	chmod 755 "$BATS_RUN_TMPDIR" "$BATS_TEST_TMPDIR"
	cp /usr/bin/qemu-s390x-static "$BATS_TEST_TMPDIR/machines"
	mkdir -p "$BATS_TEST_TMPDIR/config/xrun"
	echo 's390x = "/no/emulator"' >"$BATS_TEST_TMPDIR/config/xrun/emulators.conf"
	export XDG_CONFIG_HOME=$BATS_TEST_TMPDIR/config
	with_conf "s390x = \"$BATS_TEST_TMPDIR/machines\"" "$XRUN" binfmt status s390x |
		grep -E "private +$BATS_TEST_TMPDIR/machines .* /etc/xrun/emulators.conf:1 "
	[ "$(with_conf "s390x = \"$BATS_TEST_TMPDIR/machines\"" "$XRUN" --root "$BATS_TEST_TMPDIR/store" --arch s390x "$PLAIN/test:s390x" uname -m)" = s390x ]
	fails_with 125 "/etc/xrun/emulators.conf:1: cannot open the emulator /no/emulator" with_conf 's390x = "/no/emulator"' \
		"$XRUN" --root "$BATS_TEST_TMPDIR/store" --arch s390x "$PLAIN/test:s390x" uname -m
	"$XRUN" --root "$BATS_TEST_TMPDIR/store" rmi --all
}

@test "on an older kernel the host's handler serves if it is the emulator that was asked for, and no other does" {
	cp /usr/bin/qemu-s390x-static "$BATS_TEST_TMPDIR/other"
	run on_table "\$xrun binfmt install s390x >/dev/null
		export LD_PRELOAD=$BATS_FILE_TMPDIR/old-kernel.so ASAN_OPTIONS=verify_asan_link_order=0
		$XRUN-dynamic binfmt status --emulator /usr/bin/qemu-s390x-static s390x
		$XRUN-dynamic binfmt status --emulator $BATS_TEST_TMPDIR/other s390x"
	echo "$output"
	[ "$status" = 0 ]
	[[ ${lines[1]} == s390x*host*/usr/bin/qemu-s390x-static* ]]
	[[ ${lines[3]} == s390x*none*"the host's handler for s390x is /usr/bin/qemu-s390x-static, not $BATS_TEST_TMPDIR/other"* ]]
}

@test "an emulator for another machine is refused with the reason" {
	cp "$BUNDLE/rootfs/usr/bin/true" "$BATS_TEST_TMPDIR/qemu-aarch64"
	run xrun binfmt status --emulator "$BATS_TEST_TMPDIR/qemu-aarch64" aarch64
	[[ $output == *"is a program for s390x, and this machine is $HOST"* ]]
}
