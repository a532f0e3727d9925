#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# An ordinary user's limits through the user's systemd, where cgroup v2 has every controller.

load ../cli/lib

setup() {
	mkdir -p /var/tmp/scope
	chown xrun-test /var/tmp/scope
}

# as_user SCRIPT: with $xrun, $image.
as_user() {
	tests/cli/systemd.sh xrun-test /sys/fs/cgroup/scope "memory pids cpu" env xrun="$XRUN --root /var/tmp/scope/store" image="$PLAIN/test:amd64" sh -ec "$1"
}

# shellcheck disable=SC2016 # the user's shell
@test "limits hold in a scope that systemd delegates, and the container is paused, updated and joined there" {
	run as_user '
		$xrun run -q -d --network none --name one --memory 64m --pids-limit 50 --cpus 0.5 "$image" sleep 600 >/dev/null
		cd /sys/fs/cgroup$(sed -n "s/^0:://p" /proc/$($xrun inspect --format "{{.State.Pid}}" one)/cgroup)
		pwd; cat memory.max pids.max cpu.max
		$xrun pause one >/dev/null; grep frozen cgroup.events; $xrun unpause one >/dev/null
		$xrun update --memory 96m one >/dev/null; cat memory.max
		$xrun exec one true
		cd /; $xrun rm -f one >/dev/null
		$xrun run -q --network none --memory 64m "$image" sh -c "head -c 200m /dev/zero | tail -c 200m" >/dev/null || echo "ended $?"'
	echo "$output"
	[ "$status" = 0 ]
	[[ $output == /sys/fs/cgroup/scope/manager/app.slice/xrun-*.scope/xrun/*$'\n'67108864$'\n'50$'\n'"50000 100000"$'\n'"frozen 1"*$'\n'100663296$'\n'* ]]
	[[ $output == *"ended 137" ]]
}

# shellcheck disable=SC2016
@test "--cgroup-parent names the slice that the scope is in" {
	run as_user '$xrun run -q --network none --name one -d --cgroup-parent jobs-night.slice "$image" sleep 600 >/dev/null
		cat /proc/$($xrun inspect --format "{{.State.Pid}}" one)/cgroup; $xrun rm -f one >/dev/null; $xrun rmi --all'
	echo "$output"
	[ "$status" = 0 ]
	[[ $output == *"/manager/jobs.slice/jobs-night.slice/xrun-"*".scope/"* ]]
}
