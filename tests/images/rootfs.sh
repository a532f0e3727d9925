#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# rootfs.sh ARCH DIR makes a small Debian root of any of Debian's architectures out of Debian's own packages:
# dash, coreutils, sed, ps, and /usr/bin/suid-id, a set-uid-root copy of id.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
arch=$1 dir=$2
suites=bookworm
[[ $arch != riscv64 ]] || suites=trixie,forky,sid # trixie is the first release that has it
[[ $arch != loong64 ]] || suites=forky,sid         # and forky will be for this one
mkdir -p "$dir"/{proc,sys,dev,tmp,root,etc,run,usr/bin,usr/sbin,usr/lib,home/app}
ln -sfn usr/bin "$dir/bin"
ln -sfn usr/sbin "$dir/sbin"
ln -sfn usr/lib "$dir/lib"
case $arch in # where the ABI wants its dynamic loader
amd64 | mips64el | ppc64el | loong64) mkdir -p "$dir/usr/lib64" && ln -sfn usr/lib64 "$dir/lib64" ;;
esac
packages=(dash coreutils sed procps libc6 libgcc-s1 libselinux1 libpcre2-8-0 libacl1 libattr1 libgmp10
	'libproc2-0|libproc2-1' libncursesw6 libtinfo6 libsystemd0 libcap2 libzstd1)
if [[ $arch == riscv64 || $arch == loong64 ]]; then
	packages+=(libssl3t64 zlib1g)
else
	packages+=(gcc-12-base libgcrypt20 libgpg-error0 liblz4-1 liblzma5)
fi
"$here/debs.sh" "$arch" "$suites" "$dir" "${packages[@]}"
ln -sfn dash "$dir/usr/bin/sh"
rm -rf "$dir"/usr/share/{doc,man,locale,info}
printf 'root:x:0:0:root:/root:/bin/sh\napp:x:1000:1000::/home/app:/bin/sh\n' >"$dir/etc/passwd"
printf 'root:x:0:\napp:x:1000:\nstaff:x:50:app\n' >"$dir/etc/group"
cp "$dir/usr/bin/id" "$dir/usr/bin/suid-id"
chmod 4755 "$dir/usr/bin/suid-id"
chmod 1777 "$dir/tmp"
