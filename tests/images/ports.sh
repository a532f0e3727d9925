#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# ports.sh LAYOUT makes images of the architectures that all.sh leaves out: Debian roots of those that Debian has
# (tags are Debian's names), and for the others, and loongarch64 once more, images with nothing but the program of tiny.py as /machine (tags are
# xrun's names). What is there already is kept.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
layout=$1
[[ ! -e $layout/complete ]] || exit 0
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir -p "$layout"
for arch in armel mips64el mipsel loong64; do
	echo "making the $arch image" >&2
	"$here/rootfs.sh" "$arch" "$work/$arch" >"$work/log" 2>&1 || { cat "$work/log" >&2; exit 1; }
	case $arch in
	armel) oci=(arm --variant v5) ;;
	loong64) oci=(loong64) ;;
	*) oci=("${arch%el}le") ;;
	esac
	"$here/mkimage.py" "$layout" "$arch" --arch "${oci[@]}" --layer "$work/$arch" --cmd '["sh"]'
	[[ $arch != armel ]] || "$here/mkimage.py" "$layout" armv6 --arch arm --variant v6 --layer "$work/$arch" --cmd '["sh"]'
	rm -rf "${work:?}/$arch"
done
for arch in loongarch64 ppc64 mips64 mips; do
	mkdir "$work/$arch"
	"$here/tiny.py" "$arch" "$work/$arch/machine"
	"$here/mkimage.py" "$layout" "$arch" --arch "${arch/loongarch64/loong64}" --layer "$work/$arch" --cmd '["/machine"]'
done
touch "$layout/complete"
