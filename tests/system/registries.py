# SPDX-License-Identifier: Apache-2.0
"""Registries for tests: Debian's docker-registry on loopback, a token service, and a
proxy before a registry that breaks things when told to."""
import base64
import hashlib
import http.client
import http.server
import json
import os
import signal
import socket
import subprocess
import threading
import time
import urllib.parse

from desk import wait_until


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


class Registry:
    """docker-registry with its data below a directory; 'auth' goes into its file."""

    def __init__(self, directory, auth=""):
        self.dir = directory
        directory.mkdir(exist_ok=True)
        # Somebody else may take the port before it does: then it ends, and another is tried.
        while True:
            self.start(auth)
            wait_until(lambda: self.process.poll() is not None or self.is_up(),
                       what="the registry's start")
            if self.process.poll() is None:
                break
            assert "address already in use" in (directory / "log").read_text()

    def start(self, auth):
        self.port = free_port()
        self.host = f"127.0.0.1:{self.port}"
        (self.dir / "config.yml").write_text(
            f"version: 0.1\nlog: {{level: error, accesslog: {{disabled: true}}}}\n"
            f"storage: {{filesystem: {{rootdirectory: {self.dir}/data}}}}\n"
            f"http: {{addr: '{self.host}'}}\n{auth}")
        with open(self.dir / "log", "w", encoding="utf-8") as log:
            self.process = subprocess.Popen(
                ["docker-registry", "serve", self.dir / "config.yml"], stdout=log, stderr=log)

    def is_up(self):
        with socket.socket() as s:
            return s.connect_ex(("127.0.0.1", self.port)) == 0

    def stop(self):
        self.process.terminate()
        self.process.wait()

    def request(self, method, path, body=None, headers=None):
        """Status, headers and bytes of one plain request."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        connection.request(method, path, body, headers or {})
        answer = connection.getresponse()
        return answer.status, answer.headers, answer.read()

    def put_blob(self, name, data):
        """Upload bytes; their descriptor."""
        digest = "sha256:" + hashlib.sha256(data).hexdigest()
        _, headers, _ = self.request("POST", f"/v2/{name}/blobs/uploads/")
        where = urllib.parse.urlsplit(headers["Location"])
        status, _, body = self.request(
            "PUT", f"{where.path}?{where.query}&digest={digest}", data,
            {"Content-Type": "application/octet-stream"})
        assert status == 201, body
        return {"digest": digest, "size": len(data)}

    def put_manifest(self, name, reference, document):
        """Upload a manifest or index; its descriptor."""
        data = json.dumps(document).encode()
        status, headers, body = self.request("PUT", f"/v2/{name}/manifests/{reference}", data,
                                             {"Content-Type": document["mediaType"]})
        assert status == 201, body
        return {"mediaType": document["mediaType"], "size": len(data),
                "digest": headers["Docker-Content-Digest"]}

    def put_image(self, name, reference, layers, arch, compress):
        """An OCI image of tars, as a stranger would make it."""
        config = json.dumps({
            "os": "linux", "architecture": arch, "config": {},
            "rootfs": {"type": "layers", "diff_ids": [
                "sha256:" + hashlib.sha256(layer).hexdigest() for layer in layers]}}).encode()
        oci = "application/vnd.oci.image"
        return self.put_manifest(name, reference, {
            "schemaVersion": 2, "mediaType": f"{oci}.manifest.v1+json",
            "config": {"mediaType": f"{oci}.config.v1+json", **self.put_blob(name, config)},
            "layers": [{"mediaType": f"{oci}.layer.v1.tar+gzip",
                        **self.put_blob(name, compress(layer))} for layer in layers]})

    def blob_file(self, digest):
        """Where the registry keeps a blob."""
        hexes = digest.partition(":")[2]
        return self.dir / "data/docker/registry/v2/blobs/sha256" / hexes[:2] / hexes / "data"


class Server(http.server.ThreadingHTTPServer):
    """A server in this process whose handlers know it as self.server."""
    daemon_threads = True

    def __init__(self, handler, address="127.0.0.1"):
        super().__init__((address, 0), handler)
        self.host = f"{address}:{self.server_port}"
        self.log = []
        self.thread = threading.Thread(target=self.serve_forever, kwargs={"poll_interval": 0.05})
        self.thread.start()

    def handle_error(self, request, client_address):
        pass  # broken connections are what this is for

    def stop(self):
        self.shutdown()
        self.thread.join()
        self.server_close()


class Quiet(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *args):
        pass

    def answer(self, status, body=b"", **headers):
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)


class ProxyHandler(Quiet):
    """Passes requests on, unless one of the server's faults takes them."""

    def handle_any(self):
        length = int(self.headers.get("Content-Length") or 0)
        body = self.rfile.read(length) if length else None
        self.server.log.append((self.command, self.path, dict(self.headers)))
        for fault in list(self.server.faults):
            if fault(self, body):
                return
        self.pass_on(body)

    do_GET = do_HEAD = do_POST = do_PUT = do_PATCH = handle_any

    def ask(self, body):
        connection = http.client.HTTPConnection("127.0.0.1", self.server.behind.port, timeout=30)
        headers = {name: value for name, value in self.headers.items()
                   if name.lower() not in ("host", "connection")}
        headers["Host"] = self.server.host
        connection.request(self.command, self.path, body, headers)
        return connection.getresponse()

    def send_head(self, answer):
        self.send_response(answer.status)
        for name, value in answer.headers.items():
            if name.lower() not in ("connection", "transfer-encoding", "server", "date"):
                self.send_header(name, value)
        self.end_headers()

    def pass_on(self, body):
        answer = self.ask(body)
        self.send_head(answer)
        while chunk := answer.read(1 << 16):
            self.wfile.write(chunk)

    def cut(self, body, after):
        """The answer's first bytes, then nothing but the end."""
        answer = self.ask(body)
        self.send_head(answer)
        self.wfile.write(answer.read(after))
        self.wfile.flush()
        self.connection.shutdown(socket.SHUT_RDWR)
        self.close_connection = True


class Proxy(Server):
    """Before 'behind'; 'faults' are functions of (handler, body) that answer instead and
    return True, or leave it."""

    def __init__(self, behind, address="127.0.0.1"):
        self.behind = behind
        self.faults = []
        super().__init__(ProxyHandler, address)

    def paths(self, method, part):
        return [path for verb, path, _ in self.log if verb == method and part in path]


def once(fault, part, method="GET"):
    """The fault for the first request of the method whose path holds 'part'."""
    lock, done = threading.Lock(), []

    def apply(handler, body):
        if handler.command != method or part not in handler.path:
            return False
        with lock:
            if done:
                return False
            done.append(handler.path)
        fault(handler, body)
        return True
    return apply


def base64url(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=")


class TokenHandler(Quiet):
    def do_GET(self):
        server = self.server
        query = urllib.parse.parse_qs(urllib.parse.urlsplit(self.path).query)
        given = self.headers.get("Authorization", "")
        expected = "Basic " + base64.b64encode(b"alice:secret").decode()
        server.log.append((query, given))
        if given and given != expected:
            self.answer(401, b'{"errors":[{"message":"who are you?"}]}')
            return
        access = []
        for scope in query.get("scope", []):
            kind, name, actions = scope.rsplit(":", 2)
            allowed = actions.split(",") if given else []
            access.append({"type": kind, "name": name, "actions": allowed})
        self.answer(200, json.dumps({"token": server.sign(access)}).encode(),
                    Content_Type="application/json")


class TokenService(Server):
    """Tokens as docker-registry checks them: RS256, the certificate in x5c. Only
    alice, whose password is secret, may do anything."""

    def __init__(self, directory):
        self.key, self.certificate = directory / "key.pem", directory / "cert.pem"
        subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "1",
                        "-subj", "/CN=tokens", "-keyout", self.key, "-out", self.certificate],
                       check=True, stderr=subprocess.DEVNULL)
        super().__init__(TokenHandler)

    def settings(self):
        return (f"auth: {{token: {{realm: 'http://{self.host}/token', service: tests, "
                f"issuer: tests, rootcertbundle: {self.certificate}}}}}\n")

    def sign(self, access):
        lines = self.certificate.read_text().splitlines()
        head = {"typ": "JWT", "alg": "RS256", "x5c": ["".join(lines[1:-1])]}
        now = int(time.time())
        claims = {"iss": "tests", "sub": "alice", "aud": "tests", "exp": now + 300,
                  "nbf": now - 10, "iat": now, "jti": "1", "access": access}
        text = b".".join(base64url(json.dumps(part).encode()) for part in (head, claims))
        signature = subprocess.run(["openssl", "dgst", "-sha256", "-sign", self.key], input=text,
                                   stdout=subprocess.PIPE, check=True).stdout
        return (text + b"." + base64url(signature)).decode()


def kill_and_wait(process):
    process.send_signal(signal.SIGKILL)
    process.wait()


def missing(*programs):
    """Of the programs that a test needs, those that are not installed."""
    folders = os.environ["PATH"].split(":")
    return [name for name in programs
            if not any(os.access(os.path.join(folder, name), os.X_OK) for folder in folders)]
