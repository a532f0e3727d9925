# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# pull.sh: from a registry on loopback to an unpacked tree, cold each time. Sourced by ci/bench.sh. CASES="dev layers bare zstd
# small update memory files" chooses among them.
: "${work:?}" "${rounds:?}" "${native:?}" "${measure:?}" "${xrun:?}" "${host:?}" "${cache:?}" "${podman[@]:?}" "${ctr[@]:?}" "${docker[@]:?}"

tests/images/devimage.sh "$cache/dev" >"$work/log" 2>&1 || { cat "$work/log" >&2; exit 1; }
tests/images/benchimages.sh "$cache/dev" "$cache/bench-3" >"$work/log" 2>&1 || { cat "$work/log" >&2; exit 1; }
skopeo copy -q --dest-tls-verify=false "oci:$cache/dev:dev" "docker://$host/bench:dev"
for tag in layers update bare small zstd; do
	skopeo copy -q --dest-tls-verify=false "oci:$cache/bench-3:$tag" "docker://$host/bench:$tag"
done
gcc -D_GNU_SOURCE -O2 -o "$work/floor" tests/bench/floor.c
unprivileged=$([[ $EUID == 0 ]] || echo --rootless)

digests() {
	skopeo inspect --raw --tls-verify=false "docker://$host/bench:$1" |
		python3 -c 'import json, sys; print(*(layer["digest"] for layer in json.load(sys.stdin)["layers"]))'
}

# What a shell does by itself, one layer after the other; it checks no digest.
pipe() {
	local inflate=$1 digest
	shift
	echo "mkdir $work/pipe; set -o pipefail"
	for digest in "$@"; do
		echo "curl -sf http://$host/v2/bench/blobs/$digest | tee >(sha256sum >&2) | $inflate | tar -x -C $work/pipe"
	done
}

chosen() {
	[[ " ${CASES:-$1} " == *" $1 "* ]]
}

# floor IMAGE [KEPT]: what no unpacker is spared, the kernel's making of the same files out of memory, and their flush (floor.c). For root,
# who can read the store's layers.
floor() {
	local image=$1 kept=${2:-} threads round layers
	[[ $EUID == 0 ]] || return 0
	"$xrun" --root "$work/xrun" rmi --all >/dev/null
	rm -rf "$work/xrun" && mkdir "$work/xrun"
	[[ -z $kept ]] || "$xrun" --root "$work/xrun" pull -q --arch arm64 "$host/bench:$kept"
	find "$work/xrun" -path "*/layers/*" -prune | sort >"$work/kept"
	"$xrun" --root "$work/xrun" pull -q --arch arm64 "$image"
	mapfile -t layers < <(find "$work/xrun" -path "*/layers/*" -prune | sort | comm -13 "$work/kept" -)
	for threads in 1 2; do
		for ((round = 0; round < rounds; round++)); do
			rm -rf "$work/tree" && mkdir "$work/tree"
			"$work/floor" "$threads" "$work/tree" "${layers[@]}"
		done | sort -n | awk -v threads="$threads" '
			{ all[NR] = $1; flushed[NR] = $2 }
			END { n = int((NR + 1) / 2); printf "  the files made from memory, %d thread(s) %14.2f s, %.2f s of it to flush\n", threads, all[n], flushed[n] }'
	done
	rm -rf "$work/tree"
}

# pull_case TITLE TAG [KEPT]: KEPT is an image that is there already each time; nothing else is.
pull_case() {
	chosen "$2" || return 0
	local title=$1 tag=$2 kept=${3:-} inflate="igzip -d -c --" entries
	[[ $tag != zstd ]] || inflate="zstd -dcq"
	local image=$host/bench:$tag
	entries=("xrun pull" "$xrun --root $work/xrun rmi --all; rm -rf $work/xrun${kept:+; $xrun --root $work/xrun pull -q --arch arm64 $host/bench:$kept}"
		"$xrun --root $work/xrun pull -q --arch arm64 $image")
	has podman && entries+=("podman pull"
		"${podman[*]} rmi -af; ${podman[*]} system prune -f${kept:+; ${podman[*]} pull -q --arch arm64 --tls-verify=false $host/bench:$kept}"
		"${podman[*]} pull -q --arch arm64 --tls-verify=false $image")
	has ctr && entries+=("ctr images pull"
		"${ctr[*]} images rm --sync \$(${ctr[*]} images ls -q)${kept:+; ${ctr[*]} images pull --plain-http --platform linux/arm64 $host/bench:$kept}; true"
		"${ctr[*]} images pull --plain-http --platform linux/arm64 $image")
	# Debian 12's docker and umoci read no zstd ("invalid tar header", "blob is not correct mediatype").
	has docker && [[ $tag != zstd ]] && entries+=("docker pull"
		"${docker[*]} rmi -f \$(${docker[*]} images -q); ${docker[*]} system prune -af${kept:+; ${docker[*]} pull -q --platform linux/arm64 $host/bench:$kept}; true"
		"${docker[*]} pull -q --platform linux/arm64 $image")
	has umoci && [[ $tag != zstd ]] && entries+=("skopeo copy; umoci unpack"
		"rm -rf $work/umoci; mkdir $work/umoci${kept:+; skopeo copy -q --src-tls-verify=false docker://$host/bench:$kept oci:$work/umoci/oci:dev}"
		"skopeo copy -q --src-tls-verify=false docker://$image oci:$work/umoci/oci:dev
		umoci unpack $unprivileged --image $work/umoci/oci:dev $work/umoci/bundle")
	# shellcheck disable=SC2046 # words are meant
	[[ -n $kept ]] || entries+=("curl | sha256sum | ${inflate%% *} -d | tar -x" "rm -rf $work/pipe" "$(pipe "$inflate" $(digests "$tag"))")
	echo
	echo "Pull and unpack $title"
	python3 "$measure" "$rounds" "${entries[@]}"
	floor "$image" "$kept"
	"$xrun" --root "$work/xrun" rmi --all >/dev/null
	rm -rf "$work/xrun" "$work/umoci" "$work/pipe"
	if has podman; then "${podman[@]}" rmi -af >/dev/null; fi
}

pull_case "an arm64 development image, one layer of gzip, $(du -m "$cache/dev" | tail -1 | cut -f1) MB" dev
pull_case "the same in twelve layers" layers
pull_case "the same in twelve layers that leave out the directories which lead to their files" bare
pull_case "the same in one layer of zstd" zstd
pull_case "60,000 small files" small
pull_case "an update: all layers but one of twelve are there" update layers

# xrun_alone FORMAT IMAGE...: a pull into an empty store, told as time(1) is asked to.
xrun_alone() {
	local format=$1
	shift
	rm -rf "$work/xrun"
	/usr/bin/time -f "$format" "$xrun" --root "$work/xrun" pull -q "$@" 2>&1
	"$xrun" --root "$work/xrun" rmi --all >/dev/null
}

if chosen memory; then
	echo
	echo "Peak memory of a pull, of the largest process"
	for tag in dev layers bare small zstd; do
		xrun_alone "  $tag %M KiB" --arch arm64 "$host/bench:$tag"
	done
fi

if chosen files; then
	echo
	echo "Files of a line each, by their number; the image is a directory's"
	for count in 62500 250000 1000000; do
		layout=$cache/files-$count
		if [[ ! -e $layout/index.json ]]; then
			tests/images/manyfiles.py "$count" >"$work/files.tar"
			tests/images/mkimage.py "$work/layout" files --arch "$native" --layer "$work/files.tar"
			mv "$work/layout" "$layout" && rm "$work/files.tar"
		fi
		xrun_alone "  $count files: %e s, %M KiB" "oci:$layout:files"
	done
fi
