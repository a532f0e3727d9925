#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# rounds.sh: whole lives of containers, ROUNDS of them (1000) and AT_ONCE (8) at a time: run -d, exec, logs, stop, start, rm. `make check-rounds` calls it.
# Nothing may be left of them: no process, directory, name, cgroup or mount. As an ordinary user and, where the caller is one, as root.
set -uo pipefail
cd "$(dirname "$0")/.." || exit 1
rounds=${ROUNDS:-1000} at_once=${AT_ONCE:-8}
# shellcheck source=tests/both.sh
source tests/both.sh

# one WORK STORE NUMBER IMAGE: a container's life; says what went wrong.
one() {
	local xrun=("$1/build/xrun" --root "$2") name=life-rounds-$3 image=$4 said
	fail() { echo "round $name: $1"; exit 1; }
	said=$("${xrun[@]}" run -q -d --name "$name" "$image" sh -c "trap 'exit 7' TERM; echo hello $name; while :; do sleep 0.1; done") || fail "run: $said"
	said=$("${xrun[@]}" exec "$name" echo inside 2>&1)
	[[ $said == inside ]] || fail "exec: $said"
	for ((i = 0; i < 200; i++)); do
		said=$("${xrun[@]}" logs "$name" 2>&1)
		[[ $said != "hello $name" ]] || break
		sleep 0.05
	done
	[[ $said == "hello $name" ]] || fail "logs: $said"
	said=$("${xrun[@]}" stop "$name" 2>&1) || fail "stop: $said"
	said=$("${xrun[@]}" inspect -f '{{.State.Status}} {{.State.ExitCode}}' "$name" 2>&1)
	[[ $said == "exited 7" ]] || fail "inspect: $said"
	said=$("${xrun[@]}" start "$name" 2>&1) || fail "start: $said"
	said=$("${xrun[@]}" rm -f "$name" 2>&1) || fail "rm: $said"
}
[[ ${1:-} != one ]] || { shift; one "$@"; exit; }

# left WHO: what there is now of all that a container could leave.
left() {
	local store=$both_work/$1/store
	echo "mounts $(wc -l </proc/self/mountinfo)"
	echo "processes $(pgrep -fc "$store|life-rounds-")"
	echo "directories $(find "$store/containers" -mindepth 1 -maxdepth 1 ! -name '.*' 2>/dev/null | wc -l)"
	echo "names $(find "$store/containers/.names" -mindepth 1 2>/dev/null | wc -l)"
	echo "cgroups $(find /sys/fs/cgroup -type d -path '*xrun/*' 2>/dev/null | wc -l)"
}

both_start rounds || exit 1
bad=0
layout=${XRUN_TEST_CACHE:-${HOME:-/root}/.cache/xrun-tests}/images-2
tests/images/all.sh "$layout" || exit 1
skopeo copy -q --dest-tls-verify=false "oci:$layout:$(dpkg --print-architecture)" "docker://$both_registry/test:native" || exit 1
for who in $both_whos; do
	both_xrun "$who" pull -q "$both_registry/test:native" >/dev/null || exit 1
	both_xrun "$who" run -q "$both_registry/test:native" true || exit 1
	before=$(left "$who") started=$SECONDS
	# shellcheck disable=SC2016
	both_as "$who" bash -c 'seq "$1" | xargs -P "$2" -I{} "$3/tests/rounds.sh" one "$3" "$3/$4/store" {} "$5"' - \
		"$rounds" "$at_once" "$both_work" "$who" "$both_registry/test:native" >"$both_work/$who.failures" 2>&1
	for ((i = 0; i < 100; i++)); do # the kernel and helper programs end in their own time
		after=$(left "$who")
		[[ $after != "$before" ]] || break
		sleep 0.1
	done
	failures=$(wc -l <"$both_work/$who.failures")
	echo "$who: $rounds rounds, $at_once at once, in $((SECONDS - started)) s: $failures failed"
	head -5 "$both_work/$who.failures"
	diff <(echo "$before") <(echo "$after") && echo "$who: nothing is left" || bad=1
	((failures == 0)) || bad=1
done
exit $bad
