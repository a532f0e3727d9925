#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# An ordinary user's limits through the user's systemd: tests/cli/systemd.sh starts a real one.

load ../lib

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
		$xrun exec -d one sleep 500
		sed "s/^/joined /" /proc/$(pgrep -f "^sleep 500\$")/cgroup
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
