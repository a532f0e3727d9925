#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# Where an image is had: registries.conf, certificates of one registry, proxies.

load lib
load scripted

setup() {
	sentinel >"$BATS_TEST_TMPDIR/sentinel"
	export HOME=$BATS_TEST_TMPDIR/home
	mkdir -p "$HOME/.config/containers/registries.conf.d"
	CONF=$HOME/.config/containers/registries.conf
}

# certs_for HOST:PORT: its directory, made.
certs_for() {
	mkdir -p "$HOME/.config/containers/certs.d/$1"
	echo "$HOME/.config/containers/certs.d/$1"
}

@test "mirrors are asked in order, and the registry after them" {
	cat >"$CONF" <<-END
		[[registry]]
		prefix = "registry.test/good"
		location = "$SCRIPTED/good"
		[[registry.mirror]]
		location = "127.0.0.1:1/good"
		[[registry.mirror]]
		location = "$SCRIPTED/missing-manifest"
	END
	asked good >/dev/null
	asked missing-manifest >/dev/null
	xrun pull -q registry.test/good:v1
	[ "$(asked missing-manifest | wc -l)" = 1 ]
	[ "$(asked good | wc -l)" = 3 ]
	xrun images | grep -q ^registry.test/good:v1
}

@test "a mirror that has it is asked alone" {
	printf '[[registry]]\nprefix = "registry.test/x"\nlocation = "127.0.0.1:1/x"\n[[registry.mirror]]\nlocation = "%s/good"\n' "$SCRIPTED" >"$CONF"
	xrun pull -q registry.test/x:v1
}

@test "a mirror that fails in the middle of a layer is left for the registry, which gives the rest" {
	printf '[[registry]]\nprefix = "registry.test/x"\nlocation = "%s/good"\n[[registry.mirror]]\nlocation = "%s/resumed-slowly"\n' \
		"$SCRIPTED" "$SCRIPTED" >"$CONF"
	asked good >/dev/null
	xrun pull -q registry.test/x:v1
	[ "$(asked good | wc -l)" = 1 ]
}

@test "when all fail, each one's reason is told in one line" {
	printf '[[registry]]\nprefix = "registry.test/x"\nlocation = "%s/teapot"\n[[registry.mirror]]\nlocation = "127.0.0.1:1/x"\n' "$SCRIPTED" >"$CONF"
	fails_with 125 "registry.test/x:v1: $SCRIPTED answered with status 418 (and before: " xrun pull -q registry.test/x:v1
	# shellcheck disable=SC2154 # fails_with sets it
	[[ $said == *"Failed to connect to 127.0.0.1 port 1"* ]]
}

@test "no mirror is told the registry's password" {
	cat >"$CONF" <<-END
		[[registry]]
		prefix = "registry.test/password"
		location = "$SCRIPTED/password"
		[[registry.mirror]]
		location = "localhost:${SCRIPTED#*:}/password"
	END
	asked password >/dev/null
	xrun pull -q --creds ann:secret registry.test/password:v1
	asked password >"$BATS_TEST_TMPDIR/asked"
	grep -q '^localhost:' "$BATS_TEST_TMPDIR/asked"
	grep -q '^127.0.0.1:.* Basic' "$BATS_TEST_TMPDIR/asked"
	refute grep '^localhost:.* Basic' "$BATS_TEST_TMPDIR/asked"
}

@test "a blocked registry is not asked" {
	printf '[[registry]]\nprefix = "%s/good"\nblocked = true\n' "$SCRIPTED" >"$CONF"
	asked good >/dev/null
	fails_with 125 "$SCRIPTED/good:v1 is blocked by $CONF, line 1" xrun pull -q "$SCRIPTED/good:v1"
	[ -z "$(asked good)" ]
}

@test "insecure accepts a certificate that nobody vouches for" {
	fails_with 125 "certificate" xrun pull -q "$TLS/test:empty"
	printf '[[registry]]\nlocation = "%s"\ninsecure = true\n' "$TLS" >"$CONF"
	xrun pull -q "$TLS/test:empty"
}

@test "a file that is not understood is an error with its name and line" {
	printf '[[registry]]\nprefix = registry.test\n' >"$CONF"
	fails_with 125 "$CONF: line 2: a value is" xrun pull -q "$SCRIPTED/good:v1"
	rm "$CONF"
	printf '\nunqualified-search-registries = 5\n' >"$CONF.d/50-x.conf"
	fails_with 125 "$CONF.d/50-x.conf: line 2: " xrun pull -q "$SCRIPTED/good:v1"
	rm "$CONF.d/50-x.conf"
	CONTAINERS_REGISTRIES_CONF=$HOME/none fails_with 125 "$HOME/none, which is not there" xrun pull -q "$SCRIPTED/good:v1"
}

@test "files in registries.conf.d come later, by name, and win" {
	printf '[[registry]]\nprefix = "registry.test/x"\nlocation = "%s/teapot"\n' "$SCRIPTED" >"$CONF"
	printf '[[registry]]\nprefix = "registry.test/x"\nlocation = "%s/forbidden"\n' "$SCRIPTED" >"$CONF.d/10.conf"
	printf '[[registry]]\nprefix = "registry.test/x"\nlocation = "%s/good"\n' "$SCRIPTED" >"$CONF.d/20.conf"
	echo nonsense >"$CONF.d/30.conf.off"
	xrun pull -q registry.test/x:v1
}

@test "a short name that registries.conf takes for another is an error that says what to type" {
	echo 'unqualified-search-registries = ["quay.io", "docker.io"]' >"$CONF"
	fails_with 125 "type quay.io/x:1, or docker.io/library/x:1" xrun pull -q x:1
	printf '[aliases]\n"x" = "quay.io/team/x"\n' >>"$CONF"
	fails_with 125 "quay.io/team/x" xrun pull -q x:1
}

@test "an image in the store runs without a look at registries.conf" {
	xrun pull -q "$NATIVE"
	echo nonsense >"$CONF"
	in_native true
}

@test "certs.d vouches for one registry, and for no other" {
	cp "$CA" "$(certs_for "$TLS")/ca.crt"
	xrun pull -q "$TLS/test:empty"
	xrun rmi --all
	fails_with 125 "certificate" xrun pull -q "$SCRIPTED_TLS/good:v1"
	cp "$CA" "$(certs_for 127.0.0.1)/ca.crt"
	fails_with 125 "certificate" xrun pull -q "$SCRIPTED_TLS/good:v1"
	printf '[[registry]]\nlocation = "%s"\ninsecure = true\n' "$TLS" >"$CONF"
	echo nonsense >"$(certs_for "$TLS")/ca.crt"
	fails_with 125 "/ca.crt is not a PEM file" xrun pull -q "$TLS/test:empty"
}

@test "a certificate for another host is refused, and named" {
	local name=localhost:${SCRIPTED_TLS#*:}
	cp "$CA" "$(certs_for "$name")/ca.crt"
	fails_with 125 "certificate is not trusted" xrun pull -q "$name/good:v1"
}

@test "a certificate that has expired is refused" {
	SSL_CERT_FILE=$CA fails_with 125 "certificate has expired" xrun pull -q "$EXPIRED/good:v1"
	SSL_CERT_FILE=$CA xrun pull -q "$SCRIPTED_TLS/good:v1"
}

@test "a client certificate opens the door, and no redirect takes it along" {
	local dir
	dir=$(certs_for "$SCRIPTED_TLS")
	cp "$CA" "$dir/ca.crt"
	fails_with 125 "(403)" xrun pull -q "$SCRIPTED_TLS/certificate:v1"
	cp "$PLACE"/tls/client.{cert,key} "$dir"
	xrun pull -q "$SCRIPTED_TLS/certificate:v1"
	xrun rmi --all
	rm "$dir/ca.crt" # the redirect's host is not in the certificate
	fails_with 125 "(403)" xrun pull -q --tls-verify=false "$SCRIPTED_TLS/certificate-moved:v1"
}

@test "half of a client certificate, or two, is an error" {
	local dir
	dir=$(certs_for "$SCRIPTED_TLS")
	cp "$PLACE"/tls/client.{cert,key} "$dir"
	mv "$dir/client.key" "$dir/other.key"
	fails_with 125 "certs.d/$SCRIPTED_TLS/" xrun pull -q "$SCRIPTED_TLS/good:v1"
	mv "$dir/client.cert" "$BATS_TEST_TMPDIR"
	fails_with 125 "other.key has no certificate" xrun pull -q "$SCRIPTED_TLS/good:v1"
	mv "$dir/other.key" "$dir/client.key"
	mv "$BATS_TEST_TMPDIR/client.cert" "$dir"
	cp "$dir/client.key" "$dir/more.key"
	cp "$dir/client.cert" "$dir/more.cert"
	fails_with 125 "has several client certificates" xrun pull -q "$SCRIPTED_TLS/good:v1"
}

@test "a redirect from https to plain HTTP is refused, and the other way round followed" {
	SSL_CERT_FILE=$CA fails_with 125 "it leads to http://$SCRIPTED" xrun pull -q "$SCRIPTED_TLS/redirect-plain:v1"
	SSL_CERT_FILE=$CA xrun pull -q "$SCRIPTED/redirect-tls:v1"
}

@test "a redirect to an address with a password in it is refused" {
	refused redirect-user "a user's name in it"
}

@test "HTTPS_PROXY is used, sees no password, and NO_PROXY does without it" {
	local variable
	for variable in HTTPS_PROXY https_proxy ALL_PROXY; do
		asked proxy >/dev/null
		env "$variable=http://$SCRIPTED" "$XRUN" --root "$STORE" pull -q --tls-verify=false --creds ann:secret registry.test/password:v1
		[ "$(asked proxy | sort -u)" = "registry.test:443 registry.test:443 -" ]
		xrun rmi --all
	done
	asked proxy >/dev/null
	HTTPS_PROXY=http://$SCRIPTED NO_PROXY=0.0.0.0 fails_with 125 "0.0.0.0 port 1" xrun pull 0.0.0.0:1/good:v1
	[ -z "$(asked proxy)" ]
}

@test "no proxy is asked for a registry of this machine, as podman and docker ask none" {
	asked proxy >/dev/null
	HTTPS_PROXY=http://$SCRIPTED HTTP_PROXY=http://$SCRIPTED SSL_CERT_FILE=$CA xrun pull -q "$SCRIPTED_TLS/good:v1"
	ALL_PROXY=http://$SCRIPTED http_proxy=http://$SCRIPTED xrun pull -q "$SCRIPTED/redirect-tls:v1" --tls-verify=false
	[ -z "$(asked proxy)" ]
}

@test "a netrc does not make anybody send a password" {
	printf 'machine 127.0.0.1 login ann password secret\n' >"$HOME/.netrc"
	asked password >/dev/null
	refused password "wants a login"
	refute grep -v ' -$' <(asked password)
}
