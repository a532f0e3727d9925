#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# podman of an ordinary user, with xrun-oci as its runtime.

load ../lib
load ../bundle
load ../engines

prepare() {
	prepare_engines /tmp
	export HOME="$ENGINE_RUN" XDG_RUNTIME_DIR="$ENGINE_RUN/own"
	mkdir -m 700 "$XDG_RUNTIME_DIR"
	load_images
}

teardown() {
	podman pod rm -f -t 0 --all >/dev/null
	podman rm -f -t 0 --all >/dev/null
}

teardown_file() {
	remove_podman
}

@test "an ordinary user's podman runs, enters and stops containers, native and foreign" {
	local machine tag
	for machine in "$HOST" aarch64; do
		tag=$(debian_name "$machine")
		run podman run --rm --network none --arch "$tag" "localhost/test:$tag" sh -c 'uname -m; echo x >/file; chown 5 /file; ls -ln /file; exit 7'
		echo "$output"
		[ "$status" = 7 ]
		[[ $output == *"$machine"*" 5 0 2 "* ]]
		podman run -d --name one --network none --arch "$tag" "localhost/test:$tag" sh -c 'echo begun; exec sleep 1000'
		[ "$(podman exec one uname -m)" = "$machine" ]
		[ "$(podman logs one)" = begun ]
		[[ $(podman top one) == *"sleep 1000"* ]]
		podman stop -t 0 one
		podman rm one
	done
	no_handler_came
}

@test "a foreign container in an ordinary user's pod shares its namespaces" {
	podman pod create --name pod --network none --share pid,ipc,net,uts
	podman run -d --pod pod --name one --arch arm64 localhost/test:arm64 sleep 1000
	[ "$(podman exec one sh -c 'uname -m; read -r name </proc/1/comm; echo $name')" = $'aarch64\ncatatonit' ]
}

@test "an ordinary user's podman build runs a Dockerfile's commands for another architecture" {
	podman build --layers=false --arch arm64 --network none --pull=never -q -t localhost/one "$BATS_FILE_TMPDIR/context"
	[ "$(podman run --rm --network none --arch arm64 localhost/one)" = $'aarch64\nwords\nmore' ]
	no_handler_came
}

@test "an ordinary user's buildah runs a Dockerfile's commands for another architecture" {
	buildah --root "$ENGINE_RUN/store" --runroot "$ENGINE_RUN/root" bud --isolation oci --runtime "$OCI" --layers=false --arch arm64 --network none \
		--pull=never -q -t localhost/two "$BATS_FILE_TMPDIR/context"
	[ "$(podman run --rm --network none --arch arm64 localhost/two)" = $'aarch64\nwords\nmore' ]
	no_handler_came
}
