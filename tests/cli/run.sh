# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# run.sh runs the command tests as root and as an ordinary user; sourced by ci/check.sh, whose counters it adds to.
# ONLY="pull run" runs those of the files named pull.bats and run.bats and no others.

: "${build:?}" "${log:?}" "${passed:?}" "${failed:?}" "${skipped:?}"
for only in ${ONLY:-}; do
	[[ -n $(find tests/cli -name "$only.bats") ]] || { echo "ONLY: there is no $only.bats below tests/cli" >&2; exit 1; }
done
cache=${XRUN_TEST_CACHE:-${HOME:-/root}/.cache/xrun-tests}
XRUN_TEST_CACHE=$cache tests/images/all.sh "$cache/images-2" || exit 1
XRUN_TEST_CACHE=$cache tests/images/packages.sh "$cache/packages-2" || exit 1
XRUN_TEST_CACHE=$cache tests/images/engines.sh "$cache/engines-1" || exit 1
XRUN_TEST_CACHE=$cache tests/images/ports.sh "$cache/ports-2" || exit 1
XRUN_TEST_CACHE=$cache tests/images/systemd.sh "$cache/systemd-1" || exit 1
for target in loongarch64 aarch64; do
	XRUN_TEST_CACHE=$cache tests/images/emulator.sh $target "$cache/qemu-$target" || exit 1
done

# What an ordinary user must be able to read is copied to where that is sure.
place=$(mktemp -d "${TMPDIR:-/tmp}/xrun-check.XXXXXX")
chmod 755 "$place"
mkdir "$place/build"
cp -r tests docs ci "$place/"
cp -r "$build/xrun" "$build/xrun-dynamic" "$build/xrun-fetch" "$build/xrun-oci" "$build/man" "$build/probe" "$place/build/"
cp -r "$cache/images-2" "$place/images"
cp -r "$cache/engines-1" "$place/engines"
cp "$cache"/qemu-{loongarch64,aarch64} "$place/"
chmod -R go+rX "$place"

# What speaks to the network in a container, natively and emulated.
for arch in "$(dpkg --print-architecture)" arm64; do
	XRUN_TEST_CACHE=$cache tests/images/debs.sh "$arch" bookworm "$place/debs-$arch" busybox-static >&2 || exit 1
	mv "$place/debs-$arch/bin/busybox" "$place/busybox-$arch"
done

# shellcheck source=tests/registry/registry.sh
source tests/registry/registry.sh
declare -A ports
for kind in plain tls htpasswd token; do
	XRUN_TEST_CACHE=$cache registry_start "$place/$kind" "$kind" || exit 1
	ports[$kind]=$registry_port
done
chmod 644 "$place"/tls/{ca.crt,client.cert,client.key}
for tag in armel armv6 mips64el mipsel loong64 loongarch64 ppc64 mips64 mips; do
	skopeo copy -q --dest-tls-verify=false "oci:$cache/ports-2:$tag" "docker://127.0.0.1:${ports[plain]}/test:$tag" || exit 1
done
for tag in amd64 arm64 armhf riscv64 s390x ppc64el i386 config empty layers-none layers-gzip layers-zstd multi many; do
	skopeo copy -q --all --dest-tls-verify=false "oci:$place/images:$tag" "docker://127.0.0.1:${ports[plain]}/test:$tag" || exit 1
done
for tag in systemd systemd-arm64; do
	skopeo copy -q --dest-tls-verify=false "oci:$cache/systemd-1:$tag" "docker://127.0.0.1:${ports[plain]}/test:$tag" || exit 1
done
for arch in amd64 arm64; do
	skopeo copy -q --dest-tls-verify=false "oci:$cache/packages-2:$arch" "docker://127.0.0.1:${ports[plain]}/packages:$arch" || exit 1
done
skopeo copy -q --dest-cert-dir "$place/tls/trusted" "oci:$place/images:empty" "docker://127.0.0.1:${ports[tls]}/test:empty" || exit 1
skopeo copy -q --dest-tls-verify=false --dest-creds ann:secret "oci:$place/images:empty" \
	"docker://127.0.0.1:${ports[htpasswd]}/test:empty" || exit 1
for name in open test; do
	skopeo copy -q --dest-tls-verify=false --dest-creds ann:secret "oci:$place/images:empty" \
		"docker://127.0.0.1:${ports[token]}/$name:empty" || exit 1
done
python3 tests/registry/scripted.py "$place/scripted" "$place/tls" >"$place/scripted.log" 2>&1 &
scripted_pid=$!
for ((i = 0; i < 50; i++)); do
	[[ -s $place/scripted ]] && break
	sleep 0.1
done

bats_env=(HOME="$place/home" PATH="$PATH" XRUN="$place/build/xrun" PLAIN="127.0.0.1:${ports[plain]}" TLS="127.0.0.1:${ports[tls]}"
	HTPASSWD="127.0.0.1:${ports[htpasswd]}" TOKEN="127.0.0.1:${ports[token]}" SCRIPTED="127.0.0.1:$(cat "$place/scripted")" CA="$place/tls/ca.crt"
	IMAGES="$place/images" ENGINES="$place/engines" PLACE="$place" LC_ALL=C.UTF-8 MANY="${MANY:-}" LARGE="${LARGE:-}" LOOPS="${LOOPS:-}")

# run_bats NAME COMMAND...: the test files for everybody and those of root or user, through COMMAND. Counts TAP lines;
# a skip is a failure in CI unless tests/allowed-skips names it.
run_bats() {
	local name=$1 files ok bad skip allowed=0 limit=1500
	[[ -z ${LARGE:-} ]] || limit=7200
	shift
	mapfile -t files < <(for only in ${ONLY:-"*"}; do
		find "$place/tests/cli" "$place/tests/cli/$name" -maxdepth 1 -name "$only.bats"
	done | sort -u)
	((${#files[@]})) || return 0
	(cd "$place" && timeout "$limit" "$@" env -i "${bats_env[@]}" TMPDIR="$place/$name-tmp" bats --tap "${files[@]}") \
		>"$log/$name.tap" 2>&1 || true
	skip=$(grep -cE '^ok .* # skip' "$log/$name.tap")
	ok=$(($(grep -c '^ok ' "$log/$name.tap") - skip))
	bad=$(grep -c '^not ok ' "$log/$name.tap")
	local planned
	planned=$(sed -n 's/^1\.\.//p' "$log/$name.tap" | head -1)
	((ok + bad + skip == ${planned:-1})) || bad=$((bad + ${planned:-1} - ok - bad - skip))
	while read -r line; do
		line=${line%% # skip*}
		grep -qxF "${line#ok * }" <(sed 's/ *#.*//' tests/allowed-skips 2>/dev/null) && allowed=$((allowed + 1))
	done < <(grep -E '^ok .* # skip' "$log/$name.tap")
	if [[ ${CI:-} == true ]] && ((skip > allowed)); then bad=$((bad + skip - allowed)); fi
	echo "$name: $ok passed, $bad failed, $skip skipped"
	grep -E '^ok .* # skip' "$log/$name.tap"
	((bad == 0)) || cat "$log/$name.tap"
	passed=$((passed + ok)) failed=$((failed + bad)) skipped=$((skipped + skip))
}

if ((EUID == 0)); then
	made_user=
	id xrun-test >/dev/null 2>&1 || { useradd -M -d "$place/home" xrun-test && made_user=1; }
	had_ids=1
	grep -q '^xrun-test:' /etc/subuid || { had_ids= && usermod --add-subuids 300000-365535 --add-subgids 300000-365535 xrun-test; }
	tun_mode=$(stat -c %a /dev/net/tun) # everybody's on ordinary distributions
	chmod 666 /dev/net/tun
	mkdir -p "$place/home" "$place/root-tmp" "$place/user-tmp"
	chown xrun-test: "$place/home" "$place/user-tmp"
	run_bats root env
	run_bats user setpriv --reuid xrun-test --regid xrun-test --init-groups
	chmod "$tun_mode" /dev/net/tun
	[[ -n $had_ids ]] || usermod --del-subuids 300000-365535 --del-subgids 300000-365535 xrun-test
	[[ -z $made_user ]] || userdel xrun-test
else
	echo "not root: only the tests for an ordinary user are run"
	mkdir -p "$place/home" "$place/user-tmp"
	run_bats user env
fi
for kind in plain tls htpasswd token; do registry_stop "$place/$kind"; done
kill "$scripted_pid" 2>/dev/null
cat "$place/scripted.log" # empty, or what went wrong with the scripted registry itself
rm -rf "$place" 2>/dev/null || true # what a failed test left of subordinate ids stays behind in /tmp
