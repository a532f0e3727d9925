#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# fuzz.sh runs each fuzzer of tests/fuzz with libFuzzer and the sanitizers; `make fuzz` calls it. FOR=SECONDS for each
# (default 30), ONLY=NAME that one. What was found interesting is kept in build-fuzz/corpus/NAME and is where the next
# run begins; what failed is in build-fuzz/failed-NAME-*, and `build-fuzz/tests/fuzz/fuzz_NAME FILE` shows it again.
set -uo pipefail
cd "$(dirname "$0")/.." || exit 1
seconds=${FOR:-30}
ci/deps.sh build fuzz || exit 1
make --no-print-directory -j"$(nproc)" FUZZ=1 fuzzers || exit 1

# libFuzzer's report of what it did, in a line.
summary() {
	sed -n 's/^stat::number_of_executed_units: *//p; s/^.* cov: \([0-9]*\) .*$/\1/p' "$1" | tail -2 | xargs
}

failed=0
for program in build-fuzz/tests/fuzz/live_${ONLY:-*}; do
	[[ $program == *.[od] ]] && continue
	name=${program##*/live_}
	corpus=build-fuzz/corpus/$name
	log=build-fuzz/$name.log
	mkdir -p "$corpus"
	"build-fuzz/tests/fuzz/fuzz_$name" seeds "$corpus" || exit 1
	options=(-max_total_time="$seconds" -max_len=16384 -timeout=120 -print_final_stats=1 -artifact_prefix="build-fuzz/failed-$name-")
	if "$program" "${options[@]}" "$corpus" >"$log" 2>&1; then
		read -r coverage runs < <(summary "$log")
		echo "$name: $runs inputs in $seconds seconds, $coverage places reached"
	else
		failed=1
		grep -avE '^#|^INFO|NEW_FUNC' "$log"
		# A fuzzer with a user namespace cannot write it, and libFuzzer prints it, if it is short.
		compgen -G "build-fuzz/failed-$name-*" >/dev/null || sed -n 's/^Base64: //p' "$log" | base64 -d >"build-fuzz/failed-$name-printed"
		echo "$name: failed"
	fi
done
exit "$failed"
