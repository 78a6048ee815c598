# SPDX-License-Identifier: Apache-2.0
"""MPI programs in containers over four nodes."""
import os
import re

import pytest

from conftest import close_desk, new_desk
from desk import wait_until


@pytest.fixture(scope="module")
def mpi_image(shared, mpi_tar):
    with open(mpi_tar, "rb") as tar:
        shared.berth("image", "import", "-", "mpi", stdin=tar)
    return "mpi"


@pytest.fixture
def mpi(shared, mpi_image):
    """A desk whose 'mpi' method runs a program in the image over the nodes."""
    desk = new_desk(shared, "mpi")

    def options(nodes, tasks, *more):
        return ["-N", nodes, "-n", tasks, "--image", mpi_image, *more]

    desk.options = options
    desk.mpi = lambda nodes, tasks, *argv, **more: desk.berth(
        "run", *options(nodes, tasks), *argv, **more)
    yield desk
    close_desk(desk)


def ranks(text):
    """{rank: (size, host)} of what hello printed."""
    found = re.findall(r"^rank (\d+) of (\d+) on (\S+) sum (\d+)$", text, re.M)
    assert all(int(total) == int(size) * (int(size) - 1) // 2 for _, size, _, total in found)
    return {int(rank): (int(size), host) for rank, size, host, _ in found}


def processes_of(cluster, name):
    """Processes of this program that belong to the cluster's jobs."""
    found = []
    for entry in os.listdir("/proc"):
        try:
            words = open(f"/proc/{entry}/cmdline", "rb").read().split(b"\0")
            environ = open(f"/proc/{entry}/environ", "rb").read()
        except (OSError, NotADirectoryError):
            continue
        if words[0] == name.encode() and str(cluster.dir).encode() in environ:
            found.append(int(entry))
    return found


def test_sixteen_ranks_on_four_nodes_are_one_program(mpi):
    got = ranks(mpi.mpi(4, 16, "/mpi/hello").stdout)
    assert got == {rank: (16, f"n{rank // 4 + 1}") for rank in range(16)}


def test_ranks_go_round_the_nodes_on_demand(mpi):
    got = ranks(mpi.berth("run", *mpi.options(4, 8, "-m", "cyclic"), "/mpi/hello").stdout)
    assert got == {rank: (8, f"n{rank % 4 + 1}") for rank in range(8)}


def test_a_batch_script_runs_its_ranks_in_its_own_image(mpi):
    job = mpi.submit("--image", "mpi", script="#!/bin/sh\n#SBATCH -N4 -n8 -o out\n"
                     "berth run /mpi/hello\nberth run -n2 -N1 /mpi/hello\n")
    assert mpi.wait(job) == 0, mpi.text("out")
    sizes = re.findall(r"of (\d+) on", mpi.text("out"))
    assert sizes == ["8"] * 8 + ["2"] * 2


def test_messages_of_four_mib_go_round_and_arrive_whole(mpi):
    assert mpi.mpi(4, 8, "/mpi/ring").stdout == "ring of 8 ok\n"


def test_ranks_of_a_node_may_read_each_others_memory(mpi):
    lines = sorted(mpi.mpi(2, 6, "/mpi/cma").stdout.splitlines())
    assert len(lines) == 4 and all(line.endswith(" cma ok") for line in lines)


def test_communicators_split_by_node(mpi):
    lines = mpi.mpi(4, 16, "/mpi/split").stdout.splitlines()
    assert len(lines) == 16
    assert all(line.endswith(" node 4") and " half 8:" in line for line in lines)


@pytest.mark.parametrize("argv, status", [
    (["/mpi/abort"], 7),
    (["/mpi/crash"], 3),
    (["/mpi/crash", "segv"], 128 + 11),
    (["/mpi/crash", "quietly"], 1),
], ids=["abort", "exit", "segv", "without finalize"])
def test_a_rank_that_fails_ends_the_step_with_its_status(mpi, argv, status):
    result = mpi.mpi(4, 8, *argv, check=False)  # the others would wait for ever
    assert result.returncode == status, result.stderr
    assert processes_of(mpi.cluster, argv[0]) == []


def test_a_step_of_a_script_fails_alone(mpi):
    job = mpi.submit("--image", "mpi", script="#!/bin/sh\n#SBATCH -N2 -n4 -o out\n"
                     "berth run /mpi/crash\necho status $?\nberth run /mpi/hello\n")
    assert mpi.wait(job) == 0
    assert "status 3\n" in mpi.text("out") and len(ranks(mpi.text("out"))) == 4


def test_two_programs_share_the_nodes(mpi):
    both = [mpi.start("run", *mpi.options(4, 8), "/mpi/hello") for _ in range(2)]
    for process in both:
        out, err = process.communicate(timeout=120)
        assert process.returncode == 0, err
        assert {size for size, _ in ranks(out).values()} == {8} and len(ranks(out)) == 8


def test_killing_the_client_ends_all_ranks(mpi):
    client = mpi.start("run", *mpi.options(4, 8), "sh", "-c", "echo here; exec sleep 1000")
    for _ in range(8):
        assert client.stdout.readline() == "here\n"
    client.kill()
    wait_until(lambda: not processes_of(mpi.cluster, "sleep"), what="the end of all tasks")
