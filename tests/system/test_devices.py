# SPDX-License-Identifier: Apache-2.0
"""Devices of CDI specifications, made up: by --device, and by --gres and placement."""
import json
import re

import pytest

from conftest import new_cluster, new_desk, close_desk, remove

# Each box is a device of the kernel's under a name of its own.
BOXES = """\
cdiVersion: 0.6.0
kind: acme.com/box
containerEdits:
  env: [ACME_LEVEL=7]
  mounts:
    - {hostPath: "%(dir)s/lib.txt", containerPath: /usr/lib/acme/lib.txt.1, options: [ro, nosuid, rbind]}
  hooks:
    - hookName: createContainer
      path: /usr/bin/nvidia-cdi-hook
      args: [nvidia-cdi-hook, create-symlinks, --link, "lib.txt.1::/usr/lib/acme/lib.txt",
             "--link=../lib/acme/lib.txt.1::/etc/acme/deep/link"]
    - hookName: createContainer
      path: /usr/bin/nvidia-ctk
      args: [nvidia-ctk, hook, update-ldcache, --folder, /usr/lib/acme]
devices:
  - name: "0"
    containerEdits: {env: [ACME_0=yes], deviceNodes: [{path: /dev/acme0, hostPath: /dev/zero, type: c}]}
  - name: "1"
    containerEdits: {env: [ACME_1=yes], deviceNodes: [{path: /dev/acme1, hostPath: /dev/full}]}
  - name: "2"
    containerEdits: {env: [ACME_2=yes], deviceNodes: [{path: /dev/acme2, hostPath: /dev/random}]}
"""
GPUS = """\
{"cdiVersion": "0.5.0", "kind": "nvidia.com/gpu", "devices": [
  {"name": "0", "containerEdits": {"deviceNodes": [{"path": "/dev/nvidia0", "hostPath": "/dev/zero"}]}},
  {"name": "1", "containerEdits": {"env": ["GPU_1=yes"], "deviceNodes": [{"path": "/dev/full"}]}}
]}
"""
TAPES = """\
cdiVersion: 0.6.0
kind: old.org/tape
devices:
  - {name: good, containerEdits: {deviceNodes: [{path: /dev/tape, hostPath: /dev/null}]}}
  - {name: hooked, containerEdits: {hooks: [{hookName: createRuntime, path: /opt/tape/start}]}}
  - {name: missing, containerEdits: {deviceNodes: [{path: /dev/tape, hostPath: /dev/no-such-tape}]}}
  - {name: "null", containerEdits: {mounts: [{hostPath: /dev/null, containerPath: /dev/acme9}]}}
"""
SECRET = """\
cdiVersion: 0.6.0
kind: secret.org/box
devices: [{name: x, containerEdits: {env: [SECRET=1]}}]
"""


@pytest.fixture(scope="module")
def boxes(small_tar):
    """A cluster of two nodes with three boxes and two GPUs each."""
    cluster = new_cluster()
    cluster.up("--nodes", "2", "--cores-per-node", "4")
    cluster.berth("image", "import", "-", "small", stdin=open(small_tar, "rb"))
    specs = cluster.home / "cdi"
    specs.mkdir()
    (specs / "lib.txt").write_text("from the node\n")
    (specs / "boxes.yaml").write_text(BOXES % {"dir": specs})
    (specs / "gpus.json").write_text(GPUS)
    (specs / "tapes.yaml").write_text(TAPES)
    (specs / "secret.yaml").write_text(SECRET)

    def change(text):
        text = re.sub(r'(?m)^    memory:', '    gres: [{name: box, count: 3, cdi: acme.com/box}, '
                      '"gpu:2@nvidia.com/gpu=%d"]\n    memory:', text)
        return (f"container:\n  cdi_dirs: [{cluster.home}/none, {specs}]\n"
                "  cdi_allow: [old.org/*]\n" + text)

    cluster.restart(change=change)
    yield cluster
    remove(cluster)


@pytest.fixture
def desk(boxes):
    place = new_desk(boxes, "devices")
    yield place
    close_desk(place)


def devices_in(text):
    return sorted(re.findall(r"\b(?:acme|nvidia)\d\b", text))


def shell(desk, *options, script="ls /dev; env"):
    return desk.berth("run", "--image", "small", *options, "sh", "-c", script).stdout


def test_a_job_that_asks_for_none_sees_none(desk):
    out = shell(desk)
    assert devices_in(out) == []
    assert "ACME" not in out and "VISIBLE" not in out


def test_a_job_has_exactly_what_it_was_given(desk):
    assert devices_in(shell(desk, "-w", "n1", "--gres=box:1")) == ["acme0"]
    # The first job may still be ending: the second goes elsewhere.
    out = shell(desk, "-w", "n2", "--gres=box:2", script="ls -l /dev/acme0 /dev/acme1; env; "
                "[ -c /dev/acme0 ] && [ ! -e /dev/acme2 ] && echo right")
    assert re.search(r" 1, +5 .*/dev/acme0", out) and re.search(r" 1, +7 .*/dev/acme1", out)
    assert "LD_LIBRARY_PATH=/usr/lib/acme\n" in out
    assert "ACME_LEVEL=7" in out and "ACME_0=yes" in out and "ACME_1=yes" in out
    assert "ACME_2" not in out and "right" in out


def test_two_jobs_have_different_devices(desk):
    first = desk.start("run", "-w", "n1", "--gres=box:2", "--image", "small", "sh", "-c",
                       "ls /dev; echo ready; cat")
    seen = ""
    while "ready" not in seen:
        line = first.stdout.readline()
        assert line, first.stderr.read()
        seen += line
    assert devices_in(seen) == ["acme0", "acme1"]
    assert devices_in(shell(desk, "-w", "n1", "--gres=box:1")) == ["acme2"]
    first.communicate(timeout=60)
    assert first.returncode == 0


def test_files_and_links_of_a_specification_are_inside(desk):
    out = shell(desk, "--gres=box:1", script="cat /usr/lib/acme/lib.txt /etc/acme/deep/link; "
                "(echo x > /usr/lib/acme/lib.txt.1) 2>/dev/null || echo read-only")
    # The second link is told from /etc/acme/deep, so that it leads nowhere.
    assert out == "from the node\nread-only\n"
    out = shell(desk, "--gres=box:1", script="ls -l /etc/acme/deep")
    assert "link -> ../lib/acme/lib.txt.1" in out


def test_a_script_and_its_steps_have_them(desk):
    job = desk.submit("--gres=box:1", "--image", "small", "-o", "out", "-n1", script=(
        "#!/bin/sh\nls /dev\necho step\n/run/berth/bin/berth run ls /dev\n"))
    assert desk.wait(job) == 0
    batch, step = desk.text("out").split("step\n")
    assert devices_in(batch) == ["acme0"] and devices_in(step) == ["acme0"]


def test_each_task_is_told_of_its_gpu(desk):
    out = desk.berth("run", "-N1", "-n2", "--gpus-per-task=1", "--image", "small", "sh", "-c",
                     "echo $SLURM_PROCID sees $CUDA_VISIBLE_DEVICES of $SLURM_JOB_GPUS").stdout
    assert sorted(out.splitlines()) == ["0 sees 0 of 0,1", "1 sees 1 of 0,1"]
    assert devices_in(shell(desk, "--gres=gpu:1")) == ["nvidia0"]


def test_numbers_are_the_nodes_own_without_an_image(desk):
    # The node's own root has no /dev/nvidia0, and nothing is made in it.
    result = desk.berth("run", "-w", "n2", "--gres=gpu:1", "true", check=False)
    assert result.returncode != 0
    assert "/dev/nvidia0 does not exist inside" in result.stderr
    first = desk.start("run", "-w", "n2", "--gres=gpu:1", "--image", "small", "sh", "-c",
                       "echo ready; cat")
    assert first.stdout.readline() == "ready\n"
    out = desk.berth("run", "-w", "n2", "--gres=gpu:1", "sh", "-c",
                     "echo $CUDA_VISIBLE_DEVICES $BERTH_JOB_GPUS $GPU_1").stdout
    assert out == "1 1 yes\n"
    first.communicate(timeout=60)


def test_a_device_is_asked_for_by_name(desk):
    assert "tape" in shell(desk, "--device=old.org/tape=good")
    for option, words in [
            ("old.org/tape=godo", "there is no device old.org/tape=godo here, "
                                  "did you mean old.org/tape=good?"),
            ("acme.com/box=1", "ask with --gres or --gpus"),
            ("secret.org/box=x", "this site does not allow it (container.cdi_allow)"),
            ("old.org/tape=hooked", "the hook /opt/tape/start (createRuntime)"),
            ("old.org/tape=missing", "device node /dev/no-such-tape on node n")]:
        result = desk.berth("run", "--image", "small", f"--device={option}", "true", check=False)
        assert result.returncode != 0 and words in result.stderr, result.stderr
    words = desk.fails("run", "--image", "small", "--device=tape", "true", status=2)
    assert "--device" in words and "VENDOR/CLASS=DEVICE" in words


def test_specifications_are_listed_and_checked(boxes):
    listed = json.loads(boxes.berth("device", "ls", "--json").stdout)
    assert [device["name"] for device in listed][:2] == ["acme.com/box=0", "acme.com/box=1"]
    assert all(device["usable"] for device in listed)
    shown = boxes.berth("device", "show", "acme.com/box=1").stdout
    assert "device    /dev/acme1  (/dev/full)" in shown
    assert "link      /usr/lib/acme/lib.txt -> lib.txt.1" in shown
    boxes.berth("config", "check")
    wrong = boxes.home / "cdi" / "wrong.yaml"
    wrong.write_text("cdiVersion: 0.6.0\nkind: a.com/b\ndevcies: []\n")
    result = boxes.berth("config", "check", check=False)
    wrong.unlink()
    assert result.returncode == 1
    assert result.stderr == (f"berth config: {wrong}:3: there is no 'devcies' here, "
                             "did you mean 'devices'?\n")
