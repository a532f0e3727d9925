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

# big_server: a registry with an image of one layer of 8 MB, which hangs after half of it until "go" is there. Its port
# is in the file "port", what it was asked for in the file "ranges".
big_server() {
	cd "$BATS_TEST_TMPDIR" || return 1
	cat >big.py <<-'END'
		import gzip, hashlib, http.server, io, json, os, platform, tarfile, time
		def digest(data): return "sha256:" + hashlib.sha256(data).hexdigest()
		raw = io.BytesIO()
		with tarfile.open(fileobj=raw, mode="w") as tar:
		    info = tarfile.TarInfo("noise"); info.size = 8 << 20
		    tar.addfile(info, io.BytesIO(os.urandom(info.size)))
		layer = gzip.compress(raw.getvalue(), 0)
		arch = {"x86_64": "amd64", "aarch64": "arm64"}.get(platform.machine(), platform.machine())
		config = json.dumps({"architecture": arch, "os": "linux", "rootfs": {"type": "layers", "diff_ids": [digest(raw.getvalue())]}}).encode()
		def descriptor(data, kind): return {"mediaType": f"application/vnd.oci.image.{kind}", "digest": digest(data), "size": len(data)}
		manifest = json.dumps({"schemaVersion": 2, "mediaType": "application/vnd.oci.image.manifest.v1+json",
		    "config": descriptor(config, "config.v1+json"), "layers": [descriptor(layer, "layer.v1.tar+gzip")]}).encode()
		class Request(http.server.BaseHTTPRequestHandler):
		    def do_GET(self):
		        kind, data = "application/octet-stream", layer
		        if "manifests" in self.path: kind, data = "application/vnd.oci.image.manifest.v1+json", manifest
		        elif digest(config) in self.path: data = config
		        start = int(self.headers.get("Range", "bytes=0-")[6:-1])
		        if data is layer:
		            with open("ranges", "a") as file: file.write(f"{start}\n")
		        self.send_response(206 if start else 200)
		        self.send_header("Content-Type", kind)
		        self.send_header("Content-Length", str(len(data) - start))
		        if start: self.send_header("Content-Range", f"bytes {start}-{len(data) - 1}/{len(data)}")
		        self.end_headers()
		        if data is layer:
		            half = max(start, len(data) // 2)
		            self.wfile.write(data[start:half])
		            while not os.path.exists("go"): time.sleep(0.05)
		            start = half
		        self.wfile.write(data[start:])
		    def log_message(self, *_): pass
		class Server(http.server.ThreadingHTTPServer):
		    daemon_threads = True
		    def handle_error(self, *_): pass
		server = Server(("127.0.0.1", 0), Request)
		with open("port.new", "w") as file: file.write(str(server.server_port))
		os.rename("port.new", "port")
		server.serve_forever()
	END
	touch ranges
	python3 big.py 3>&- &
	server=$!
	await_text . port
	BIG=127.0.0.1:$(cat port)/big:v1
}

# pull_in_background LOG: sets puller; its Ctrl-C works, though it runs in the background.
pull_in_background() {
	python3 -c 'import os, signal, sys
signal.signal(signal.SIGINT, signal.default_int_handler)
os.setpgid(0, 0)
os.execvp(sys.argv[1], sys.argv[1:])' "$XRUN" --root "$STORE" pull -q "$BIG" >"$1" 2>&1 3>&- &
	puller=$!
}

# kill_puller SIGNAL: ends the pull and waits for all of it: xrun-fetch, which holds the store open, may outlive its parent a little.
kill_puller() {
	kill "-$1" -- "-$puller"
	await_end "$puller"
	flock "$STORE/in-use" true
}

# half_came N: whether the layer has been asked for N times, and half of it is in the store.
half_came() {
	[ "$(wc -l <ranges)" = "$1" ] && [ "$(stat -c %s "$STORE"/staging/*.partial | head -1)" -ge 4000000 ]
}

@test "Ctrl-C ends a pull that hangs, and the next one begins where it ended" {
	local signal turn=0
	big_server
	for signal in INT TERM KILL; do
		pull_in_background "$BATS_TEST_TMPDIR/said"
		await half_came $((++turn))
		kill_puller $signal # long before the hanging connection would be given up
		[ "$status" -gt 128 ]
	done
	touch "$BATS_TEST_TMPDIR/go"
	xrun pull -q "$BIG"
	kill "$server"
	[ "$(head -1 ranges)" = 0 ]
	[ "$(tail -n +2 ranges | sort -u | wc -l)" = 1 ]
	[ "$(tail -1 ranges)" -gt 4000000 ]
	[ -z "$(find "$STORE/staging" -name '*.partial')" ]
	pull good # which clears up what the last one that was killed had unpacked
}

@test "what an earlier pull left and is damaged is fetched anew" {
	local file
	big_server
	pull_in_background "$BATS_TEST_TMPDIR/said"
	await half_came 1
	kill_puller KILL
	touch "$BATS_TEST_TMPDIR/go"
	file=$(ls "$STORE"/staging/*.partial)
	printf x | dd of="$file" bs=1 seek=2000000 conv=notrunc status=none
	xrun pull -q "$BIG"
	kill "$server"
	[ "$(tail -1 ranges)" = 0 ]
}

@test "rmi removes what has come of a layer" {
	big_server
	pull_in_background "$BATS_TEST_TMPDIR/said"
	await half_came 1
	kill_puller KILL
	kill "$server"
	[ -n "$(find "$STORE/staging" -name '*.partial')" ]
	xrun rmi --all
	[ -z "$(find "$STORE/staging" -name '*.partial')" ]
	pull good # which clears up the rest
}

@test "registries that say nothing, too little or stop in the middle are given up" {
	local name
	for name in "${SLOW[@]}" silent; do
		local place=$BATS_FILE_TMPDIR/$name
		await [ -s "$place/status" ]
		echo "$name: $(cat "$place/said")"
		[ "$(cat "$place/status")" = 125 ]
		[ "$(wc -l <"$place/said")" = 1 ]
		if [ "$name" = silent ]; then
			# the connection's limit of 20 seconds; where the machine stood still so long, that of a silent server may be seen first
			grep -qE "xrun: $SILENT/silent:v1: cannot get it from $SILENT: (.*time|the server sent 0 bytes in 30 seconds)" "$place/said"
		else
			grep -q "xrun: .*cannot get it from $SCRIPTED: the server sent [0-9]* bytes in 30 seconds" "$place/said"
		fi
		# shellcheck disable=SC2034 # nothing_left reads it
		STORE=$place/store
		nothing_left
	done
}
