# SPDX-License-Identifier: Apache-2.0
"""Helper pods: they come and go with their batch job, whatever becomes of it."""
import io
import itertools
import json
import pathlib
import random

import pytest

import images
from desk import AS_ROOT, wait_until

NUMBERS = itertools.count(1)
# A database of one table; a line is a question, a line is the answer.
SERVER = """
import socketserver, sqlite3

class Client(socketserver.StreamRequestHandler):
    def handle(self):
        for line in self.rfile:
            database = sqlite3.connect("/data/seen.db", timeout=60)
            if line != b"count\\n":
                database.execute("insert into seen values (?)", (line.decode().strip(),))
                database.commit()
            count, = database.execute("select count(distinct name) from seen").fetchone()
            self.wfile.write(b"%d\\n" % count)
            database.close()

sqlite3.connect("/data/seen.db").execute("create table seen (name text)")
socketserver.ThreadingTCPServer.allow_reuse_address = True
socketserver.ThreadingTCPServer(("", 5432), Client).serve_forever()
"""
# By the name of the pod, and by its variable.
ASK = '[ $(getent hosts db | cut -d" " -f1) = $BERTH_POD_DB_IP ] && exec 3<>/dev/tcp/db/5432 && echo "%s" >&3 && read -r n <&3 && echo $n'


def helper(name, script, ready="true", **spec):
    container = {"name": "main", "image": "small", "imagePullPolicy": "IfNotPresent",
                 "command": ["sh", "-c", script],
                 "resources": {"requests": {"cpu": "100m", "memory": "16Mi"},
                               "limits": {"memory": "16Mi"}},
                 "readinessProbe": {"exec": {"command": ["sh", "-c", ready]},
                                    "periodSeconds": 1}}
    return {"metadata": {"name": name},
            "spec": {"terminationGracePeriodSeconds": 1, "containers": [container], **spec}}


def pod_file(desk, pod):
    path = desk.dir / f"pod{next(NUMBERS)}.json"
    path.write_text(json.dumps({"apiVersion": "v1", "kind": "Pod", **pod}))
    return path


def pod_of(desk, name):
    found = desk.berth("get", "pod", name, "-o", "json", check=False)
    return json.loads(found.stdout) if found.returncode == 0 else None


def until_pod(desk, name, phase):
    def reached():
        pod = pod_of(desk, name)
        return pod if pod and pod["status"]["phase"] == phase else None
    return wait_until(reached, what=f"{name} {phase}")


def is_over(desk):
    """Nothing runs or waits, and no node gives anything to anyone."""
    return not desk.jobs() and all(n["cores_used"] == 0 for n in desk.cluster_nodes())


@pytest.mark.skipif(not AS_ROOT or not pathlib.Path("/usr/sbin/nft").exists(),
                    reason="networks of pods need root and nft")
def test_a_database_serves_the_tasks_of_two_nodes(desk):
    tar = io.BytesIO(images.tar_of(images.python_rootfs(SERVER)))
    tar_file = desk.dir / "database.tar"
    tar_file.write_bytes(tar.getvalue())
    desk.berth("image", "import", tar_file, "database")
    pod = helper("db", "")
    pod["spec"]["volumes"] = [{"name": "data", "emptyDir": {}}]
    pod["spec"]["containers"][0] |= {
        "image": "database", "command": ["/usr/bin/python3", "-I", "-S", "/server.py"],
        "volumeMounts": [{"name": "data", "mountPath": "/data"}],
        "readinessProbe": {"tcpSocket": {"port": 5432}, "periodSeconds": 1}}
    pod["spec"]["containers"][0]["resources"] = {"requests": {"cpu": 1, "memory": "64Mi"},
                                                 "limits": {"memory": "64Mi"}}
    script = ("#!/bin/bash\n#SBATCH -N2 -n2 -o out\n"
              f"#BERTH --pod={pod_file(desk, pod).name}\n"
              f"srun bash -c '{ASK % '$(hostname)'}' >tasks || exit 3\n"
              f"{ASK % 'count'}\n"
              "echo $BERTH_PODS $BERTH_POD_DB_NAME on $BERTH_POD_DB_NODE\n")
    job = desk.submit(script=script)
    assert desk.wait(job) == 0, desk.job(job)
    count, words = desk.text("out").splitlines()
    assert count == "2"
    assert len(desk.text("tasks").split()) == 2
    name = f"db-{job}"
    status = until_pod(desk, name, "Succeeded")["status"]
    assert status["phase"] == "Succeeded"
    found = pod_of(desk, name)
    assert words == f"db {name} on {found['spec']['nodeName']}"
    assert found["metadata"]["labels"] == {"berth/job": str(job)}
    wait_until(lambda: is_over(desk), what="the end of both")
    # Both are accounted for.
    assert f"\n{job}+1 " in desk.berth("history").stdout


def test_a_job_waits_for_its_helper_and_is_cancelled_with_it(desk):
    job = desk.submit("--pod", pod_file(desk, helper("db", "exec sleep 1000", "false")),
                      "--wrap", "echo ran >ran", "-N", "2")
    until_pod(desk, f"db-{job}", "Running")
    shown = desk.until(job, "CONFIGURING")
    assert shown["reason"] == "HelperPods"
    assert "helper pods are not ready: db-" in shown["state_words"]
    (pod,) = shown["helpers"]
    assert (pod["name"], pod["ready"], pod["owner"]) == (f"db-{job}", False, f"BatchJob/{job}")
    (listed,) = [each for each in desk.jobs("--me") if each["id"] == pod["job"]]
    assert listed["helps"] == job
    assert listed["pod"]["name"] == f"db-{job}" and listed["pod"]["phase"] == "Running"
    assert f"default/db-{job}: Running, 0/1 ready" in desk.berth("show", "job", job).stdout
    assert f"BatchJob/{job}" in desk.berth("jobs", "--pods").stdout
    desk.berth("cancel", job)
    assert desk.until(job, "CANCELLED")
    until_pod(desk, f"db-{job}", "Succeeded")
    wait_until(lambda: is_over(desk), what="the end of both")
    assert not (desk.dir / "ran").exists()


def test_a_helper_that_fails_fails_the_job_with_words(desk):
    job = desk.submit("--pod", pod_file(desk, helper("db", "exit 3", "false",
                                                     restartPolicy="Never")),
                      "--pod", pod_file(desk, helper("other", "exec sleep 1000")),
                      "--wrap", "echo ran >ran")
    shown = desk.until(job, "FAILED")
    assert f"helper pod db-{job} has failed" in shown["state_words"]
    until_pod(desk, f"other-{job}", "Succeeded")
    wait_until(lambda: is_over(desk), what="the end of all")
    assert not (desk.dir / "ran").exists()


def test_a_job_that_is_queued_again_has_new_helpers(desk):
    files = [pod_file(desk, helper(name, "echo began; exec sleep 1000"))
             for name in ("one", "two")]
    job = desk.submit("--pod", files[0], "--pod", files[1], "-o", "out", "--open-mode",
                      "append", "--wrap", "echo $BERTH_PODS; sleep 1000")
    desk.until_text("out", "one two\n")
    helpers = [pod_of(desk, f"{name}-{job}")["status"]["job"] for name in ("one", "two")]
    refused = desk.fails("requeue", helpers[0])
    assert f"is a helper pod: it is run again with job {job}" in refused
    before = desk.job(job)["starts"]
    desk.berth("requeue", job)
    desk.until_text("out", "one two\none two\n")
    (starts,) = {desk.job(each)["starts"] for each in (job, *helpers)}
    assert starts > before
    # A pod that goes takes the job along.
    desk.berth("delete", "pod", f"two-{job}")
    assert f"helper pod two-{job} was ended" in desk.until(job, "CANCELLED")["state_words"]
    until_pod(desk, f"one-{job}", "Succeeded")


def test_a_batch_job_has_pods_in_its_manifest(desk):
    manifest = {"apiVersion": "berth/v1", "kind": "BatchJob", "metadata": {"name": "helped"},
                "spec": {"pods": [helper("my.db", "exec sleep 1000")], "output": "out",
                         "script": "#!/bin/sh\necho $BERTH_POD_MY_DB_NAME\n"}}
    file = desk.dir / "helped.json"
    file.write_text(json.dumps(manifest))
    judged = desk.berth("apply", "--dry-run", "-f", file, "-o", "json",
                        env={"BERTH_CONF": "/nowhere"}).stdout
    pod = json.loads(judged)["items"][0]["spec"]["pods"][0]
    assert pod["spec"]["restartPolicy"] == "Always"
    job = int(desk.berth("apply", "-f", file).stdout.split()[-1])
    assert desk.wait(job) == 0
    assert desk.text("out") == f"my.db-{job}\n"
    manifest["spec"]["pods"][0]["spec"]["containers"][0]["imag"] = "x"
    file.write_text(json.dumps(manifest))
    assert "spec.pods[0].spec.containers[0].imag: unknown field; nearest: image" in \
        desk.fails("apply", "--dry-run", "-f", file)


def test_nodes_are_not_held_for_ever_and_a_killed_controller_goes_on(own, small_tar):
    cluster = own.cluster
    cluster.berth("image", "import", "-", "small", stdin=open(small_tar, "rb"))
    conf = cluster.dir / "berth.yaml"
    text = conf.read_text()
    assert "\npods:\n" in text
    conf.write_text(text.replace("\npods:\n", "\npods:\n  helper_wait: 4s\n", 1))
    cluster.restart("controller")
    late = own.submit("--pod", pod_file(own, helper("db", "exec sleep 1000", "false")),
                      "--wrap", "true")
    assert "pods.helper_wait" in own.until(late, "FAILED")["state_words"]
    wait_until(lambda: is_over(own), what="the end of both")
    rng = random.Random(7)
    pod = pod_file(own, helper("db", "exec sleep 1000"))
    jobs = []
    for _ in range(4):
        jobs += [own.submit("--pod", pod, "-N2", "--wrap", "srun true") for _ in range(2)]
        wait_until(lambda: rng.random() < 0.1, what="a moment")
        cluster.restart("controller")
    for job in jobs:
        assert own.until(job, "COMPLETED", "FAILED", "CANCELLED")["state"] == "COMPLETED"
        until_pod(own, f"db-{job}", "Succeeded")
    wait_until(lambda: is_over(own), what="the end of all")
    wait_until(lambda: not list(cluster.dir.glob("run/*/job.*")), what="no directories")
