#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# emulator.sh TARGET FILE gets qemu-TARGET of the Debian release after this one into FILE, where it is not there yet: for guests that
# need what this release's has not.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
target=$1 file=$2
[[ ! -e $file ]] || exit 0
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
echo "getting a newer qemu-$target" >&2
"$here/debs.sh" "$(dpkg --print-architecture)" trixie,forky "$work" qemu-user >"$work/log" 2>&1 || { cat "$work/log" >&2; exit 1; }
install -m 755 "$work/usr/bin/qemu-$target" "$file.new"
mv "$file.new" "$file"
