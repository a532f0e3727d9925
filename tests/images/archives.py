#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""archives.py DIR ARCH writes image archives that mean harm, or are broken, and prints a line "FILE TEXT" for each: what the
refusal must say. Those that are sound are called good-*, and have no text."""
import gzip, hashlib, io, json, os, sys, tarfile

out, arch = sys.argv[1:]
HARDLINK, SYMLINK, DEVICE, FIFO = "1236"
NAME = "example.com/archive:1"
REF = "org.opencontainers.image.ref.name"


def sha(data):
    return hashlib.sha256(data).hexdigest()


def tar(*entries):
    """Entries: (name, data) or (name, type as text, link)."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.GNU_FORMAT) as t:
        for name, *rest in entries:
            info = tarfile.TarInfo(name)
            if isinstance(rest[0], bytes):
                info.size = len(rest[0])
                t.addfile(info, io.BytesIO(rest[0]))
            else:
                info.type = rest[0].encode()
                info.linkname = rest[1] if len(rest) > 1 else ""
                t.addfile(info)
    return buffer.getvalue()


def write(name, data, text=""):
    with open(f"{out}/{name}", "wb") as f:
        f.write(data)
    print(name, text)


layer = tar(("etc/made", b"by archives.py\n"))
config = json.dumps({"architecture": arch, "os": "linux", "config": {"Cmd": ["/bin/sh"]}, "rootfs": {"type": "layers", "diff_ids": ["sha256:" + sha(layer)]}}).encode()


def docker(name=NAME, layers=("layer.tar",), config_name="config.json", files=None):
    manifest = json.dumps([{"Config": config_name, "RepoTags": [name] if name else None, "Layers": list(layers)}]).encode()
    return tar(*(files or [("config.json", config), ("layer.tar", layer)]), ("manifest.json", manifest))


def descriptor(data, kind, **more):
    return {"mediaType": f"application/vnd.oci.image.{kind}", "digest": "sha256:" + sha(data), "size": len(data), **more}


def blob(data, name=None):
    return (f"blobs/sha256/{name or sha(data)}", data)


manifest = json.dumps({"schemaVersion": 2, "mediaType": "application/vnd.oci.image.manifest.v1+json", "config": descriptor(config, "config.v1+json"),
                       "layers": [descriptor(layer, "layer.v1.tar")]}).encode()
layout = ("oci-layout", b'{"imageLayoutVersion": "1.0.0"}')


def index(*entries):
    return json.dumps({"schemaVersion": 2, "manifests": list(entries)}).encode()


entry = descriptor(manifest, "manifest.v1+json", annotations={REF: NAME})
plain = [layout, ("index.json", index(entry)), blob(manifest), blob(config), blob(layer)]

write("good-docker", docker())
write("good-docker.gz", gzip.compress(docker()))
write("good-dots", docker(layers=["./layer.tar"], files=[("./config.json", config), ("./layer.tar", layer)]))
write("good-linked-layer", docker(layers=["b/layer.tar"], files=[("config.json", config), ("a/layer.tar", layer), ("b/layer.tar", SYMLINK, "../a/layer.tar")]))
write("good-packed-layer", docker(files=[("config.json", config), ("layer.tar", gzip.compress(layer))]))
write("good-oci", tar(*plain))
write("good-junk-beside", tar(*plain, ("blobs/sha256/" + "0" * 64, b"junk"), ("readme", b"x")))
inner = index(descriptor(manifest, "manifest.v1+json", platform={"os": "linux", "architecture": arch}))
write("good-nested", tar(layout, ("index.json", index(descriptor(inner, "index.v1+json", annotations={REF: NAME}))), blob(inner), *plain[2:]))

write("empty", b"", "the archive is empty")
write("text", b"hello\n" * 1000, "not a sound tar archive")
write("xz", b"\xfd7zXZ\0" + b"x" * 100, "packed with xz")
write("bzip2", b"BZh91AY&SY" + b"x" * 100, "packed with bzip2")
write("gzip-cut", gzip.compress(docker())[:200], "")
write("cut", docker()[:700], "")
write("no-image", tar(("readme", b"x")), "there is no image layout")
write("dots", tar(("../manifest.json", b"x")), "an entry with the name ../manifest.json")
write("dots-within", tar(("a/../../b", b"x")), "an entry with the name a/../../b")
write("twice", tar(("manifest.json", b"[]"), ("manifest.json", b"[]")), "two entries with the name manifest.json")
write("twice-dots", tar(("manifest.json", b"[]"), ("./manifest.json", b"[]")), "two entries with the name manifest.json")
write("fifo", tar(("manifest.json", FIFO)), "neither a file nor a directory")
write("device", tar(("layer.tar", DEVICE)), "neither a file nor a directory")
write("blobs-symlink", tar(layout, ("blobs", SYMLINK, "/etc")), "a link that leads out of it")
write("blobs-symlink-inside", tar(layout, ("blobs", SYMLINK, "other")), "blobs in the archive is a link")
write("blob-symlink", tar(*plain[:4], ("blobs/sha256/" + sha(layer), SYMLINK, "../../other")), "is a link")
write("index-symlink", tar(layout, ("index.json", SYMLINK, "oci-layout")), "index.json in the archive is a link")
write("manifest-hardlink", tar(layout, ("manifest.json", HARDLINK, "oci-layout")), "manifest.json in the archive is a link")
write("layer-outside", docker(layers=["a/layer.tar"], files=[("config.json", config), ("a/layer.tar", SYMLINK, "../../../etc/passwd")]), "a link that leads out of it")
write("layer-absolute", docker(layers=["a/layer.tar"], files=[("config.json", config), ("a/layer.tar", SYMLINK, "/etc/passwd")]), "a link that leads out of it")
write("link-circle", docker(layers=["a/l"], files=[("config.json", config), ("a/l", SYMLINK, "m"), ("a/m", SYMLINK, "l")]), "has no a/l, which")
write("layer-missing", docker(layers=["gone.tar"]), "has no gone.tar, which")
write("config-missing", docker(config_name="gone.json"), "has no gone.json, which")
write("config-passwd", docker(config_name="../../../../etc/passwd"), "has no ../../../../etc/passwd, which")
write("layer-other", docker(files=[("config.json", config), ("layer.tar", tar(("etc/made", b"by somebody else")))]), "it has the diff id")
write("layer-junk", docker(files=[("config.json", config), ("layer.tar", b"junk" * 500)]), "")
write("layers-many", docker(layers=["layer.tar"] * 501), "501 layers")
write("docker-empty", tar(("manifest.json", b"[]")), "not a list of images")
write("docker-object", tar(("manifest.json", b"{}")), "not a list of images")
write("docker-layers-text", tar(("manifest.json", b'[{"Config": "config.json", "Layers": "x"}]')), "Layers is not a list")
write("name-bad", docker(name="UPPER case"), "not an image name")
write("name-digest", docker(name="example.com/x@sha256:" + "0" * 64), "cannot name images by digest")
write("version", tar(("oci-layout", b'{"imageLayoutVersion": "2.0.0"}'), *plain[1:]), "only 1.0.0 is understood")
write("blob-wrong", tar(*plain[:4], blob(layer + b"x", sha(layer))), "it is not in the archive")
write("manifest-wrong", tar(layout, plain[1], blob(manifest + b" ", sha(manifest)), *plain[3:]), "there is no image in it")
write("size-wrong", tar(layout, ("index.json", index(entry)), *[blob(x) for x in (manifest, config)]), "it is not in the archive")
big = json.dumps({"schemaVersion": 2, "config": descriptor(config, "config.v1+json"), "layers": [{**descriptor(layer, "layer.v1.tar"), "size": 5}]}).encode()
write("size-small", tar(layout, ("index.json", index(descriptor(big, "manifest.v1+json", annotations={REF: NAME}))), blob(big), *plain[3:]), "is longer than the 5 bytes")
deep = manifest
levels = []
kind = "manifest.v1+json"
for _ in range(4):
    deep = index(descriptor(deep, kind))
    kind = "index.v1+json"
    levels.append(blob(deep))
write("index-deep", tar(layout, ("index.json", index(descriptor(deep, kind))), *levels, *plain[2:]), "an index leads to an index")
write("index-junk", tar(layout, ("index.json", b"[" * 100000)), "is not a JSON object")
write("index-huge", tar(layout, ("index.json", b" " * (5 << 20))), "File too large")
