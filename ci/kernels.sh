#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# kernels.sh boots other kernels in emulated virtual machines, and runs tests/kernels there as root and as an ordinary user.
# `make check-kernels`: Debian 12's 6.1 and Debian 13's 6.12; SUITES=bookworm for one, BOOTS=selinux for one of its security
# modules. `make check-arm64` (ARCH=arm64): an arm64 machine with Debian 13's, for which xrun is compiled here.
# On x86-64 machines only, which have those kernels and that compiler.
set -euo pipefail
cd "$(dirname "$0")/.."
[[ $(dpkg --print-architecture) == amd64 ]] || { echo "kernels.sh: the kernels are for amd64" >&2; exit 1; }
arch=${ARCH:-amd64}
cache=${XRUN_TEST_CACHE:-${HOME:-/root}/.cache/xrun-tests}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
ci/deps.sh build run test kernels

# What differs: where xrun is built, the images that are native, the machine, and what loads its disk's driver, in order.
case $arch in
amd64)
	build=build suites="bookworm trixie" boots="apparmor selinux" console=ttyS0 limit=900
	images=("$cache/images-2":{amd64,s390x,layers-gzip,many})
	conformance=()
	machine=(qemu-system-x86_64)
	modules=(virtio_ring virtio virtio_pci_modern_dev virtio_pci_legacy_dev virtio_pci virtio_blk)
	make --no-print-directory -j"$(nproc)" all
	;;
arm64)
	ci/deps.sh kernels-arm64
	build=build-aarch64-linux-gnu suites=trixie boots=none console=ttyAMA0 limit=3600
	images=("$cache/images-arm64-1":{amd64,arm64,armhf,riscv64,s390x,ppc64el,i386,config,multi,layers-gzip,many}
		"$cache/ports-2":{armel,armv6,mips64el,mipsel,loong64,loongarch64,ppc64,mips64,mips})
	conformance=(aarch64 armv7 x86_64)
	machine=(qemu-system-aarch64 -M virt -cpu cortex-a72)
	modules=(virtio_blk)
	make --no-print-directory -j"$(nproc)" CROSS=aarch64-linux-gnu SYSROOT="$(tests/images/sysroot.sh arm64)" all probes
	;;
*) echo "kernels.sh: ARCH is amd64 or arm64, not $arch" >&2 && exit 2 ;;
esac

# Everything but the kernel's modules: a Debian, xrun, and a registry with the images.
make_root() {
	local root=$work/root
	mkdir -p "$root/xrun/build"
	"make_debian_$arch" "$root"
	cp "$root/usr/bin/busybox" "$root/busybox"
	cp "$build"/xrun{,-fetch,-oci} "$root/xrun/build/"
	[[ ! -e $build/probe ]] || cp -r "$build/probe" "$root/xrun/build/"
	cp -r tests "$root/xrun/"
	fill_registry "$root"
}

make_debian_amd64() {
	local root=$1 library
	tests/images/debian.sh "$cache/debian-bookworm.tar"
	tar -xf "$cache/debian-bookworm.tar" -C "$root"
	tests/images/debs.sh amd64 bookworm "$root" bats uidmap libsubid4 docker-registry passt busybox-static qemu-user-static ca-certificates apparmor \
		systemd libsystemd-shared dbus dbus-daemon dbus-bin dbus-user-session dbus-session-bus-common libdbus-1-3 libexpat1 \
		libapparmor1 libargon2-1 libcryptsetup12 libdevmapper1.02.1 libfdisk1 libip4tc2 libjson-c5 libkmod2
	ldd build/xrun-fetch build/xrun | awk '$3 ~ /^\// { print $3 }' | sort -u | while read -r library; do
		[[ -e $root$library ]] || cp -L "$library" "$root/usr/lib/x86_64-linux-gnu/"
	done
	echo 'int main(void) { return 0; }' | gcc -x c -Wl,-z,x86-64-v3 -o "$root/xrun/v3" -
	sed "s/@CATEGORIES@/$(printf 'category c%d;\\n' {0..1023})/" tests/kernels/selinux.policy >"$work/selinux.policy"
	checkpolicy -M -U allow -o "$root/xrun/selinux.policy" "$work/selinux.policy"
}

# Nothing of it has been configured: what a package's script would do that the tests need is done here.
make_debian_arm64() {
	local root=$1
	tests/images/skeleton.sh "$root"
	DEPENDENCIES=1 tests/images/debs.sh arm64 trixie "$root" bash libc-bin coreutils dash debianutils findutils grep sed gzip mawk hostname mount tar kmod \
		util-linux procps passwd diffutils python3-minimal libpython3-stdlib bats uidmap docker-registry passt busybox-static qemu-user ca-certificates box64 \
		libcurl4t64 libjansson4 libarchive13t64 libisal2 libzstd1 libssl3t64
	ln -sf dash "$root/usr/bin/sh"
	ln -sf mawk "$root/usr/bin/awk"
	cp "$root/usr/share/base-passwd/passwd.master" "$root/etc/passwd"
	cp "$root/usr/share/base-passwd/group.master" "$root/etc/group"
	touch "$root/etc"/{subuid,subgid}
	printf '#include <stdio.h>\n#include <string.h>\nint main(int n, char **a) { if (n == 2 && !strcmp(a[1], "--version")) return puts("FEX-Emu (FEX-2506)") < 0;
		for (int i = 1; i < n; i++) printf("%%s%%s", a[i], i + 1 < n ? " " : "\\n"); return 0; }\n' |
		aarch64-linux-gnu-gcc -x c -static-pie -fPIE -o "$root/xrun/FEX" -
}

fill_registry() {
	local root=$1 image name
	# shellcheck source=tests/registry/registry.sh
	source tests/registry/registry.sh
	registry_start "$work/registry"
	NATIVE=$arch tests/images/all.sh "${images[0]%:*}"
	[[ $arch == amd64 ]] || tests/images/ports.sh "$cache/ports-2"
	for name in "${conformance[@]}"; do
		tests/conformance/image.sh "$work/conformance" "$name"
		images+=("$work/conformance:$name")
	done
	for image in "${images[@]}"; do
		name="test"
		[[ $image != "$work/"* ]] || name=conformance
		skopeo copy -q --all --dest-tls-verify=false "oci:$image" "docker://127.0.0.1:$registry_port/$name:${image##*:}"
	done
	registry_stop "$work/registry"
	mv "$work/registry/data" "$root/xrun/data"
	registry_config /xrun plain 5000 >"$root/xrun/registry.yml"
}

# make_machine SUITE: sets kernel; disk.img and initrd are its.
make_machine() {
	local suite=$1 meta version module
	rm -rf "$work/kernel" "$work/initrd" "$work/disk.img" "$work/root/lib/modules"
	tests/images/debs.sh "$arch" "$suite" "$work/kernel" "linux-image-cloud-$arch"
	meta=$(find "$cache/apt-$suite-$arch/archives" -name "linux-image-cloud-${arch}_*.deb")
	tests/images/debs.sh "$arch" "$suite" "$work/kernel" "$(dpkg-deb -f "$meta" Depends | sed 's/[ ,].*//')"
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
	timeout "$limit" "${machine[@]}" -accel tcg,thread=multi -smp 2 -m 2048 -nographic -no-reboot -net none -kernel "$kernel" \
		-initrd "$work/initrd.gz" -append "console=$console quiet panic=-1 ${1:-}" \
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
for suite in ${SUITES:-$suites}; do
	make_machine "$suite" >&2
	for arguments in ${BOOTS:-$boots}; do
		boot "security=$arguments"
	done
done
echo "$passed passed, $failed failed, $skipped skipped"
((failed == 0))
