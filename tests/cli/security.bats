#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# What a container's programs may do, and the options that change it; each one holds or is an error.

load lib

prepare() {
	xrun pull -q "$NATIVE"
}

# status_of FIELD OPTION...: a line of /proc/self/status in a container.
status_of() {
	local field=$1
	shift
	xrun "$@" "$NATIVE" sed -n "s/^$field:\s*//p" /proc/self/status
}

@test "inheritable and ambient capabilities are empty, whoever the program is" {
	local options
	for options in --rm "--cap-add ALL" "-u app" "-u 1000" --privileged --init; do
		# shellcheck disable=SC2086 # several words are meant
		[ "$(status_of 'Cap\(Inh\|Amb\)' $options)" = "$(printf '%016d\n%016d' 0 0)" ]
	done
}

@test "a user who is not root has no capabilities, and only the bounding set is docker's" {
	local options
	for options in "-u 1000" "-u app" "-u 1000 --cap-add SYS_ADMIN" "-u 1000 --privileged"; do
		# shellcheck disable=SC2086 # several words are meant
		[ "$(status_of 'Cap\(Prm\|Eff\)' $options)" = "$(printf '%016d\n%016d' 0 0)" ]
	done
	[ "$(status_of CapBnd -u 1000)" = 00000000a80425fb ]
	[ "$(status_of CapEff --cap-drop ALL)" = 0000000000000000 ]
	[ "$(status_of CapEff --cap-drop ALL --cap-add chown)" = 0000000000000001 ]
}

@test "no-new-privileges is set, and a set-uid program gains nothing" {
	[ "$(status_of NoNewPrivs)" = 0 ]
	[ "$(status_of NoNewPrivs --security-opt no-new-privileges)" = 1 ]
	[ "$(status_of NoNewPrivs --security-opt no-new-privileges:true)" = 1 ]
	[ "$(xrun -u app "$NATIVE" suid-id -u)" = 0 ]
	[ "$(xrun -u app --security-opt no-new-privileges "$NATIVE" suid-id -u)" = 1000 ]
}

@test "a profile of docker's form filters, for foreign programs as well" {
	local said image
	cat >"$BATS_TEST_TMPDIR/profile.json" <<-'END'
		{ "defaultAction": "SCMP_ACT_ALLOW", "archMap": [ { "architecture": "SCMP_ARCH_X86_64", "subArchitectures": [ "SCMP_ARCH_X86" ] },
		    { "architecture": "SCMP_ARCH_AARCH64", "subArchitectures": null } ],
		  "syscalls": [
		    { "names": [ "mkdir", "mkdirat" ], "action": "SCMP_ACT_ERRNO", "errnoRet": 28 },
		    { "names": [ "symlink", "symlinkat" ], "action": "SCMP_ACT_ERRNO", "errnoRet": 27, "includes": { "caps": [ "CAP_SYS_ADMIN" ] } },
		    { "names": [ "link", "linkat" ], "action": "SCMP_ACT_ERRNO", "errnoRet": 26, "excludes": { "minKernel": "2.6" } } ] }
	END
	for image in "$NATIVE" "$PLAIN/test:arm64"; do
		said=$(xrun -q --arch "${image##*:}" --security-opt seccomp="$BATS_TEST_TMPDIR/profile.json" "$image" sh -c \
			'mkdir /tmp/d; ln -s x /tmp/s && echo linked; : >/tmp/f; ln /tmp/f /tmp/g && echo linked' 2>&1)
		[[ $said == *"No space left on device"*linked*linked ]]
		said=$(xrun -q --arch "${image##*:}" --cap-add SYS_ADMIN --security-opt seccomp="$BATS_TEST_TMPDIR/profile.json" "$image" \
			sh -c 'ln -s x /tmp/s' 2>&1) || true
		[[ $said == *"File too large"* ]]
	done
}

# forbids NAME ERRNO >FILE
forbids() {
	printf '{ "defaultAction": "SCMP_ACT_ALLOW", "syscalls": [ { "names": [ "%s", "%sat" ], "action": "SCMP_ACT_ERRNO", "errnoRet": %d } ] }' "$1" "$1" "$2"
}

@test "what a profile became is kept for later starts, for this very profile" {
	local file=$BATS_TEST_TMPDIR/profile kept kind
	rm -rf "$STORE/profiles"
	forbids mkdir 28 >"$file"
	tries_mkdir() { xrun --security-opt seccomp="$file" "$@" "$NATIVE" mkdir /tmp/d 2>&1 || true; }
	[[ $(tries_mkdir) == *"No space left"* ]]
	kept=$(echo "$STORE"/profiles/*)
	[ -f "$kept" ]
	for kind in whole torn empty; do
		case $kind in
		torn) printf 'x' | dd of="$kept" bs=1 seek=$(($(stat -c %s "$kept") - 2)) conv=notrunc status=none ;;
		empty) : >"$kept" ;;
		esac
		[[ $(tries_mkdir) == *"No space left"* ]]
		[[ $(tries_mkdir --cap-add SYS_ADMIN) == *"No space left"* ]]
	done
	forbids mkdir 27 >"$file"
	[[ $(tries_mkdir) == *"File too large"* ]]
	cp "$kept" "$BATS_TEST_TMPDIR/copy"
	forbids symlink 27 >"$file"
	for kept in "$STORE"/profiles/{00,01,02,03,04,05,06,07,08,09,0a,0b,0c,0d,0e,0f}; do cp "$BATS_TEST_TMPDIR/copy" "$kept"; done
	xrun --security-opt seccomp="$file" "$NATIVE" mkdir /tmp/d
}

@test "a profile that is missing, broken or asks too much is refused" {
	local dir=$BATS_TEST_TMPDIR
	fails_with 125 "cannot open $dir/none" xrun --security-opt seccomp="$dir/none" "$NATIVE" true
	echo '{' >"$dir/broken"
	fails_with 125 "the seccomp profile $dir/broken: it is no JSON" xrun --security-opt seccomp="$dir/broken" "$NATIVE" true
	echo '{"defaultAction":"SCMP_ACT_NOTIFY"}' >"$dir/notify"
	fails_with 125 'SCMP_ACT_NOTIFY' xrun --security-opt seccomp="$dir/notify" "$NATIVE" true
	echo '{"defaultAction":"SCMP_ACT_ALLOW","architectures":["SCMP_ARCH_SH"]}' >"$dir/foreign"
	fails_with 125 "an emulator makes the machine's calls" xrun --security-opt seccomp="$dir/foreign" "$NATIVE" true
	fails_with 125 "seccomp=FILE|unconfined" xrun --security-opt seccomp= "$NATIVE" true
}

@test "a security module that the machine lacks is an error when asked for" {
	[ "$(cat /sys/module/apparmor/parameters/enabled 2>/dev/null)" = Y ] ||
		fails_with 125 "this machine has no AppArmor" xrun --security-opt apparmor=mine "$NATIVE" true
	[ -e /sys/fs/selinux/context ] ||
		fails_with 125 "this machine has no SELinux" xrun --security-opt label=type:mine_t "$NATIVE" true
	xrun --security-opt apparmor=unconfined --security-opt label=disable "$NATIVE" true
	fails_with 125 "--security-opt other=1: there are" xrun --security-opt other=1 "$NATIVE" true
}

@test "what docker masks is covered, and cannot be written" {
	xrun "$NATIVE" sh -ec '
		for f in kcore keys timer_list interrupts; do
			test ! -e /proc/$f || test "$(stat -c %t:%T /proc/$f)" = 1:3
		done
		for d in /proc/scsi /proc/acpi /sys/firmware /sys/devices/virtual/powercap; do
			test ! -d $d || { test -z "$(ls $d)" && ! mkdir $d/x 2>/dev/null; } || { echo $d; exit 1; }
		done
		for f in sys/kernel/core_pattern sysrq-trigger sys/net/ipv4/ip_forward; do
			! (echo 1 >/proc/$f) 2>/dev/null || { echo $f; exit 1; }
		done'
}

@test "mask and unmask change what is covered" {
	xrun --security-opt mask=/usr/bin/suid-id:/home "$NATIVE" sh -c 'test -z "$(cat /usr/bin/suid-id)" && test -z "$(ls /home)"'
	xrun --cap-add NET_ADMIN --security-opt unmask=/proc/keys:/proc/sys "$NATIVE" sh -c \
		'test "$(stat -c %F /proc/keys)" = "regular empty file" && echo 1 >/proc/sys/net/ipv4/ip_forward && test -z "$(ls /sys/firmware)"'
	refute grep -E ' /(proc|sys)/' <(xrun --security-opt unmask=ALL "$NATIVE" grep -v ' /sys/fs/cgroup' /proc/self/mountinfo)
}

@test "--privileged gives every capability and no filter or masks, but only within the user namespace" {
	[ "$(status_of 'Seccomp' --privileged)" = 0 ]
	[ "$(status_of CapEff --privileged | tr -d 0)" = 1ffffffffff ]
	xrun --privileged "$NATIVE" sh -c 'echo 1 >/proc/sys/net/ipv4/ip_forward && ! (echo x >/proc/sys/kernel/core_pattern) 2>/dev/null'
}

@test "--ulimit sets limits, exactly" {
	[ "$(xrun --ulimit nofile=100:200 --ulimit core=0 --ulimit nproc=50 "$NATIVE" sh -c 'echo $(ulimit -Sn) $(ulimit -Hn) $(ulimit -c) $(ulimit -Hp)')" = \
		"100 200 0 50" ]
	xrun --ulimit nofile=4 --ulimit stack=1000000 "$NATIVE" sh -c 'true' # less than xrun itself needs
	[ "$(xrun --init --ulimit nofile=64 "$NATIVE" sh -c 'ulimit -n')" = 64 ]
	fails_with 125 "no such limit" xrun --ulimit files=1 "$NATIVE" true
	fails_with 125 "soft limit is above" xrun --ulimit nofile=2:1 "$NATIVE" true
}

@test "--ulimit above our own hard limit is an error for who may not raise it" {
	local limited=("$BATS_TEST_TMPDIR/limited")
	printf '#!/bin/sh\nulimit -n 1000\nexec "$@"\n' >"${limited[0]}"
	chmod 755 "${limited[0]}"
	[ "$(id -u)" != 0 ] || limited+=(setpriv --bounding-set -sys_resource)
	fails_with 125 "--ulimit nofile: it cannot be raised above our own hard limit, 1000" \
		"${limited[@]}" "$XRUN" --root "$STORE" --ulimit nofile=1001 "$NATIVE" true
}

@test "--oom-score-adj is the program's" {
	[ "$(xrun --oom-score-adj 700 "$NATIVE" cat /proc/self/oom_score_adj)" = 700 ]
	[ "$(xrun "$NATIVE" cat /proc/self/oom_score_adj)" = "$(cat /proc/self/oom_score_adj)" ]
	fails_with 125 "not a number from -1000 to 1000" xrun --oom-score-adj 1001 "$NATIVE" true
}

@test "--sysctl sets what the container has of its own, and nothing else" {
	[ "$(xrun --sysctl net.ipv4.ip_forward=1 --sysctl kernel.msgmax=9000 --sysctl kernel.sem='1 2 3 4' "$NATIVE" sh -c \
		'echo $(cat /proc/sys/net/ipv4/ip_forward /proc/sys/kernel/msgmax /proc/sys/kernel/sem)')" = "1 9000 1 2 3 4" ]
	fails_with 125 "this one is the host's" xrun --sysctl kernel.core_pattern=x "$NATIVE" true
	fails_with 125 "this one is the host's" xrun --sysctl vm.swappiness=1 "$NATIVE" true
	fails_with 125 "the network's settings are not the container's" xrun --network host --sysctl net.ipv4.ip_forward=1 "$NATIVE" true
	fails_with 125 "no such setting" xrun --sysctl net.nonesuch=1 "$NATIVE" true
}

@test "a setting's value brings no second one" {
	local before
	before=$(cat /proc/sys/kernel/core_pattern)
	fails_with 125 "Invalid argument" xrun --sysctl "net.ipv4.ip_forward=1+kernel.core_pattern=|/x" "$NATIVE" true
	fails_with 125 "write it as NAME=VALUE" xrun --sysctl $'net.ipv4.ip_forward=1\nkernel.core_pattern=|/x' "$NATIVE" true
	fails_with 125 "write it as NAME=VALUE" xrun --sysctl "net.ipv4/../../kernel/core_pattern=|/x" "$NATIVE" true
	[ "$(cat /proc/sys/kernel/core_pattern)" = "$before" ]
}
