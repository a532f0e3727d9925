#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# Engines that have xrun-oci as their runtime: podman, with stores of its own.

load ../lib
load ../bundle

# podman takes no run directory whose path is longer than 50 characters, which those of tests are.
prepare() {
	command -v podman >/dev/null || return 0
	ENGINE_RUN=$(mktemp -d /run/engines.XXXXXX)
	export ENGINE_RUN
	skopeo --insecure-policy copy -q "oci:$IMAGES:$(debian_name "$HOST")" "docker-archive:$BATS_FILE_TMPDIR/image.tar:localhost/test:native"
	engine load -q -i "$BATS_FILE_TMPDIR/image.tar"
}

setup() {
	command -v podman >/dev/null || skip "podman is not installed"
}

teardown() {
	! command -v podman >/dev/null || engine rm -f -t 0 --all >/dev/null
}

teardown_file() {
	command -v podman >/dev/null || return 0
	engine system reset --force >/dev/null
	rm -rf "$ENGINE_RUN"
}

# engine WORD...: podman without the unified hierarchy of the mixed cgroup layout, which it does not know what to do with.
engine() {
	local words=(podman --root "$BATS_FILE_TMPDIR/store" --runroot "$ENGINE_RUN/root" --tmpdir "$ENGINE_RUN/tmp"
		--cgroup-manager=cgroupfs --events-backend=none --runtime "$OCI")
	unshare -m bash -c '! mountpoint -q /sys/fs/cgroup/unified || umount /sys/fs/cgroup/unified; exec "$@"' - "${words[@]}" "$@"
}

# Its limits by default are above what may be raised without CAP_SYS_RESOURCE.
limits=(--network none --ulimit nofile=1000:1000 --ulimit nproc=1000:1000)

@test "podman run has the program's output and status" {
	run engine run --rm "${limits[@]}" localhost/test:native sh -c 'echo words $$; exit 7'
	[ "$status $output" = "7 words 1" ]
	run engine run --rm "${limits[@]}" localhost/test:native nonesuch
	[ "$status" = 127 ]
	[[ $output == *nonesuch*"not found"* ]]
}

@test "podman looks at, enters, pauses and ends a container of xrun-oci's" {
	engine run -d --name one "${limits[@]}" localhost/test:native sh -c 'echo begun; exec sleep 1000'
	run engine exec one sh -c 'read -r word; echo "got $word"; exit 5' </dev/null
	[ "$status $output" = "5 got " ]
	[ "$(engine exec -i one cat <<<"words")" = words ]
	[ "$(engine logs one)" = begun ]
	[ "$(engine inspect --format '{{.State.Status}}' one)" = running ]
	[[ $(engine ps --format '{{.Names}}') == one ]]
	[[ $(engine top one) == *"sleep 1000"* ]]
	engine pause one
	[ "$(engine inspect --format '{{.State.Status}}' one)" = paused ]
	engine unpause one
	engine kill one
	[ "$(engine wait one)" = 137 ]
	[ "$(engine inspect --format '{{.OCIRuntime}}' one)" = "$OCI" ]
}
