#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# --security-opt label= on a kernel with SELinux; tests/kernels/init has loaded tests/kernels/selinux.policy and enforces it.

load ../cli/lib

# As somebody would once whose policy does not know the store: overlayfs maps the layers' own files into programs.
prepare() {
	xrun pull -q "$PLAIN/test:amd64"
	find "$STORE/layers" -type f -exec chcon system_u:object_r:layer_t {} +
}

labelled() {
	xrun -q --network none --security-opt label=type:container_t "$@"
}

label() {
	"$@" "$PLAIN/test:amd64" cat /proc/self/attr/current 2>&1 | tr -d '\0'
}

@test "the program runs under the label, and may do what it likes with its own files" {
	[ "$(label labelled)" = system_u:system_r:container_t ]
	[ "$(label xrun -q --network none)" = system_u:system_r:host_t ]
	[ "$(labelled "$PLAIN/test:amd64" sh -c 'echo words >/root/file && cat /root/file' 2>&1 | cat)" = words ]
	[ "$(labelled --tmpfs /scratch "$PLAIN/test:amd64" sh -c 'echo words >/scratch/file && : >/dev/shm/file && cat /etc/hosts >/dev/null && echo done' 2>&1 | cat)" = "done" ]
}

@test "so it does without new privileges, behind --init, on a terminal, and with exec" {
	[ "$(label labelled --security-opt no-new-privileges)" = system_u:system_r:container_t ]
	[ "$(label labelled --init)" = system_u:system_r:container_t ]
	[[ $(label labelled -t) == *container_t* ]]
	"$XRUN" --root "$STORE" run -q -d --network none --name labelled --security-opt label=type:container_t "$PLAIN/test:amd64" sleep 600 2>&1 3>&- | cat
	[ "$(xrun exec labelled cat /proc/self/attr/current 2>&1 | tr -d '\0')" = system_u:system_r:container_t ]
	xrun rm -f labelled
}

@test "the host's files are out of its reach, unless no label is asked for" {
	mkdir "$BATS_TEST_TMPDIR/data"
	echo secret >"$BATS_TEST_TMPDIR/data/file"
	[[ $(labelled -v "$BATS_TEST_TMPDIR/data:/data" "$PLAIN/test:amd64" cat /data/file 2>&1 | cat) == *"ermission denied"* ]]
	[ "$(labelled --security-opt label=disable -v "$BATS_TEST_TMPDIR/data:/data" "$PLAIN/test:amd64" cat /data/file)" = secret ]
}

@test "a file that the label may not write to is an error where the program's output would be lost in it" {
	local status=0
	labelled "$PLAIN/test:amd64" true >"$BATS_TEST_TMPDIR/out" 2>"$BATS_TEST_TMPDIR/err" || status=$?
	[ "$status" = 125 ]
	grep "write to our standard output, a file with the label system_u:object_r:host_file_t" "$BATS_TEST_TMPDIR/err"
}

@test "a label that the policy does not have is an error" {
	fails_with 125 "this machine's SELinux policy has no system_u:system_r:none_t" xrun -q --security-opt label=type:none_t "$PLAIN/test:amd64" true
}

@test "an engine's container gets the labels that config.json has" {
	local bundle=$BATS_TEST_TMPDIR/bundle
	mkdir -p "$bundle/rootfs"
	tar -C "$(find "$STORE/layers" -mindepth 1 -maxdepth 1 -type d | head -n 1)" --exclude ./dev -c . | tar -C "$bundle/rootfs" -x --no-same-owner
	mkdir -p "$bundle/rootfs"/{proc,dev,tmp}
	find "$bundle/rootfs" -type f -exec chcon system_u:object_r:container_file_t {} +
	find "$bundle/rootfs" -type d -exec chcon system_u:object_r:container_file_t {} +
	cat >"$bundle/config.json" <<-END
		{"ociVersion": "1.2.0", "root": {"path": "rootfs"},
		 "process": {"args": ["sh", "-c", "cat /proc/self/attr/current; : >/tmp/file && echo written"], "cwd": "/", "env": ["PATH=/usr/bin:/bin"],
		  "user": {"uid": 0, "gid": 0}, "selinuxLabel": "system_u:system_r:container_t"},
		 "mounts": [{"destination": "/proc", "type": "proc", "source": "proc"}, {"destination": "/tmp", "type": "tmpfs", "source": "tmpfs"}],
		 "linux": {"mountLabel": "system_u:object_r:container_file_t", "namespaces": [{"type": "pid"}, {"type": "mount"}, {"type": "user"}],
		  "uidMappings": [{"containerID": 0, "hostID": $(id -u), "size": 1}], "gidMappings": [{"containerID": 0, "hostID": $(id -g), "size": 1}]}}
	END
	said=$("$(dirname "$XRUN")/xrun-oci" --root "$BATS_TEST_TMPDIR/state" run -b "$bundle" "labelled-$EUID" 2>&1 | tr '\0' '\n')
	echo "$said"
	[ "$said" = "system_u:system_r:container_t
written" ]
}
