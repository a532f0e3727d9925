#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# A container's handlers of foreign programs: out of its reach, and there as long as it is.

load lib

FOREIGN=$PLAIN/test:arm64

@test "a container's root can neither register a handler nor reach a table of them" {
	echo 'int mount(const char *, const char *, const char *, unsigned long, const void *); int open(const char *, int); long syscall(long, ...); int puts(const char *);
		int main(void)
		{
			if (open("/proc/sys/fs/binfmt_misc/register", 1) >= 0 || open("/proc/sys/fs/binfmt_misc/status", 1) >= 0) puts("opened");
			if (mount("none", "/mnt", "binfmt_misc", 0, 0) == 0) puts("mounted");
			if (mount("/proc/sys/fs/binfmt_misc", "/mnt", 0, 4096, 0) == 0 && open("/mnt/register", 1) >= 0) puts("bound");
			if (syscall(430, "binfmt_misc", 0) >= 0) puts("fsopen");
			return puts("tried") < 0;
		}' >"$BATS_TEST_TMPDIR/reach.c"
	cc -static -w -o "$BATS_TEST_TMPDIR/reach" "$BATS_TEST_TMPDIR/reach.c" # the machine's own, so that the kernel answers
	[ "$(xrun run -q --rm -v "$BATS_TEST_TMPDIR/reach:/reach" -v /mnt --arch aarch64 "$FOREIGN" sh -c '/reach; uname -m')" = "tried
aarch64" ]
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
