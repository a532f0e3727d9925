#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# packages.sh LAYOUT makes the images in which dpkg and apt work, for two architectures; the tag is
# Debian's name of one. They hold a repository, /repository, with packages whose files belong to others than root.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
layout=$1
[[ ! -e $layout/complete ]] || exit 0
cache=${XRUN_TEST_CACHE:-${HOME:-/root}/.cache/xrun-tests}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

tools=(libc-bin dpkg tar bash diffutils findutils grep debconf perl-base apt libapt-pkg6.0 libbz2-1.0 zlib1g libmd0 libstdc++6 gcc-12-base
	libxxhash0 libseccomp2 libudev1 libgnutls30 libp11-kit0 libidn2-0 libunistring2 libtasn1-6 libnettle8 libhogweed6
	libffi8 libcrypt1 libgcrypt20 liblz4-1)
offered=(libutempter0 at libfl2)

# index DIR: writes the repository's list of packages.
index() {
	local file
	for file in "$1"/*.deb; do
		dpkg-deb --field "$file"
		printf 'Filename: ./%s\nSize: %s\nSHA256: %s\n\n' "${file##*/}" "$(stat -c %s "$file")" "$(sha256sum "$file" | cut -d' ' -f1)"
	done >"$1/Packages"
}

# make_root ARCH DIR
make_root() {
	local arch=$1 dir=$2 package
	"$here/rootfs.sh" "$arch" "$dir"
	"$here/debs.sh" "$arch" bookworm "$dir" "${tools[@]}"
	"$here/debs.sh" "$arch" bookworm "$work/unused" "${offered[@]}"
	mkdir -p "$dir"/repository "$dir"/var/lib/dpkg/{info,updates,triggers} "$dir"/var/lib/apt/lists/partial \
		"$dir"/var/cache/apt/archives/partial "$dir"/etc/apt/apt.conf.d
	for package in "${offered[@]}"; do
		cp "$cache/apt-bookworm-$arch/archives/${package}"_*.deb "$dir/repository/"
	done
	index "$dir/repository"
	dpkg-deb --field "$cache/apt-bookworm-$arch"/archives/libc6_*.deb Package Version Architecture Multi-Arch Maintainer Description |
		sed '/^Package:/aStatus: install ok installed' >"$dir/var/lib/dpkg/status" # without it apt would want to install it
	echo "deb [trusted=yes] copy:/repository ./" >"$dir/etc/apt/sources.list"
	printf '_apt:x:42:65534::/nonexistent:/usr/sbin/nologin\ndaemon:x:1:1::/:/usr/sbin/nologin\n' >>"$dir/etc/passwd"
	printf 'utmp:x:43:\ndaemon:x:1:\nnogroup:x:65534:\n' >>"$dir/etc/group"
}

mkdir -p "$layout"
for arch in amd64 arm64; do
	echo "making the $arch image with dpkg" >&2
	make_root "$arch" "$work/$arch" >"$work/log" 2>&1 || { cat "$work/log" >&2; exit 1; }
	"$here/mkimage.py" "$layout" "$arch" --arch "$arch" --layer "$work/$arch" --cmd '["sh"]'
done
touch "$layout/complete"
