#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# skeleton.sh DIR makes the directories that Debian's packages expect to be there when they are unpacked into DIR.
set -euo pipefail
mkdir -p "$1"/{proc,sys,dev,tmp,root,etc,run,mnt,home,var/tmp,usr/bin,usr/sbin,usr/lib}
for name in bin sbin lib; do
	ln -sfn "usr/$name" "$1/$name"
done
chmod 1777 "$1/tmp" "$1/var/tmp"
