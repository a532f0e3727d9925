#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# Where the machine gives no more processes or namespaces, the message names the limit and how to lift it.

load lib

@test "a limit on namespaces is named, and how to lift it" {
	local case kind message directory=$BATS_TEST_TMPDIR/store
	cp "$PLACE/busybox-$(debian_name "$HOST")" "$BATS_TEST_TMPDIR/program"
	for case in user:0 user:1 mnt:2 net:0 pid:0 uts:0; do # user:1: one for the emulators, none for the container; mnt:2: none for its overlay
		kind=${case%:*}
		# in a user namespace, whose limits are its own
		message=$(unshare -Ur sh -c 'echo "$3" >"/proc/sys/user/max_$2_namespaces"; "$0" --root "$1" run --network none "$4" true 2>&1' \
			"$XRUN" "$directory" "$kind" "${case#*:}" "$BATS_TEST_TMPDIR/program" | grep -v note:)
		echo "$message"
		[[ $message == "xrun: cannot make "*": no more may be made; of the limits in /proc/sys/user the lowest is that of "* ]]
		[[ $message == *" $kind namespaces, ${case#*:}: sudo sysctl user.max_${kind}_namespaces=15000" ]]
	done
}

@test "where no namespaces are allowed, the doctor is named, by what needs no container as well" {
	local command
	for command in run pull; do
		fails_with 125 "cannot make a user namespace: Operation not permitted; xrun doctor says what does not allow them" \
			"$BATS_TEST_DIRNAME/deny.py" EPERM unshare -- "$XRUN" --root "$BATS_TEST_TMPDIR/store" $command "oci:$IMAGES:$(debian_name "$HOST")"
	done
}

@test "root of a container around us that may not mount is sent to the doctor" {
	((EUID == 0)) || return 0 # others need no mount of their own for it
	fails_with 125 "rootfs:/tmp: root may not mount it here: Operation not permitted; xrun doctor says" \
		setpriv --bounding-set -sys_admin "$XRUN" --root "$BATS_TEST_TMPDIR/store" run rootfs:/tmp true
}

@test "a store in the root of a container around us, which is an overlay, is said to be one, and what to do" {
	local command='mkdir "$1/lower" "$1/upper" "$1/work" "$1/merged"
		mount -t overlay -o "userxattr,lowerdir=$1/lower,upperdir=$1/upper,workdir=$1/work" none "$1/merged"
		exec "$0" --root "$1/merged" run --network none "$2" true 2>&1 | grep -v note: >&2'
	cp "$PLACE/busybox-$(debian_name "$HOST")" "$BATS_TEST_TMPDIR/program"
	fails_with 0 "cannot be kept on an overlay file system" unshare -Urm sh -c "$command" "$XRUN" "$BATS_TEST_TMPDIR" "$BATS_TEST_TMPDIR/program"
	# shellcheck disable=SC2154 # fails_with sets it
	[[ $said == *"xrun --root DIR"* ]]
}

@test "a user's limit on processes is named" {
	((EUID != 0)) || return 0 # it does not hold for root
	fails_with 125 "of processes and threads user $EUID may have 1, and has" env ASAN_OPTIONS=detect_leaks=0 \
		bash -c 'ulimit -u 1; exec "$@"' bash "$XRUN" --root "$BATS_TEST_TMPDIR/store" "$PLACE/busybox-$(debian_name "$HOST")" true
	# shellcheck disable=SC2154 # fails_with sets it
	[[ $said == *"Resource temporarily unavailable"*"ulimit -u"* ]]
}

# limited LIMIT VALUE COMMAND...: with that limit of ulimit's.
limited() {
	# shellcheck disable=SC2016 # the inner shell's words
	env ASAN_OPTIONS=detect_leaks=0 bash -c 'ulimit "$1" "$2"; shift 2; exec "$@"' bash "$@"
}

@test "a limit on open files is named" {
	local files
	for files in 8 12 20; do
		fails_with 125 "Too many open files; xrun may have $files open here: ulimit -n 1024, or LimitNOFILE=" \
			limited -n $files "$XRUN" --root "$BATS_TEST_TMPDIR/store" --network none "$PLACE/busybox-$(debian_name "$HOST")" true
	done
}

@test "a limit on the size of files is an error that names it, and what is short runs" {
	fails_with 125 "File too large; a file may have 10240 bytes here: ulimit -f unlimited" \
		limited -f 10 "$XRUN" --root "$BATS_TEST_TMPDIR/store" pull -q "$NATIVE"
	xrun pull -q "$NATIVE"
	[ "$(limited -f 10 "$XRUN" --root "$STORE" "$NATIVE" echo ok)" = ok ]
	# it is the program's own limit, too, and ends it as ever
	[ "$(limited -f 10 "$XRUN" --root "$STORE" "$NATIVE" sh -c '(yes >/file); echo $?' 2>/dev/null)" = 153 ]
}

@test "a detached container outlives a log that is larger than files may be, and the log has what came last" {
	xrun pull -q "$NATIVE"
	limited -f 10 "$XRUN" --root "$STORE" run -d --name writer "$NATIVE" sh -c 'i=0; while [ $i -lt 500 ]; do echo line $i; i=$((i+1)); done; exit 3'
	[ "$(xrun wait writer)" = 3 ]
	[ "$(xrun logs writer | tail -1)" = "line 499" ]
	remove_containers
}

@test "a limit on address space that ends the network's program is named" {
	! sanitized || return 0 # which takes terabytes of it
	xrun pull -q "$NATIVE"
	fails_with 125 "; it may use 20000 KiB of address space here: ulimit -v unlimited allows more" \
		limited -v 20000 "$XRUN" --root "$STORE" --network private "$NATIVE" true
	# shellcheck disable=SC2154 # fails_with sets it
	[[ $said == *"the container's network: "*pasta* ]]
}

@test "limits on stack and data that end the network's program are named, and those that would end xrun itself" {
	! sanitized || return 0 # which takes more of both
	local limit
	xrun pull -q "$NATIVE"
	for limit in 's 1000' 'd 10000'; do
		fails_with 125 " ${limit#* } KiB" limited "-${limit% *}" "${limit#* }" "$XRUN" --root "$STORE" --network private "$NATIVE" true
		# shellcheck disable=SC2154 # fails_with sets it
		[[ $said == *"the container's network: "*pasta*": ulimit -${limit% *} "* ]]
		[ "$(limited "-${limit% *}" "${limit#* }" "$XRUN" --root "$STORE" --network none "$NATIVE" echo ok)" = ok ]
	done
	fails_with 125 "xrun may have a stack of 32 KiB here and needs 128: ulimit -s 8192" limited -s 32 "$XRUN" --root "$STORE" "$NATIVE" true
	fails_with 125 "xrun may use 900 KiB for its data here and needs 1024: ulimit -d unlimited" limited -d 900 "$XRUN" --root "$STORE" "$NATIVE" true
}

# As a user of its own, whose quota nobody else shares: its other keys are those of the session that ends with it.
@test "a quota of keys is told as one, with what allows more" {
	((EUID == 0)) || return 0
	local directory=$BATS_TEST_TMPDIR/keys said
	mkdir "$directory"
	cat >"$directory/fill.py" <<-'END'
		import ctypes, os, platform, sys
		call = ctypes.CDLL(None).syscall
		keyctl, add_key = (250, 248) if platform.machine() == "x86_64" else (219, 217)
		os.setgroups([])
		os.setresgid(54321, 54321, 54321)
		os.setresuid(54321, 54321, 54321)
		if call(keyctl, 1, None) < 0: # KEYCTL_JOIN_SESSION_KEYRING
		    sys.exit("no keyrings here")
		while call(add_key, b"user", os.urandom(8).hex().encode(), b"x", 1, -3) >= 0: # KEY_SPEC_SESSION_KEYRING
		    pass
		os.execv(sys.argv[1], sys.argv[1:])
	END
	cp "$PLACE/busybox-$(debian_name "$HOST")" "$directory/program"
	chown -R 54321:54321 "$directory"
	chmod 755 "$BATS_RUN_TMPDIR" "$BATS_FILE_TMPDIR" "$BATS_TEST_TMPDIR/.." "$BATS_TEST_TMPDIR"
	said=$(cd "$directory" && ASAN_OPTIONS=detect_leaks=0 python3 fill.py "$XRUN" --root "$directory/store" run --network none ./program true 2>&1) && false
	echo "$said"
	[[ $said == "no keyrings here" ]] && return 0 # a filter around us, as docker's, leaves xrun none to make either
	[[ $said == *"xrun: cannot make a session keyring: Disk quota exceeded; it is the quota of keys"*"sudo sysctl kernel.keys.maxkeys=2000 allows more" ]]
}
