#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# registry.sh: a real docker-registry on loopback, for tests and the demo. Source it.
#
#   registry_start DIR [plain|tls|htpasswd|token]   sets registry_port; DIR gets its storage, log and, for tls, ca.crt and
#                                             trusted/ with nothing else in it, client.cert and client.key, and expired.crt;
#                                             htpasswd and token know the user "ann" with the password "secret"
#   registry_stop DIR
#
# Debian's package would start a service of its own when installed, so only its program is unpacked, into the cache.

registry_program() {
	local cache=${XRUN_TEST_CACHE:-${HOME:-/root}/.cache/xrun-tests} here
	here=$(dirname "${BASH_SOURCE[0]}")
	if command -v docker-registry; then return; fi
	if [[ ! -x $cache/docker-registry/usr/bin/docker-registry ]]; then
		"$here/../images/debs.sh" "$(dpkg --print-architecture)" bookworm "$cache/docker-registry" docker-registry >&2
	fi
	echo "$cache/docker-registry/usr/bin/docker-registry"
}

registry_config() {
	local dir=$1 kind=$2 port=$3
	printf 'version: 0.1\nlog: {level: warn}\nstorage: {filesystem: {rootdirectory: %s/data}, delete: {enabled: true}}\n' "$dir"
	printf 'http:\n  addr: 127.0.0.1:%s\n' "$port"
	[[ $kind != tls ]] || printf '  tls: {certificate: %s/server.crt, key: %s/server.key}\n' "$dir" "$dir"
	[[ $kind != token ]] || printf 'auth: {token: {realm: "http://127.0.0.1:%s/token", service: test, issuer: test-issuer, %s}}\n' \
		"$(cat "$dir/token-port")" "rootcertbundle: $dir/server.crt"
	[[ $kind != htpasswd ]] || printf 'auth: {htpasswd: {realm: test, path: %s/htpasswd}}\n' "$dir"
}

registry_secrets() {
	local dir=$1 kind=$2
	if [[ $kind == tls ]]; then
		openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=test-ca -keyout "$dir/ca.key" -out "$dir/ca.crt"
		openssl req -newkey rsa:2048 -nodes -subj /CN=127.0.0.1 -keyout "$dir/server.key" -out "$dir/server.csr"
		openssl x509 -req -in "$dir/server.csr" -CA "$dir/ca.crt" -CAkey "$dir/ca.key" -CAcreateserial -days 2 \
			-extfile <(echo subjectAltName=IP:127.0.0.1) -out "$dir/server.crt"
		openssl x509 -req -in "$dir/server.csr" -CA "$dir/ca.crt" -CAkey "$dir/ca.key" -set_serial 8 -days -1 \
			-extfile <(echo subjectAltName=IP:127.0.0.1) -out "$dir/expired.crt"
		openssl req -newkey rsa:2048 -nodes -subj /CN=ann -keyout "$dir/client.key" -out "$dir/client.csr"
		openssl x509 -req -in "$dir/client.csr" -CA "$dir/ca.crt" -CAkey "$dir/ca.key" -set_serial 7 -days 2 -out "$dir/client.cert"
		mkdir -p "$dir/trusted" && cp "$dir/ca.crt" "$dir/trusted"
	elif [[ $kind == token ]]; then
		openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=test-tokens -keyout "$dir/server.key" -out "$dir/server.crt"
	elif [[ $kind == htpasswd ]]; then
		htpasswd -Bbn ann secret >"$dir/htpasswd"
	fi 2>/dev/null
}

token_server_start() {
	local dir=$1 i
	python3 "$(dirname "${BASH_SOURCE[0]}")/tokens.py" "$dir" >"$dir/token-log" 2>&1 3>&- 4>&- &
	echo $! >"$dir/token-pid"
	for ((i = 0; i < 100; i++)); do
		[[ ! -s $dir/token-port ]] || return 0
		sleep 0.1
	done
	cat "$dir/token-log" >&2
	return 1
}

registry_start() {
	local dir=$1 kind=${2:-plain} program tries
	program=$(registry_program | tail -1)
	mkdir -p "$dir"
	registry_secrets "$dir" "$kind"
	[[ $kind != token ]] || token_server_start "$dir" || return 1
	for tries in 1 2 3 4 5; do
		registry_port=$((20000 + (RANDOM * 7 + tries * 101) % 20000))
		registry_config "$dir" "$kind" "$registry_port" >"$dir/config.yml"
		"$program" serve "$dir/config.yml" >"$dir/log" 2>&1 3>&- 4>&- &
		echo $! >"$dir/pid"
		for ((i = 0; i < 50; i++)); do
			if (exec 5<>"/dev/tcp/127.0.0.1/$registry_port") 2>/dev/null; then return 0; fi
			kill -0 "$(cat "$dir/pid")" 2>/dev/null || break
			sleep 0.1
		done
	done
	cat "$dir/log" >&2
	return 1
}

registry_stop() {
	local file
	for file in "$1/pid" "$1/token-pid"; do
		[[ ! -e $file ]] || kill "$(cat "$file")" 2>/dev/null || true
	done
}
