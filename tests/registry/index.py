# SPDX-License-Identifier: GPL-2.0-or-later
"""index.py REGISTRY/NAME NEW-TAG TAG...: gives the images of several tags one name more, as an index of their platforms."""
import json
import sys
import urllib.request

MANIFEST = "application/vnd.oci.image.manifest.v1+json"
INDEX = "application/vnd.oci.image.index.v1+json"


def call(path, accept=None, data=None):
    request = urllib.request.Request(f"http://{registry}/v2/{name}/{path}", data=data, method="PUT" if data else "GET")
    request.add_header("Content-Type" if data else "Accept", accept)
    return urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request)


where, new, *tags = sys.argv[1:]
registry, name = where.split("/", 1)
entries = []
for tag in tags:
    response = call(f"manifests/{tag}", MANIFEST)
    text = response.read()
    manifest = json.loads(text)
    config = json.loads(call(f"blobs/{manifest['config']['digest']}", "*/*").read())
    platform = {key: config[key] for key in ("os", "architecture", "variant") if config.get(key)}
    entries.append({"mediaType": MANIFEST, "digest": response.headers["Docker-Content-Digest"], "size": len(text), "platform": platform})
index = {"schemaVersion": 2, "mediaType": INDEX, "manifests": entries}
call(f"manifests/{new}", INDEX, json.dumps(index).encode())
