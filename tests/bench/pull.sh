# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# pull.sh: from a registry on loopback to an unpacked tree. Sourced by ci/bench.sh.
: "${work:?}" "${rounds:?}" "${measure:?}" "${xrun:?}" "${host:?}" "${cache:?}" "${podman[@]:?}"

layer=$(skopeo inspect --raw --tls-verify=false "docker://$host/dev:1" |
	python3 -c 'import json, sys; print(json.load(sys.stdin)["layers"][0]["digest"])')
echo
echo "Pull and unpack an arm64 development image of $(($(stat -c %s "$cache/dev/blobs/sha256/${layer#*:}") / 1000000)) MB, one layer of gzip"
entries=("xrun pull" "$xrun --root $work/xrun rmi --all; rm -rf $work/xrun" "$xrun --root $work/xrun pull -q --arch aarch64 $host/dev:1")
if command -v podman >/dev/null; then
	entries+=("podman pull" "${podman[*]} rmi -af; ${podman[*]} system prune -f"
		"${podman[*]} pull -q --arch arm64 --tls-verify=false $host/dev:1")
fi
entries+=("skopeo copy; umoci unpack" "rm -rf $work/umoci"
	"mkdir $work/umoci; skopeo copy -q --src-tls-verify=false docker://$host/dev:1 oci:$work/umoci/oci:dev
	umoci unpack $([[ $EUID == 0 ]] || echo --rootless) --image $work/umoci/oci:dev $work/umoci/bundle"
	"curl | sha256sum | igzip -d | tar -x" "rm -rf $work/pipe"
	"mkdir $work/pipe; set -o pipefail
	curl -sf http://$host/v2/dev/blobs/$layer | tee >(sha256sum) | igzip -d -c -- | tar -x -C $work/pipe")
python3 "$measure" "$rounds" "${entries[@]}"
rm -rf "$work/umoci" "$work/pipe"
