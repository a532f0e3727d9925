#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# bench.sh measures xrun and the peers that are installed side by side; `make bench` calls it. ROUNDS=N (default 7).
set -euo pipefail
cd "$(dirname "$0")/.."
ci/deps.sh build run demo bench
make --no-print-directory -j"$(nproc)" all >/dev/null

rounds=${ROUNDS:-7}
cache=${XRUN_TEST_CACHE:-${HOME:-/root}/.cache/xrun-tests}
xrun=$PWD/build/xrun
measure=$PWD/tests/bench/measure.py
work=$(mktemp -d)

finish() {
	"$xrun" --root "$work/xrun" rmi --all >/dev/null 2>&1 || true
	registry_stop "$work/registry"
	if command -v podman >/dev/null; then "${podman[@]}" system reset --force >/dev/null 2>&1 || true; fi
	rm -rf "$work"
}
# shellcheck source=tests/registry/registry.sh
source tests/registry/registry.sh
podman=(podman --root "$work/podman" --runroot "$work/podman-run" --cgroup-manager=cgroupfs --events-backend=none)
trap finish EXIT

tests/images/all.sh "$cache/images-2"
tests/images/devimage.sh "$cache/dev" >"$work/log" 2>&1 || { cat "$work/log" >&2; exit 1; }
registry_start "$work/registry"
host=127.0.0.1:$registry_port
native=$(dpkg --print-architecture)
skopeo copy -q --dest-tls-verify=false "oci:$cache/dev:dev" "docker://$host/dev:1"
for tag in "$native" arm64; do
	skopeo copy -q --dest-tls-verify=false "oci:$cache/images-2:$tag" "docker://$host/test:$tag"
done

echo "$(nproc) processors, Linux $(uname -r), as $(id -un); medians of $rounds rounds"
# shellcheck source=tests/bench/pull.sh
source tests/bench/pull.sh
# shellcheck source=tests/bench/start.sh
source tests/bench/start.sh
