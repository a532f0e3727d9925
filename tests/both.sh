# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# both.sh runs a test as root and as an ordinary user, with a registry beside it. Source it, at the top of the tree:
#
#   both_start NAME       $both_work has the programs and tests, readable by everybody; $both_registry is HOST:PORT;
#                         $both_whos is "root user", or "user" where the caller is no root
#   both_as WHO COMMAND...
#   both_xrun WHO ARG...  with that user's own store, $both_work/WHO/store
# All of it is taken away when the shell ends.

# shellcheck source=tests/registry/registry.sh
source tests/registry/registry.sh

both_finish() {
	local who
	registry_stop "$both_work/registry"
	for who in $both_whos; do both_xrun "$who" rmi --all 2>/dev/null; done
	[[ -z ${both_made:-} ]] || userdel "$both_user"
	rm -rf "$both_work"
}

both_as() {
	local who=$1
	shift
	if [[ $who == user && $EUID == 0 ]]; then
		setpriv --reuid "$both_user" --regid "$both_user" --init-groups env HOME="$both_work/user" "$@"
	else
		"$@"
	fi
}

both_xrun() {
	local who=$1
	shift
	both_as "$who" "$both_work/build/xrun" --root "$both_work/$who/store" "$@"
}

both_start() {
	both_work=$(mktemp -d "/tmp/xrun-$1.XXXXXX") both_user=xrun-$1 both_whos=user
	trap both_finish EXIT
	chmod 755 "$both_work"
	mkdir -p "$both_work"/{root,user,layout,build}
	cp -r build/xrun build/xrun-fetch "$both_work/build/"
	cp -r tests "$both_work/"
	if ((EUID == 0)); then
		both_whos="root user"
		id "$both_user" >/dev/null 2>&1 || { useradd -M -d "$both_work/user" "$both_user" && both_made=1; }
		grep -q "^$both_user:" /etc/subuid || usermod --add-subuids 400000-465535 --add-subgids 400000-465535 "$both_user"
		chown "$both_user:" "$both_work/user"
	fi
	registry_start "$both_work/registry" plain || return 1
	# shellcheck disable=SC2034 # for the test
	both_registry=127.0.0.1:$registry_port
}
