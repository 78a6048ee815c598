# SPDX-License-Identifier: Apache-2.0
"""Volumes and variables of pods: shared, bounded, filled, refused, gone at the end.

Every container has /out, an emptyDir: the test reads there, on the node's disk, what the
container has found, and ends it by a file 'stop'.
"""
import json
import os
import pathlib
import pwd
import signal

import pytest

from conftest import new_desk
from desk import AS_ROOT, USER, wait_until
from test_shared_containers import marked

CONTAINER = """\
  - name: {name}
    image: small
    command: [sh, -c, {script}]
    resources: {{requests: {{cpu: 100m, memory: 64Mi}}, limits: {{memory: 64Mi}}}}
    volumeMounts: [{{name: out, mountPath: /out}}{mounts}]
    env: [{{name: ANY, value: thing}}{env}]
"""
POD = """\
apiVersion: v1
kind: Pod
metadata: {{name: {name}, labels: {{app: {name}}}, annotations: {{note: 'say "hi"'}}}}
spec:
  restartPolicy: Never
  terminationGracePeriodSeconds: 1
  containers:
{containers}\
  volumes: [{{name: out, emptyDir: {{}}}}{volumes}]
"""
STOP = "; while ! [ -e /out/stop ]; do sleep 0.1; done"
# 64 KiB and a line's end.
BIG = "x=0123456789abcdef; for i in 1 2 3 4 5 6 7 8 9 10 11 12; do x=$x$x; done; "


class Pods:
    """Pods of a user, and what their containers leave in /out."""

    def __init__(self, desk):
        self.desk = desk

    def apply(self, text, **options):
        return self.desk.berth("apply", "-f", "-", input=text, **options)

    def start(self, name, *containers, volumes=""):
        self.apply(POD.format(name=name, containers="".join(containers), volumes=volumes))

    def status(self, name):
        shown = self.desk.berth("get", "pod", name, "-o", "json").stdout
        return json.loads(shown)["status"]

    def until(self, name, *phases):
        def there():
            status = self.status(name)
            return status if status.get("phase") in phases else None
        return wait_until(there, what=f"pod {name} {'/'.join(phases)}")

    def out(self, name):
        """The directory on the node, once it is there."""
        job = self.status(name)["job"]
        pattern = f"*/job.{job}.*/user/pod/volumes/out"
        return wait_until(lambda: next((self.desk.cluster.dir / "run").glob(pattern), None),
                          what=f"/out of {name}")

    def found(self, name, file="found"):
        """What a container has put there, whole: it ends with a line 'end'."""
        path = self.out(name) / file

        def whole():
            text = path.read_text() if path.exists() else ""
            return text[:-4] if text.endswith("end\n") else None
        return wait_until(whole, what=f"{file} of pod {name}")

    def left(self):
        return list((self.desk.cluster.dir / "run").glob("*/job.*/user/pod/volumes/*"))

    def clear(self):
        for kind in ("pods", "configmaps", "secrets", "persistentvolumeclaims"):
            self.desk.berth("delete", kind, "--all", "--grace-period", "1", check=False)
        wait_until(lambda: not self.left(), what="the end of all volumes")
        self.desk.clear()


@pytest.fixture
def pods(shared):
    made = Pods(new_desk(shared, "volumes", USER if AS_ROOT else os.geteuid()))
    yield made
    made.clear()


def container(name, script, mounts="", env=""):
    return CONTAINER.format(name=name, script=json.dumps(script), mounts=mounts, env=env)


def look(*commands):
    """A script that puts what these print into /out/found, and stays."""
    return "{ " + "; ".join(commands) + "; echo end; } >/out/found 2>&1" + STOP


# ------------------------------------------------------------------- emptyDir

def test_containers_share_a_directory_and_a_file_system_of_memory(pods):
    mounts = (", {name: disk, mountPath: /disk}, {name: mem, mountPath: /disk/mem}, "
              "{name: disk, mountPath: /sub, subPathExpr: a/$(WHO)}")
    env = ", {name: WHO, value: both}"
    pods.start("shared",
               container("writes", "echo one >/disk/x; echo two >/disk/mem/x; "
                         "echo three >/sub/x" + STOP, mounts, env),
               container("reads", "while ! [ -s /sub/x ]; do sleep 0.1; done; " +
                         look("cat /disk/x /disk/mem/x /disk/a/both/x /proc/self/mounts"),
                         mounts, env),
               volumes=", {name: disk, emptyDir: {}}, "
                       "{name: mem, emptyDir: {medium: Memory, sizeLimit: 1Mi}}")
    lines = pods.found("shared").splitlines()
    assert lines[:3] == ["one", "two", "three"]
    memory = [line.split() for line in lines[3:] if line.split()[1] == "/disk/mem"]
    assert len(memory) == 1 and memory[0][2] == "tmpfs" and "size=1024k" in memory[0][3]
    (pods.out("shared") / "stop").touch()
    assert pods.until("shared", "Succeeded", "Failed")["phase"] == "Succeeded"


def test_a_file_system_of_memory_is_full_at_its_limit(pods):
    pods.start("full", container(
        "c", look(BIG + "n=0; while [ $n -lt 40 ] && echo $x >>/mem/x; do n=$((n+1)); done; "
                  "echo $n"), ", {name: mem, mountPath: /mem}"),
        volumes=", {name: mem, emptyDir: {medium: Memory, sizeLimit: 1Mi}}")
    # Shells say "I/O error"; sixteen lines of 64 KiB and a bit do not fit.
    words, lines = pods.found("full").splitlines()
    assert "rror" in words or "No space" in words
    assert lines == "15"


def test_a_directory_over_its_limit_evicts_the_pod(pods):
    pods.start("fat", container(
        "c", BIG + "for i in 1 2 3 4 5 6 7 8 9 10; do echo $x >>/disk/x; done" + STOP,
        ", {name: disk, mountPath: /disk}"),
        volumes=", {name: disk, emptyDir: {sizeLimit: 256Ki}}")
    status = pods.until("fat", "Succeeded", "Failed")
    assert status["phase"] == "Failed" and status["reason"] == "Evicted"
    assert "emptyDir volume 'disk'" in status["message"]
    assert "exceeds its limit, 256Ki" in status["message"]


# ------------------------------------------------------ ConfigMaps and Secrets

CONFIG = """\
apiVersion: v1
kind: ConfigMap
metadata: {{name: conf}}
data: {{a: {0}, b: {0}}}
"""
WORD = "hunter2-of-the-test"
SECRET = f"""\
apiVersion: v1
kind: Secret
metadata: {{name: key}}
stringData: {{word: {WORD}}}
"""


def test_a_config_map_changes_all_at_once_but_not_under_a_sub_path(pods):
    pods.apply(CONFIG.format("r1"))
    # Who is in a directory reads on in it: what it holds is all old or all new.
    pods.start("config", container(
        "c", "echo x >/conf/a && echo wrote >/out/seen; while ! [ -e /out/stop ]; do "
        "(cd -P /conf/..data && echo $(cat a)$(cat b)$(cat /one)$A >>/out/seen); "
        "sleep 0.05; done",
        ", {name: v, mountPath: /conf}, {name: v, mountPath: /one, subPath: a}",
        ", {name: A, valueFrom: {configMapKeyRef: {name: conf, key: a}}}"),
        volumes=", {name: v, configMap: {name: conf}}")
    seen = pods.out("config") / "seen"

    def saw():
        return set(seen.read_text().splitlines()) if seen.exists() else set()
    wait_until(lambda: "r1r1r1r1" in saw(), what="the contents")
    for revision in ("r2", "r3"):
        pods.apply(CONFIG.format(revision))
        wait_until(lambda: f"{revision}{revision}r1r1" in saw(), what="the new contents")
    assert saw() == {"r1r1r1r1", "r2r2r1r1", "r3r3r1r1"}


def test_a_pod_waits_for_a_key_that_comes_later(pods):
    pods.apply(CONFIG.format("r1"))
    pods.start("late", container(
        "c", look("cat /conf/new"), ", {name: v, mountPath: /conf}"),
        volumes=", {name: v, configMap: {name: conf, items: [{key: c, path: new}]}}")

    def reason():
        waiting = pods.status("late").get("containerStatuses", [{}])[0].get("state", {})
        return waiting.get("waiting", {}).get("message", "")
    wait_until(lambda: "ConfigMap 'conf' has no key 'c'" in reason(), what="its words")
    pods.apply(CONFIG.format("r1").replace("b: r1", "b: r1, c: came"))
    assert pods.found("late") == "came"


def files_with(word, top):
    """Files below 'top', as we see them, that hold this."""
    found = []
    for folder, _, names in os.walk(top):
        for path in (pathlib.Path(folder, name) for name in names):
            try:
                if path.is_file() and word.encode() in path.read_bytes():
                    found.append(str(path))
            except OSError:
                continue
    return found


def test_a_secret_is_nowhere_on_the_node_but_in_its_pod(pods):
    pods.apply(SECRET)
    # The word itself neither goes out, as /out is on disk, nor stands in the manifest.
    apart = f"{WORD[:3]}''{WORD[3:]}"
    pods.start("secret", container(
        "c", look(f'[ "$(cat /key/word)" = {apart} ] && echo file',
                  f'[ "$KEY_word" = {apart} ] && echo variable',
                  "cat /proc/self/mounts", "ls -l /key/..data/"),
        ", {name: v, mountPath: /key}", "]\n    envFrom: [{prefix: KEY_, secretRef: {name: key}}"),
        volumes=", {name: v, secret: {secretName: key, defaultMode: 0400}}")
    lines = pods.found("secret").splitlines()
    assert lines[:2] == ["file", "variable"]
    at_key = [line.split() for line in lines if line.split()[1:2] == ["/key"]]
    assert len(at_key) == 1 and at_key[0][2] == "ramfs" and "ro" in at_key[0][3].split(",")
    assert lines[-1].startswith("-r--------") and lines[-1].endswith(" word")
    assert files_with(WORD, pods.desk.cluster.dir) == []
    shown = pods.desk.berth("get", "pod", "secret", "-o", "yaml").stdout
    shown += pods.desk.berth("describe", "pod", "secret").stdout
    assert WORD not in shown


def test_another_users_pod_does_not_get_a_secret(pods):
    if not AS_ROOT:
        pytest.skip("needs two users")
    thief = Pods(new_desk(pods.desk.cluster, "thief", pwd.getpwnam("nobody").pw_uid))
    pods.apply(SECRET)
    try:
        thief.start("thief", container("c", "echo $W >/out/found", "",
                    ", {name: W, valueFrom: {secretKeyRef: {name: key, key: word}}}"))
        wait_until(lambda: "Secret key is not there" in thief.status("thief").get("message", ""),
                   what="that it waits")
        assert WORD not in thief.desk.berth("get", "secrets", "-o", "yaml", check=False).stdout
    finally:
        thief.clear()


# ------------------------------------------------------------- fields, amounts

def test_fields_and_amounts_are_files_and_variables(pods):
    pods.apply(CONFIG.format("r1") + "---\n" + SECRET)
    env = (", {name: NAME, valueFrom: {fieldRef: {fieldPath: metadata.name}}}"
           ", {name: NODE, valueFrom: {fieldRef: {fieldPath: spec.nodeName}}}"
           ", {name: HOST, valueFrom: {fieldRef: {fieldPath: status.hostIP}}}"
           ", {name: IP, valueFrom: {fieldRef: {fieldPath: status.podIP}}}"
           ", {name: MEM, valueFrom: {resourceFieldRef: {resource: limits.memory, "
           "divisor: 1Mi}}}"
           ", {name: CPU, valueFrom: {resourceFieldRef: {resource: requests.cpu, "
           "divisor: 1m}}}"
           ", {name: BOTH, value: \"$(NAME)@$(NODE) $$(NAME)\"}")
    sources = ("{configMap: {name: conf, items: [{key: a, path: a}]}}, "
               "{secret: {name: key, items: [{key: word, path: s/word}]}}, "
               "{downwardAPI: {items: ["
               "{path: labels, fieldRef: {fieldPath: metadata.labels}}, "
               "{path: notes, fieldRef: {fieldPath: metadata.annotations}}, "
               "{path: memory, mode: 0400, resourceFieldRef: {containerName: c, "
               "resource: limits.memory}}]}}")
    pods.start("facts", container(
        "c", look("cd /all", "cat labels; echo", "cat notes; echo", "cat memory; echo",
                  "cat a; echo", "ls s", 'echo "$NAME $NODE $MEM $CPU $BOTH"',
                  'echo "$HOST $IP"'), ", {name: v, mountPath: /all}", env),
        volumes=f", {{name: v, projected: {{sources: [{sources}]}}}}")
    lines = pods.found("facts").splitlines()
    shown = pods.desk.berth("get", "pod", "facts", "-o", "json").stdout
    node = json.loads(shown)["spec"]["nodeName"]
    assert lines[0] == 'app="facts"'
    assert 'note="say \\"hi\\""' in lines
    assert lines[-5:-1] == [str(64 << 20), "r1", "word",
                            f"facts {node} 64 100 facts@{node} $(NAME)"]
    assert json.loads(shown)["status"]["hostIP"] == lines[-1].split()[0]
    assert len(lines[-1].split()) == 2


def test_a_file_of_labels_changes_with_them(pods):
    script = ("while ! [ -e /out/stop ]; do cat /all/labels >>/out/seen; echo >>/out/seen; "
              "sleep 0.1; done")
    volumes = (", {name: v, downwardAPI: {items: [{path: labels, fieldRef: "
               "{fieldPath: metadata.labels}}]}}")
    first = container("c", script, ", {name: v, mountPath: /all}")
    pods.start("labels", first, volumes=volumes)
    seen = pods.out("labels") / "seen"
    wait_until(lambda: seen.exists() and 'app="labels"' in seen.read_text())
    pods.apply(POD.format(name="labels", containers=first, volumes=volumes)
               .replace("{app: labels}", "{app: other, more: 'yes'}"))
    wait_until(lambda: 'app="other"\nmore="yes"\n' in seen.read_text(), what="the new labels")


# -------------------------------------------------------------- the node's paths

def test_host_paths_are_what_the_site_shows_wherever_links_lead(make_cluster, small_tar):
    cluster = make_cluster()
    cluster.up("--nodes", "1", "--cores-per-node", "2")
    cluster.berth("image", "import", "-", "small", stdin=open(small_tar, "rb"))
    shown, kept = cluster.home / "shown", cluster.home / "kept"
    (shown / "sub").mkdir(parents=True)
    kept.mkdir()
    (shown / "sub/word").write_text("shown\n")
    (shown / "in").symlink_to("sub")
    (shown / "out").symlink_to(kept)
    cluster.restart("n1", change=lambda text: text.replace('host_paths: "/:rw"',
                                                    f'host_paths: "{shown}"'))
    pods = Pods(new_desk(cluster, "paths"))

    def mounted(name, path, mounts="", script=look("cat /h/word", "echo x >/h/new")):
        pods.start(name, container("c", script, ", {name: h, mountPath: /h" + mounts + "}"),
                   volumes=f", {{name: h, hostPath: {{path: {path}}}}}")
    mounted("good", shown / "in")
    found = pods.found("good").splitlines()
    assert found[0] == "shown" and "Read-only file system" in found[1]
    for name, path, words in (
            ("link", shown / "out", f"leads to {kept}, which this site does not show"),
            ("kept", kept, f"this site does not show {kept} to pods")):
        mounted(name, path)
        status = pods.until(name, "Failed")
        assert words in status["message"] and "volume 'h'" in status["message"]
    # A link in the volume itself leads a subPath nowhere.
    mounted("sub", shown, ", subPath: out")
    wait_until(lambda: "subPath 'out' leads out of it" in json.dumps(pods.status("sub")),
               what="the refusal")
    pods.clear()


# -------------------------------------------------------------------- claims

CLAIMED = """\
apiVersion: v1
kind: PersistentVolume
metadata: {{name: kept-by-test}}
spec: {{capacity: {{storage: 1Gi}}, accessModes: [ReadWriteOnce], storageClassName: test,
  hostPath: {{path: {path}, type: Directory}}}}
"""
CLAIM = """\
apiVersion: v1
kind: PersistentVolumeClaim
metadata: {name: mine}
spec: {accessModes: [ReadWriteOnce], storageClassName: test,
  resources: {requests: {storage: 1Gi}}}
"""


def test_what_a_pod_writes_into_a_claim_outlives_it(pods):
    kept = pods.desk.dir / "kept"
    kept.mkdir()
    os.chown(kept, pods.desk.user, pods.desk.user)
    pods.desk.cluster.berth("apply", "-f", "-", input=CLAIMED.format(path=kept))
    pods.apply(CLAIM)
    mount = ", {name: c, mountPath: /kept}"
    volume = ", {name: c, persistentVolumeClaim: {claimName: mine%s}}"
    pods.start("first", container("c", "echo one >/kept/x", mount), volumes=volume % "")
    assert pods.until("first", "Succeeded", "Failed")["phase"] == "Succeeded"
    assert (kept / "x").read_text() == "one\n"
    pods.start("second", container("c", look("cat /kept/x", "echo two >/kept/x"), mount),
               volumes=volume % ", readOnly: true")
    lines = pods.found("second").splitlines()
    assert lines[0] == "one" and "Read-only file system" in lines[1]
    # It goes when its claim has.
    pods.clear()
    pods.desk.cluster.berth("delete", "persistentvolume", "kept-by-test")


# ------------------------------------------------------------------- the end

def test_nothing_is_left_when_the_lead_is_killed(pods):
    pods.apply(SECRET)
    pods.start("killed", container("c", look("ls /key"), ", {name: v, mountPath: /key}"),
               volumes=", {name: v, secret: {secretName: key}}")
    assert pods.found("killed") == "word\n"
    out = pods.out("killed")
    job = pods.status("killed")["job"]
    record = next(pods.desk.cluster.dir.glob(f"node/*/steps/{job}.*"))
    os.kill(int(record.read_text().split()[0]), signal.SIGKILL)
    wait_until(lambda: not out.exists() and not marked("/out/found"), what="the end of all")
