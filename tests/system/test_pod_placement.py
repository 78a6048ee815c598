# SPDX-License-Identifier: Apache-2.0
"""Where pods run on a real cluster: parts of cores, labels of nodes, other pods, gangs."""
import json

import pytest

from desk import wait_until
from test_workloads import board, job, running  # noqa: F401 (a fixture)


def manifest(name, cpu="100m", labels=None, annotations=None, **spec):
    """A pod that stays until it is deleted."""
    main = {"name": "main", "image": "small", "imagePullPolicy": "Never",
            "command": ["sleep", "1000"],
            "resources": {"requests": {"cpu": cpu, "memory": "1Mi"},
                          "limits": {"memory": "64Mi"}}}
    return {"apiVersion": "v1", "kind": "Pod",
            "metadata": {"name": name, "labels": labels or {},
                         "annotations": annotations or {}},
            "spec": {"terminationGracePeriodSeconds": 0, "restartPolicy": "Never",
                     "containers": [main], **spec}}


class Pods:
    def __init__(self, desk):
        self.desk = desk
        self.names = []

    def apply(self, *manifests, check=True):
        self.names += [one["metadata"]["name"] for one in manifests]
        text = json.dumps({"apiVersion": "v1", "kind": "List", "items": list(manifests)})
        return self.desk.berth("apply", "-f", "-", input=text, check=check)

    def all(self):
        listed = self.desk.berth("get", "pods", "-o", "json").stdout
        return {one["metadata"]["name"]: one for one in json.loads(listed)["items"]
                if one["metadata"]["name"] in self.names}

    def running(self):
        """Nodes of those that run, by their names."""
        return {name: one["spec"]["nodeName"] for name, one in self.all().items()
                if one["status"].get("phase") == "Running"}

    def until(self, n):
        wait_until(lambda: len(self.running()) == n, what=f"{n} pods run")
        return self.running()

    def delete(self):
        if self.names:
            self.desk.berth("delete", "pod", *self.names, "--now", "--ignore-not-found")
        wait_until(lambda: not self.all(), what="all pods are gone")


@pytest.fixture
def pods(desk):
    made = Pods(desk)
    yield made
    made.delete()


def cores_used(desk):
    return sum(node["cores_used"] for node in desk.cluster_nodes())


def apart(app):
    return {"podAntiAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": [
        {"topologyKey": "kubernetes.io/hostname",
         "labelSelector": {"matchLabels": {"app": app}}}]}}


def test_small_pods_share_cores_beside_jobs_of_whole_ones(pods, desk):
    wait_until(lambda: cores_used(desk) == 0, what="an empty cluster")
    pods.apply(*[manifest(f"tenth-{i}") for i in range(12)])
    assert len(set(pods.until(12).values())) == 1
    assert cores_used(desk) == 2
    # Fourteen of sixteen cores are left whole, and a fifteenth is not.
    fits = desk.submit("-n", "14", "--wrap", "true")
    assert desk.wait(fits) == 0
    waits = desk.submit("-n", "15", "--wrap", "true")
    assert desk.job(waits)["state"] == "PENDING"
    desk.berth("cancel", waits)
    pods.delete()
    wait_until(lambda: cores_used(desk) == 0, what="all cores are free again")


def test_labels_choose_nodes_and_unknown_ones_are_refused(pods, desk):
    node = desk.cluster_nodes()[2]["name"]
    pods.apply(manifest("there", nodeSelector={"kubernetes.io/hostname": node}))
    assert pods.until(1) == {"there": node}
    words = pods.apply(manifest("nowhere", nodeSelector={"kubernetes.io/arc": "amd64"}),
                       check=False)
    assert words.returncode != 0
    assert "did you mean 'kubernetes.io/arch'?" in words.stderr


def test_pods_that_want_to_be_apart_are_on_different_nodes(pods):
    pods.apply(*[manifest(f"apart-{i}", labels={"app": "apart"}, affinity=apart("apart"))
                 for i in range(5)])
    assert len(set(pods.until(4).values())) == 4
    pods.desk.berth("delete", "pod", next(iter(pods.running())), "--now")
    wait_until(lambda: len(pods.all()) == 4 and len(pods.running()) == 4,
               what="the fifth runs when one has gone")


def test_a_gang_starts_together_or_waits(pods, desk):
    gang = {"berth/gang": "ring", "berth/gang-size": "3"}
    pods.apply(*[manifest(f"rank-{i}", annotations=gang) for i in range(2)])
    wait_until(lambda: any(job.get("reason") == "GangIncomplete" for job in desk.jobs()),
               what="two of three wait for the third")
    assert not pods.running()
    pods.apply(manifest("rank-2", annotations=gang))
    pods.until(3)


def hosts_of(desk, name):
    """Lines of /etc/hosts in a pod, as names by addresses."""
    text = desk.berth("exec", name, "cat", "/etc/hosts", check=False).stdout
    return {word: line.split()[0] for line in text.splitlines() for word in line.split()[1:]}


def test_members_of_a_gang_find_each_other_by_name(pods, desk):
    gang = {"berth/gang": "hosts", "berth/gang-size": "2"}
    pods.apply(manifest("peer-0", annotations=gang, subdomain="peers"),
               manifest("peer-1", annotations=gang, hostname="second"))
    pods.until(2)
    address = {name: one["status"]["podIP"] for name, one in pods.all().items()}
    full = "peer-0.peers.default.svc.cluster.local"
    wait_until(lambda: hosts_of(desk, "peer-1").get(full) == address["peer-0"] and
               hosts_of(desk, "peer-0").get("second") == address["peer-1"],
               what="each other's names")
    assert hosts_of(desk, "peer-1")["peer-0"] == address["peer-0"]
    # One that comes in the place of another has another address, which is told.
    desk.berth("delete", "pod", "peer-1", "--now")
    wait_until(lambda: "second" not in hosts_of(desk, "peer-0"), what="that it has gone")
    pods.apply(manifest("peer-2", annotations=gang))
    pods.until(2)
    now = pods.all()["peer-2"]["status"]["podIP"]
    wait_until(lambda: hosts_of(desk, "peer-0").get("peer-2") == now, what="the new name")


def test_wishes_are_met_while_they_can_be(pods):
    """Preferred terms and ScheduleAnyway choose nodes, and keep nobody from running."""
    wish = {"podAntiAffinity": {"preferredDuringSchedulingIgnoredDuringExecution": [
        {"weight": 100, "podAffinityTerm": {
            "topologyKey": "kubernetes.io/hostname",
            "labelSelector": {"matchLabels": {"app": "shy"}}}}]}}
    told = pods.apply(*[manifest(f"shy-{i}", labels={"app": "shy"}, affinity=wish)
                        for i in range(5)])
    assert "preferred" not in told.stderr
    assert len(set(pods.until(5).values())) == 4
    pods.delete()
    spread = [{"maxSkew": 1, "whenUnsatisfiable": "ScheduleAnyway",
               "topologyKey": "kubernetes.io/hostname",
               "labelSelector": {"matchLabels": {"app": "wide"}}}]
    pods.apply(*[manifest(f"wide-{i}", labels={"app": "wide"},
                          topologySpreadConstraints=spread) for i in range(8)])
    nodes = list(pods.until(8).values())
    assert sorted(nodes.count(node) for node in set(nodes)) == [2, 2, 2, 2]


def test_a_gang_of_a_job_starts_as_a_whole_beside_batch_jobs(board):
    desk = board.desk
    wait_until(lambda: cores_used(desk) == 0, what="an empty cluster")
    filler = desk.submit("-N1", "-n1", "-t", "30", "-o", "/dev/null", "--wrap",
                         "until test -e go; do sleep 0.05; done")
    desk.until(filler, "RUNNING")
    ring = job("ring", "sleep 1000", completions=4, parallelism=4)
    ring["metadata"]["annotations"] = {"berth/gang": "ring", "berth/gang-size": "4"}
    ring["spec"]["template"]["spec"]["containers"][0]["resources"]["requests"]["cpu"] = "4"
    board.apply(ring)
    # Three nodes are free, and none of the four begins on them; what ends soon does.
    wait_until(lambda: len(board.pods("ring")) == 4, what="four pods")
    short = desk.submit("-n4", "-t", "5", "-o", "/dev/null", "--wrap", "true")
    assert desk.wait(short) == 0
    assert not running(board.pods("ring"))
    (desk.dir / "go").touch()
    pods_of = wait_until(lambda: (lambda up: up if len(up) == 4 else None)(
        running(board.pods("ring"))), what="all four")
    assert len({pod["spec"]["nodeName"] for pod in pods_of}) == 4
    board.desk.berth("delete", "job", "ring", "--now")
