#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# Damage in the store: it is found, and repaired, and nothing whole is lost.

load lib
load fixtures

prepare() {
	make_layout x --layer "$(native_tar)" --layer "$(small_tar one)" --compress gzip,none
	skopeo copy -q --dest-tls-verify=false "oci:$LAYOUT:x" "docker://$PLAIN/verify-$EUID:x"
	xrun pull -q "$PLAIN/verify-$EUID:x"
}

setup() {
	IMAGE=$PLAIN/verify-$EUID:x
}

# Whatever a test did: the store is whole at its end, and the image runs.
teardown() {
	xrun store verify --tls-verify=false &&
		xrun store verify --repair=false &&
		[ "$(xrun --pull never "$IMAGE" cat /etc/one)" = one ] &&
		[ -z "$(ls "$STORE/staging")" ]
}

# of_image EXPRESSION: something of what inspect says, as Python.
of_image() {
	xrun inspect "$IMAGE" | python3 -c "import json, sys; i = json.load(sys.stdin)[0]; print($1)"
}

# layer N: the directory of the image's Nth layer, from 0.
layer() {
	echo "layers/$(of_image "i['Layers'][$1]['Directory']")"
}

# found TEXT: verify finds TEXT and nothing else, changes nothing when it shall not, and repairs it when it may.
found() {
	store_state >"$BATS_TEST_TMPDIR/before"
	run xrun store verify --repair=false
	echo "$output"
	[ "$status" = 125 ]
	[[ $output == *"$1"* ]]
	[[ $output == *": 1 damaged, 0 mended"* ]]
	diff "$BATS_TEST_TMPDIR/before" <(store_state)
	run xrun store verify --tls-verify=false
	echo "$output"
	[ "$status" = 0 ]
	[[ $output == *"$1"* ]]
}

store_state() {
	in_store find . -printf '%p %y %m %s %T@ %i\n' | grep -v ' \./\(in-use\|lock\|staging\) \|^\./staging ' | sort
}

@test "a whole store is whole, and an empty one as well" {
	[[ $(xrun store verify) == "1 images, 4 blobs, 2 layers: 0 damaged, 0 mended" ]]
	[ -z "$("$XRUN" --root "$BATS_TEST_TMPDIR/empty" store verify)" ]
}

@test "a byte of an unpacked file" {
	in_store sh -c "printf X | dd of=$(layer 1)/etc/one bs=1 conv=notrunc status=none; touch -d @0 $(layer 1)/etc/one"
	found "./etc/one is not what it was"
}

@test "a file that is gone" {
	in_store rm "$(layer 1)/etc/one"
	found "./etc is not what it was"
}

@test "a file too many" {
	in_store touch "$(layer 0)/etc/planted"
	found "./etc is not what it was"
}

@test "another mode, and another time" {
	in_store chmod u+s "$(layer 1)/etc/one"
	found "./etc/one is not what it was"
	in_store touch -d @1 "$(layer 1)/etc/one"
	found "./etc/one is not what it was"
}

@test "another target of a symlink" {
	local link
	link=$(in_store find "$(layer 0)" -type l | head -1)
	in_store ln -sfn /planted "$link"
	found "is not what it was"
}

@test "an attribute" {
	in_store setfattr -n user.planted -v x "$(layer 1)/etc"
	found "./etc is not what it was"
}

# (Versions before the mark made layers that have all but it.)
@test "a layer that an older version left without its mark gets it, also where it is in use" {
	local mark=user.overlay.xrun-root-untold container
	in_store getfattr -n "$mark" "$(layer 1)"
	in_store setfattr -x "$mark" "$(layer 1)"
	found "it lacks a mark that older versions of xrun did not make"
	in_store getfattr -n "$mark" "$(layer 1)"
	in_store setfattr -x "$mark" "$(layer 1)"
	container=$(xrun run -q -d --network none "$IMAGE" sleep 1000 3>&-)
	run xrun store verify
	xrun rm -f "$container"
	echo "$output"
	[ "$status" = 0 ]
	[[ $output == *"did not make: added"*"1 damaged, 1 mended"* ]]
	in_store getfattr -n "$mark" "$(layer 1)"
}

@test "a layer that is gone" {
	in_store mv "$(layer 1)" gone
	[ "$EUID" != 0 ] || chown -R --reference="$STORE/layers" "$STORE/gone"
	rm -r "$STORE/gone"
	run xrun store verify
	[ "$status" = 0 ]
	[[ $output == *"it is missing: unpacked anew"* ]]
}

@test "a byte of a blob: a layer, the configuration, the manifest" {
	local hex
	for what in "i['Layers'][0]['Digest']" "i['Layers'][1]['Digest']" "i['Id']" "i['Digest']"; do
		hex=$(of_image "${what}[7:]")
		break_blob "$hex"
		run xrun store verify --repair=false
		[ "$status" = 125 ]
		[[ $output == *"blob sha256:$hex: is damaged"* ]]
		run xrun store verify --tls-verify=false
		echo "$output"
		[ "$status" = 0 ]
		[[ $output == *"$IMAGE"*": brought again"* ]]
	done
}

@test "a blob that is cut short, and one that is gone" {
	local hex
	hex=$(of_image "i['Layers'][0]['Digest'][7:]")
	in_store truncate -s 100 "blobs/sha256/$hex"
	xrun store verify --tls-verify=false
	in_store rm "blobs/sha256/$hex"
	run xrun store verify --tls-verify=false
	[ "$status" = 0 ]
	[[ $output == *"blob sha256:$hex: is missing"*"brought again"* ]]
}

@test "directories deeper than open files allow are looked at like others" {
	local deep=$BATS_TEST_TMPDIR/deep.tar
	python3 - "$deep" <<-'END'
		import io, sys, tarfile
		with tarfile.open(sys.argv[1], "w", format=tarfile.PAX_FORMAT) as tar:
		    for name in ("d/" * 1900 + "end", "d/" * 300 + "a", "d/" * 300 + "e", "d/b", "f"):
		        entry = tarfile.TarInfo(name)
		        entry.size = 4
		        tar.addfile(entry, io.BytesIO(b"end\n"))
	END
	make_layout deep --layer "$deep"
	(ulimit -n 128; xrun pull -q "oci:$LAYOUT:deep"; xrun store verify)
	# shellcheck disable=SC2016 # for the other shell
	in_store sh -c 'cd layers/*/d/d/d && cd "$(printf "d/%.0s" $(seq 297))" && printf other >e'
	run bash -c 'ulimit -n 128; "$@"' - "$XRUN" --root "$STORE" store verify
	[ "$status" = 0 ]
	[[ $output == *"/d/d/d/e"*": 1 damaged, 1 mended"* ]]
	xrun rmi "oci:$LAYOUT:deep"
}

@test "what cannot be brought again is named, and the rest is kept" {
	local hex
	make_layout lonely --layer "$(small_tar lonely)"
	skopeo copy -q "oci:$LAYOUT:lonely" "docker-archive:$BATS_TEST_TMPDIR/a.tar:127.0.0.1:1/lonely:1"
	xrun load -q -i "$BATS_TEST_TMPDIR/a.tar"
	hex=$(xrun inspect 127.0.0.1:1/lonely:1 | python3 -c 'import json, sys; print(json.load(sys.stdin)[0]["Layers"][0]["Digest"][7:])')
	break_blob "$hex"
	run xrun store verify
	[ "$status" = 125 ]
	[[ $output == *"127.0.0.1:1/lonely:1"*"cannot be brought again: "*"try: xrun pull --platform linux/"*" 127.0.0.1:1/lonely:1"* ]]
	[[ $output == *"1 of the store's images are damaged still"* ]]
	xrun rmi 127.0.0.1:1/lonely:1
}

@test "a layer below a running container is left alone until it has ended" {
	"$XRUN" --root "$STORE" --pull never "$IMAGE" sleep 100 3>&- &
	local pid=$!
	await ! prints "" xrun ps -q
	in_store touch -d @1 "$(layer 1)/etc/one"
	run xrun store verify
	kill "$pid"
	wait "$pid" || true
	[ "$status" = 125 ]
	[[ $output == *"in use, so verify again when containers and pulls have ended"* ]]
}

# The last image's name is lost: the one before the last change is what is kept.
@test "an index.json that is damaged or gone becomes what it was, and an image that lost its name gets another" {
	local damage status
	for damage in "truncate -s 50 index.json" "rm index.json"; do
		xrun pull -q "$PLAIN/test:layers-gzip"
		in_store sh -c "$damage"
		fails_with 125 "xrun store verify mends it" xrun images
		fails_with 125 "xrun store verify mends it" xrun pull -q "$NATIVE"
		fails_with 125 "xrun store verify mends it" xrun rmi --all
		fails_with 125 "xrun store verify mends it" xrun prune
		fails_with 125 "xrun store verify mends it" xrun store verify --repair=false
		run xrun store verify
		echo "$output"
		[ "$status" = 0 ]
		[[ $output == *"what it was before its last change is back"*"an image for linux/amd64 lost its name: localhost/recovered:"* ]]
		[ "$(xrun --pull never "$IMAGE" cat /etc/one)" = one ]
		xrun pull --progress json "$PLAIN/test:layers-gzip" 2>&1 | grep -c '"state": "already here"' | grep -qx 3
		xrun rmi "$(xrun images | grep -o 'localhost/recovered:[0-9a-f]*')"
		xrun rmi "$PLAIN/test:layers-gzip"
		xrun prune
	done
}

@test "without an index.json of before, every image gets another name, and none is lost" {
	local recovered
	in_store rm index.json index.json.old
	run xrun store verify
	echo "$output"
	[ "$status" = 0 ]
	[[ $output == *"made anew"*"lost its name"* ]]
	xrun prune
	recovered=$(xrun images | grep -o 'localhost/recovered:[0-9a-f]*')
	[ "$(xrun "$recovered" cat /etc/one)" = one ]
	xrun pull -q "$IMAGE"
	xrun rmi "$recovered"
}

@test "store knows verify, and says so" {
	fails_with 125 "there is verify" xrun store
	fails_with 125 "there is verify" xrun store clean
}
