#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# debs.sh ARCH SUITE DIR PACKAGE... unpacks Debian packages of any architecture into DIR, running nothing of them.
#
# The machine's own apt configuration is read for the mirror and left as it is: lists and packages live in a cache
# directory, XRUN_TEST_CACHE or ~/.cache/xrun-tests, and are used again.
set -euo pipefail

arch=$1 suite=$2 dir=$3
shift 3
cache=${XRUN_TEST_CACHE:-${HOME:-/root}/.cache/xrun-tests}
state=$cache/apt-$suite-$arch
keyring=/usr/share/keyrings/debian-archive-keyring.gpg

# The first mirror that the machine itself uses for Debian.
# shellcheck disable=SC2016 # apt expands $(SITE) itself
mirror() {
	apt-get indextargets --format '$(SITE)' 'Created-By: Packages' 2>/dev/null | grep -m1 '/debian$' ||
		{ echo "debs.sh: no Debian mirror in this machine's apt sources" >&2; exit 1; }
}

mkdir -p "$state"/{lists/partial,archives/partial,etc} "$dir"
if [[ ! -e $state/ready ]]; then
	echo "deb [signed-by=$keyring] $(mirror) $suite main" >"$state/etc/sources.list"
	: >"$state/status"
fi
apt=(apt-get -q -o Dir::State="$state" -o Dir::State::lists="$state/lists" -o Dir::State::status="$state/status"
	-o Dir::Cache="$state" -o Dir::Cache::archives="$state/archives" -o Dir::Etc::sourcelist="$state/etc/sources.list"
	-o Dir::Etc::sourceparts=/dev/null -o APT::Architecture="$arch" -o APT::Architectures::="$arch" -o Dir::Etc::Trusted="$keyring"
	-o APT::Sandbox::User=root -o Acquire::Languages=none)
if [[ ! -e $state/ready ]]; then
	"${apt[@]}" update >&2
	touch "$state/ready"
fi
cd "$state/archives"
for package in "$@"; do
	file=$(find . -maxdepth 1 -name "${package}_*.deb" | head -1)
	if [[ -z $file ]]; then
		"${apt[@]}" download "$package" >&2
		file=$(find . -maxdepth 1 -name "${package}_*.deb" | head -1)
	fi
	dpkg-deb --fsys-tarfile "$file" | tar -x --no-same-owner --keep-directory-symlink -C "$dir"
done
