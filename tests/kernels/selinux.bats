#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# --security-opt label= on a kernel with SELinux; tests/kernels/init has loaded tests/kernels/selinux.policy and enforces it.

load ../cli/lib

# As somebody would once whose policy does not know the store: overlayfs maps the layers' own files into programs.
prepare() {
	xrun pull -q "$PLAIN/test:amd64"
	find "$STORE/layers" -type f -exec chcon system_u:object_r:layer_t:s0 {} +
}

labelled() {
	xrun -q --network none --security-opt label=type:container_t "$@"
}

label() {
	"$@" "$PLAIN/test:amd64" cat /proc/self/attr/current 2>&1 | tr -d '\0'
}

@test "the program runs under the label, and may do what it likes with its own files" {
	[[ $(label labelled) == system_u:system_r:container_t:s0:c*,c* ]]
	[ "$(label labelled --security-opt label=level:s0:c5,c6)" = system_u:system_r:container_t:s0:c5,c6 ]
	[ "$(label xrun -q --network none)" = system_u:system_r:host_t:s0-s0:c0.c1023 ]
	[ "$(labelled "$PLAIN/test:amd64" sh -c 'echo words >/root/file && cat /root/file' 2>&1 | cat)" = words ]
	[ "$(labelled --tmpfs /scratch "$PLAIN/test:amd64" sh -c 'echo words >/scratch/file && : >/dev/shm/file && cat /etc/hosts >/dev/null && echo done' 2>&1 | cat)" = "done" ]
}

@test "so it does without new privileges, behind --init, on a terminal, and with exec" {
	[[ $(label labelled --security-opt no-new-privileges) == *:container_t:* ]]
	[[ $(label labelled --init) == *:container_t:* ]]
	[[ $(label labelled --pid host) == *:container_t:* ]]
	[[ $(label labelled -t) == *container_t* ]]
	"$XRUN" --root "$STORE" run -q -d --network none --name labelled --security-opt label=type:container_t "$PLAIN/test:amd64" sleep 600 2>&1 3>&- | cat
	[[ $(xrun exec labelled cat /proc/self/attr/current 2>&1 | tr -d '\0') == *:container_t:* ]]
	xrun rm -f labelled
}

@test "the host's files are out of its reach, unless no label is asked for" {
	mkdir "$BATS_TEST_TMPDIR/data"
	echo secret >"$BATS_TEST_TMPDIR/data/file"
	[[ $(labelled -v "$BATS_TEST_TMPDIR/data:/data" "$PLAIN/test:amd64" cat /data/file 2>&1 | cat) == *"ermission denied"* ]]
	[ "$(labelled --security-opt label=disable -v "$BATS_TEST_TMPDIR/data:/data" "$PLAIN/test:amd64" cat /data/file)" = secret ]
}

@test "z gives a volume to all containers with a label, Z to one alone, and what lies beside it stays as it is" {
	local data=$BATS_TEST_TMPDIR/data
	mkdir -p "$data/deep/er" "$BATS_TEST_TMPDIR/beside"
	echo words | tee "$data/file" "$data/deep/er/file" >"$BATS_TEST_TMPDIR/beside/file"
	ln -s ../beside "$data/link"
	ln -s ../beside/file "$data/deep/link"
	said=$(labelled -v "$data:/data:z" "$PLAIN/test:amd64" sh -c 'cat /data/deep/er/file && echo more >>/data/file' 2>&1 | cat)
	echo "$said"
	[ "$said" = words ]
	[ "$(stat -c %C "$data" "$data/deep/er/file" "$data/link" "$data/file" | sort -u)" = system_u:object_r:container_file_t:s0 ]
	[ "$(stat -c %C "$BATS_TEST_TMPDIR/beside" "$BATS_TEST_TMPDIR/beside/file" | sort -u)" = system_u:object_r:host_file_t:s0 ]
	[ "$(labelled -v "$data:/data" "$PLAIN/test:amd64" cat /data/file 2>&1 | cat)" = "$(printf 'words\nmore')" ]
	[ "$(labelled --security-opt label=level:s0:c5,c6 --mount "type=bind,src=$data,dst=/data,relabel=private" "$PLAIN/test:amd64" \
		cat /data/deep/er/file 2>&1 | cat)" = words ]
	[ "$(stat -c %C "$data" "$data/deep/er/file" | sort -u)" = system_u:object_r:container_file_t:s0:c5,c6 ]
	[[ $(labelled --security-opt label=level:s0:c7,c8 -v "$data:/data" "$PLAIN/test:amd64" cat /data/file 2>&1 | cat) == *"ermission denied"* ]]
}

@test "a container that was stopped labels its volumes again when it starts" {
	local data=$BATS_TEST_TMPDIR/data
	mkdir "$data"
	xrun run -q --network none --security-opt label=type:container_t --name again -v "$data:/data:Z" "$PLAIN/test:amd64" true 2>&1 | cat
	echo words >"$data/file"
	chcon system_u:object_r:host_file_t:s0 "$data/file"
	xrun start again
	xrun wait again
	[[ $(stat -c %C "$data/file") == *:container_file_t:s0:c*,c* ]]
	xrun rm again
}

@test "z and Z change no labels that others need, whatever name they are called by" {
	local place before=$BATS_TEST_TMPDIR/before
	ln -s / "$BATS_TEST_TMPDIR/name"
	mkdir -p "$BATS_TEST_TMPDIR/home/me"
	stat -c %C / /usr /etc /var /home /proc "$HOME" "$STORE" >"$before"
	for place in / /usr /etc /etc/passwd /var /var/lib /home /tmp /proc/self/root "$BATS_TEST_TMPDIR/name/usr" "$HOME" "$(dirname "$STORE")"; do
		fails_with 125 "keeps its SELinux label" "$XRUN" --root "$STORE" run -q --rm --network none --security-opt label=type:container_t \
			-v "$place:/data:z" "$PLAIN/test:amd64" true
	done
	HOME=$BATS_TEST_TMPDIR/home/me fails_with 125 "keeps its SELinux label" "$XRUN" --root "$STORE" run -q --rm --network none \
		--security-opt label=type:container_t -v "$BATS_TEST_TMPDIR/home:/data:Z" "$PLAIN/test:amd64" true
	stat -c %C / /usr /etc /var /home /proc "$HOME" "$STORE" | diff "$before" -
	[ "$(labelled --security-opt label=disable -v /usr:/data:z "$PLAIN/test:amd64" echo fine)" = fine ]
}

@test "a label that the caller may not change is an error that names the file" {
	((EUID != 0)) || return 0 # root may
	fails_with 125 "cannot give /usr/share the SELinux label" xrun -q --network none --security-opt label=type:container_t \
		-v /usr/share:/data:z "$PLAIN/test:amd64" true
}

@test "a file that the label may not write to is an error where the program's output would be lost in it" {
	local status=0
	labelled "$PLAIN/test:amd64" true >"$BATS_TEST_TMPDIR/out" 2>"$BATS_TEST_TMPDIR/err" || status=$?
	[ "$status" = 125 ]
	grep "write to our standard output, a file with the label system_u:object_r:host_file_t" "$BATS_TEST_TMPDIR/err"
}

@test "a label that the policy does not have is an error" {
	fails_with 125 "this machine's SELinux policy has no system_u:system_r:none_t:s0:c" xrun -q --security-opt label=type:none_t "$PLAIN/test:amd64" true
}

@test "an engine's container gets the labels that config.json has" {
	local bundle=$BATS_TEST_TMPDIR/bundle
	mkdir -p "$bundle/rootfs"
	tar -C "$(find "$STORE/layers" -mindepth 1 -maxdepth 1 -type d | head -n 1)" --exclude ./dev -c . | tar -C "$bundle/rootfs" -x --no-same-owner
	mkdir -p "$bundle/rootfs"/{proc,dev,tmp}
	find "$bundle/rootfs" -type f -exec chcon system_u:object_r:container_file_t:s0 {} +
	find "$bundle/rootfs" -type d -exec chcon system_u:object_r:container_file_t:s0 {} +
	find "$bundle/rootfs" -type l -exec chcon -h system_u:object_r:container_file_t:s0 {} +
	cat >"$bundle/config.json" <<-END
		{"ociVersion": "1.2.0", "root": {"path": "rootfs"},
		 "process": {"args": ["sh", "-c", "cat /proc/self/attr/current; : >/tmp/file && echo written"], "cwd": "/", "env": ["PATH=/usr/bin:/bin"],
		  "user": {"uid": 0, "gid": 0}, "selinuxLabel": "system_u:system_r:container_t:s0:c1,c2"},
		 "mounts": [{"destination": "/proc", "type": "proc", "source": "proc"}, {"destination": "/tmp", "type": "tmpfs", "source": "tmpfs"}],
		 "linux": {"mountLabel": "system_u:object_r:container_file_t:s0:c1,c2", "namespaces": [{"type": "pid"}, {"type": "mount"}, {"type": "user"}],
		  "uidMappings": [{"containerID": 0, "hostID": $(id -u), "size": 1}], "gidMappings": [{"containerID": 0, "hostID": $(id -g), "size": 1}]}}
	END
	said=$("$(dirname "$XRUN")/xrun-oci" --root "$BATS_TEST_TMPDIR/state" run -b "$bundle" "labelled-$EUID" 2>&1 | tr '\0' '\n')
	echo "$said"
	[ "$said" = "system_u:system_r:container_t:s0:c1,c2
written" ]
}
