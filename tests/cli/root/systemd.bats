#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# Cgroups of ordinary users through their systemd, of xrun and of xrun-oci: tests/cli/systemd.sh starts a real one; and systemd as a container's
# first program.

load ../lib
load ../bundle

# The user and a store of that user's; a limit that the kernel's cgroup v2 has here, its controller, and what it is there.
prepare() {
	local v2
	mkdir "$BATS_FILE_TMPDIR/user"
	chown xrun-test "$BATS_FILE_TMPDIR/user"
	chmod 755 "$BATS_RUN_TMPDIR" "$BATS_FILE_TMPDIR"
	v2=$(findmnt -n -t cgroup2 -o TARGET | head -1)
	if grep -qw pids "$v2/cgroup.controllers"; then
		printf '%s\n' pids "--pids-limit 50" pids.max=50
	else
		printf '%s\n' hugetlb "--hugetlb 2MB:4m" hugetlb.2MB.max=4194304
	fi >"$BATS_FILE_TMPDIR/limit"
}

setup() {
	{ read -r controller; read -r limit; read -r setting; } <"$BATS_FILE_TMPDIR/limit"
	base=/sys/fs/cgroup/xrun-test-$$
}

# as_user SCRIPT: with $xrun, $image, $limit and $file, the limit's file.
as_user() {
	tests/cli/systemd.sh xrun-test "$base" "$controller" env xrun="$XRUN --root $BATS_FILE_TMPDIR/user/store" image="$NATIVE" limit="$limit" \
		file="${setting%=*}" sh -ec "$1"
}

# shellcheck disable=SC2016 # the user's shell
@test "a user who is in no delegated cgroup gets one from systemd, with the limit in it" {
	run as_user '$xrun run -q --rm $limit "$image" sed -n "s/^0::/within /p" /proc/self/cgroup
		sed -n "s/^0::/outside /p" /proc/self/cgroup'
	echo "$output"
	[ "$status" = 0 ]
	[ "$output" = "within /"$'\n'"outside ${base#/sys/fs/cgroup}/shell" ] # the caller stays where it was
}

# shellcheck disable=SC2016
@test "a detached container has a scope of its own; exec joins it, and nothing is left when it has ended" {
	run as_user '
		$xrun run -q -d --name one $limit "$image" sleep 600 >/dev/null
		$xrun run -q -d --name two $limit "$image" sleep 600 >/dev/null
		pid=$($xrun inspect --format "{{.State.Pid}}" one)
		sed "s/^/first /" /proc/$pid/cgroup
		sed "s/^/second /" /proc/$($xrun inspect --format "{{.State.Pid}}" two)/cgroup
		echo "limit $(cat /sys/fs/cgroup$(sed -n "s/^0:://p" /proc/$pid/cgroup)/$file)"
		$xrun exec -d one sleep 8781
		sed "s/^/joined /" /proc/$(pgrep -f "^sleep 8781\$")/cgroup
		$xrun rm -f one two >/dev/null
		while busctl --user call org.freedesktop.systemd1 /org/freedesktop/systemd1 org.freedesktop.systemd1.Manager ListUnitsByPatterns asas \
			0 1 "xrun-*.scope" | grep -q scope; do sleep 0.1; done
		find /sys/fs/cgroup -name "xrun-*.scope"'
	echo "$output"
	[ "$status" = 0 ]
	first=$(sed -n 's/^first 0:://p' <<<"$output")
	[[ $first == "${base#/sys/fs/cgroup}"/manager/app.slice/xrun-*.scope/xrun/* ]]
	[ "$(sed -n 's/^joined 0:://p' <<<"$output")" = "$first" ]
	[[ $(sed -n 's/^second 0:://p' <<<"$output") != "${first%.scope/*}"* ]]
	[ "$(sed -n 's/^limit //p' <<<"$output")" = "${setting#*=}" ]
	[[ $output != *$'\n'/sys/fs/cgroup/* ]]
}

# shellcheck disable=SC2016
@test "where systemd cannot be asked, the error says why, and what helps" {
	run as_user 'DBUS_SESSION_BUS_ADDRESS=unix:path=/none $xrun run -q --rm $limit "$image" true'
	[ "$status" = 125 ]
	[[ $output == *"systemd-run --user --scope -p Delegate=yes"*"(busctl: "* ]]
	run as_user 'mkdir /run/user/bin; ln -s /usr/bin/newuidmap /usr/bin/newgidmap /run/user/bin; PATH=/run/user/bin $xrun run -q --rm $limit "$image" true'
	[ "$status" = 125 ]
	[[ $output == *"(there is no busctl to ask systemd with)"* ]]
}

# shellcheck disable=SC2016,SC1091
@test "xrun-oci --systemd-cgroup has systemd make the scope that cgroupsPath names, for create, exec, pause, update and delete" {
	local user="$BATS_FILE_TMPDIR/user" resources='{"pids": {"limit": 50}}'
	[ "$controller" = pids ] || resources='{"hugepageLimits": [{"pageSize": "2MB", "limit": 4194304}]}'
	make_rootfs "$user/rootfs"
	chown -R xrun-test "$user/rootfs"
	setpriv --reuid xrun-test --regid xrun-test --init-groups env ROOTFS="$user/rootfs" bash -c 'source tests/cli/bundle.bash; make_bundle "$0" sleep 1000' "$user/bundle"
	change_config "$user/bundle" 'c["linux"]["cgroupsPath"] = "app.slice:engine:one"; c["linux"]["resources"] = '"$resources"
	change_config "$user/bundle" 'c["linux"]["namespaces"].append({"type": "cgroup"}); c["mounts"].append({"destination": "/cg", "type": "cgroup", "source": "cgroup", "options": ["ro"]})'
	run as_user 'oci="'"$OCI --systemd-cgroup --root $user/state"'"
		$oci create -b '"$user"'/bundle --pid-file '"$user"'/pid one </dev/null >/dev/null
		$oci start one
		own=$(sed -n "s/^0:://p" /proc/$(cat '"$user"'/pid)/cgroup)
		echo "in $own"
		echo "limit $(cat /sys/fs/cgroup$own/$file)"
		$oci exec one sh -c "while read -r line; do echo joined \$line; done </proc/self/cgroup"
		$oci pause one
		$oci state one | grep -o paused
		$oci resume one
		echo "{}" | $oci update -r - one
		$oci delete --force one
		while [ -d /sys/fs/cgroup${own%/container} ]; do sleep 0.05; done
		sed -i s/app.slice:engine:one/elsewhere/ '"$user"'/bundle/config.json
		$oci create -b '"$user"'/bundle two </dev/null 2>&1 || true'
	echo "$output"
	[ "$status" = 0 ]
	[[ $output == *"in ${base#/sys/fs/cgroup}/manager/app.slice/engine-one.scope/container"* ]]
	[[ $output == *"limit ${setting#*=}"* ]]
	[[ $output == *"joined 0::/"$'\n'paused* ]]
	[[ $output == *"systemd wants SLICE:PREFIX:NAME"* ]]
}

# shellcheck disable=SC2016
@test "podman of an ordinary user leaves a foreign container's cgroup to systemd" {
	local user="$BATS_FILE_TMPDIR/user"
	mkdir "$user/podman"
	skopeo --insecure-policy copy -q "oci:$IMAGES:arm64" "docker-archive:$user/podman/arm64.tar:localhost/test:arm64"
	printf '[containers]\ndefault_ulimits = ["nofile=1000:1000", "nproc=1000:1000"]\npids_limit = 0\n' >"$user/podman/conf"
	chown -R xrun-test "$user/podman"
	run as_user "export TMPDIR=$user/podman CONTAINERS_CONF=$user/podman/conf PATH=$ENGINES/usr/bin:$PATH"'
		podman() { command podman --root '"$user/podman/store --cgroup-manager=systemd --events-backend=none --runtime $OCI"' "$@"; }
		podman load -q -i '"$user"'/podman/arm64.tar >/dev/null
		podman run -d --name one --network none localhost/test:arm64 sleep 1000 >/dev/null
		sed "s/^/in /" /proc/$(podman inspect -f "{{.State.Pid}}" one)/cgroup
		podman exec one uname -m
		podman pause one >/dev/null
		podman inspect -f "{{.State.Status}}" one
		podman unpause one >/dev/null
		podman stop -t 0 one >/dev/null
		podman rm one >/dev/null
		find /sys/fs/cgroup -name "libpod-*.scope"
		podman system reset --force >/dev/null'
	echo "$output"
	[ "$status" = 0 ]
	[[ $output == *"in 0::${base#/sys/fs/cgroup}/manager/user.slice/libpod-"*.scope/container$'\n'* ]]
	[[ $output == *$'\n'aarch64$'\n'paused* ]]
	[[ $output != *$'\n'/sys/fs/cgroup/*libpod* ]]
}

# What a container's systemd is asked: to be there, to run a service in a cgroup of its own, with nothing that failed, and to end. Where it
# hands controllers down, as it does itself where it knows them, its topmost cgroup takes no more processes: exec goes elsewhere.
boots='
	until said=$($xrun exec box systemctl is-system-running 2>&1) || [ "$said" = degraded ] || [ $((tries += 1)) = 300 ]; do sleep 0.2; done
	echo "system $said"
	$xrun exec box sh -c "cd /sys/fs/cgroup; echo \$\$ >init.scope/cgroup.procs
		for one in \$(cat cgroup.controllers); do echo +\$one >cgroup.subtree_control || true; done"
	$xrun exec box sh -c "systemd-detect-virt -c; cat /proc/1/comm; systemctl --failed --plain --no-legend
		printf \"[Service]\\nType=oneshot\\nStandardOutput=file:/run/said\\nExecStart=cat /proc/self/cgroup\\n\" >/run/systemd/system/told.service
		systemctl daemon-reload; systemctl start told; tail -n 1 /run/said"
	started=$(date +%s)
	$xrun stop -t 60 box >/dev/null
	$xrun inspect --format "status {{.State.ExitCode}}" box
	[ $(($(date +%s) - started)) -lt 60 ] || echo "killed"
	$xrun rm box >/dev/null'

# shellcheck disable=SC2154,SC2016 # of the tests' shells
teardown() {
	remove_containers
}

@test "systemd boots as the first program of root's container, runs services, and ends when it is stopped" {
	xrun run -q -d --name box "$PLAIN/test:systemd" >/dev/null
	run env xrun="$XRUN --root $STORE" sh -ec "$boots"
	echo "$output"
	[ "$status" = 0 ]
	[ "$output" = "system running"$'\n'"container-other"$'\n'systemd$'\n'0::/system.slice/told.service$'\n'"status 0" ]
	[ -z "$(find /sys/fs/cgroup -path '*/xrun/*' -name init.scope)" ]
}

# shellcheck disable=SC2016
@test "so it does in the container of a user who gets a cgroup from systemd, with limits, too" {
	run as_user '$xrun run -q -d --name box $limit '"$PLAIN"'/test:systemd >/dev/null
		'"$boots"'
		find /sys/fs/cgroup -path "*/xrun/*" -name init.scope'
	echo "$output"
	[ "$status" = 0 ]
	[ "$output" = "system running"$'\n'"container-other"$'\n'systemd$'\n'0::/system.slice/told.service$'\n'"status 0" ]
}

@test "an emulated systemd boots, as far as qemu has what its services want, and ends when it is stopped" {
	[ "$HOST" != aarch64 ] || skip "arm64 is no foreign architecture here"
	xrun run -q -d --name box --arch arm64 "$PLAIN/test:systemd-arm64" >/dev/null
	run env xrun="$XRUN --root $STORE" sh -ec "$boots"
	echo "$output"
	[ "$status" = 0 ]
	[[ $output == "system "*$'\n'"container-other"$'\n'systemd$'\n'*"0::/system.slice/told.service"$'\n'"status 0" ]]
}

# shellcheck disable=SC2016
@test "a user without a cgroup to change is told what systemd lacks" {
	run as_user 'DBUS_SESSION_BUS_ADDRESS=unix:path=/none $xrun run -q --rm '"$PLAIN"'/test:systemd'
	echo "$output"
	[ "$status" = 125 ]
	[[ $output == "xrun: systemd: it needs a cgroup that it may change, and none is delegated to this user; "*"--systemd=false does without"* ]]
}
