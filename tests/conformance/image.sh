#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# image.sh LAYOUT ARCH compiles payload.c for an architecture of the list beside it, and makes the image LAYOUT:ARCH of it: /payload, and
# the same once more as a set-uid program.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
layout=$1 arch=$2
line=$(grep "^$arch"$'\t' "$here/architectures") || { echo "image.sh: $here/architectures has no $arch" >&2; exit 1; }
IFS=$'\t' read -r _ platform compiler flags <<<"$line"
compile=$compiler-gcc
[[ $compiler != "$(gcc -dumpmachine)" ]] || compile=gcc
layer=$(mktemp -d)
trap 'rm -rf "$layer"' EXIT
chmod 755 "$layer"
mkdir "$layer/tmp"
# shellcheck disable=SC2086 # words are meant
"$compile" -O1 -D_GNU_SOURCE -Wall -Wextra -static -pthread $flags -o "$layer/payload" "$here/payload.c"
cp "$layer/payload" "$layer/setuid"
chmod 4755 "$layer/setuid"
variant=()
[[ $platform != *:* ]] || variant=(--variant "${platform#*:}")
"$here/../images/mkimage.py" "$layout" "$arch" --arch "${platform%:*}" "${variant[@]}" --layer "$layer" --cmd '["/payload"]'
