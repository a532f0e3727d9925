#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# fresh.sh [TARGET...] makes a Debian 12 with git and make and nothing else, clones this repository's last commit into
# it, and runs `make TARGET` there: demo and check if none is named. For root: it mounts, and changes the root of a
# mount namespace. The Debian is made anew only when the cached one is gone.
set -euo pipefail
cd "$(dirname "$0")/.."
((EUID == 0)) || { echo "fresh.sh: only root can do this" >&2; exit 1; }
ci/deps.sh fresh

targets=("$@")
((${#targets[@]})) || targets=(demo check)
cache=${XRUN_TEST_CACHE:-${HOME:-/root}/.cache/xrun-tests}
work=$(mktemp -d)
trap 'rm -rf --one-file-system "$work"' EXIT

tests/images/debian.sh "$cache/debian-bookworm.tar"
mkdir "$work/root"
tar -xf "$cache/debian-bookworm.tar" -C "$work/root"
git clone -q --bare . "$work/root/root/xrun.git"
cp -L /etc/resolv.conf "$work/root/etc/resolv.conf"

cat >"$work/root/root/enter" <<'END'
#!/bin/bash -e
# pivot_root, not chroot: the kernel makes no user namespaces for a process in a chroot.
root=$1
shift
mount --bind "$root" "$root"
for dir in proc sys dev; do mount --rbind "/$dir" "$root/$dir"; done
mount -t tmpfs none "$root/tmp"
cd "$root"
pivot_root . mnt
umount -l /mnt
exec env -i HOME=/root PATH=/usr/sbin:/usr/bin:/sbin:/bin CI="${CI:-}" bash -ec '
	git clone -q /root/xrun.git /root/xrun
	cd /root/xrun
	for target; do make "$target"; done' - "$@"
END
unshare --mount --propagation private bash "$work/root/root/enter" "$work/root" "${targets[@]}"
