# SPDX-License-Identifier: Apache-2.0
"""Pods on their nodes: order, restarts, what containers share, ends, and what is left."""
import itertools
import json
import os

import pytest

from desk import SLURM, run, wait_until

TOOL = SLURM.parent / "bin" / "berth"
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

    def ended(self, name):
        return self.containers().get(name, {}).get("state", {}).get("terminated")

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

    def volume(self):
        """The directory of the volume 'w' on its node."""
        job = self.status()["job"]
        def found():
            return list(self.desk.cluster.dir.glob(f"run/*/job.{job}.*/user/*/volumes/w"))
        (path,) = wait_until(found, what="its volume")
        return path

    def files(self, *names):
        """What these files of the volume say, as soon as they are there."""
        volume = self.volume()
        return [wait_until(lambda each=name: (volume / each).exists() and
                           (volume / each).read_text(), what=name) for name in names]

    def go(self):
        (self.volume() / "go").touch()

    def logs(self, name="", back=0, tail=-1, how=""):
        """As the node's program shows what is kept there."""
        (kept,) = self.desk.cluster.dir.glob(f"run/*/pods/{self.status()['job']}.*/user")
        return run(TOOL, ".podlog", kept, name, back, tail, 0, 0, how).stdout

    def delete(self):
        self.desk.berth("delete", "pod", self.name)
        wait_until(lambda: not self.desk.jobs("--me"), what="the end")


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
    assert pod.logs(back=1) == "first\n"


def test_output_is_kept_by_container_with_times(desk):
    pod = Pod(desk, container("a", f"echo a1; echo a2 >&2; echo a3; {WAITS}"),
              container("b", f"echo b; {WAITS}"))
    pod.until_runs("a", "b")
    wait_until(lambda: "a3" in pod.logs("a"), what="its output")
    assert sorted(pod.logs("a").split()) == ["a1", "a2", "a3"]
    assert pod.logs() == pod.logs("a")
    assert pod.logs("b", how="t").split()[1:] == ["b"]
    pod.go()
    pod.until("Succeeded")
    # Kept on the node after the end.
    assert len(pod.logs("a", tail=1).split()) == 1
    assert pod.logs("b") == "b\n"


def test_containers_share_network_name_and_memory_but_no_files_or_processes(desk):
    script = ("ls -l /proc/self/ns >/w/{0}.new; : >/own.{0}; echo {0} >/dev/shm/{0}; "
              "cat /w/{0}.new >/w/{0}; " + WAITS + "; cat /dev/shm/a /dev/shm/b /etc/hostname; "
              "hostname; cat /proc/1/comm; ls /own.*")
    pod = Pod(desk, container("a", script.format("a")), container("b", script.format("b")))
    kinds = {}
    for text in pod.files("a", "b"):
        for line in text.splitlines():
            if "->" in line:
                kind, inode = line.split()[-1].split(":")
                kinds.setdefault(kind, set()).add(inode)
    shared = {kind for kind, inodes in kinds.items() if len(inodes) == 1}
    assert {"user", "net", "ipc", "uts"} <= shared
    assert not {"mnt", "pid"} & shared
    pod.go()
    pod.until("Succeeded")
    for name in ("a", "b"):
        assert pod.logs(name).split() == ["a", "b", pod.name, pod.name, "berth-init",
                                          f"/own.{name}"]


def test_processes_are_shared_when_it_says_so(desk):
    look = "until [ -s /w/a ]; do sleep 0.05; done"
    pod = Pod(desk, container("a", "echo $$$$ >/w/a.new; cat /w/a.new >/w/a; " + WAITS),
              container("b", f"{look}; read -r pid </w/a; cat /proc/$pid/comm /proc/1/comm; "
                             "cat /proc/1/environ || echo no"),
              shareProcessNamespace=True)
    wait_until(lambda: pod.ended("b"), what="its end")
    assert [line for line in pod.logs("b").splitlines() if ":" not in line] == \
        ["sh", "berth-pause", "no"]
    pod.go()
    pod.until("Succeeded")


def test_a_container_that_ignores_the_end_is_killed_after_the_grace(desk):
    pod = Pod(desk, container("good", "trap 'exit 7' TERM; echo x >/w/good; "
                                      "while :; do sleep 0.05; done"),
              container("bad", "trap '' TERM; echo x >/w/bad; while :; do sleep 0.05; done"),
              terminationGracePeriodSeconds=1)
    pod.files("good", "bad")
    desk.berth("cancel", pod.status()["job"])
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
    assert wait_until(lambda: pod.ended("eats"), what="the kill")["reason"] == "OOMKilled"
    pod.go()
    status = pod.until("Failed")
    assert ended(status, "other")["reason"] == "Completed"


def test_a_container_is_in_a_group_of_its_own(desk):
    if not has_groups(desk.cluster):
        pytest.skip("no control groups here")
    script = "cat /proc/self/cgroup >/w/{0}.new; cat /w/{0}.new >/w/{0}; " + WAITS
    pod = Pod(desk, container("a", script.format("a")), container("b", script.format("b")))
    for name, text in zip("ab", pod.files("a", "b")):
        assert f"/work/batch/{name}\n" in text
    pod.go()
    pod.until("Succeeded")


def test_an_image_that_there_is_not_is_told(desk):
    pod = Pod(desk, {"name": "a", "image": "nowhere-to-be-found", "imagePullPolicy": "Never"})
    waits = wait_until(lambda: pod.containers().get("a", {}).get("state", {}).get("waiting"),
                       what="a status")
    wait_until(lambda: pod.containers()["a"]["state"]["waiting"]["reason"] ==
               "ErrImageNeverPull", what=f"its reason, not {waits}")
    pod.delete()


def test_a_pod_outlives_its_nodes_daemon_and_the_controller(own, small_tar):
    with open(small_tar, "rb") as tar:
        own.berth("image", "import", "-", "small", stdin=tar)
    pod = Pod(own, container("a", f"{WAITS}; echo went on"), restartPolicy="Always",
              terminationGracePeriodSeconds=1)
    before = pod.until_runs("a")["a"]
    volume = pod.volume()
    own.cluster.restart()
    assert pod.containers()["a"]["state"] == before["state"]
    (volume / "go").touch()
    wait_until(lambda: pod.containers()["a"]["restartCount"] > 0, what="news of it")
    assert pod.logs(back=1) == "went on\n"
    pod.delete()
    wait_until(lambda: not list(own.cluster.dir.glob("run/*/job.*")), what="its directories")
