#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# benchimages.sh DEV-LAYOUT LAYOUT makes the images that the pulls are measured with beside the development image: layers (it in
# twelve layers), update (the same with another last one), bare (layers without the directories that lead to their files), small
# (60,000 files), zstd. What is there already is kept.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
dev=$1 layout=$2
[[ ! -e $layout/index.json ]] || exit 0
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
"$here/benchimages.py" "$dev" "$work"
make_image() {
	local tag=$1
	shift
	"$here/mkimage.py" "$work/layout" "$tag" --arch arm64 --variant v8 --cmd '["sh"]' "$@"
}
parts=()
for n in {00..10}; do parts+=(--layer "$work/part-$n.tar"); done
make_image layers "${parts[@]}" --layer "$work/part-11.tar"
make_image update "${parts[@]}" --layer "$work/part-11-new.tar"
bare=()
for n in {00..11}; do bare+=(--layer "$work/bare-$n.tar"); done
make_image bare "${bare[@]}"
make_image small --layer "$work/small.tar"
umoci unpack --rootless --image "$dev:dev" "$work/bundle" >/dev/null
make_image zstd --compress zstd --layer "$work/bundle/rootfs"
mv "$work/layout" "$layout"
