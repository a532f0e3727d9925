#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# all.sh LAYOUT makes the images that the tests run: one small Debian root for each architecture (tags are Debian's
# architecture names), an index "multi" over two of them, and the layer fixtures, which are this machine's, or NATIVE's. What is there
# already is kept.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
layout=$1
oci_arch() {
	case $1 in
	armhf) echo arm --variant v7 ;;
	arm64) echo arm64 --variant v8 ;;
	i386) echo 386 ;;
	ppc64el) echo ppc64le ;;
	*) echo "$1" ;;
	esac
}
native=${NATIVE:-$(dpkg --print-architecture)}
[[ ! -e $layout/complete ]] || exit 0
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir -p "$layout"
for arch in amd64 arm64 armhf riscv64 s390x ppc64el i386; do
	echo "making the $arch image" >&2
	"$here/rootfs.sh" "$arch" "$work/$arch" >"$work/log" 2>&1 || { cat "$work/log" >&2; exit 1; }
	# shellcheck disable=SC2046 # several words are meant
	"$here/mkimage.py" "$layout" "$arch" --arch $(oci_arch "$arch") --layer "$work/$arch" --cmd '["sh"]'
	[[ $arch == "$native" ]] || rm -rf "${work:?}/$arch"
done
"$here/mkimage.py" "$layout" multi --index amd64 armhf
mkdir "$work/empty"
"$here/mkimage.py" "$layout" config --arch "$native" --layer "$work/$native" --layer "$work/empty" --layer "$work/empty" \
	--entrypoint '["echo", "entry"]' --cmd '["cmd"]' --env GREETING=hello --env QEMU_LOG=all --user app --workdir /work/dir
"$here/mkimage.py" "$layout" empty --arch "$native" --cmd '["true"]'
"$here/fixture.py" "$work"
for compression in none gzip zstd; do
	"$here/mkimage.py" "$layout" "layers-$compression" --arch "$native" --compress "$compression" \
		--layer "$work/lower.tar" --layer "$work/upper.tar" --layer "$work/last.tar"
done
many=()
for i in {1..100}; do
	mkdir -p "$work/many/$i"
	echo "$i" >"$work/many/$i/file-$i"
	many+=(--layer "$work/many/$i")
done
"$here/mkimage.py" "$layout" many --arch "$native" --layer "$work/$native" "${many[@]}"
touch "$layout/complete"
