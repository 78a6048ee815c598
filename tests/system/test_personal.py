# SPDX-License-Identifier: Apache-2.0
"""The cluster of an ordinary user, wholly without privilege."""
import json
import pathlib
import re
import socket

import pytest

from conftest import namespaces_of, new_desk, remains_of, wait_for_the_end_of
from desk import USER, wait_until


@pytest.fixture
def personal(make_cluster):
    cluster = make_cluster(USER)
    cluster.up("--nodes", "3", "--cores-per-node", "4")
    return new_desk(cluster, "desk")


def test_mpi_runs_over_the_nodes_of_a_user_and_leaves_nothing(personal, mpi_tar):
    cluster = personal.cluster
    own = namespaces_of(cluster)
    with open(mpi_tar, "rb") as tar:
        personal.berth("image", "import", "-", "mpi", stdin=tar)
    out = personal.berth("run", "-N3", "-n6", "--image", "mpi", "/mpi/hello").stdout
    assert sorted(out.splitlines()) == [
        f"rank {rank} of 6 on n{rank // 2 + 1} sum 15" for rank in range(6)]
    ring = personal.berth("run", "-N3", "-n6", "--image", "mpi", "/mpi/ring").stdout
    assert ring == "ring of 6 ok\n"
    job = personal.submit("--image", "mpi", "-N3", "-n6", "-o", "out", "--wrap",
                          "berth run /mpi/hello; id -u")
    assert personal.wait(job) == 0
    assert personal.text("out").count(" of 6 on ") == 6
    assert personal.text("out").endswith(f"{USER}\n")
    assert (personal.dir / "out").stat().st_uid == USER
    cluster.down()
    assert remains_of(cluster) == []
    wait_for_the_end_of(own)


def container(name, script, user, **more):
    return {"name": name, "image": "small:1", "command": ["sh", "-c", script],
            "securityContext": {"runAsUser": user}, **more}


def run_pod(desk, name, *containers, init=()):
    """Apply it, and wait for its end; what was said."""
    document = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": name},
                "spec": {"restartPolicy": "Never", "containers": containers,
                         "initContainers": init}}
    applied = desk.berth("apply", "-f", "-", input=json.dumps(document))
    desk.berth("wait", "--for=jsonpath={.status.phase}=Succeeded", f"pod/{name}",
               "--timeout", "60s")
    return applied.stderr


def test_pods_of_a_user_appear_as_whom_they_are_told_to(personal, small_tar):
    with open(small_tar, "rb") as tar:
        personal.berth("image", "import", "--store", personal.cluster.dir / "images", "-",
                       "small:1", stdin=tar)
    ports = "/proc/sys/net/ipv4/ip_unprivileged_port_start"
    said = run_pod(
        personal, "ids",
        container("main", f"pwd; id -u; cat {ports}", 1234, workingDir="/made/here",
                  resources={"limits": {"memory": "64Mi"}}),
        init=[container("first", "id -u; chown 33 /etc && echo owned", 0)])
    assert "initContainers[0].securityContext.runAsUser: 0, but it appears as 1234" in said
    assert personal.berth("logs", "ids", "--all-containers").stdout == \
        "1234\nowned\n/made/here\n1234\n0\n"
    if not pathlib.Path("/sys/fs/cgroup/cgroup.controllers").exists():
        assert "LimitsNotEnforced" in personal.berth("events", "--for", "pod/ids").stdout
    run_pod(personal, "root", container("main", "id -u; chown 33 /etc && echo owned", 0))
    assert personal.berth("logs", "root").stdout == "0\nowned\n"
    personal.berth("create", "pod", "stays", "--image", "small:1", "--command", "--", "sleep", "600")
    personal.berth("wait", "--for=condition=Ready", "pod/stays", "--timeout", "60s")
    forward = personal.start("port-forward", "stays", ":80")
    port = int(re.search(r"127.0.0.1:(\d+) -> 80", forward.stdout.readline())[1])
    socket.create_connection(("127.0.0.1", port)).close()
    personal.berth("delete", "pods", "--all", "--now")
    personal.cluster.down()
    assert remains_of(personal.cluster) == []


def test_a_job_that_runs_when_the_cluster_goes_goes_with_it(personal):
    personal.submit("-N3", "-n3", "-o", "out", "--wrap",
                    "berth run sh -c 'echo on; exec sleep 9001'")
    wait_until(lambda: (personal.dir / "out").exists() and
               personal.text("out").count("on") == 3)
    personal.cluster.down()
    assert remains_of(personal.cluster) == []
    assert not [path for path in pathlib.Path("/proc").glob("[0-9]*/cmdline")
                if command(path) == b"sleep\0009001\0"]


def command(path):
    try:
        return path.read_bytes()
    except OSError:
        return b""


def test_another_user_is_turned_away(personal):
    result = personal.cluster.berth("jobs", user=USER + 1, check=False)
    assert result.returncode == 1 and result.stdout == ""
    assert result.stderr.count("\n") == 1
