#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# lint.sh: shellcheck on every script, no compiler warning, clang-tidy on every C file.
set -euo pipefail
cd "$(dirname "$0")/.."
ci/deps.sh build lint
mapfile -t scripts < <(git ls-files '*.sh' '*.bats' '*.bash' .ci/run)
shellcheck -x "${scripts[@]}"
make --no-print-directory build/tables.inc build/programs.inc build/stub.inc
mapfile -t sources < <(git ls-files '*.c')
printf '%s\0' "${sources[@]}" | xargs -0 -P "$(nproc)" -n 8 \
	gcc -fsyntax-only -std=gnu11 -Wall -Wextra -Wshadow -Wno-format-truncation -Wno-missing-field-initializers -Werror -O2 -D_GNU_SOURCE -I. -Ibuild
# One file a process: given several, clang-tidy 14 takes every va_list for uninitialized.
printf '%s\0' "${sources[@]}" | xargs -0 -P "$(nproc)" -I{} \
	clang-tidy --quiet --warnings-as-errors='*' {} -- -std=gnu11 -D_GNU_SOURCE -I. -Ibuild 2> >(grep -v -E 'warnings? generated|^$')
