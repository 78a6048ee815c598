# SPDX-License-Identifier: Apache-2.0
"""The site's programs before and after jobs and tasks, and users' own around tasks."""
import os
import signal

import pytest

from conftest import new_cluster, new_desk, remove
from desk import wait_until

HOOK = """#!/bin/sh
echo "$0 $SLURMD_NODENAME $SLURM_JOB_ID $SLURM_JOB_USER $SLURM_JOB_UID $(id -u) \\
$SLURM_JOB_NODELIST $SLURM_SCRIPT_CONTEXT" >>{dir}/said
"""


def program(path, text):
    """Beside it first: one that runs cannot be written, nor run one that is written."""
    new = path.with_suffix(".new")
    new.write_text(text)
    new.chmod(0o755)
    return new.rename(path)


@pytest.fixture(scope="module")
def hooked(small_tar):
    """Two nodes with a prolog and an epilog that say so in a file."""
    cluster = new_cluster()
    try:
        cluster.up("--nodes", "2", "--cores-per-node", "2")
        cluster.berth("image", "import", "-", "small", stdin=open(small_tar, "rb"))
        hooks = cluster.home / "hooks"
        hooks.mkdir(mode=0o755)
        cluster.hooks = hooks
        for name in ("prolog", "epilog"):
            program(hooks / name, HOOK.format(dir=hooks))
        program(hooks / "before", "#!/bin/sh\necho export COLOUR=blue\necho unset GONE\n"
                "echo print before $SLURM_PROCID\necho nothing of meaning\n")
        program(hooks / "after", "#!/bin/sh\necho after $SLURM_PROCID\n")
        conf = cluster.dir / "berth.yaml"
        conf.write_text(conf.read_text() + f"hooks:\n  prolog: {hooks}/prolog\n"
                        f"  epilog: {hooks}/epilog\n  task_prolog: {hooks}/before\n"
                        f"  task_epilog: {hooks}/after\n  timeout: 4s\n")
        cluster.restart()
        yield cluster
    finally:
        remove(cluster)


@pytest.fixture
def place(hooked):
    desk = new_desk(hooked, "hooks")
    (hooked.hooks / "said").write_text("")
    desk.said = lambda: [
        [os.path.basename(words[0]), *words[1:]]
        for words in map(str.split, (hooked.hooks / "said").read_text().splitlines())]
    yield desk
    desk.clear()
    wait_until(lambda: not list(hooked.dir.glob("node/*/hooks/*")), what="the last epilog")
    for name in ("prolog", "epilog"):
        program(hooked.hooks / name, HOOK.format(dir=hooked.hooks))
    desk.berth("node", "resume", "n1", "n2")


def until_said(desk, n):
    return wait_until(lambda: desk.said() if len(desk.said()) >= n else None,
                      what=f"{n} lines of hooks")


def test_root_runs_them_once_on_each_node_before_and_after_the_job(place):
    number = place.submit("-N2", script="#!/bin/sh\nfor i in 1 2; do berth run -N2 true; done\n"
                          "wc -l <said >at-work\n".replace("said", str(place.cluster.hooks / "said")))
    assert place.wait(number) == 0
    said = until_said(place, 4)
    assert place.text("at-work").split() == ["2"]
    assert sorted(line[:3] for line in said[:2]) == [
        ["prolog", "n1", str(number)], ["prolog", "n2", str(number)]]
    assert sorted(line[:3] for line in said[2:]) == [
        ["epilog", "n1", str(number)], ["epilog", "n2", str(number)]]
    assert said[0][5:] == [str(os.geteuid()), "n[1-2]", "prolog_slurmd"]
    assert said[2][-1] == "epilog_slurmd"


def test_a_prolog_that_fails_drains_its_node_and_the_job_runs_elsewhere(place):
    program(place.cluster.hooks / "prolog", "#!/bin/sh\n[ $SLURMD_NODENAME != n1 ] || exit 7\n")
    number = place.submit("-N1", "--wrap=echo $SLURMD_NODENAME", "-o", "out")
    assert place.wait(number) == 0
    assert place.text("out") == "n2\n"
    n1, n2 = place.cluster_nodes()
    assert n1["state"] == "DRAINED" and n2["state"] != "DRAINED"
    assert "the prolog of job" in n1["reason"] and "failed with exit code 7" in n1["reason"]


def test_a_prolog_that_hangs_is_ended(place):
    program(place.cluster.hooks / "prolog",
            "#!/bin/sh\n[ $SLURMD_NODENAME != n1 ] || sleep 600\n")
    number = place.submit("-N1", "--wrap=echo $SLURMD_NODENAME", "-o", "out")
    assert place.wait(number) == 0
    assert place.text("out") == "n2\n"
    assert "took longer than hooks.timeout" in place.cluster_nodes()[0]["reason"]


def test_an_epilog_that_fails_drains_its_node(place):
    program(place.cluster.hooks / "epilog", "#!/bin/sh\nexit 3\n")
    place.berth("run", "-N1", "-w", "n1", "true")
    reason = wait_until(lambda: place.cluster_nodes()[0].get("reason"), what="a drained n1")
    assert "the epilog of job" in reason and "failed with exit code 3" in reason


def test_the_epilog_follows_though_the_daemon_was_killed(place):
    number = place.submit("-N1", "-w", "n1", "--wrap=sleep 600")
    until_said(place, 1)
    place.until(number, "RUNNING")
    place.cluster.kill("n1")
    place.berth("cancel", number)
    place.cluster.start()
    said = until_said(place, 2)
    assert [line[0] for line in said] == ["prolog", "epilog"]
    assert said[1][2] == str(number)


def test_the_next_job_waits_for_the_epilog(place):
    said = place.cluster.hooks / "said"
    program(place.cluster.hooks / "epilog",
            f"#!/bin/sh\nsleep 1\necho epilog $SLURMD_NODENAME $SLURM_JOB_ID >>{said}\n")
    first = place.submit("-N1", "-w", "n1", "--wrap=true")
    second = place.submit("-N1", "-w", "n1", "--exclusive", "--wrap=true")
    assert place.wait(first, second) == 0
    lines = [(line[0], int(line[2])) for line in until_said(place, 4)]
    assert lines.index(("epilog", first)) < lines.index(("prolog", second))


@pytest.mark.parametrize("image", [(), ("--image", "small")], ids=["plain", "image"])
def test_tasks_are_run_between_the_sites_and_the_users_own(place, image):
    program(place.dir / "mine", "#!/bin/sh\necho print mine $COLOUR\necho export SHAPE=round\n")
    program(place.dir / "done", "#!/bin/sh\necho done $SHAPE\n")
    out = place.berth("run", *image, "-n2", "-l", "--mpi=none", "--task-prolog=mine",
                      f"--task-epilog={place.dir}/done", "sh", "-c",
                      "echo $COLOUR $SHAPE ${GONE-unset}; exit 4",
                      env={"GONE": "here"}, check=False)
    assert out.returncode == 4, out.stderr
    for rank in "01":
        assert [line[3:] for line in out.stdout.split("\n") if line[:2] == rank + ":"] == [
            f"before {rank}", "mine blue", "blue round unset", "done round", f"after {rank}"]


def test_a_task_is_not_run_when_what_comes_before_fails(place):
    program(place.dir / "mine", "#!/bin/sh\nexit 1\n")
    out = place.berth("run", "-n1", "--task-prolog=mine", "echo", "never", check=False)
    assert out.returncode == 1 and "never" not in out.stdout
    assert "/mine: it failed: the task is not run" in out.stderr


def test_a_task_dies_of_its_own_signal_and_what_comes_after_is_run(place):
    out = place.berth("run", "-n1", "sh", "-c", "kill -SEGV $$", check=False)
    assert out.returncode == 128 + signal.SIGSEGV
    assert out.stdout == "before 0\nafter 0\n"
