#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# What an emulator is told, and what its guest can and cannot do about that.

load lib

prepare() {
	xrun pull -q --arch aarch64 "$PLAIN/test:arm64"
	xrun pull -q "$NATIVE"
}

arm64() {
	xrun --arch aarch64 "$@"
}

# The hardware capabilities that a program is told of, in hexadecimal. Pointer authentication has bits 30 and 31.
capabilities() {
	arm64 "$@" "$PLAIN/test:arm64" env -i LD_SHOW_AUXV=1 /bin/true | sed -n 's/^AT_HWCAP: *//p'
}

has_pointer_authentication() {
	local hex
	hex=$(capabilities "$@")
	[ -n "$hex" ]
	((0x$hex >> 30 & 3))
}

@test "an arm64 guest has no pointer authentication, which is slow to emulate, and is told so" {
	refute has_pointer_authentication
}

@test "--cpu-model chooses the guest's CPU, and env -i does not undo it" {
	has_pointer_authentication --cpu-model max
	refute has_pointer_authentication --cpu-model cortex-a53
}

@test "-e QEMU_CPU is the guest's own choice, and not overruled" {
	local hex
	hex=$(arm64 -e QEMU_CPU=max "$PLAIN/test:arm64" sh -c 'LD_SHOW_AUXV=1 /bin/true' | sed -n 's/^AT_HWCAP: *//p')
	((0x$hex >> 30 & 3))
}

@test "ARMv7 code is an illegal instruction on an ARMv6 CPU, as on the real one" {
	local got=0
	xrun --arch armv7 --cpu-model arm1176 "$PLAIN/test:armhf" true || got=$?
	[ "$got" = 132 ] # 128 + SIGILL
}

@test "a CPU model that the emulator does not know is one line before anything starts" {
	fails_with 125 "--cpu-model cortex-a999: unable to find CPU model 'cortex-a999'" xrun --arch aarch64 --cpu-model cortex-a999 "$PLAIN/test:arm64" true
	fails_with 125 "max-arm-cpu.nosuch" xrun --arch aarch64 --cpu-model max,nosuch=on "$PLAIN/test:arm64" true
	fails_with 125 "a model is written like" xrun --arch aarch64 --cpu-model -strace "$PLAIN/test:arm64" true
	fails_with 125 "run natively here" xrun --cpu-model max "$NATIVE" true
}

@test "--dry-run shows the emulator's options" {
	arm64 --dry-run "$PLAIN/test:arm64" true | grep -F '"xrun.emulator-options.aarch64": "-cpu max,pauth=off,sve=off"'
}

@test "a program whose name looks like an emulator's option is run, not obeyed" {
	[ "$(arm64 "$PLAIN/test:arm64" sh -c 'cd /tmp && cp /bin/echo ./-version && PATH= && -version hello')" = hello ]
}

@test "an emulator of another architecture is refused with the reason" {
	fails_with 125 "which runs no aarch64 programs" xrun --arch aarch64 --emulator /usr/bin/qemu-s390x-static "$PLAIN/test:arm64" true
}

@test "what an emulator is gets asked once, and its copy with options is made once" {
	local before
	arm64 "$PLAIN/test:arm64" true
	before=$(find "$STORE/emulators" -printf '%f %i %C@ %l\n' | sort)
	[ -n "$before" ]
	arm64 "$PLAIN/test:arm64" true
	[ "$(find "$STORE/emulators" -printf '%f %i %C@ %l\n' | sort)" = "$before" ]
}

@test "copies of an emulator that was exchanged are removed" {
	local dir
	dir=$(mktemp -d /tmp/xrun-emulator.XXXXXX) # where root's containers reach it, too
	chmod 755 "$dir"
	cp /usr/bin/qemu-aarch64-static "$dir/qemu-mine"
	arm64 --emulator "$dir/qemu-mine" "$PLAIN/test:arm64" true
	[ "$(find "$STORE/emulators" -name 'qemu-mine.*' | wc -l)" = 3 ] # what it is, what its guest is told, the copy
	cp /usr/bin/qemu-aarch64-static "$dir/new" && mv "$dir/new" "$dir/qemu-mine"
	[ "$(arm64 --emulator "$dir/qemu-mine" "$PLAIN/test:arm64" uname -m)" = aarch64 ]
	[ "$(find "$STORE/emulators" -name 'qemu-mine.*' | wc -l)" = 3 ]
	rm -rf "$dir"
}

# The personality that a program has (personality(2)); ADDR_NO_RANDOMIZE is 0x40000.
personality() {
	xrun "$@" cat /proc/self/personality
}

@test "addresses are randomized unless --aslr off asks for fixed ones" {
	[ "$(personality "$NATIVE")" = 00000000 ]
	[ "$(personality --aslr off "$NATIVE")" = 00040000 ]
	[ "$(personality --arch aarch64 "$PLAIN/test:arm64")" = 00000000 ]
	[ "$(personality --aslr off --arch aarch64 "$PLAIN/test:arm64")" = 00040000 ]
	xrun --aslr off --dry-run "$NATIVE" true | grep -F '"xrun.aslr": "off"'
	fails_with 125 "--aslr maybe: there are auto, on and off" xrun --aslr maybe "$NATIVE" true
}

@test "an emulator that is not position-independent runs with fixed addresses by itself" {
	local dir
	dir=$(mktemp -d /tmp/xrun-emulator.XXXXXX)
	chmod 755 "$dir"
	# Not a qemu, but a static program that says it is: what it would do is of no account here.
	printf '#include <stdio.h>\nint main(void) { return puts("qemu-aarch64 version 9.2.0") < 0; }\n' |
		gcc -x c -static -no-pie -o "$dir/qemu-fixed" -
	xrun --arch aarch64 --emulator "$dir/qemu-fixed" --dry-run "$PLAIN/test:arm64" true | grep -F '"xrun.aslr": "off"'
	refute grep -F xrun.aslr <(xrun --arch aarch64 --emulator "$dir/qemu-fixed" --aslr on --dry-run "$PLAIN/test:arm64" true)
	refute grep -F xrun.aslr <(xrun --arch aarch64 --dry-run "$PLAIN/test:arm64" true)
	rm -rf "$dir"
}

@test "a program's argv[0] is its own where the emulator understands that, and its arguments are everywhere" {
	local dir version
	dir=$(mktemp -d /tmp/xrun-emulator.XXXXXX)
	chmod 755 "$dir"
	for version in 5.2.0 7.2.0; do
		# It shows how it was called: what it would do is of no account here.
		printf '#include <stdio.h>\n#include <string.h>\nint main(int n, char **a) { if (n == 2 && !strcmp(a[1], "--version")) return puts("%s") < 0;
			for (int i = 1; i < n; i++) printf("%%s ", a[i]); return 0; }\n' "qemu-aarch64 version $version" |
			gcc -x c -static-pie -fPIE -o "$dir/qemu-$version" -
	done
	[[ $(arm64 --emulator "$dir/qemu-5.2.0" "$PLAIN/test:arm64" echo hello) == *"-- /usr/bin/echo hello " ]]
	[[ $(arm64 --emulator "$dir/qemu-7.2.0" "$PLAIN/test:arm64" echo hello) == *"-- /usr/bin/echo echo hello " ]]
	arm64 --emulator "$dir/qemu-5.2.0" --dry-run "$PLAIN/test:arm64" true | grep -F '"xrun.emulator-argv0.aarch64": "lost"'
	xrun create -q --arch aarch64 --name kept --emulator "$dir/qemu-5.2.0" "$PLAIN/test:arm64" echo hello
	[[ $(xrun start -a kept) == *"-- /usr/bin/echo hello " ]]
	xrun rm kept
	rm -rf "$dir"
}

# The features of /proc/cpuinfo, one a line, sorted.
features() {
	sed -n 's/^Features\s*: //p' | head -1 | tr ' ' '\n' | sort
}

@test "/proc/cpuinfo shows the emulated CPU, with the features that programs are told of" {
	arm64 "$PLAIN/test:arm64" cat /proc/cpuinfo >"$BATS_TEST_TMPDIR/cpuinfo"
	[ "$(grep -c '^processor' "$BATS_TEST_TMPDIR/cpuinfo")" = "$(nproc --all)" ]
	grep -qx 'CPU architecture: 8' "$BATS_TEST_TMPDIR/cpuinfo"
	[ "$(features <"$BATS_TEST_TMPDIR/cpuinfo" | grep -c '^pac[ag]$')" = 0 ]
	[ "$(arm64 --cpu-model max "$PLAIN/test:arm64" cat /proc/cpuinfo | features | grep -c '^pac[ag]$')" = 2 ]
	xrun pull -q --arch armv7 "$PLAIN/test:armhf"
	[ "$(xrun --arch armv7 "$PLAIN/test:armhf" cat /proc/cpuinfo | features)" = \
		"$(xrun --arch armv7 "$PLAIN/test:armhf" env LD_SHOW_AUXV=1 /bin/true | sed -n 's/^AT_HWCAP2\?: *//p' | tr ' ' '\n' | sort)" ]
	xrun pull -q --arch riscv64 "$PLAIN/test:riscv64"
	xrun --arch riscv64 "$PLAIN/test:riscv64" cat /proc/cpuinfo | grep -qx 'isa.*: rv64imafdc'
	xrun --arch riscv64 "$PLAIN/test:riscv64" cat /proc/cpuinfo | grep -qx 'uarch.*: qemu'
}

# x86_64 OPTION... COMMAND: in an image for x86-64, emulated on every machine.
x86_64() {
	local by=()
	[ "$HOST" != x86_64 ] || by=(--emulator /usr/bin/qemu-x86_64-static)
	xrun --arch x86_64 "${by[@]}" "$@"
}

@test "/proc/cpuinfo of an emulated x86 CPU is its model's, whatever the machine is" {
	xrun pull -q --arch x86_64 "$PLAIN/test:amd64"
	x86_64 "$PLAIN/test:amd64" cat /proc/cpuinfo >"$BATS_TEST_TMPDIR/cpuinfo"
	[ "$(grep -c '^processor' "$BATS_TEST_TMPDIR/cpuinfo")" = "$(nproc --all)" ]
	[ "$(grep -c '^model name	: qemu$' "$BATS_TEST_TMPDIR/cpuinfo")" = "$(nproc --all)" ]
	grep -q '^flags.* sse2 .* ssse3 .* sse4_2 .* lm ' "$BATS_TEST_TMPDIR/cpuinfo"
	x86_64 --cpu-model qemu64 "$PLAIN/test:amd64" cat /proc/cpuinfo >"$BATS_TEST_TMPDIR/cpuinfo"
	grep -q '^flags.* sse2 .* lm ' "$BATS_TEST_TMPDIR/cpuinfo"
	refute grep -w ssse3 "$BATS_TEST_TMPDIR/cpuinfo"
}

@test "/proc/cpuinfo of a native container is the machine's, and nobody can write an emulated one" {
	diff <(xrun "$NATIVE" cat /proc/cpuinfo | grep -v MHz) <(grep -v MHz /proc/cpuinfo)
	refute arm64 "$PLAIN/test:arm64" sh -c 'echo x >/proc/cpuinfo'
	[ "$(arm64 "$PLAIN/test:arm64" sh -c 'ls -A /dev | sed -n /cpuinfo/p')" = "" ]
}

@test "a volume over /proc/cpuinfo is what the container sees" {
	echo mine >"$BATS_TEST_TMPDIR/cpuinfo"
	[ "$(arm64 -v "$BATS_TEST_TMPDIR/cpuinfo:/proc/cpuinfo" "$PLAIN/test:arm64" cat /proc/cpuinfo)" = mine ]
}

@test "a foreign program's stack is as large as --ulimit stack says" {
	mkdir -p "$BATS_FILE_TMPDIR/programs"
	cat >"$BATS_FILE_TMPDIR/deep.c" <<-'END'
		static char *volatile sink;
		static int deep(int more)
		{
			char block[1 << 20];
			block[0] = block[sizeof block - 1] = 1;
			sink = block;
			return more ? deep(more - 1) + block[0] : 1;
		}
		int main(int argc, char **argv)
		{
			return deep(argc > 1 ? 100 : 4) == 0;
		}
	END
	aarch64-linux-gnu-gcc -O0 -static -o "$BATS_FILE_TMPDIR/programs/deep" "$BATS_FILE_TMPDIR/deep.c"
	deep() {
		arm64 -v "$BATS_FILE_TMPDIR/programs:/programs" --ulimit "stack=$1" "$PLAIN/test:arm64" /programs/deep "${@:2}"
	}
	deep 8388608
	refute deep 8388608 more
	deep 209715200 more
	refute deep 2097152
	[ "$(arm64 --ulimit stack=-1 --dry-run "$PLAIN/test:arm64" true | sed -n 's/.*"xrun.emulator-options.aarch64": "\(.*\)".*/\1/p')" = \
		"-cpu max,pauth=off,sve=off -s 1073741824" ]
}

@test "a dynamically linked emulator is refused: its libraries would be looked for in the image" {
	fails_with 125 "/bin/true is dynamically linked" xrun --arch aarch64 --emulator /bin/true "$PLAIN/test:arm64" true
}

@test "the machine's own programs can be emulated, too, with a CPU of choice" {
	local emulator=/usr/bin/qemu-$HOST-static dir
	[ "$(xrun --emulator "$emulator" "$NATIVE" sh -c 'env -i uname -m; exec cat /proc/self/comm')" = "$HOST"$'\n'cat ]
	fails_with 125 "--cpu-model none-such" xrun --emulator "$emulator" --cpu-model none-such "$NATIVE" true
	[ "$(xrun --emulator "$emulator" --dry-run "$NATIVE" true | jq -r '.annotations["xrun.emulated"]')" = true ]
	[ "$(xrun -e QEMU_CPU=max --emulator "$emulator" "$NATIVE" true; echo $?)" = 0 ]
	dir=$(mktemp -d /tmp/xrun-emulator.XXXXXX)
	chmod 755 "$dir"
	printf 'int main(void) { return 0; }\n' | gcc -x c -static -o "$dir/none" -
	fails_with 125 "it would be its own handler" xrun --emulator "$dir/none" "$NATIVE" true
	rm -rf "$dir"
}
