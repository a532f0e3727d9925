#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# rootfs:DIR, a directory tree that is run where it is, or that an image is made of.

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
		fails_with 125 "/$name is not a directory but a link" xrun "rootfs:$hostile" true
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
	mkdir "$BATS_TEST_TMPDIR/bare"
	fails_with 127 "nothing: no such program in $BATS_TEST_TMPDIR/bare" xrun "rootfs:$BATS_TEST_TMPDIR/bare" nothing
	fails_with 125 "Not a directory" xrun "rootfs:$TREE/etc/passwd" true
	fails_with 125 "which directory?" xrun rootfs: true
	fails_with 125 "names no program to run" xrun "rootfs:$TREE"
	fails_with 125 "an image is made of it by xrun load" xrun pull "rootfs:$TREE"
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

# strange DIR: a tree with all that a layer can hold. Owners are for container ids, by whoever may give them.
strange() {
	local dir=$1
	cp -r "$TREE" "$dir"
	mkdir -m 750 "$dir/x"
	echo linked >"$dir/x/one"
	ln "$dir/x/one" "$dir/x/two"
	ln -s /etc/passwd "$dir/x/absolute"
	ln -s "$SENTINEL/file" "$dir/x/outside"
	ln -s ../../../../../.. "$dir/x/up"
	mkfifo "$dir/x/fifo"
	truncate -s 1M "$dir/x/hole"
	touch -d 2001-02-03T04:05:06Z "$dir/x/hole"
	touch "$dir/x/"$'odd\n\xff name' "$dir/x/set-id" "$dir/x/owned" "$dir/x/nobody"
	setfattr -n user.kept -v value "$dir/x/one"
	setfattr -n user.overlay.opaque -v y "$dir/x"
	python3 -c 'import socket, sys; socket.socket(socket.AF_UNIX).bind(sys.argv[1])' "$dir/x/socket"
	own "$dir/x" 'chown -h 7:8 owned; chown 65534:65534 nobody; chmod 4755 set-id; setcap cap_net_raw+ep one'
	[ "$EUID" != 0 ] || mknod "$dir/x/null" c 1 3
}

# own DIR COMMANDS: as who may give files to container ids.
own() {
	if [ "$EUID" = 0 ]; then (cd "$1" && sh -ec "$2"); else (cd "$1" && unshare --map-root-user --map-auto sh -ec "$2"); fi
}

# The layer of the image: what Python's reader says of each entry.
entries() {
	skopeo copy -q --src-tls-verify=false "docker://$1" "oci:$BATS_TEST_TMPDIR/layout:x"
	python3 - "$BATS_TEST_TMPDIR/layout/blobs/sha256" <<-'END'
		import glob, sys, tarfile
		for name in glob.glob(sys.argv[1] + "/*"):
		    if open(name, "rb").read(2) == b"\x1f\x8b":
		        for m in tarfile.open(name):
		            xattrs = sorted(k[13:] for k in m.pax_headers if k.startswith("SCHILY.xattr."))
		            print(ascii(m.name), m.type.decode(), oct(m.mode), f"{m.uid}:{m.gid}", m.size, m.linkname, *xattrs)
	END
}

@test "an image is made of a directory, with all that is in it, and nothing that links lead to (load rootfs:DIR NAME)" {
	local dir=$BATS_TEST_TMPDIR/strange before
	strange "$dir"
	before=$(state_of "$dir")
	sentinel >"$BATS_TEST_TMPDIR/sentinel"
	[ "$(xrun load "rootfs:$dir" localhost/strange:1 2>"$BATS_TEST_TMPDIR/said")" = "Loaded image: localhost/strange:1" ]
	grep -q "note: 1 sockets were left out" "$BATS_TEST_TMPDIR/said"
	[ "$(state_of "$dir")" = "$before" ]
	diff "$BATS_TEST_TMPDIR/sentinel" <(sentinel)
	[ "$(xrun images --format '{{.Platform}}' localhost/strange)" = "linux/$(debian_name "$HOST")" ]
	[ "$(xrun localhost/strange:1 sh -c 'cd /x; cat two; stat -c "%h %u:%g %a %Y" one owned nobody set-id hole; readlink absolute outside up; test -p fifo && ls -d odd*')" = "linked
2 0:0 644 $(stat -c %Y "$dir/x/one")
1 7:8 644 $(stat -c %Y "$dir/x/owned")
1 65534:65534 644 $(stat -c %Y "$dir/x/nobody")
1 0:0 4755 $(stat -c %Y "$dir/x/set-id")
1 0:0 644 981173106
/etc/passwd
$SENTINEL/file
../../../../../..
$(cd "$dir/x" && ls -d odd*)" ]
	xrun push -q localhost/strange:1 "$PLAIN/strange-$EUID:1"
	entries "$PLAIN/strange-$EUID:1" >"$BATS_TEST_TMPDIR/entries"
	cat "$BATS_TEST_TMPDIR/entries"
	grep -qx "'x' 5 0o750 0:0 0 " "$BATS_TEST_TMPDIR/entries"
	grep -qx "'x/one' 0 0o644 0:0 7  security.capability user.kept" "$BATS_TEST_TMPDIR/entries"
	grep -qx "'x/two' 1 0o644 0:0 0 x/one" "$BATS_TEST_TMPDIR/entries"
	grep -qx "'x/outside' 2 0o777 0:0 0 $SENTINEL/file" "$BATS_TEST_TMPDIR/entries"
	[ "$EUID" != 0 ] || grep -qx "'x/null' 3 0o644 0:0 0 " "$BATS_TEST_TMPDIR/entries"
	xrun rmi localhost/strange:1
	[ "$(xrun "$PLAIN/strange-$EUID:1" cat /x/one)" = linked ]
	xrun save -o "$BATS_TEST_TMPDIR/saved.tar" "$PLAIN/strange-$EUID:1"
	xrun rmi "$PLAIN/strange-$EUID:1"
	[ -z "$(find "$STORE/layers" -name owned)" ]
	xrun load -q -i "$BATS_TEST_TMPDIR/saved.tar"
	[ "$(xrun --pull never "$PLAIN/strange-$EUID:1" stat -c %u:%g /x/owned)" = 7:8 ]
	xrun rmi "$PLAIN/strange-$EUID:1"
}

@test "an image that is made of a directory is for what its programs are for, and says what --change says" {
	xrun load -q "rootfs:$FOREIGN" localhost/foreign
	[ "$(xrun --arch arm64 localhost/foreign uname -m)" = aarch64 ]
	fails_with 125 "has programs for aarch64, not for riscv64" xrun load --arch riscv64 "rootfs:$FOREIGN" localhost/x
	mkdir "$BATS_TEST_TMPDIR/data"
	echo data >"$BATS_TEST_TMPDIR/data/file"
	fails_with 125 "say it with --arch" xrun load "rootfs:$BATS_TEST_TMPDIR/data" localhost/data
	xrun load -q --platform linux/arm/v6 "rootfs:$BATS_TEST_TMPDIR/data" localhost/data
	[ "$(xrun images --format '{{.Platform}}' localhost/data)" = linux/arm/v6 ]
	fails_with 125 "localhost/foreign:latest is in the store already for linux/arm64" xrun load "rootfs:$FOREIGN" localhost/foreign
	xrun load -q --replace -c 'CMD ["sh", "-c", "echo $WORD"]' -c 'ENV WORD=said' "rootfs:$FOREIGN" localhost/foreign
	[ "$(xrun --arch arm64 localhost/foreign)" = said ]
	fails_with 125 "there are CMD, ENTRYPOINT" xrun load --replace -c 'CDM x' "rootfs:$FOREIGN" localhost/foreign
	[ "$(xrun --arch arm64 localhost/foreign)" = said ]
	xrun rmi localhost/foreign localhost/data
}

@test "what an image cannot be made of is named, and leaves nothing" {
	local dir=$BATS_TEST_TMPDIR/bad
	cp -r "$TREE" "$dir"
	touch "$dir/etc/.wh.gone"
	fails_with 125 'bad: /etc/.wh.gone: a layer cannot hold a name that begins with ".wh."' xrun load "rootfs:$dir" localhost/bad
	rm "$dir/etc/.wh.gone"
	truncate -s 65G "$dir/etc/hole"
	fails_with 125 "/etc/hole: with its 69793218560 bytes, holes included, the layer would have more than the 68719476736 that one may have" \
		timeout -s KILL 60 "$XRUN" --root "$STORE" load "rootfs:$dir" localhost/bad
	rm "$dir/etc/hole"
	if [ "$EUID" = 0 ]; then
		mknod "$dir/etc/gone" c 0 0
		fails_with 125 "/etc/gone is overlayfs' mark of a removed file" xrun load "rootfs:$dir" localhost/bad
		rm "$dir/etc/gone"
		chown 1234567 "$dir/etc/passwd"
		fails_with 125 "/etc/passwd belongs to a user whom the container does not have" xrun load "rootfs:$dir" localhost/bad
	else
		fails_with 125 "rootfs:/usr: it belongs to a user whom the container does not have" xrun load --arch "$HOST" rootfs:/usr localhost/bad
	fi
	fails_with 125 "rootfs:/nonesuch: No such file or directory" xrun load rootfs:/nonesuch localhost/bad
	fails_with 125 "Not a directory" xrun load "rootfs:$TREE/etc/passwd" localhost/bad
	fails_with 125 "what is the image to be called? xrun load rootfs:DIR NAME" xrun load "rootfs:$TREE"
	fails_with 125 "too many words" xrun load "rootfs:$TREE" a b
	fails_with 125 "one at a time" xrun load -i x "rootfs:$TREE" a
	fails_with 125 "--change is for rootfs:DIR" xrun load -i x -c 'CMD x'
	fails_with 125 "not an image name" xrun load "rootfs:$TREE" UPPER
	fails_with 125 "name it by a tag" xrun load "rootfs:$TREE" "a@sha256:$(printf '%064d' 0)"
	[ -z "$(xrun images -q localhost/bad)" ]
	[ -z "$(find "$STORE/staging" -mindepth 1)" ]
}

@test "what is mounted below a directory does not come along" {
	local dir=$BATS_TEST_TMPDIR/mounted
	cp -r "$TREE" "$dir"
	mkdir "$dir/place"
	# shellcheck disable=SC2016,SC2046 # the inner shell expands
	unshare $([ "$EUID" = 0 ] && echo --mount || echo --user --mount --map-root-user --map-auto) sh -ec '
		mount -t tmpfs none "$1/place"
		echo hidden >"$1/place/hidden"
		"$2" --root "$3" load -q "rootfs:$1" localhost/mounted
		"$2" --root "$3" run --network none localhost/mounted sh -c "ls -d /place; ls /place"
		"$2" --root "$3" rmi localhost/mounted' sh "$dir" "$XRUN" "$BATS_TEST_TMPDIR/store" >"$BATS_TEST_TMPDIR/out"
	[ "$(cat "$BATS_TEST_TMPDIR/out")" = "Loaded image: localhost/mounted:latest"$'\n/place' ]
}
