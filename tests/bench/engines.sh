# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# engines.sh: podman run of a native image, with each runtime that there is. Sourced by ci/bench.sh.
: "${work:?}" "${rounds:?}" "${measure:?}" "${xrun:?}" "${host:?}" "${native:?}" "${podman[@]:?}"

if has podman; then
	limits="--ulimit nofile=1024:1024 --ulimit nproc=4096:4096" # podman would raise them, which not every root may
	"${podman[@]}" pull -q --tls-verify=false "$host/test:$native" >/dev/null
	entries=()
	for runtime in "${xrun}-oci" crun runc; do
		! path=$(command -v "$runtime") ||
			entries+=("podman run with ${runtime##*/}" :
				"$(alone "${podman[*]} --runtime $path run --rm --network none $limits $host/test:$native /bin/true")")
	done
	echo
	echo "podman run --rm of /bin/true"
	python3 "$measure" "$rounds" "${entries[@]}"
	echo
	echo "the runtimes alone: run of the same root"
	mkdir -p "$work/bundle"
	"${podman[@]}" export -o "$work/root.tar" "$("${podman[@]}" create "$host/test:$native")"
	mkdir "$work/bundle/rootfs"
	tar -xf "$work/root.tar" -C "$work/bundle/rootfs"
	(cd "$work/bundle" && "${xrun}-oci" spec && sed -i 's/"terminal": true/"terminal": false/; s/"sh"/"true"/; s/1024/1000/; s/"1.2.0"/"1.0.0"/' config.json)
	entries=()
	for runtime in "${xrun}-oci" crun runc; do
		! path=$(command -v "$runtime") ||
			entries+=("${runtime##*/} run" : "$(alone "for ((i = 0; i < 10; i++)); do $path --root $work/state run -b $work/bundle one || exit 1; done")")
	done
	python3 "$measure" "$rounds/10" "${entries[@]}"
fi
