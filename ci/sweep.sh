#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# sweep.sh breaks runs and pulls off at every system call, and looks at what is left; `make sweep` calls it. STEP=10 tries one call of
# a run in ten, and of a pull one of each kind at each place. As root, it is done as an ordinary user as well.
set -uo pipefail
cd "$(dirname "$0")/.." || exit 1
ci/deps.sh build run test || exit 1
make -j"$(nproc)" all || exit 1
# shellcheck source=tests/both.sh
source tests/both.sh
both_start sweep || exit 1
cache=${XRUN_TEST_CACHE:-${HOME:-/root}/.cache/xrun-tests}
XRUN_TEST_CACHE=$cache tests/images/all.sh "$cache/images-2" || exit 1
native=$(dpkg --print-architecture)
skopeo copy -q --dest-tls-verify=false "oci:$cache/images-2:$native" "docker://$both_registry/sweep:$native" || exit 1
status=0
for who in $both_whos; do
	echo "as $who:"
	both_xrun "$who" pull -q "$both_registry/sweep:$native" || exit 1
	(cd "$both_work" && both_as "$who" python3 tests/sweep/sweep.py "$both_work/build/xrun" "$both_work/$who/store" \
		"$both_registry/sweep:$native" "${STEP:-1}") || status=1
done
if ((EUID == 0)); then
	echo "pulling:"
	python3 tests/sweep/pull.py "$PWD/build/xrun" "$both_work/root/pulled" "oci:$cache/images-2:layers-gzip" "${STEP:-1}" || status=1
fi
exit "$status"
