#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# The private network: what a container reaches, by which names, and what reaches it.

load lib

BUSYBOX=$PLACE/busybox-$(debian_name "$HOST")

prepare() {
	xrun pull -q "$NATIVE"
	xrun pull -q --arch arm64 "$PLAIN/test:arm64"
}

# serve ADDRESS: a web server on a free port, whose directory has the file "word"; sets served, its port.
serve() {
	mkdir -p "$BATS_TEST_TMPDIR/www"
	echo "$BATS_TEST_NAME" >"$BATS_TEST_TMPDIR/www/word"
	: >"$BATS_TEST_TMPDIR/port"
	python3 - "$1" "$BATS_TEST_TMPDIR/www" "$BATS_TEST_TMPDIR/port" <<-'END' 3>&- 2>/dev/null &
		import functools, http.server, sys
		handler = functools.partial(http.server.SimpleHTTPRequestHandler, directory=sys.argv[2])
		server = http.server.ThreadingHTTPServer((sys.argv[1], 0), handler)
		print(server.server_address[1], file=open(sys.argv[3], "w"))
		server.serve_forever()
	END
	server=$!
	await_text . "$BATS_TEST_TMPDIR/port"
	served=$(cat "$BATS_TEST_TMPDIR/port")
}

teardown() {
	[ -z "${server:-}" ] || kill "$server" || true
	[ -z "${container:-}" ] || kill "$container" || true
	wait
}

# in_busybox [OPTION...] -- COMMAND...: a busybox command in a container of the machine's own architecture.
in_busybox() {
	local options=()
	while [ "$1" != -- ]; do options+=("$1"); shift; done
	shift
	xrun run --init "${options[@]}" -v "$BUSYBOX:/busybox:ro" "$NATIVE" /busybox "$@"
}

# listening [OPTION...] -- COMMAND...: the same in the background, from when it says "ready".
listening() {
	local options=()
	while [ "$1" != -- ]; do options+=("$1"); shift; done
	shift
	"$XRUN" --root "$STORE" run --init "${options[@]}" -v "$BUSYBOX:/busybox:ro" "$NATIVE" "$@" >"$BATS_TEST_TMPDIR/out" 2>&1 3>&- &
	container=$!
	await_text ready "$BATS_TEST_TMPDIR/out"
}

# What answers at a port of the host, as soon as something does.
ask() {
	await curl -sf --max-time 5 "http://$1/word"
	curl -sf --max-time 5 "http://$1/word"
}

# A web server in the container: port 80 says "inside".
INSIDE='/busybox mkdir /www; echo inside >/www/word; /busybox httpd -p 80 -h /www; echo ready; exec sleep 30'

@test "a container has an interface and an address of its own" {
	[ "$(xrun "$NATIVE" sed -n 's/^ *\([^ :]*\):.*/\1/p' /proc/net/dev | sort | tr '\n' ' ')" = "eth0 lo " ]
	in_busybox -- ip -4 addr show eth0 | grep 'inet 10.0.2.100/24'
	in_busybox -- ip route | grep 'default via 10.0.2.2 dev eth0'
}

@test "the interface is up, with its routes, before the program runs" {
	for _ in 1 2 3 4 5; do
		in_busybox -- ip route get 198.51.100.7 | grep 'via 10.0.2.2 dev eth0 .*src 10.0.2.100'
	done
}

@test "a container reaches servers outside" {
	serve 0.0.0.0
	[ "$(in_busybox --add-host outside:host-gateway -- wget -q -O - "http://outside:$served/word")" = "$BATS_TEST_NAME" ]
}

@test "a foreign container reaches them as a native one does" {
	serve 0.0.0.0
	[ "$(xrun --arch arm64 --add-host outside:host-gateway -v "$PLACE/busybox-arm64:/busybox:ro" "$PLAIN/test:arm64" \
		/busybox wget -q -O - "http://outside:$served/word")" = "$BATS_TEST_NAME" ]
}

@test "what listens on the host's loopback only is out of reach" {
	serve 127.0.0.1
	local address
	for address in 127.0.0.1 10.0.2.2 10.0.2.3 outside; do
		refute in_busybox --add-host outside:host-gateway -- timeout 2 /busybox wget -q -O - "http://$address:$served/word"
	done
}

@test "--network none reaches nothing" {
	serve 0.0.0.0
	refute in_busybox --network none -- wget -q -O - "http://$(hostname -I | cut -d' ' -f1):$served/word"
}

@test "-p lets a port of the host lead into the container" {
	port=$(free_port)
	listening -p "$port:80" -- sh -c "$INSIDE"
	[ "$(ask "127.0.0.1:$port")" = inside ]
	[ "$(ask "$(hostname -I | cut -d' ' -f1):$port")" = inside ]
}

@test "-p ADDRESS:HOST:CONTAINER is for that address only" {
	port=$(free_port)
	listening -p "127.0.0.1:$port:80" -- sh -c "$INSIDE"
	[ "$(ask "127.0.0.1:$port")" = inside ]
	refute curl -sf --max-time 2 "http://$(hostname -I | cut -d' ' -f1):$port/word"
}

# sends_datagram PORT: whether one has come by now.
sends_datagram() {
	echo a-datagram >"/dev/udp/127.0.0.1/$1"
	grep -q "a-datagram came" "$BATS_TEST_TMPDIR/out"
}

@test "-p publishes UDP, and then not TCP" {
	port=$(free_port)
	# Nothing takes it there; the kernel counts it all the same.
	listening -p "$port:53/udp" -- sh -c 'echo ready; while :; do
		/busybox awk "/^Udp: [0-9]/ && \$3 { print \"a-datagram came\" }" /proc/net/snmp; sleep 0.1; done'
	await sends_datagram "$port"
	refute curl -s --max-time 2 "http://127.0.0.1:$port/"
}

@test "a range of ports is published one to one" {
	port=$(free_port 3)
	listening -p "$port-$((port + 2)):80-82" -- sh -c '/busybox mkdir /www; echo inside >/www/word; /busybox httpd -p 82 -h /www; echo ready; exec sleep 30'
	[ "$(ask "127.0.0.1:$((port + 2))")" = inside ]
}

@test "-p with the container's port only takes a free one of the host" {
	local first second
	first=$(xrun run --dry-run -p 80 "$NATIVE" true | sed -n 's/.*"xrun.publish": "\([0-9]*\):80\/tcp".*/\1/p')
	((first > 1023))
	listening -p "$first:80" -- sh -c "$INSIDE"
	[ "$(ask "127.0.0.1:$first")" = inside ]
	second=$(xrun run --dry-run -p 80 "$NATIVE" true | sed -n 's/.*"xrun.publish": "\([0-9]*\):80\/tcp".*/\1/p')
	[ "$second" != "$first" ]
}

@test "a port that is taken is an error before anything starts" {
	serve 127.0.0.1
	fails_with 125 "-p 127.0.0.1:$served:80/tcp: cannot have port $served" xrun run -p "127.0.0.1:$served:80" "$NATIVE" touch /started
	fails_with 125 "-p $served:80/tcp: cannot have port $served" xrun run -p "$served:80" "$NATIVE" true
	xrun run -p "$served:80/udp" "$NATIVE" true
	[ -z "$(ls "$STORE/containers")" ]
}

@test "two that cannot have the same port of the host are an error, and others have theirs" {
	port=$(free_port 4)
	fails_with 125 "-p $port:81/tcp: the host's port is that of -p $port:80/tcp" xrun run -p "$port:80" -p "$port:81" "$NATIVE" true
	fails_with 125 "the host's port is that of" xrun run -p "$port-$((port + 3)):80-83" -p "127.0.0.1:$((port + 2)):90" "$NATIVE" true
	xrun run -p "127.0.0.1:$port:80" -p "$port:80/udp" -p 90 -p 91 "$NATIVE" true
}

@test "a port that only root may have is an error that says what to do" {
	[ "$(cat /proc/sys/net/ipv4/ip_unprivileged_port_start)" -gt 81 ]
	fails_with 125 "ip_unprivileged_port_start" xrun run -p 81:80 "$NATIVE" true
}

@test "/etc/hosts has localhost, the container and what --add-host adds" {
	xrun run --hostname box --rm --name crate --add-host db:192.0.2.7 --add-host six=fd00::7 "$NATIVE" cat /etc/hosts >"$BATS_TEST_TMPDIR/hosts"
	grep -qx "127.0.0.1[[:space:]]localhost" "$BATS_TEST_TMPDIR/hosts"
	grep -qx "192.0.2.7[[:space:]]db" "$BATS_TEST_TMPDIR/hosts"
	grep -qx "fd00::7[[:space:]]six" "$BATS_TEST_TMPDIR/hosts"
	grep -qx "10.0.2.100[[:space:]]box crate" "$BATS_TEST_TMPDIR/hosts"
	[ "$(xrun run --hostname box "$NATIVE" cat /etc/hostname)" = box ]
	in_busybox --network none -- ping -c 1 localhost
}

@test "the container may change its files of /etc, and nobody else sees it" {
	xrun "$NATIVE" sh -c 'echo 192.0.2.1 more >>/etc/hosts; echo other >/etc/hostname; tail -n 1 /etc/hosts' | grep more
	refute grep -r more "$STORE"/layers/*/etc/hosts
	[ "$(xrun run --read-only "$NATIVE" sh -c 'echo 192.0.2.1 more >>/etc/hosts; tail -n 1 /etc/hosts')" = "192.0.2.1 more" ]
}

@test "--dns, --dns-search and --dns-option make up /etc/resolv.conf" {
	[ "$(xrun run --dns 192.0.2.53 --dns fd00::53 --dns-search one.example --dns-search two.example --dns-option ndots:2 "$NATIVE" \
		cat /etc/resolv.conf)" = "nameserver 192.0.2.53
nameserver fd00::53
search one.example two.example
options ndots:2" ]
	fails_with 125 "--dns somewhere" xrun run --dns somewhere "$NATIVE" true
}

@test "a volume over /etc/hosts is what the container sees" {
	echo "192.0.2.9 mine" >"$BATS_TEST_TMPDIR/hosts"
	[ "$(xrun run -v "$BATS_TEST_TMPDIR/hosts:/etc/hosts:ro" "$NATIVE" cat /etc/hosts)" = "192.0.2.9 mine" ]
}

@test "--mac-address is the interface's" {
	[ "$(xrun run --mac-address 02:42:ac:11:00:02 "$NATIVE" cat /sys/class/net/eth0/address)" = 02:42:ac:11:00:02 ]
}

@test "--net-rate limits what is received and what is sent" {
	serve 0.0.0.0
	head -c 1500000 /dev/zero >"$BATS_TEST_TMPDIR/www/large"
	# 1.5 MB at 4 Mbit/s take three seconds; without a limit, hundredths of one.
	in_busybox --net-rate 4m --add-host outside:host-gateway -- sh -c "
		start=\$(cut -d' ' -f1 /proc/uptime); /busybox wget -q -O /dev/null http://outside:$served/large; end=\$(cut -d' ' -f1 /proc/uptime)
		echo \$start \$end" | awk '{ exit !($2 - $1 > 2) }'
	in_busybox --net-rate 4m -- sh -c '/busybox ip link; /busybox tc qdisc' >"$BATS_TEST_TMPDIR/shaped" || true
	grep -q rate0 "$BATS_TEST_TMPDIR/shaped"
	fails_with 125 "--net-rate fast" xrun run --net-rate fast "$NATIVE" true
}

@test "options that go with a private network only are refused with another" {
	fails_with 125 "-p does not go with --network host" xrun run --network host -p 80:80 "$NATIVE" true
	fails_with 125 "--net-rate does not go with --network none" xrun run --network none --net-rate 1m "$NATIVE" true
	fails_with 125 "--dns does not go with --network none: no nameserver can be reached" xrun run --network none --dns 10.0.0.1 "$NATIVE" true
}

@test "with a killed xrun the network's program ends, too" {
	port=$(free_port)
	listening -p "127.0.0.1:$port:80" -- sh -c "$INSIDE"
	kill -KILL "$container"
	wait "$container" || true
	await ! pgrep -u "$(id -u)" -f "[p]asta.*/$port:80"
	container=
	xrun "$NATIVE" true
	[ -z "$(ls "$STORE/containers")" ]
}

@test "Ctrl-C is the program's, not its network's" {
	"$XRUN" --root "$STORE" run -v "$BUSYBOX:/busybox:ro" "$NATIVE" \
		sh -c 'trap "/busybox ip route; exit 3" INT; echo ready; while :; do sleep 0.1; done' >"$BATS_TEST_TMPDIR/out" 3>&- &
	container=$!
	await_text ready "$BATS_TEST_TMPDIR/out"
	kill -INT "$container"
	await_end "$container"
	container=
	[ "$status" = 3 ]
	grep -q "default via" "$BATS_TEST_TMPDIR/out"
}

# CVE-2020-15257: a control socket in the abstract namespace of a network that a container shares.
@test "xrun has no abstract socket, and a container's are not the host's" {
	"$XRUN" --root "$STORE" run --init -v /usr:/usr:ro "$NATIVE" /usr/bin/python3 -uc 'import socket, time
s = socket.socket(socket.AF_UNIX)
s.bind("\0inside")
print(open("/proc/net/unix").read() + "ready")
time.sleep(30)' >"$BATS_TEST_TMPDIR/out" 2>&1 3>&- &
	container=$!
	await_text ready "$BATS_TEST_TMPDIR/out"
	grep -q " @inside" "$BATS_TEST_TMPDIR/out"
	refute grep -E '@.*xrun|@inside|@.*pas(ta|st)' /proc/net/unix
	in_busybox --network host -- sh -c '! cat /proc/net/unix | /busybox grep -E "@.*xrun"'
}

@test "inspect tells a private network's address under docker's names, and none of a container that has none" {
	local each='{{.NetworkSettings.IPAddress}}|{{range .NetworkSettings.Networks}}{{.IPAddress}}/{{.IPPrefixLen}} {{.Gateway}}{{end}}'
	xrun run -d --name box "$NATIVE" sleep 1000 >/dev/null
	xrun run -d --name alone --network none "$NATIVE" sleep 1000 >/dev/null
	[ "$(xrun inspect -f "$each" box)" = "10.0.2.100|10.0.2.100/24 10.0.2.2" ]
	in_busybox --network container:box -- ip -4 addr show eth0 | grep -q " 10.0.2.100/24 "
	[ "$(xrun inspect -f "$each" alone)" = "|/0 " ]
	xrun stop box >/dev/null
	[ "$(xrun inspect -f '{{.NetworkSettings.IPAddress}}' box)" = "" ]
	xrun rm -f box alone >/dev/null
}
