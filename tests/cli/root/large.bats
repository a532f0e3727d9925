#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# What an image of many files costs: by system calls, which are counted, never by time. LARGE=1000000 make check-large; fewer in
# every check. (Only root's processes can be followed by strace: newuidmap is set-uid.)

load ../lib
load ../fixtures

COUNT=${LARGE:-2000}

# Two images, one with twice the files of the other, so that what a pull costs by itself drops out.
prepare() {
	local files
	for files in $((COUNT / 2)) "$COUNT"; do
		"$PLACE/tests/images/manyfiles.py" "$files" >"$BATS_FILE_TMPDIR/files.tar"
		make_layout "$files" --layer "$BATS_FILE_TMPDIR/files.tar"
	done
	rm "$BATS_FILE_TMPDIR/files.tar"
}

# calls WORD...: how many system calls that xrun command makes with its helpers; without those that wait for another thread.
calls() {
	env ASAN_OPTIONS=detect_leaks=0 strace -f --seccomp-bpf -c -U calls,name -e 'trace=!futex' -o "$BATS_TEST_TMPDIR/calls" \
		"$XRUN" --root "$STORE" "$@" >/dev/null
	awk '$2 == "total" { print $1 }' "$BATS_TEST_TMPDIR/calls"
}

# per_file LESS MORE: the calls for a file more, in hundredths.
per_file() {
	echo $((($2 - $1) * 100 / (COUNT - COUNT / 2)))
}

@test "a file of an image costs a pull four system calls, and its removal one, however many there are" {
	local files pulled=() removed=()
	for files in $((COUNT / 2)) "$COUNT"; do
		pulled+=("$(calls pull -q "oci:$LAYOUT:$files")")
		[ "$(find "$STORE/layers" -type f | wc -l)" = "$files" ]
		removed+=("$(calls rmi "oci:$LAYOUT:$files")")
		[ -z "$(ls -A "$STORE/layers")" ]
	done
	echo "calls: pull ${pulled[*]}, rmi ${removed[*]}"
	echo "a file more, in hundredths: pull $(per_file "${pulled[@]}"), rmi $(per_file "${removed[@]}")"
	(($(per_file "${pulled[@]}") >= 390 && $(per_file "${pulled[@]}") <= 450))
	(($(per_file "${removed[@]}") >= 90 && $(per_file "${removed[@]}") <= 150))
}

@test "a pull of many files takes at most 64 MiB of memory" {
	local kib
	kib=$(python3 -c 'import resource, subprocess, sys
subprocess.run(sys.argv[1:], check=True)
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)' "$XRUN" --root "$STORE" pull -q "oci:$LAYOUT:$COUNT")
	echo "$kib KiB"
	sanitized || ((kib <= 64 << 10))
	xrun rmi --all
}
