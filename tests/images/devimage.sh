#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# devimage.sh LAYOUT makes the arm64 development image that the benchmarks pull: compilers, headers, git, python, perl,
# in one layer of gzip. What is there already is kept.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
layout=$1
[[ ! -e $layout/index.json ]] || exit 0
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
"$here/rootfs.sh" arm64 "$work/root"
"$here/debs.sh" arm64 bookworm "$work/root" gcc-12 g++-12 cpp-12 libgcc-12-dev libstdc++-12-dev libc6-dev \
	linux-libc-dev libcc1-0 libasan8 libtsan2 liblsan0 libubsan1 libgomp1 libisl23 libmpc3 libmpfr6 binutils-aarch64-linux-gnu \
	libbinutils libstdc++6 make gdb clang-14 libclang-cpp14 libllvm14 libclang-common-14-dev libclang1-14 git perl-base \
	perl-modules-5.36 libperl5.36 python3.11 libpython3.11-stdlib libpython3.11-minimal python3.11-minimal cmake cmake-data \
	manpages-dev libssl-dev libssl3 tzdata
"$here/mkimage.py" "$work/layout" dev --arch arm64 --variant v8 --layer "$work/root" --cmd '["sh"]'
mkdir -p "$(dirname "$layout")"
mv "$work/layout" "$layout"
