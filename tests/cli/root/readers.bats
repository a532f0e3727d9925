#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# Archives that can be read in several ways: xrun's tree is that of GNU tar, Python's tarfile and umoci, or it refuses them.

load ../lib
load ../fixtures

# Each reader unpacks $1, an archive called $2, into $BATS_TEST_TMPDIR/READER/$2, or fails and has no say.
read_tar() {
	mkdir "tar/$2" && tar --numeric-owner -xpf "$1" -C "tar/$2"
}

read_python() {
	python3 -c 'import sys, tarfile
tarfile.open(sys.argv[1]).extractall(sys.argv[2], numeric_owner=True)' "$1" "python/$2"
}

read_umoci() {
	umoci raw unpack --image "$LAYOUT:$2" "umoci/$2"
}

read_xrun() {
	xrun pull -q "oci:$LAYOUT:$2" >/dev/null || return
	cp -a "$STORE/layers/$(xrun inspect "oci:$LAYOUT:$2" | jq -r '.[0].Layers[0].Directory')" "xrun/$2"
}

# Of an archive with a GNU header and a pax header that name a file differently, either may count: GNU tar and Go's library
# take the same one wherever it stands, libarchive and Python the later one or the first. No program writes such archives.
# A global pax header is no part of a layer: Go's library, and so every other runtime, takes nothing from it.
disagree=' pax-over-longname longname-over-pax pax-global '

# What a reader made of all archives that both it and xrun have read. Python sets no symlink's time, and others' as a
# floating-point number.
tree_of() {
	local rough='s/^(x)(x)$/&/'
	[ "$2" != python ] || rough='/ symlink /s/ @[0-9]+$//; s/ @([0-9]+)[0-9]{9}( |$)/ @\1\2/'
	sed -E "$rough" "$1.tree" | awk -v list="$(cat "$2.read")" -v skip="$disagree" 'BEGIN { n = split(list, names, "\n"); for (i = 1; i <= n; i++) good[names[i]] = 1 }
		{ name = $1; sub("/.*", "", name); if ((name in good) && index(skip, " " name " ") == 0 && name != $1) print }'
}

@test "what readers could understand in several ways is understood as others do, or refused" {
	local reader file name ids
	cd "$BATS_TEST_TMPDIR"
	mkdir tars tar python umoci xrun
	python3 "$PLACE/tests/images/tars.py" tars
	for file in tars/*.tar; do
		name=$(basename "$file" .tar)
		make_layout "$name" --layer "$file" --compress none
		if ! read_xrun "$file" "$name" 2>>refused; then continue; fi
		for reader in tar python umoci; do
			if read_$reader "$file" "$name" >/dev/null 2>&1; then echo "$name" >>$reader.read; fi
		done
	done
	cat refused
	[ "$(wc -l <refused)" -le 4 ]
	ids=$(stat -c %u "$STORE")
	python3 "$PLACE/tests/treedump.py" --no-dir-times --uid-base "$ids" --gid-base "$ids" xrun >xrun.tree
	for reader in tar python umoci; do
		[ "$(wc -l <$reader.read)" -ge 25 ]
		python3 "$PLACE/tests/treedump.py" --no-dir-times $reader >$reader.tree
		echo "$reader:"
		[ "$(tree_of xrun $reader | wc -l)" -ge 30 ]
		diff <(tree_of $reader $reader) <(tree_of xrun $reader)
	done
}
