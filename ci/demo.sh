#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# demo.sh: a program of another architecture, from an image out of a real registry, in a container; `make demo` calls it.
# IMAGE=debian:12 runs that image instead of one made here; ARCH=s390x another architecture than aarch64.
set -euo pipefail
cd "$(dirname "$0")/.."

ci/deps.sh build run demo
make --no-print-directory -j"$(nproc)" all

work=$(mktemp -d)
store=$work/store
image=${IMAGE:-}
arch=${ARCH:-aarch64}
tell='s=""; [ ! -r /etc/os-release ] || s="$(. /etc/os-release; echo "$PRETTY_NAME, ")"
	echo "${s}$(uname -m): process $$, user $(id -u), host name $(uname -n), network: $(cd /sys/class/net; echo *)"'

finish() {
	build/xrun --root "$store" rmi --all >/dev/null 2>&1 || true
	[[ ! -e $work/registry/pid ]] || registry_stop "$work/registry"
	rm -rf "$work"
}
trap finish EXIT

# A small Debian root of arm64 packages, pushed into a docker-registry of ours.
serve_image() {
	local cache=${XRUN_TEST_CACHE:-${HOME:-/root}/.cache/xrun-tests}
	if [[ ! -e $cache/demo/index.json ]]; then
		echo "Making a small arm64 image out of Debian's packages"
		mkdir -p "$cache"
		tests/images/rootfs.sh arm64 "$work/root" >"$work/log" 2>&1 || { cat "$work/log" >&2; exit 1; }
		tests/images/mkimage.py "$work/layout" demo --arch arm64 --variant v8 --layer "$work/root" --cmd '["sh"]'
		rm -rf "$cache/demo"
		mv "$work/layout" "$cache/demo"
	fi
	registry_start "$work/registry"
	skopeo copy -q --dest-tls-verify=false "oci:$cache/demo:demo" "docker://127.0.0.1:$registry_port/demo"
	image=127.0.0.1:$registry_port/demo
	echo "It is served by a docker-registry at 127.0.0.1:$registry_port"
}

show() {
	echo
	echo "\$ xrun $*"
	build/xrun --root "$store" "$@"
}

# shellcheck source=tests/registry/registry.sh
source tests/registry/registry.sh
[[ -n $image ]] || serve_image
echo "This machine is $(uname -m)."
show --arch "$arch" "$image" uname -m
show --arch "$arch" -v "$PWD:/src" -w /src "$image" sha256sum Makefile
echo
echo "\$ xrun --arch $arch $image sh -c '...'    # what the container is"
build/xrun --root "$store" --arch "$arch" "$image" sh -c "$tell"
