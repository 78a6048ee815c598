# SPDX-License-Identifier: Apache-2.0
"""berth apply and create: manifests are judged and shown without any cluster."""
import collections
import json
import pathlib

import pytest

from desk import run

FOUND = pathlib.Path(__file__).parents[2].parent / "shared/data/k8s"
NOWHERE = {"BERTH_CONF": "/nonexistent.yaml"}

POD = """\
apiVersion: v1
kind: Pod
metadata:
  name: web
  labels: {app: web}
spec:
  schedulerName: mine
  containers:
  - name: main
    image: debian:12
    resources: {limits: {cpu: 0.5}}
"""
BATCH = """\
apiVersion: berth/v1
kind: BatchJob
metadata: {name: solve}
spec:
  nodes: 2-4
  cpusPerTask: 8
  time: 1h30m
  gpusPerNode: a100:2
  exclusive: true
  mount: [/data, /scratch:/s:ro]
  mailType: END
  script: |
    #!/bin/sh
    berth run ./solver
"""


def apply(*argv, verb="apply", **options):
    return run("berth", verb, *argv, env=NOWHERE, check=False, **options)


@pytest.fixture
def pod(tmp_path):
    path = tmp_path / "pod.yaml"
    path.write_text(POD)
    return path


@pytest.mark.parametrize("verb, done", [("apply", "applied"), ("create", "created")])
def test_a_pod_is_judged_without_a_cluster(pod, verb, done):
    result = apply("--dry-run", "-f", pod, verb=verb)
    assert result.returncode == 0 and result.stdout == f"pod/web {done} (dry run)\n"
    assert result.stderr == (f"berth {verb}: warning: {pod}:7: spec.schedulerName: "
                             "without effect: Berth schedules it\n")


def test_without_dry_run_there_must_be_a_cluster(pod):
    result = apply("-f", pod, "-q")
    assert result.returncode == 1 and result.stdout == ""
    assert "/nonexistent.yaml" in result.stderr


def test_what_is_printed_has_defaults_and_reads_back(pod):
    first = apply("--dry-run", "-q", "-f", pod, "-o", "yaml").stdout
    assert "cpu: 500m" in first and "restartPolicy: Always" in first
    assert apply("--dry-run", "-q", "-f", "-", "-o", "yaml", input=first).stdout == first
    doc = json.loads(apply("--dry-run", "-q", "-f", pod, "-o", "json").stdout)
    assert doc["items"][0]["spec"]["containers"][0]["resources"]["requests"] == {"cpu": "500m"}
    again = apply("--dry-run", "-q", "-f", "-", "-o", "yaml", input=json.dumps(doc))
    assert again.stdout == first


def test_mistakes_are_told_with_their_places(tmp_path):
    path = tmp_path / "pod.yaml"
    path.write_text(POD.replace("image:", "imagePullPolcy: Never\n    image:"))
    result = apply("--dry-run", "-q", "-f", path)
    assert result.returncode == 1
    assert result.stderr == (f"berth apply: {path}:10: spec.containers[0].imagePullPolcy: "
                             "unknown field; nearest: imagePullPolicy\n")


def test_directories_are_read_and_labels_choose(tmp_path, pod):
    (tmp_path / "deep").mkdir()
    (tmp_path / "deep/map.json").write_text(
        '{"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "m"}}')
    (tmp_path / "words.txt").write_text("not a manifest")

    def names(*argv):
        return apply("--dry-run", "-q", "-o", "name", "-f", tmp_path, *argv).stdout.split()
    assert names() == ["pod/web"]
    assert names("-R") == ["configmap/m", "pod/web"]
    assert names("-R", "-l", "app in (web,db)") == ["pod/web"]
    assert names("-R", "-l", "!app") == ["configmap/m"]


@pytest.mark.parametrize("argv, words, status", [
    ([], "Name them with -f", 2),
    (["-f", "https://example.org/pod.yaml"], "nothing is fetched from the web", 1),
    (["-f", "/nonexistent.yaml"], "/nonexistent.yaml", 1),
    (["--dry-run=nobody", "-f", "-"], "is not client, server or none", 2),
    (["-o", "xml", "-f", "-"], "is not yaml, json, name or wide", 2),
    (["-l", "a=", "-l", "a in b", "-f", "-"], "at column", 2),
    (["--explain", "pod.spec.contaners"], "nearest: containers", 1)])
def test_what_cannot_be_is_refused(argv, words, status):
    result = apply(*argv)
    assert (result.returncode, result.stdout) == (status, "") and words in result.stderr


def test_a_batch_job_has_the_options_of_submit():
    result = apply("--dry-run", "-f", "-", "-o", "yaml", input=BATCH)
    assert result.returncode == 0 and "script: |\n    #!/bin/sh\n" in result.stdout
    assert result.stderr == ("berth apply: warning: stdin:11: spec.mailType: without effect: "
                             "Berth does not honour it\n")


@pytest.mark.parametrize("old, new, words", [
    ("nodes: 2-4", "nodes: x", "stdin:5: spec.nodes: "),
    ("cpusPerTask", "cpuPerTask", "unknown field; nearest: cpusPerTask"),
    ("time: 1h30m", "time: soon", "stdin:7: spec.time: "),
    ("mailType: END", "uid: 0", "spec.uid: refused: jobs run as the user who submits them"),
    ("mailType: END", "quiet: true", "spec.quiet: unknown field"),
    ("script: |", "command: [a]\n  script: |", "only one of script and command"),
    ("#!/bin/sh", "echo", "it begins with '#!'")])
def test_a_batch_job_is_judged_by_the_options(old, new, words):
    result = apply("--dry-run", "-q", "-f", "-", input=BATCH.replace(old, new))
    assert result.returncode == 1 and words in result.stderr


def test_what_pods_ask_for_is_a_table(pod):
    lines = apply("--dry-run", "-q", "-f", pod, "-o", "wide").stdout.splitlines()
    assert lines[0].split() == ["NAME", "PODS", "CPU", "MEMORY", "OTHER", "QUALITY", "LIMIT", "IMAGES"]
    assert lines[1].split() == ["pod/web", "1", "500m", "-", "-", "Burstable", "-", "debian:12"]


def test_fields_are_explained():
    text = apply("--explain", "batchjob.spec").stdout
    assert "cpusPerTask" in text and "cores for each task" in text
    assert "Pod " in apply("--explain", "kinds").stdout


def test_words_of_other_tools_are_answered():
    result = run("berth", "scale", "deployment/web", check=False)
    assert result.returncode == 2 and "sets of pods that stay" in result.stderr


def explain(*argv):
    return run("berth", "explain", *argv, env=NOWHERE, check=False)


def test_a_field_has_its_explanation_and_all_below_it():
    text = explain("pod.spec.containers[0].livenessProbe").stdout
    assert "livenessProbe <Probe>" in text and "periodSeconds" in text
    lines = explain("cronjob.spec", "--recursive").stdout.splitlines()
    assert "    metadata <ObjectMeta>" in lines
    assert any(line.strip() == "backoffLimit <a whole number>" for line in lines)
    assert "accepted" in explain("kinds").stdout
    wrong = explain("pod.spec.contaners")
    assert wrong.returncode == 1 and "nearest: containers" in wrong.stderr


def create(*argv):
    words = argv.index("--") if "--" in argv else len(argv)
    result = run("berth", "create", *argv[:words], "--dry-run", "-o", "json", *argv[words:],
                 env=NOWHERE)
    (item,) = json.loads(result.stdout)["items"]
    return item


def test_a_config_map_is_made_of_words_and_files(tmp_path):
    (tmp_path / "etc").mkdir()
    (tmp_path / "etc/app.conf").write_text("a = b\n")
    (tmp_path / "etc/.hidden").write_text("not taken")
    (tmp_path / "logo").write_bytes(b"\xff\x00\x01")
    (tmp_path / "env").write_text("# words\nCOLOUR=blue\n\nEMPTY=\n")
    made = create("configmap", "settings", "--from-literal", "k=v=w",
                  f"--from-file={tmp_path}/etc", "--from-file", f"img={tmp_path}/logo",
                  "--from-env-file", tmp_path / "env")
    assert made["data"] == {"k": "v=w", "app.conf": "a = b\n", "COLOUR": "blue", "EMPTY": ""}
    assert made["binaryData"] == {"img": "/wAB"}


def test_a_secret_is_in_base64(tmp_path):
    made = create("secret", "generic", "db", "--from-literal", "user=alice")
    assert made["data"] == {"user": "YWxpY2U="} and made["type"] == "Opaque"


def test_work_is_made_of_words():
    job = create("job", "pi", "--image", "perl", "--", "perl", "-e", "print 1")
    (container,) = job["spec"]["template"]["spec"]["containers"]
    assert (job["kind"], container["command"]) == ("Job", ["perl", "-e", "print 1"])
    assert job["spec"]["template"]["spec"]["restartPolicy"] == "Never"
    cron = create("cronjob", "c", "--image", "perl", "--schedule", "0 3 * * *")
    assert cron["spec"]["schedule"] == "0 3 * * *"
    pod = create("pod", "web", "--image", "nginx", "--port", "80", "--env", "A=b", "--", "-g", "x")
    (container,) = pod["spec"]["containers"]
    assert container["args"] == ["-g", "x"] and container["env"] == [{"name": "A", "value": "b"}]
    assert container["ports"][0]["containerPort"] == 80
    assert pod["metadata"]["labels"] == {"run": "web"}


@pytest.mark.parametrize("argv, words, status", [
    (["pod", "web"], "--image", 2),
    (["pod", "web", "--image", "x", "--port", "http"], "--port: ", 2),
    (["pod", "web", "--image", "x", "--env", "=b"], "--env: '=b' is not NAME=VALUE", 2),
    (["pod", "Web", "--image", "x", "--dry-run"], "metadata.name: 'Web' is not a name", 1),
    (["cronjob", "x", "--image", "x"], "--schedule", 2),
    (["configmap"], "what is its name?", 2),
    (["configmap", "a", "--from-literal", "b"], "--from-literal: 'b' is not KEY=VALUE", 2),
    (["configmap", "a", "--from-literal", "b=1", "--from-literal", "b=2"], "comes twice", 1),
    (["configmap", "a", "--from-file", "/nonexistent"], "--from-file: /nonexistent", 1),
    (["secret", "tls", "x"], "only 'secret generic'", 2),
    (["job", "x", "--from", "pod/y"], "is not cronjob/NAME", 2),
    (["deployment", "x"], "sets of pods", 2),
    (["podd", "x"], "nearest: pod", 2)])
def test_what_cannot_be_made_is_refused(argv, words, status):
    result = apply(*argv, verb="create")
    assert (result.returncode, result.stdout) == (status, "") and words in result.stderr


def judge_file(path):
    result = apply("--dry-run", "-f", path)
    assert result.returncode in (0, 1), f"{path}: {result.returncode} {result.stderr}"
    if result.returncode:
        assert result.stderr, f"{path}: refused in silence"
        return "refused with a reason"
    assert result.stdout
    return "accepted with warnings" if result.stderr else "accepted"


@pytest.mark.skipif(not FOUND.is_dir(), reason=f"no {FOUND}")
def test_manifests_found_in_the_world_are_accepted_or_refused_with_a_reason():
    files = [path for path in sorted(FOUND.iterdir()) if path.suffix != ".tsv"]
    counts = collections.Counter(judge_file(path) for path in files)
    for verdict, count in counts.most_common():
        print(f"{count:5} {verdict}")
    assert sum(counts.values()) == len(files) and counts["accepted"] > 20
