# SPDX-License-Identifier: Apache-2.0
"""berth run and berth alloc: output, input, signals and exit statuses."""
import contextlib
import os
import signal
import subprocess

import pytest

from conftest import new_cluster, remove
from desk import USER, wait_until
from images import small_rootfs, tar_of


@pytest.fixture(scope="module", params=[0, USER], ids=["root", "user"])
def cluster(request):
    """Two nodes of two cores each."""
    made = new_cluster(request.param)
    try:
        made.up("--nodes", 2, "--cores-per-node", 2)
        yield made
    finally:
        remove(made)


def start(cluster, *argv, **options):
    """berth run in the background, as the cluster's user."""
    env = dict(os.environ, HOME=str(cluster.home),
               BERTH_CONF=str(cluster.dir / "berth.yaml"))
    prefix = []
    if cluster.user != os.geteuid():
        prefix = ["setpriv", "--reuid", str(cluster.user), "--regid", str(cluster.user),
                  "--clear-groups"]
    return subprocess.Popen([*prefix, "berth", *map(str, argv)], env=env, text=True,
                            cwd=cluster.home, stdout=subprocess.PIPE,
                            stderr=subprocess.PIPE, **options)


def test_tasks_run_on_all_nodes_with_labels(cluster):
    result = cluster.berth("run", "-N2", "-n4", "-l", "hostname")
    assert sorted(result.stdout.split("\n"))[1:] == ["0: n1", "1: n1", "2: n2", "3: n2"]


def test_input_reaches_task_0_and_output_keeps_its_bytes(cluster):
    text = "".join(f"line {i}\n" for i in range(50000))
    assert cluster.berth("run", "-n2", "sh", "-c", "[ $SLURM_PROCID != 0 ] || cat",
                         input=text).stdout == text


def test_the_largest_exit_code_is_the_status(cluster):
    result = cluster.berth("run", "-n2", "-K0", "sh", "-c", "exit $((SLURM_PROCID + 2))",
                           check=False)
    assert result.returncode == 3
    assert "exited with code 3" in result.stderr


def test_a_killed_task_gives_128_and_the_signal(cluster):
    result = cluster.berth("run", "-n1", "sh", "-c", "kill -SEGV $$", check=False)
    assert result.returncode == 128 + signal.SIGSEGV
    assert "SIGSEGV" in result.stderr


def test_a_failed_task_ends_the_step_on_all_nodes(cluster):
    result = cluster.berth("run", "-N2", "-n2", "sh", "-c",
                           "[ $SLURM_PROCID = 0 ] && exit 7; sleep 600", check=False)
    assert "task 0 on n1: exited with code 7" in result.stderr
    assert result.returncode != 0


def test_each_task_may_have_its_file(cluster):
    cluster.berth("run", "-N2", "-o", "out-%t-%N.txt", "sh", "-c",
                  "echo $SLURM_PROCID; echo error >&2")
    assert (cluster.home / "out-0-n1.txt").read_text() == "0\nerror\n"
    assert (cluster.home / "out-1-n2.txt").read_text() == "1\nerror\n"


@pytest.mark.parametrize("signo", [signal.SIGINT, signal.SIGTERM, signal.SIGUSR1])
def test_signals_are_passed_on(cluster, signo):
    name = signo.name[3:]
    process = start(cluster, "run", "-n1", "sh", "-c",
                    f"trap 'exit 9' {name}; echo ready; while :; do sleep 0.1; done")
    assert process.stdout.readline() == "ready\n"
    process.send_signal(signo)
    assert process.wait(60) == 9
    process.communicate()


def test_a_second_interrupt_ends_the_step(cluster):
    process = start(cluster, "run", "-n2", "sh", "-c",
                    "trap '' INT; echo ready; sleep 600; sleep 600")
    assert [process.stdout.readline() for _ in range(2)] == ["ready\n"] * 2
    process.send_signal(signal.SIGINT)
    assert "Ctrl-C again within a second" in process.stderr.readline()

    def ended_by_one_more():
        """A busy machine may let more than the second pass."""
        process.send_signal(signal.SIGINT)
        with contextlib.suppress(subprocess.TimeoutExpired):
            return process.wait(0.5)
    assert wait_until(ended_by_one_more, what="its end") == 128 + signal.SIGKILL
    process.communicate()


def test_an_interrupt_cancels_a_job_that_waits(cluster):
    holder = start(cluster, "run", "-N2", "--exclusive", "sh", "-c",
                   "echo ready; sleep 600; :")
    assert holder.stdout.readline() == "ready\n"
    process = start(cluster, "run", "-N2", "--exclusive", "true")
    assert "is waiting for resources (Resources)" in process.stderr.readline()
    process.send_signal(signal.SIGINT)
    assert process.wait(60) == 128 + signal.SIGINT
    assert "is cancelled" in process.communicate()[1]
    holder.send_signal(signal.SIGTERM)
    holder.communicate(timeout=60)


def test_a_reader_that_leaves_ends_the_step(cluster):
    process = start(cluster, "run", "-n1", "yes")
    assert process.stdout.readline() == "y\n"
    process.stdout.close()
    assert process.wait(60) == 128 + signal.SIGPIPE
    process.stderr.close()


def test_an_allocation_runs_steps_and_ends_with_its_command(cluster):
    result = cluster.berth("alloc", "-n4", "sh", "-c",
                           "echo $SLURM_NTASKS $SLURM_JOB_NODELIST; "
                           "berth run -l hostname; berth run -n1 hostname; exit 6",
                           check=False)
    assert result.returncode == 6
    lines = result.stdout.split("\n")
    assert lines[0] == "4 n[1-2]"
    assert sorted(lines[1:5]) == ["0: n1", "1: n1", "2: n2", "3: n2"]
    assert lines[5] == "n1"
    assert "Granted job allocation" in result.stderr
    assert "Relinquishing job allocation" in result.stderr


def test_a_cancelled_allocation_is_revoked(cluster):
    process = start(cluster, "alloc", "-n1", "sh", "-c",
                    "echo $SLURM_JOB_ID; exec sleep 600")
    number = process.stdout.readline().strip()
    cluster.berth("cancel", number)
    # By the hangup, or where the whole run ignores hangups by what follows it.
    assert process.wait(60) - 128 in (signal.SIGHUP, signal.SIGTERM)
    assert f"Job allocation {number} has been revoked." in process.communicate()[1]


def test_steps_start_from_inside_containers(cluster):
    tar = cluster.home / "small.tar"
    tar.write_bytes(tar_of(small_rootfs()))
    cluster.berth("image", "import", tar, "small")
    script = ("#!/bin/sh\n#BERTH --image small -N2 -n2 -o inside.txt\n"
              "berth run -l hostname\nsrun -n1 sh -c 'exit 4'\necho $?\nberth jobs\n"
              "echo $?\n")
    cluster.berth("submit", "--wait", input=script)
    lines = (cluster.home / "inside.txt").read_text().split("\n")
    assert sorted(lines[:2]) == ["0: n1", "1: n2"]
    assert "srun: error: task 0 on n1: exited with code 4" in lines
    assert "berth: inside a container only 'berth run', 'berth wait' and 'berth cancel' are available" in lines
    assert [line for line in lines if line.isdigit()] == ["4", "2"]


@pytest.mark.parametrize("status, words, argv", [
    (2, "Give a program", ["run"]),
    (127, "/no/such/program", ["run", "/no/such/program"]),
    (1, "/no/such/dir/x", ["run", "-o", "/no/such/dir/x", "true"]),
    (1, "--ntasks=99", ["run", "-n99", "true"]),
    (1, "n99", ["run", "-w", "n99", "true"]),
    (2, "did you mean --label?", ["run", "--labl", "true"]),
])
def test_a_mistake_is_said_with_a_status(cluster, status, words, argv):
    result = cluster.berth(*argv, check=False)
    assert result.returncode == status
    assert words in result.stderr
