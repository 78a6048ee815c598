# SPDX-License-Identifier: Apache-2.0
"""Bad input at a node's local sockets: of daemons, and of leads of jobs and pods.

Envelopes are made by hand here, as a stranger would make them.
"""
import array
import json
import os
import socket
import struct

import pytest

from desk import wait_until

# Bodies of Envelope, by their numbers in messages.proto.
JOB_ENDED, LAUNCH_STEP, HELLO, ADOPT, JOIN = 45, 70, 80, 82, 100
EXEC, LOG, PORT, CHANGED, WIRE = 200, 207, 355, 356, 360
LEAD = (1 << 64) - 1  # -1 as an int64


def varint(value):
    out = b""
    while value > 127:
        out += bytes([value & 127 | 128])
        value >>= 7
    return out + bytes([value])


def number(field, value):
    return varint(field << 3) + varint(value)


def text(field, value):
    value = value if isinstance(value, bytes) else value.encode()
    return varint(field << 3 | 2) + varint(len(value)) + value


def frame(body, content, identity=1):
    message = number(1, identity) + text(body, content)
    return struct.pack(">I", len(message)) + message


def hello(job, epoch=1, step=LEAD, pid=None):
    return frame(HELLO, number(1, job) + number(2, epoch) + number(3, step) +
                 number(4, pid or os.getpid()))


def say(path, *pieces, fds=()):
    """Send this and read until the other side has had enough; what it answered."""
    with socket.socket(socket.AF_UNIX) as sock:
        sock.settimeout(60)
        sock.connect(str(path))
        try:
            for piece in pieces:
                rights = [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", fds))]
                sock.sendmsg([piece], rights if fds else [])
            sock.shutdown(socket.SHUT_WR)
        except (BrokenPipeError, ConnectionResetError):
            pass
        answer = b""
        try:
            while piece := sock.recv(65536):
                answer += piece
        except ConnectionResetError:
            pass
        return answer


@pytest.fixture
def running(desk):
    """A batch job and a pod that run on nodes n1 and n2."""
    job = desk.submit("-w", "n1", "--image", "small", "-o", "out", "--wrap",
                      "echo up; exec sleep 600")
    pod = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "bad-input"},
           "spec": {"terminationGracePeriodSeconds": 0, "restartPolicy": "Never",
                    "nodeName": "n2",
                    "containers": [{"name": "main", "image": "small", "imagePullPolicy": "Never",
                                    "command": ["sleep", "600"]}]}}
    desk.berth("apply", "-f", "-", input=json.dumps(pod))

    def status():
        return json.loads(desk.berth("get", "pod", "bad-input", "-o", "json").stdout)["status"]
    desk.until_text("out", "up")
    wait_until(lambda: status().get("phase") == "Running", what="the pod")
    yield job, status()["job"]
    desk.berth("delete", "pod", "bad-input")


def nonsense():
    """What no program of ours would send."""
    yield b""
    yield b"\0" * 3
    yield struct.pack(">I", 0)
    yield struct.pack(">I", 0xffffffff) + b"x" * 100
    yield struct.pack(">I", 64 << 20) + b"x" * 100
    yield struct.pack(">I", 8) + b"\xff" * 8
    yield frame(WIRE, b"\xff" * 40)
    yield frame(CHANGED, text(4, text(1, b"\xff\xfe\0")))
    yield frame(EXEC, b"".join(text(1, "x" * 1000) for _ in range(2000)))


def jobs_go_on(desk, running):
    job, pod = running
    assert desk.job(job)["state"] == desk.job(pod)["state"] == "RUNNING"
    assert desk.berth("exec", job, "sh", "-c", "echo fine").stdout == "fine\n"
    assert desk.berth("exec", "bad-input", "sh", "-c", "echo fine").stdout == "fine\n"
    assert {node["state"] for node in desk.cluster_nodes()} <= {"IDLE", "MIXED", "ALLOCATED"}
    assert all(node["alive"] for node in desk.cluster.status()["nodes"])


def test_a_daemon_talks_to_its_shepherds_alone(desk, running):
    job, pod = running
    with open("/proc/self/ns/net", encoding="utf-8") as own_network:
        for node, number_of_job in (("n1", job), ("n2", pod)):
            path = desk.cluster.dir / "run" / node / "node.sock"
            for piece in nonsense():
                say(path, piece)
            for body in (JOB_ENDED, LAUNCH_STEP, CHANGED, WIRE, ADOPT, EXEC, LOG, PORT):
                claim = frame(body, number(1, number_of_job) + number(2, 1))
                assert say(path, claim) == b""
                assert b"no record" in say(path, hello(number_of_job), claim,
                                           fds=[own_network.fileno()])
            for step in (LEAD, 0, 7):
                for epoch in (0, 1, 2):
                    assert b"no record" in say(path, hello(number_of_job, epoch, step))
    jobs_go_on(desk, running)


def test_a_lead_answers_bad_requests_and_goes_on(desk, running):
    job, pod = running
    for node, number_of_job in (("n1", job), ("n2", pod)):
        [path] = (desk.cluster.dir / "run" / node).glob(f"job.{number_of_job}.*/user/lead.sock")
        for piece in nonsense():
            say(path, piece)
        for port in (0, 70000, (1 << 32) - 1):
            answer = say(path, frame(PORT, number(1, port)))
            assert b"no port" in answer or b"no pod" in answer
        for name in ("../../../etc/passwd", "x" * 5000, "main\0main"):
            assert say(path, frame(LOG, text(20, name)))
            say(path, frame(EXEC, text(1, "true") + text(20, name)))
        assert say(path, frame(EXEC, b""))
        say(path, frame(JOIN, number(1, number_of_job) + number(2, 1) + number(3, 9)))
        say(path, frame(ADOPT, text(1, "x")), fds=[0, 1, 2])
    jobs_go_on(desk, running)
