#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# conformance.sh: what a container is on one architecture, it is on every other; `make conformance` calls it. As root, it is
# tried as an ordinary user as well. ARCHES=aarch64,s390x tries only those. The tables are left in build/conformance/.
set -uo pipefail
cd "$(dirname "$0")/.." || exit 1
ci/deps.sh build run test conformance || exit 1
make -j"$(nproc)" all || exit 1
here=$PWD
work=$(mktemp -d /tmp/xrun-conformance.XXXXXX)
chmod 755 "$work"
cp -r build/xrun build/xrun-fetch tests "$work/"
mkdir -p build/conformance "$work/root" "$work/user" "$work/layout"
# shellcheck source=tests/registry/registry.sh
source tests/registry/registry.sh
# shellcheck disable=SC2317 # the trap calls it
finish() {
	registry_stop "$work/registry"
	for who in root user; do as "$who" "$work/xrun" --root "$work/$who/store" rmi --all 2>/dev/null; done
	[[ -z ${made_user:-} ]] || userdel xrun-conformance
	rm -rf "$work"
}
trap finish EXIT

as() {
	if [[ $1 == user && $EUID == 0 ]]; then
		shift
		setpriv --reuid xrun-conformance --regid xrun-conformance --init-groups env HOME="$work/user" "$@"
	else
		shift
		"$@"
	fi
}

whos=(user)
if ((EUID == 0)); then
	whos=(root user)
	id xrun-conformance >/dev/null 2>&1 || { useradd -M -d "$work/user" xrun-conformance && made_user=1; }
	grep -q '^xrun-conformance:' /etc/subuid || usermod --add-subuids 400000-465535 --add-subgids 400000-465535 xrun-conformance
	chown xrun-conformance: "$work/user"
fi

# One image an architecture: /payload, and the same once more as a set-uid program.
native=$(gcc -dumpmachine)
registry_start "$work/registry" plain || exit 1
while IFS=$'\t' read -r arch platform compiler flags; do
	[[ $arch != '#'* && (-z ${ARCHES:-} || ,$ARCHES, == *,$arch,* || $arch == "$(uname -m)") ]] || continue
	compile=$compiler-gcc
	[[ $compiler != "$native" ]] || compile=gcc
	rm -rf "$work/layer"
	mkdir -p "$work/layer/tmp"
	# shellcheck disable=SC2086 # words are meant
	"$compile" -O1 -D_GNU_SOURCE -Wall -Wextra -static -pthread $flags -o "$work/layer/payload" tests/conformance/payload.c || exit 1
	cp "$work/layer/payload" "$work/layer/setuid"
	chmod 4755 "$work/layer/setuid"
	variant=()
	[[ $platform != *:* ]] || variant=(--variant "${platform#*:}")
	tests/images/mkimage.py "$work/layout" "$arch" --arch "${platform%:*}" "${variant[@]}" --layer "$work/layer" --cmd '["/payload"]' || exit 1
	skopeo copy -q --all --dest-tls-verify=false "oci:$work/layout:$arch" "docker://127.0.0.1:$registry_port/conformance:$arch" || exit 1
	for who in "${whos[@]}"; do
		as "$who" "$work/xrun" --root "$work/$who/store" pull -q --arch "$arch" "127.0.0.1:$registry_port/conformance:$arch" || exit 1
	done
done <tests/conformance/architectures

status=0
for who in "${whos[@]}"; do
	echo "as $who:"
	(cd "$work" && as "$who" env ARCHES="${ARCHES:+$(uname -m),$ARCHES}" python3 "$work/tests/conformance/conformance.py" "$work/xrun" \
		"$work/$who/store" "127.0.0.1:$registry_port" "$work/$who/table") || status=1
	cp "$work/$who/table" "$here/build/conformance/$who.tsv"
done
exit "$status"
