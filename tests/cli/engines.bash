# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# engines.bash: podman, buildah, containerd and docker with stores, sockets and states of their own, all below $ENGINE_RUN:
# podman takes no run directory whose path is longer than 50 characters, which those of tests are.

PATH=$ENGINES/usr/bin:$ENGINES/usr/sbin:$PATH

# prepare_engines DIR: makes $ENGINE_RUN below DIR, and archives of the images for the machine and for arm64. Limits by default
# are above what may be raised without CAP_SYS_RESOURCE.
prepare_engines() {
	local tag
	ENGINE_RUN=$(mktemp -d "$1/engines.XXXXXX")
	export ENGINE_RUN CONTAINERS_CONF="$BATS_FILE_TMPDIR/containers.conf"
	printf '[containers]\ndefault_ulimits = ["nofile=1000:1000", "nproc=1000:1000"]\n' >"$CONTAINERS_CONF"
	for tag in "$(debian_name "$HOST")" arm64; do
		skopeo --insecure-policy copy -q "oci:$IMAGES:$tag" "docker-archive:$BATS_FILE_TMPDIR/$tag.tar:localhost/test:$tag"
		skopeo --insecure-policy copy -q "oci:$IMAGES:$tag" "oci-archive:$BATS_FILE_TMPDIR/$tag.oci:localhost/test:$tag"
	done
	mkdir "$BATS_FILE_TMPDIR/context"
	printf '%s\n' 'FROM localhost/test:arm64' 'RUN uname -m >/built && echo words >>/built' 'RUN ["sh", "-c", "echo more >>/built"]' \
		'CMD ["cat", "/built"]' >"$BATS_FILE_TMPDIR/context/Dockerfile"
	cat /proc/sys/fs/binfmt_misc/* >"$BATS_FILE_TMPDIR/handlers" 2>/dev/null || true
}

# Nothing was registered host-wide, by whatever was done meanwhile.
no_handler_came() {
	diff "$BATS_FILE_TMPDIR/handlers" <(cat /proc/sys/fs/binfmt_misc/* 2>/dev/null)
}

# plainly COMMAND...: as root without the unified hierarchy of the mixed cgroup layout, which engines do not know what to do with.
plainly() {
	if [ "$EUID" != 0 ]; then "$@"; else
		unshare -m bash -c '! mountpoint -q /sys/fs/cgroup/unified || umount /sys/fs/cgroup/unified; exec "$@"' - "$@"
	fi
}

podman() {
	plainly env podman --root "$ENGINE_RUN/store" --runroot "$ENGINE_RUN/root" --tmpdir "$ENGINE_RUN/tmp" --cgroup-manager=cgroupfs \
		--events-backend=none --runtime "$OCI" "$@"
}

# load_images: podman knows them as localhost/test:TAG.
load_images() {
	local archive
	for archive in "$BATS_FILE_TMPDIR"/*.tar; do
		podman load -q -i "$archive"
	done
}

remove_podman() {
	podman system reset --force >/dev/null
	rm -rf "$ENGINE_RUN"
}
