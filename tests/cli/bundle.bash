# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# bundle.bash: bundles for xrun-oci, made of the small native image or of a foreign one.

OCI="$(dirname "$XRUN")/xrun-oci"

# make_rootfs DIR [TAG]: the files of the test image for the machine, or of that tag.
make_rootfs() {
	mkdir -p "$1"
	python3 - "$IMAGES" "${2:-$(debian_name "$HOST")}" "$1" <<-'END'
		import io, json, sys, tarfile
		layout, tag, place = sys.argv[1:]
		def blob(d): return open(f"{layout}/blobs/sha256/{d['digest'][7:]}", "rb").read()
		entry, = [m for m in json.load(open(f"{layout}/index.json"))["manifests"] if m["annotations"]["org.opencontainers.image.ref.name"] == tag]
		for layer in json.loads(blob(entry))["layers"]:
		    tarfile.open(fileobj=io.BytesIO(blob(layer)), mode="r:*").extractall(place)
	END
	mkdir -p "$1"/{proc,sys,dev,tmp}
}

# make_bundle DIR COMMAND...: config.json for a root beside it that is called rootfs, or $ROOTFS.
make_bundle() {
	local dir=$1
	shift
	mkdir -p "$dir"
	python3 - "$dir/config.json" "${ROOTFS:-rootfs}" "$EUID" "$(id -g)" "$@" <<-'END'
		import json, sys
		path, root, uid, gid, *args = sys.argv[1:]
		plain = ["nosuid", "noexec", "nodev"]
		kinds = ["mount", "pid", "ipc", "uts", "network"] + ([] if uid == "0" else ["user"])
		linux = {"namespaces": [{"type": kind} for kind in kinds], "maskedPaths": ["/proc/keys"], "readonlyPaths": ["/proc/sys"]}
		if uid != "0":
		    linux["uidMappings"] = [{"containerID": 0, "hostID": int(uid), "size": 1}]
		    linux["gidMappings"] = [{"containerID": 0, "hostID": int(gid), "size": 1}]
		pts = ["newinstance", "ptmxmode=0666", "mode=0620"] + (["gid=5"] if uid == "0" else [])
		json.dump({
		    "ociVersion": "1.2.0", "hostname": "box", "root": {"path": root}, "linux": linux,
		    "process": {"args": args, "cwd": "/", "env": ["PATH=/usr/sbin:/usr/bin:/sbin:/bin"], "user": {"uid": 0, "gid": 0}},
		    "mounts": [
		        {"destination": "/proc", "type": "proc", "source": "proc"},
		        {"destination": "/dev", "type": "tmpfs", "source": "tmpfs", "options": ["nosuid", "mode=755", "size=1m"]},
		        {"destination": "/dev/pts", "type": "devpts", "source": "devpts", "options": ["nosuid", "noexec"] + pts},
		        {"destination": "/sys", "type": "sysfs", "source": "sysfs", "options": plain + ["ro"]}]
		}, open(path, "w"))
	END
}

# change_config DIR PYTHON: statements that change c, which is config.json's content.
change_config() {
	python3 - "$1/config.json" "$2" <<-'END'
		import json, sys
		path, code = sys.argv[1:]
		c = json.load(open(path))
		exec(code)
		json.dump(c, open(path, "w"))
	END
}

oci() {
	"$OCI" --root "$BATS_TEST_TMPDIR/state" "$@"
}

status_of() {
	oci state "$1" | python3 -c 'import json, sys; print(json.load(sys.stdin)["status"])'
}

# await_status ID STATUS
await_status() {
	await prints "$2" status_of "$1"
}

# fails_saying TEXT COMMAND...: with status 1 and one line that begins "xrun-oci: " and holds TEXT.
fails_saying() {
	local text=$1 got=0 said
	shift
	said=$("$@" 2>&1 >/dev/null) || got=$?
	echo "status $got: $said"
	[ "$got" = 1 ]
	[ "$(printf '%s\n' "$said" | wc -l)" = 1 ]
	[[ $said == "xrun-oci: "*"$text"* ]]
}

use_bundle() {
	export ROOTFS="$BATS_FILE_TMPDIR/rootfs" B="$BATS_TEST_TMPDIR/bundle"
}

delete_all() {
	local id
	for id in "$BATS_TEST_TMPDIR"/state/*; do
		[ ! -d "$id" ] || oci delete --force "${id##*/}"
	done
}

# A file of tests that needs other ones has its own.
prepare() {
	make_rootfs "$BATS_FILE_TMPDIR/rootfs"
}

setup() {
	use_bundle
}

teardown() {
	delete_all
}
