#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# deb.sh builds a Debian package of what is committed, into build/deb, and asks lintian about it; `make deb` calls it.
set -euo pipefail
cd "$(dirname "$0")/.."
ci/deps.sh build deb
version=$(sed -n 's/^#define XRUN_VERSION "\(.*\)"/\1/p' src/base/version.h)
date=$(git log -1 --format=%cD)
rm -rf build/deb
mkdir -p "build/deb/xrun-$version"
git archive HEAD | tar -x -C "build/deb/xrun-$version"
cp -r ci/debian "build/deb/xrun-$version/debian"
cd "build/deb/xrun-$version"
sed -e "s/@VERSION@/$version/" -e "s/@DATE@/$date/" debian/changelog.in >debian/changelog
rm debian/changelog.in
dpkg-buildpackage -b -us -uc >../log 2>&1 || { tail -40 ../log >&2; exit 1; }
cd ..
lintian --fail-on error,warning --tag-display-limit 0 ./*.changes
# What was packed works from where it is unpacked: xrun finds its other programs beside itself.
dpkg-deb -x ./xrun_*.deb unpacked
unpacked/usr/bin/xrun version
said=$(unpacked/usr/bin/xrun --root "$PWD/store" pull -q 127.0.0.1:1/none 2>&1) || true
[[ $said == *"127.0.0.1:1"* && $said != *"installation"* ]] || { echo "deb.sh: the packed xrun cannot pull: $said" >&2; exit 1; }
ls "$PWD"/*.deb
