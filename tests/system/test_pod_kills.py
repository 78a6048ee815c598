# SPDX-License-Identifier: Apache-2.0
"""Pods while all that carries them is killed at random: what is told of them agrees,
none runs twice at once, and nothing is left.

BERTH_POD_KILLS is how many kills (30), BERTH_POD_KILLS_SEED repeats a run.
"""
import collections
import json
import os
import random
import time

from desk import wait_until
from leftovers import Before, kill, named, records
from test_objects import again

KILLS = int(os.environ.get("BERTH_POD_KILLS", "30"))
WORDS = f"pod-kills-{os.getpid()}"
AT_A_TIME = 6
# The lock goes with the process that has it, however that ends.
SCRIPT = f""": {WORDS}
exec 9>/desk/lock.$NAME
/usr/bin/flock -n 9 || echo $NAME >>/desk/twice
echo $NAME >>/desk/ran
sleep $((DIGIT % 3)).$DIGIT
exit $CODE
"""


def manifest(desk, name, digit):
    """A third of the pods fail once they have run; half of them run again when killed."""
    variables = {"NAME": name, "DIGIT": str(digit), "CODE": "0" if digit % 3 else "7",
                 "LD_LIBRARY_PATH": "/usr/lib/x86_64-linux-gnu:/usr/lib/aarch64-linux-gnu"}
    main = {"name": "main", "image": "small", "imagePullPolicy": "Never",
            "command": ["sh", "-c", SCRIPT],
            "env": [{"name": key, "value": value} for key, value in variables.items()],
            "volumeMounts": [{"name": "desk", "mountPath": "/desk"},
                             {"name": "usr", "mountPath": "/usr", "readOnly": True}]}
    return {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": name},
            "spec": {"restartPolicy": "OnFailure" if digit % 2 and digit % 3 else "Never",
                     "terminationGracePeriodSeconds": 1, "containers": [main],
                     "volumes": [{"name": "desk", "hostPath": {"path": str(desk.dir)}},
                                 {"name": "usr", "hostPath": {"path": "/usr"}}]}}


def pods_of(desk):
    return json.loads(again(desk, "get", "pods", "-o", "json").stdout)["items"]


def phase_of(pod):
    return pod["status"].get("phase", "Pending")


def alive(desk):
    return [pod for pod in pods_of(desk) if phase_of(pod) not in ("Succeeded", "Failed")]


def kill_something(desk, rng, killed):
    """One of the five, if there is one."""
    what = rng.choice(["lead", "container", "sandbox", "berthd", "controller"])
    if what == "controller":
        desk.cluster.restart("controller")
    elif what == "berthd":
        desk.cluster.restart(f"n{rng.randrange(1, 4)}")
    else:
        cluster = desk.cluster
        pids = {"lead": records, "container": lambda c: named(c, "berth-init"),
                "sandbox": lambda c: named(c, "berth-pause")}[what](cluster)
        if not kill(pids, rng):
            return
    killed[what] += 1


def heard(desk):
    """Who waits for each change of a pod, in a file."""
    with open(desk.dir / "heard", "w", encoding="utf-8") as out:
        return desk.start("get", "pods", "--watch", "-o", "json", stdout=out)


def last_heard(desk):
    """The last phase of each pod that the watch told."""
    decoder, text, last = json.JSONDecoder(), desk.text("heard").strip(), {}
    while text:
        document, end = decoder.raw_decode(text)
        for pod in document.get("items", [document]):
            last[pod["metadata"]["name"]] = phase_of(pod)
        text = text[end:].strip()
    return last


def check_what_is_told(desk, pods):
    """Objects, queue, history, waits and watches say the same of each pod's end."""
    jobs = {pod["status"]["job"]: pod for pod in pods}
    rows = json.loads(desk.berth("history", "--json", *jobs).stdout)["jobs"]
    assert sorted(row["job_id"] for row in rows) == sorted(jobs)
    for row in rows:
        pod = jobs[row["job_id"]]
        good = phase_of(pod) == "Succeeded"
        told = (pod["metadata"]["name"], row["state"], pod["status"])
        assert (row["state"] == "COMPLETED") == good, told
        assert desk.job(row["job_id"])["state"] == row["state"], told
        assert (desk.wait(row["job_id"]) == 0) == good, told
    phases = {pod["metadata"]["name"]: phase_of(pod) for pod in pods}
    wait_until(lambda: last_heard(desk) == phases, what=f"{last_heard(desk)} to be {phases}")


def check_runs(desk, pods):
    """Each has run, and run again only where it may; never beside itself."""
    assert not (desk.dir / "twice").exists(), desk.text("twice")
    ran = collections.Counter(desk.text("ran").split())
    for pod in pods:
        name = pod["metadata"]["name"]
        if pod["spec"]["restartPolicy"] == "Never":
            assert ran[name] <= 1, (name, ran[name])
        if phase_of(pod) == "Succeeded":
            assert ran[name] >= 1, name


def test_pods_are_told_of_as_they_were_whatever_is_killed(own, small_tar):
    seed = int(os.environ.get("BERTH_POD_KILLS_SEED", time.time_ns() % 1000000))
    print(f"BERTH_POD_KILLS_SEED={seed}")
    rng = random.Random(seed)
    with open(small_tar, "rb") as tar:
        own.cluster.berth("image", "import", "-", "small", stdin=tar)
    before = Before(own.cluster)
    own.dir.chmod(0o777)
    watcher = heard(own)
    killed, made = collections.Counter(), 0
    while sum(killed.values()) < KILLS:
        if len(alive(own)) < AT_A_TIME:
            again(own, "apply", "-f", "-",
                  input=json.dumps(manifest(own, f"p{made}", rng.randrange(10))))
            made += 1
        else:
            time.sleep(rng.random() / 10)
            kill_something(own, rng, killed)
    print(f"{made} pods, killed: {dict(killed)}")
    wait_until(lambda: not alive(own), what="the end of all pods")
    pods = pods_of(own)
    assert len(pods) == made
    check_runs(own, pods)
    check_what_is_told(own, pods)
    watcher.kill()
    own.berth("delete", "pods", "--all")
    before.is_bare(WORDS)
