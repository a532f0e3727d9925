#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# engines.sh DIR unpacks podman, containerd and docker there, once. Debian's packages of them start services when they are
# installed; what they need of libraries and helpers starts none: `ci/deps.sh engines`.
set -euo pipefail
dir=$1
[[ ! -e $dir/complete ]] || exit 0
"$(dirname "$0")/debs.sh" "$(dpkg --print-architecture)" bookworm "$dir" podman containerd docker.io
find "$dir" -mindepth 1 -maxdepth 1 ! -name usr -exec rm -rf {} +
rm -rf "${dir:?}"/usr/{share,lib}
touch "$dir/complete"
