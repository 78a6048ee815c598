# SPDX-License-Identifier: Apache-2.0
"""Pods on their nodes: order, restarts, what containers share, ends, and what is left."""
import itertools
import json
import os
import signal

import pytest

from desk import wait_until

NUMBERS = itertools.count(1)
WAITS = "until [ -e /w/go ]; do sleep 0.05; done"


def container(name, script, **more):
    return {"name": name, "image": "small", "imagePullPolicy": "IfNotPresent",
            "command": ["sh", "-c", script],
            "volumeMounts": [{"name": "w", "mountPath": "/w"}], **more}


class Pod:
    """A pod that was applied, by its name."""

    def __init__(self, desk, *containers, init=(), **spec):
        self.desk = desk
        self.name = f"p{os.getpid()}-{next(NUMBERS)}"
        spec.setdefault("restartPolicy", "Never")
        document = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": self.name},
                    "spec": {"containers": list(containers), "initContainers": list(init),
                             "volumes": [{"name": "w", "emptyDir": {}}], **spec}}
        file = desk.dir / f"{self.name}.json"
        file.write_text(json.dumps(document))
        desk.berth("apply", "-f", file)

    def status(self):
        shown = self.desk.berth("get", "pod", self.name, "-o", "json").stdout
        return json.loads(shown)["status"]

    def containers(self):
        """Each container's status, by name."""
        status = self.status()
        found = status.get("initContainerStatuses", []) + status.get("containerStatuses", [])
        return {each["name"]: each for each in found}

    def until(self, *phases):
        def reached():
            status = self.status()
            return status if status.get("phase") in phases else None
        return wait_until(reached, what=f"{self.name}: {phases}")

    def until_runs(self, *names):
        """Until these containers run; their statuses."""
        def running():
            found = self.containers()
            return found if all("running" in found.get(name, {}).get("state", {})
                                for name in names) else None
        return wait_until(running, what=f"{self.name}: {names} run")

    def logs(self, *argv, **options):
        return self.desk.berth("logs", self.name, *argv, **options).stdout

    def run(self, name, script):
        return self.desk.berth("exec", self.name, "-c", name, "--", "sh", "-c", script).stdout

    def delete(self):
        self.desk.berth("delete", "pod", self.name)


def ended(status, name):
    (found,) = [each for each in status["containerStatuses"] +
                status.get("initContainerStatuses", []) if each["name"] == name]
    return found["state"]["terminated"]


def test_init_containers_come_one_after_the_other_before_the_rest(desk):
    pod = Pod(desk, container("main", "echo main >>/w/order; cat /w/order"),
              init=[container("one", "sleep 0.2; echo one >>/w/order"),
                    container("two", "echo two >>/w/order")])
    pod.until("Succeeded")
    assert pod.logs() == "one\ntwo\nmain\n"


def test_a_sidecar_runs_beside_and_ends_with_the_pod(desk):
    pod = Pod(desk, container("main", "until [ -e /w/side ]; do sleep 0.05; done"),
              init=[container("side", ": >/w/side; sleep 1000", restartPolicy="Always")])
    status = pod.until("Succeeded")
    assert ended(status, "main")["exitCode"] == 0
    assert ended(status, "side")["startedAt"] <= ended(status, "main")["startedAt"]


def test_an_init_container_that_fails_ends_the_pod_before_the_rest(desk):
    pod = Pod(desk, container("main", "true"), init=[container("bad", "exit 5")])
    status = pod.until("Failed")
    assert ended(status, "bad")["exitCode"] == 5
    assert "running" not in status["containerStatuses"][0]["state"]


def test_what_failed_runs_again_and_its_earlier_log_is_kept(desk):
    pod = Pod(desk, container("main", "[ -e /w/been ] && echo again && exit 0; : >/w/been; "
                                      "echo first; echo why >/dev/termination-log; exit 3"),
              restartPolicy="OnFailure")
    pod.until("Succeeded")
    main = pod.containers()["main"]
    assert main["restartCount"] == 1
    last = main["lastState"]["terminated"]
    assert (last["exitCode"], last["message"]) == (3, "why\n")
    assert pod.logs() == "again\n"
    assert pod.logs("--previous") == "first\n"


def test_output_is_shown_by_container_with_times_and_from_its_end(desk):
    pod = Pod(desk, container("a", f"echo a1; echo a2 >&2; echo a3; {WAITS}"),
              container("b", f"echo b; {WAITS}"))
    pod.until_runs("a", "b")
    wait_until(lambda: "a3" in pod.logs("-c", "a"), what="its output")
    assert pod.logs("-c", "a") == "a1\na2\na3\n"
    assert pod.logs("-c", "a", "--tail", "1") == "a3\n"
    assert pod.logs("-c", "b", "--timestamps").split() [1:] == ["b"]
    pod.run("b", ": >/w/go")
    pod.until("Succeeded")
    # Kept on the node after the end.
    assert pod.logs("-c", "b") == "b\n"


def test_containers_share_network_name_and_memory_but_no_files_or_processes(desk):
    script = f"ls -l /proc/self/ns >/w/$0; {WAITS}; cat /dev/shm/x /etc/hostname; hostname"
    pod = Pod(desk, container("a", script, args=["a"]), container("b", script, args=["b"]))
    pod.until_runs("a", "b")
    wait_until(lambda: pod.run("a", "ls /w").split() == ["a", "b"], what="both")
    assert pod.run("b", "echo shared >/dev/shm/x; : >/own; cat /proc/1/comm").strip() == \
        "berth-init"
    assert pod.run("a", "ls /") .find("own") < 0
    kinds = {}
    for name in ("a", "b"):
        for line in pod.run("a", f"cat /w/{name}").splitlines():
            if "->" in line:
                kind, inode = line.split()[-1].split(":")
                kinds.setdefault(kind, set()).add(inode)
    shared = {kind for kind, inodes in kinds.items() if len(inodes) == 1}
    assert {"user", "net", "ipc", "uts"} <= shared
    assert {"mnt", "pid"} & shared == set()
    pod.run("a", ": >/w/go")
    pod.until("Succeeded")
    for name in ("a", "b"):
        assert pod.logs("-c", name) == f"shared\n{pod.name}\n{pod.name}\n"


def test_processes_are_shared_when_it_says_so(desk):
    look = "until cat /proc/[0-9]*/cmdline 2>/dev/null | tr '\\0' ' ' | true; do :; done"
    pod = Pod(desk, container("a", "sleep 4321"), container("b", f"{look}; {WAITS}"),
              shareProcessNamespace=True)
    pod.until_runs("a", "b")
    assert pod.run("b", "cat /proc/1/comm").strip() == "berth-pause"
    wait_until(lambda: "4321" in pod.run("b", "cat /proc/[0-9]*/cmdline"),
               what="the other's process")
    # Its init cannot be looked into by the other container, which is the same user.
    assert pod.run("b", "cat /proc/1/environ 2>&1 || echo no").endswith("no\n")
    pod.delete()
    wait_until(lambda: not desk.jobs("--me"), what="the end")


def test_a_container_that_ignores_the_end_is_killed_after_the_grace(desk):
    pod = Pod(desk, container("good", "trap 'exit 7' TERM; : >/w/good; "
                                      "while :; do sleep 0.05; done"),
              container("bad", "trap '' TERM; : >/w/bad; while :; do sleep 0.05; done"),
              terminationGracePeriodSeconds=1)
    pod.until_runs("good", "bad")
    wait_until(lambda: pod.run("bad", "ls /w").split() == ["bad", "good"], what="both traps")
    (job,) = [job["id"] for job in desk.jobs("--me")]
    desk.berth("cancel", job)
    status = pod.until("Failed", "Succeeded")
    assert ended(status, "good")["exitCode"] == 7
    assert ended(status, "bad")["exitCode"] == 137


def has_groups(cluster):
    return "info: cgroup v" in (cluster.dir / "log" / "n1.log").read_text()


def test_lack_of_memory_is_that_containers(desk):
    if not has_groups(desk.cluster):
        pytest.skip("no control groups here")
    eats = "x=xxxxxxxxxxxxxxxx; while :; do x=$x$x; done"
    pod = Pod(desk, container("eats", eats, resources={"limits": {"memory": "24Mi"}}),
              container("other", f"{WAITS}; echo fine",
                        resources={"limits": {"memory": "24Mi"}}))
    wait_until(lambda: "terminated" in pod.containers()["eats"]["state"], what="the kill")
    assert pod.containers()["eats"]["state"]["terminated"]["reason"] == "OOMKilled"
    pod.run("other", ": >/w/go")
    status = pod.until("Failed")
    assert ended(status, "other")["reason"] == "Completed"


def test_a_container_is_in_a_group_of_its_own(desk):
    if not has_groups(desk.cluster):
        pytest.skip("no control groups here")
    pod = Pod(desk, container("a", "sleep 1000"), container("b", "sleep 1000"))
    pod.until_runs("a", "b")
    assert "/work/batch/a" in pod.run("a", "cat /proc/self/cgroup")
    assert "/work/batch/b" in pod.run("b", "cat /proc/self/cgroup")
    pod.delete()
    wait_until(lambda: not desk.jobs("--me"), what="the end")


def test_an_image_that_there_is_not_is_told(desk):
    pod = Pod(desk, {"name": "a", "image": "nowhere-to-be-found", "imagePullPolicy": "Never"})
    waits = wait_until(lambda: pod.containers().get("a", {}).get("state", {}).get("waiting"),
                       what="a status")
    wait_until(lambda: pod.containers()["a"]["state"]["waiting"]["reason"] ==
               "ErrImageNeverPull", what=f"its reason, not {waits}")
    pod.delete()
    wait_until(lambda: not desk.jobs("--me"), what="the end")


def pids(cluster):
    status = cluster.status()
    return status["controller"]["pid"], [node["pid"] for node in status["nodes"]]


def test_a_pod_outlives_its_nodes_daemon_and_the_controller(own):
    pod = Pod(own, container("a", f"{WAITS}; echo went on"), restartPolicy="Always",
              terminationGracePeriodSeconds=1)
    before = pod.until_runs("a")["a"]
    controller, nodes = pids(own.cluster)
    for pid in (controller, *nodes):
        os.kill(pid, signal.SIGKILL)
    own.cluster.up()
    wait_until(lambda: own.berth("exec", pod.name, "-c", "a", "--", "true",
                                 check=False).returncode == 0, what="the pod's return")
    assert pod.containers()["a"]["state"] == before["state"]
    pod.run("a", ": >/w/go")
    wait_until(lambda: pod.containers()["a"]["restartCount"] > 0, what="news of it")
    assert pod.logs("--previous") == "went on\n"
    pod.delete()
    wait_until(lambda: not own.jobs("--me"), what="the end")
    wait_until(lambda: not list(own.cluster.dir.glob("run/*/job.*")), what="its directories")
