# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# exec.sh: /bin/true in a container that runs already. Sourced by ci/bench.sh.
: "${work:?}" "${rounds:?}" "${measure:?}" "${xrun:?}" "${host:?}" "${native:?}" "${podman[@]:?}" "${docker[@]:?}"

times=10 # a round is so many in a row: one alone is too short to time
in_a_row() {
	echo "for ((i = 0; i < $times; i++)); do $* || exit 1; done"
}

"$xrun" --root "$work/xrun" pull -q "$host/test:$native"
"$xrun" --root "$work/xrun" run -d --name box --network none "$host/test:$native" sleep 1000 >/dev/null
entries=("xrun exec" : "$(in_a_row "$xrun --root $work/xrun exec box /bin/true")")
if has podman; then
	limits="--ulimit nofile=1024:1024 --ulimit nproc=4096:4096" # podman would raise them, which not every root may
	"${podman[@]}" pull -q --tls-verify=false "$host/test:$native" >/dev/null
	bash -c "$(alone "${podman[*]} run -d --name box --network none $limits $host/test:$native sleep 1000")" >/dev/null
	entries+=("podman exec" : "$(alone "$(in_a_row "${podman[*]} exec box /bin/true")")")
fi
if has docker; then
	"${docker[@]}" pull -q "$host/test:$native" >/dev/null
	"${docker[@]}" run -d --name box --network none "$host/test:$native" sleep 1000 >/dev/null
	entries+=("docker exec" : "$(in_a_row "${docker[*]} exec box /bin/true")")
fi

echo
echo "/bin/true in a container that runs (means of $times in a row)"
python3 "$measure" "$rounds/$times" "${entries[@]}"
"$xrun" --root "$work/xrun" rm -f box >/dev/null
if has podman; then bash -c "$(alone "${podman[*]} rm -f box")" >/dev/null 2>&1 || true; fi
if has docker; then "${docker[@]}" rm -f box >/dev/null; fi
