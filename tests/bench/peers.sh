# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# peers.sh: the other programs that are installed, with stores and sockets of their own below $work. Sourced by ci/bench.sh.
# What is not installed, or cannot be had as this user, is said and left out. PEERS="podman umoci" chooses among them (podman ctr
# docker umoci crun runc bwrap). peers_stop ends what was started.
: "${work:?}"

podman=(podman --root "$work/podman" --runroot "$work/podman-run" --cgroup-manager=cgroupfs --events-backend=none)
# shellcheck disable=SC2034 # the parts use them
ctr=(ctr -a "$work/containerd.sock")
# shellcheck disable=SC2034
docker=(docker -H "unix://$work/docker.sock")
daemons=()

# crun 1.8, and what starts it, refuses the mixed cgroup layout: root gives it the plain one, in a mount namespace.
cgroups=fit
mountpoint -q /sys/fs/cgroup/unified && cgroups=mixed
alone() {
	if [[ $cgroups == fit ]]; then echo "$*"; else printf '%q ' unshare -m bash -c "umount /sys/fs/cgroup/unified && $*"; fi
}

has() {
	[[ -z ${PEERS:-} || " $PEERS " == *" $1 "* ]] || return 1
	case $1 in
	crun | podman) command -v "$1" >/dev/null && [[ $cgroups == fit || $EUID == 0 ]] ;;
	ctr | docker) [[ -S ${work}/$([[ $1 == ctr ]] && echo containerd || echo docker).sock ]] ;;
	*) command -v "$1" >/dev/null ;;
	esac
}

await_socket() {
	local i
	for ((i = 0; i < 100; i++)); do
		[[ ! -S $1 ]] || return 0
		sleep 0.2
	done
	echo "$1 did not appear: $(tail -3 "$work/daemons.log")" >&2
	return 1
}

# Without a network bridge and without rules in the host's firewall.
peers_start() {
	((EUID == 0)) && command -v containerd >/dev/null && command -v ctr >/dev/null || return 0
	printf 'version = 2\nroot = "%s"\nstate = "%s"\ndisabled_plugins = ["io.containerd.grpc.v1.cri"]\n[grpc]\n  address = "%s"\n' \
		"$work/containerd" "$work/containerd-run" "$work/containerd.sock" >"$work/containerd.toml"
	containerd --config "$work/containerd.toml" >"$work/daemons.log" 2>&1 &
	daemons+=($!)
	await_socket "$work/containerd.sock" || return 0
	command -v dockerd >/dev/null || return 0
	dockerd --data-root "$work/docker" --exec-root "$work/docker-run" -p "$work/docker.pid" -H "unix://$work/docker.sock" \
		--containerd "$work/containerd.sock" --bridge=none --iptables=false --ip6tables=false --ip-forward=false >>"$work/daemons.log" 2>&1 &
	daemons+=($!)
	await_socket "$work/docker.sock" || return 0
}

peers_stop() {
	local i pid
	if has podman; then "${podman[@]}" system reset --force >/dev/null 2>&1 || true; fi
	for ((i = ${#daemons[@]} - 1; i >= 0; i--)); do
		pid=${daemons[i]}
		kill "$pid" 2>/dev/null && wait "$pid" 2>/dev/null
	done
	grep -oE " $work/[^ ]*" /proc/self/mounts | sort -r | xargs -r umount -l 2>/dev/null || true
}

peers_missing() {
	local peer
	for peer in podman ctr docker crun runc bwrap; do
		has "$peer" || echo "$peer is not here, and not measured"
	done
}
