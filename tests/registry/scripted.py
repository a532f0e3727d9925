#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""scripted.py PORTFILE CERTIFICATES: a registry on loopback that misbehaves, each repository in its own way.

It speaks plain HTTP and writes its port into PORTFILE once it listens; PORTFILE.tls has that of another which speaks TLS with
CERTIFICATES/server.crt, PORTFILE.expired one with CERTIFICATES/expired.crt, PORTFILE.silent that of one which says nothing. All are proxies, too. A repository is a line of the table SCENARIOS at
the end; its one tag is v1. Beside the registry's API there are

  /token/NAME  the token server of repository NAME: a line of the table TOKENS
  /log/NAME    what was asked about NAME since this was last read, in lines of HOST PATH AUTHORIZATION; "-" for none,
               and then Range, if there was one
  /log/proxy   what was asked of it as a proxy

PORTFILE.sentinel is a directory that the "escape" images try to reach; the file "kept" in it is all it should hold.
"""
import base64, email.utils, gzip, hashlib, http.server, json, os, platform, secrets, select, socket, ssl, sys, tarfile
import threading, time

INDEX = "application/vnd.oci.image.index.v1+json"
MANIFEST = "application/vnd.oci.image.manifest.v1+json"
CONFIG = "application/vnd.oci.image.config.v1+json"
LAYER = "application/vnd.oci.image.layer.v1.tar+gzip"
ARCHITECTURE = {"x86_64": "amd64", "aarch64": "arm64", "armv7l": "arm", "i686": "386"}.get(platform.machine(), platform.machine())
CREDENTIALS = "Basic " + base64.b64encode(b"ann:secret").decode()
CONTROL = "\x1b]0;owned\x07\r\nxrun: all is well\x7f\x9b2J"  # what a terminal would obey


# The server. A behaviour is a function of the request, which answers it.

LOG = {}   # repository -> lines
USES = {}  # token -> how many requests it is still good for
LOCK = threading.Lock()


class Request(http.server.BaseHTTPRequestHandler):
    timeout = 60

    def handle(self):
        if isinstance(self.connection, ssl.SSLSocket):
            super().handle()
        elif self.connection.recv(1, socket.MSG_PEEK) == b"\x16":  # TLS, which is tried first
            self.wfile.write(b"HTTP/1.0 400 Bad Request\r\n\r\nthis is plain HTTP\n")
        else:
            super().handle()

    def do_GET(self):
        self.host, self.authorization = self.headers["Host"], self.headers.get("Authorization", "-")
        if self.path.startswith("http://"):  # as of a proxy
            self.note("proxy")
            self.path = "/" + self.path.split("/", 3)[3]
        match self.path.partition("?")[0].split("/")[1:]:
            case ["log", name]:
                answer(200, "".join(LOG.pop(name, [])).encode())(self)
            case ["token", name] if name in TOKENS:
                self.note(name)
                TOKENS[name](self)
            case ["v2", name, "blobs", "uploads", where] if name in SCENARIOS:
                self.note(name)
                self.kind, self.what = "uploads", where
                SCENARIOS[name](self)
            case ["v2", name, kind, what] if name in SCENARIOS:
                self.note(name)
                self.kind, self.what = kind, what
                SCENARIOS[name](self)
            case _:
                answer(404)(self)

    def do_HEAD(self):
        self.do_GET()

    def do_PUT(self):
        self.sent = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.do_GET()

    form, sent = "", None

    def do_POST(self):
        self.form = self.rfile.read(int(self.headers.get("Content-Length", 0))).decode()
        self.do_GET()

    def do_CONNECT(self):
        self.host, self.authorization = self.headers["Host"], self.headers.get("Authorization", "-")
        self.note("proxy")
        other = socket.create_connection(("127.0.0.1", TLS_PORT))
        self.wfile.write(b"HTTP/1.1 200 Go on\r\n\r\n")
        pair = self.connection, other
        while ready := select.select(pair, [], [], 60)[0]:
            for side in ready:
                data = side.recv(65536)
                if not data:
                    return other.close()
                pair[side is pair[0]].sendall(data)

    def note(self, name):
        asked = self.headers.get("Range", "")
        self.start = int(asked.removeprefix("bytes=").partition("-")[0] or 0)
        self.name, line = name, f"{self.host} {self.path} {self.authorization}{' ' + asked if asked else ''}\n"
        with LOCK:
            LOG.setdefault(name, []).append(line)
            self.tries = LOG[name].count(line)
            self.turn = sum(entry.split()[1] == self.path for entry in LOG[name])  # of whatever Range

    def log_message(self, *_):
        pass


class Listener(http.server.ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request, client_address):
        if not isinstance(sys.exc_info()[1], OSError):  # that the client goes away is what is wanted here
            super().handle_error(request, client_address)


LISTENERS = Listener(("127.0.0.1", 0), Request), Listener(("127.0.0.1", 0), Request)
PORT, OTHER_PORT = (listener.server_port for listener in LISTENERS)
TLS = Listener(("127.0.0.1", 0), Request)
TLS_PORT = TLS.server_port
EXPIRED = Listener(("127.0.0.1", 0), Request)
for listener, name in (TLS, "server"), (EXPIRED, "expired"):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(f"{sys.argv[2]}/{name}.crt", sys.argv[2] + "/server.key")
    context.load_verify_locations(sys.argv[2] + "/ca.crt")
    context.verify_mode = ssl.CERT_OPTIONAL
    listener.socket = context.wrap_socket(listener.socket, server_side=True, do_handshake_on_connect=False)
SILENT = socket.create_server(("127.0.0.1", 0))
MAIN = f"127.0.0.1:{PORT}"


# Behaviours.

def raw(data, then=None):
    def act(request):
        request.wfile.write(data)
        if then:
            then(request)
    return act


def endless(data):
    """Until the other side has had enough; 4 GiB are enough for anybody."""
    def act(request):
        for _ in range((4 << 30) // len(data)):
            request.wfile.write(data)
    return act


def stall(request):
    request.connection.recv(1)  # until the other side gives up


def unhurried(data):
    """The data, but only after a while."""
    def act(request):
        time.sleep(2)
        request.wfile.write(data)
    return act


def answer(status, data=b"", media_type="application/octet-stream", length=None, then=None, **headers):
    """An answer is as long as its data, unless it tells another LENGTH, or none because something comes THEN."""
    length = len(data) if length is None and not then else length
    head = {"Content-Type": media_type, "Content-Length": length, "Connection": "close", **headers}
    lines = [f"{key.replace('_', '-')}: {value}\r\n" for key, value in head.items() if value is not None]
    return raw(f"HTTP/1.1 {status} So\r\n{''.join(lines)}\r\n".encode("latin-1") + data, then)


def redirect(place):
    return answer(307, Location=place)


def moved(host):
    """The same path, elsewhere."""
    return lambda request: redirect(f"http://{host}{request.path}")(request)


def ask_token(request, scope=None):
    scope = scope or f"repository:{request.name}:pull"
    challenge = f'Bearer realm="http://{MAIN}/token/{request.name}",service="scripted",scope="{scope}"'
    answer(401, WWW_Authenticate=challenge)(request)


def issue(uses, field="token", **more):
    """A new token, good for so many requests."""
    def act(request):
        token = secrets.token_hex(16)
        USES[token] = uses
        answer(200, json.dumps({field: token, "expires_in": 300, **more}).encode(), "application/json")(request)
    return act


def spend(request):
    token = request.authorization.removeprefix("Bearer ")
    with LOCK:
        left = USES.get(token, 0)
        USES[token] = max(left - 1, 0)
    return left > 0


# Parts of the good layer, from where the request wants it.

def part(request, most=None, **lies):
    """206 as it should be, or with other headers; at most so many bytes of it."""
    data = BLOB[request.start:][:most]
    head = {"Content_Range": f"bytes {request.start}-{request.start + len(data) - 1}/{len(BLOB)}", **lies}
    answer(206, data, **head)(request)


def breaking(most, knows_ranges=True):
    """The connection breaks after so many more bytes than the last time."""
    def act(request):
        if knows_ranges and request.start:
            rest = BLOB[request.start:]
            answer(206, rest[:most], length=len(rest), Content_Range=f"bytes {request.start}-{len(BLOB) - 1}/{len(BLOB)}")(request)
        else:
            answer(200, BLOB[:most * request.turn], length=len(BLOB))(request)
    return act


def after_break(act):
    """The whole breaks after 100000 bytes the first time; then ACT answers what has a Range."""
    whole = choose(lambda request: request.turn == 1, answer(200, BLOB_START, length=BLOB_SIZE), GOOD)
    return layer(choose(lambda request: request.start, act, whole))


def drip(data):
    """A byte now and then."""
    def act(request):
        for i in range(len(data)):
            request.wfile.write(data[i:i + 1])
            time.sleep(0.5)
    return act


# Choices between behaviours.

def choose(which, this, that):
    return lambda request: (this if which(request) else that)(request)


def layer(act):
    return choose(lambda request: request.what == GOOD.layer, act, GOOD)


def config(act):
    return choose(lambda request: request.what == GOOD.config, act, GOOD)


def manifest(act):
    return choose(lambda request: request.kind == "manifests", act, GOOD)


def document(data, media_type=MANIFEST):
    return manifest(answer(200, data if isinstance(data, bytes) else json.dumps(data).encode(), media_type))


def tagged(act, rest):
    return choose(lambda request: request.what == "v1", act, rest)


def either(image, other):
    """The blobs of both."""
    return choose(lambda request: request.what in image.blobs, image, other)


def flaky(act):
    """Every other try of the same request goes well."""
    return choose(lambda request: request.tries % 2, act, GOOD)


def in_turn(*acts):
    """The first time this, then that; the last for ever."""
    return lambda request: acts[min(request.turn, len(acts)) - 1](request)


def with_certificate(act):
    return choose(lambda request: isinstance(request.connection, ssl.SSLSocket) and request.connection.getpeercert(), act, answer(403))


def with_token(act, ask=ask_token):
    return choose(spend, act, ask)


def with_password(act, refuse=answer(401, WWW_Authenticate='Basic realm="test"')):
    return choose(lambda request: request.authorization == CREDENTIALS, act, refuse)


def with_form(field, act, refuse=answer(401)):
    return choose(lambda request: field in request.form.split("&"), act, refuse)


def at_home(act, away):
    return choose(lambda request: request.host == MAIN, act, away)


def take_push(request):
    """A registry that has nothing, and takes what is what it is called."""
    if request.kind == "uploads" and not request.what:
        return answer(202, Location=f"/v2/{request.name}/blobs/uploads/1")(request)
    named = request.path.partition("digest=")[2]
    right = request.sent is not None and named in ("", digest(request.sent))
    return answer(201 if right else 404)(request)


# Images.

def digest(data):
    return "sha256:" + hashlib.sha256(data).hexdigest()


def descriptor(data, media_type=MANIFEST, **more):
    return {"mediaType": media_type, "digest": digest(data), "size": len(data), **more}


def index(*entries):
    return {"schemaVersion": 2, "mediaType": INDEX, "manifests": list(entries)}


def entry_for(architecture, data, media_type=MANIFEST):
    return descriptor(data, media_type, platform={"os": "linux", "architecture": architecture})


class Image:
    """One image of those tars, and the behaviour of a repository that has it. LAYERS: what to send instead of them;
    CONFIG, LAYER and MANIFEST add to the configuration, to each layer's descriptor and to the manifest."""

    def __init__(self, *tars, layers=None, diff_ids=None, config=None, layer=None, manifest=None):
        tars = tars or (GOOD_TAR,)
        layers = layers or [gzip.compress(tar, mtime=0) for tar in tars]
        document = json.dumps({"architecture": ARCHITECTURE, "os": "linux", "config": {"Cmd": ["sh"]},
                               "rootfs": {"type": "layers", "diff_ids": diff_ids or [digest(tar) for tar in tars]},
                               **(config or {})}).encode()
        self.manifest = json.dumps({"schemaVersion": 2, "mediaType": MANIFEST, "config": descriptor(document, CONFIG),
                                    "layers": [{**descriptor(blob, LAYER), **(layer or {})} for blob in layers],
                                    **(manifest or {})}).encode()
        self.config, self.layer = digest(document), digest(layers[-1])
        self.blobs = {digest(data): data for data in (document, *layers)}

    def __call__(self, request):
        if request.kind == "manifests":
            answer(200, self.manifest, MANIFEST, Docker_Content_Digest=digest(self.manifest))(request)
        elif request.what in self.blobs:
            answer(200, self.blobs[request.what])(request)
        else:
            answer(404)(request)


def of_type(media_type, image):
    """The image, with this type for its configuration."""
    image.manifest = image.manifest.replace(CONFIG.encode(), media_type.encode())
    return image


def entry(name, content=b"", kind=tarfile.REGTYPE, **more):
    info = tarfile.TarInfo(name)
    info.type, info.mode, info.size = kind, 0o755, len(content)
    for key, value in more.items():
        setattr(info, key, value)
    return info.tobuf(tarfile.PAX_FORMAT) + content + bytes(-len(content) % 512)


def symlink(name, target):
    return entry(name, kind=tarfile.SYMTYPE, linkname=target)


def hardlink(name, target):
    return entry(name, kind=tarfile.LNKTYPE, linkname=target)


def device(name, kind, major, minor):
    return entry(name, kind=kind, devmajor=major, devminor=minor)


def tar(*entries):
    return b"".join(entries) + bytes(1024)


NOISE = secrets.token_bytes(300000)
GOOD_TAR = tar(entry("etc", kind=tarfile.DIRTYPE), entry("etc/hello", b"hello\n"), symlink("link", "etc/hello"),
               entry("noise", NOISE))
GOOD = Image()
BLOB = GOOD.blobs[GOOD.layer]
BLOB_START, BLOB_SIZE = BLOB[:100000], len(BLOB)
SECOND_BAD = Image(GOOD_TAR, tar(entry("../x")))
INNER_INDEX = json.dumps(index(entry_for(ARCHITECTURE, GOOD.manifest))).encode()
ZEROS = gzip.compress(bytes(16 << 20), mtime=0)
SENTINEL = os.path.abspath(sys.argv[1]) + ".sentinel"
UP = "../" * 20 + SENTINEL[1:]


# The tables.

SCENARIOS = {
    "good": GOOD,

    # What arrives is not what was named.
    "wrong-digest": layer(answer(200, BLOB[:-20] + bytes(12) + BLOB[-8:])),
    "truncated": layer(answer(200, BLOB[:len(BLOB) // 2], length=len(BLOB))),
    "short": layer(answer(200, BLOB[:-100])),
    "short-unannounced": layer(answer(200, then=raw(BLOB[:-100]))),
    "long": layer(answer(200, BLOB, then=endless(NOISE))),
    "long-announced": layer(answer(200, BLOB, length=1 << 40, then=endless(NOISE))),
    "unhurried": layer(answer(200, BLOB[:1000], length=len(BLOB), then=unhurried(BLOB[1000:]))),
    "stalled": layer(answer(200, BLOB[:1000], length=len(BLOB), then=stall)),
    "stalled-headers": layer(raw(b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n", stall)),
    "stalled-silent": manifest(stall),
    "dripping": layer(answer(200, BLOB[:1000], length=len(BLOB), then=drip(BLOB[1000:2000]))),
    "missing-layer": layer(answer(404)),
    "missing-config": config(answer(404)),
    "wrong-config": config(answer(200, b'{"architecture": "amd64", "os": "linux"}')),
    "missing-manifest": manifest(answer(404)),
    "wrong-manifest": manifest(answer(200, GOOD.manifest, MANIFEST, Docker_Content_Digest=digest(b"another"))),

    # Broken off, and begun again from there.
    "resumed": layer(breaking(80000)),
    "resumed-whole": layer(breaking(80000, knows_ranges=False)),
    "resumed-slowly": layer(breaking(1000)),
    "range-parts": after_break(lambda request: part(request, 70000)),
    "range-elsewhere": after_break(lambda request: part(request, Content_Range=f"bytes 0-{BLOB_SIZE - 1}/{BLOB_SIZE}")),
    "range-size": after_break(lambda request: part(request, Content_Range=f"bytes {request.start}-{1 << 40}/{(1 << 40) + 1}")),
    "range-junk": after_break(lambda request: part(request, Content_Range="bytes 1-0/-5")),
    "range-none": after_break(lambda request: part(request, Content_Range=None)),
    "range-refused": after_break(answer(416)),
    "range-unasked": layer(answer(206, BLOB[:1000], Content_Range=f"bytes 0-999/{BLOB_SIZE}")),
    # its end alone, which nobody can tell from what came before
    "range-wrong": after_break(lambda request: answer(
        206, BLOB[request.start:-8] + bytes(8), Content_Range=f"bytes {request.start}-{BLOB_SIZE - 1}/{BLOB_SIZE}")(request)),
    "range-endless": after_break(lambda request: answer(
        206, BLOB[request.start:], Content_Range=f"bytes {request.start}-{BLOB_SIZE - 1}/{BLOB_SIZE}", then=endless(NOISE))(request)),
    "token-mid-layer": with_token(layer(breaking(80000))),

    # Documents.
    "junk": document(NOISE[:3000]),
    "empty": document(b""),
    "html": document(b"<!DOCTYPE html><html><body>Please log in to the hotel's network</body></html>", "text/html"),
    "other-json": document({"hello": "world", "schemaVersion": 2}),
    "schema1": document({"schemaVersion": 1, "name": "schema1", "tag": "v1", "fsLayers": [], "history": []}),
    "deep": document(b'{"schemaVersion":2,"layers":' + b"[" * 100000 + b"]" * 100000 + b"}"),
    "nul": document({"schemaVersion": 2, "mediaType": MANIFEST + "\0", "layers": [], "config": {}}),
    "index-and-manifest": Image(manifest={"manifests": []}),
    "header-lies": manifest(answer(200, GOOD.manifest, INDEX)),
    "encoded": manifest(answer(200, gzip.compress(gzip.compress(GOOD.manifest)), MANIFEST, Content_Encoding="gzip, gzip")),
    "type-lies": Image(manifest={"mediaType": INDEX}),
    "no-config": Image(manifest={"config": None}),
    "many-layers": Image(manifest={"layers": [descriptor(BLOB, LAYER)] * 501}),
    "digest-path": Image(layer={"digest": "sha256:../../../../../../etc/passwd"}),
    "digest-md5": Image(layer={"digest": "md5:" + "0" * 32}),
    "digest-short": Image(layer={"digest": "sha256:" + "0" * 63}),
    "digest-nul": Image(layer={"digest": "sha256:" + "0" * 63 + "\0"}),
    "digest-capitals": Image(layer={"digest": "sha256:" + "A" * 64}),
    "negative-size": Image(layer={"size": -1}),
    "huge-sizes": Image(GOOD_TAR, GOOD_TAR, layer={"size": 2**63 - 1}),
    "layer-type": Image(layer={"mediaType": "application/vnd.example.model.v1"}),
    "foreign-layer": Image(layer={"mediaType": "application/vnd.docker.image.rootfs.foreign.diff.tar.gzip",
                                  "urls": [f"http://127.0.0.1:{OTHER_PORT}/v2/foreign-layer/blobs/{GOOD.layer}"]}),
    "other-platform": Image(config={"architecture": "mips"}),
    "other-name": Image(config={"architecture": platform.machine()}),
    "chart": of_type("application/vnd.cncf.helm.config.v1+json", Image(config={"os": "", "name": "chart"})),
    "no-platform": Image(config={"architecture": "", "os": ""}),
    "command-type": Image(config={"config": {"Cmd": {"sh": "-c"}}}),
    "few-diff-ids": Image(GOOD_TAR, GOOD_TAR, diff_ids=[digest(GOOD_TAR)]),
    "diff-id": Image(diff_ids=[digest(b"another layer")]),
    "index": document(index(entry_for("mips", b"1"), entry_for("sparc64", b"2")), INDEX),
    "index-empty": document(index(), INDEX),
    "index-sha512": document(index(entry_for("mips", b"1"), {**entry_for(ARCHITECTURE, b"2"), "digest": "sha512:" + "2" * 128}), INDEX),
    "index-lies": tagged(document(index(entry_for(ARCHITECTURE, b"promised")), INDEX), document(GOOD.manifest)),
    "index-nested": tagged(document(index(entry_for(ARCHITECTURE, INNER_INDEX, INDEX)), INDEX), document(INNER_INDEX, INDEX)),

    # Without end.
    "endless-manifest": manifest(answer(200, b'{"schemaVersion": 2, "padding": "', MANIFEST, then=endless(b" " * 65536))),
    "endless-config": config(answer(200, b'{"padding": "', then=endless(b" " * 65536))),
    "endless-error": manifest(answer(404, b'{"errors": [', then=endless(b" " * 65536))),
    "endless-headers": manifest(raw(b"HTTP/1.1 200 OK\r\n", endless((b"X-Padding: " + b"x" * 1000 + b"\r\n") * 60))),
    "endless-header": manifest(raw(b"HTTP/1.1 200 OK\r\nX-Padding: ", endless(b"x" * 65536))),
    "not-http": manifest(raw(b"220 mail.example ESMTP\r\n")),

    # For the terminal.
    "control-type": Image(layer={"mediaType": CONTROL}),
    "control-document": document({"schemaVersion": 2, "mediaType": CONTROL}),
    "control-digest": Image(layer={"digest": CONTROL}),
    "control-platform": Image(config={"architecture": CONTROL[:30]}),
    "control-index": document(index(entry_for(CONTROL[:30], b"1")), INDEX),
    "control-header": manifest(answer(200, b'{"schemaVersion": 2}', "text/" + CONTROL.replace("\r\n", "  "))),
    "control-redirect": layer(redirect(f"http://127.0.0.1:1/{CONTROL[:11]}")),
    "control-realm": answer(401, WWW_Authenticate='Bearer realm="gopher://' + CONTROL.replace("\r\n", "") + '"'),
    "control-entry": Image(tar(entry("../" + CONTROL))),
    "control-run": Image(config={"created": CONTROL, "config": {"Cmd": [CONTROL]}}),
    "control-user": Image(config={"config": {"Cmd": ["sh"], "User": CONTROL}}),

    # Layers.
    "gzip-as-plain": Image(layer={"mediaType": LAYER.replace("+gzip", "")}),
    "gzip-as-zstd": Image(layer={"mediaType": LAYER.replace("gzip", "zstd")}),
    "plain-as-gzip": Image(layers=[GOOD_TAR]),
    "plain-as-zstd": Image(layers=[GOOD_TAR], layer={"mediaType": LAYER.replace("gzip", "zstd")}),
    "other-diff-id": Image(layers=[GOOD_TAR], diff_ids=[digest(BLOB)]),
    "not-gzip": Image(layers=[b"this is no gzip data " * 100]),
    "bad-gzip": Image(layers=[BLOB[:1000] + bytes(1000) + BLOB[2000:]]),
    "cut-gzip": Image(layers=[BLOB[:-2000]]),
    "cut-tar": Image(GOOD_TAR[:100000]),
    "not-tar": Image(b"a text of some length, with which no archive begins\n" * 100),
    "huge-file": Image(tar(entry("huge", size=1 << 60))),
    "bomb": Image(layers=[gzip.compress(tar(entry("x")), mtime=0) + ZEROS * 64]),  # 1 MB, which unpacks to 1 GiB
    "second-layer": SECOND_BAD,
    "turned": tagged(choose(lambda request: request.tries == 1, GOOD, SECOND_BAD), either(GOOD, SECOND_BAD)),
    "escape-dotdot": Image(tar(entry(UP + "/new"))),
    "escape-dotdot-inside": Image(tar(entry("etc", kind=tarfile.DIRTYPE), entry("etc/../../../" + UP + "/new"))),
    "escape-absolute": Image(tar(entry(SENTINEL + "/new"))),
    "escape-symlink": Image(tar(symlink("out", SENTINEL), entry("out/new"), entry("out/kept", b"escaped"))),
    "escape-symlink-dotdot": Image(tar(symlink("out", UP), entry("out/new"), entry("out/kept", b"escaped"))),
    "escape-symlink-chain": Image(tar(symlink("a", "b"), symlink("b", "../" * 20), entry("a/" + SENTINEL + "/new"))),
    "escape-symlink-last": Image(tar(symlink("out", SENTINEL + "/kept"), entry("out", b"escaped"))),
    "escape-symlink-below": Image(tar(symlink("out", SENTINEL)), tar(entry("out/new"), entry("out/kept", b"escaped"))),
    "escape-mode": Image(tar(symlink("out", SENTINEL), entry("out", kind=tarfile.DIRTYPE, mode=0o700, mtime=1))),
    "escape-whiteout": Image(tar(symlink("out", SENTINEL)), tar(entry("out/.wh.kept"), entry("out/.wh..wh..opq"))),
    "escape-whiteout-dotdot": Image(tar(entry(".wh..."))),
    "escape-whiteout-device": Image(tar(device("x", tarfile.CHRTYPE, 0, 0))),
    "escape-hardlink": Image(tar(hardlink("stolen", SENTINEL + "/kept"))),
    "escape-hardlink-dotdot": Image(tar(hardlink("stolen", UP + "/kept"))),
    "escape-hardlink-symlink": Image(tar(symlink("out", SENTINEL), hardlink("stolen", "out/kept"))),
    "escape-hardlink-write": Image(tar(symlink("out", SENTINEL + "/kept"), hardlink("in", "out"), entry("in", b"escaped"))),
    "escape-device": Image(tar(device("null", tarfile.CHRTYPE, 1, 3), device("disk", tarfile.BLKTYPE, 8, 0), entry("x"))),
    "escape-run": Image(tar(symlink("out", SENTINEL)), config={"config": {
        "Cmd": ["/out/kept"], "WorkingDir": "/out/made", "Volumes": {"/out/new": {}, UP + "/new": {}}}}),
    "escape-etc": Image(tar(entry("etc", kind=tarfile.DIRTYPE), symlink("etc/hosts", SENTINEL + "/kept"),
                            symlink("etc/resolv.conf", UP + "/new"), symlink("etc/hostname", "loop"), symlink("etc/loop", "hostname"))),
    "escape-etc-directory": Image(tar(symlink("etc", UP))),

    # Redirects.
    "redirect-loop": layer(redirect("?again")),
    "redirect-file": layer(redirect("file:///etc/passwd")),
    "redirect-ftp": layer(redirect(f"ftp://{MAIN}/layer")),
    "redirect-dict": layer(redirect(f"dict://{MAIN}/d:layer")),
    "redirect-gopher": layer(redirect(f"gopher://{MAIN}/1layer")),
    "redirect-empty": layer(redirect("")),
    "redirect-nowhere": layer(redirect("http://127.0.0.1:1/layer")),
    "moved-host": at_home(with_token(layer(moved(f"localhost:{PORT}"))), GOOD),
    "moved-port": at_home(with_token(layer(moved(f"127.0.0.1:{OTHER_PORT}"))), GOOD),
    "moved-challenge": at_home(with_password(layer(moved(f"localhost:{PORT}"))), answer(
        401, WWW_Authenticate=f'Bearer realm="http://localhost:{PORT}/token/moved-challenge"')),
    "moved-password": at_home(with_password(layer(moved(f"localhost:{PORT}"))), GOOD),

    "redirect-user": layer(redirect(f"http://ann:secret@127.0.0.1:{PORT}/layer")),
    "redirect-plain": choose(lambda request: isinstance(request.connection, ssl.SSLSocket), layer(moved(MAIN)), GOOD),
    "redirect-tls": choose(lambda request: isinstance(request.connection, ssl.SSLSocket), GOOD,
                           layer(lambda request: redirect(f"https://127.0.0.1:{TLS_PORT}{request.path}")(request))),
    "certificate": with_certificate(GOOD),
    "certificate-moved": choose(lambda request: request.host == f"127.0.0.1:{TLS_PORT}", with_certificate(layer(
        lambda request: redirect(f"https://localhost:{TLS_PORT}{request.path}")(request))), with_certificate(GOOD)),

    # Statuses.
    "busy": manifest(in_turn(answer(429, Retry_After=1), answer(503), GOOD)),
    "busy-date": manifest(in_turn(lambda request: answer(
        429, Retry_After=email.utils.formatdate(time.time() + 1, usegmt=True))(request), GOOD)),
    "busy-for-ever": manifest(answer(429, Retry_After=1)),
    "busy-layer": layer(in_turn(answer(200, BLOB_START, length=BLOB_SIZE), answer(500), GOOD)),
    "error-500": answer(500, b"<html>sorry</html>", "text/html", Retry_After=1),
    "teapot": answer(418, b"short and stout"),
    "no-content": answer(204),
    "forbidden": answer(403),
    "flaky": layer(flaky(answer(503, Retry_After=1))),
    "dropped": manifest(flaky(raw(b""))),

    # Challenges. What has a line in TOKENS, and none here, gives the good image for a token.
    "token-greedy": with_token(GOOD, lambda request: ask_token(request, "registry:catalog:*")),
    "password": with_password(GOOD),
    "two-challenges": with_token(GOOD, answer(
        401, WWW_Authenticate=f'Basic realm="x"\r\nWWW-Authenticate: Bearer realm="http://{MAIN}/token/two-challenges"')),
    "challenge-none": answer(401),
    "challenge-empty": answer(401, WWW_Authenticate=""),
    "challenge-junk": answer(401, WWW_Authenticate='=,,"realm Bearer ="\\'),
    "challenge-unknown": answer(401, WWW_Authenticate="Negotiate oYG2MIGzoAMKAQA="),
    "challenge-unclosed": answer(401, WWW_Authenticate='Bearer realm="http://127.0.0.1:1/token'),
    "realm-none": answer(401, WWW_Authenticate="Bearer"),
    "realm-long": answer(401, WWW_Authenticate='Bearer realm="http://127.0.0.1/' + "x" * 8000 + '"'),
    "realm-file": answer(401, WWW_Authenticate='Bearer realm="file:///etc/passwd"'),
    "realm-plain": answer(401, WWW_Authenticate='Bearer realm="http://192.0.2.1/token"'),
    "realm-user": answer(401, WWW_Authenticate='Bearer realm="http://127.0.0.1:80@192.0.2.1/token"'),
    "realm-metadata": answer(401, WWW_Authenticate='Bearer realm="http://169.254.169.254/latest/meta-data"'),
    "realm-nowhere": answer(401, WWW_Authenticate='Bearer realm="http://127.0.0.1:1/token"'),
}

TOKENS = {
    "token": issue(100),
    "token-access": issue(100, "access_token"),
    "token-once": issue(1),
    "token-never": issue(0),
    "token-greedy": issue(100),
    "token-password": with_password(issue(100), answer(401)),
    "token-identity": with_form("refresh_token=s%2Fme", issue(100, "access_token")),
    "token-identity-moved": choose(lambda request: request.form, redirect(f"http://localhost:{PORT}/token/good"), issue(100)),
    "token-short": issue(100, expires_in=1, issued_at="2999-01-01T00:00:00Z"),
    "token-past": issue(100, expires_in=-1, issued_at="1970-01-01T00:00:00Z"),
    "token-busy": in_turn(answer(503), answer(429, Retry_After=1), issue(100)),
    "token-mid-layer": issue(4),
    "token-moved": at_home(with_password(moved(f"localhost:{PORT}")), issue(100)),
    "token-empty": answer(200, b"{}"),
    "token-html": answer(200, b"<html>", "text/html"),
    "token-number": answer(200, b'{"token": 17}'),
    "token-newline": answer(200, b'{"token": "x\\r\\nX-Evil: 1"}'),
    "token-error": answer(500, b"sorry"),
    "token-endless": answer(200, b'{"token": "', then=endless(b" " * 65536)),
    "moved-challenge": issue(100),
    "token-redirect": redirect("file:///etc/passwd"),
    "two-challenges": issue(100),
    "push": issue(100),
    "push-once": issue(1),
    "moved-host": issue(100),
    "moved-port": issue(100),
}
SCENARIOS.update({name: with_token(take_push, lambda request: ask_token(request, f"repository:{request.name}:pull,push"))
                  for name in ("push", "push-once")})
SCENARIOS.update({name: with_token(GOOD) for name in TOKENS if name not in SCENARIOS})


def main():
    os.mkdir(SENTINEL)
    os.chmod(SENTINEL, 0o777)
    with open(SENTINEL + "/kept", "w") as file:
        file.write("untouched\n")
    os.chmod(SENTINEL + "/kept", 0o666)
    for listener in (*LISTENERS[1:], TLS, EXPIRED):
        threading.Thread(target=listener.serve_forever, daemon=True).start()
    for name, port in ("tls", TLS_PORT), ("expired", EXPIRED.server_port), ("silent", SILENT.getsockname()[1]):
        with open(f"{sys.argv[1]}.{name}", "w") as file:
            file.write(f"{port}\n")
    with open(sys.argv[1] + ".new", "w") as file:
        file.write(f"{PORT}\n")
    os.rename(sys.argv[1] + ".new", sys.argv[1])
    LISTENERS[0].serve_forever()


main()
