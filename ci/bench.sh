#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# bench.sh [pull] [start] [exec] [emulation] [engines] measures xrun and the peers that are installed side by side; `make bench` calls it for
# all five, `make bench-pull` and the like for one. ROUNDS=N (default 7; start: 30).
set -euo pipefail
cd "$(dirname "$0")/.."
ci/deps.sh build run demo bench
make --no-print-directory -j"$(nproc)" all >/dev/null

cache=${XRUN_TEST_CACHE:-${HOME:-/root}/.cache/xrun-tests}
xrun=$PWD/build/xrun
# shellcheck disable=SC2034 # the parts use it
measure=$PWD/tests/bench/measure.py
work=$(mktemp -d)
# shellcheck source=tests/registry/registry.sh
source tests/registry/registry.sh
# shellcheck source=tests/bench/peers.sh
source tests/bench/peers.sh

finish() {
	"$xrun" --root "$work/xrun" rmi --all >/dev/null 2>&1 || true
	if declare -F emulation_finish >/dev/null; then emulation_finish || true; fi
	registry_stop "$work/registry"
	peers_stop
	rm -rf "$work"
}
trap finish EXIT

tests/images/all.sh "$cache/images-2"
registry_start "$work/registry"
host=127.0.0.1:$registry_port
native=$(dpkg --print-architecture)
for tag in "$native" arm64; do
	skopeo copy -q --dest-tls-verify=false "oci:$cache/images-2:$tag" "docker://$host/test:$tag"
done
peers_start
peers_missing
(($#)) || set -- pull start exec emulation engines
for part in "$@"; do
	rounds=${ROUNDS:-$([[ $part == start ]] && echo 30 || echo 7)}
	echo
	echo "$part: $(nproc) processors, Linux $(uname -r), as $(id -un); medians of $rounds rounds"
	# shellcheck source=/dev/null
	source "tests/bench/$part.sh"
done
