# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# start.sh: /bin/true in a container, of the machine's own architecture and of another. Sourced by ci/bench.sh.
: "${work:?}" "${rounds:?}" "${measure:?}" "${xrun:?}" "${host:?}" "${cache:?}" "${native:?}" "${podman[@]:?}" "${docker[@]:?}"

starts=10 # a round is so many in a row: one alone is too short to time
bundle=$work/bundle
mode=()
((EUID == 0)) || mode=(--rootless)
umoci unpack "${mode[@]}" --image "$cache/images-2:$native" "$bundle" >/dev/null
umoci unpack "${mode[@]}" --image "$cache/images-2:arm64" "$work/arm64" >/dev/null
python3 - "$bundle/config.json" <<-'END'
	import json, sys
	config = json.load(open(sys.argv[1]))
	config["process"].update(terminal=False, args=["/bin/true"])
	json.dump(config, open(sys.argv[1], "w"))
END

times() {
	echo "for ((i = 0; i < $starts; i++)); do $* || exit 1; done"
}

limits="--ulimit nofile=1024:1024 --ulimit nproc=4096:4096" # podman would raise them, which not every root may

echo
echo "Start /bin/true, an image of the machine's own architecture (means of $starts in a row)"
"$xrun" --root "$work/xrun" pull -q "$host/test:$native"
entries=("xrun run --network none" : "$(times "$xrun --root $work/xrun run --rm --network none $host/test:$native /bin/true")")
has crun && entries+=("crun run (a bundle)" : "$(alone "$(times "crun run --bundle $bundle bench-\$i")")")
has runc && ((EUID == 0)) && entries+=("runc run (a bundle)" : "$(alone "$(times "runc run --bundle $bundle bench-\$i")")")
has bwrap && entries+=("bwrap --unshare-all" : "$(times "bwrap --unshare-all --bind $bundle/rootfs / --proc /proc --dev /dev /bin/true")")
if has podman; then
	"${podman[@]}" pull -q --tls-verify=false "$host/test:$native" >/dev/null
	entries+=("podman run --network none" : "$(alone "$(times "${podman[*]} run --rm --network none $limits $host/test:$native /bin/true")")")
fi
if has docker; then
	"${docker[@]}" pull -q "$host/test:$native" >/dev/null
	entries+=("docker run --network none" : "$(times "${docker[*]} run --rm --network none $host/test:$native /bin/true")")
fi
python3 "$measure" "$rounds/$starts" "${entries[@]}"

echo
echo "The same with a private network, the default"
python3 "$measure" "$rounds/$starts" "xrun run --network none" : "$(times "$xrun --root $work/xrun run --rm --network none $host/test:$native /bin/true")" \
	"xrun run" : "$(times "$xrun --root $work/xrun run --rm $host/test:$native /bin/true")"

if [[ $native != arm64 ]]; then # what the emulator costs by itself; the peers need a handler in the host's table for it
	echo
	echo "Start /bin/true, an arm64 image"
	"$xrun" --root "$work/xrun" pull -q --arch arm64 "$host/test:arm64"
	python3 "$measure" "$rounds/$starts" \
		"xrun run --network none" : "$(times "$xrun --root $work/xrun run --rm --network none --arch arm64 $host/test:arm64 /bin/true")" \
		"qemu-aarch64-static alone" : "$(times "qemu-aarch64-static -L $work/arm64/rootfs $work/arm64/rootfs/bin/true")"
fi

echo
echo "How much of it grows with the number running (mean of $starts starts, beside so many others)"
for running in 0 100; do
	for ((i = 0; i < running; i++)); do
		"$xrun" --root "$work/xrun" run -d --rm --network none "$host/test:$native" sleep 1000 >>"$work/running"
	done
	python3 "$measure" "$rounds/$starts" "beside $running" : "$(times "$xrun --root $work/xrun run --rm --network none $host/test:$native /bin/true")"
done
xargs "$xrun" --root "$work/xrun" rm -f <"$work/running" >/dev/null
