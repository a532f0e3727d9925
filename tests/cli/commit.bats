#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# Images made of containers: commit.

load lib
load fixtures

prepare() {
	xrun pull -q "$NATIVE"
}

setup() {
	TO=$PLAIN/committed-$EUID
}

teardown() {
	remove_containers
}

# The configuration that an image has in a registry.
config_of() {
	skopeo inspect --no-creds --config --raw --tls-verify=false "docker://$1"
}

# The names in the uppermost layer of an image of the registry.
uppermost() {
	local dir=$BATS_TEST_TMPDIR/layer-$RANDOM
	skopeo copy -q --src-no-creds --src-tls-verify=false "docker://$1" "dir:$dir"
	tar -tzf "$dir/$(python3 -c 'import json, sys; print(json.load(sys.stdin)["layers"][-1]["digest"][7:])' <"$dir/manifest.json")"
}

@test "what a container has changed is in the image made of it" {
	xrun run --name box "$NATIVE" sh -c 'mkdir /new && echo x >/new/file && ln /new/file /new/second && ln -s file /new/link &&
		chown app:staff /new/file && chmod 4711 /new/file && mkfifo /new/fifo && touch -d @1234567 /new/file && echo y >>/etc/passwd'
	id=$(xrun commit -q box "$TO:changed")
	[[ $id == sha256:* ]]
	[ "$(xrun "$TO:changed" sh -c 'cat /new/second /new/link && stat -c "%a %u %g %h %Y" /new/file && tail -n 1 /etc/passwd && stat -c %F /new/fifo')" = "x
x
4711 1000 50 2 1234567
y
fifo" ]
	xrun rm box
	[ "$(xrun "$TO:changed" cat /new/file)" = x ]
	xrun store verify
	xrun rmi "$TO:changed"
}

@test "deletions and replaced directories are in it, for other tools too" {
	xrun run --name box "$NATIVE" sh -c 'rm /etc/group && rm -r /home && mkdir /home && echo new >/home/only && rm -r /root'
	xrun commit box "$TO:gone" >/dev/null
	check='test ! -e /etc/group && test ! -e /root && ls /home'
	[ "$(xrun "$TO:gone" sh -c "$check")" = only ]
	xrun push -q "$TO:gone"
	uppermost "$TO:gone" >"$BATS_TEST_TMPDIR/names"
	for name in etc/.wh.group .wh.root home/.wh..wh..opq home/only; do grep -qxF "$name" "$BATS_TEST_TMPDIR/names"; done
	[ "$("$XRUN" --root "$BATS_TEST_TMPDIR/other" -q "$TO:gone" sh -c "$check")" = only ]
	"$XRUN" --root "$BATS_TEST_TMPDIR/other" rmi --all
	skopeo copy -q --src-no-creds --src-tls-verify=false "docker://$TO:gone" "oci:$BATS_TEST_TMPDIR/layout:gone"
	umoci raw unpack --rootless --image "$BATS_TEST_TMPDIR/layout:gone" "$BATS_TEST_TMPDIR/tree"
	[ ! -e "$BATS_TEST_TMPDIR/tree/etc/group" ]
	[ ! -e "$BATS_TEST_TMPDIR/tree/root" ]
	[ "$(ls "$BATS_TEST_TMPDIR/tree/home")" = only ]
}

@test "the image's lower layers are shared, and the same files give the same layer" {
	layers=$(xrun inspect "$NATIVE" | jq '.[0].Layers | length')
	xrun run --name box "$NATIVE" sh -c 'mkdir /a && touch /a/b'
	for name in one two; do xrun commit box "$TO:$name" >/dev/null; done
	diff <(xrun inspect "$TO:one" | jq -S '.[0].Layers') <(xrun inspect "$TO:two" | jq -S '.[0].Layers')
	[ "$(xrun inspect "$TO:one" | jq '.[0].Layers | length')" = $((layers + 1)) ]
	diff <(xrun inspect "$TO:one" | jq '.[0].Layers[:-1]') <(xrun inspect "$NATIVE" | jq '.[0].Layers')
	xrun save -o "$BATS_TEST_TMPDIR/tar" "$TO:one"
	"$XRUN" --root "$BATS_TEST_TMPDIR/other" load -q -i "$BATS_TEST_TMPDIR/tar"
	[ "$("$XRUN" --root "$BATS_TEST_TMPDIR/other" "$TO:one" ls /a)" = b ]
	"$XRUN" --root "$BATS_TEST_TMPDIR/other" rmi --all
}

@test "history, author and changes are in the configuration, and the platform stays" {
	xrun run --name box "$NATIVE" touch /made
	xrun commit -m 'it was touched' -a 'Ann <ann@example.com>' -c 'ENTRYPOINT ["/bin/echo"]' -c 'CMD hello there' -c 'ENV A=1 B="two words"' \
		-c 'EXPOSE 80 53/udp' -c 'LABEL what=this' -c 'USER app' -c 'VOLUME /data' -c 'WORKDIR /home' -c 'STOPSIGNAL SIGINT' \
		-c 'HEALTHCHECK --interval=1m30s --retries=2 CMD true' box "$TO:told" >/dev/null
	xrun push -q "$TO:told"
	config_of "$TO:told" >"$BATS_TEST_TMPDIR/config"
	xrun push -q "$NATIVE" "$TO:base"
	config_of "$TO:base" >"$BATS_TEST_TMPDIR/base"
	told() { jq -c "$1" "$BATS_TEST_TMPDIR/config"; }
	[ "$(told .history[-1].comment,.history[-1].created_by,.author | xargs)" = 'it was touched touch /made Ann <ann@example.com>' ]
	[ "$(told .config.Entrypoint,.config.Cmd)" = '["/bin/echo"]
["/bin/sh","-c","hello there"]' ]
	[ "$(told '.config.Env[-2:],.config.ExposedPorts,.config.Labels.what,.config.User')" = '["A=1","B=two words"]
{"80/tcp":{},"53/udp":{}}
"this"
"app"' ]
	[ "$(told '.config.Volumes["/data"],.config.WorkingDir,.config.StopSignal,.config.Healthcheck')" = '{}
"/home"
"SIGINT"
{"Interval":90000000000,"Retries":2,"Test":["CMD-SHELL","true"]}' ]
	diff <(told .architecture,.os,.variant) <(jq -c .architecture,.os,.variant "$BATS_TEST_TMPDIR/base")
	[ "$(told '.rootfs.diff_ids | length')" = $(($(jq '.rootfs.diff_ids | length' "$BATS_TEST_TMPDIR/base") + 1)) ]
	[ "$(xrun "$TO:told")" = '/bin/sh -c hello there' ]
	[ "$(xrun --entrypoint pwd "$TO:told")" = /home ]
}

@test "an entrypoint forgets the image's command, and a container that changed nothing adds no layer" {
	xrun create --name box "$NATIVE" true
	xrun commit -c 'CMD=/bin/true' box "$TO:first" >/dev/null
	diff <(xrun inspect "$TO:first" | jq '.[0].Layers') <(xrun inspect "$NATIVE" | jq '.[0].Layers')
	xrun create --name second "$TO:first"
	xrun commit -c 'ENTRYPOINT ["/bin/echo", "-n"]' second "$TO:second" >/dev/null
	[ "$(xrun inspect "$TO:second" | jq -c '.[0].Config.Entrypoint, .[0].Config.Cmd')" = '["/bin/echo","-n"]
null' ]
	[ "$(xrun history --format json "$TO:second" 2>/dev/null | wc -l)" -gt 0 ]
}

@test "names of any bytes are kept, and tar has nothing to say of the layer" {
	xrun run --name box "$NATIVE" sh -c 'mkdir /n && cd /n && touch plain na\xc3\xafve && echo x >"$(printf "no-\\377-text")"'
	xrun commit box "$TO:bytes" >/dev/null
	[ "$(xrun "$TO:bytes" sh -c 'cat /n/no-*-text; ls /n | wc -l')" = "x
3" ]
	xrun create --name plain "$NATIVE" true
	xrun commit plain "$TO:plain" >/dev/null
	xrun save "$TO:plain" | tar -t 2>"$BATS_TEST_TMPDIR/said" >/dev/null
	[ ! -s "$BATS_TEST_TMPDIR/said" ]
}

@test "what lies in a volume is not part of it" {
	xrun run --name box -v /data "$NATIVE" sh -c 'echo x >/data/file && mkdir /kept && echo y >/kept/file'
	xrun commit box "$TO:volume" >/dev/null
	[ "$(xrun "$TO:volume" sh -c 'cat /kept/file; ls /data')" = y ]
}

@test "a container that runs is to be stopped or paused first" {
	xrun run -d --name box "$NATIVE" sh -c 'echo x >/file; exec sleep 1000'
	fails_with 125 "stop it first, or give --pause" xrun commit box "$TO:running"
	xrun stop box
	xrun commit box "$TO:stopped" >/dev/null
	[ "$(xrun "$TO:stopped" cat /file)" = x ]
}

@test "what cannot be committed is one clear line" {
	xrun run --name box "$NATIVE" touch /x
	fails_with 125 "takes a container" xrun commit box
	fails_with 125 "no container" xrun commit nonesuch "$TO:x"
	fails_with 125 "there are CMD" xrun commit -c 'RUN true' box "$TO:x"
	fails_with 125 "NAME=VALUE" xrun commit -c 'ENV A' box "$TO:x"
	fails_with 125 "name it by a tag" xrun commit box "x@sha256:$(printf '0%.0s' {1..64})"
	refute xrun inspect "$TO:x"
	xrun run --name bad "$NATIVE" touch /etc/.wh.x
	fails_with 125 "/etc/.wh.x" xrun commit bad "$TO:x"
	xrun rmi --all
	fails_with 125 "is not in the store any more" xrun commit box "$TO:x"
	xrun pull -q "$NATIVE"
	xrun commit box "$TO:x" >/dev/null
}

@test "places that xrun makes in /etc are in neither diff nor image, unless something else changed there" {
	layers_of() { xrun inspect "$1" | python3 -c 'import json, sys; print(len(json.load(sys.stdin)[0]["Layers"]))'; }
	xrun run --name quiet "$NATIVE" true
	[ "$(xrun diff quiet)" = "" ]
	xrun commit quiet localhost/quiet:1
	[ "$(layers_of localhost/quiet:1)" = "$(layers_of "$NATIVE")" ]
	xrun run --name mode "$NATIVE" chmod 700 /etc
	[ "$(xrun diff mode)" = "C /etc" ]
	xrun run --name more "$NATIVE" sh -c 'echo more >/etc/more'
	xrun start -a more
	[ "$(xrun diff more)" = $'C /etc\nA /etc/more' ]
	xrun commit more localhost/more:1
	[ "$(layers_of localhost/more:1)" = "$(($(layers_of "$NATIVE") + 1))" ]
	[ -z "$(in_store find layers -path '*/etc/hosts')" ]
	echo mine >"$BATS_TEST_TMPDIR/hosts"
	xrun cp "$BATS_TEST_TMPDIR/hosts" more:/etc/hosts
	[ "$(xrun diff more)" = $'C /etc\nA /etc/hosts\nA /etc/more' ]
	xrun rm quiet mode more
	xrun rmi localhost/quiet:1 localhost/more:1
}

@test "the line for a user that the image has no name for is in neither diff nor image, unless the file was changed" {
	layers_of() { xrun inspect "$1" | python3 -c 'import json, sys; print(len(json.load(sys.stdin)[0]["Layers"]))'; }
	xrun run --name quiet -u 4242:4343 "$NATIVE" id -un
	[ "$(xrun diff quiet)" = "" ]
	xrun start -a quiet
	[ "$(xrun diff quiet)" = "" ]
	xrun commit quiet localhost/quiet:1
	[ "$(layers_of localhost/quiet:1)" = "$(layers_of "$NATIVE")" ]
	xrun rmi localhost/quiet:1
	# the container's root may write the same number of bytes, and set the time back
	xrun run -d --name changed -u 4242 "$NATIVE" sleep 1000 >/dev/null
	xrun exec -u 0 changed sh -c 'touch -r /etc/passwd /tmp/time; printf R 1<>/etc/passwd; touch -r /tmp/time /etc/passwd; rm /tmp/time'
	[[ $(xrun diff changed) == *"C /etc/passwd"* ]]
	xrun exec -u 0 changed cat /etc/passwd | grep -q ^R
}

@test "an image that was made here for another architecture is asked of no registry" {
	local name=127.0.0.1:1/made:here # nobody answers there
	xrun pull -q --arch s390x "$PLAIN/test:s390x"
	xrun run --platform linux/s390x --name foreign "$PLAIN/test:s390x" true
	xrun commit foreign "$name"
	[[ $(xrun "$name" uname -m 2>&1) == "xrun: warning: $name is in the store for linux/s390x alone"*s390x ]]
	xrun tag "$name" 127.0.0.1:1/another:name
	[ "$(xrun -q 127.0.0.1:1/another:name uname -m 2>/dev/null)" = s390x ]
	fails_with 125 "cannot get it from 127.0.0.1:1" xrun --arch riscv64 "$name" uname -m
	fails_with 125 "cannot get it from 127.0.0.1:1" xrun --pull always "$name" uname -m
	xrun tag "$PLAIN/test:s390x" "$name" # the name is that of a registry's image now
	fails_with 125 "cannot get it from 127.0.0.1:1" xrun "$name" uname -m
	xrun rmi "$name" 127.0.0.1:1/another:name
}
