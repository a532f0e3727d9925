#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# Images and programs that try what other containers' runtimes fell for; one test for each, named after the attack.

load lib
load fixtures

SENTINEL=$BATS_FILE_TMPDIR/sentinel

# image TAG OPTION...: pushes an image of the native one's files and what the options add; its name is "$PLAIN/attacks-UID:TAG".
image() {
	local tag=$1
	shift
	make_layout "$tag" --layer "$(native_tar)" "$@"
	skopeo copy -q --dest-tls-verify=false "oci:$LAYOUT:$tag" "docker://$PLAIN/attacks-$EUID:$tag"
	xrun pull -q "$PLAIN/attacks-$EUID:$tag"
}

# run_image TAG OPTION... -- COMMAND...
run_image() {
	local tag=$1 options=()
	shift
	while [ "$1" != -- ]; do
		options+=("$1")
		shift
	done
	shift
	xrun "${options[@]}" "$PLAIN/attacks-$EUID:$tag" "$@"
}

prepare() {
	xrun pull -q "$NATIVE"
	mkdir -p "$SENTINEL"
	echo kept >"$SENTINEL/kept"
	local empty=$BATS_FILE_TMPDIR/empty name
	mkdir "$empty"
	for name in proc sys dev; do
		make_layout "link-$name" --layer "$(native_tar)" --layer "$(layer "link-$name" --link "$name=../../..$SENTINEL")"
		skopeo copy -q --dest-tls-verify=false "oci:$LAYOUT:link-$name" "docker://$PLAIN/attacks-$EUID:link-$name"
	done
	image null --layer "$(layer null --link dev/null=/proc/sys/kernel/core_pattern --link dev/console=/proc/kcore \
		--link dev/pts="$SENTINEL" --link dev/ptmx=/proc/kcore)"
	image volumes --config "{\"Volumes\": {\"/../../..$SENTINEL\": {}, \"/data/new\": {}, \"relative/../..$SENTINEL/dir\": {}}}"
	image volumes-link --layer "$(layer volumes-link --link data="../../..$SENTINEL")" --config '{"Volumes": {"/data/new": {}}}'
	image workdir --layer "$(layer workdir --link w="$SENTINEL")" --workdir /w/new/deep
	image numeric --layer "$(layer numeric --file 'etc/passwd=root:x:0:0::/root:/bin/sh\n1000:x:0:0::/:/bin/sh\n0x5:x:7:7::/:/bin/sh\n')" --user 1000
	image passwd-link --layer "$(layer passwd-link --link etc/passwd="$SENTINEL/fifo" --link etc/group=/dev/zero)" --user app
	image labels --config '{"Labels": {"run.oci.seccomp.receiver": "/x", "run.oci.hooks.stdout": "/x", "xrun.privileged": "true",
		"xrun.seccomp": "unconfined", "org.systemd.property.ExecStart": "x", "io.containers.capabilities": "ALL"}}'
	mkfifo "$SENTINEL/fifo"
	(cd "$SENTINEL" && stat -c '%n %F %a %u %g %Y' . ./*) >"$BATS_FILE_TMPDIR/before"
}

# layer NAME (--link PATH=TARGET | --file PATH=TEXT)...: the path of a tar with these.
layer() {
	python3 - "$BATS_FILE_TMPDIR/layer-$1.tar" "${@:2}" <<-'END'
		import io, sys, tarfile
		with tarfile.open(sys.argv[1], "w") as tar:
		    for how, what in zip(sys.argv[2::2], sys.argv[3::2]):
		        path, _, text = what.partition("=")
		        info = tarfile.TarInfo(path)
		        if how == "--link":
		            info.type, info.linkname = tarfile.SYMTYPE, text
		            tar.addfile(info)
		        else:
		            data = text.replace("\\n", "\n").encode()
		            info.size, info.mode = len(data), 0o644
		            tar.addfile(info, io.BytesIO(data))
	END
	echo "$BATS_FILE_TMPDIR/layer-$1.tar"
}

teardown() {
	diff "$BATS_FILE_TMPDIR/before" <(cd "$SENTINEL" && stat -c '%n %F %a %u %g %Y' . ./*)
}

@test "an image whose /proc, /sys or /dev is a symlink is refused (CVE-2019-19921, CVE-2023-27561, CVE-2026-41579)" {
	local name
	for name in proc sys dev; do
		fails_with 125 "the image's /$name is not a directory" xrun -q "$PLAIN/attacks-$EUID:link-$name" true
	done
}

@test "an image's /dev/null that leads to a file of /proc masks nothing and opens nothing (CVE-2025-31133)" {
	# shellcheck disable=SC2016 # the container's shell expands it
	run_image null -- sh -ec '
		test "$(stat -c %t:%T /dev/null)" = 1:3
		for f in /proc/keys /proc/timer_list /proc/kcore; do test ! -e $f || test "$(stat -c %t:%T $f)" = 1:3; done
		! (echo x >/proc/sys/kernel/core_pattern) 2>/dev/null'
}

@test "the terminal is a pty of the container's own, whatever the image has in /dev (CVE-2025-52565)" {
	run script -qec "'$XRUN' --root '$STORE' -t '$PLAIN/attacks-$EUID:null' sh -c 'stat -Lc %t /proc/self/fd/0; tty'" /dev/null
	[ "$(tr -d '\r' <<<"$output")" = "$(printf '88\n/dev/pts/0')" ]
}

@test "an image's volumes are made within its root (CVE-2022-23648)" {
	run_image volumes -- sh -c "test -d '$SENTINEL' && test -z \"\$(ls '$SENTINEL'/kept 2>/dev/null)\" && test -d /data/new"
	run_image volumes-link -- test -d /data/new
	run_image volumes --read-only -- sh -c 'echo x >/data/new/x && cat /data/new/x'
}

@test "a symlink in the image's working directory makes nothing on the host (CVE-2026-55686)" {
	fails_with 125 "cannot make the working directory /w/new/deep" run_image workdir -- pwd
}

@test "a number is a number: a user of that name in the image gives no other id (CVE-2016-3697, CVE-2024-40635)" {
	local wish
	[ "$(run_image numeric -- id -u)" = 1000 ]
	[ "$(run_image numeric -u 1000 -- id -u)" = 1000 ]
	[ "$(run_image numeric -u 0x5 -- id -u)" = 7 ] # no number: the name
	for wish in -1 4294967295 4294967296 2147483648:0 1000abc 0x0 ' 0' '0 ' +0 1000:-1 0:4294967295 99999999999999999999; do
		fails_with 125 "" run_image numeric -u "$wish" -- id -u
	done
}

@test "an image's passwd that is a symlink to a fifo or an endless file is bounded (CVE-2024-9676, CVE-2026-47262)" {
	fails_with 125 "is not a regular file" timeout 20 "$XRUN" --root "$STORE" "$PLAIN/attacks-$EUID:passwd-link" id
	fails_with 125 "is not a regular file" timeout 20 "$XRUN" --root "$STORE" --device /dev/zero:/etc/group "$NATIVE" id
	truncate -s 2G "$BATS_TEST_TMPDIR/sparse"
	fails_with 125 "of at most 4 MiB" timeout 20 "$XRUN" --root "$STORE" -v "$BATS_TEST_TMPDIR/sparse:/etc/passwd" "$NATIVE" id
}

@test "the primary group is among the supplementary ones (CVE-2022-2989, CVE-2022-36109)" {
	[ "$(xrun -u app "$NATIVE" sed -n 's/^Groups:\s*//p' /proc/self/status | tr -d '\t')" = "50 1000 " ]
	[ "$(xrun -u 1234:1000 "$NATIVE" sed -n 's/^Groups:\s*//p' /proc/self/status)" = "1000 " ]
}

@test "an image's labels change nothing of how it runs (CVE-2026-53488, CVE-2024-3154)" {
	local look='sed -n /^\(Cap\|Seccomp\|NoNew\)/p /proc/self/status'
	# shellcheck disable=SC2086 # several words are meant
	diff <(run_image labels -- $look) <(xrun "$NATIVE" $look)
	refute grep -E '^ *"(run.oci|org.systemd|io.containers|xrun.privileged)' <(xrun run --dry-run "$PLAIN/attacks-$EUID:labels" true)
}

@test "no settings are written to what stands over /proc/sys (CVE-2025-52881, CVE-2019-16884)" {
	mkdir -p "$BATS_TEST_TMPDIR/fake/net/ipv4"
	echo 0 >"$BATS_TEST_TMPDIR/fake/net/ipv4/ip_forward"
	xrun -v "$BATS_TEST_TMPDIR/fake:/proc/sys" --sysctl net.ipv4.ip_forward=1 "$NATIVE" true
	[ "$(cat "$BATS_TEST_TMPDIR/fake/net/ipv4/ip_forward")" = 0 ]
	xrun --tmpfs /proc/sys/net --sysctl net.ipv4.ip_forward=1 "$NATIVE" true
}

@test "a mount's place that is swapped for a symlink meanwhile stays within the root (CVE-2021-30465, CVE-2024-45310)" {
	local shared=$BATS_TEST_TMPDIR/shared i swapper
	mkdir -p "$shared/place"
	ln -s "../../../../../../../..$SENTINEL" "$shared/other"
	chmod -R a+rwX "$shared"
	python3 - "$shared" 3>&- <<-'END' &
		import ctypes, os, sys
		libc = ctypes.CDLL(None)
		a, b = (os.path.join(sys.argv[1], n).encode() for n in ("place", "other"))
		while os.getppid() != 1:
		    libc.renameat2(-100, a, -100, b, 2)
	END
	swapper=$!
	for ((i = 0; i < 25; i++)); do
		xrun -v "$shared:/v" --tmpfs /v/place "$NATIVE" true 2>/dev/null || true
		xrun -v "$shared:/v" -v "$BATS_FILE_TMPDIR/empty:/v/place/below" "$NATIVE" true 2>/dev/null || true
	done
	kill "$swapper"
	wait "$swapper" 2>/dev/null || true
}

@test "no program can type into the caller's terminal (CVE-2017-5226, CVE-2019-10063)" {
	cat >"$BATS_TEST_TMPDIR/type.c" <<-'C'
		#include <errno.h>
		#include <stdio.h>
		#include <sys/ioctl.h>
		#include <sys/syscall.h>
		#include <unistd.h>
		int main(void)
		{
			char c = 'x', paste[] = { 3, 0 };
			int typed = 0;
			for (int fd = 0; fd < 3; fd++) {
				typed += syscall(SYS_ioctl, fd, (long)TIOCSTI, &c) == 0;
				typed += syscall(SYS_ioctl, fd, (long)TIOCSTI + (1L << 32), &c) == 0;
				typed += syscall(SYS_ioctl, fd, (long)TIOCLINUX, paste) == 0;
			}
			printf("typed %d\n", typed);
			return 0;
		}
	C
	cc -static -o "$BATS_TEST_TMPDIR/type" "$BATS_TEST_TMPDIR/type.c"
	local options
	for options in -i --rm "-i --security-opt seccomp=unconfined" "-i -u app"; do
		run script -qec "'$XRUN' --root '$STORE' $options -v '$BATS_TEST_TMPDIR/type:/type' '$NATIVE' /type" /dev/null </dev/null
		[[ $output == *"typed 0"* ]]
	done
}

@test "a HOME with a newline in it goes into no passwd (CVE-2022-4318)" {
	[ "$(xrun -e HOME=$'/\nx::0:0::/:/bin/sh' "$NATIVE" sh -c 'cat /etc/passwd')" = "$(xrun "$NATIVE" cat /etc/passwd)" ]
}

@test "no cgroup can be written, nor a release agent set (CVE-2022-0492, CVE-2023-25809)" {
	local options
	for options in --rm "--cgroupns host" "--cgroupns host --privileged" "--cap-add ALL"; do
		# shellcheck disable=SC2086 # several words are meant
		xrun $options "$NATIVE" sh -c '
			! (echo x >/sys/fs/cgroup/release_agent) 2>/dev/null || exit 1
			! mkdir /sys/fs/cgroup/x 2>/dev/null || exit 2
			! sed "s/ - .*//" /proc/self/mountinfo | sed -n "/cgroup/p" | sed -n "/ rw,/p" | read -r _'
	done
}

@test "names that are paths are refused" {
	local name
	for name in ../../x . .. a/b $'a\nb' "$(printf '%01000d' 0)" ''; do
		fails_with 125 "" xrun --name "$name" "$NATIVE" true
	done
}

@test "nothing that a container or an image chose is obeyed by the terminal that it is shown on" {
	local name shown command
	name=$(printf 'x\033]0;title\007\302\233y')
	xrun run -q -d --name names "$NATIVE" sh -c "cp /bin/sleep '/bin/$name'; touch '/$name'; echo made; exec '/bin/$name' 1000" >/dev/null
	await log_has made names
	xrun create -q --name still "$NATIVE" true >/dev/null
	xrun commit --change "WORKDIR /$name" --message "$name" still localhost/names >/dev/null
	for command in "diff names" "top names" "top names pid,comm,args" "ps -a" "ps --format {{.Command}}" "history localhost/names" \
		"history --format {{.Comment}} localhost/names" "inspect --format {{.Config.WorkingDir}} localhost/names"; do
		shown=$(script -qec "'$XRUN' --root '$STORE' $command" /dev/null </dev/null | tr -d '\r\n')
		[ -n "$shown" ]
		[[ $shown != *[$'\001'-$'\037'$'\177']* ]]
		[[ $shown != *$'\302\233'* ]]
	done
	[[ $(xrun diff names) == *"$name"* ]] # not a terminal
	xrun rm -f names still >/dev/null
	xrun rmi localhost/names >/dev/null
}
