# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# start.sh: /bin/true in a container, of the machine's own architecture and of another. Sourced by ci/bench.sh.
: "${work:?}" "${rounds:?}" "${measure:?}" "${xrun:?}" "${host:?}" "${cache:?}" "${native:?}" "${podman[@]:?}"

starts=20 # a round is so many in a row: one alone is too short to time
bundle=$work/bundle
mode=()
((EUID == 0)) || mode=(--rootless)
umoci unpack "${mode[@]}" --image "$cache/images-2:$native" "$bundle"
umoci unpack "${mode[@]}" --image "$cache/images-2:arm64" "$work/arm64"
python3 - "$bundle/config.json" <<-'END'
	import json, sys
	config = json.load(open(sys.argv[1]))
	config["process"].update(terminal=False, args=["/bin/true"])
	json.dump(config, open(sys.argv[1], "w"))
END

times() {
	echo "for ((i = 0; i < $starts; i++)); do $* || exit 1; done"
}

# crun 1.8, and podman with it, refuse the mixed cgroup layout: root gives them the plain one, in a mount namespace.
cgroups=fit
if mountpoint -q /sys/fs/cgroup/unified; then
	cgroups=mixed
	((EUID == 0)) || echo "crun and podman refuse this machine's mixed cgroup layout: only root can measure them here"
fi
limits="--ulimit nofile=1024:1024 --ulimit nproc=4096:4096" # podman would raise them, which not every root may
crun_runs() {
	[[ $cgroups == fit || $EUID == 0 ]] && command -v "$1" >/dev/null
}
alone() {
	if [[ $cgroups == fit ]]; then echo "$*"; else printf '%q ' unshare -m bash -c "umount /sys/fs/cgroup/unified && $*"; fi
}

compare() {
	local tag=$1 arch=$2
	"$xrun" --root "$work/xrun" pull -q --arch "$arch" "$host/test:$tag"
	entries=("xrun" : "$(times "$xrun --root $work/xrun --arch $arch $host/test:$tag /bin/true")")
	if [[ $tag == "$native" ]]; then
		! crun_runs crun || entries+=("crun run" : "$(alone "$(times "crun run --bundle $bundle bench-\$i")")")
		entries+=("bwrap --unshare-all" : "$(times "bwrap --unshare-all --bind $bundle/rootfs / --proc /proc --dev /dev /bin/true")")
	fi
	[[ $tag == "$native" ]] || entries+=("qemu-aarch64-static alone" :
		"$(times "qemu-aarch64-static -L $work/arm64/rootfs $work/arm64/rootfs/bin/true")")
	if [[ $tag == "$native" ]] && crun_runs podman; then
		"${podman[@]}" pull -q --arch "$arch" --tls-verify=false "$host/test:$tag" >/dev/null
		entries+=("podman run --network none" : "$(alone "$(times "${podman[*]} run --rm --network none $limits $host/test:$tag /bin/true")")")
	fi
	python3 "$measure" "$rounds/$starts" "${entries[@]}"
}

echo
echo "Start /bin/true, an image of the machine's own architecture (means of $starts in a row)"
compare "$native" "$(uname -m)"
if [[ $native != arm64 ]]; then # what the emulator costs by itself; the peers need a handler in the host's table for it
	echo
	echo "Start /bin/true, an arm64 image"
	compare arm64 aarch64
fi
