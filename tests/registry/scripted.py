#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""scripted.py PORTFILE: a registry on loopback that misbehaves, each repository in its own way.

It speaks plain HTTP and writes its port into PORTFILE once it listens. Every repository has the tag v1 of one tiny image,
which its scenario, of the same name, twists. Beside the registry's API there are

  /log/NAME   what was asked of repository NAME since this was last read: lines of LISTENER PATH AUTHORIZATION
  /sentinel   a directory of the machine that the "escape" images try to reach; the file "kept" in it holds "untouched"

"LISTENER" is main, or other: a second port, where some scenarios redirect to.
"""
import base64, gzip, hashlib, http.server, io, json, os, platform, secrets, shutil, signal, socket, sys, tarfile, tempfile
import threading, urllib.parse

INDEX = "application/vnd.oci.image.index.v1+json"
MANIFEST = "application/vnd.oci.image.manifest.v1+json"
CONFIG = "application/vnd.oci.image.config.v1+json"
LAYER = "application/vnd.oci.image.layer.v1.tar+gzip"
ARCHITECTURE = {"x86_64": "amd64", "aarch64": "arm64", "armv7l": "arm", "i686": "386"}.get(platform.machine(), platform.machine())
CREDENTIALS = "Basic " + base64.b64encode(b"ann:secret").decode()
BIG = 300000
SENTINEL = tempfile.mkdtemp(prefix="xrun-sentinel.", dir="/tmp")


# Images.

def digest(data):
    return "sha256:" + hashlib.sha256(data).hexdigest()


def tar_of(entries):
    """entries: (name, content), or (name, type, link target or, for a device, its numbers)"""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=tarfile.PAX_FORMAT) as tar:
        for name, kind, *more in entries:
            info = tarfile.TarInfo(name)
            info.mode = 0o755
            content = b""
            if isinstance(kind, bytes):
                content = kind
                info.size = len(content)
            else:
                info.type = kind
                if kind in (tarfile.CHRTYPE, tarfile.BLKTYPE):
                    info.devmajor, info.devminor = more[0]
                elif more:
                    info.linkname = more[0]
            tar.addfile(info, io.BytesIO(content))
    return out.getvalue()


class Image:
    """One image; what is twisted is given. `manifest` may be bytes, or a function that changes the good one."""

    def __init__(self, *tars, layers=None, diff_ids=None, config=None, manifest=None, media_type=MANIFEST):
        tars = tars or (GOOD_TAR,)
        layers = layers or [gzip.compress(tar, mtime=0) for tar in tars]
        document = {"architecture": ARCHITECTURE, "os": "linux", "config": {"Cmd": ["sh"]},
                    "rootfs": {"type": "layers", "diff_ids": diff_ids or [digest(tar) for tar in tars]}, **(config or {})}
        self.blobs = {}
        made = {"schemaVersion": 2, "mediaType": MANIFEST,
                "config": {"mediaType": CONFIG, **self.put(json.dumps(document).encode())},
                "layers": [{"mediaType": LAYER, **self.put(layer)} for layer in layers]}
        if callable(manifest):
            manifest(made)
        self.layer = made["layers"][-1]["digest"] if made.get("layers") else ""
        self.manifest = manifest if isinstance(manifest, bytes) else json.dumps(made).encode()
        self.media_type = media_type

    def put(self, data):
        self.blobs[digest(data)] = data
        return {"digest": digest(data), "size": len(data)}


GOOD_TAR = tar_of([("etc", tarfile.DIRTYPE), ("etc/hello", b"hello\n"), ("link", tarfile.SYMTYPE, "etc/hello"),
                   ("random", secrets.token_bytes(BIG))])
GOOD = Image()


# Scenarios: functions of the request at hand, called for each. What they do not twist they leave to give().

SCENARIOS = {}


def scenario(name):
    def note(function):
        SCENARIOS[name] = function
        return function
    return note


def give(request, image=GOOD):
    if request.kind == "manifests":
        if request.what in image.blobs:
            return request.answer(200, image.blobs[request.what], image.media_type)
        return request.answer(200, image.manifest, image.media_type, {"Docker-Content-Digest": digest(image.manifest)})
    if request.what not in image.blobs:
        return request.refuse(404, "BLOB_UNKNOWN")
    return request.answer(200, image.blobs[request.what], "application/octet-stream")


def fixed(name, image):
    scenario(name)(lambda request: give(request, image))


def document(name, data, media_type=MANIFEST):
    fixed(name, Image(manifest=data if isinstance(data, bytes) else json.dumps(data).encode(), media_type=media_type))


def layer_instead(name):
    """The function twists the answer for the layer, all else is good."""
    def note(function):
        SCENARIOS[name] = lambda request: function(request) if request.what == GOOD.layer else give(request)
        return function
    return note


def manifest_instead(name):
    def note(function):
        SCENARIOS[name] = lambda request: function(request) if request.kind == "manifests" else give(request)
        return function
    return note


fixed("good", GOOD)

# What arrives is not what was named.


@layer_instead("wrong-digest")
def _(request):
    data = GOOD.blobs[GOOD.layer]
    request.answer(200, data[:-20] + bytes(12) + data[-8:])


@layer_instead("truncated")
def _(request):
    data = GOOD.blobs[GOOD.layer]
    request.start(200, {"Content-Length": str(len(data))})
    request.send(data[:len(data) // 2])
    request.hang_up()


@layer_instead("short")
def _(request):
    request.answer(200, GOOD.blobs[GOOD.layer][:-100])


@layer_instead("long")
def _(request):
    request.start(200)
    request.send_endlessly(GOOD.blobs[GOOD.layer])


@layer_instead("long-announced")
def _(request):
    request.start(200, {"Content-Length": str(1 << 40)})
    request.send_endlessly(GOOD.blobs[GOOD.layer])


@layer_instead("missing-blob")
def _(request):
    request.refuse(404, "BLOB_UNKNOWN")


@scenario("wrong-config")
def _(request):
    if request.kind == "blobs" and request.what != GOOD.layer:
        return request.answer(200, b'{"architecture": "amd64", "os": "linux"}')
    return give(request)


@manifest_instead("missing-manifest")
def _(request):
    request.refuse(404, "MANIFEST_UNKNOWN")


@manifest_instead("manifest-digest")
def _(request):
    request.answer(200, GOOD.manifest, MANIFEST, {"Docker-Content-Digest": digest(b"something else")})


# Documents.

document("junk", secrets.token_bytes(3000))
document("empty-manifest", b"")
document("html", b"<!DOCTYPE html><html><body>Please log in to the hotel's network</body></html>", "text/html")
document("not-a-manifest", {"hello": "world", "schemaVersion": 2})
document("schema1", {"schemaVersion": 1, "name": "schema1", "tag": "v1", "fsLayers": [], "history": []})
document("deep", b'{"schemaVersion":2,"layers":' + b"[" * 100000 + b"]" * 100000 + b"}")
document("nul", json.dumps({"schemaVersion": 2, "mediaType": MANIFEST + "\0", "layers": [], "config": {}}).encode())
fixed("index-and-manifest", Image(manifest=lambda m: m.update(manifests=[])))
fixed("type-lies", Image(manifest=lambda m: m.update(mediaType=INDEX)))
fixed("digest-path", Image(manifest=lambda m: m["layers"][0].update(digest="sha256:../../../../../../etc/passwd")))
fixed("digest-algorithm", Image(manifest=lambda m: m["layers"][0].update(digest="md5:" + "0" * 32)))
fixed("digest-upper-case", Image(manifest=lambda m: m["layers"][0].update(digest="sha256:" + "A" * 64)))
fixed("no-config", Image(manifest=lambda m: m.pop("config")))
fixed("negative-size", Image(manifest=lambda m: m["layers"][0].update(size=-1)))
fixed("huge-sizes", Image(GOOD_TAR, GOOD_TAR, manifest=lambda m: [layer.update(size=2**63 - 1) for layer in m["layers"]]))
fixed("too-many-layers", Image(manifest=lambda m: m.update(layers=m["layers"] * 501)))
fixed("unknown-layer", Image(manifest=lambda m: m["layers"][0].update(mediaType="application/vnd.example.model.v1")))
fixed("foreign-layer", Image(manifest=lambda m: m["layers"][0].update(
    mediaType="application/vnd.docker.image.rootfs.foreign.diff.tar.gzip")))
fixed("terminal", Image(manifest=lambda m: m["layers"][0].update(mediaType="\x1b]0;owned\x07\r\nxrun: all is well\x7f\x9b2J")))
fixed("config-platform", Image(config={"architecture": "mips"}))
fixed("no-platform", Image(config={"architecture": "", "os": ""}))
fixed("diff-id", Image(diff_ids=[digest(b"another layer")]))
fixed("few-diff-ids", Image(GOOD_TAR, GOOD_TAR, diff_ids=[digest(GOOD_TAR)]))
fixed("command-type", Image(config={"config": {"Cmd": {"sh": "-c"}}}))


def index_of(*entries):
    return {"schemaVersion": 2, "mediaType": INDEX, "manifests": list(entries)}


def entry(architecture, data, **more):
    return {"mediaType": MANIFEST, "digest": digest(data), "size": len(data),
            "platform": {"os": "linux", "architecture": architecture}, **more}


document("wrong-platform", index_of(entry("mips", b"1"), entry("sparc64", b"2")), INDEX)
document("empty-index", index_of(), INDEX)
document("index-terminal", index_of(entry("\x1b[2J\nmips", b"1")), INDEX)


@manifest_instead("index-digest")
def _(request):
    if request.what == "v1":
        return request.answer(200, json.dumps(index_of(entry(ARCHITECTURE, b"promised"))).encode(), INDEX)
    return request.answer(200, GOOD.manifest, MANIFEST, {"Docker-Content-Digest": request.what})


INNER = json.dumps(index_of(entry(ARCHITECTURE, GOOD.manifest))).encode()


@manifest_instead("nested-index")
def _(request):
    if request.what == "v1":
        return request.answer(200, json.dumps(index_of(entry(ARCHITECTURE, INNER, mediaType=INDEX))).encode(), INDEX)
    return request.answer(200, INNER, INDEX)


# Without end.


@manifest_instead("huge-manifest")
def _(request):
    request.start(200, {"Content-Type": MANIFEST})
    request.send_endlessly(b'{"schemaVersion": 2, "padding": "')


@manifest_instead("endless-error")
def _(request):
    request.start(404, {"Content-Type": "application/json"})
    request.send_endlessly(b'{"errors": [')


@manifest_instead("endless-headers")
def _(request):
    request.send(b"HTTP/1.1 200 OK\r\n")
    request.send_endlessly(b"", b"X-Padding: " + b"x" * 1000 + b"\r\n")


@manifest_instead("long-header")
def _(request):
    request.send(b"HTTP/1.1 200 OK\r\nX-Padding: ")
    request.send_endlessly(b"")


@manifest_instead("not-http")
def _(request):
    request.send(b"220 mail.example ESMTP\r\n")
    request.hang_up()


@layer_instead("stalled")
def _(request):
    request.start(200, {"Content-Length": str(len(GOOD.blobs[GOOD.layer]))})
    request.send(GOOD.blobs[GOOD.layer][:1000])
    request.connection.recv(1)  # until the other side gives up


# Layers.

fixed("bad-gzip", Image(layers=[b"this is no gzip data " * 100]))
fixed("cut-gzip", Image(layers=[gzip.compress(GOOD_TAR, mtime=0)[:-2000]]))
fixed("cut-tar", Image(GOOD_TAR[:100000]))
fixed("junk-tar", Image(secrets.token_bytes(100000)))
fixed("no-tar", Image(b"a text of some length, with which no archive begins\n" * 100))
BOMB = gzip.compress(tar_of([("zeros", bytes(64 << 20))]), mtime=0)
fixed("bomb", Image(layers=[BOMB * 4]))
ESCAPE = SENTINEL.lstrip("/")
UP = "../" * 20 + ESCAPE
LINK, HARD = tarfile.SYMTYPE, tarfile.LNKTYPE
fixed("escape-dotdot", Image(tar_of([(UP + "/new", b"escaped")])))
fixed("escape-dotdot-inside", Image(tar_of([("etc", tarfile.DIRTYPE), ("etc/../../../" + UP + "/new", b"escaped")])))
fixed("escape-absolute", Image(tar_of([("/" + ESCAPE + "/new", b"inside")])))
fixed("escape-symlink", Image(tar_of([("out", LINK, SENTINEL), ("out/new", b"escaped"), ("out/kept", b"escaped")])))
fixed("escape-relative", Image(tar_of([("out", LINK, UP), ("out/new", b"escaped"), ("out/kept", b"escaped")])))
fixed("escape-final", Image(tar_of([("out", LINK, SENTINEL + "/kept"), ("out", b"escaped")])))
fixed("escape-chain", Image(tar_of([("a", LINK, "b"), ("b", LINK, "../" * 20), ("a/" + ESCAPE + "/new", b"escaped")])))
fixed("escape-layers", Image(tar_of([("out", LINK, SENTINEL)]), tar_of([("out/new", b"escaped"), ("out/kept", b"escaped")])))
fixed("escape-whiteout", Image(tar_of([("out", LINK, SENTINEL)]), tar_of([("out/.wh.kept", b""), ("out/.wh..wh..opq", b"")])))
fixed("escape-whiteout-dotdot", Image(GOOD_TAR, tar_of([(".wh...", b"")])))
fixed("escape-hardlink", Image(tar_of([("stolen", HARD, SENTINEL + "/kept"), ("stolen", b"escaped")])))
fixed("escape-hardlink-dotdot", Image(tar_of([("stolen", HARD, UP + "/kept")])))
fixed("escape-hardlink-symlink", Image(tar_of([("out", LINK, SENTINEL), ("stolen", HARD, "out/kept"), ("stolen", b"escaped")])))
fixed("escape-device", Image(tar_of([("mem", tarfile.CHRTYPE, (1, 1)), ("disk", tarfile.BLKTYPE, (8, 0)), ("x", b"x")])))
fixed("escape-whiteout-device", Image(tar_of([("x", tarfile.CHRTYPE, (0, 0))])))


# Redirects.


@scenario("redirect-loop")
def _(request):
    request.redirect(request.path + "x")


def redirect_layer(name, place):
    layer_instead(name)(lambda request: request.redirect(place(request)))


redirect_layer("redirect-file", lambda request: "file:///etc/passwd")
redirect_layer("redirect-scheme", lambda request: f"ftp://127.0.0.1:{request.server.ports['main']}/layer")
redirect_layer("redirect-dict", lambda request: f"dict://127.0.0.1:{request.server.ports['main']}/d:layer")
redirect_layer("redirect-nowhere", lambda request: "http://127.0.0.1:1/layer")
redirect_layer("redirect-empty", lambda request: "")


@scenario("redirect-good")
def _(request):
    if request.what == GOOD.layer and not request.query:
        return request.redirect(f"/v2/redirect-good/blobs/{request.what}?stored=elsewhere")
    return give(request)


def other_place(request):
    return f"http://127.0.0.1:{request.server.ports['other']}{request.path}?signature=x"


@scenario("redirect-other")
def _(request):
    if request.server.name == "main" and not request.bearer():
        return request.challenge(request.realm("redirect-other"))
    if request.server.name == "main" and request.kind == "blobs":
        return request.redirect(other_place(request))
    return give(request)


@scenario("redirect-creds")
def _(request):
    if request.server.name == "main" and request.authorization != CREDENTIALS:
        return request.start(401, {"WWW-Authenticate": 'Basic realm="test"', "Content-Length": "0"})
    if request.server.name == "main" and request.kind == "blobs":
        return request.redirect(other_place(request).replace("127.0.0.1", "localhost"))
    return give(request)


# Statuses.


@scenario("error-500")
def _(request):
    request.answer(500, b"<html>sorry</html>", "text/html", {"Retry-After": "1"})


@scenario("teapot")
def _(request):
    request.answer(418, b"short and stout")


@scenario("no-content")
def _(request):
    request.start(204)


@scenario("forbidden")
def _(request):
    request.refuse(403, "DENIED")


@scenario("flaky")
def _(request):
    if request.what in ("v1", GOOD.layer) and request.is_odd():
        return request.answer(503, b"", "text/plain", {"Retry-After": "1"})
    return give(request)


@scenario("dropped")
def _(request):
    return request.hang_up() if request.what == "v1" and request.is_odd() else give(request)


# Logging in. Tokens come from /token/NAME, a scenario each of its own.

TOKENS = {}
LOCK = threading.Lock()


def token(name):
    def note(function):
        TOKENS[name] = function
        return function
    return note


def issue(request, uses):
    made = secrets.token_hex(16)
    with LOCK:
        request.server.uses[made] = uses
    request.answer(200, json.dumps({"token": made, "expires_in": 300}).encode(), "application/json")


def with_tokens(name, uses, allowed=lambda request: True):
    """Every request needs a token, which is good for so many of them."""
    @scenario(name)
    def _(request):
        return give(request) if request.spend_token() else request.challenge(request.realm(name))

    @token(name)
    def _(request):
        return issue(request, uses) if allowed(request) else request.answer(401, b"{}", "application/json")


def never(name, challenge):
    """Every request is answered with this challenge: text, or a function of the request."""
    @scenario(name)
    def _(request):
        text = challenge(request) if callable(challenge) else challenge
        request.start(401, {**({"WWW-Authenticate": text} if text is not None else {}), "Content-Length": "0"})


def never_with_realm(name):
    never(name, lambda request: f'Bearer realm="{request.realm(name)}",service="s"')
    return token(name)


with_tokens("token", 1)
with_tokens("token-many", 100)
with_tokens("creds", 100, lambda request: request.authorization == CREDENTIALS)
never_with_realm("401-loop")(lambda request: issue(request, 100))
never_with_realm("token-empty")(lambda request: request.answer(200, b"{}", "application/json"))
never_with_realm("token-junk")(lambda request: request.answer(200, b"<html>", "text/html"))
never_with_realm("token-error")(lambda request: request.answer(500, b"sorry"))
never_with_realm("token-inject")(lambda request: request.answer(200, b'{"token": "x\\r\\nX-Evil: 1"}'))
never_with_realm("token-number")(lambda request: request.answer(200, b'{"token": 17}'))


@never_with_realm("token-endless")
def _(request):
    request.start(200)
    request.send_endlessly(b'{"token": "')


never("junk-challenge", '=,,"realm Bearer ="\\')
never("unclosed-challenge", 'Bearer realm="http://127.0.0.1')
never("empty-challenge", "")
never("no-challenge", None)
never("no-realm", "Bearer")
never("unknown-challenge", 'Negotiate oYG2MIGzoAMKAQA=')
never("long-realm", 'Bearer realm="http://127.0.0.1/' + "x" * 8000 + '"')
never("realm-file", 'Bearer realm="file:///etc/passwd"')
never("realm-plain", 'Bearer realm="http://192.0.2.1/token",service="s"')
never("realm-nowhere", 'Bearer realm="http://127.0.0.1:1/token",service="s"')
never("realm-terminal", 'Bearer realm="gopher://\x1b]0;owned\x07/token"')
never("realm-user", lambda request: f'Bearer realm="http://127.0.0.1@192.0.2.1:{request.server.ports["main"]}/token"')
never("basic-loop", 'Basic realm="test"')


@token("redirect-other")
def _(request):
    issue(request, 100)


# The server.


class Request(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    timeout = 60

    def setup(self):
        super().setup()
        if self.connection.recv(1, socket.MSG_PEEK) == b"\x16":  # TLS, which is tried first
            self.connection.sendall(b"HTTP/1.0 400 Bad Request\r\n\r\nthis is plain HTTP\n")
            raise ConnectionAbortedError

    def do_GET(self):
        self.authorization = self.headers.get("Authorization", "")
        path, _, self.query = self.path.partition("?")
        parts = path.lstrip("/").split("/")
        if parts[0] == "log":
            return self.answer(200, "".join(self.server.take_log(parts[1])).encode())
        if parts[0] == "sentinel":
            return self.answer(200, SENTINEL.encode())
        name = parts[1] if len(parts) > 1 else ""
        self.server.note(name, f"{self.server.name} {self.path} {self.authorization or '-'}\n")
        if parts[0] == "token" and name in TOKENS:
            return TOKENS[name](self)
        if parts[0] != "v2" or name not in SCENARIOS or len(parts) != 4 or (parts[2] == "manifests" and parts[3] == "nonesuch"):
            return self.refuse(404, "NAME_UNKNOWN")
        self.name, self.kind, self.what = name, parts[2], parts[3]
        return SCENARIOS[name](self)

    def bearer(self):
        return self.authorization[7:] if self.authorization.startswith("Bearer ") else ""

    def spend_token(self):
        with LOCK:
            left = self.server.uses.get(self.bearer(), 0)
            if left:
                self.server.uses[self.bearer()] = left - 1
        return left > 0

    def is_odd(self):
        """Whether this very request came an even number of times before."""
        with LOCK:
            self.server.counts[self.path] = self.server.counts.get(self.path, 0) + 1
            return self.server.counts[self.path] % 2 == 1

    def realm(self, name):
        return f"http://127.0.0.1:{self.server.ports['main']}/token/{name}"

    def challenge(self, realm):
        scope = f"repository:{self.name}:pull"
        self.start(401, {"WWW-Authenticate": f'Bearer realm="{realm}",service="scripted",scope="{scope}"', "Content-Length": "0"})

    def redirect(self, place):
        self.start(307, {"Location": place, "Content-Length": "0"})

    def refuse(self, status, code):
        self.answer(status, json.dumps({"errors": [{"code": code, "message": "refused"}]}).encode(), "application/json")

    def answer(self, status, data, media_type="application/octet-stream", headers=None):
        self.start(status, {"Content-Type": media_type, "Content-Length": str(len(data)), **(headers or {})})
        self.send(data)

    def start(self, status, headers=None):
        """Without a Content-Length the body ends with the connection."""
        self.send_response(status)
        for key, value in (headers or {}).items():
            self.send_header(key, value)
        if "Content-Length" not in (headers or {}) and status != 204:
            self.send_header("Connection", "close")
            self.close_connection = True
        self.end_headers()

    def send(self, data):
        self.wfile.write(data)

    def send_endlessly(self, beginning, more=b" " * 65536):
        """Until the other side has had enough; 4 GiB are enough for anybody."""
        self.close_connection = True
        self.send(beginning)
        for _ in range((4 << 30) // len(more)):
            self.send(more)

    def hang_up(self):
        self.close_connection = True

    def log_message(self, *_):
        pass


class Listener(http.server.ThreadingHTTPServer):
    daemon_threads = True
    ports, uses, counts, logs = {}, {}, {}, {}  # of both listeners

    def __init__(self, name):
        super().__init__(("127.0.0.1", 0), Request)
        self.name = name
        self.ports[name] = self.server_address[1]

    def note(self, name, line):
        with LOCK:
            self.logs.setdefault(name, []).append(line)

    def take_log(self, name):
        with LOCK:
            return self.logs.pop(name, [])

    def handle_error(self, request, client_address):
        if not isinstance(sys.exc_info()[1], OSError):  # a client that has gone is what is wanted here
            super().handle_error(request, client_address)


def main():
    os.chmod(SENTINEL, 0o777)
    with open(f"{SENTINEL}/kept", "w") as f:
        f.write("untouched\n")
    os.chmod(f"{SENTINEL}/kept", 0o666)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    try:
        listeners = [Listener("main"), Listener("other")]
        for listener in listeners:
            threading.Thread(target=listener.serve_forever, daemon=True).start()
        with open(sys.argv[1] + ".new", "w") as f:
            f.write(f"{listeners[0].ports['main']}\n")
        os.rename(sys.argv[1] + ".new", sys.argv[1])
        signal.pause()
    finally:
        shutil.rmtree(SENTINEL, ignore_errors=True)


main()
