#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# Programs of other architectures, in images made of Debian's own packages.

load lib

prepare() {
	local tag
	host_table >"$BATS_FILE_TMPDIR/table"
	for tag in arm64 armhf riscv64 s390x ppc64el i386 amd64 multi config armel armv6 mips64el mipsel loongarch64 ppc64 mips64 mips loong64; do
		xrun pull -q --platform "$(platform_of $tag)" "$PLAIN/test:$tag"
	done
}

# The host-wide table; it must be the same before and after.
host_table() {
	find /proc/sys/fs/binfmt_misc -type f ! -name register -exec head -v {} + 2>/dev/null | sort
}

platform_of() {
	case $1 in
	armhf) echo linux/arm/v7 ;;
	armel) echo linux/arm/v5 ;;
	armv6) echo linux/arm/v6 ;;
	mips64el | mipsel) echo "linux/${1%el}le" ;;
	loongarch64) echo linux/loong64 ;;
	i386) echo linux/386 ;;
	ppc64el) echo linux/ppc64le ;;
	multi | amd64) echo linux/amd64 ;;
	config) echo "linux/$(debian_name "$HOST")" ;;
	*) echo "linux/$1" ;;
	esac
}

# runs TAG ARCH MACHINE [OPTION...]: uname, a pipeline of dynamic programs and a set-uid program, all of that architecture.
runs() {
	local tag=$1 arch=$2 machine=$3 options=("${@:4}")
	[ "$(xrun "${options[@]}" --arch "$arch" "$PLAIN/test:$tag" uname -m)" = "$machine" ]
	[ "$(xrun "${options[@]}" --arch "$arch" "$PLAIN/test:$tag" sh -c 'seq 1 100 | sed -n "s/^\(.\)7$/\1/p" | sort -rn | head -3 | tr "\n" " "')" = "9 8 7 " ]
	[ "$(xrun "${options[@]}" --arch "$arch" -u app "$PLAIN/test:$tag" sh -c 'id -u; suid-id -u' | tr '\n' ' ')" = "1000 0 " ]
	[ "$(host_table)" = "$(cat "$BATS_FILE_TMPDIR/table")" ]
}

# machine ARCH NAME: what a program of 32-bit arm is told; arm64 machines that run it themselves call themselves armv8l.
machine() {
	if xrun binfmt status --format json "$1" | grep -q '"way": "native"'; then
		echo armv8l
	else
		echo "$2"
	fi
}

@test "aarch64 programs run" { runs arm64 aarch64 aarch64; }
@test "armhf programs run" { runs armhf armhf "$(machine armhf armv7l)"; }
@test "riscv64 programs run" { runs riscv64 riscv64 riscv64; }
@test "s390x programs run" { runs s390x s390x s390x; }
@test "ppc64le programs run" { runs ppc64el ppc64le ppc64le; }
@test "armel programs run on an ARMv5 CPU" { runs armel armel "$(machine armel armv5tel)"; }
@test "arm/v6 programs run on an ARMv6 CPU" { runs armv6 armv6 "$(machine armv6 armv6l)"; }
@test "mips64el programs run" { runs mips64el mips64el mips64; }
@test "mipsel programs run" { runs mipsel mipsel mips; }
@test "loong64 programs of Debian run by an emulator that has its vector instructions" {
	runs loong64 loong64 loongarch64 --emulator "$PLACE/qemu-loongarch64"
}
@test "i386 programs run" { runs i386 i386 i686; }
@test "amd64 programs run" { runs amd64 amd64 x86_64; }

# prints_machine ARCH NAME: the image's only program prints the machine's name and exits with 42.
prints_machine() {
	local said got=0
	said=$(xrun --arch "$1" "$PLAIN/test:$1") || got=$?
	[ "$got $said" = "42 $2" ]
	said=$(xrun --arch "$1" -u 1000 --init "$PLAIN/test:$1") || got=$?
	[ "$got $said" = "42 $2" ]
	[ "$(host_table)" = "$(cat "$BATS_FILE_TMPDIR/table")" ]
}

@test "loongarch64 programs run" { prints_machine loongarch64 loongarch64; }
@test "ppc64 programs run" { prints_machine ppc64 ppc64; }
@test "mips64 programs run" { prints_machine mips64 mips64; }
@test "mips programs run" { prints_machine mips mips; }

@test "a foreign container is as closed as a native one" {
	local said
	said=$(xrun --arch aarch64 "$PLAIN/test:arm64" sh -c 'echo $$; sed -n "s/^\(CapBnd\|CapEff\|Seccomp\|NoNewPrivs\):\s*/\1 /p" /proc/self/status; ls /dev | tr "\n" " "; ls /proc/sys/fs/binfmt_misc | wc -l')
	[ "$said" = "$(xrun "$NATIVE" sh -c 'echo $$; sed -n "s/^\(CapBnd\|CapEff\|Seccomp\|NoNewPrivs\):\s*/\1 /p" /proc/self/status; ls /dev | tr "\n" " "; ls /proc/sys/fs/binfmt_misc | wc -l')" ]
}

@test "ps in a foreign container sees two processes" {
	[ "$(xrun --arch aarch64 "$PLAIN/test:arm64" sh -c 'ps -e --no-headers; true' | wc -l)" = 2 ]
}

@test "ps -ef lists the processes of every architecture" {
	local tag
	for tag in arm64 armhf riscv64 s390x ppc64el i386 armel mips64el mipsel; do
		run xrun --network none --platform "$(platform_of $tag)" "$PLAIN/test:$tag" sh -c 'ps -ef; true'
		echo "$tag: $output"
		[[ $status = 0 && ${#lines[@]} = 3 && ${lines[2]} == root*"ps -ef" ]]
	done
}

@test "command lines of foreign programs are their own" {
	local arch
	for arch in arm64 s390x armhf riscv64; do
		xrun -d -q --name lines --platform "$(platform_of $arch)" "$PLAIN/test:$arch" sleep 4321
		[ "$(xrun exec lines sh -c 'sed "s/\x00/|/g" /proc/1/cmdline')" = "sleep|4321|" ]
		[ "$(xrun top --format '{{.Command}}' lines)" = "sleep 4321" ]
		xrun rm -f lines
	done
}

@test "a foreign program's exit status and signals come through" {
	run xrun --arch aarch64 "$PLAIN/test:arm64" sh -c 'exit 7'
	[ "$status" = 7 ]
	run xrun --arch aarch64 "$PLAIN/test:arm64" sh -c 'sh -c "kill -TERM \$\$"'
	[ "$status" = 143 ]
	"$XRUN" --root "$STORE" --arch aarch64 "$PLAIN/test:arm64" sh -c 'trap "exit 9" TERM; echo ready; while :; do sleep 0.1; done' >"$BATS_TEST_TMPDIR/out" &
	await_text ready "$BATS_TEST_TMPDIR/out"
	kill -TERM $!
	await_end $!
	[ "$status" = 9 ]
}

@test "a foreign first process that a signal kills ends, with that signal's status" {
	run timeout -s KILL 20 "$XRUN" --root "$STORE" --arch aarch64 "$PLAIN/test:arm64" sh -c 'kill -SEGV $$; sleep 100'
	[ "$status" = 139 ]
	run timeout -s KILL 20 "$XRUN" --root "$STORE" --arch s390x -t "$PLAIN/test:s390x" sh -c 'kill -ABRT $$; sleep 100'
	[ "$status" = 134 ]
	{ timeout -s KILL 20 "$XRUN" --root "$STORE" --arch riscv64 "$PLAIN/test:riscv64" yes || echo $? >"$BATS_TEST_TMPDIR/status"; } | head -n 1
	[ "$(cat "$BATS_TEST_TMPDIR/status")" = 141 ]
	xrun -d --name dying --arch aarch64 "$PLAIN/test:arm64" sh -c 'kill -SEGV $$; sleep 100'
	[ "$(timeout -s KILL 20 "$XRUN" --root "$STORE" wait dying)" = 139 ]
	xrun rm dying
}

@test "a foreign first process that waits for signals is left alone" {
	[ "$(xrun --arch aarch64 "$PLAIN/test:arm64" sh -c 'trap "echo got" USR1; (sleep 1; kill -USR1 1) & wait $!; wait; echo end' | tr '\n' ' ')" = "got end " ]
}

@test "a foreign program writes files to a volume that belong to the caller" {
	mkdir "$BATS_TEST_TMPDIR/v"
	xrun --arch s390x -v "$BATS_TEST_TMPDIR/v:/v" "$PLAIN/test:s390x" sh -c 'echo x >/v/file'
	[ "$(stat -c %u "$BATS_TEST_TMPDIR/v/file")" = "$(id -u)" ]
}

@test "a native program in a foreign container still runs natively" {
	local other=arm64
	[ "$HOST" != aarch64 ] || other=s390x
	cp /bin/true "$BATS_TEST_TMPDIR/native"
	run xrun --arch "$other" -v "$BATS_TEST_TMPDIR/native:/native" "$PLAIN/test:$other" /native
	[[ $output == *"dynamic loader"* ]] # found to be native: its loader is what is missing
	[ "$status" = 126 ]
}

@test "one name for two architectures gives the one asked for" {
	[ "$(xrun --arch armv7 "$PLAIN/test:multi" uname -m)" = "$(machine armv7 armv7l)" ]
	[ "$(xrun --platform linux/amd64 "$PLAIN/test:multi" uname -m)" = x86_64 ]
	[ "$(xrun images | grep -c test:multi)" = 2 ]
}

@test "an image that is not for the architecture says for which it is" {
	fails_with 125 "linux/arm/v7" xrun --arch riscv64 "$PLAIN/test:multi" true
}

@test "an architecture that nobody knows is an error" {
	fails_with 125 "vax" xrun --arch vax "$PLAIN/test:arm64" true
}

@test "an emulator that is missing or unfit is an error that names it" {
	fails_with 125 "/no/emulator" xrun --arch aarch64 --emulator /no/emulator "$PLAIN/test:arm64" true
	fails_with 125 "passwd" xrun --arch aarch64 --emulator /etc/passwd "$PLAIN/test:arm64" true
}

@test "binfmt status says which emulator would run what" {
	run xrun binfmt status aarch64
	[[ $output == *linux/arm64*private*qemu-aarch64*[0-9].[0-9]*max,pauth=off,sve=off* || $output == *native* ]]
	xrun binfmt status --format json | python3 -c 'import json,sys; t = json.load(sys.stdin); assert len(t) >= 12 and all("way" in e for e in t)'
}
