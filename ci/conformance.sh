#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# conformance.sh: what a container is on one architecture, it is on every other; `make conformance` calls it. As root, it is
# tried as an ordinary user as well. ARCHES=aarch64,s390x tries only those. The tables are left in build/conformance/.
set -uo pipefail
cd "$(dirname "$0")/.." || exit 1
ci/deps.sh build run test conformance || exit 1
make -j"$(nproc)" all || exit 1
# shellcheck source=tests/both.sh
source tests/both.sh
both_start conformance || exit 1
mkdir -p build/conformance

while IFS=$'\t' read -r arch _; do
	[[ $arch != '#'* && (-z ${ARCHES:-} || ,$ARCHES, == *,$arch,* || $arch == "$(uname -m)") ]] || continue
	tests/conformance/image.sh "$both_work/layout" "$arch" || exit 1
	skopeo copy -q --all --dest-tls-verify=false "oci:$both_work/layout:$arch" "docker://$both_registry/conformance:$arch" || exit 1
	for who in $both_whos; do
		both_xrun "$who" pull -q --arch "$arch" "$both_registry/conformance:$arch" || exit 1
	done
done <tests/conformance/architectures

status=0
for who in $both_whos; do
	echo "as $who:"
	(cd "$both_work" && both_as "$who" env ARCHES="${ARCHES:+$(uname -m),$ARCHES}" python3 tests/conformance/conformance.py build/xrun \
		"$both_work/$who/store" "$both_registry" "$both_work/$who/table") || status=1
	cp "$both_work/$who/table" "build/conformance/$who.tsv"
done
exit "$status"
