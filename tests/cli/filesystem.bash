#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# filesystem.bash TYPE PLACE: a store on a new file system of that type, root's and a user's, and everything that asks something of
# a file system. In a mount namespace of its own: nothing stays mounted. PLACE is a directory for it and for reference stores.
set -euo pipefail

type=$1 place=$2
mnt=$place/mnt
mkdir -p "$mnt"

mount_new() {
	local options=loop
	case $type in
	tmpfs)
		mount -t tmpfs -o mode=755 tmpfs "$mnt"
		return
		;;
	ext4) mkfs=(mkfs.ext4 -q) ;;
	xfs) mkfs=(mkfs.xfs -q) ;;
	btrfs) mkfs=(mkfs.btrfs -q) ;;
	esac
	truncate -s 600M "$place/$type.img"
	"${mkfs[@]}" "$place/$type.img" >&2
	mount -o "$options" "$place/$type.img" "$mnt"
}

# as_root or as_user COMMAND..., x: xrun with who's store.
as_root() { "$@"; }
as_user() { setpriv --reuid xrun-test --regid xrun-test --init-groups env HOME="$place/home" TMPDIR="$place/home" "$@"; }
x() { "as_$who" "$XRUN" --root "$store" "$@"; }

# Every layer of a store, with what overlayfs is to read of it. Times of now and numbers by chance are not compared.
layers() {
	local layer
	for layer in "$1"/layers/*; do
		echo "${layer##*/}"
		# shellcheck disable=SC2153 # of the environment
		python3 "$PLACE/tests/treedump.py" --overlay "$layer" | sed 's/ @1[7-9][0-9]\{17\}/ @now/; s/ user.overlay.uuid=[0-9a-f]*//'
	done
}

# Layers are the same as elsewhere: whiteouts, opaque directories, hard links, attributes, owners, times.
same_layers() {
	local reference=$place/reference-$who
	[[ -d $reference ]] || "as_$who" "$XRUN" --root "$reference" pull -q "$PLAIN/test:layers-gzip"
	x pull -q "$PLAIN/test:layers-gzip"
	diff <(layers "$reference") <(layers "$store")
}

# What is removed and made anew, renamed, linked and owned by another in a container, and then an image.
changed_and_committed() {
	x pull -q "$NATIVE"
	x run --name work "$NATIVE" sh -c 'set -e; rm /etc/passwd; rm -r /etc/init.d; mkdir /etc/init.d; echo new >/etc/init.d/new
		ln /etc/group /etc/group-too; mv /usr/lib/os-release /usr/os 2>/dev/null || true; chown 12:13 /etc/group; mkfifo /pipe; ln -s a /link'
	x start work >/dev/null
	x wait work >/dev/null || true
	x commit work localhost/made:1 >/dev/null
	x rm work >/dev/null
	[[ $(x run --pull never localhost/made:1 sh -c 'ls /etc/init.d; stat -c "%h %u:%g" /etc/group; [ -p /pipe ] && [ -L /link ] && [ ! -e /etc/passwd ] && echo right') == $'new\n2 12:13\nright' ]]
}

kept_ids() {
	[[ $(x run --userns keep-id "$NATIVE" sh -c 'id -u; stat -c %u /etc/passwd') == "$(id -u xrun-test)"$'\n0' ]]
}

# A foreign program needs a copy of its emulator in the store.
foreign() {
	x pull -q --arch arm64 "$PLAIN/test:arm64"
	[[ $(x run --arch arm64 "$PLAIN/test:arm64" uname -m) == aarch64 ]]
}

all_goes() {
	x store verify --repair=false
	x rmi --all >/dev/null
	x prune >/dev/null
	[[ -z $(find "$store/layers" "$store/blobs/sha256" "$store/staging" -mindepth 1) ]]
}

mount_new
mkdir -p "$place/home"
chown xrun-test: "$place" "$place/home"
for who in root user; do
	store=$mnt/$who
	mkdir "$store"
	[[ $who == root ]] || chown xrun-test: "$store"
	same_layers
	changed_and_committed
	[[ $who == root ]] || kept_ids
	foreign
	all_goes
	echo "$type: $who"
done
