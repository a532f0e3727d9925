#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# deps.sh GROUP... installs the Debian packages of the named groups that are missing, and nothing else.
#
# sudo is asked for only when something is missing. No recommended packages: qemu-user-static recommends
# binfmt-support, which would register every emulator host-wide. No package here starts a service, but for dbus, which
# systemd has running anyway: docker-registry would (on port 5000), so the tests unpack it into their own cache instead,
# see tests/registry/registry.sh; podman, containerd and docker would too: tests/images/engines.sh. `make bench` compares with
# podman only where somebody installed it.
set -euo pipefail

packages_of() {
	case $1 in
	build) echo gcc libc6-dev make pkg-config libcurl4-openssl-dev libjansson-dev libarchive-dev libisal-dev \
		libzstd-dev libssl-dev libseccomp-dev ;;
	run) echo qemu-user-static uidmap passt ca-certificates ;;
	demo) echo python3 zstd skopeo debian-archive-keyring ;;
	test) echo python3 zstd skopeo umoci debian-archive-keyring libcmocka-dev bats apache2-utils openssl strace attr \
		procps curl groff-base libxml2-utils jq python3-yaml gdb-multiarch gcc-aarch64-linux-gnu libc6-dev-arm64-cross busybox-static \
		iproute2 slirp4netns systemd dbus dbus-user-session xfsprogs btrfs-progs faketime zsh fish ;;
	engines) echo buildah conmon catatonit libsubid4 libgpgme11 libdevmapper1.02.1 ;;
	probes) echo gcc-aarch64-linux-gnu libc6-dev-arm64-cross gcc-arm-linux-gnueabihf libc6-dev-armhf-cross \
		gcc-riscv64-linux-gnu libc6-dev-riscv64-cross gcc-s390x-linux-gnu libc6-dev-s390x-cross ;;
	lint) echo shellcheck clang-tidy ;;
	conformance)
		local machine
		for machine in aarch64 arm i686 powerpc64le s390x riscv64 mips64el mipsel powerpc64 mips64 mips x86-64; do
			[[ $machine == "$(uname -m | tr _ -)" ]] || cross_compiler "$machine"
		done
		;;
	fuzz) echo clang libclang-rt-dev ;;
	bench) echo skopeo umoci curl isal crun bubblewrap time ;;
	deb) echo debhelper dpkg-dev fakeroot lintian git ;;
	fresh) echo debootstrap git ;;
	kernels) echo checkpolicy debootstrap qemu-system-x86 e2fsprogs cpio xz-utils kmod ;;
	power) echo qemu-system-common e2fsprogs ;;
	kernels-arm64) echo gcc-aarch64-linux-gnu gcc-i686-linux-gnu libc6-dev-i386-cross gcc-arm-linux-gnueabihf libc6-dev-armhf-cross qemu-system-arm ;;
	*)
		echo "deps.sh: unknown group $1: build, run, demo, test, engines, probes, lint, fuzz, bench, deb, fresh, conformance, power, kernels or kernels-arm64" >&2
		exit 2
		;;
	esac
}

# The C compilers for a machine, with static libraries to link.
cross_compiler() {
	case $1 in
	arm) echo gcc-arm-linux-gnueabihf libc6-dev-armhf-cross gcc-arm-linux-gnueabi libc6-dev-armel-cross ;;
	aarch64) echo gcc-aarch64-linux-gnu libc6-dev-arm64-cross ;;
	i686) echo gcc-i686-linux-gnu libc6-dev-i386-cross ;;
	powerpc64le) echo gcc-powerpc64le-linux-gnu libc6-dev-ppc64el-cross ;;
	powerpc64) echo gcc-powerpc64-linux-gnu libc6-dev-ppc64-cross ;;
	mips64el) echo gcc-mips64el-linux-gnuabi64 libc6-dev-mips64el-cross ;;
	mips64) echo gcc-mips64-linux-gnuabi64 libc6-dev-mips64-cross ;;
	x86-64) echo gcc-x86-64-linux-gnu libc6-dev-amd64-cross ;;
	*) echo "gcc-$1-linux-gnu" "libc6-dev-$1-cross" ;;
	esac
}

is_installed() {
	[[ $(dpkg-query -W -f '${db:Status-Status}' "$1" 2>/dev/null) == installed ]]
}

as_root() {
	if ((EUID == 0)); then
		"$@"
	elif command -v sudo >/dev/null; then
		sudo "$@"
	else
		echo "deps.sh: run this as root, there is no sudo here: $*" >&2
		exit 1
	fi
}

missing=()
for group in "$@"; do
	list=$(packages_of "$group")
	for package in $list; do
		is_installed "$package" || missing+=("$package")
	done
done
((${#missing[@]})) || exit 0

mapfile -t missing < <(printf '%s\n' "${missing[@]}" | sort -u)
echo "Installing Debian packages: ${missing[*]}" >&2
install=(env DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends "${missing[@]}")
# The package lists may be absent or old: fetch them only when the install does not work without.
as_root "${install[@]}" >&2 </dev/null || {
	as_root apt-get update -q >&2 </dev/null
	as_root "${install[@]}" >&2 </dev/null
}
