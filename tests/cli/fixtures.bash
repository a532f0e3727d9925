# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# fixtures.bash: small images made by a test for itself, and damage to a store. LAYOUT is the test file's own image layout.

export LAYOUT=$BATS_FILE_TMPDIR/layout

# make_layout TAG OPTION...: an image in LAYOUT, see tests/images/mkimage.py; for the machine's architecture unless told.
make_layout() {
	local tag=$1
	shift
	"$PLACE/tests/images/mkimage.py" "$LAYOUT" "$tag" --arch "$(oci_arch)" "$@"
}

oci_arch() {
	case $HOST in
	x86_64) echo amd64 ;;
	aarch64) echo arm64 ;;
	i?86) echo 386 ;;
	*) echo "$HOST" ;;
	esac
}

# The path of a tar with the native image's files: its lowest layer, unpacked from gzip.
native_tar() {
	local tar=$BATS_FILE_TMPDIR/native.tar
	[ -e "$tar" ] || python3 - "$IMAGES" "$(debian_name "$HOST")" >"$tar" <<-'END'
		import gzip, json, sys
		layout, tag = sys.argv[1:]
		def blob(d): return open(f"{layout}/blobs/sha256/{d['digest'][7:]}", "rb").read()
		entry, = [m for m in json.load(open(f"{layout}/index.json"))["manifests"] if m["annotations"]["org.opencontainers.image.ref.name"] == tag]
		sys.stdout.buffer.write(gzip.decompress(blob(json.loads(blob(entry))["layers"][0])))
	END
	echo "$tar"
}

# small_tar NAME: the path of a tar with one file, etc/NAME, that holds NAME.
small_tar() {
	local dir=$BATS_FILE_TMPDIR/small-$1
	mkdir -p "$dir/etc"
	echo "$1" >"$dir/etc/$1"
	tar -C "$dir" --owner=0 --group=0 --mtime=@0 -cf "$dir.tar" etc
	echo "$dir.tar"
}

# in_store COMMAND...: as who owns the store, in it.
in_store() {
	(cd "$STORE" && "$@")
}

# A layer and a blob that nothing needs, as an interrupted pull leaves them.
store_junk() {
	local name
	name=$(printf '1%.0s' {1..64})
	in_store mkdir "layers/$name"
	in_store sh -c "printf 12345 >blobs/sha256/$name"
	[ "$EUID" != 0 ] || chown -R --reference="$STORE/layers" "$STORE/layers/$name" "$STORE/blobs/sha256/$name"
}

# break_blob HEX: the blob's first byte becomes another one.
break_blob() {
	in_store sh -c "printf '\\000' | dd of=blobs/sha256/$1 bs=1 conv=notrunc status=none"
}
