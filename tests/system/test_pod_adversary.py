# SPDX-License-Identifier: Apache-2.0
"""A user who wants what is another's: his volumes, his files, his claims, root's rights."""
import ctypes
import json
import os
import pwd
import shutil
import threading
import time

import pytest

from conftest import new_desk
from desk import AS_ROOT, run, wait_until
from test_pod_storage import site  # noqa: F401 (a fixture)
from test_pod_volumes import Pods, container, look

pytestmark = pytest.mark.skipif(not AS_ROOT, reason="needs two users")

THIEF = pwd.getpwnam("nobody").pw_uid
WORD = "kept-from-others-7251"
AT_H = ", {name: h, mountPath: /h}"
# All that can be read below some directories, and of processes; where the word is.
HUNT = """
import os, sys
word = sys.argv[1].encode()
def look(path):
    try:
        with open(path, "rb") as file:
            if word in file.read(1 << 20):
                print(path)
    except OSError:
        pass
for top in sys.argv[2:]:
    for folder, _, names in os.walk(top):
        for name in names:
            look(os.path.join(folder, name))
for pid in filter(str.isdigit, os.listdir("/proc")):
    if int(pid) != os.getpid():
        look(f"/proc/{pid}/environ")
        for folder, _, names in os.walk(f"/proc/{pid}/root/out"):
            for name in names:
                look(os.path.join(folder, name))
"""


class Own(Pods):
    """Of one of two users of a cluster."""

    def left(self):
        return [path for path in super().left() if path.lstat().st_uid == self.desk.user]


@pytest.fixture
def victim(site):  # noqa: F811
    made = Own(site.desk)
    yield made
    made.clear()


@pytest.fixture
def thief(site):  # noqa: F811
    made = Own(new_desk(site, "thief", THIEF))
    yield made
    made.clear()


def message_of(pods, name):
    """Why the pod does not get on, or nothing."""
    status = pods.status(name)
    told = [state.get("message", "") for one in status.get("containerStatuses", [])
            for state in one.get("state", {}).values()]
    return " ".join([status.get("message", ""), *told])


def settled(pods, name):
    """It was refused, or has found what there is to find."""
    job = pods.status(name).get("job")
    return message_of(pods, name).strip() or any(
        "end\n" in path.read_text() for path in
        (pods.desk.cluster.dir / "run").glob(f"*/job.{job}.*/user/pod/volumes/out/found"))


def until_refused(pods, name, *words):
    wait_until(lambda: any(word in message_of(pods, name) for word in words),
               what=f"refusal of {name}: {words}")


def test_what_a_pod_has_is_read_by_no_other_user_of_the_node(site, victim, thief):  # noqa: F811
    victim.start("has", container("c", f"echo {WORD[:4]}''{WORD[4:]} >/out/own; "
                                  "cat /out/own; { echo ok; echo end; } >/out/found" +
                                  "; while ! [ -e /out/stop ]; do sleep 0.1; done",
                                  env=f", {{name: W, value: {WORD}}}"))
    assert victim.found("has") == "ok\n"
    own = victim.out("has") / "own"
    assert own.read_text() == WORD + "\n"
    tops = [str(site.dir / "run"), str(site.dir / "node"), *map(str, site.home.glob("logs.*"))]
    # Root finds it: in the volume, in the log and among variables.
    assert len(run("/usr/bin/python3", "-c", HUNT, WORD, *tops).stdout.split()) >= 3
    assert run("/usr/bin/python3", "-c", HUNT, WORD, *tops, user=THIEF).stdout == ""
    # Nor by a pod, whether the site shows the path or not.
    thief.start("path", container("c", look("cat /h/own"), AT_H),
                volumes=f", {{name: h, hostPath: {{path: {own.parent}}}}}")
    until_refused(thief, "path", "Permission denied", "does not show")
    shown = json.loads(thief.desk.berth("get", "pods", "-A", "-o", "json").stdout)
    assert WORD not in json.dumps(shown)
    assert thief.desk.berth("logs", str(victim.status("has")["job"]), check=False).returncode != 0
    assert thief.desk.berth("exec", str(victim.status("has")["job"]), "cat", "/out/own",
                            check=False).returncode != 0


def test_sub_paths_and_dots_lead_out_of_no_volume(site, thief):  # noqa: F811
    kept = site.home / "readable"
    kept.mkdir()
    (kept / "word").write_text(WORD)
    place = site.home / "shown/thief"
    place.mkdir()
    for name, target in (("link", kept), ("deep", "../../readable"), ("root", "/")):
        (place / name).symlink_to(target)
    volume = f", {{name: h, hostPath: {{path: {place}}}}}"
    for name in ("link", "deep", "root"):
        mounts = f", {{name: h, mountPath: /h, subPath: {name}}}"
        thief.start(name, container("c", look("cat /h/word"), mounts), volumes=volume)
        until_refused(thief, name, "leads out of it")
    for path in ("..", "a/../../readable", "/etc"):
        refused = thief.desk.berth("apply", "-f", "-", check=False, input=json.dumps({
            "apiVersion": "v1", "kind": "Pod", "metadata": {"name": "dots"},
            "spec": {"containers": [{"name": "c", "image": "small", "volumeMounts": [
                {"name": "h", "mountPath": "/h", "subPath": path}]}],
                "volumes": [{"name": "h", "emptyDir": {}}]}}))
        assert refused.returncode != 0 and "subPath" in refused.stderr
    for path in (place / "link", place / "../../readable", kept):
        thief.start("away", container("c", look("cat /h/word"), AT_H),
                    volumes=f", {{name: h, hostPath: {{path: {path}}}}}")
        until_refused(thief, "away", "does not show", "outside", "..")
        thief.desk.berth("delete", "pod", "away", "--now")
    shutil.rmtree(place)


def exchange(a, b):
    libc = ctypes.CDLL(None, use_errno=True)
    assert libc.renameat2(-100, os.fsencode(a), -100, os.fsencode(b), 2) == 0


def test_a_path_that_changes_while_it_is_looked_at_shows_nothing_else(site, thief):  # noqa: F811
    kept = site.home / "elsewhere-kept"
    kept.mkdir()
    (kept / "word").write_text(WORD + "\n")
    place = site.home / "shown/racing"
    (place / "x").mkdir(parents=True)
    (place / "x/word").write_text("own\n")
    (place / "y").symlink_to(kept)
    stop = threading.Event()

    def race():
        while not stop.wait(0.002):  # mostly his own: pods start, too
            exchange(place / "x", place / "y")
            time.sleep(0.0003)
            exchange(place / "x", place / "y")
    racer = threading.Thread(target=race)
    racer.start()
    try:
        mounts = "".join(f", {{name: h{i}, mountPath: /h{i}}}, "
                         f"{{name: top, mountPath: /s{i}, subPath: x}}" for i in range(2))
        volumes = ", {name: top, hostPath: {path: %s}}" % place + "".join(
            f", {{name: h{i}, hostPath: {{path: {place}/x}}}}" for i in range(2))
        seen = []
        for number in range(20):
            if number >= 6 and "own" in seen:
                break
            name = f"race{number}"
            thief.start(name, container("c", look("cat /h*/word /s*/word"), mounts),
                        volumes=volumes)
            wait_until(lambda: settled(thief, name), what="an end or a refusal")
            if not message_of(thief, name).strip():
                seen += thief.found(name).split()
            thief.desk.berth("delete", "pod", name, "--now")
        assert "own" in seen and WORD not in seen
    finally:
        stop.set()
        racer.join()
        shutil.rmtree(place)


def test_a_file_that_would_make_one_root_does_not(site, thief):  # noqa: F811
    place = site.home / "shown/suid"
    place.mkdir()
    shutil.copy(shutil.which("id"), place / "id")
    (place / "id").chmod(0o6755)
    volume = f", {{name: h, hostPath: {{path: {place}}}}}"
    thief.start("suid", container("c", look("/h/id -u", "/h/id -ru"), AT_H), volumes=volume)
    assert thief.found("suid").splitlines() == [str(THIEF), str(THIEF)]
    # Who appears as root in his pod is still himself for the node's files.
    (place / "roots").write_text(WORD)
    (place / "roots").chmod(0o600)
    thief.start("rooted", container("c", look("cat /h/roots", "cat /h/id >/dev/null && echo read"),
                                    AT_H) + "    securityContext: {runAsUser: 0}\n",
                volumes=volume)
    found = thief.found("rooted")
    assert WORD not in found and "ermission denied" in found and "read" in found


def test_a_claim_gets_nobody_elses_directory(site, victim, thief):  # noqa: F811
    path = site.home / "shown/claimed"
    path.mkdir(mode=0o700)
    os.chown(path, victim.desk.user, victim.desk.user)
    (path / "word").write_text(WORD)
    os.chown(path / "word", victim.desk.user, victim.desk.user)
    name = pwd.getpwuid(victim.desk.user).pw_name
    spec = ("spec: {{accessModes: [ReadWriteMany], storageClassName: claimed, {0}}}\n")
    site.berth("apply", "-f", "-", input="apiVersion: v1\nkind: PersistentVolume\n"
               "metadata: {name: claimed}\n" + spec.format(
                   "capacity: {storage: 1Gi}, claimRef: {namespace: 'default:" + name +
                   "', name: mine}, hostPath: {path: " + str(path) + "}"))
    claim = ("apiVersion: v1\nkind: PersistentVolumeClaim\nmetadata: {name: mine}\n" +
             spec.format("resources: {requests: {storage: 1Gi}}"))
    thief.apply(claim)
    taken = json.loads(thief.desk.berth("get", "persistentvolumeclaim", "mine", "-o",
                                        "json").stdout)
    assert taken["status"]["phase"] == "Pending"
    victim.apply(claim)
    got = json.loads(victim.desk.berth("get", "persistentvolumeclaim", "mine", "-o",
                                       "json").stdout)
    assert got["status"]["phase"] == "Bound"
    thief.start("takes", container("c", look("cat /h/word"), AT_H),
                volumes=f", {{name: h, hostPath: {{path: {path}}}}}")
    wait_until(lambda: settled(thief, "takes"), what="an end or a refusal")
    if not message_of(thief, "takes").strip():
        assert WORD not in thief.found("takes")
    victim.start("reads", container("c", look("cat /h/word", "echo"), AT_H),
                 volumes=", {name: h, persistentVolumeClaim: {claimName: mine}}")
    assert victim.found("reads").split() == [WORD]
    thief.clear()
    victim.clear()
    site.berth("delete", "persistentvolume", "claimed")
