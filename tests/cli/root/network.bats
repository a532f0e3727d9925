#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# The private network on hosts that are arranged otherwise: in network and mount namespaces of their own.

load ../lib

BUSYBOX=$PLACE/busybox-$(debian_name "$HOST")

prepare() {
	xrun pull -q "$NATIVE"
}

setup() {
	HIDE_PASTA='mount --bind /dev/null "$(readlink -f /usr/bin/pasta)"; '
	HIDE_SLIRP='mount --bind /dev/null /usr/bin/slirp4netns; '
}

# elsewhere SCRIPT ARGUMENT...: in a mount and a network namespace of its own, with lo, and the address 192.0.2.1 there.
elsewhere() {
	local script=$1
	shift
	timeout 60 unshare -m -n bash -euc 'ip link set lo up; ip addr add 192.0.2.1/32 dev lo
		'"$script" elsewhere "$XRUN" --root "$STORE" "$@"
}

# A server of TCP that says "served", and of DNS that knows every name as 192.0.2.77, on the addresses given.
SERVERS=$(
	cat <<-'END'
		import socket, sys, threading
		def tcp(address):
		    s = socket.create_server((address, 8000), family=socket.AF_INET6 if ":" in address else socket.AF_INET)
		    def serve():
		        while True:
		            c, _ = s.accept()
		            c.sendall(b"served\n")
		            c.close()
		    return serve
		def dns(address):
		    s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
		    s.bind((address, 53))
		    def serve():
		        while True:
		            q, peer = s.recvfrom(512)
		            end = q.index(b"\0", 12) + 5
		            a = q[end - 4:end - 2] == b"\0\1"
		            s.sendto(q[:2] + b"\x81\x80\0\1\0" + bytes([a]) + b"\0\0\0\0" + q[12:end] +
		                (b"\xc0\x0c\0\1\0\1\0\0\0\x3c\0\4\xc0\0\2\x4d" if a else b""), peer)
		    return serve
		for serve in [{"tcp": tcp, "dns": dns}[kind](address) for kind, address in (word.split("=") for word in sys.argv[1:])]:
		    threading.Thread(target=serve).start()
		print("ready", flush=True)
	END
)
export SERVERS

# To be put into a script: starts it, and ends it with the script.
# shellcheck disable=SC2016 # the script's shell expands it
SERVE='serve() { exec 5< <(exec python3 -c "$SERVERS" "$@"); server=$!; trap "kill $server" EXIT; read -r _ <&5; }; '

@test "without pasta slirp4netns connects a container, and publishes nothing" {
	[ "$(elsewhere "$HIDE_PASTA$SERVE"'serve tcp=192.0.2.1
		"$@" run --network private -v '"$BUSYBOX"':/busybox:ro '"$NATIVE"' /busybox nc 192.0.2.1 8000 </dev/null')" = served ]
	fails_with 125 "-p needs pasta; install the package passt" elsewhere "$HIDE_PASTA"'"$@"' run -p 8080:80 "$NATIVE" true
}

@test "without either a private network is an error, and the default is lo and a note" {
	fails_with 125 "install the package passt" elsewhere "$HIDE_PASTA$HIDE_SLIRP"'"$@"' run --network private "$NATIVE" true
	elsewhere "$HIDE_PASTA$HIDE_SLIRP"'"$@"' run "$NATIVE" sed -n 's/^ *\([^ :]*\):.*/\1/p' /proc/net/dev \
		>"$BATS_TEST_TMPDIR/out" 2>"$BATS_TEST_TMPDIR/note"
	[ "$(cat "$BATS_TEST_TMPDIR/out")" = lo ]
	[ "$(wc -l <"$BATS_TEST_TMPDIR/note")" = 1 ]
	grep -q "^xrun: note: the container has no network: .*install the package passt" "$BATS_TEST_TMPDIR/note"
}

@test "without /dev/net/tun a private network is an error that names it" {
	fails_with 125 "/dev/net/tun" elsewhere 'mount -t tmpfs none /dev/net; "$@"' run --network private "$NATIVE" true
}

@test "a host without any route has a network for its containers all the same" {
	[ "$(elsewhere "$SERVE"'serve tcp=192.0.2.1
		"$@" run -v '"$BUSYBOX"':/busybox:ro '"$NATIVE"' /busybox nc 192.0.2.1 8000 </dev/null')" = served ]
}

@test "over IPv6 a container reaches what the host reaches" {
	[ "$(elsewhere "$SERVE"'ip link add one type veth peer name two
		ip addr add 2001:db8::1/64 dev one nodad; ip link set one up; ip link set two up; ip -6 route add default via 2001:db8::2 dev one
		serve tcp=2001:db8::1
		"$@" run -v '"$BUSYBOX"':/busybox:ro '"$NATIVE"' /busybox nc 2001:db8::1 8000 </dev/null')" = served ]
}

# resolved HOSTS-FILE SERVER SCRIPT: what the container makes of a name, where the host has that resolv.conf.
resolved() {
	printf '%s\n' "$1" >"$BATS_TEST_TMPDIR/resolv"
	elsewhere "mount --bind '$BATS_TEST_TMPDIR/resolv' /etc/resolv.conf; $SERVE serve dns=$2; ${3:-}"'
		"$@" run -v '"$BUSYBOX"':/busybox:ro '"$NATIVE"' sh -c "cat /etc/resolv.conf; /busybox nslookup -type=a some.example"'
}

@test "names are resolved by the host's nameserver" {
	resolved "nameserver 192.0.2.1" 192.0.2.1 | grep "192.0.2.77"
}

@test "names are resolved by a nameserver on the host's 127.0.0.1, and nothing else there is reached" {
	resolved "nameserver 127.0.0.1" 127.0.0.1 >"$BATS_TEST_TMPDIR/said"
	grep -qx "nameserver 127.0.0.1" "$BATS_TEST_TMPDIR/said"
	grep -q "192.0.2.77" "$BATS_TEST_TMPDIR/said"
	printf 'nameserver 127.0.0.1\n' >"$BATS_TEST_TMPDIR/resolv"
	refute elsewhere "mount --bind '$BATS_TEST_TMPDIR/resolv' /etc/resolv.conf; $SERVE serve tcp=127.0.0.1"'
		timeout 10 "$@" run --init -v '"$BUSYBOX"':/busybox:ro '"$NATIVE"' /busybox timeout 2 /busybox nc 127.0.0.1 8000 </dev/null'
}

@test "in place of systemd-resolved's stub its own nameservers are asked" {
	resolved "nameserver 127.0.0.53" 192.0.2.1 'mount -t tmpfs none /run; mkdir -p /run/systemd/resolve
		echo "nameserver 192.0.2.1" >/run/systemd/resolve/resolv.conf' >"$BATS_TEST_TMPDIR/said"
	grep -qx "nameserver 192.0.2.1" "$BATS_TEST_TMPDIR/said"
	grep -q "192.0.2.77" "$BATS_TEST_TMPDIR/said"
}

@test "the program that connects a container is nobody's root, and has what it needs only" {
	"$XRUN" --root "$STORE" run --rm --name one -p 127.0.0.1:34567:80 "$NATIVE" sh -c 'echo ready; exec sleep 60' >"$BATS_TEST_TMPDIR/out" 3>&- &
	await_text ready "$BATS_TEST_TMPDIR/out"
	local pid
	pid=$(pgrep -f '[p]asta.*127.0.0.1/34567:80')
	refute grep -qE '^Uid:\s+0\s' "/proc/$pid/status"
	[ "$(readlink "/proc/$pid/ns/user")" != "$(readlink /proc/self/ns/user)" ]
	[ "$(readlink "/proc/$pid/ns/mnt")" != "$(readlink /proc/self/ns/mnt)" ]
	grep -qE '^Seccomp:\s+2' "/proc/$pid/status"
	[ -z "$(ls "/proc/$pid/root/")" ]
	kill -KILL $!
	wait $! || true
	xrun run --rm "$NATIVE" true
}
