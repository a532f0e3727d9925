#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# What the store says of its images, and other names for them.

load lib
load fixtures

prepare() {
	xrun pull -q "$NATIVE"
	make_layout liar --arch arm64 --variant v8 --layer "$(native_tar)" --cmd '["sh"]'
	skopeo copy -q --dest-tls-verify=false "oci:$LAYOUT:liar" "docker://$PLAIN/images-$EUID:liar"
}

json() {
	python3 -c "import json, sys; d = json.load(sys.stdin); $1"
}

@test "images are listed with platform, id, digest, age and size" {
	local line digest
	digest=$(skopeo inspect --tls-verify=false --format '{{.Digest}}' "docker://$NATIVE")
	line=$(xrun images | sed -n 2p)
	[[ $line == "$NATIVE  "*"linux/"*"  ${digest:7:12}  "*" MB" ]]
	[[ $(xrun images | head -1) == IMAGE*PLATFORM*ID*DIGEST*CREATED*SIZE ]]
	xrun images --format json | json "i, = d; assert i['digest'] == '$digest' and i['id'].startswith('sha256:') and i['size'] > 1000000"
	[[ $(xrun images --no-trunc) == *"${digest:7}"* ]]
	[ "$(xrun images -q)" = "$(xrun images --format json | json "print(d[0]['id'][7:19])")" ]
}

@test "a listing can be of one name" {
	xrun tag "$NATIVE" example.com/other:1 example.com/other:2
	[ "$(xrun images example.com/other | wc -l)" = 3 ]
	[ "$(xrun images example.com/other:2 | wc -l)" = 2 ]
	[ "$(xrun images example.com/othe | wc -l)" = 1 ]
	[ "$(xrun images --format '{{.Repository}} {{.Tag}} {{.Name}}' example.com/other:2)" = "example.com/other 2 example.com/other:2" ]
	[[ $(xrun images --format '{{.FullID}}' example.com/other:2) == "sha256:$(xrun images --format '{{.ID}}' example.com/other:2)"* ]]
	xrun rmi example.com/other:1 example.com/other:2
}

@test "a listing can be of what a filter lets through, as with docker" {
	make_layout labelled --layer "$(small_tar labelled)" --config '{"Labels": {"team": "blue", "empty": ""}}'
	xrun pull -q "oci:$LAYOUT:labelled"
	xrun tag "oci:$LAYOUT:labelled" docker.io/library/labelled:1
	xrun tag "$NATIVE" example.com/deep/name:2
	listed() { xrun images --format '{{.Name}}' "$@" | sort | tr '\n' ' '; }
	[ "$(listed --filter label=team=blue --filter label=empty --filter reference='labelled*')" = "docker.io/library/labelled:1 " ]
	[ -z "$(listed -f label=team=red)" ]
	[ "$(listed -f reference=labelled -f reference='*/*/name:2')" = "docker.io/library/labelled:1 example.com/deep/name:2 " ]
	[ "$(listed -f reference='*/name:*')" = "" ]
	[ "$(listed -f reference='example.com/*/name')" = "example.com/deep/name:2 " ]
	[ -z "$(listed -a -f dangling=true)" ]
	[ "$(listed -f dangling=false)" = "$(listed --all --digests)" ]
	fails_with 125 "--filter before=x: there are dangling=true|false, reference=PATTERN and label=KEY[=VALUE]" xrun images --filter before=x
	fails_with 125 "--filter dangling=x: there are" xrun images --filter dangling=x
	xrun rmi "oci:$LAYOUT:labelled" labelled:1 example.com/deep/name:2
}

@test "inspect says what docker says, and where the layers are" {
	xrun pull -q "$PLAIN/test:config"
	xrun inspect "$PLAIN/test:config" >"$BATS_TEST_TMPDIR/inspect"
	json "i, = d; assert i['Config']['Entrypoint'] == ['echo', 'entry'] and i['Config']['User'] == 'app' and i['Os'] == 'linux'
assert i['RepoTags'] == ['$PLAIN/test:config'] and len(i['RootFS']['Layers']) == 3 and len(i['Layers'][0]['Directory']) == 64
assert i['RepoDigests'] == ['$PLAIN/test@' + i['Digest']]" <"$BATS_TEST_TMPDIR/inspect"
	[ -d "$STORE/layers/$(json "print(d[0]['Layers'][0]['Directory'])" <"$BATS_TEST_TMPDIR/inspect")" ] || [ "$EUID" != 0 ]
	[ "$(xrun inspect "$NATIVE" "$PLAIN/test:config" | json 'print(len(d))')" = 2 ]
	xrun rmi "$PLAIN/test:config"
	fails_with 125 "not in the store" xrun inspect "$PLAIN/test:config"
}

@test "an image is known by the beginning of its id, too" {
	local id
	id=$(xrun images -q)
	[ "$(xrun inspect "$id" | json "print(d[0]['RepoTags'])")" = "['$NATIVE']" ]
	[ "$(xrun inspect "sha256:$id" | json 'print(len(d))')" = 1 ]
	xrun tag "$id" example.com/by-id
	fails_with 125 "several names" xrun rmi "$id"
	xrun rmi example.com/by-id
	fails_with 125 "not in the store" xrun inspect "ffff${id:0:6}"
}

@test "history lists the steps, the last first, and their layers' sizes add up" {
	make_layout steps --layer "$(native_tar)" --layer "$(small_tar one)" --history '[{"created_by": "ADD root"}, {"created_by": "ENV A=b",
		"empty_layer": true}, {"created_by": "RUN echo \\\n\tone", "created": "2020-01-01T00:00:00Z"}]'
	skopeo copy -q --dest-tls-verify=false "oci:$LAYOUT:steps" "docker://$PLAIN/images-$EUID:steps"
	xrun pull -q "$PLAIN/images-$EUID:steps"
	[ "$(xrun history "$PLAIN/images-$EUID:steps" | wc -l)" = 4 ]
	[[ $(xrun history "$PLAIN/images-$EUID:steps" | sed -n 2p) == *"years ago"*"RUN echo \\ one" ]]
	xrun history --format json "$PLAIN/images-$EUID:steps" | json "assert [s['size'] > 0 for s in d] == [True, False, True]
assert d[1]['created_by'] == 'ENV A=b'"
	xrun rmi "$PLAIN/images-$EUID:steps"
}

@test "of an image whose base has no history, the steps are the uppermost layers' and the base's size stands by itself" {
	make_layout plainbase --layer "$(native_tar)" --layer "$(small_tar one)" --history '[{"created_by": "ENV A=b", "empty_layer": true},
		{"created_by": "RUN echo one"}]'
	xrun pull -q "oci:$LAYOUT:plainbase"
	xrun history --format json "oci:$LAYOUT:plainbase" | json "assert [s.get('created_by', '') for s in d] == ['RUN echo one', 'ENV A=b', '']
assert d[1]['size'] == 0 and 0 < d[0]['size'] < d[2]['size']"
	xrun rmi "oci:$LAYOUT:plainbase"
}

@test "a tag is another name of the same image, and takes a name away from another one" {
	xrun tag "$NATIVE" example.com/team/base:1
	xrun --pull never example.com/team/base:1 true
	xrun pull -q "$PLAIN/test:config"
	xrun tag "$PLAIN/test:config" example.com/team/base:1
	[ "$(xrun images -q example.com/team/base)" = "$(xrun images -q "$PLAIN/test:config")" ]
	xrun rmi example.com/team/base:1 "$PLAIN/test:config"
	xrun --pull never "$NATIVE" true
	fails_with 125 "digest" xrun tag "$NATIVE" "example.com/x@sha256:$(printf '0%.0s' {1..64})"
	fails_with 125 "not in the store" xrun tag example.com/nonesuch example.com/y
}

@test "several platforms of one tag lie side by side" {
	xrun pull -q --arch amd64,arm/v7 "$PLAIN/test:multi"
	[ "$(xrun images "$PLAIN/test:multi" | wc -l)" = 3 ]
	[ "$(xrun inspect "$PLAIN/test:multi" | json "print(*sorted(i['Architecture'] for i in d))")" = "amd64 arm" ]
	[ "$(xrun inspect --arch armhf "$PLAIN/test:multi" | json "print(*[i['Architecture'] for i in d])")" = arm ]
	xrun rmi --arch armhf "$PLAIN/test:multi"
	[ "$(xrun images "$PLAIN/test:multi" | wc -l)" = 2 ]
	xrun pull -q --arch all "$PLAIN/test:multi"
	[ "$(xrun images "$PLAIN/test:multi" | wc -l)" = 3 ]
	xrun rmi "$PLAIN/test:multi"
	fails_with 125 "unknown architecture vax" xrun pull -q --arch amd64,vax "$PLAIN/test:multi"
	[ "$(xrun images "$PLAIN/test:multi" | wc -l)" = 1 ]
}

@test "a newer image takes the place of an older one that did not write the architecture's variant, or wrote it" {
	local variant
	[ "$HOST" = x86_64 ] || [ "$HOST" = aarch64 ] || skip "no variant has two spellings here"
	[ "$HOST" = x86_64 ] && variant=v1 || variant=v8
	make_layout plain --layer "$(native_tar)" --env WHICH=plain
	make_layout spelt --layer "$(native_tar)" --env WHICH=spelt --variant "$variant"
	for which in plain spelt plain; do
		skopeo copy -q --dest-tls-verify=false "oci:$LAYOUT:$which" "docker://$PLAIN/variant:$EUID"
		xrun pull -q "$PLAIN/variant:$EUID"
		[ "$(xrun images "$PLAIN/variant:$EUID" | wc -l)" = 2 ]
		[ "$(xrun "$PLAIN/variant:$EUID" sh -c 'echo $WHICH')" = "$which" ]
	done
	xrun rmi "$PLAIN/variant:$EUID"
}

@test "where an image cannot be had, what the store has of it is told, with the option that takes it" {
	local image=oci:$BATS_TEST_TMPDIR/gone:here
	skopeo copy -q --src-tls-verify=false "docker://$NATIVE" "$image"
	[ "$(xrun run -q "$image" echo found)" = found ]
	rm -r "$BATS_TEST_TMPDIR/gone"
	fails_with 125 "; --pull never takes what the store has of it" xrun run -q "$image" echo found
	[ "$(xrun run -q --pull never "$image" echo found)" = found ]
	fails_with 125 "; the store has it for linux/" xrun run -q --arch mips64el "$image" true
	xrun rmi "$image"
}

@test "an image that lies about its architecture is warned of" {
	local said
	said=$(xrun pull -q --arch arm64 "$PLAIN/images-$EUID:liar" 2>&1)
	[[ $said == "xrun: warning: $PLAIN/images-$EUID:liar says that it is for linux/arm64/v8, but its "*" is a program for $HOST"* ]]
	xrun rmi "$PLAIN/images-$EUID:liar"
	[ -z "$(xrun pull -q "$NATIVE" 2>&1)" ]
}

@test "prune removes what no image uses, and no image" {
	mkdir -p "$BATS_TEST_TMPDIR/x"
	xrun prune --format json | json "assert d == [{'layers': '0', 'blobs': '0', 'size': 0}]"
	store_junk
	xrun prune --format json | json "assert d == [{'layers': '1', 'blobs': '1', 'size': 5}], d"
	xrun --pull never "$NATIVE" true
	[ "$("$XRUN" --root "$BATS_TEST_TMPDIR/empty" prune)" = "" ]
}

@test "where nobody is asked for another one, the only platform that a name is here for runs, and that is told" {
	local name=localhost/foreign:1 warning="is in the store for linux/s390x alone, and runs as that; --platform linux/s390x says that it is meant"
	xrun pull -q --arch s390x "$PLAIN/test:s390x"
	xrun tag "$PLAIN/test:s390x" "$name"
	[ "$(xrun "$name" uname -m 2>"$BATS_TEST_TMPDIR/said")" = s390x ]
	[ "$(cat "$BATS_TEST_TMPDIR/said")" = "xrun: warning: $name $warning" ]
	[[ $(xrun --pull never "$PLAIN/test:s390x" uname -m 2>&1) == *"xrun: warning: $PLAIN/test:s390x $warning"*s390x ]]
	[ "$(xrun --platform linux/s390x "$name" uname -m 2>&1)" = s390x ]
	# a registry's name means the machine's own platform, whatever was pulled before
	fails_with 125 "is for linux/s390x, not for $(xrun inspect --format '{{.Os}}/{{.Architecture}}' "$NATIVE"); run it with --platform linux/s390x" \
		xrun "$PLAIN/test:s390x" uname -m
	refute grep -q "the store has it" <(xrun "$PLAIN/test:s390x" uname -m 2>&1)
	fails_with 125 "the store has it for linux/s390x, which --platform chooses" xrun --arch riscv64 "$name" uname -m
	xrun tag "$NATIVE" "$name"
	[ "$(xrun "$name" uname -m 2>&1)" = "$HOST" ]
	fails_with 125 "the store has it for linux/s390x, linux/$(oci_arch), of which --platform chooses" xrun --arch riscv64 "$name" uname -m
	xrun rmi "$name" "$PLAIN/test:s390x"
}

@test "rmi takes what is damaged, and with --force what is not there" {
	xrun rmi -f example.com/nonesuch
	xrun pull -q "$PLAIN/test:empty"
	break_blob "$(xrun images --format json "$PLAIN/test:empty" | json "print(d[0]['digest'][7:])")"
	[ "$(xrun images "$PLAIN/test:empty" | wc -l)" = 1 ]
	xrun rmi "$PLAIN/test:empty"
	xrun --pull never "$NATIVE" true
}

# CVE-2021-41091: set-uid files of an image in reach of others.
@test "nobody else gets into the store, whatever the umask and a layer say" {
	local dir=$BATS_TEST_TMPDIR/open tar=$BATS_TEST_TMPDIR/open.tar own=$BATS_TEST_TMPDIR/store
	mkdir -m 4777 "$dir"
	: >"$dir/suid"
	chmod 4755 "$dir/suid"
	tar -C "$dir" --owner=0 --group=0 -cf "$tar" .
	make_layout open --layer "$tar" --compress none
	(umask 0 && "$XRUN" --root "$own" pull -q "oci:$LAYOUT:open")
	[ "$(stat -c %a "$own" "$own/layers" "$own/staging" | sort -u)" = 700 ]
	[ "$(stat -c %a "$own"/layers/*)" = 4777 ]
	"$XRUN" --root "$own" rmi --all
}

@test "what is missing or wrong in a command about images is named, with what to write instead" {
	local text command
	xrun pull -q "oci:$IMAGES:$(debian_name "$HOST")"
	xrun tag "oci:$IMAGES:$(debian_name "$HOST")" localhost/here:1
	while read -r text command; do
		# shellcheck disable=SC2086 # words
		eval "fails_with 125 '${text//_/ }' xrun $command"
	done <<-'END'
		takes_no_name                        store verify x
		write_xrun_store_verify              store
		write_xrun_store_verify              store verfy
		where_to?_xrun_push_oci:/x_HOST      push oci:/x
		save_--format_oci-archive            push localhost/here:1 oci:/x
		it_is_empty                          push localhost/here:1 ""
		it_is_empty                          pull ""
		it_is_empty                          pull docker://
		it_is_empty                          rmi ""
		it_is_empty                          tag "" x
		it_is_empty                          tag localhost/here:1 ""
		stands_there_without_https://        pull https://docker.io/debian
		write_it_like_linux/arm64            pull --platform linux debian
		write_it_like_arm64                  pull --arch "" debian
		only_linux_programs_run              pull --platform darwin/arm64 debian
		one_architecture_is_wanted           tag --arch arm64,riscv64 localhost/here:1 x
		one_architecture_is_wanted           load --arch all -i /dev/null
		--authfile_/nonesuch/file:_No_such   pull --authfile /nonesuch/file debian
		not_in_the_store_for_linux/s390x     rmi --arch s390x localhost/here:1
		the_store_has_it_for_linux/          run --pull never --arch s390x localhost/here:1
		--output_needs_a_file                save -o "" localhost/here:1
		xrun_ps_-a_the_containers            inspect nonesuch
		which_registry?                      login ""
		one_registry_at_a_time               login a.example b.example
		HOST.DOMAIN_or_HOST:PORT             logout x
		--root_needs_an_argument             --root "" images
	END
	[ "$(xrun images -q localhost/here:1 | wc -l)" = 1 ]
}
