# SPDX-License-Identifier: Apache-2.0
"""Pods that have to leave: for jobs that come first, drained nodes and taints."""
import pytest

from conftest import close_desk, new_cluster, new_desk, remove
from desk import wait_until
from test_helper_pods import helper, pod_file
from test_workloads import Board, conditions, job

PARTITIONS = """
scheduling: {preempt: partition, preempt_mode: requeue}
partitions:
  - {name: low, default: true, priority: 1}
  - {name: high, priority: 10}
"""

# What it has to say on its way out takes longer than any signal that kills at once.
FAREWELL = ("trap 'cat /tmp/bye; sleep 1; echo in peace; exit 3' TERM; echo up; "
            "while :; do sleep 0.05; done")


@pytest.fixture(scope="module")
def tiers(small_tar):
    """Two nodes of two cores, and a partition whose jobs push others aside."""
    cluster = new_cluster()
    cluster.up("--nodes", "2", "--cores-per-node", "2")
    place = new_desk(cluster, "tiers")
    conf = cluster.dir / "berth.yaml"
    conf.write_text(conf.read_text().partition("\npartitions:")[0] + PARTITIONS)
    place.cluster.restart("controller")
    cluster.berth("image", "import", "-", "small", stdin=open(small_tar, "rb"))
    yield cluster
    remove(cluster)


@pytest.fixture
def board(tiers):
    place = new_desk(tiers, "desk")
    made = Board(place)
    yield made
    for kind, name in made.made:
        place.berth("delete", kind, name, "--now", "--ignore-not-found")
    for node in ("n1", "n2"):
        place.berth("node", "resume", node)
    close_desk(place)


def polite(name, node=None, **spec):
    """A Job of one pod of two cores that ends badly, but not through its own fault."""
    made = job(name, FAREWELL, backoffLimit=0, podFailurePolicy={"rules": [
        {"action": "Ignore",
         "onPodConditions": [{"type": "DisruptionTarget", "status": "True"}]}]})
    pod = made["spec"]["template"]["spec"]
    pod["terminationGracePeriodSeconds"] = 60
    pod["containers"][0]["resources"]["requests"]["cpu"] = "2"
    pod["containers"][0]["lifecycle"] = {
        "preStop": {"exec": {"command": ["sh", "-c", "echo bye >/tmp/bye"]}}}
    if node:
        pod["nodeSelector"] = {"kubernetes.io/hostname": node}
    pod.update(spec)
    return made


def until_up(board, name, n=1):
    """The pods of a Job, when so many run their program."""
    def up():
        pods = [pod for pod in board.pods(name)
                if pod["status"].get("phase") == "Running" and
                "up" in board.desk.berth("logs", pod["metadata"]["name"],
                                         check=False).stdout]
        return pods if len(pods) >= n else None
    return wait_until(up, seconds=120, what=f"pods of {name}")


def until_gone(board, name, old):
    """The pod that had to leave, when it has."""
    def left():
        for pod in board.pods(name):
            if pod["metadata"]["name"] == old["metadata"]["name"]:
                return pod if pod["status"].get("phase") == "Failed" else None
        raise AssertionError(f"pod {old['metadata']['name']} is gone")
    return wait_until(left, seconds=120, what="the end of the pod")


def assert_left_in_peace(board, pod, reason, words):
    assert pod["status"]["reason"] == reason
    assert words in pod["status"]["message"]
    assert "DisruptionTarget" in conditions(pod["status"])
    log = board.desk.berth("logs", pod["metadata"]["name"]).stdout
    assert log.split("\n")[-3:-1] == ["bye", "in peace"]


def test_a_job_that_comes_first_lets_a_pod_say_goodbye(board):
    desk = board.desk
    board.apply(polite("victim", "n1"))
    [old] = until_up(board, "victim")
    high = desk.submit("-p", "high", "-w", "n1", "-c2", "-o", "/dev/null", "--wrap",
                       "until test -e go; do sleep 0.05; done")
    old = until_gone(board, "victim", old)
    assert_left_in_peace(board, old, "Preempted", f"preempted by job {high}")
    # The Job counts no failure, and has made another one, which waits for its turn.
    desk.until(high, "RUNNING")
    wait_until(lambda: len(board.pods("victim")) == 2, what="another pod")
    status = board.status("victim")
    assert "Failed" not in conditions(status) and not status.get("failed")
    (desk.dir / "go").touch()
    assert desk.wait(high) == 0
    [new] = until_up(board, "victim")
    assert new["metadata"]["name"] != old["metadata"]["name"]


def sleeper(words):
    return f"trap 'exit 1' TERM; echo {words}; while :; do sleep 0.05; done"


def test_sets_make_room_as_a_whole_and_run_again_as_a_whole(board):
    """A script with its pod, a heterogeneous job and a gang, on all four cores."""
    desk = board.desk
    helped = desk.submit("--pod", pod_file(desk, helper("db", "exec sleep 1000")), "-n1",
                         "-o", "helped", "--open-mode", "append", "--wrap", sleeper("up"))
    het = desk.submit("-n1", "-o", "het", "--open-mode", "append", ":", "-n1", "--wrap",
                      sleeper("up $SLURM_HET_SIZE"))
    for name in ("left", "right"):
        pod = helper(name, "exec sleep 1000")
        pod["metadata"]["annotations"] = {"berth/gang": "pair", "berth/gang-size": "2"}
        board.apply({"apiVersion": "v1", "kind": "Pod", **pod})

    def gang():
        return [pod for pod in board.list("pods") if pod["metadata"]["name"] in
                ("left", "right")]

    def all_run(times):
        return (desk.text("helped").splitlines().count("up") == times and
                desk.text("het").splitlines().count("up 2") == times and
                [pod["status"]["phase"] for pod in gang()] == 2 * ["Running"])
    for name in ("helped", "het"):
        (desk.dir / name).touch()
    wait_until(lambda: all_run(1), what="all three")
    jobs = [helped, helped + 1, het, het + 1] + [pod["status"]["job"] for pod in gang()]
    assert {desk.job(each)["starts"] for each in jobs} == {1}
    high = desk.submit("-p", "high", "-N2", "--exclusive", "-o", "/dev/null", "--wrap",
                       "until test -e go; do sleep 0.05; done")
    desk.until(high, "RUNNING")
    for each in jobs:
        desk.until(each, "PENDING")
    (desk.dir / "go").touch()
    assert desk.wait(high) == 0
    wait_until(lambda: all_run(2), what="all three again")
    assert {desk.job(each)["starts"] for each in jobs} == {2}
    desk.berth("cancel", helped, het)
    for each in jobs[:4]:
        desk.until(each, "CANCELLED", "COMPLETED")


def test_a_drain_evicts_pods_and_their_job_makes_others_elsewhere(board):
    desk = board.desk
    board.apply(polite("mover"))
    [old] = until_up(board, "mover")
    node = old["spec"]["nodeName"]
    desk.berth("node", "drain", "--evict", "--reason", "new disk", node)
    [new] = wait_until(lambda: [p for p in until_up(board, "mover")
                                if p["metadata"]["name"] != old["metadata"]["name"]],
                       what="another pod")
    assert {node, new["spec"]["nodeName"]} == {"n1", "n2"}
    assert_left_in_peace(board, until_gone(board, "mover", old), "Evicted",
                         f"node {node} is drained: new disk")
    [shown] = [n for n in desk.cluster_nodes() if n["name"] == node]
    assert "node.kubernetes.io/unschedulable:NoSchedule" in shown["taints"]
    wait_until(lambda: [n["state"] for n in desk.cluster_nodes() if n["name"] == node]
               == ["DRAINED"], what="the end of the drain")


def test_a_taint_evicts_a_pod_that_runs_again_when_it_is_gone(board):
    desk = board.desk

    def state():
        [pod] = [p for p in board.list("pods") if p["metadata"]["name"] == "guest"]
        return pod["status"].get("phase", "Pending"), pod["spec"].get("nodeName")
    spec = polite("guest", "n2")["spec"]["template"]["spec"]
    board.apply({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "guest"},
                 "spec": {**spec, "restartPolicy": "Always"}})
    wait_until(lambda: state() == ("Running", "n2") and
               "up" in desk.berth("logs", "guest", check=False).stdout, what="the pod")
    desk.berth("node", "taint", "n2", "upkeep=disk:NoExecute")
    wait_until(lambda: state()[0] == "Pending", what="the pod waits")
    events = desk.berth("events", "--json").stdout
    assert "node n2 has the taint upkeep=disk:NoExecute" in events
    [shown] = [n for n in desk.cluster_nodes() if n["name"] == "n2"]
    assert shown["taints"] == ["upkeep=disk:NoExecute"]
    given, = shown["passing_taints"]
    assert (given["words"], given["by"]) == ("upkeep=disk:NoExecute", "root")
    # Jobs that are no pods begin there all the same.
    assert desk.wait(desk.submit("-w", "n2", "-o", "/dev/null", "--wrap", "true")) == 0
    assert state()[0] == "Pending"
    desk.berth("node", "taint", "n2", "upkeep-")
    wait_until(lambda: state() == ("Running", "n2"), what="the pod runs again")
    words = desk.berth("node", "taint", "n2", "upkeep-", check=False)
    assert words.returncode != 0 and "upkeep" in words.stderr
