#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# Pulling from real registries, and the store that it fills.

load lib
load fixtures

teardown() {
	xrun rmi --all
	[ -z "$(find "$STORE/layers" "$STORE/staging" "$STORE/blobs/sha256" -mindepth 1 2>/dev/null)" ]
}

@test "a store that nothing was pulled into is empty" {
	local empty=$BATS_TEST_TMPDIR/empty
	[ "$("$XRUN" --root "$empty" images | wc -l)" = 1 ]
	[ "$("$XRUN" --root "$empty" images --format json)" = "[]" ]
	"$XRUN" --root "$empty" rmi --all
	fails_with 125 "not in the store" "$XRUN" --root "$empty" rmi "$NATIVE"
}

@test "an image is pulled, listed, run, and removed" {
	xrun pull "$NATIVE" 2>"$BATS_TEST_TMPDIR/said"
	[ "$(xrun images | tail -n +2 | sed 's/ .*//')" = "$NATIVE" ]
	xrun images --format json | python3 -c 'import json,sys; i, = json.load(sys.stdin); assert i["name"] and i["platform"].startswith("linux/") and i["size"] > 1000000'
	in_native true
	xrun rmi "$NATIVE"
	[ "$(xrun images | wc -l)" = 1 ]
}

@test "when standard error is no terminal, progress is a line for each layer; with -q nothing" {
	xrun pull "$PLAIN/test:layers-gzip" 2>"$BATS_TEST_TMPDIR/said"
	[ "$(grep -c '^[0-9a-f]\{12\} .*unpacked$' "$BATS_TEST_TMPDIR/said")" = 3 ]
	refute grep -q $'\r\|\e' "$BATS_TEST_TMPDIR/said"
	xrun rmi --all
	[ -z "$(xrun pull -q "$PLAIN/test:layers-gzip" 2>&1)" ]
}

@test "on a terminal there is a bar for each layer" {
	run script -qec "'$XRUN' --root '$STORE' pull $PLAIN/test:layers-gzip" /dev/null
	[ "$status" = 0 ]
	[[ $output == *$'\e['* ]]
}

@test "layers come plain, with gzip and with zstd" {
	for compression in none gzip zstd; do
		xrun pull -q "$PLAIN/test:layers-$compression"
	done
	[ "$(xrun images | wc -l)" = 4 ]
	[ "$(find "$STORE/layers" -mindepth 1 -maxdepth 1 | wc -l)" = 3 ] # the same three layers, whatever they were packed with
}

@test "the store is an OCI image layout that other tools read" {
	xrun pull -q "$NATIVE"
	skopeo copy -q "oci:$STORE:$NATIVE" "oci:$BATS_TEST_TMPDIR/copy:x"
	umoci stat --image "$BATS_TEST_TMPDIR/copy:x" >/dev/null
}

@test "run pulls what is missing, and --pull says when to" {
	fails_with 125 "not in the store" xrun --pull never "$NATIVE" true
	xrun -q "$NATIVE" true
	xrun --pull never "$NATIVE" true
	xrun -q --pull always "$NATIVE" true
	fails_with 125 "--pull sometimes" xrun --pull sometimes "$NATIVE" true
}

@test "an image with no layers can be pulled and has nothing to run" {
	xrun pull -q "$PLAIN/test:empty"
	fails_with 127 "true" xrun "$PLAIN/test:empty"
}

@test "an image is found by its digest" {
	local digest
	digest=$(skopeo inspect --tls-verify=false --format '{{.Digest}}' "docker://$NATIVE")
	xrun pull -q "$PLAIN/test@$digest"
	xrun --pull never "$PLAIN/test@$digest" true
	fails_with 125 "sha256:0000" xrun pull "$PLAIN/test@sha256:$(printf '0%.0s' {1..64})"
}

@test "TLS is needed and its certificate checked, unless told not to" {
	fails_with 125 "certificate" xrun pull -q "$TLS/test:empty"
	SSL_CERT_FILE=$CA xrun pull -q "$TLS/test:empty"
	xrun rmi --all
	xrun pull -q --tls-verify=false "$TLS/test:empty"
}

@test "a password is asked for, checked and used" {
	fails_with 125 "creds" xrun pull -q "$HTPASSWD/test:empty"
	fails_with 125 "password" xrun pull -q --creds ann:wrong "$HTPASSWD/test:empty"
	xrun pull -q --creds ann:secret "$HTPASSWD/test:empty"
}

@test "a registry that wants tokens is brought some, with and without a password" {
	xrun pull -q "$TOKEN/open:empty"
	fails_with 125 "creds" xrun pull -q "$TOKEN/test:empty"
	fails_with 125 "ann" xrun pull -q --creds ann:wrong "$TOKEN/test:empty"
	xrun pull -q --creds ann:secret "$TOKEN/test:empty"
}

@test "an unknown repository, tag or registry is one clear line" {
	fails_with 125 "nonesuch" xrun pull -q "$PLAIN/nonesuch"
	fails_with 125 "nonesuch" xrun pull -q "$PLAIN/test:nonesuch"
	fails_with 125 "127.0.0.1:1" xrun pull -q 127.0.0.1:1/test
	fails_with 125 "Upper" xrun pull -q "$PLAIN/Upper"
}

@test "a killed pull leaves nothing that looks complete, and the next one clears up" {
	local try
	for try in 1 2 3 4 5; do
		"$XRUN" --root "$STORE" pull -q "$NATIVE" &
		sleep "0.0$((try * try))"
		kill -KILL $! 2>/dev/null || true
		await_end $!
		flock "$STORE/in-use" true # xrun-fetch may outlive its parent a little
		[ "$status" = 0 ] || [ "$(xrun images | wc -l)" = 1 ]
		xrun rmi --all
	done
	xrun pull -q "$NATIVE"
	[ -z "$(ls "$STORE/staging")" ]
	in_native true
}

@test "several pulls of the same image at once all succeed" {
	local pids=() pid
	for pid in 1 2 3; do
		"$XRUN" --root "$STORE" pull -q "$NATIVE" &
		pids+=($!)
	done
	for pid in "${pids[@]}"; do
		await_end "$pid"
		[ "$status" = 0 ]
	done
	in_native true
}

@test "removing an image that is not there is an error" {
	xrun pull -q "$NATIVE"
	fails_with 125 "not in the store" xrun rmi "$PLAIN/test:other"
}

@test "directories that a layer has no entry for are those of its own image" {
	local mode dir=$BATS_TEST_TMPDIR
	mkdir -p "$dir"/{700,751,bare}/d
	echo x >"$dir/bare/d/file"
	tar -C "$dir/bare" --owner=0 --group=0 -cf "$dir/bare.tar" d/file
	for mode in 700 751; do
		chmod "$mode" "$dir/$mode/d"
		make_layout "$mode" --layer "$(native_tar)" --layer "$dir/$mode" --layer "$dir/bare.tar"
		xrun pull -q "oci:$LAYOUT:$mode"
	done
	xrun store verify --repair=false
	for mode in 700 751; do
		[ "$(xrun run --rm --network none "oci:$LAYOUT:$mode" sh -c 'stat -c %a /d && cat /d/file')" = "$mode"$'\n'x ]
	done
}

@test "the root is like the layer says that says something of it" {
	local dir=$BATS_TEST_TMPDIR/dir
	mkdir -m 711 "$dir"
	echo x >"$dir/file"
	tar -C "$dir" --owner=0 --group=0 -cf "$BATS_TEST_TMPDIR/told.tar" .
	tar -C "$dir" --owner=0 --group=0 -cf "$BATS_TEST_TMPDIR/untold.tar" file
	make_layout root --layer "$(native_tar)" --layer "$BATS_TEST_TMPDIR/told.tar" --layer "$BATS_TEST_TMPDIR/untold.tar"
	[ "$(xrun -q --network none "oci:$LAYOUT:root" stat -c %a /)" = 711 ]
	xrun store verify --repair=false
}

@test "a layer that stands in an image more than once counts where it stands last" {
	local dir=$BATS_TEST_TMPDIR/same
	mkdir -p "$dir"/{a,b,none}
	echo a >"$dir/a/file"
	echo b >"$dir/b/file"
	make_layout aba --layer "$(native_tar)" --layer "$dir/a" --layer "$dir/b" --layer "$dir/a"
	make_layout empty --layer "$(native_tar)" --layer "$dir/none" --layer "$dir/none" --layer "$dir/b" --layer "$dir/none"
	[ "$(xrun -q --network none "oci:$LAYOUT:aba" cat /file)" = a ]
	[ "$(xrun -q --network none "oci:$LAYOUT:empty" cat /file)" = b ]
	xrun store verify --repair=false
}

@test "an image of five hundred layers runs, also from a store whose path is long" {
	local far
	far=$BATS_TEST_TMPDIR/$(printf 'long%.0s' {1..50})
	python3 - "$BATS_TEST_TMPDIR" <<-'END'
		import io, sys, tarfile
		for i in range(499):
		    with tarfile.open(f"{sys.argv[1]}/{i}.tar", "w") as tar:
		        info = tarfile.TarInfo(f"file-{i}")
		        info.size = len(str(i))
		        tar.addfile(info, io.BytesIO(str(i).encode()))
	END
	# shellcheck disable=SC2046 # words
	make_layout fivehundred --layer "$(native_tar)" $(printf -- "--layer $BATS_TEST_TMPDIR/%d.tar " {0..498})
	[ "$("$XRUN" --root "$far" run -q --network none "oci:$LAYOUT:fivehundred" sh -c 'cat /file-* | wc -c; cat /file-0 /file-498')" = $'1387\n0498' ]
	"$XRUN" --root "$far" rmi --all
}

@test "a layer of two images stays until the last of them goes" {
	xrun pull -q "$NATIVE"
	xrun pull -q "$PLAIN/test:config"
	xrun rmi "$PLAIN/test:config"
	in_native true
}
