#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""tokens.py DIR: the token server of a docker-registry, on loopback. Writes its port into DIR/token-port.

Tokens are signed with DIR/server.key and carry DIR/server.crt, which the registry trusts (distribution, "Token
Authentication Implementation"). Anybody may pull the repository "open"; the user "ann" with the password "secret" may do
anything but in the repository "closed". Whoever gives another password gets no token.
"""
import base64, http.server, json, os, secrets, subprocess, sys, time, urllib.parse

DIR = sys.argv[1]
ANN = "Basic " + base64.b64encode(b"ann:secret").decode()


def encode(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def certificate():
    with open(f"{DIR}/server.crt") as f:
        return "".join(line.strip() for line in f if "CERTIFICATE" not in line)


def token(service, access):
    now = int(time.time())
    header = {"typ": "JWT", "alg": "RS256", "x5c": [certificate()]}
    claims = {"iss": "test-issuer", "sub": "", "aud": service, "nbf": now - 10, "iat": now, "exp": now + 300,
              "jti": secrets.token_hex(8), "access": access}
    text = ".".join(encode(json.dumps(part).encode()) for part in (header, claims))
    signature = subprocess.run(["openssl", "dgst", "-sha256", "-sign", f"{DIR}/server.key"], input=text.encode(),
                               stdout=subprocess.PIPE, check=True).stdout
    return f"{text}.{encode(signature)}"


class Request(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        if self.headers.get("Authorization", ANN) != ANN:
            return self.send_error(401)
        query = urllib.parse.parse_qs(urllib.parse.urlparse(self.path).query)
        access = []
        for scope in query.get("scope", []):
            kind, name, actions = scope.split(":")
            if name == "closed":
                continue
            allowed = actions.split(",") if self.headers.get("Authorization") == ANN else ["pull"] if name == "open" else []
            access.append({"type": kind, "name": name, "actions": allowed})
        answer = json.dumps({"token": token(query["service"][0], access)}).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, *_):
        pass


server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Request)
with open(f"{DIR}/token-port.new", "w") as f:
    f.write(str(server.server_address[1]))
os.rename(f"{DIR}/token-port.new", f"{DIR}/token-port")
server.serve_forever()
