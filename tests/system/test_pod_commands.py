# SPDX-License-Identifier: Apache-2.0
"""Commands for pods: given, listed, described, looked into, waited for, taken away."""
import json
import os
import pathlib
import shutil

import pytest

import images
from desk import run, wait_until

FOUND = pathlib.Path(__file__).parents[2].parent / "shared/data/k8s"

POD = {
    "apiVersion": "v1", "kind": "Pod",
    "metadata": {"name": "web", "labels": {"app": "web"}},
    "spec": {
        "terminationGracePeriodSeconds": 1, "hostNetwork": True, "restartPolicy": "Never",
        "containers": [
            {"name": "main", "image": "small", "imagePullPolicy": "IfNotPresent",
             "command": ["sh", "-c", "echo begun; while ! test -e /tmp/go; do sleep 0.1; done; "
                                     "echo gone on; exec sleep 600"]},
            {"name": "other", "image": "small", "imagePullPolicy": "IfNotPresent",
             "command": ["sh", "-c", "echo second; exec sleep 600"]}]}}


def document(name, labels=None, **spec):
    pod = json.loads(json.dumps(POD))
    pod["metadata"] = {"name": name, "labels": labels or {"app": name}}
    pod["spec"].update(spec)
    return pod


def one(script, name="main"):
    return [{"name": name, "image": "small", "imagePullPolicy": "IfNotPresent",
             "command": ["sh", "-c", script]}]


@pytest.fixture
def pods(desk):
    """The desk, whose pods are gone at the end."""
    yield desk
    desk.berth("delete", "pods", "--all", "--now", "--timeout", "60s", check=False)
    desk.berth("delete", "configmaps", "--all", check=False)


def apply(desk, *objects, **options):
    text = "\n---\n".join(json.dumps(o) for o in objects)
    return desk.berth("apply", "-q", "-f", "-", input=text, **options)


def test_a_warning_is_told_once(pods):
    """Client and controller read the same text; the controller has more to say."""
    said = pods.berth("apply", "-f", "-", input=json.dumps(document(
        "warned", serviceAccountName="x", containers=one("exit 0")))).stderr
    assert said.count("pods run as the user who submits them") == 1, said
    assert said.count("it asks for no memory") == 1 and said.count("warning: ") == 2, said


def begin(desk, *objects):
    """Apply pods and wait until they run."""
    apply(desk, *objects)
    for o in objects:
        desk.berth("wait", "--for=condition=Ready", f"pod/{o['metadata']['name']}",
                   "--timeout", "90s")


def get(desk, name):
    return json.loads(desk.berth("get", "pod", name, "-o", "json").stdout)


def settings(value):
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "settings"},
            "data": {"key": value}}


def test_apply_says_what_it_did(pods):
    assert apply(pods, settings("a")).stdout == "configmap/settings created\n"
    assert apply(pods, settings("a")).stdout == "configmap/settings unchanged\n"
    dry = pods.berth("apply", "--dry-run=server", "-f", "-", input=json.dumps(settings("b")))
    assert dry.stdout == "configmap/settings configured (server dry run)\n"
    assert pods.berth("get", "cm/settings", "-o", "jsonpath={.data.key}").stdout == "a"
    assert apply(pods, settings("b")).stdout == "configmap/settings configured\n"
    assert pods.berth("get", "cm", "settings", "-o", "jsonpath={.data.key}").stdout == "b"
    again = pods.berth("create", "-f", "-", input=json.dumps(settings("b")), check=False)
    assert again.returncode == 1 and "stdin:1: configmap/settings: " in again.stderr
    again = pods.berth("replace", "-f", "-", input=json.dumps(settings("c")))
    assert again.stdout == "configmap/settings replaced\n"
    assert pods.berth("get", "cm", "settings", "-o", "jsonpath={.data.key}").stdout == "c"
    pods.berth("delete", "cm", "settings")
    gone = pods.berth("replace", "-f", "-", input=json.dumps(settings("d")), check=False)
    assert gone.returncode == 1 and "ConfigMap settings is not there" in gone.stderr


def test_a_wrong_object_does_not_hold_up_the_others(pods):
    wrong = document("wrong")
    wrong["spec"]["containrs"] = wrong["spec"].pop("containers")
    result = apply(pods, settings("a"), wrong, check=False)
    assert result.returncode == 1 and result.stdout == "configmap/settings created\n"
    assert "spec.containrs: unknown field; nearest: containers" in result.stderr


@pytest.mark.parametrize("field, words", [
    ("nodeName: nowhere", "stdin:5: pod/far: pod far: spec.nodeName: nowhere: Invalid node name"),
    ("priorityClassName: top", "spec.priorityClassName or metadata.annotations[berth/qos]: top: "),
    ("securityContext: {supplementalGroups: [4242]}",
     "stdin:5: pod/far: pod far: spec.securityContext.supplementalGroups[0]: you are not in")])
def test_what_the_queue_refuses_is_told_by_field_and_line(pods, field, words):
    text = (f"apiVersion: v1\nkind: Pod\nmetadata: {{name: far}}\nspec:\n  {field}\n"
            "  containers: [{name: c, image: small}]\n")
    result = pods.berth("apply", "-f", "-", input=text, check=False)
    assert result.returncode == 1 and words in result.stderr


def test_a_namespace_is_an_account(pods):
    moved = settings("a")
    moved["metadata"]["namespace"] = "team"
    result = apply(pods, moved, check=False)
    assert result.returncode == 1 and "'berth account add team'" in result.stderr


def test_names_that_are_not_there_are_told_with_the_nearest(pods):
    apply(pods, settings("a"))
    assert "nearest: settings" in pods.fails("get", "cm", "setings")
    assert "nearest: pods" in pods.fails("get", "pds", status=2)
    assert "sets of pods" in pods.fails("get", "deploy", status=2)
    assert pods.berth("delete", "cm", "setings", "--ignore-not-found").stdout == ""
    assert pods.berth("delete", "cm/settings").stdout == 'configmap "settings" deleted\n'
    assert "there is no configmap 'settings'" in pods.fails("get", "cm/settings")


def test_a_pod_is_listed_and_shown_as_kubernetes_has_it(pods):
    begin(pods, POD)
    lines = pods.berth("pods").stdout.splitlines()
    assert lines[0].split() == ["NAME", "READY", "STATUS", "RESTARTS", "AGE"]
    assert lines[1].split()[:4] == ["web", "2/2", "Running", "0"]
    pod = get(pods, "web")
    assert pod["status"]["phase"] == "Running" and pod["metadata"]["uid"]
    assert {c["name"] for c in pod["status"]["containerStatuses"]} == {"main", "other"}
    job = pods.job(pod["status"]["job"])
    assert job["state"] == "RUNNING"
    assert pods.berth("get", "po", "-l", "app=web", "-o", "name").stdout == "pod/web\n"
    assert pods.berth("get", "po", "-l", "app!=web", "-o", "name").stdout == ""
    wide = pods.berth("get", "pods", "-o", "wide").stdout.splitlines()[1].split()
    assert pod["spec"]["nodeName"] in wide and str(pod["status"]["job"]) in wide
    text = pods.berth("describe", "pod", "web").stdout
    assert "State:           Running" in text and "Scheduled" in text


def test_logs_are_those_of_a_container(pods):
    begin(pods, POD)
    assert pods.berth("logs", "web", "-c", "main").stdout == "begun\n"
    assert pods.berth("logs", "pod/web", "other").stdout == "second\n"
    result = pods.berth("logs", "web")
    assert result.stdout == "begun\n" and "container main of: main, other" in result.stderr
    assert "nearest: other" in pods.fails("logs", "web", "-c", "othr")
    both = pods.berth("logs", "web", "--all-containers", "--prefix").stdout
    assert both == "[pod/web/main] begun\n[pod/web/other] second\n"
    follow = pods.start("logs", "-f", "web", "-c", "main")
    assert follow.stdout.readline() == "begun\n"
    pods.berth("exec", "web", "-c", "main", "--", "sh", "-c", ": >/tmp/go")
    assert follow.stdout.readline() == "gone on\n"


def test_logs_of_a_pod_that_has_ended_are_kept_for_its_owner(pods):
    apply(pods, document("past", containers=one("echo last words; echo worse >&2")))
    wait_until(lambda: get(pods, "past")["status"].get("phase") == "Succeeded",
               what="the end of the pod")
    lines = pods.berth("logs", "past").stdout.splitlines()
    assert sorted(lines) == ["last words", "worse"]
    assert pods.berth("logs", "past", "--tail", 1).stdout in ("last words\n", "worse\n")
    assert "no earlier run" in pods.fails("logs", "past", "--previous")


def test_a_batch_job_of_a_manifest_is_a_job_once(pods):
    job = {"apiVersion": "berth/v1", "kind": "BatchJob", "metadata": {"name": "solve"},
           "spec": {"tasks": 1, "cpusPerTask": 2, "output": "out",
                    "command": ["sh", "-c", "echo \"$0 $1\" $SLURM_CPUS_PER_TASK", "it's", "b c"]}}
    done = apply(pods, job).stdout
    number = done.split()[-1]
    assert done == f"batchjob.berth/solve is job {number}\n"
    assert apply(pods, job).stdout == done
    pods.wait(number)
    assert pods.text("out") == "it's b c 2\n"
    assert pods.job(number)["name"] == "solve"
    again = pods.berth("create", "-f", "-", input=json.dumps(job)).stdout.split()[-1]
    assert again != number
    pods.wait(again)


def test_programs_and_files_go_into_a_container(pods):
    begin(pods, POD)
    result = pods.berth("exec", "web", "-c", "other", "--", "sh", "-c", "echo $0 in; exit 7",
                        check=False)
    assert result.returncode == 7 and result.stdout == "sh in\n"
    (pods.dir / "file").write_text("words\n")
    pods.berth("cp", "file", "web:/tmp/copy", "-c", "other")
    assert pods.berth("exec", "pod/web", "-c", "other", "--", "cat", "/tmp/copy").stdout \
        == "words\n"
    pods.berth("cp", "-c", "other", "web:/tmp/copy", "back")
    assert pods.text("back") == "words\n"
    assert "a pod is on one node" in pods.fails("exec", "-w", "n1", "web", "--", "true", status=2)


def test_waits_end_when_things_are_so(pods):
    waiting = pods.start("wait", "--for=condition=Ready", "pod/late", "--timeout", "1s")
    assert waiting.wait(60) == 1 and "there is no pod/late" in waiting.stderr.read()
    created = pods.start("wait", "--for=create", "pod/done", "--timeout", "90s")
    apply(pods, document("done", containers=one("exit 0")))
    assert created.wait(100) == 0
    pods.berth("wait", "--for=jsonpath={.status.phase}=Succeeded", "pod/done",
               "--timeout", "90s")
    assert "it has ended" in pods.fails("wait", "--for=condition=Ready", "pod/done")
    assert pods.berth("pods", "done").stdout.splitlines()[1].split()[2] == "Completed"
    gone = pods.start("wait", "--for=delete", "pod/done", "--timeout", "90s")
    pods.berth("delete", "pod", "done")
    assert gone.wait(100) == 0


def test_a_list_goes_on_with_changes(pods):
    watch = pods.start("get", "pods", "-w", "--no-headers")
    apply(pods, document("seen", containers=one("exec sleep 600")))
    line = watch.stdout.readline().split()
    while line[2] != "Running":
        line = watch.stdout.readline().split()
    assert line[0] == "seen"
    pods.berth("delete", "pod/seen", "--now")
    while line[2] != "Terminating":
        line = watch.stdout.readline().split()


def test_deleting_waits_for_the_end(pods):
    begin(pods, document("slow", labels={"set": "x"}), document("swift", labels={"set": "x"}))
    assert "Give names" in pods.fails("delete", "pods", status=2)
    dry = pods.berth("delete", "pods", "-l", "set=x", "--dry-run=server").stdout
    assert 'pod "slow" deleted (dry run)' in dry and len(pods.berth(
        "get", "pods", "-l", "set=x", "-o", "name").stdout.split()) == 2
    out = pods.berth("delete", "pods", "-l", "set=x", "--grace-period", "1").stdout
    assert sorted(out.splitlines()) == ['pod "slow" deleted', 'pod "swift" deleted']
    assert pods.berth("get", "pods", "-l", "set=x", "-o", "name").stdout == ""


def test_events_explain_what_happened(pods):
    begin(pods, POD)
    rows = pods.berth("events", "--for", "pod/web").stdout
    assert "Scheduled" in rows and "Started" in rows
    items = json.loads(pods.berth("events", "--for", "pod/web", "--json").stdout)["items"]
    assert {item["involvedObject"]["name"] for item in items} == {"web"}
    assert all(item["kind"] == "Event" for item in items)


def test_ports_that_are_wrong_are_named(pods):
    begin(pods, POD)
    assert "is not a port" in pods.fails("port-forward", "web", "8080:nosuch", status=2)
    assert "which ports?" in pods.fails("port-forward", "web", status=2)


def test_numbers_are_jobs_and_names_are_pods(pods):
    job = pods.submit(script="#!/bin/sh\necho of a job\n")
    pods.wait(job)
    assert pods.berth("logs", job).stdout == "of a job\n"
    assert "none of a pod" in pods.fails("logs", job, "-c", "main", status=2)
    assert "there is no pod" in pods.fails("logs", f"pod/{job}")
    assert "of pods only" in pods.fails("top", "--containers", status=2)
    assert "of objects only" in pods.fails("wait", "--timeout", "5", job, status=2)


def test_labels_and_annotations_are_given_and_taken(pods):
    apply(pods, settings("a"))
    assert pods.berth("label", "cm", "settings", "tier=db", "old=x").stdout == \
        "configmap/settings labeled\n"
    assert "tier is 'db' already" in pods.fails("label", "cm/settings", "tier=web")
    pods.berth("label", "cm/settings", "tier=web", "old-", "--overwrite")
    assert pods.berth("label", "cm", "-l", "tier=web", "--list").stdout == \
        "configmap/settings:\n  tier=web\n"
    pods.berth("annotate", "cm", "--all", "example.org/note=seen by alice")
    assert "seen by alice" in pods.berth("describe", "cm", "settings").stdout
    assert pods.berth("label", "cm/settings", "tier=web").stdout == \
        "configmap/settings unchanged\n"
    assert pods.berth("get", "cm/settings", "-o", "jsonpath={.data.key}").stdout == "a"
    assert "'-x' is not" in pods.fails("label", "cm/settings", "a=-x")
    assert "nearest: settings" in pods.fails("label", "cm", "setings", "a=b")
    assert "KEY-" in pods.fails("label", "cm/settings", status=2)


def test_lists_have_chosen_columns_order_and_fields(pods):
    pods.berth("create", "configmap", "bb", "--from-literal", "n=1")
    pods.berth("create", "configmap", "aa", "--from-literal", "n=2")

    def rows(*argv):
        return pods.berth("get", "cm", "-o", "custom-columns=NAME:.metadata.name,N:data.n,"
                          "L:.metadata.labels.x", *argv).stdout.splitlines()
    assert [line.split() for line in rows("--sort-by", "{.data.n}")] == \
        [["NAME", "N", "L"], ["bb", "1", "<none>"], ["aa", "2", "<none>"]]
    assert [line.split()[0] for line in rows("--field-selector", "metadata.name!=bb",
                                             "--no-headers")] == ["aa"]
    assert "there are metadata.name, metadata.namespace" in \
        pods.fails("get", "cm", "--field-selector", "data.n=3")
    assert "TITLE:FIELD" in pods.fails("get", "cm", "-o", "custom-columns=NAME", status=2)
    assert "there is no field 'x'" in pods.fails("get", "cm", "--field-selector", "x")
    assert "not together with names" in \
        pods.fails("get", "cm", "aa", "--field-selector", "metadata.name=aa", status=2)


def test_a_cron_job_is_begun_by_hand_and_a_pod_explained(pods):
    pods.berth("create", "cronjob", "nightly", "--image", "small:latest", "--schedule",
               "0 3 1 1 *", "--", "sh", "-c", "echo by hand")
    pods.berth("create", "job", "now", "--from", "cronjob/nightly")
    pods.berth("wait", "--for=condition=Complete", "job/now", "--timeout", "60s")
    assert pods.berth("logs", "job/now").stdout == "by hand\n"
    (name,) = pods.berth("get", "pods", "-o", "jsonpath={.items[*].metadata.name}").stdout.split()
    assert "COMPLETED" in pods.berth("explain", f"pod/{name}").stdout.upper()
    assert "there is no cronjob 'nigthly'" in pods.fails("create", "job", "x", "--from",
                                                         "cronjob/nigthly")
    pods.berth("delete", "job/now", "cronjob/nightly", "--now")


def test_what_pods_use_is_shown(pods):
    begin(pods, POD)
    lines = pods.berth("top", "pods", "-d", "0.3").stdout.splitlines()
    assert lines[0].split() == ["NAME", "CPU(cores)", "MEMORY(bytes)"]
    assert lines[1].split()[0] == "web"


def test_a_restart_shows_what_was_before(pods):
    apply(pods, document("again", restartPolicy="Always", containers=one(
        "echo run; test -e /tmp/x && exec sleep 600; : >/tmp/x; exit 3")))

    def restarted():
        status = get(pods, "again")["status"].get("containerStatuses")
        return status and status[0]["restartCount"] > 0 and status[0]
    found = wait_until(restarted, what="a restart")
    assert found["lastState"]["terminated"]["exitCode"] == 3
    assert pods.berth("logs", "--previous", "again").stdout == "run\n"


def perl_rootfs():
    """Perl as Debian has it on this machine, with its modules."""
    names = run("sh", "-c", "dpkg -L perl-base perl $(dpkg-query -W -f '${Package} ' "
                            "'perl-modules-5*' 'libperl5*')",
                check=False).stdout.split("\n")
    entries = dict(images.small_rootfs())
    for name in sorted(names):
        path = pathlib.Path(name)
        if not name.startswith(("/usr/bin/perl", "/usr/lib", "/usr/share/perl")):
            continue
        if path.is_symlink():
            entries.setdefault(name.lstrip("/"), f"->{os.readlink(path)}")
        elif path.is_file():
            entries.setdefault(name.lstrip("/"), path)
    for library in images.libraries_of(shutil.which("perl")):
        entries.setdefault(library.lstrip("/"), pathlib.Path(os.path.realpath(library)))
    return list(entries.items())


@pytest.fixture
def found_images(desk):
    """The images perl and busybox, of this machine's own programs."""
    if not shutil.which("busybox"):
        pytest.skip("no busybox on this machine: install busybox")
    busybox = [(name, None) for name in ("bin", "etc", "proc", "dev", "sys", "tmp")]
    busybox.append(("bin/busybox", pathlib.Path(shutil.which("busybox"))))
    busybox += [(f"bin/{name}", "->busybox") for name in ("sh", "date", "echo", "sleep")]
    busybox += [(library.lstrip("/"), pathlib.Path(os.path.realpath(library)))
                for library in images.libraries_of(shutil.which("busybox"))]
    for name, rootfs in (("perl", perl_rootfs()), ("busybox", busybox)):
        tar = desk.dir / f"{name}.tar"
        tar.write_bytes(images.tar_of(rootfs))
        desk.cluster.berth("image", "import", tar, name)
    yield
    for name in ("perl", "busybox"):
        desk.cluster.berth("image", "rm", name)


@pytest.mark.skipif(not FOUND.is_dir(), reason=f"no {FOUND}")
def test_manifests_found_in_the_world_really_run(found_images, pods):
    pods.berth("apply", "-f", FOUND / "kubernetes--website--job.yaml")
    pods.berth("create", "-f", FOUND / "kubernetes-sigs--kueue--ca3e5a--kueue-pod.yaml")
    pods.berth("apply", "-f", FOUND / "kubernetes--website--cronjob.yaml")
    sleep = pods.berth("pods", "-l", "kueue.x-k8s.io/queue-name=user-queue", "-o",
                       "name").stdout.strip()
    assert sleep.startswith("pod/kueue-sleep-")
    pods.berth("wait", "--for=condition=Complete", "job/pi", "--timeout", "90s")
    pods.berth("wait", "--for=jsonpath={.status.phase}=Succeeded", sleep, "--timeout", "60s")
    assert pods.berth("get", "cronjob", "hello", "--no-headers").stdout.split()[0] == "hello"
    pods.berth("delete", "job/pi", "cronjob/hello", "--now")
