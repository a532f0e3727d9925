#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# rootfs:DIR, a directory tree that is run where it is.

load lib

SENTINEL=$BATS_FILE_TMPDIR/sentinel

sentinel() {
	stat -c '%n %F %h %a %u %g %s %y' "$SENTINEL" "$SENTINEL"/*
	cat "$SENTINEL"/*
}

# tree NAME ARCH: the files of the image of that architecture, as a directory of ours.
tree() {
	local dir=$BATS_FILE_TMPDIR/$1
	mkdir -p "$dir"
	xrun create -q --name "$1" --arch "$2" "$PLAIN/test:$(debian_name "$2")" true >&2
	xrun export "$1" | tar -C "$dir" --no-same-owner -x
	xrun rm "$1" >&2
	rm -rf "$dir"/etc/host* "$dir/etc/resolv.conf"
}

prepare() {
	mkdir "$SENTINEL"
	echo kept >"$SENTINEL/file"
	export TREE=$BATS_FILE_TMPDIR/native FOREIGN=$BATS_FILE_TMPDIR/foreign
	tree native "$HOST"
	tree foreign aarch64
}

# Everything there is to know of a tree but when it was read.
state_of() {
	find "$1" -printf '%P %y %m %U %G %s %T@ %C@ %l\n' | sort
}

@test "a directory's programs run, and it stays as it was, whatever they do" {
	local before
	before=$(state_of "$TREE")
	[ "$(xrun "rootfs:$TREE" sh -c 'cd /; echo new >etc/new; rm -r home; echo more >>etc/passwd; chmod 700 usr; chown 5:6 etc; cat etc/new')" = new ]
	[ "$(state_of "$TREE")" = "$before" ]
	cd "$BATS_FILE_TMPDIR"
	[ "$(xrun --rm -w /etc rootfs:native pwd)" = /etc ]
	[ "$(xrun images -q | wc -l)" = "$(xrun images -q | grep -vc native)" ]
}

@test "its architecture is that of its programs" {
	[ "$(xrun "rootfs:$FOREIGN" uname -m)" = aarch64 ]
	[ "$(xrun --arch arm64 "rootfs:$FOREIGN" uname -m)" = aarch64 ]
	fails_with 125 "has programs for aarch64, not for riscv64" xrun --arch riscv64 "rootfs:$FOREIGN" true
	fails_with 125 "has programs of one architecture" xrun --arch arm64,riscv64 "rootfs:$FOREIGN" true
}

@test "what a container of it has written is there again when it is started, and in diff, cp and export" {
	xrun --name keeps "rootfs:$TREE" sh -c 'echo here >>/root/kept; rm /etc/group'
	xrun start keeps
	xrun wait keeps
	[ "$(xrun diff keeps | grep -cE '^(A /root/kept|D /etc/group)$')" = 2 ]
	xrun cp keeps:/root/kept "$BATS_TEST_TMPDIR/kept"
	[ "$(wc -l <"$BATS_TEST_TMPDIR/kept")" = 2 ]
	[ "$(xrun export keeps | tar -t | grep -cE '^(root/kept|etc/group|etc/passwd)$')" = 2 ]
	fails_with 125 "was made of a directory, not of an image" xrun commit keeps localhost/kept:1
	xrun rm keeps
}

@test "the container's root owns the files of who made the tree" {
	[ "$(xrun "rootfs:$TREE" stat -c %u:%g /etc/passwd)" = 0:0 ]
	local own=$BATS_TEST_TMPDIR/own
	cp -r "$TREE" "$own"
	if [ "$EUID" = 0 ]; then # ids of the container's already, as a tree has that another tool unpacked for them
		chown -Rh --reference="$STORE/layers" "$own"
	else
		cp -r "$TREE" "$own.sub"
		unshare --map-root-user --map-auto chown -Rh 7:8 "$own.sub/etc"
		[ "$(xrun "rootfs:$own.sub" sh -c 'stat -c %u:%g /etc/passwd; chown 9:9 /etc/passwd && echo changed')" = $'7:8\nchanged' ]
		unshare --map-root-user --map-auto chown -Rh 0:0 "$own.sub/etc"
	fi
	[ "$(xrun "rootfs:$own" sh -c 'stat -c %u:%g /etc/passwd; echo more >>/etc/passwd && echo written')" = $'0:0\nwritten' ]
}

@test "symlinks in a tree lead nowhere on the host" {
	local hostile=$BATS_TEST_TMPDIR/hostile name
	sentinel >"$BATS_TEST_TMPDIR/sentinel"
	cp -r "$TREE" "$hostile"
	for name in hosts resolv.conf hostname; do
		ln -sfn "$SENTINEL/file" "$hostile/etc/$name"
	done
	xrun -w /w/deep "rootfs:$hostile" sh -c 'echo mine >>/etc/hosts; true'
	for name in proc sys dev; do
		rm -rf "${hostile:?}/$name"
		ln -s "$SENTINEL" "$hostile/$name"
		fails_with 125 "/$name is not a directory" xrun "rootfs:$hostile" true
		rm "$hostile/$name"
		mkdir "$hostile/$name"
	done
	mv "$hostile/etc" "$hostile/other"
	ln -s "$SENTINEL" "$hostile/etc"
	xrun "rootfs:$hostile" true || true
	diff "$BATS_TEST_TMPDIR/sentinel" <(sentinel)
}

@test "what cannot be a tree, or cannot be done with one, is named" {
	fails_with 125 "rootfs:/nonesuch: No such file or directory" xrun rootfs:/nonesuch true
	fails_with 125 "Not a directory" xrun "rootfs:$TREE/etc/passwd" true
	fails_with 125 "which directory?" xrun rootfs: true
	fails_with 125 "names no program to run" xrun "rootfs:$TREE"
	fails_with 125 "never comes into the store" xrun pull "rootfs:$TREE"
	fails_with 125 "is for a program of yours" xrun --image x "rootfs:$TREE" true
	fails_with 125 "stay as they are" xrun --userns keep-id "rootfs:$TREE" true
	mkdir "$BATS_TEST_TMPDIR/gone"
	cp -r "$TREE/." "$BATS_TEST_TMPDIR/gone"
	xrun --name gone "rootfs:$BATS_TEST_TMPDIR/gone" true
	rm -rf "$BATS_TEST_TMPDIR/gone"
	fails_with 125 "No such file or directory" xrun start gone
	xrun rm gone
	fails_with 127 "nonesuch" xrun "rootfs:$TREE" nonesuch
}
