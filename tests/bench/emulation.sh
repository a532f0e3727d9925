# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# emulation.sh: arm64 programs, with the same emulator for everybody. Sourced by ci/bench.sh. The peers need a handler in the
# host's table: it is put there for as long as this takes, where there was none, and only by root.
: "${work:?}" "${rounds:?}" "${measure:?}" "${xrun:?}" "${host:?}" "${podman[@]:?}" "${docker[@]:?}"

ci/deps.sh conformance
rm -rf "$work/programs"
mkdir -p "$work/programs/tmp"
aarch64-linux-gnu-gcc -O2 -static -mbranch-protection=standard -o "$work/programs/calls" tests/bench/pac.c
aarch64-linux-gnu-gcc -O2 -static -mbranch-protection=none -o "$work/programs/plain" tests/bench/pac.c
tests/images/mkimage.py "$work/programs-image" 1 --arch arm64 --variant v8 --layer "$work/programs" --cmd '["/calls"]'
skopeo copy -q --dest-tls-verify=false "oci:$work/programs-image:1" "docker://$host/programs:1"
"$xrun" --root "$work/xrun" pull -q --arch arm64 "$host/programs:1"

registered=''
peers=()
if ((EUID == 0)) && { has podman || has docker; }; then
	if "$xrun" binfmt install aarch64 | grep -q registered; then registered=1; fi
	if has podman; then
		"${podman[@]}" pull -q --arch arm64 --tls-verify=false "$host/programs:1" >/dev/null
		peers+=(podman)
	fi
	if has docker; then
		"${docker[@]}" pull -q --platform linux/arm64 "$host/programs:1" >/dev/null
		peers+=(docker)
	fi
fi

# Also where the benchmark is broken off: ci/bench.sh calls it again.
emulation_finish() {
	[[ -z $registered ]] || "$xrun" binfmt remove aarch64
	registered=''
}

emulation_case() {
	local title=$1 peer entries
	shift
	entries=("xrun run" : "$xrun --root $work/xrun run --rm --network none --arch arm64 $host/programs:1 $*")
	for peer in "${peers[@]}"; do
		case $peer in
		podman) entries+=("podman run" : "$(alone "${podman[*]} run --rm --network none --arch arm64 --ulimit nofile=1024:1024 --ulimit nproc=4096:4096 $host/programs:1 $*")") ;;
		docker) entries+=("docker run" : "${docker[*]} run --rm --network none --platform linux/arm64 $host/programs:1 $*") ;;
		esac
	done
	entries+=("qemu-aarch64-static alone" : "qemu-aarch64-static $work/programs/${1#/} ${*:2}")
	echo
	echo "$title"
	python3 "$measure" "$rounds" "${entries[@]}"
}
emulation_case "An arm64 program of many calls, built with pointer authentication" /calls 28
emulation_case "The same program, built without" /plain 28
emulation_case "An arm64 program that does next to nothing" /plain 1
emulation_finish
