#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# Logging in to a registry, by token and by password: what is asked for, how often, and who gets to see it.

load lib
load scripted

BASIC="Basic $(printf ann:secret | base64)"

# tokens NAME: how many were asked for, of what asked() said.
tokens() {
	grep -c " /token/$1?" "$BATS_TEST_TMPDIR/asked"
}

# pull_and_ask NAME [OPTION...]: pulls into an empty store; what the registry was asked for is in the file "asked".
pull_and_ask() {
	[ ! -e "$STORE" ] || xrun rmi --all
	asked "$1" >/dev/null
	pull "$@"
	asked "$1" >"$BATS_TEST_TMPDIR/asked"
}

# only_for HOST TEXT: all that was asked with an Authorization of TEXT was asked of HOST.
only_for() {
	grep -q " $2" "$BATS_TEST_TMPDIR/asked"
	refute grep -v "^$1 " <(grep " $2" "$BATS_TEST_TMPDIR/asked")
}

@test "a token is asked for the right to pull this repository, and no more" {
	local name
	for name in token token-greedy; do
		pull_and_ask $name
		grep -x "$SCRIPTED /token/$name?scope=repository%3A$name%3Apull&service=scripted -" "$BATS_TEST_TMPDIR/asked"
	done
}

@test "one token is enough for all of an image" {
	pull_and_ask token
	[ "$(tokens token)" = 1 ]
	[ "$(wc -l <"$BATS_TEST_TMPDIR/asked")" = 5 ] # the manifest twice, the token, the configuration, the layer
}

@test "a token may be called access_token" {
	pull token-access
}

@test "of two challenges the token's is taken" {
	pull_and_ask two-challenges
	[ "$(tokens two-challenges)" = 1 ]
}

@test "a token that has expired is renewed" {
	pull_and_ask token-once
	[ "$(tokens token-once)" = 3 ]
	[ "$(grep -c /blobs/ "$BATS_TEST_TMPDIR/asked")" = 4 ] # each once in vain
}

@test "a token that says it lives a second is used for a minute, whatever the clock on the wall says" {
	local name
	for name in token-short token-past; do
		pull_and_ask $name
		[ "$(tokens $name)" = 1 ]
	done
}

@test "a token that ends in the middle of a push is renewed, and what was sent in vain is sent again" {
	local name
	xrun pull -q "$NATIVE"
	for name in push push-once; do
		wanted=1
		[ "$name" = push ] || wanted=7
		asked "$name" >/dev/null
		xrun push -q "$NATIVE" "$SCRIPTED/$name:v1"
		asked "$name" >"$BATS_TEST_TMPDIR/asked"
		grep "/token/$name?scope=repository%3A$name%3Apull%2Cpush" "$BATS_TEST_TMPDIR/asked"
		[ "$(tail -1 "$BATS_TEST_TMPDIR/asked" | cut -d' ' -f2)" = "/v2/$name/manifests/v1" ]
		[ "$(grep -c "/token/" "$BATS_TEST_TMPDIR/asked")" = $wanted ]
	done
}

# xrun-fetch alone has the library in it, which sets the clock on the wall and no other.
@test "a clock on the wall that is a year wrong changes nothing of how long a token lives" {
	local offset
	for offset in +1y -1y; do
		[ ! -e "$STORE" ] || xrun rmi --all
		asked token >/dev/null
		ASAN_OPTIONS=verify_asan_link_order=0 faketime -m --exclude-monotonic -f "$offset" "$XRUN" --root "$STORE" pull -q "$SCRIPTED/token:v1"
		asked token >"$BATS_TEST_TMPDIR/asked"
		[ "$(tokens token)" = 1 ]
	done
	xrun rmi --all
	SSL_CERT_FILE=$CA ASAN_OPTIONS=verify_asan_link_order=0 fails_with 125 "certificate" faketime -m --exclude-monotonic -f +10y "$XRUN" --root "$STORE" pull -q "$TLS/test:empty"
}

@test "a token that is refused at once is renewed no more" {
	asked token-never >/dev/null
	refused token-never "$SCRIPTED wants a login (401); give one with xrun login or --creds USER:PASSWORD"
	[ "$(asked token-never | grep -c /manifests/)" = 2 ]
	refused token-never "$SCRIPTED does not let ann in (401)" --creds ann:secret
	[ "$(asked token-never | grep -c /token/)" = 1 ]
}

@test "the password goes to the token server, and the token to the registry" {
	pull_and_ask token-password --creds ann:secret
	[ "$(grep -c " $BASIC$" "$BATS_TEST_TMPDIR/asked")" = 1 ]
	grep " /token/token-password?.* $BASIC$" "$BATS_TEST_TMPDIR/asked"
	[ "$(grep -c " /v2/.* Bearer " "$BATS_TEST_TMPDIR/asked")" = 3 ]
}

@test "a registry without tokens gets the password when it has asked for it" {
	pull_and_ask password --creds ann:secret
	head -1 "$BATS_TEST_TMPDIR/asked" | grep " -$"
	[ "$(grep -c " $BASIC$" "$BATS_TEST_TMPDIR/asked")" = 3 ]
}

@test "a wrong password is refused, and none asked for, with one line that does not repeat it" {
	local name
	for name in password token-password; do
		refused $name "--creds USER:PASSWORD"
		refused $name "ann" --creds ann:wrong-one
		# shellcheck disable=SC2154 # refused sets it
		[[ $said != *wrong-one* ]]
	done
}

@test "a redirect to another host or port takes no token along" {
	pull_and_ask moved-host
	only_for "$SCRIPTED" Bearer
	grep "^localhost:.*/blobs/.* -$" "$BATS_TEST_TMPDIR/asked"
	pull_and_ask moved-port
	only_for "$SCRIPTED" Bearer
	refute grep -q ^localhost: "$BATS_TEST_TMPDIR/asked"
	grep -v "^$SCRIPTED " "$BATS_TEST_TMPDIR/asked" | grep "/blobs/.* -$"
}

@test "a redirect to another host takes no password along" {
	pull_and_ask moved-password --creds ann:secret
	only_for "$SCRIPTED" Basic
	grep "^localhost:.*/blobs/.* -$" "$BATS_TEST_TMPDIR/asked"
	pull_and_ask token-moved --creds ann:secret
	only_for "$SCRIPTED" Basic
	grep "^localhost:.*/token/.* -$" "$BATS_TEST_TMPDIR/asked"
}

@test "where a redirect led is not believed where to send the password (CVE-2020-15157)" {
	asked moved-challenge >/dev/null
	refused moved-challenge "sends us to another server, which wants a login of its own" --creds ann:secret
	asked moved-challenge >"$BATS_TEST_TMPDIR/asked"
	only_for "$SCRIPTED" Basic
	refute grep /token/ "$BATS_TEST_TMPDIR/asked"
}

@test "a token server that is neither https nor on this machine does not get the password" {
	local name
	for name in realm-plain realm-user realm-metadata; do
		refused $name "which is not https" --creds ann:secret
	done
}

@test "a challenge that makes no sense is refused" {
	all_refused <<-END
		challenge-none      $SCRIPTED wants a login (401)
		challenge-empty     $SCRIPTED wants a login (401)
		challenge-junk      $SCRIPTED wants a login (401)
		challenge-unknown   $SCRIPTED wants a login (401)
		challenge-unclosed  Failed to connect to 127.0.0.1 port 1
		realm-none          no usable place
		realm-long          no usable place
		realm-file          asks to log in at file:///etc/passwd, which is not https
		realm-nowhere       Failed to connect to 127.0.0.1 port 1
	END
}

@test "a token that makes no sense is refused" {
	all_refused <<-END
		token-empty     /token/token-empty gave no token (status 200)
		token-html      /token/token-html gave no token (status 200)
		token-number    /token/token-number gave no token (status 200)
		token-newline   /token/token-newline gave no token (status 200)
		token-error     /token/token-error gave no token (status 500)
		token-endless   /token/token-endless: the server sent more than the
		token-redirect  leads to file:///etc/passwd, which is not HTTP
	END
}
