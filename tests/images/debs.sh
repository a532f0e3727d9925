#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# debs.sh ARCH SUITES DIR PACKAGE... unpacks Debian packages of any architecture into DIR, running nothing of them.
# DEPENDENCIES=1: with all that they depend on.
#
# SUITES is one suite, or several with commas: the first whose lists can be had, for a mirror in the midst of a sync has
# some that do not match their signature. A package may be A|B: the first that the suite has.
# The machine's own apt configuration is read for the mirror and left as it is: lists and packages live in a cache
# directory, XRUN_TEST_CACHE or ~/.cache/xrun-tests, and are used again.
set -euo pipefail

arch=$1 suites=$2 dir=$3
shift 3
cache=${XRUN_TEST_CACHE:-${HOME:-/root}/.cache/xrun-tests}
keyring=/usr/share/keyrings/debian-archive-keyring.gpg

# The first mirror that the machine itself uses for Debian.
# shellcheck disable=SC2016 # apt expands $(SITE) itself
mirror() {
	apt-get indextargets --format '$(SITE)' 'Created-By: Packages' 2>/dev/null | grep -m1 '/debian$' ||
		{ echo "debs.sh: no Debian mirror in this machine's apt sources" >&2; exit 1; }
}

# use_suite SUITE: sets state and apt for it, and fetches its lists once.
use_suite() {
	state=$cache/apt-$1-$arch
	apt=(apt-get -q -o Dir::State="$state" -o Dir::State::lists="$state/lists" -o Dir::State::status="$state/status"
		-o Dir::Cache="$state" -o Dir::Cache::archives="$state/archives" -o Dir::Etc::sourcelist="$state/etc/sources.list"
		-o Dir::Etc::sourceparts=/dev/null -o APT::Architecture="$arch" -o APT::Architectures::="$arch"
		-o Dir::Etc::Trusted="$keyring" -o APT::Sandbox::User=root -o Acquire::Languages=none
		-o Acquire::Check-Valid-Until=no) # a mirror that lags serves tests as well; what it has is signed all the same
	[[ ! -e $state/ready ]] || return 0
	mkdir -p "$state"/{lists/partial,archives/partial,etc}
	echo "deb [signed-by=$keyring] $(mirror) $1 main" >"$state/etc/sources.list"
	: >"$state/status"
	"${apt[@]}" -o APT::Update::Error-Mode=any update >&2 || return 1
	touch "$state/ready"
}

# fetch PACKAGE: sets file.
fetch() {
	local name
	for name in ${1//|/ }; do
		file=$(find . -maxdepth 1 -name "${name}_*.deb" | head -1)
		[[ -z $file ]] || return 0
		"${apt[@]}" download "$name" >&2 || continue
		file=$(find . -maxdepth 1 -name "${name}_*.deb" | head -1)
		return 0
	done
	echo "debs.sh: no package $1 for $arch in $suite" >&2
	return 1
}

for suite in ${suites//,/ } ''; do
	[[ -n $suite ]] || { echo "debs.sh: no package lists for $arch could be had from: $suites" >&2; exit 1; }
	if use_suite "$suite"; then break; fi
done
if [[ -n ${DEPENDENCIES:-} ]]; then
	mapfile -t all < <("${apt[@]}" -s --no-install-recommends install "$@" | sed -n 's/^Inst \([^ ]*\).*/\1/p')
	((${#all[@]})) || { echo "debs.sh: $suite has not all that these depend on for $arch: $*" >&2; exit 1; }
	"${apt[@]}" -y --no-install-recommends --download-only install "$@" >&2
	set -- "${all[@]}"
fi
mkdir -p "$dir"
dir=$(realpath "$dir")
cd "$state/archives"
for package in "$@"; do
	fetch "$package"
	dpkg-deb --fsys-tarfile "$file" | tar -x --no-same-owner --keep-directory-symlink -C "$dir"
done
