#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# debian.sh FILE.tar makes a Debian 12 with git and make and nothing else, unless the file is there. For root.
set -euo pipefail
[[ ! -e $1 ]] || exit 0
work=$(mktemp -d)
trap 'rm -rf --one-file-system "$work"' EXIT
debootstrap --variant=minbase --include=git,make bookworm "$work/root"
rm -rf "$work"/root/var/cache/apt/archives/*.deb
mkdir -p "$(dirname "$1")"
tar -cf "$1.new" -C "$work/root" .
mv "$1.new" "$1"
