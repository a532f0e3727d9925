#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# A container's handlers of foreign programs: out of its reach, and there as long as it is.

load lib

FOREIGN=$PLAIN/test:arm64

@test "a container's root can neither register a handler nor reach a table of them" {
	run xrun run --rm --arch aarch64 "$FOREIGN" sh -c '
		for f in register status; do ! echo ":x:M::MZ::/bin/sh:" >/proc/sys/fs/binfmt_misc/$f || echo written; done
		mkdir /table; ! mount -t binfmt_misc none /table || echo mounted
		! mount --bind /proc/sys/fs/binfmt_misc /table || echo bound
		uname -m'
	echo "$output"
	[ "$status" = 0 ]
	[[ $output != *written* && $output != *mounted* && $output != *bound* ]]
	[[ $output == *aarch64 ]]
}

@test "an own instance of the table that a privileged container mounts changes nothing for others" {
	xrun run -q -d --name beside --arch aarch64 "$FOREIGN" sleep 600
	echo 'int mount(const char *, const char *, const char *, unsigned long, const void *); int open(const char *, int); long write(int, const void *, long);
		int main(void) { return mount("none", "/mnt", "binfmt_misc", 0, 0) < 0 || write(open("/mnt/status", 1), "-1", 2) != 2; }' |
		aarch64-linux-gnu-gcc -static -x c -o "$BATS_TEST_TMPDIR/wipe" -
	xrun run --rm --privileged -v "$BATS_TEST_TMPDIR/wipe:/wipe" --arch aarch64 "$FOREIGN" sh -c 'mkdir /mnt; exec /wipe'
	[ "$(xrun exec beside uname -m)" = aarch64 ]
	xrun rm -f beside
}

@test "a foreign program that is executed late runs as well as the first, until the container ends" {
	xrun run -q -d --name late --arch aarch64 "$FOREIGN" sh -c 'while [ ! -e /go ]; do sleep 0.1; done; uname -m; exec sh -c "exec uname -m"'
	xrun exec late touch /go
	xrun wait late
	[ "$(xrun logs late | tr '\n' ' ')" = "aarch64 aarch64 " ]
	xrun rm late
}

@test "a foreign program whose input and output are closed is not confused by it" {
	[ "$(xrun run --rm -i --arch aarch64 "$FOREIGN" sh -c 'cat; echo read' <&-)" = read ]
	xrun run --rm --arch aarch64 "$FOREIGN" sh -c 'ls /proc/self/fd' <&- >&- 2>&-
}
