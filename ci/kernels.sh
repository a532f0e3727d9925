#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# kernels.sh boots other kernels, Debian 12's 6.1 and Debian 13's 6.12, in emulated virtual machines, and runs
# tests/kernels there as root and as an ordinary user; `make check-kernels` calls it. SUITES=bookworm for one, BOOTS=selinux for
# one of its security modules.
# On x86-64 machines only, whose kernels those are.
set -euo pipefail
cd "$(dirname "$0")/.."
[[ $(dpkg --print-architecture) == amd64 ]] || { echo "kernels.sh: the kernels are for amd64" >&2; exit 1; }
ci/deps.sh build run test kernels
make --no-print-directory -j"$(nproc)" all

cache=${XRUN_TEST_CACHE:-${HOME:-/root}/.cache/xrun-tests}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
modules=(virtio_ring virtio virtio_pci_modern_dev virtio_pci_legacy_dev virtio_pci virtio_blk) # in the order they load

# Everything but the kernel's modules: a Debian, xrun, and a registry with the images.
make_root() {
	local root=$work/root library
	tests/images/debian.sh "$cache/debian-bookworm.tar"
	tests/images/all.sh "$cache/images-2"
	mkdir -p "$root/xrun/build"
	tar -xf "$cache/debian-bookworm.tar" -C "$root"
	tests/images/debs.sh amd64 bookworm "$root" bats uidmap libsubid4 docker-registry passt busybox-static qemu-user-static ca-certificates apparmor \
		systemd libsystemd-shared dbus dbus-daemon dbus-bin dbus-user-session dbus-session-bus-common libdbus-1-3 libexpat1 \
		libapparmor1 libargon2-1 libcryptsetup12 libdevmapper1.02.1 libfdisk1 libip4tc2 libjson-c5 libkmod2
	mv "$root/bin/busybox" "$root/busybox"
	ldd build/xrun-fetch build/xrun | awk '$3 ~ /^\// { print $3 }' | sort -u | while read -r library; do
		[[ -e $root$library ]] || cp -L "$library" "$root/usr/lib/x86_64-linux-gnu/"
	done
	cp build/xrun build/xrun-fetch build/xrun-oci "$root/xrun/build/"
	cp -r tests "$root/xrun/"
	checkpolicy -U allow -o "$root/xrun/selinux.policy" tests/kernels/selinux.policy
	fill_registry "$root"
}

fill_registry() {
	local root=$1 tag
	# shellcheck source=tests/registry/registry.sh
	source tests/registry/registry.sh
	registry_start "$work/registry"
	for tag in amd64 s390x layers-gzip many; do
		skopeo copy -q --dest-tls-verify=false "oci:$cache/images-2:$tag" "docker://127.0.0.1:$registry_port/test:$tag"
	done
	registry_stop "$work/registry"
	mv "$work/registry/data" "$root/xrun/data"
	registry_config /xrun plain 5000 >"$root/xrun/registry.yml"
}

# make_machine SUITE: sets kernel; disk.img and initrd are its.
make_machine() {
	local suite=$1 meta version module
	rm -rf "$work/kernel" "$work/initrd" "$work/disk.img" "$work/root/lib/modules"
	tests/images/debs.sh amd64 "$suite" "$work/kernel" linux-image-cloud-amd64
	meta=$(find "$cache/apt-$suite-amd64/archives" -name 'linux-image-cloud-amd64_*.deb')
	tests/images/debs.sh amd64 "$suite" "$work/kernel" "$(dpkg-deb -f "$meta" Depends | sed 's/[ ,].*//')"
	kernel=$(find "$work/kernel/boot" -name 'vmlinuz-*')
	version=${kernel##*/vmlinuz-}
	mkdir -p "$work/initrd"/{dev,mnt,modules} "$work/root/lib/modules"
	cp -r "$work/kernel"/{,usr/}lib/modules/"$version" "$work/root/lib/modules/" 2>/dev/null || true
	for module in "${modules[@]}"; do
		find "$work/root/lib/modules/$version/kernel" -name "$module.ko*" -exec cp {} "$work/initrd/modules/" \;
	done
	xz -dq "$work"/initrd/modules/*.xz 2>/dev/null || true
	depmod -b "$work/root" "$version"
	cp "$work/root/busybox" "$work/initrd/busybox"
	cat >"$work/initrd/init" <<-END
		#!/busybox sh
		/busybox mount -t devtmpfs dev /dev
		for module in ${modules[*]}; do /busybox insmod /modules/\$module.ko; done
		/busybox mount -t ext4 /dev/vda /mnt
		/busybox mount --move /dev /mnt/dev
		exec /busybox switch_root /mnt /xrun/tests/kernels/init
	END
	chmod +x "$work/initrd/init"
	(cd "$work/initrd" && find . | cpio -o -H newc --quiet | gzip -1 >"$work/initrd.gz")
	mke2fs -q -t ext4 -d "$work/root" "$work/disk.img" 2G
}

passed=0 failed=0 skipped=0

# boot [KERNEL-ARGUMENT]: runs the tests, and counts.
boot() {
	local bad skip ok
	timeout 900 qemu-system-x86_64 -accel tcg,thread=multi -smp 2 -m 2048 -nographic -no-reboot -net none -kernel "$kernel" \
		-initrd "$work/initrd.gz" -append "console=ttyS0 quiet panic=-1 ${1:-}" \
		-drive "file=$work/disk.img,format=raw,if=virtio,cache=unsafe" </dev/null 2>&1 | sed -u 's/\r//g' >"$work/log" || true
	sed -n '/##### [0-9]/,$p' "$work/log"
	bad=$(grep -c '^not ok' "$work/log") || true
	skip=$(grep -c '^ok .* # skip' "$work/log") || true
	ok=$(grep -c '^ok ' "$work/log") || true
	ok=$((ok - skip))
	grep -q '^##### end' "$work/log" || { tail -20 "$work/log"; bad=$((bad + 1)); }
	passed=$((passed + ok)) failed=$((failed + bad)) skipped=$((skipped + skip))
}

make_root >&2
for suite in ${SUITES:-bookworm trixie}; do
	make_machine "$suite" >&2
	for arguments in ${BOOTS:-apparmor selinux}; do
		boot "security=$arguments"
	done
done
echo "$passed passed, $failed failed, $skipped skipped"
((failed == 0))
