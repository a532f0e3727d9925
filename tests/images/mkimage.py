#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""mkimage.py writes OCI image layouts, deterministically, from directories and ready-made tars.

  mkimage.py LAYOUT TAG [--arch A] [--variant V] [--layer DIR|FILE.tar]... [--compress none|gzip|zstd]
             [--entrypoint JSON] [--cmd JSON] [--history JSON] [--env NAME=VALUE]... [--user U] [--workdir D]
             [--config JSON]      what more the image's config says: Volumes, Labels
  mkimage.py LAYOUT TAG --index TAG1 TAG2...        one index over images that the layout has already

Files of a directory belong to 0:0 in the image, whoever built it.
"""
import argparse, gzip, hashlib, io, json, os, subprocess, sys, tarfile

INDEX = "application/vnd.oci.image.index.v1+json"
MANIFEST = "application/vnd.oci.image.manifest.v1+json"
CONFIG = "application/vnd.oci.image.config.v1+json"
LAYER = "application/vnd.oci.image.layer.v1.tar"


def put(layout, data):
    name = hashlib.sha256(data).hexdigest()
    os.makedirs(f"{layout}/blobs/sha256", exist_ok=True)
    with open(f"{layout}/blobs/sha256/{name}", "wb") as f:
        f.write(data)
    return {"digest": f"sha256:{name}", "size": len(data)}


def tar_of(source):
    if not os.path.isdir(source):
        with open(source, "rb") as f:
            return f.read()

    def owned_by_root(info):
        info.uid = info.gid = 0
        info.uname = info.gname = ""
        info.mtime = int(info.mtime)
        return info

    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=tarfile.PAX_FORMAT) as tar:
        for name in sorted(os.listdir(source)):
            tar.add(f"{source}/{name}", arcname=name, filter=owned_by_root)
    return out.getvalue()


def compress(data, how):
    if how == "gzip":
        return gzip.compress(data, 6, mtime=0), "+gzip"
    if how == "zstd":
        return subprocess.run(["zstd", "-q", "-3", "-c"], input=data, stdout=subprocess.PIPE, check=True).stdout, "+zstd"
    return data, ""


def load_index(layout):
    try:
        with open(f"{layout}/index.json") as f:
            return json.load(f)
    except FileNotFoundError:
        return {"schemaVersion": 2, "manifests": []}


def tag(layout, descriptor, name):
    index = load_index(layout)
    key = "org.opencontainers.image.ref.name"
    index["manifests"] = [m for m in index["manifests"] if m.get("annotations", {}).get(key) != name]
    descriptor["annotations"] = {key: name}
    index["manifests"].append(descriptor)
    with open(f"{layout}/oci-layout", "w") as f:
        f.write('{"imageLayoutVersion": "1.0.0"}')
    with open(f"{layout}/index.json", "w") as f:
        json.dump(index, f)


def write_image(o):
    platform = {"architecture": o.arch, "os": "linux"}
    if o.variant:
        platform["variant"] = o.variant
    layers, diff_ids = [], []
    for i, source in enumerate(o.layer):
        data = tar_of(source)
        diff_ids.append("sha256:" + hashlib.sha256(data).hexdigest())
        how = o.compress.split(",")
        blob, suffix = compress(data, how[i % len(how)])
        layers.append({"mediaType": LAYER + suffix, **put(o.layout, blob)})
    config = {k: v for k, v in (("Entrypoint", o.entrypoint and json.loads(o.entrypoint)), ("Cmd", o.cmd and json.loads(o.cmd)),
                                ("Env", o.env), ("User", o.user), ("WorkingDir", o.workdir)) if v}
    config.update(json.loads(o.config))
    document = {**platform, "config": config, "rootfs": {"type": "layers", "diff_ids": diff_ids}}
    if o.history:
        document["history"] = json.loads(o.history)
    manifest = {"schemaVersion": 2, "mediaType": MANIFEST,
                "config": {"mediaType": CONFIG, **put(o.layout, json.dumps(document).encode())}, "layers": layers}
    blob = put(o.layout, json.dumps(manifest).encode())
    tag(o.layout, {"mediaType": MANIFEST, **blob, "platform": platform}, o.tag)


def write_index(o):
    key = "org.opencontainers.image.ref.name"
    found = {m["annotations"][key]: m for m in load_index(o.layout)["manifests"]}
    entries = [{k: v for k, v in found[name].items() if k != "annotations"} for name in o.index]
    blob = put(o.layout, json.dumps({"schemaVersion": 2, "mediaType": INDEX, "manifests": entries}).encode())
    tag(o.layout, {"mediaType": INDEX, **blob}, o.tag)


def main():
    p = argparse.ArgumentParser()
    p.add_argument("layout")
    p.add_argument("tag")
    p.add_argument("--arch", default="amd64")
    p.add_argument("--variant")
    p.add_argument("--layer", action="append", default=[])
    p.add_argument("--compress", default="gzip")
    p.add_argument("--entrypoint")
    p.add_argument("--cmd")
    p.add_argument("--env", action="append", default=[])
    p.add_argument("--user")
    p.add_argument("--workdir")
    p.add_argument("--history")
    p.add_argument("--config", default="{}")
    p.add_argument("--index", nargs="+")
    o = p.parse_args()
    os.makedirs(o.layout, exist_ok=True)
    write_index(o) if o.index else write_image(o)


main()
