#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# Publishing images in registries.

load lib
load fixtures

prepare() {
	xrun pull -q "$NATIVE"
}

setup() {
	TO=$PLAIN/pushed-$EUID
}

manifest() {
	skopeo inspect --raw --tls-verify=false "docker://$1"
}

@test "what was pushed is what is pulled" {
	local digest
	digest=$(xrun images --format json | python3 -c 'import json, sys; print(json.load(sys.stdin)[0]["digest"])')
	[ "$(xrun push -q "$NATIVE" "$TO:same")" = "$TO:same: $digest" ]
	[ "sha256:$(manifest "$TO:same" | sha256sum | cut -d' ' -f1)" = "$digest" ]
	"$XRUN" --root "$BATS_TEST_TMPDIR/other" -q "$TO:same" true
	"$XRUN" --root "$BATS_TEST_TMPDIR/other" rmi --all
}

@test "only what the registry lacks is sent, and what lies beside is mounted" {
	make_layout more --layer "$(native_tar)" --layer "$(small_tar "more-$EUID")" --compress none
	xrun pull -q "oci:$LAYOUT:more"
	xrun push "oci:$LAYOUT:more" "$TO/more:1" 2>"$BATS_TEST_TMPDIR/first"
	[ "$(grep -c ' pushed$' "$BATS_TEST_TMPDIR/first")" = 3 ]
	xrun push "oci:$LAYOUT:more" "docker://$TO/more:2" 2>"$BATS_TEST_TMPDIR/again"
	[ "$(grep -c ' already there$' "$BATS_TEST_TMPDIR/again")" = 3 ]
	xrun tag "oci:$LAYOUT:more" "$TO/more:1"
	xrun push "oci:$LAYOUT:more" "$TO/elsewhere:1" 2>"$BATS_TEST_TMPDIR/beside"
	[ "$(grep -c ' mounted$' "$BATS_TEST_TMPDIR/beside")" = 2 ]
	[ "$("$XRUN" --root "$BATS_TEST_TMPDIR/other" -q "$TO/elsewhere:1" cat "/etc/more-$EUID")" = "more-$EUID" ]
	"$XRUN" --root "$BATS_TEST_TMPDIR/other" rmi --all
}

@test "several platforms are pushed as an index" {
	xrun pull -q --arch all "$PLAIN/test:multi"
	fails_with 125 "not in the store for linux/s390x" xrun push -q --arch s390x "$PLAIN/test:multi" "$TO:multi"
	xrun push -q --arch all "$PLAIN/test:multi" "$TO:multi"
	[ "$(manifest "$TO:multi" | python3 -c 'import json, sys; print(*sorted(m["platform"]["architecture"] for m in json.load(sys.stdin)["manifests"]))')" = "amd64 arm" ]
	xrun push -q --arch armhf "$PLAIN/test:multi" "$TO:armhf"
	"$XRUN" --root "$BATS_TEST_TMPDIR/other" pull -q --arch armhf "$TO:multi"
	"$XRUN" --root "$BATS_TEST_TMPDIR/other" pull -q --arch armhf "$TO:armhf"
	[ "$("$XRUN" --root "$BATS_TEST_TMPDIR/other" images -q | sort -u | wc -l)" = 1 ]
	"$XRUN" --root "$BATS_TEST_TMPDIR/other" rmi --all
}

@test "a push logs in as a pull does, and checks the certificate" {
	fails_with 125 "creds" xrun push -q "$NATIVE" "$HTPASSWD/pushed-$EUID:1"
	fails_with 125 "ann" xrun push -q --creds ann:wrong "$NATIVE" "$HTPASSWD/pushed-$EUID:1"
	xrun push -q --creds ann:secret "$NATIVE" "$HTPASSWD/pushed-$EUID:1"
	fails_with 125 "certificate" xrun push -q "$NATIVE" "$TLS/pushed-$EUID:1"
	SSL_CERT_FILE=$CA xrun push -q "$NATIVE" "$TLS/pushed-$EUID:1"
}

@test "a registry that wants tokens is asked for the rights to pull and push, and to read what is mounted" {
	local to=$TOKEN/pushed-$EUID
	fails_with 125 "$TOKEN" xrun push -q "$NATIVE" "$to:1"
	fails_with 125 "ann" xrun push -q --creds ann:wrong "$NATIVE" "$to:1"
	xrun push -q --creds ann:secret "$NATIVE" "$to:1"
	xrun tag "$NATIVE" "$to:1"
	xrun push --creds ann:secret "$NATIVE" "$to-beside:1" 2>"$BATS_TEST_TMPDIR/beside"
	[ "$(grep -c ' mounted$' "$BATS_TEST_TMPDIR/beside")" = 1 ]
	xrun rmi "$to:1"
	"$XRUN" --root "$BATS_TEST_TMPDIR/other" run -q --creds ann:secret "$to-beside:1" true
	"$XRUN" --root "$BATS_TEST_TMPDIR/other" rmi --all
}

@test "a layer of a repository that may not be read is sent, not mounted" {
	xrun tag "$NATIVE" "$TOKEN/closed:1"
	xrun push --creds ann:secret "$NATIVE" "$TOKEN/unrelated-$EUID:1" 2>"$BATS_TEST_TMPDIR/said"
	xrun rmi "$TOKEN/closed:1"
	refute grep mounted "$BATS_TEST_TMPDIR/said"
	grep ' pushed$' "$BATS_TEST_TMPDIR/said"
}

@test "what cannot be pushed is one clear line" {
	fails_with 125 "not in the store" xrun push -q example.com/nonesuch "$TO:x"
	fails_with 125 "127.0.0.1:1" xrun push -q "$NATIVE" 127.0.0.1:1/x
	fails_with 125 "name a tag" xrun push -q "$NATIVE" "$TO@sha256:$(printf '0%.0s' {1..64})"
	fails_with 125 "push takes an image" xrun push
}

@test "a damaged blob is not published" {
	local hex
	make_layout hurt --layer "$(small_tar "hurt-$EUID")" --compress none
	xrun pull -q "oci:$LAYOUT:hurt"
	hex=$(xrun inspect "oci:$LAYOUT:hurt" | python3 -c 'import json, sys; print(json.load(sys.stdin)[0]["Layers"][0]["Digest"][7:])')
	break_blob "$hex"
	fails_with 125 "sha256:$hex" xrun push -q "oci:$LAYOUT:hurt" "$TO:hurt"
	refute manifest "$TO:hurt"
	xrun rmi "oci:$LAYOUT:hurt"
}
