#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# xrun cp, both ways, of containers that run and that do not.

load lib

prepare() {
	xrun pull -q "$NATIVE"
}

setup() {
	cd "$BATS_TEST_TMPDIR" || return
	mkdir -p tree/sub
	echo one >tree/file
	echo two >"tree/sub/with blank"
	ln -s ../file tree/sub/link
	chmod 640 tree/file
	chmod 711 tree/sub
	touch -d 2020-01-02T03:04:05Z tree/file
	xrun run -d --name box "$NATIVE" sleep 1000 >/dev/null
	xrun create --name still "$NATIVE" true >/dev/null
}

teardown() {
	xrun rm -f box still >/dev/null
}

# into CONTAINER:DIR ARCHIVE
into() {
	xrun cp - "$1" <"$2"
}

listing() {
	(cd "$1" && find . -printf '%P %y %m %l\n' | sort && cat file 'sub/with blank')
}

@test "a tree comes back from a container as it went in" {
	local c
	for c in box still; do
		xrun cp tree "$c:/root/copy"
		xrun cp "$c:/root/copy" "back-$c"
		diff <(listing tree) <(listing "back-$c")
		[ "$(stat -c %Y tree/file)" = "$(stat -c %Y "back-$c/file")" ]
	done
}

@test "what is copied belongs to who gets it" {
	xrun cp tree box:/root/copy
	[ "$(xrun exec box stat -c %u:%g /root/copy/file)" = 0:0 ]
	xrun exec box chown app /root/copy/file
	xrun cp box:/root/copy/file mine
	[ "$(stat -c %u:%g mine)" = "$(id -u):$(id -g)" ]
	xrun exec box chmod 4755 /root/copy/file
	xrun cp box:/root/copy/file set-id
	[ "$(stat -c %a set-id)" = 755 ]
}

@test "cp -a keeps owners" {
	xrun exec box sh -c 'echo x >/root/f; chown app:staff /root/f'
	[ "$(id -u)" != 0 ] || {
		xrun cp -a box:/root/f f
		[ "$(stat -c %u:%g f)" = 1000:50 ]
	}
	[ "$(id -u)" = 0 ] || fails_with 125 "to user 1000" xrun cp -a box:/root/f f
}

@test "names at the target are docker's: into a directory, over a file, under a new name, the contents of one" {
	xrun cp tree/file box:/tmp
	xrun cp tree/file box:/tmp/new
	xrun cp tree/sub box:/tmp
	xrun cp tree/. box:/tmp/made
	xrun cp tree/. box:/tmp/sub
	xrun cp box:/tmp/. all
	[ "$(cd all && find . -mindepth 1 | LC_ALL=C sort | tr '\n' ' ')" = "$(printf '%s ' ./file ./made ./made/file ./made/sub ./made/sub/link './made/sub/with blank' ./new ./sub ./sub/file ./sub/link ./sub/sub ./sub/sub/link './sub/sub/with blank' './sub/with blank')" ]
	xrun cp box:/tmp/new .
	xrun cp box:tmp/new other
	cmp new other
	fails_with 125 "no directory /tmp/none/" xrun cp tree/file box:/tmp/none/
	fails_with 125 "over the file" xrun cp tree box:/tmp/file
	xrun exec box mkdir -p /tmp/odd/file
	fails_with 125 "over the directory" xrun cp tree/file box:/tmp/odd
	fails_with 125 "cannot look at nonesuch" xrun cp box:/nonesuch .
	fails_with 125 "CONTAINER:PATH" xrun cp tree other
	fails_with 125 "no container none" xrun cp none:/x .
}

@test "a symlink is copied as one; with -L, or a slash behind it, what it leads to" {
	xrun exec box ln -s /etc/passwd /root/link
	xrun exec box ln -s /etc /root/dir
	xrun cp box:/root/link .
	[ "$(readlink link)" = /etc/passwd ]
	xrun cp -L box:/root/link followed
	[ ! -L followed ]
	diff followed <(xrun exec box cat /etc/passwd)
	xrun cp box:/root/dir/ etc
	[ -f etc/passwd ]
}

@test "a symlink in a container leads to its own files, never to the host's" {
	echo secret >host-secret
	xrun exec box ln -s "$PWD/host-secret" /root/out
	xrun exec box ln -s ../../../../../../../../../../.. /root/up
	fails_with 125 "cannot find" xrun cp -L box:/root/out got
	xrun cp tree/file "box:/root/up/tmp/landed"
	xrun exec box test -e /tmp/landed
	[ ! -e /tmp/landed ]
	xrun exec box ln -s "$PWD" /root/target
	fails_with 125 "" xrun cp tree/file box:/root/target/x
	[ ! -e x ]
}

@test "names that are swapped for symlinks while cp runs lead nowhere (CVE-2018-15664)" {
	mkdir sentinel
	echo kept >sentinel/file
	xrun exec box sh -c "mkdir -p /root/a /root/b; echo inside >/root/a/file; ln -s $PWD/sentinel /root/s; ln -s $PWD/sentinel /root/c"
	xrun exec -d box sh -c 'cd /root; while :; do mv -T a x; mv -T s a; mv -T a s; mv -T x a; done'
	local i
	for ((i = 0; i < 30; i++)); do
		xrun cp box:/root/a "got-$i" 2>/dev/null || true
		[ -L "got-$i" ] || [ ! -e "got-$i/file" ] || [ "$(cat "got-$i/file")" != kept ]
		xrun cp tree/. box:/root/a 2>/dev/null || true
	done
	[ "$(ls sentinel)" = file ]
	[ "$(cat sentinel/file)" = kept ]
}

@test "devices and sockets are left out, and said so" {
	xrun exec box sh -c 'mkdir /root/d; echo x >/root/d/f'
	run xrun cp box:/dev/. dev
	[ "$status" = 0 ]
	[[ $output == *"devices and sockets were left out"* ]]
	[ ! -e dev/null ]
}

@test "cp into a container with --read-only fails, and copies out of it" {
	xrun run -d --name ro --read-only "$NATIVE" sleep 1000 >/dev/null
	fails_with 125 "Read-only" xrun cp tree/file ro:/root/file
	xrun cp ro:/etc/passwd passwd
	xrun rm -f ro
	[ -s passwd ]
}

@test "big files arrive whole" {
	head -c 20000000 /dev/urandom >big
	xrun cp big box:/root/big
	xrun cp box:/root/big back
	cmp big back
}

@test "cp - is a tar archive, both ways: a tree comes back as it went in" {
	local c long
	long=$(printf 'n%.0s' {1..150})
	mkdir "tree/$long"
	echo long >"tree/$long/$long"
	ln tree/file tree/second
	mkfifo tree/fifo
	for c in box still; do
		tar -cC tree . | xrun cp - "$c:/root"
		xrun cp "$c:/root/." - >"$c.tar"
		mkdir "back-$c"
		tar -xC "back-$c" -f "$c.tar"
		diff <(listing tree) <(listing "back-$c")
		[ "$(stat -c %h "back-$c/file")" = 2 ]
		[ "$(cat "back-$c/$long/$long")" = long ]
		[ "$(stat -c %Y tree/file)" = "$(stat -c %Y "back-$c/file")" ]
	done
	xrun cp box:/root/sub - | tar -t | grep -qx 'sub/with blank'
	[ "$(xrun cp box:/root/file - | tar -xO)" = one ]
	xrun cp box:/root/sub - | xrun cp - still:/tmp
	[ "$(xrun cp 'still:/tmp/sub/with blank' - | tar -xO)" = two ]
}

@test "every form that tar writes is understood, and what is none is told" {
	local form
	for form in v7 ustar gnu pax; do
		xrun exec box mkdir "/tmp/$form"
		tar --format=$form -c tree | xrun cp - "box:/tmp/$form"
		[ "$(xrun exec box cat "/tmp/$form/tree/file")" = one ]
	done
	tar -czf packed.tar.gz tree
	fails_with 125 "packed by gzip" into box:/tmp packed.tar.gz
	truncate -s 1M holes
	tar -Scf sparse.tar holes
	fails_with 125 "without --sparse" into box:/tmp sparse.tar
	fails_with 125 "no tar archive" into box:/tmp tree/file
	fails_with 125 "no tar archive: it is empty" into box:/tmp /dev/null
	tar -cf whole.tar tree
	head -c 700 whole.tar >half.tar
	fails_with 125 "ends" into box:/tmp half.tar
	fails_with 125 "CONTAINER:PATH" xrun cp - tree <whole.tar
	fails_with 125 "/etc/passwd is none" xrun cp - box:/etc/passwd <whole.tar
	fails_with 125 "cannot open the directory /none" xrun cp - box:/none <whole.tar
	to_full() { xrun cp box:/etc - >/dev/full; }
	fails_with 125 "cannot write" to_full
}

@test "what comes by cp - belongs to the container's root, or with -a to whom the archive says" {
	tar --owner=1000 --group=50 -c tree | xrun cp - box:/root
	[ "$(xrun exec box stat -c %u:%g /root/tree/file)" = 0:0 ]
	tar --owner=1000 --group=50 -c tree | xrun cp -a - box:/tmp
	[ "$(xrun exec box stat -c %u:%g /tmp/tree/file /tmp/tree/sub /tmp/tree/sub/link | uniq)" = 1000:50 ]
	[ "$(xrun cp box:/tmp/tree - | tar --numeric-owner -tv | awk '{ print $2 }' | uniq)" = 1000/50 ]
	tar --owner=4000000000 --group=50 -c tree | fails_with 125 "to user 4000000000" xrun cp -a - box:/tmp
}

@test "nothing of an archive leaves the directory that it is for" {
	python3 - <<-'END'
		import io, tarfile
		def make(name, *entries):
		    with tarfile.open(name, "w") as tar:
		        for path, kind, link in entries:
		            entry = tarfile.TarInfo(path)
		            entry.type, entry.linkname = kind, link
		            entry.size = 4 if kind == tarfile.REGTYPE else 0
		            tar.addfile(entry, io.BytesIO(b"bad\n"))
		FILE, LINK, HARD, DEVICE = tarfile.REGTYPE, tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.CHRTYPE
		make("up.tar", ("../x", FILE, ""))
		make("within.tar", ("a/../../x", FILE, ""))
		make("symlink.tar", ("out", LINK, "/etc"), ("out/x", FILE, ""))
		make("above.tar", ("out", LINK, ".."), ("out/x", FILE, ""))
		make("hard.tar", ("y", HARD, "../etc/passwd"))
		make("absolute.tar", ("/x", FILE, ""))
		make("over.tar", ("link", LINK, "/etc/passwd"), ("link", FILE, ""))
		make("device.tar", ("null", DEVICE, ""), ("z", FILE, ""))
	END
	xrun exec box mkdir -p /root/dir
	fails_with 125 "leads upwards" into box:/root/dir up.tar
	fails_with 125 "leads upwards" into box:/root/dir within.tar
	fails_with 125 "leads out of /root/dir" into box:/root/dir symlink.tar
	fails_with 125 "leads out of /root/dir" into box:/root/dir above.tar
	fails_with 125 "leads upwards" into box:/root/dir hard.tar
	into box:/root/dir absolute.tar
	xrun exec box cat /etc/passwd >before
	into box:/root/dir over.tar
	into box:/root/dir device.tar 2>note
	grep -q "1 devices and sockets were left out" note
	[ "$(xrun exec box sh -c 'cd /root/dir; cat x link z; ls')" = "$(printf '%s\n' bad bad bad link out x z)" ]
	diff before <(xrun exec box cat /etc/passwd)
	xrun exec box ln -s /root/dir /absolute
	tar -c tree --transform 's,^,absolute/,' | xrun cp - box:/
	[ "$(xrun exec box cat /root/dir/tree/file)" = one ]
}

@test "a container that sees the host's processes leads cp to no directory that we have open (CVE-2024-21626)" {
	local n
	mkdir host
	echo mine >host/secret
	xrun rm -f box >/dev/null
	xrun run -q -d --name box --pid host "$NATIVE" sh -c 'for n in $(seq 0 24); do ln -s /proc/self/fd/$n /d$n; done; echo made; exec sleep 1000' >/dev/null
	await log_has made box
	for n in {0..24}; do
		timeout 20 "$XRUN" --root "$STORE" cp tree/file "box:/d$n/escaped" 9<host 2>/dev/null </dev/null || true
		tar -c tree --transform 's,^tree,escaped,' | timeout 20 "$XRUN" --root "$STORE" cp - "box:/d$n" 9<host 2>/dev/null || true
		timeout 20 "$XRUN" --root "$STORE" cp "box:/d$n/." "copy$n" 9<host >/dev/null 2>&1 </dev/null || true
		refute [ -e "copy$n/secret" ]
		refute [ -e "copy$n/index.json" ]
		refute [ -e "copy$n/lock" ]
	done
	[ "$(ls host)" = secret ]
	[ -z "$(find "$STORE" -name escaped 2>/dev/null)" ]
	fails_with 125 "standard input is a directory" xrun cp tree/file box:/d0/ <host
}
