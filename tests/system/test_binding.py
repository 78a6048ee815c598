# SPDX-License-Identifier: Apache-2.0
"""Binding and distribution, on nodes whose cores are pretended: two sockets of two cores."""
import json
import re

import pytest

from desk import wait_until

LINE = re.compile(r"cpu-bind(\S*)=(\S+) +- (n\d), task +(\d+) +(\d+) \[\d+\]: mask (0x\w+)( set)?")


def bound(desk, *argv, tasks=4):
    """Masks of each task, as its first words on stderr say it."""
    result = desk.berth("run", "-N1", f"-n{tasks}", "--mpi=none", *argv, "true")
    found = [LINE.fullmatch(line) for line in result.stderr.splitlines()]
    assert all(found), result.stderr
    return {int(line[4]): int(line[6], 16) for line in found}, {line[2] for line in found}


def masks(found):
    return [found[rank] for rank in sorted(found)]


@pytest.mark.parametrize("bind, expected, kind", [
    ("v", [1, 2, 4, 8], "MASK"),
    ("v,cores", [1, 2, 4, 8], "MASK"),
    ("verbose,rank", [1, 2, 4, 8], "RANK"),
    ("v,map_cpu:3,1", [8, 2, 8, 2], "MAP"),
    ("v,map_cpu:0*3,2", [1, 1, 1, 4], "MAP"),
    ("v,mask_cpu:0x3,0xc", [3, 12, 3, 12], "MASK"),
    ("v,none", [15, 15, 15, 15], "NONE"),
    ("v,boards", [15, 15, 15, 15], "MASK"),
])
def test_what_tasks_are_bound_to_is_said(desk, bind, expected, kind):
    found, kinds = bound(desk, f"--cpu-bind={bind}")
    assert masks(found) == expected and kinds == {kind}


def test_quiet_says_nothing(desk):
    assert desk.berth("run", "-n2", "--mpi=none", "--cpu-bind=q", "true").stderr == ""


def test_processors_of_others_are_refused(desk):
    words = desk.berth("run", "-n2", "--mpi=none", "--cpu-bind=map_cpu:0,99", "true",
                       check=False).stderr
    assert "--cpu-bind" in words and "99" in words


@pytest.mark.parametrize("option, words", [
    ("--cpu-bind=coers", "did you mean 'cores'"), ("--cpu-bind=map_cpu", "needs a list"),
    ("--cpu-bind=mask_cpu:0x0", "mask"), ("--mem-bind=lokal", "local"),
    ("--gpu-bind=single", "single:1"), ("-mcylic", "cyclic"), ("-mblock:plane=2", "fcyclic"),
    ("--hint=fast", "compute_bound")])
def test_mistakes_are_named(desk, option, words):
    assert words in desk.fails("run", option, "true", status=2)


def test_variables_tell_the_tasks(desk):
    out = desk.berth("run", "-N1", "-n2", "--mpi=none", "sh", "-c",
                     "echo $SLURM_CPU_BIND $SLURM_CPU_BIND_TYPE $SLURM_CPU_BIND_LIST "
                     "$SLURM_CPU_BIND_VERBOSE").stdout
    assert set(out.splitlines()) == {"quiet,mask_cpu:0x1,0x2 mask_cpu: 0x1,0x2 quiet"}
    out = desk.berth("run", "-n1", "sh", "-c", "echo $SLURM_CPU_BIND",
                     env={"BERTH_RUN_CPU_BIND": "verbose,none"})
    assert out.stdout == "verbose,none\n" and "cpu-bind=NONE" in out.stderr


def test_a_step_shows_what_its_tasks_are_bound_to(desk):
    run = desk.start("run", "-N2", "-n4", "--mpi=none", "--cpu-bind=map_cpu:0,1", "-m", "cyclic",
                     "sh", "-c", "echo up; exec sleep 600")
    for _ in range(4):
        assert run.stdout.readline() == "up\n"
    job = desk.jobs("--me")[0]["id"]
    step = wait_until(lambda: shown(desk, job))
    assert [task["processors"] for task in step["task_list"]] == ["0", "0", "1", "1"]
    assert [task["task"] for task in step["task_list"]] == [0, 1, 2, 3]
    assert step["task_list"][0]["node"] == step["task_list"][2]["node"] != step["task_list"][1]["node"]
    lines = desk.berth("show", "step", f"{job}.0").stdout.splitlines()
    assert lines[0] == f"Step {job}.0: RUNNING"
    assert [line.split()[-1] for line in lines[-4:]] == ["0", "0", "1", "1"]
    assert "there is no step" in desk.fails("show", "step", f"{job}.7")


def shown(desk, job):
    """Once all nodes have told."""
    step = json.loads(desk.berth("show", "step", f"{job}.0", "--json").stdout)
    return step if all(task["processors"] for task in step["task_list"]) else None


# ------------------------------------------------------------- distribution


@pytest.mark.parametrize("how, expected", [
    ("block", [0, 0, 0, 1, 1, 1]), ("cyclic", [0, 1, 0, 1, 0, 1]),
    ("plane=2", [0, 0, 1, 1, 0, 0]), ("plane=3", [0, 0, 0, 1, 1, 1]),
    ("block,Pack", [0, 0, 0, 0, 1, 1])])
def test_ranks_over_nodes(desk, how, expected):
    script = f"#!/bin/sh\nberth run --mpi=none -n6 -m {how} sh -c 'echo $SLURM_PROCID $SLURMD_NODENAME'\n"
    job = desk.submit("-N2", "-n8", "-o", "out", script=script)
    assert desk.wait(job) == 0
    lines = sorted(line.split() for line in desk.text("out").splitlines())
    names = sorted({node for _, node in lines})
    assert [names.index(node) for _, node in lines] == expected


def test_ranks_as_a_file_has_them(desk):
    (desk.dir / "hosts").write_text("n2\nn1\nn2\nn2\n")
    script = ("#!/bin/sh\nexport SLURM_HOSTFILE=hosts\nberth run --mpi=none -m arbitrary "
              "sh -c 'echo $SLURM_PROCID $SLURMD_NODENAME'\n")
    job = desk.submit("-w", "n[1-2]", "-N2", "-n8", "-o", "out", script=script)
    assert desk.wait(job) == 0, desk.text("out")
    assert sorted(desk.text("out").splitlines()) == ["0 n2", "1 n1", "2 n2", "3 n2"]
    assert "SLURM_HOSTFILE" in desk.fails("run", "-m", "arbitrary", "true", status=2)
