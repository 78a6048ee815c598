# SPDX-License-Identifier: Apache-2.0
"""Probes and hooks of pods: programs, HTTP and TCP in the pod's own network.

Containers share a directory with the test, in which they leave traces and wait for
files: nothing here waits for a while.
"""
import json

import pytest

from desk import run, wait_until

# What it is asked for is in 'asked'; it listens when there is a file 'listen'; a path is
# well while there is a file of its name.
SERVER = r"""
import http.server, os, socketserver, time
class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        with open("/desk/asked", "a") as asked:
            asked.write(self.path + " " + self.headers.get("X-From", "-") + "\n")
        self.send_response(200 if os.path.exists("/desk" + self.path) else 503)
        self.end_headers()
    def log_message(self, *args):
        pass
while not os.path.exists("/desk/listen"):
    time.sleep(0.05)
socketserver.TCPServer(("", 8080), Handler).serve_forever()
"""


class Pod:
    """A pod of one container 'main', with a directory of the test's at /desk."""

    def __init__(self, desk, name, argv, container, **spec):
        self.desk = desk
        self.name = name
        self.dir = desk.dir / name
        self.dir.mkdir()
        self.dir.chmod(0o777)
        main = {"name": "main", "image": "small", "command": argv,
                "imagePullPolicy": "Never",
                "volumeMounts": [{"name": "desk", "mountPath": "/desk"},
                                 {"name": "usr", "mountPath": "/usr", "readOnly": True}],
                # The node's Python finds its libraries beside it.
                "env": [{"name": "LD_LIBRARY_PATH",
                         "value": "/usr/lib/x86_64-linux-gnu:/usr/lib/aarch64-linux-gnu"}],
                **container}
        volumes = [{"name": "desk", "hostPath": {"path": str(self.dir)}},
                   {"name": "usr", "hostPath": {"path": "/usr"}}]
        manifest = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": name},
                    "spec": {"terminationGracePeriodSeconds": 2, **spec,
                             "containers": [main], "volumes": volumes}}
        desk.berth("apply", "-f", "-", input=json.dumps(manifest))

    def status(self):
        return json.loads(self.desk.berth("get", "pod", self.name, "-o",
                                          "json").stdout)["status"]

    def main(self):
        found = self.status().get("containerStatuses", [])
        return found[0] if found else {"ready": False, "started": False, "restartCount": 0,
                                       "state": {}, "lastState": {}}

    def until(self, condition, what):
        return wait_until(lambda: condition(self.main()), what=f"{self.name}: {what}")

    def events(self):
        """Reasons and words of all that it was told of."""
        listed = self.desk.berth("events", "--for", f"pod/{self.name}", "-o", "json").stdout
        return [(event["reason"], event["message"]) for event in json.loads(listed)["items"]]

    def until_event(self, reason, words):
        wait_until(lambda: any(r == reason and words in m for r, m in self.events()),
                   what=f"{self.name}: {reason}: {words}")

    def touch(self, name):
        (self.dir / name).touch()

    def lines(self, name):
        path = self.dir / name
        return path.read_text().splitlines() if path.exists() else []

    def delete(self):
        self.desk.berth("delete", "pod", self.name)


@pytest.fixture
def pod(desk):
    made = []

    def make(*args, **spec):
        made.append(Pod(desk, *args, **spec))
        return made[-1]

    yield make
    for one in made:
        desk.berth("delete", "pod", one.name, "--now", "--ignore-not-found")


def sh(script):
    return ["sh", "-c", script]


def server(**container):
    return ["/usr/bin/python3", "-c", SERVER], container


def ends(status, at="state"):
    return status[at].get("terminated", {})


def test_a_container_whose_liveness_fails_is_started_anew(pod):
    one = pod("live", sh("[ -e /desk/ill ] && : > /desk/cured; echo run >> /desk/runs\n"
                         "exec sleep 1000"),
              {"livenessProbe": {"exec": {"command": sh(
                  "echo looked; ! [ -e /desk/ill ] || [ -e /desk/cured ]")},
                                 "periodSeconds": 1, "timeoutSeconds": 30,
                                 "failureThreshold": 2}})
    wait_until(lambda: one.lines("runs"), what="the first run")
    one.touch("ill")
    wait_until(lambda: len(one.lines("runs")) >= 2, what="the second run")
    main = one.until(lambda main: main["ready"] and main["lastState"] and main, "ready again")
    assert main["restartCount"] >= 1
    assert ends(main, "lastState")["exitCode"] == 143
    one.until_event("Unhealthy", "Liveness probe failed: exit status 1: looked")
    one.until_event("Killing", "liveness")


def test_startup_stands_before_readiness_which_comes_and_goes(pod):
    argv, container = server(
        ports=[{"name": "web", "containerPort": 8080}],
        startupProbe={"tcpSocket": {"port": "web"}, "periodSeconds": 1,
                      "timeoutSeconds": 30, "failureThreshold": 1000},
        readinessProbe={"httpGet": {"port": "web", "path": "/well",
                                    "httpHeaders": [{"name": "X-From", "value": "probe"}]},
                        "periodSeconds": 1, "timeoutSeconds": 30, "failureThreshold": 1},
        lifecycle={"preStop": {"httpGet": {"port": 8080, "path": "/bye"}}})
    one = pod("web", argv, container)
    one.until_event("Unhealthy", ":8080: connect: connection refused")
    main = one.main()
    assert not main["started"] and not main["ready"] and not one.lines("asked")
    one.touch("listen")
    one.until(lambda main: main["started"], "started")
    one.until_event("Unhealthy", "Readiness probe failed: HTTP probe failed with "
                                 "statuscode: 503")
    assert not one.main()["ready"] and one.lines("asked")[0] == "/well probe"
    one.touch("well")
    one.until(lambda main: main["ready"], "ready")
    (one.dir / "well").unlink()
    one.until(lambda main: not main["ready"], "not ready")
    assert one.main()["restartCount"] == 0
    # A hook by HTTP is asked before the end, and no status of it delays that.
    one.delete()
    assert "/bye -" in one.lines("asked")


def test_a_probe_that_hangs_is_a_bad_one_and_is_killed(pod):
    one = pod("slow", sh("exec sleep 1000"),
              {"readinessProbe": {"exec": {"command": sh("trap 'echo ended >> /desk/trace' TERM\n"
                                                         "echo run >> /desk/trace\n"
                                                         "while :; do sleep 0.1; done")},
                                  "periodSeconds": 1, "failureThreshold": 1}})
    one.until_event("Unhealthy", "Readiness probe failed: no answer within 1s")
    wait_until(lambda: len(one.lines("trace")) >= 2, what="a second probe")
    assert set(one.lines("trace")) == {"run"}
    main = one.main()
    assert main["started"] and not main["ready"] and "running" in main["state"]


def test_pre_stop_comes_before_the_signal(pod):
    one = pod("polite", sh("trap 'echo term >> /desk/trace; exit 0' TERM\n"
                           "while :; do sleep 0.05; done"),
              {"lifecycle": {"preStop": {"exec": {"command": sh("echo bye >> /desk/trace")}}}},
              terminationGracePeriodSeconds=60)
    one.until(lambda main: main["ready"], "ready")
    one.delete()
    assert one.lines("trace") == ["bye", "term"]


def test_the_grace_holds_for_hook_and_signal_together(pod):
    one = pod("stubborn", sh("trap '' TERM; while :; do sleep 0.05; done"),
              {"lifecycle": {"preStop": {"exec": {"command":
                  sh("echo bye >> /desk/trace; exec sleep 1000")}}}},
              terminationGracePeriodSeconds=1)
    one.until(lambda main: main["ready"], "ready")
    one.delete()
    assert one.lines("trace") == ["bye"]


def test_post_start_comes_before_started(pod):
    one = pod("hooked", sh("exec sleep 1000"),
              {"lifecycle": {"postStart": {"exec": {"command":
                  sh("echo hook >> /desk/trace; while ! [ -e /desk/go ]; do sleep 0.05; done")}}}})
    wait_until(lambda: one.lines("trace"), what="the hook")
    main = one.until(lambda main: "running" in main["state"] and main, "running")
    assert not main["started"] and not main["ready"]
    one.touch("go")
    one.until(lambda main: main["started"] and main["ready"], "started")


def test_a_post_start_that_fails_ends_the_container(pod):
    one = pod("broken", sh("exec sleep 1000"),
              {"lifecycle": {"postStart": {"exec": {"command": sh("echo no such thing; exit 3")}}}},
              restartPolicy="Never")
    wait_until(lambda: one.status()["phase"] == "Failed", what="the end of the pod")
    assert ends(one.main())["exitCode"] == 143
    one.until_event("FailedPostStartHook", "exit status 3: no such thing")


# ------------------------------------------------------------------ TLS and gRPC

TLS_SERVER = SERVER.replace("import http.server", "import ssl, http.server").replace(
    'socketserver.TCPServer(("", 8080), Handler).serve_forever()', """
server = socketserver.TCPServer(("", 8080), Handler)
context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain("/desk/pem")
server.socket = context.wrap_socket(server.socket, server_side=True)
server.serve_forever()
""")
# As much of HTTP/2 as a health check needs: 'service' is well while there is a file of
# its name.
GRPC_SERVER = r"""
import os, socket, struct
def frame(kind, flags, stream, payload=b""):
    return struct.pack(">I", len(payload))[1:] + bytes([kind, flags]) + \
        struct.pack(">I", stream) + payload
def literal(name, value):
    return bytes([0, len(name)]) + name + bytes([len(value)]) + value
def full(conn, n):
    data = b""
    while len(data) < n:
        more = conn.recv(n - len(data))
        if not more:
            raise EOFError
        data += more
    return data
def serve(conn):
    full(conn, 24)
    conn.sendall(frame(4, 0, 0))
    while True:
        head = full(conn, 9)
        size, kind, flags = int.from_bytes(head[:3], "big"), head[3], head[4]
        stream, payload = struct.unpack(">I", head[5:])[0], full(conn, size)
        if kind == 4 and not flags & 1:
            conn.sendall(frame(4, 1, 0))
        elif kind == 0 and flags & 1:
            name = payload[7:].decode()
            with open("/desk/asked", "a") as asked:
                asked.write(name + "\n")
            status = 1 if os.path.exists("/desk/" + name) else 2
            conn.sendall(frame(1, 4, stream, b"\x88" + literal(b"content-type",
                                                               b"application/grpc")) +
                         frame(0, 0, stream, bytes([0, 0, 0, 0, 2, 8, status])) +
                         frame(1, 5, stream, literal(b"grpc-status", b"0")))
listener = socket.create_server(("", 8080))
while True:
    conn, _ = listener.accept()
    try:
        serve(conn)
    except (EOFError, OSError):
        conn.close()
"""


def test_a_probe_speaks_https_and_looks_at_no_certificate(pod):
    made = pod("tls", ["/usr/bin/python3", "-c", "import time\nwhile True:\n try:\n  open('/desk/pem')\n"
                       "  break\n except OSError: time.sleep(0.05)\n" + TLS_SERVER], {
        "ports": [{"name": "web", "containerPort": 8080}],
        "readinessProbe": {"httpGet": {"path": "/ready", "port": "web", "scheme": "HTTPS",
                                       "httpHeaders": [{"name": "X-From", "value": "probe"}]},
                           "periodSeconds": 1, "timeoutSeconds": 10}})
    # Of somebody else's name, and made by nobody: probes do not look at it.
    files = {"-keyout": "key", "-out": "cert"}
    run("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=other", "-days",
        "2", *(word for option, name in files.items() for word in (option, made.dir / name)))
    (made.dir / "new").write_text((made.dir / "key").read_text() +
                                  (made.dir / "cert").read_text())
    (made.dir / "new").chmod(0o644)
    (made.dir / "new").rename(made.dir / "pem")
    made.until_event("Unhealthy", "Get \"https://")
    made.touch("listen")
    made.until_event("Unhealthy", "statuscode: 503")
    assert not made.main()["ready"]
    made.touch("ready")
    made.until(lambda main: main["ready"], "ready")
    assert "/ready probe" in made.lines("asked")


def test_a_probe_asks_a_service_by_grpc(pod):
    made = pod("grpc", ["/usr/bin/python3", "-c", GRPC_SERVER], {
        "readinessProbe": {"grpc": {"port": 8080, "service": "shop.Till"},
                           "periodSeconds": 1, "timeoutSeconds": 10}})
    made.until_event("Unhealthy", 'service unhealthy (responded with "NOT_SERVING")')
    made.touch("shop.Till")
    made.until(lambda main: main["ready"], "ready")
    assert set(made.lines("asked")) == {"shop.Till"}
