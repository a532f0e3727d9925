#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# systemd.sh LAYOUT makes an image with Debian's systemd, of the machine's own architecture (tag systemd) and of arm64 (tag systemd-arm64).
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
layout=$1
[[ ! -e $layout/complete ]] || exit 0
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir -p "$layout"
native=$(dpkg --print-architecture)
for tag in systemd systemd-arm64; do
	arch=${tag#systemd} arch=${arch#-}
	arch=${arch:-$native}
	echo "making the image $tag" >&2
	{
		rm -rf "${work:?}/$arch"
		"$here/rootfs.sh" "$arch" "$work/$arch" &&
			DEPENDENCIES=1 "$here/debs.sh" "$arch" bookworm "$work/$arch" systemd systemd-sysv
	} >"$work/log" 2>&1 || { cat "$work/log" >&2; exit 1; }
	# What the packages' scripts would have done.
	echo uninitialized >"$work/$arch/etc/machine-id"
	ln -sf /dev/null "$work/$arch/etc/systemd/system/systemd-firstboot.service"
	rm -rf "$work/$arch"/usr/share/{doc,man,locale,info}
	"$here/mkimage.py" "$layout" "$tag" --arch "$arch" --layer "$work/$arch" --cmd '["/sbin/init"]'
done
touch "$layout/complete"
