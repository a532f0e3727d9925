#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# Images out of archives and directories, and into archives.

load lib
load fixtures

prepare() {
	local dir=$BATS_FILE_TMPDIR
	skopeo copy -q "oci:$IMAGES:$(debian_name "$HOST")" "docker-archive:$dir/docker.tar:example.com/native:1"
	skopeo copy -q "oci:$IMAGES:$(debian_name "$HOST")" "oci-archive:$dir/oci.tar:example.com/native:2"
	skopeo copy -q --all "oci:$IMAGES:multi" "oci-archive:$dir/multi.tar:example.com/multi:1"
}

setup() {
	DOCKER=$BATS_FILE_TMPDIR/docker.tar
	OCI=$BATS_FILE_TMPDIR/oci.tar
}

# Nothing is left of what was loaded, once its images are gone, or was refused.
teardown() {
	[ ! -e "$STORE" ] || xrun rmi --all
	[ -z "$(find "$STORE/layers" "$STORE/staging" "$STORE/blobs/sha256" -mindepth 1 2>/dev/null)" ]
}

listed() {
	xrun images --format json | python3 -c 'import json, sys; print(*sorted(i["name"] + " " + i["platform"] for i in json.load(sys.stdin)), sep="\n")'
}

@test "a docker-archive is loaded under the names that it gives" {
	[ "$(xrun load -q -i "$DOCKER")" = "Loaded image: example.com/native:1" ]
	xrun --pull never example.com/native:1 true
}

@test "an oci-archive is loaded from standard input" {
	[ "$(xrun load -q <"$OCI")" = "Loaded image: example.com/native:2" ]
	[ "$(tail -c +1 "$OCI" | xrun load -q)" = "Loaded image: example.com/native:2" ]
	xrun --pull never example.com/native:2 true
}

@test "an archive may be packed with gzip or zstd" {
	gzip -1 <"$DOCKER" | xrun load -q
	zstd -q -1 <"$OCI" | xrun load -q
	xrun --pull never example.com/native:1 true
	xrun --pull never example.com/native:2 true
}

@test "all platforms of an archive are loaded, or the one that is asked for" {
	xrun load -q -i "$BATS_FILE_TMPDIR/multi.tar"
	[ "$(listed)" = $'example.com/multi:1 linux/amd64\nexample.com/multi:1 linux/arm/v7' ]
	xrun rmi --all
	xrun load -q --arch armhf -i "$BATS_FILE_TMPDIR/multi.tar"
	[ "$(listed)" = "example.com/multi:1 linux/arm/v7" ]
	fails_with 125 "no image for linux/s390x in it; there is example.com/multi:1 (linux/amd64), example.com/multi:1 (linux/arm/v7)" \
		xrun load -q --arch s390x -i "$BATS_FILE_TMPDIR/multi.tar"
}

@test "an image without a name is known by its id" {
	local id
	skopeo copy -q "oci:$IMAGES:$(debian_name "$HOST")" "docker-archive:$BATS_TEST_TMPDIR/nameless.tar"
	id=$(xrun load -q -i "$BATS_TEST_TMPDIR/nameless.tar")
	[[ $id == "Loaded image: sha256:"* ]]
	xrun tag "${id#Loaded image: }" example.com/named
	xrun --pull never example.com/named true
}

@test "an archive takes no name away from another image, unless that is asked for" {
	local before
	make_layout other --layer "$(native_tar)" --layer "$(small_tar other)"
	skopeo copy -q "oci:$LAYOUT:other" "docker-archive:$BATS_TEST_TMPDIR/other.tar:example.com/native:1"
	xrun load -q -i "$DOCKER"
	before=$(xrun images -q)
	fails_with 125 "example.com/native:1 is in the store already" xrun load -q -i "$BATS_TEST_TMPDIR/other.tar"
	[ "$(xrun images -q)" = "$before" ]
	xrun load -q -i "$DOCKER" # the same image again is nothing new
	xrun load -q --replace -i "$BATS_TEST_TMPDIR/other.tar"
	[ "$(xrun --pull never example.com/native:1 cat /etc/other)" = other ]
}

@test "run and pull take an archive or a layout's directory instead of a name" {
	[ "$(xrun -q "docker-archive:$DOCKER" echo a)" = a ]
	[ "$(cd "$BATS_FILE_TMPDIR" && xrun -q oci-archive:oci.tar echo b)" = b ]
	[ "$(xrun -q "oci:$IMAGES:$(debian_name "$HOST")" echo c)" = c ]
	xrun pull -q --arch amd64,armhf "oci:$IMAGES:multi"
	[ "$(xrun --pull never "oci-archive:$OCI" echo d)" = d ]
	[ "$(listed | wc -l)" = 5 ]
	xrun rmi "oci-archive:$OCI"
	fails_with 125 "--pull never" xrun --pull never "oci-archive:$OCI" true
	fails_with 125 "several images" xrun -q "oci:$IMAGES" true
	fails_with 125 "there is no image nonesuch in it" xrun -q "oci:$IMAGES:nonesuch" true
	fails_with 125 "cannot open /nonesuch" xrun "oci-archive:/nonesuch" true
	fails_with 125 "is a directory" xrun "oci-archive:$IMAGES" true
	fails_with 125 "is no directory" xrun "oci:$OCI" true
}

@test "of an image with several names in an archive none need be said" {
	skopeo copy -q "oci:$IMAGES:$(debian_name "$HOST")" "docker-archive:$BATS_TEST_TMPDIR/names.tar:example.com/names:1" \
		--additional-tag example.com/names:2
	[ "$(xrun -q "docker-archive:$BATS_TEST_TMPDIR/names.tar" echo named)" = named ]
	[ "$(xrun -q "docker-archive:$BATS_TEST_TMPDIR/names.tar:example.com/names:2" echo named)" = named ]
}

@test "what else lies in a layout keeps no image from being read" {
	local dir=$BATS_TEST_TMPDIR/mixed
	cp -r "$IMAGES" "$dir"
	python3 - "$dir" <<-'END'
		import hashlib, json, sys
		layout, = sys.argv[1:]
		index = json.load(open(f"{layout}/index.json"))
		INDEX = "application/vnd.oci.image.index.v1+json"
		def add(tag, media_type, document):
		    data = json.dumps(document).encode()
		    name = hashlib.sha256(data).hexdigest()
		    open(f"{layout}/blobs/sha256/{name}", "wb").write(data)
		    index["manifests"].append({"mediaType": media_type, "digest": "sha256:" + name, "size": len(data),
		                               "annotations": {"org.opencontainers.image.ref.name": tag}})
		multi, = [m for m in index["manifests"] if m["annotations"]["org.opencontainers.image.ref.name"] == "multi"]
		images = json.load(open(f"{layout}/blobs/sha256/{multi['digest'][7:]}"))["manifests"]
		add("others", INDEX, {"manifests": [{"digest": "sha512:" + "0" * 128, "size": 1}, *images]})
		add("broken", INDEX, {"manifests": "none"})
		add("signed", "application/vnd.docker.distribution.manifest.v1+prettyjws", {"schemaVersion": 1})
		json.dump(index, open(f"{layout}/index.json", "w"))
	END
	chmod -R go+rX "$dir"
	[ "$(xrun -q "oci:$dir:$(debian_name "$HOST")" echo beside)" = beside ]
	xrun pull -q --arch amd64,armhf "oci:$dir:others"
	fails_with 125 "broken: the document has no valid list" xrun pull -q "oci:$dir:broken"
	fails_with 125 'of the type "application/vnd.docker.distribution.manifest.v1+prettyjws"' xrun pull -q "oci:$dir:signed"
}

@test "an archive that is in the store is run without a word" {
	xrun pull -q "oci:$IMAGES:$(debian_name "$HOST")"
	[ "$(xrun "oci:$IMAGES:$(debian_name "$HOST")" echo words 2>&1)" = words ]
	[[ $(xrun pull "oci:$IMAGES:$(debian_name "$HOST")" 2>&1) == *"already here"* ]]
	fails_with 125 "choose with --arch" xrun "oci:$IMAGES:s390x" true
}

@test "a directory that nobody else can read is read" {
	local dir=$BATS_TEST_TMPDIR/closed
	make_layout closed --layer "$(small_tar closed)"
	cp -r "$LAYOUT" "$dir"
	chmod -R go= "$dir"
	xrun pull -q "oci:$dir:closed"
	xrun rmi "oci:$dir:closed"
}

@test "load tells who names a directory what takes one" {
	fails_with 125 "\`xrun pull oci:$IMAGES:s390x\` brings that" xrun load "oci:$IMAGES:s390x"
	fails_with 125 "an archive is given with --input image.tar" xrun load image.tar
}

@test "what changed in a directory is seen by the next run" {
	make_layout x --layer "$(native_tar)" --layer "$(small_tar first)"
	[ "$(xrun -q "oci:$LAYOUT:x" cat /etc/first)" = first ]
	make_layout x --layer "$(native_tar)" --layer "$(small_tar second)"
	[ "$(xrun -q "oci:$LAYOUT:x" cat /etc/second)" = second ]
}

@test "every kind of layer comes out of a directory as it comes from a registry" {
	for compression in none gzip zstd; do
		xrun pull -q "oci:$IMAGES:layers-$compression"
		xrun pull -q "$PLAIN/test:layers-$compression"
	done
	[ "$(find "$STORE/layers" -mindepth 1 -maxdepth 1 | wc -l)" = 3 ]
	xrun pull -q "oci:$IMAGES:many"
	[ "$(xrun --pull never "oci:$IMAGES:many" cat /file-100)" = 100 ]
}

@test "what was saved is loaded again, and is the same image" {
	local form
	xrun load -q -i "$DOCKER"
	xrun pull -q "oci:$IMAGES:layers-zstd"
	xrun tag "oci:$IMAGES:layers-zstd" example.com/layers:1
	for form in docker-archive oci-archive; do
		xrun save --format $form -o "$BATS_TEST_TMPDIR/$form.tar" example.com/native:1 example.com/layers:1
		xrun images -q | sort -u >"$BATS_TEST_TMPDIR/before"
		xrun rmi --all
		xrun load -q -i "$BATS_TEST_TMPDIR/$form.tar"
		diff "$BATS_TEST_TMPDIR/before" <(xrun images -q | sort -u)
		xrun --pull never example.com/native:1 true
	done
}

@test "other tools read what was saved" {
	xrun load -q -i "$DOCKER"
	xrun save example.com/native:1 >"$BATS_TEST_TMPDIR/d.tar"
	skopeo copy -q "docker-archive:$BATS_TEST_TMPDIR/d.tar:example.com/native:1" "oci:$BATS_TEST_TMPDIR/d:x"
	xrun save --format oci-archive -o "$BATS_TEST_TMPDIR/o.tar" example.com/native:1
	skopeo copy -q "oci-archive:$BATS_TEST_TMPDIR/o.tar:example.com/native:1" "oci:$BATS_TEST_TMPDIR/o:x"
	# shellcheck disable=SC2046 # nothing, or one word
	umoci unpack $([ "$EUID" = 0 ] || echo --rootless) --image "$BATS_TEST_TMPDIR/o:x" "$BATS_TEST_TMPDIR/bundle"
	[ -e "$BATS_TEST_TMPDIR/bundle/rootfs/bin/sh" ]
}

@test "save writes one platform, or all into an oci-archive" {
	xrun load -q -i "$BATS_FILE_TMPDIR/multi.tar"
	xrun save --arch armhf -o "$BATS_TEST_TMPDIR/one.tar" example.com/multi:1
	fails_with 125 "add --format oci-archive" xrun save --arch all -o "$BATS_TEST_TMPDIR/x.tar" example.com/multi:1
	fails_with 125 "say the same thing" xrun save --arch all --platform linux/s390x --format oci-archive -o "$BATS_TEST_TMPDIR/x.tar" example.com/multi:1
	xrun save --arch all --format oci-archive -o "$BATS_TEST_TMPDIR/all.tar" example.com/multi:1
	xrun rmi --all
	xrun load -q -i "$BATS_TEST_TMPDIR/one.tar"
	[ "$(listed)" = "example.com/multi:1 linux/arm/v7" ]
	xrun load -q -i "$BATS_TEST_TMPDIR/all.tar" --replace
	[ "$(listed | wc -l)" = 2 ]
}

@test "a save that fails leaves no file" {
	local hex
	xrun load -q -i "$OCI"
	fails_with 125 "not in the store" xrun save -o "$BATS_TEST_TMPDIR/x.tar" example.com/nonesuch
	fails_with 125 "No space left" xrun save -o /dev/full example.com/native:2
	hex=$(xrun inspect example.com/native:2 | python3 -c 'import json, sys; print(json.load(sys.stdin)[0]["Layers"][0]["Digest"][7:])')
	break_blob "$hex"
	fails_with 125 "sha256:$hex" xrun save --format oci-archive -o "$BATS_TEST_TMPDIR/x.tar" example.com/native:2
	[ -z "$(ls "$BATS_TEST_TMPDIR")" ]
	fails_with 125 "cannot write /nonesuch/x" xrun save -o /nonesuch/x example.com/native:2
}

@test "archives that mean harm, or are broken, are refused in a line and leave nothing" {
	local lines line name text
	"$PLACE/tests/images/archives.py" "$BATS_TEST_TMPDIR" "$(oci_arch)" >"$BATS_TEST_TMPDIR/list"
	mapfile -t lines <"$BATS_TEST_TMPDIR/list"
	[ "${#lines[@]}" -gt 40 ]
	for line in "${lines[@]}"; do
		read -r name text <<<"$line"
		echo "archive $name"
		if [[ $name == good-* ]]; then
			[ "$(xrun load -q -i "$BATS_TEST_TMPDIR/$name")" = "Loaded image: example.com/archive:1" ]
			xrun rmi example.com/archive:1
		else
			fails_with 125 "$text" xrun load -q -i "$BATS_TEST_TMPDIR/$name"
			[ "$(xrun images | wc -l)" = 1 ]
		fi
		[ -z "$(find "$STORE/layers" "$STORE/staging" "$STORE/blobs/sha256" -mindepth 1)" ]
	done
}

@test "a layout with symlinks is refused" {
	make_layout x --layer "$(small_tar one)"
	cp -r "$LAYOUT" "$BATS_TEST_TMPDIR/a"
	mv "$BATS_TEST_TMPDIR/a/blobs" "$BATS_TEST_TMPDIR/elsewhere"
	ln -s ../elsewhere "$BATS_TEST_TMPDIR/a/blobs"
	fails_with 125 "there is no image" xrun pull -q "oci:$BATS_TEST_TMPDIR/a:x"
	rm "$BATS_TEST_TMPDIR/a/index.json"
	ln -s /etc/passwd "$BATS_TEST_TMPDIR/a/index.json"
	fails_with 125 "index.json of the image layout is a symlink" xrun pull -q "oci:$BATS_TEST_TMPDIR/a:x"
	rm "$BATS_TEST_TMPDIR/a/index.json"
	mkfifo "$BATS_TEST_TMPDIR/a/index.json"
	fails_with 125 "index.json of the image layout is not a file" xrun pull -q "oci:$BATS_TEST_TMPDIR/a:x"
}

@test "an archive that is being typed is refused" {
	run script -qec "'$XRUN' --root '$STORE' load" /dev/null
	[ "$status" = 125 ]
	[[ $output == *"--input FILE"* ]]
	run script -qec "'$XRUN' --root '$STORE' save x" /dev/null
	[ "$status" = 125 ]
	[[ $output == *"--output"* ]]
}

# A layer that is applied to those below it has such whiteouts looked after there, where the kernel merges a directory whenever it is opened.
@test "a layer that empties a directory thousands of times costs no more than one that does so once" {
	python3 - "$BATS_TEST_TMPDIR" <<-'END'
		import sys, tarfile
		def layer(name, *members):
		    with tarfile.open(f"{sys.argv[1]}/{name}.tar", "w") as tar:
		        for path, kind, link in members:
		            info = tarfile.TarInfo(path)
		            info.type, info.linkname, info.mode = kind, link, 0o755
		            tar.addfile(info)
		layer("below", ("d", tarfile.DIRTYPE, ""), ("f", tarfile.REGTYPE, ""), *((f"d/{i}", tarfile.REGTYPE, "") for i in range(3000)))
		layer("above", ("h", tarfile.LNKTYPE, "f"), *[("d/.wh..wh..opq", tarfile.REGTYPE, "")] * 2500)
	END
	LAYOUT=$BATS_TEST_TMPDIR/layout make_layout opaque --layer "$BATS_TEST_TMPDIR/below.tar" --layer "$BATS_TEST_TMPDIR/above.tar"
	python3 - "$XRUN" --root "$STORE" pull -q "oci:$BATS_TEST_TMPDIR/layout" <<-'END'
		import resource, subprocess, sys
		subprocess.run(sys.argv[1:], check=True)
		used = resource.getrusage(resource.RUSAGE_CHILDREN)
		assert used.ru_utime + used.ru_stime < 5, used # of processor time; it took 15
	END
}

@test "an archive of a few kilobytes that names millions of images is refused before it fills the memory" {
	local kind
	python3 - "$BATS_TEST_TMPDIR" <<-'END'
		import hashlib, io, json, sys, tarfile
		def archive(name, files):
		    with tarfile.open(f"{sys.argv[1]}/{name}.tar", "w") as tar:
		        for path, data in files.items():
		            info = tarfile.TarInfo(path)
		            info.size = len(data)
		            tar.addfile(info, io.BytesIO(data))
		files = {"oci-layout": b'{"imageLayoutVersion": "1.0.0"}'}
		def index(what, kind):
		    digest = hashlib.sha256(what).hexdigest()
		    files["blobs/sha256/" + digest] = what
		    entry = {"mediaType": f"application/vnd.oci.image.{kind}.v1+json", "digest": "sha256:" + digest, "size": len(what)}
		    return json.dumps({"schemaVersion": 2, "manifests": [entry] * 2000}).encode()
		files["index.json"] = index(index(index(b"{}", "manifest"), "index"), "index")
		archive("oci", files)
		image = {"Config": "config", "RepoTags": [f"a:{i}" for i in range(9000)], "Layers": ["dir/layer"] * 500}
		archive("docker", {"config": b"{}", "dir/layer": b"", "manifest.json": json.dumps([image] * 9).encode()})
	END
	local limit=2000000
	! sanitized || limit=unlimited # which takes terabytes of it
	for kind in oci docker; do
		fails_with 125 "which are the limits" timeout 60 bash -c "ulimit -v $limit; exec \"\$@\"" - "$XRUN" --root "$STORE" load -i "$BATS_TEST_TMPDIR/$kind.tar"
	done
}
