#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# Engines that have xrun-oci as their runtime: podman, buildah, containerd and docker, each with a store of its own.

load ../lib
load ../bundle
load ../engines

prepare() {
	prepare_engines /run
	load_images
}

teardown() {
	podman pod rm -f -t 0 --all >/dev/null
	podman rm -f -t 0 --all >/dev/null
	stop_daemon
}

teardown_file() {
	remove_podman
	rmdir /run/containers/networks /run/containers 2>/dev/null || true
}

# start_daemon COMMAND...: in a mount namespace of its own, where /run/containerd, whose name its shims have built in, is another.
start_daemon() {
	mkdir -p "$ENGINE_RUN/daemon" /run/containerd
	unshare -m bash -c '! mountpoint -q /sys/fs/cgroup/unified || umount /sys/fs/cgroup/unified
		mount -t tmpfs run /run/containerd; exec "$@"' - "$@" >"$ENGINE_RUN/daemon/log" 2>&1 3>&- &
	daemon=$!
}

stop_daemon() {
	[ "${daemon:-}" ] || return 0
	kill "$daemon"
	wait "$daemon" || true
	daemon=
	rmdir /run/containerd 2>/dev/null || true
}

@test "podman run has the program's output and status" {
	run podman run --rm --network none "localhost/test:$(debian_name "$HOST")" sh -c 'echo words $$; exit 7'
	[ "$status $output" = "7 words 1" ]
	output=$(podman run --rm --network none "localhost/test:$(debian_name "$HOST")" nonesuch 2>&1) || status=$?
	[ "$status" = 127 ]
	[[ $output == *nonesuch*"not found"* ]]
}

@test "podman looks at, enters, pauses and ends containers, native and foreign" {
	local machine tag
	for machine in "$HOST" aarch64; do
		tag=$(debian_name "$machine")
		podman run -d --name one --network none --arch "$tag" "localhost/test:$tag" sh -c 'echo begun; exec sleep 1000'
		run podman exec one sh -c 'read -r word; echo "$(uname -m) got $word"; exit 5' </dev/null
		[ "$status $output" = "5 $machine got " ]
		[ "$(podman exec -i one cat <<<"words")" = words ]
		[ "$(podman logs one)" = begun ]
		[ "$(podman inspect --format '{{.State.Status}} {{.OCIRuntime}}' one)" = "running $OCI" ]
		[ "$(podman ps --format '{{.Names}}')" = one ]
		[[ $(podman top one) == *"sleep 1000"* ]]
		[[ $(podman stats --no-stream --format '{{.Name}} {{.PIDs}}' one) == "one "[1-9]* ]]
		podman pause one
		[ "$(podman inspect --format '{{.State.Status}}' one)" = paused ]
		podman unpause one
		podman kill one
		[ "$(podman wait one)" = 137 ]
		podman start one
		podman stop -t 0 one
		podman rm one
	done
	no_handler_came
}

@test "a foreign container in a pod has the pod's processes, messages, network and name" {
	podman pod create --name pod --network none --share pid,ipc,net,uts
	podman run -d --pod pod --name one --arch arm64 localhost/test:arm64 sleep 1000
	run podman exec one sh -c 'uname -m; read -r name </proc/1/comm; echo $name; while read -r _ _ _ _ place _ rest; do [ $place != /dev/mqueue ] || echo "$rest"; done </proc/self/mountinfo'
	echo "$output"
	[ "${lines[0]} ${lines[1]}" = "aarch64 catatonit" ]
	[[ ${lines[2]} == *" mqueue "* ]]
	infra=$(podman pod inspect --format '{{.InfraContainerID}}' pod)
	for kind in pid ipc net uts; do
		[ "$(readlink "/proc/$(podman inspect -f '{{.State.Pid}}' one)/ns/$kind")" = "$(readlink "/proc/$(podman inspect -f '{{.State.Pid}}' "$infra")/ns/$kind")" ]
	done
	podman pod stop -t 0 pod
	podman pod start pod
	[ "$(podman exec one uname -m)" = aarch64 ]
}

@test "podman and buildah run a Dockerfile's commands for another architecture" {
	local built=$'aarch64\nwords\nmore'
	podman build --layers=false --arch arm64 --network none --pull=never -t localhost/one "$BATS_FILE_TMPDIR/context" >"$BATS_TEST_TMPDIR/said" 2>&1
	refute grep xrun-oci "$BATS_TEST_TMPDIR/said" # steps' output is the programs' alone
	[ "$(podman run --rm --network none --arch arm64 localhost/one)" = "$built" ]
	plainly buildah --root "$ENGINE_RUN/store" --runroot "$ENGINE_RUN/root" bud --runtime "$OCI" --arch arm64 --network none --pull=never -q \
		-t localhost/two "$BATS_FILE_TMPDIR/context"
	[ "$(podman run --rm --network none --arch arm64 localhost/two)" = "$built" ]
	no_handler_came
}

@test "containerd runs, enters, pauses and ends a container of another architecture" {
	printf 'version = 2\nroot = "%s"\nstate = "%s"\ndisabled_plugins = ["io.containerd.grpc.v1.cri"]\n[grpc]\naddress = "%s"\n' \
		"$ENGINE_RUN/daemon/root" "$ENGINE_RUN/daemon/state" "$ENGINE_RUN/daemon/socket" >"$ENGINE_RUN/config.toml"
	start_daemon containerd -c "$ENGINE_RUN/config.toml"
	ctr() { env ctr -a "$ENGINE_RUN/daemon/socket" "$@"; }
	await ctr version
	ctr images import --platform linux/arm64 "$BATS_FILE_TMPDIR/arm64.oci" >/dev/null
	local words=(--runc-binary "$OCI" --fifo-dir "$ENGINE_RUN/fifo" --platform linux/arm64 --snapshotter native localhost/test:arm64)
	[ "$(ctr run --rm "${words[@]}" one uname -m)" = aarch64 ]
	ctr run -d "${words[@]}" two sleep 1000
	[ "$(ctr task exec --fifo-dir "$ENGINE_RUN/fifo" --exec-id other two uname -m)" = aarch64 ]
	ctr task pause two
	[[ $(ctr task ls) == *PAUSED* ]]
	ctr task resume two
	[[ $(ctr task metrics two) == *memory* ]]
	ctr task kill -s KILL two
	await ctr task rm two
	ctr container rm two
	no_handler_came
}

@test "docker runs, enters, pauses, limits, ends and builds containers of another architecture" {
	printf '{"runtimes": {"xrun": {"path": "%s"}}, "default-runtime": "xrun"}' "$OCI" >"$ENGINE_RUN/daemon.json"
	start_daemon dockerd --config-file "$ENGINE_RUN/daemon.json" --data-root "$ENGINE_RUN/daemon/data" --exec-root "$ENGINE_RUN/daemon/exec" \
		-H "unix://$ENGINE_RUN/daemon/socket" --pidfile "$ENGINE_RUN/daemon/pid" --iptables=false --ip6tables=false --ip-forward=false \
		--bridge=none --storage-driver vfs --exec-opt native.cgroupdriver=cgroupfs
	docker() { env DOCKER_CONFIG="$ENGINE_RUN/docker" docker -H "unix://$ENGINE_RUN/daemon/socket" "$@"; }
	await docker version
	docker load -q -i "$BATS_FILE_TMPDIR/arm64.tar"
	run docker run --rm --network none --platform linux/arm64 localhost/test:arm64 sh -c 'uname -m; exit 7'
	[ "$status $output" = "7 aarch64" ]
	docker run -d --name one --network none --platform linux/arm64 localhost/test:arm64 sh -c 'echo begun; exec sleep 1000'
	[ "$(docker exec -u 1000 one sh -c 'uname -m; echo $(id -u)')" = $'aarch64\n1000' ]
	[ "$(docker logs one)" = begun ]
	docker pause one
	[ "$(docker inspect -f '{{.State.Status}} {{.HostConfig.Runtime}}' one)" = "paused xrun" ]
	docker unpause one
	docker update --pids-limit 50 one
	[ "$(docker exec one sh -c 'cat /sys/fs/cgroup/pids/pids.max || cat /sys/fs/cgroup/pids.max' 2>/dev/null)" = 50 ]
	docker stop -t 0 one
	[ "$(docker inspect -f '{{.State.ExitCode}}' one)" = 137 ]
	docker start one
	docker rm -f one
	DOCKER_BUILDKIT=0 docker build -q --platform linux/arm64 --network none -t built "$BATS_FILE_TMPDIR/context" 2>/dev/null
	[ "$(docker run --rm --network none --platform linux/arm64 built)" = $'aarch64\nwords\nmore' ]
	no_handler_came
}
