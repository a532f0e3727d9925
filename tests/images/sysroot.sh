#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# sysroot.sh ARCH prints the directory with the headers and libraries for which xrun is compiled for a machine of another
# architecture, Debian 12's; it makes it unless it is there.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
dir=${XRUN_TEST_CACHE:-${HOME:-/root}/.cache/xrun-tests}/sysroot-$1
if [[ ! -e $dir/complete ]]; then
	rm -rf "$dir"
	"$here/skeleton.sh" "$dir"
	DEPENDENCIES=1 "$here/debs.sh" "$1" bookworm "$dir" libc6-dev libcurl4-openssl-dev libjansson-dev libarchive-dev libisal-dev \
		libzstd-dev libssl-dev >&2
	touch "$dir/complete"
fi
echo "$dir"
