#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# power.sh lets the power fail while the store is changed, on a disk that can say what it had written by then; `make check-power`
# calls it. STEP=60 tries one of 60 of the disk's writes and flushes; TYPES="ext4 xfs btrfs" are the file systems. As root, with
# /dev/fuse and loop devices. Some five minutes for each file system.
set -uo pipefail
cd "$(dirname "$0")/.." || exit 1
((EUID == 0)) || { echo "power.sh: only root can make file systems and mount them" >&2; exit 1; }
[[ -c /dev/fuse ]] || { echo "power.sh: there is no /dev/fuse, by which the disk's writes are seen" >&2; exit 1; }
ci/deps.sh build run test power || exit 1
make --no-print-directory -j"$(nproc)" all || exit 1
# shellcheck source=tests/registry/registry.sh
source tests/registry/registry.sh
work=$(mktemp -d)
chmod 755 "$work" # xrun-fetch runs as another user, and is to find noflush.so
trap 'registry_stop "$work/registry"; rm -rf "$work"' EXIT
cache=${XRUN_TEST_CACHE:-${HOME:-/root}/.cache/xrun-tests}
XRUN_TEST_CACHE=$cache tests/images/all.sh "$cache/images-2" || exit 1
registry_start "$work/registry" plain || exit 1
skopeo copy -q --dest-tls-verify=false "oci:$cache/images-2:layers-gzip" "docker://127.0.0.1:$registry_port/power:small" || exit 1
skopeo copy -q --dest-tls-verify=false "oci:$cache/images-2:$(dpkg --print-architecture)" "docker://127.0.0.1:$registry_port/power:large" || exit 1
mkdir "$work/place"
status=0
for type in ${TYPES:-ext4 xfs btrfs}; do
	unshare --mount python3 tests/sweep/power.py "$PWD/build/xrun" "$work/place" "127.0.0.1:$registry_port" "$type" "${STEP:-60}" || status=1
done
exit "$status"
