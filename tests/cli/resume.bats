#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# Downloads that break, stall and are turned away: what is tried again, from where, how often, and when it is given up.

load lib
load scripted

SLOW=(stalled-headers stalled-silent dripping)

# What hangs is given up after half a minute, twice, while the other tests run.
prepare() {
	local name
	for name in "${SLOW[@]}" silent; do
		local image=$SCRIPTED/$name:v1 place=$BATS_FILE_TMPDIR/$name
		[ "$name" != silent ] || image=$SILENT/silent:v1
		mkdir "$place"
		{
			local got=0
			"$XRUN" --root "$place/store" pull "$image" >"$place/said" 2>&1 || got=$?
			echo $got >"$place/status"
		} 3>&- &
	done
}

# ranges NAME: the Ranges that were asked for since the last time, a line each, "-" for none.
ranges() {
	asked "$1" | sed -n 's|^.*/blobs/'"$2"'[^ ]* [^ ]*||p' | sed 's/^ //; s/^$/-/'
}

# layer_asked NAME: the requests for its layer.
layer_asked() {
	asked "$1" >"$BATS_TEST_TMPDIR/asked"
	grep -c "$(grep -o 'blobs/[^ ]*' "$BATS_TEST_TMPDIR/asked" | tail -1)" "$BATS_TEST_TMPDIR/asked"
}

@test "a layer whose download breaks is resumed where it broke" {
	asked resumed >/dev/null
	pull resumed
	[ "$(ranges resumed | tail -n +2 | xargs)" = "- bytes=80000- bytes=160000- bytes=240000-" ]
}

@test "where the server knows no Range, what is here already is passed over" {
	asked resumed-whole >/dev/null
	pull resumed-whole
}

@test "a part that is shorter than what was asked for is gone on from" {
	asked range-parts >/dev/null
	pull range-parts
	[ "$(ranges range-parts | tail -n +3 | xargs)" = "bytes=100000- bytes=170000- bytes=240000-" ]
}

@test "a Range that is answered with lies, or refused, is asked for no more" {
	local name
	for name in range-elsewhere range-size range-junk range-none range-refused; do
		asked $name >/dev/null
		pull $name
		[ "$(ranges $name | tail -n +2 | xargs)" = "- bytes=100000- -" ]
		xrun rmi --all
	done
}

@test "parts that do not make up the layer, or too much, are refused" {
	for name in range-wrong range-endless; do asked $name >/dev/null; done
	all_refused <<-END
		range-wrong    is damaged: what came has the digest
		range-endless  the server sent more than the
		range-unasked  sent a part of it, unasked, or less than it has (206)
	END
}

@test "a token that ends in the middle of a layer is renewed, and the layer resumed" {
	asked token-mid-layer >/dev/null
	pull token-mid-layer
	[ "$(asked token-mid-layer | grep -c /token/)" = 2 ]
}

@test "breaking off again and again with next to nothing is given up" {
	asked resumed-slowly >/dev/null
	refused resumed-slowly "bytes remaining to read"
	[ "$(layer_asked resumed-slowly)" = 4 ]
}

@test "429 and 503 are waited out, as long as Retry-After says, in seconds or as a date" {
	local name
	for name in busy busy-date busy-layer token-busy; do
		asked $name >/dev/null
		pull $name
		[ "$(asked $name | wc -l)" -gt 3 ]
		xrun rmi --all
	done
}

@test "a registry that is busy for ever is asked four times, and its answer told" {
	asked busy-for-ever >/dev/null
	refused busy-for-ever "$SCRIPTED says too many requests (429)"
	[ "$(asked busy-for-ever | wc -l)" = 4 ]
}

@test "registries that say nothing, too little or stop in the middle are given up" {
	local name i
	for name in "${SLOW[@]}" silent; do
		local place=$BATS_FILE_TMPDIR/$name
		for ((i = 0; i < 1200; i++)); do
			[ ! -s "$place/status" ] || break
			sleep 0.1
		done
		echo "$name: $(cat "$place/said")"
		[ "$(cat "$place/status")" = 125 ]
		[ "$(wc -l <"$place/said")" = 1 ]
		if [ "$name" = silent ]; then
			grep -q "xrun: $SILENT/silent:v1: cannot get it from $SILENT: .*time" "$place/said"
		else
			grep -q "xrun: .*cannot get it from $SCRIPTED: the server sent [0-9]* bytes in 30 seconds" "$place/said"
		fi
		# shellcheck disable=SC2034 # nothing_left reads it
		STORE=$place/store
		nothing_left
	done
}
