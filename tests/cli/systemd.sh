#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# systemd.sh USER CGROUP CONTROLLERS COMMAND...: COMMAND as USER, who has a service manager, in a cgroup that is not the user's.
# In a mount namespace of its own, in which cgroup v2 is all there is at /sys/fs/cgroup; to be run as root. The manager has its
# cgroup delegated, as login managers do it, and may move the user's processes there, for which it would ask the system's.
set -euo pipefail
[[ ${inside:-} ]] || inside=1 exec unshare --mount --propagation private "$0" "$@"

user=$1 base=$2 enable="+${3// / +}"
shift 3
v2=$(findmnt -n -t cgroup2 -o TARGET | head -1)
mount -t tmpfs -o mode=755 tmp /run
if [[ $v2 != /sys/fs/cgroup ]]; then
	mkdir /run/cgroup
	mount --bind "$v2" /run/cgroup
	umount -l -R /sys/fs/cgroup
	mount --move /run/cgroup /sys/fs/cgroup
fi
mkdir -p /run/systemd/system # what sd_booted(3) looks for
mkdir -m 700 /run/user
chown "$user" /run/user

mkdir -p "$base"/{manager,shell}
echo "$enable" >/sys/fs/cgroup/cgroup.subtree_control
echo "$enable" >"$base/cgroup.subtree_control"
chown "$user" "$base/cgroup.procs" "$base/manager"{,/cgroup.procs,/cgroup.subtree_control,/cgroup.threads}

# in_cgroup NAME COMMAND...: as the user, whose environment is a login's.
in_cgroup() {
	echo "$BASHPID" >"$base/$1/cgroup.procs"
	shift
	exec setpriv --reuid "$user" --regid "$user" --init-groups env HOME=/run/user XDG_RUNTIME_DIR=/run/user "$@"
}
(in_cgroup manager /lib/systemd/systemd --user --unit=basic.target) >/run/log 2>&1 &
manager=$!
for ((i = 0; i < 400; i++)); do
	[[ ! -S /run/user/bus || ! -S /run/user/systemd/private ]] || break
	sleep 0.05
done
[[ -S /run/user/bus ]] || cat /run/log >&2
# systemd hands down the controllers that it knows itself; others are in the same place then.
for directory in "$base/manager" "$base/manager/app.slice"; do
	echo "$enable" >"$directory/cgroup.subtree_control"
done

status=0
(in_cgroup shell "$@") || status=$?
kill "$manager"
wait "$manager" || true
find "$base" -depth -type d -exec rmdir {} + || status=99 # something is left
exit "$status"
