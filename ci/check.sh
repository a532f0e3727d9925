#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# check.sh builds xrun and runs every test; `make check` calls it. SAN=1 tests the sanitizer build. ONLY="pull run" runs the
# command tests in the files of those names, and nothing else.
# Its last line counts: "N passed, N failed, N skipped".
set -uo pipefail
cd "$(dirname "$0")/.." || exit 1
build=build${SAN:+-san}
log=$(mktemp -d)
trap 'rm -rf "$log"' EXIT

ci/deps.sh build run test engines probes || exit 1
make -j"$(nproc)" SAN="${SAN:-}" all probes unit-tests || exit 1

passed=0 failed=0 skipped=0

# cmocka prints "[       OK ] name", "[  FAILED  ] name" and a summary that repeats the failed ones; tests/fuzz/replay.c
# prints the same for one test, the fuzzer.
run_unit() {
	local name=${1##*/} status
	timeout 120 "$1" >"$log/$name" 2>&1
	status=$?
	local ok bad
	ok=$(grep -c '^\[       OK \]' "$log/$name")
	bad=$(grep '^\[  FAILED  \] [a-z_0-9]*$' "$log/$name" | sort -u | wc -l)
	((status == 0 || bad > 0)) || bad=1
	echo "$name: $ok passed, $bad failed"
	((bad == 0)) || cat "$log/$name"
	passed=$((passed + ok)) failed=$((failed + bad))
}

for program in "$build"/tests/unit/test_* "$build"/tests/fuzz/fuzz_*; do
	[[ $program == *.[od] || -n ${ONLY:-} ]] || run_unit "$program"
done

# shellcheck source=tests/cli/run.sh
source tests/cli/run.sh

echo "$passed passed, $failed failed, $skipped skipped"
((failed == 0))
