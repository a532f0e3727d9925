#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# full.bash PLACE MKFS-OPTION...: a store on a small ext4 on which no image has room: what is said, what is left, and what can be done
# without a byte. In a mount namespace of its own.
set -euo pipefail

place=$1
shift
truncate -s 24M "$place/small.img"
mkfs.ext4 -q -m 0 "$@" "$place/small.img"
mkdir "$place/mnt"
mount -o loop "$place/small.img" "$place/mnt"
x() { "$XRUN" --root "$place/mnt/store" "$@"; }

x pull -q "$PLAIN/test:empty"
x tag "$PLAIN/test:empty" localhost/other:1
said=$(x pull -q "$NATIVE" 2>&1) && exit 1
echo "$said"
[[ $said == "xrun: "*"No space left on device"* && $(wc -l <<<"$said") == 1 ]]
find "$place/mnt/store/staging" "$place/mnt/store/layers" -mindepth 1 -maxdepth 1 | grep -v partial && exit 1

# Now nothing at all.
cat /dev/zero >"$place/mnt/filling" 2>/dev/null || true
i=0
while : >"$place/mnt/file-$i"; do i=$((i + 1)); done 2>/dev/null
x images
x store verify --repair=false
x prune
x rmi localhost/other:1
x rmi "$PLAIN/test:empty"
[[ $(x images | wc -l) == 1 ]]
