#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# What is an arm64 machine's own: its programs and 32-bit arm's are native, and x86's are foreign. Run by ci/kernels.sh in a virtual one.

load ../cli/lib

prepare() {
	xrun pull -q "$NATIVE"
	xrun pull -q --arch x86_64 "$PLAIN/test:amd64"
	cp /busybox "$BATS_FILE_TMPDIR/busybox"
}

x86_64() {
	xrun --arch x86_64 "$@"
}

@test "arm64 and 32-bit arm are native here, and everything else has an emulator" {
	xrun binfmt status --format json | python3 -c '
import json, sys
for row in json.load(sys.stdin):
    print(row)
    if row["arch"] in ("aarch64", "armv7", "armv6", "armv5"):
        assert row["way"] == "native"
    else:
        assert row["way"] == "private" and row["emulator"].startswith("/usr/bin/qemu-") and row["version"][0].isdigit()'
	xrun doctor | grep -E '^ *ok +aarch64 +runs natively$'
	xrun doctor | grep -E '^ *ok +x86_64 +runs by a private instance of binfmt_misc: /usr/bin/qemu-x86_64, version [0-9]'
}

@test "a 32-bit arm image runs without an emulator, and uname says what such a processor says" {
	xrun pull -q --arch armv7 "$PLAIN/test:armhf"
	[ "$(xrun --arch armv7 "$PLAIN/test:armhf" sh -c 'uname -m; exec cat /proc/self/comm' | tr '\n' ' ')" = "armv8l cat " ]
	refute grep -F xrun.emulator <(xrun --arch armv7 --dry-run "$PLAIN/test:armhf" true)
}

@test "an x86-64 image runs: uname, a pipeline of dynamic programs, a set-uid program" {
	[ "$(x86_64 "$PLAIN/test:amd64" uname -m)" = x86_64 ]
	[ "$(x86_64 "$PLAIN/test:amd64" sh -c 'seq 1 100 | sed -n "s/^\(.\)7$/\1/p" | sort -rn | head -3 | tr "\n" " "')" = "9 8 7 " ]
	[ "$(x86_64 -u app "$PLAIN/test:amd64" sh -c 'id -u; suid-id -u' | tr '\n' ' ')" = "1000 0 " ]
	run x86_64 "$PLAIN/test:amd64" sh -c 'exit 7'
	[ "$status" = 7 ]
	run timeout -s KILL 60 "$XRUN" --root "$STORE" --arch x86_64 "$PLAIN/test:amd64" sh -c 'kill -SEGV $$; sleep 600'
	[ "$status" = 139 ]
}

@test "command lines of x86-64 programs are their own" {
	x86_64 -d -q --name lines "$PLAIN/test:amd64" sleep 4321
	[ "$(xrun exec lines sh -c 'sed "s/\x00/|/g" /proc/1/cmdline')" = "sleep|4321|" ]
	[ "$(xrun top --format '{{.Command}}' lines)" = "sleep 4321" ]
	xrun rm -f lines
}

@test "an x86-64 guest has the CPU that --cpu-model names, which env -i does not undo" {
	x86_64 --dry-run "$PLAIN/test:amd64" true | grep -F '"xrun.emulator-options.x86_64": "-cpu max"'
	x86_64 "$PLAIN/test:amd64" env -i /bin/cat /proc/cpuinfo | grep '^flags.* sse2 .* sse4_2 .* avx2 '
	refute grep -w sse4_2 <(x86_64 --cpu-model qemu64 "$PLAIN/test:amd64" cat /proc/cpuinfo)
	hwcap() { x86_64 "$@" "$PLAIN/test:amd64" env -i LD_SHOW_AUXV=1 /bin/true | sed -n 's/^AT_HWCAP: *//p'; }
	[ "$(hwcap)" != "$(hwcap --cpu-model qemu32)" ]
	fails_with 125 "--cpu-model none-such" x86_64 --cpu-model none-such "$PLAIN/test:amd64" true
}

@test "the machine's own programs can be emulated, without pointer authentication" {
	local emulator=/usr/bin/qemu-aarch64
	[ "$(xrun --emulator "$emulator" "$NATIVE" sh -c 'env -i uname -m; exec cat /proc/self/comm' | tr '\n' ' ')" = "aarch64 cat " ]
	hwcap() { xrun --emulator "$emulator" "$@" "$NATIVE" env -i LD_SHOW_AUXV=1 /bin/true | sed -n 's/^AT_HWCAP: *//p'; }
	((!(0x$(hwcap) >> 30 & 3)))
	((0x$(hwcap --cpu-model max) >> 30 & 3))
}

@test "box64 of Debian, which is linked dynamically, is refused with that reason, and qemu taken" {
	[ -x /usr/bin/box64 ]
	fails_with 125 "/usr/bin/box64 is dynamically linked" x86_64 --emulator /usr/bin/box64 "$PLAIN/test:amd64" true
	xrun binfmt status x86_64 | grep -F /usr/bin/qemu-x86_64
}

# Not FEX, but a static program that says it is: what it would do is of no account here.
@test "FEX is known by what it says, for x86 programs alone, and is given their arguments as it expects them" {
	[ "$(x86_64 --emulator /xrun/FEX "$PLAIN/test:amd64" echo hello)" = "/usr/bin/echo echo hello" ]
	refute grep -F xrun.emulator-options.x86_64 <(x86_64 --dry-run --emulator /xrun/FEX "$PLAIN/test:amd64" true)
	xrun pull -q --arch s390x "$PLAIN/test:s390x"
	fails_with 125 "which runs no s390x programs" xrun --arch s390x --emulator /xrun/FEX "$PLAIN/test:s390x" true
}

# By a process of 32-bit arm that xrun starts: src/runtime/listing.c.
@test "32-bit foreign programs list directories" {
	xrun --arch i386 --dry-run "$PLAIN/test:i386" true | grep -F '"xrun.directories": "32-bit"'
	xrun doctor --arch i386 --format json | python3 -c '
import json, sys
found = {row["name"]: row["guest"] for row in json.load(sys.stdin)}
assert found["readdir"] == found["seekdir"] == "works", found'
	xrun -d -q --name lister --arch i386 "$PLAIN/test:i386" sh -c 'ls /usr/bin >/list; ls /usr/bin | wc -l >/count; sleep 6000'
	until xrun exec lister test -s /count; do sleep 0.1; done
	[ "$(xrun exec lister sh -c 'ls /usr/bin | wc -l; cat /count; wc -l </list' | uniq | wc -l)" = 1 ]
	pgrep -f '^xrun-lister$'
	xrun rm -f lister
	await ! pgrep -f '^xrun-lister$'
}

# denied CALL: a profile of that call alone, which then answers EXDEV.
denied() {
	printf '{"defaultAction": "SCMP_ACT_ALLOW", "architectures": ["SCMP_ARCH_AARCH64", "SCMP_ARCH_ARM"], "syscalls": [{"names": ["%s"], "action": "SCMP_ACT_ERRNO", "errnoRet": 18}]}' "$1" \
		>"$BATS_TEST_TMPDIR/profile"
}

@test "seccomp has arm64's numbers, and those of 32-bit arm beside them" {
	local image
	[ "$(xrun "$NATIVE" sed -n 's/^Seccomp:\s*//p' /proc/self/status)" = 2 ]
	run xrun -v "$BATS_FILE_TMPDIR:/v" "$NATIVE" /v/busybox unshare -U true
	[[ $status != 0 && $output == *"ermission denied"* || $output == *"not permitted"* ]]
	xrun pull -q --arch armv7 "$PLAIN/test:armhf"
	for image in aarch64:arm64 armv7:armhf x86_64:amd64; do
		denied mkdirat
		[ "$image" != armv7:armhf ] || denied mkdir # which arm64 does not have
		run xrun --arch "${image%:*}" --security-opt "seccomp=$BATS_TEST_TMPDIR/profile" "$PLAIN/test:${image#*:}" mkdir /tmp/directory
		echo "$image: $output"
		[ "$status" = 1 ]
		[[ $output == *"Invalid cross-device link"* ]]
	done
}

@test "--strace shows the calls of an x86-64 program" {
	run x86_64 --strace "$PLAIN/test:amd64" true
	[ "$status" = 0 ]
	[[ $output == *"1 "*"execve("* || $output == *"1 "*"brk("* ]]
	[[ $output == *"exit_group(0)"* ]]
}

@test "nothing is left afterwards" {
	[ -z "$(ls "$STORE/containers" 2>/dev/null)" ]
	xrun rmi --all
}
