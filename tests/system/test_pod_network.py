# SPDX-License-Identifier: Apache-2.0
"""Pods' networks: addresses, subnets, ports of nodes, names; over restarts, and gone.

What talks here is in the pods' own namespaces: a program of this test that enters that
of a pod's container.
"""
import json
import os
import pathlib
import re
import socket
import subprocess
import sys

import pytest

from conftest import namespaces_of, new_cluster, new_desk, remains_of, remove, wait_for_the_end_of
from desk import AS_ROOT, USER, run, wait_until

pytestmark = [
    pytest.mark.skipif(not AS_ROOT, reason="networks of pods need root"),
    pytest.mark.skipif(not pathlib.Path("/usr/sbin/nft").exists(), reason="nft is needed"),
]

POD = """\
apiVersion: v1
kind: Pod
metadata: {{name: {name}, annotations: {{berth/partition: {partition}}}}}
spec:
  nodeName: {node}
  terminationGracePeriodSeconds: 1
  hostAliases: [{{ip: 192.0.2.9, hostnames: [far, far.example]}}]
  dnsConfig: {{searches: [pods.example], options: [{{name: ndots, value: "2"}}]}}
  {more}
  containers:
  - name: main
    image: small
    command: [sleep, "{mark}"]
    resources: {{requests: {{cpu: 100m, memory: 32Mi}}, limits: {{memory: 32Mi}}}}
    {ports}
"""
# One connection, or a listener that answers one; the other end's address is the answer.
CALL = """
import socket, sys
sock = socket.create_connection((sys.argv[1], int(sys.argv[2])), timeout=60)
print(sock.recv(100).decode())
"""
LISTEN = """
import socket, sys
sock = socket.create_server(("0.0.0.0", int(sys.argv[1])))
print("ready", flush=True)
while True:
    peer, address = sock.accept()
    peer.sendall(address[0].encode())
    peer.close()
"""


@pytest.fixture(scope="module")
def net(small_tar):
    """Two nodes, whose pods of the partition 'secret' are kept apart."""
    cluster = new_cluster()
    try:
        cluster.up("--nodes", "2", "--cores-per-node", "2")
        own = namespaces_of(cluster)
        cluster.berth("image", "import", "-", "small", stdin=open(small_tar, "rb"))
        conf = cluster.dir / "berth.yaml"
        text = conf.read_text()
        assert "cidr: 10.88.0.0/16\n" in text
        text = text.replace("  cidr:", "  subnets: [{name: secret, partitions: [secret]}]\n"
                            "  cidr:")
        conf.write_text(text.replace("partitions:\n", "partitions:\n"
                                     "  - {name: secret, nodes: ALL}\n", 1))
        cluster.restart()
        yield cluster
        cluster.down()
        assert remains_of(cluster) == []
        wait_for_the_end_of(own)
    finally:
        remove(cluster)


@pytest.fixture
def place(net):
    desk = new_desk(net, "net", USER)
    desk.children = []
    yield desk
    for child in desk.children:
        child.kill()
        child.wait()
        child.stdout.close()
    desk.berth("delete", "pods", "--all", check=False)
    wait_until(lambda: not devices(net), what="the end of all devices")
    desk.clear()


def inside(pid, *argv):
    return ["nsenter", "-t", str(pid), "-n", *map(str, argv)]


def node_pid(cluster, name):
    [node] = [n for n in cluster.status()["nodes"] if n["name"] == name]
    return node["namespace_pid"]


def devices(cluster):
    """Of pods, on all nodes."""
    found = []
    for name in ("n1", "n2"):
        out = run(*inside(node_pid(cluster, name), "ip", "-br", "link")).stdout
        found += [line for line in out.splitlines() if line.startswith("bpod")]
    return found


class Pod:
    """A pod that runs, and a process of it."""

    count = 0

    def __init__(self, desk, name, node, partition="batch", ports="", more=""):
        Pod.count += 1
        mark = f"{os.getpid()}.{Pod.count}"
        self.desk, self.name = desk, name
        desk.berth("apply", "-f", "-", input=POD.format(
            name=name, node=node, partition=partition, mark=mark, ports=ports, more=more))
        self.pid = wait_until(lambda: self.process(mark), what=f"pod {name} to run")
        self.address = wait_until(lambda: self.status().get("podIP"), what="its address")

    @staticmethod
    def process(mark):
        for path in pathlib.Path("/proc").glob("[0-9]*/cmdline"):
            try:
                words = path.read_bytes()
            except OSError:
                continue
            if words == f"sleep\0{mark}\0".encode():
                return int(path.parent.name)
        return None

    def status(self):
        return json.loads(self.desk.berth("get", "pod", self.name, "-o", "json").stdout)["status"]

    def listen(self, port=80):
        child = subprocess.Popen(inside(self.pid, sys.executable, "-c", LISTEN, port),
                                 stdout=subprocess.PIPE, text=True)
        self.desk.children.append(child)
        assert child.stdout.readline() == "ready\n"

    def call(self, address, port=80):
        """The address that the other one saw, or why there is none."""
        return call(self.pid, address, port)


def call(pid, address, port=80):
    result = run(*inside(pid, sys.executable, "-c", CALL, address, port), check=False)
    return result.stdout.strip() or result.stderr.splitlines()[-1]


def test_pods_of_two_nodes_talk_and_another_subnets_do_not(place):
    one, two = Pod(place, "one", "n1"), Pod(place, "two", "n2")
    secret = [Pod(place, "hush1", "n1", "secret"), Pod(place, "hush2", "n2", "secret")]
    for pod in (one, two, *secret):
        pod.listen()
    assert one.address.startswith("10.88.0.") and two.address.startswith("10.88.1.")
    assert one.call(two.address) == one.address
    assert two.call(one.address) == two.address
    assert secret[0].call(secret[1].address) == secret[0].address
    assert secret[1].call(secret[0].address) == secret[1].address
    for pod in (one, two):
        for other in secret:
            assert "No route to host" in pod.call(other.address)
            assert "No route to host" in other.call(pod.address)


def test_a_port_of_the_node_leads_to_the_pod(place):
    pod = Pod(place, "web", "n1", ports="ports: [{containerPort: 80, hostPort: 8088}]")
    pod.listen()
    other = Pod(place, "other", "n2", "secret")
    nodes = {n["name"]: n["address"] for n in place.cluster.status()["nodes"]}
    assert call(node_pid(place.cluster, "n2"), nodes["n1"], 8088) == nodes["n2"]
    assert call(os.getpid(), nodes["n1"], 8088)
    assert other.call(nodes["n1"], 8088) == nodes["n2"]


def test_pods_with_the_same_port_have_nodes_of_their_own_or_wait(place):
    def ports(name):
        text = POD.format(name=name, node="", partition="batch", mark="1000", more="",
                          ports="ports: [{containerPort: 80, hostPort: 8089}]")
        return text.replace("  nodeName: \n", "")

    def shown(name):
        return json.loads(place.berth("get", "pod", name, "-o", "json").stdout)

    def runs(name):
        pod = shown(name)
        assert pod["status"]["phase"] in ("Pending", "Running"), pod["status"]
        return pod["status"]["phase"] == "Running" and pod["spec"]["nodeName"]

    for name in ("first", "second"):
        place.berth("apply", "-f", "-", input=ports(name))
    nodes = {name: wait_until(lambda name=name: runs(name), what=f"{name} to run")
             for name in ("first", "second")}
    assert set(nodes.values()) == {"n1", "n2"}
    place.berth("apply", "-f", "-", input=ports("third"))
    third = shown("third")["status"]["job"]
    assert "where it may be beside" in place.berth("explain", third).stdout
    assert not runs("third")
    # It begins while the one before it may still be on its way out.
    place.berth("delete", "pod", "first")
    assert wait_until(lambda: runs("third"), what="third to run") == nodes["first"]


def test_a_port_is_forwarded_to_whoever_asks(place):
    pod = Pod(place, "web", "n2")
    pod.listen(8080)
    forward = place.start("port-forward", "web", ":8080", ":1")
    place.children.append(forward)
    local = int(re.search(r":(\d+) -> 8080", forward.stdout.readline())[1])
    for _ in range(3):
        assert call(os.getpid(), "127.0.0.1", local) == "127.0.0.1"
    # Nobody listens there: the connection ends, and the next one is taken.
    closed = int(re.search(r":(\d+) -> 1$", forward.stdout.readline().strip())[1])
    with socket.create_connection(("127.0.0.1", closed), timeout=60) as sock:
        assert sock.recv(100) == b""
    assert call(os.getpid(), "127.0.0.1", local) == "127.0.0.1"


def test_pods_outlive_their_nodes_daemons(place):
    one, two = Pod(place, "one", "n1"), Pod(place, "two", "n2")
    two.listen()
    place.cluster.kill("n1", "n2")
    assert one.call(two.address) == one.address
    place.cluster.start()
    third = Pod(place, "third", "n1")
    assert third.address != one.address
    assert one.call(two.address) == one.address
    assert third.call(two.address) == third.address
    assert one.status()["podIP"] == one.address


def test_containers_know_names_and_whom_to_ask(place):
    pod = Pod(place, "named", "n1", more="hostname: box\n  subdomain: boxes")
    root = pathlib.Path(f"/proc/{pod.pid}/root")
    hosts = (root / "etc/hosts").read_text()
    assert f"{pod.address}\tbox.boxes.default.svc.cluster.local\tbox\n" in hosts
    assert "192.0.2.9\tfar\tfar.example\n" in hosts
    resolver = (root / "etc/resolv.conf").read_text()
    assert "pods.example" in resolver
    assert "ndots:2" in resolver
    uts = run("nsenter", "-t", pod.pid, "-u", "hostname").stdout
    assert uts == "box\n"


def test_a_pod_may_have_its_nodes_network(place):
    pod = Pod(place, "host", "n2", more="hostNetwork: true")
    assert os.readlink(f"/proc/{pod.pid}/ns/net") == os.readlink(
        f"/proc/{node_pid(place.cluster, 'n2')}/ns/net")
    [node] = [n for n in place.cluster.status()["nodes"] if n["name"] == "n2"]
    assert pod.address == node["address"]
