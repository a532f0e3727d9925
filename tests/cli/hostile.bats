#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# Registries and images that mean harm, or are broken: one clear line, nothing left in the store, nothing changed outside.

load lib
load scripted

# What hangs is given up after half a minute, twice, while the other tests run.
prepare() {
	local place=$BATS_FILE_TMPDIR/stalled got=0
	mkdir "$place"
	{
		"$XRUN" --root "$place/store" pull "$SCRIPTED/stalled:v1" >"$place/said" 2>&1 || got=$?
		echo $got >"$place/status"
	} 3>&- &
}

# confined NAME FILE: the image can be pulled, and FILE is in one of its layers.
confined() {
	pull "$1"
	ls -d "$STORE"/layers/*/"$2"
	diff "$BATS_TEST_TMPDIR/sentinel" <(sentinel)
	xrun rmi --all
}

# megabytes COMMAND...: the most memory that it, or a process of it, had; whether it succeeds or not.
megabytes() {
	python3 -c 'import resource, subprocess, sys
subprocess.run(sys.argv[1:], stderr=subprocess.DEVNULL)
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss // 1024)' "$@"
}

@test "a registry that behaves is believed" {
	pull good
	[ "$(xrun images | wc -l)" = 2 ]
}

@test "an image that calls its architecture as uname does is one for it" {
	pull other-name
	pull good
	[ "$(xrun images --format '{{.Platform}}' | wc -l)" = 2 ]
	[ "$(xrun images --format '{{.Platform}}' | sort -u | wc -l)" = 1 ]
}

@test "a layer that is not what its digest promises is refused" {
	all_refused <<-END
		wrong-digest    is damaged: what came has the digest sha256:
		short           is cut short: 
		short-unannounced  is cut short:
		truncated       bytes remaining to read
		long            the server sent more than the
		long-announced  the server sent more than the
		diff-id         it has the diff id sha256:
	END
}

@test "a document that is not what its digest promises is refused" {
	all_refused <<-END
		wrong-config    the registry sent something with the digest sha256:
		wrong-manifest  the manifest is damaged: its digest is sha256:
		index-lies      the registry sent something with the digest sha256:
	END
}

@test "what the registry does not have is named" {
	all_refused <<-END
		missing-manifest  missing-manifest:v1: $SCRIPTED does not have it (404)
		missing-config    the configuration of $SCRIPTED/missing-config:v1: $SCRIPTED does not have it (404)
		missing-layer     $SCRIPTED does not have it (404)
		nonesuch          nonesuch:v1: $SCRIPTED does not have it (404)
	END
}

@test "a document that is no manifest is refused" {
	all_refused <<-END
		junk                is not a JSON object
		empty               it is empty
		html                is not a JSON object
		deep                maximum parsing depth
		nul                 is not a JSON object
		other-json          neither an image index nor an image manifest
		schema1             schema 1
		index-and-manifest  both an index and a manifest
		header-lies         the registry that it is application/vnd.oci.image.index
		encoded             is not a JSON object
		type-lies           the registry that it is application/vnd.oci.image.manifest
		not-http            HTTP/0.9
	END
}

@test "a manifest that says impossible things is refused" {
	all_refused <<-END
		no-config        configuration is missing
		many-layers      501 layers
		digest-path      ../etc/passwd; only sha256 is understood
		digest-md5       only sha256 is understood
		digest-short     only sha256 is understood
		digest-nul       is not a JSON object
		digest-capitals  only sha256 is understood
		negative-size    no valid size
		huge-sizes       9223372036854775807 bytes
		layer-type       the unknown type "application/vnd.example.model.v1"
		few-diff-ids     names 1 layers, its manifest 2
		command-type     Cmd is not a list
		no-platform      names no platform
		chart            is no container image: its configuration is of the type "application/vnd.cncf.helm.config.v1+json"
	END
}

@test "a layer that lies elsewhere is not fetched from there" {
	asked foreign-layer >/dev/null
	refused foreign-layer "is not distributed by the registry"
	refute grep -v "^$SCRIPTED " <(asked foreign-layer)
}

@test "an image for another platform is refused, with a list of what there is" {
	all_refused <<-END
		index           it has: linux/mips, linux/sparc64
		index-empty     it has: nothing
		index-sha512    it has: linux/mips; 1 more by other digests than sha256
		index-nested    its index leads to another index
		other-platform  is for linux/mips, not for linux/
	END
	refused index "has no image for linux/s390x; it has: linux/mips" --arch s390x
}

@test "what has no end is refused when it has become too much" {
	all_refused <<-END
		endless-manifest  the server sent more than the
		endless-config    the server sent more than the
		endless-error     the server sent more than the
		endless-headers   the server sent more than the
		endless-header    too long
	END
}

@test "what is too large takes little memory" {
	for name in bomb deep endless-manifest endless-error endless-header long-announced; do
		used=$(megabytes "$XRUN" --root "$STORE" pull "$SCRIPTED/$name:v1")
		echo "$name took $used MB"
		[ "$used" -lt 300 ]
	done
}

@test "control characters of the registry do not reach the terminal" {
	all_refused <<-END
		control-type      the unknown type "?]0;owned?
		control-document  media type ?]0;owned?
		control-digest    the digest ?]0;owned?
		control-platform  linux/?]0;owned?
		control-index     it has: linux/?]0;owned?
		control-header    media type text/?]0)
		control-redirect  bad/illegal format
		control-realm     gopher://?]0;owned?
		control-entry     the layer's name ../?]0;owned?
	END
	run script -qec "'$XRUN' --root '$STORE' pull $SCRIPTED/control-type:v1" /dev/null
	[[ $output == *"?]0;owned?"* ]]
	[[ $output != *$'\e]'* ]]
}

@test "control characters of an image do not reach the terminal" {
	pull control-run
	pull control-user
	fails_with 127 "owned" xrun "$SCRIPTED/control-run:v1"
	fails_with 125 "owned" xrun "$SCRIPTED/control-user:v1"
	for command in "images" "images --format json" "run --dry-run $SCRIPTED/control-run:v1"; do
		# shellcheck disable=SC2086 # several words are meant
		run xrun $command
		[ "$status" = 0 ]
		refute grep -q $'\e\|\u9b' <<<"$output"
	done
}

@test "a layer that is compressed in another way than its media type says is read as it is" {
	local name
	for name in gzip-as-plain gzip-as-zstd plain-as-gzip plain-as-zstd; do
		run xrun pull "$SCRIPTED/$name:v1"
		[ "$status" = 0 ]
		[[ $output == *"note: 1 of the image's layers is compressed in another way than its media type says"* ]]
		[ "$(cat "$STORE"/layers/*/etc/hello)" = hello ]
		xrun store verify
		xrun save -o "$BATS_TEST_TMPDIR/$name.tar" --format docker-archive "$SCRIPTED/$name:v1"
		[ "$(tar -xOf "$BATS_TEST_TMPDIR/$name.tar" --wildcards '*.tar' | tar -xO etc/hello)" = hello ]
		xrun rmi --all
	done
	refused other-diff-id "it has the diff id"
}

@test "a layer that is damaged, or no archive at all, is refused" {
	all_refused <<-END
		not-gzip   is not gzip, although its media type says so
		bad-gzip   gzip data is damaged
		cut-gzip   gzip data is cut short
		cut-tar    Truncated tar archive
		not-tar    is not a sound tar archive
		huge-file  huge in the layer is larger than
		bomb       it has the diff id
	END
}

@test "a layer that names what is outside is refused" {
	all_refused <<-END
		escape-dotdot            leads out of the image
		escape-dotdot-inside     leads out of the image
		escape-symlink-dotdot    cannot unpack out/new
		escape-hardlink          the target of a hard link is missing
		escape-hardlink-dotdot   leads out of the image
		escape-hardlink-symlink  the target of a hard link is missing
		escape-whiteout-dotdot   names nothing: .wh...
		escape-whiteout-device   a character device 0:0
	END
}

@test "a layer's absolute names and symlinks mean places inside the image" {
	confined escape-absolute "$SENTINEL/new"
	confined escape-symlink "$SENTINEL/new"
	confined escape-symlink-chain "$SENTINEL/new"
	confined escape-symlink-below "$SENTINEL/new"
	confined escape-symlink-last out
	confined escape-hardlink-write in
	confined escape-mode out/.
	confined escape-whiteout out
}

@test "device nodes of a layer are left out, and said to be" {
	xrun pull "$SCRIPTED/escape-device:v1" 2>&1 | grep "note: 2 device nodes"
	[ "$(ls "$STORE"/layers/*)" = x ]
}

@test "an image's symlinks lead a container's mounts and directories nowhere outside" {
	local option name got volume=$BATS_TEST_TMPDIR/volume
	pull escape-run
	pull escape-symlink
	mkdir "$volume"
	for option in --rm "-w /out/made" "--tmpfs /out/new" "--tmpfs /out" "-v $volume:/out/new" "-v $volume:/out" \
		"-v /etc/passwd:/out/kept" "--tmpfs ../../../$SENTINEL/new"; do
		for name in escape-run escape-symlink; do
			got=0
			# shellcheck disable=SC2086 # several words are meant
			xrun $option "$SCRIPTED/$name:v1" || got=$?
			echo "$option: $got"
			[ "$got" -ge 125 ] # there is no program in them
			diff "$BATS_TEST_TMPDIR/sentinel" <(sentinel)
		done
	done
}

# CVE-2024-5154: files that are written for a container through the image's symlinks.
@test "the container's files of /etc go where the image's are, not where its symlinks lead" {
	local name busybox
	# shellcheck disable=SC2153 # tests/cli/run.sh sets it
	busybox=$PLACE/busybox-$(debian_name "$HOST"):/busybox:ro
	for name in escape-etc escape-etc-directory; do
		pull "$name"
		[ "$(xrun run --hostname box -v "$busybox" "$SCRIPTED/$name:v1" /busybox cat /etc/hostname)" = box ]
		xrun run --hostname box -v "$busybox" "$SCRIPTED/$name:v1" /busybox cat /etc/hosts | grep box
		diff "$BATS_TEST_TMPDIR/sentinel" <(sentinel)
	done
}

@test "a redirect may lead to HTTP servers only, and not for ever" {
	asked redirect-loop >/dev/null
	all_refused <<-END
		redirect-loop     5 redirects were followed
		redirect-file     leads to file:///etc/passwd, which is not HTTP
		redirect-ftp      leads to ftp://$SCRIPTED/layer, which is not HTTP
		redirect-dict     leads to dict://$SCRIPTED/d:layer, which is not HTTP
		redirect-gopher   leads to gopher://$SCRIPTED/1layer, which is not HTTP
		redirect-empty    $SCRIPTED answered with status 307
		redirect-nowhere  Failed to connect to 127.0.0.1 port 1
	END
	[ "$(asked redirect-loop | grep -c "/blobs/.*again")" = 5 ]
}

@test "a server's error is tried again three times, and then told" {
	asked error-500 >/dev/null
	refused error-500 "$SCRIPTED answered with status 500"
	[ "$(asked error-500 | wc -l)" = 4 ]
}

@test "what will not pass is not tried again" {
	local name
	for name in teapot no-content forbidden missing-manifest; do asked $name >/dev/null; done
	all_refused <<-END
		teapot            $SCRIPTED answered with status 418
		no-content        $SCRIPTED answered with status 204
		forbidden         403
		missing-manifest  404
	END
	for name in teapot no-content forbidden missing-manifest; do [ "$(asked $name | wc -l)" = 1 ]; done
}

@test "what passes is got over" {
	pull flaky
	pull dropped
}

@test "a layer that came whole is kept for the next try, though another was refused" {
	local blobs
	asked second-layer >/dev/null
	fails_with 125 "the layer's name ../x leads out of the image" xrun pull -q "$SCRIPTED/second-layer:v1"
	[ "$(find "$STORE"/blobs/sha256/* "$STORE/layers" "$STORE/staging" | wc -l)" = 3 ]
	blobs=$(asked second-layer | grep -c /blobs/)
	fails_with 125 "the layer's name ../x leads out of the image" xrun pull -q "$SCRIPTED/second-layer:v1"
	[ "$(asked second-layer | grep -c /blobs/)" = $((blobs - 1)) ]
}

@test "run says the same as pull, and starts nothing" {
	fails_with 125 "is damaged" xrun "$SCRIPTED/wrong-digest:v1"
	fails_with 125 "leads out of the image" xrun run -q --pull always "$SCRIPTED/escape-dotdot:v1" sh
	[ -z "$(ls "$STORE/containers" 2>/dev/null)" ]
}

@test "an image stays as it was when a newer one cannot be pulled" {
	asked turned >/dev/null
	pull turned
	xrun images >"$BATS_TEST_TMPDIR/before"
	fails_with 125 "leads out of the image" xrun pull -q "$SCRIPTED/turned:v1"
	fails_with 125 "leads out of the image" xrun -q --pull always "$SCRIPTED/turned:v1"
	xrun images | diff "$BATS_TEST_TMPDIR/before" -
	fails_with 127 "sh: no such program" xrun "$SCRIPTED/turned:v1"
}

@test "a registry that stalls is given up" {
	local place=$BATS_FILE_TMPDIR/stalled
	await [ -s "$place/status" ]
	cat "$place/said"
	[ "$(cat "$place/status")" = 125 ]
	[ "$(wc -l <"$place/said")" = 1 ]
	[[ $(cat "$place/said") == "xrun: layer sha256:"*"bytes in 30 seconds"* ]]
	STORE=$place/store
	nothing_left
}
