# SPDX-License-Identifier: Apache-2.0
"""Objects in the controller: whose they are, what waits for them, what a kill leaves."""
import json
import pwd
import random

import pytest

from conftest import close_desk, new_desk
from desk import AS_ROOT, wait_until

ALICE, BOB = (pwd.getpwnam(name).pw_uid for name in ("backup", "list"))


def apply(desk, *objects, **options):
    text = json.dumps({"apiVersion": "v1", "kind": "List", "items": objects})
    return desk.berth("apply", "-f", "-", input=text, **options)


def pod(name, command="true", **spec):
    container = {"name": "c", "image": "small", "command": ["sh", "-c", command],
                 "resources": {"requests": {"cpu": "500m", "memory": "32Mi"},
                               "limits": {"memory": "32Mi"}}}
    container.update(spec.pop("container", {}))
    return {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": name},
            "spec": {"restartPolicy": "Never", "terminationGracePeriodSeconds": 1,
                     "containers": [container], **spec}}


def config_map(name, **data):
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name},
            "data": data}


def secret(name, **data):
    return {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": name},
            "stringData": data}


def get(desk, *argv, **options):
    return json.loads(desk.berth("get", *argv, "-o", "json", **options).stdout)


def names(desk, kind, *argv):
    found = get(desk, kind, *argv)
    return sorted(item["metadata"]["name"] for item in found["items"])


def until_phase(desk, name, *phases):
    def found():
        one = get(desk, "pod", name)
        return one if one["status"]["phase"] in phases else None
    return wait_until(found, what=f"pod {name} {'/'.join(phases)}")


@pytest.fixture
def desk(shared):
    place = new_desk(shared, "objects")
    yield place
    for kind in ("pods", "configmaps", "secrets"):
        place.berth("delete", kind, "--all", check=False)
    close_desk(place)


def test_a_pod_is_a_job_of_the_one_queue(desk):
    apply(desk, pod("whole", "exit 0"), pod("broken", "exit 3"))
    until_phase(desk, "whole", "Succeeded")
    failed = until_phase(desk, "broken", "Failed")
    ended = failed["status"]["containerStatuses"][0]["state"]["terminated"]
    assert ended["exitCode"] == 3
    jobs = {job["name"]: job for job in desk.jobs("--all") if job["name"] in ("whole", "broken")}
    assert jobs["whole"]["state"] == "COMPLETED"
    assert jobs["broken"]["state"] == "FAILED"
    reasons = desk.berth("events").stdout
    assert "Scheduled" in reasons


def test_a_cancelled_job_is_a_failed_pod_and_a_deleted_pod_ends_its_job(desk):
    apply(desk, pod("one", "sleep 1000"), pod("other", "sleep 1000"))
    for name in ("one", "other"):
        until_phase(desk, name, "Running")
    jobs = {job["name"]: job["id"] for job in desk.jobs()}
    desk.berth("cancel", jobs["one"])
    assert until_phase(desk, "one", "Failed")["status"]["reason"] == "Cancelled"
    desk.berth("delete", "pod", "other", "one")
    wait_until(lambda: names(desk, "pods") == [], what="the end of both")
    assert desk.job(jobs["other"])["state"] == "CANCELLED"


def test_a_pod_waits_for_what_it_names(desk):
    apply(desk, pod("reader", 'test "$A" = 1 && test "$B" = 2', container={
        "envFrom": [{"configMapRef": {"name": "settings"}}, {"secretRef": {"name": "key"}}]}))
    waiting = get(desk, "pod", "reader")
    assert waiting["status"]["phase"] == "Pending"
    apply(desk, config_map("settings", A="1"))
    assert "Secret key is not there" in desk.berth("jobs").stdout + json.dumps(desk.jobs())
    apply(desk, secret("key", B="2"))
    until_phase(desk, "reader", "Succeeded")


@pytest.mark.skipif(not AS_ROOT, reason="needs root")
def test_users_see_what_is_in_their_accounts_and_secrets_are_their_owners(own):
    own.berth("account", "add", "lab")
    for user in (ALICE, BOB):
        own.berth("account", "add-user", pwd.getpwuid(user).pw_name, "lab")
    own.berth("account", "add", "other")
    alice, bob = new_desk(own.cluster, "alice", ALICE), new_desk(own.cluster, "bob", BOB)
    apply(alice, config_map("mine", a="1"), secret("hidden", a="1"))
    assert names(bob, "configmaps", "-A") == [] and names(bob, "secrets", "-A") == []
    for item in (config_map("ours", a="1"), secret("key", word="swordfish")):
        item["metadata"]["namespace"] = "lab"
        apply(alice, item)
    assert names(bob, "configmaps", "-n", "lab") == ["ours"]
    assert get(bob, "configmap", "ours", "-n", "lab")["data"] == {"a": "1"}
    assert "swordfish" not in bob.berth("get", "secret", "-n", "lab", "-o", "yaml").stdout
    # Others of the account change nothing; who is not in it sees nothing.
    refused = bob.berth("delete", "configmap", "ours", "-n", "lab", check=False)
    assert refused.returncode != 0 and "denied" in refused.stderr
    item = config_map("x", a="1")
    item["metadata"]["namespace"] = "other"
    refused = apply(bob, item, check=False)
    assert refused.returncode != 0 and "is not in it" in refused.stderr
    # A pod of Bob's does not get Alice's Secret.
    thief = pod("thief", "env", container={"envFrom": [{"secretRef": {"name": "key"}}]})
    thief["metadata"]["namespace"] = "lab"
    apply(bob, thief)
    waiting = get(bob, "pod", "thief", "-n", "lab")
    assert waiting["status"]["phase"] == "Pending"
    assert "Secret key is not there" in json.dumps(bob.jobs())


def again(desk, *argv, **options):
    """A command that is repeated until the controller answers."""
    def done():
        result = desk.berth(*argv, check=False, **options)
        return result if result.returncode == 0 else None
    return wait_until(done, what=" ".join(map(str, argv)))


def test_a_controller_that_is_killed_loses_nothing_and_makes_nothing_twice(own, small_tar):
    cluster = own.cluster
    cluster.berth("image", "import", "-", "small", stdin=open(small_tar, "rb"))
    rng = random.Random(20261126)
    made, deleted = [], []
    for turn in range(6):
        for i in range(4):
            name = f"p{turn}-{i}"
            text = json.dumps(pod(name, "sleep 0.2"))
            sender = own.start("apply", "-f", "-")
            sender.stdin.write(text)
            sender.stdin.close()
            sender.stdin = None
            if i == rng.randrange(4):
                cluster.restart("controller")
            sender.wait(timeout=60)
            again(own, "apply", "-f", "-", input=text)
            made.append(name)
        victim = rng.choice([name for name in made if name not in deleted])
        again(own, "delete", "pod", victim, "--ignore-not-found")
        deleted.append(victim)
    for name in made:
        if name not in deleted:
            until_phase(own, name, "Succeeded")
    wait_until(lambda: names(own, "pods") == sorted(set(made) - set(deleted)),
               what="the end of the deleted ones")
    ran = [job["name"] for job in own.jobs("--all") if job["name"] in made]
    assert sorted(ran) == sorted(made)
