# SPDX-License-Identifier: Apache-2.0
"""Batch jobs, pods and MPI jobs at a time on four nodes, while daemons are killed.

BERTH_MIXED is how many of each, "500,100,20"; without it few of each. BERTH_MIXED_SEED
repeats the order of kills.
"""
import collections
import json
import os
import random
import time

from conftest import idle_nodes, new_desk
from desk import wait_until
from test_faults import kill_controller, kill_node, restart
from test_workloads import Board, conditions, index_of, job

BATCH, PODS, MPI = (int(n) for n in os.environ.get("BERTH_MIXED", "30,8,2").split(","))
KILLS = 4 + (BATCH + PODS + MPI) // 10
PATIENCE = 120 + 4 * (BATCH + PODS + MPI)


def batch_script(desk, name):
    return f"#!/bin/sh\nsleep 0.{name % 5}\necho {name} >>{desk.dir}/batch.log\n"


def mpi_script(image):
    """A step that begins while a node's daemon is dead fails at once, and is begun again."""
    return ("#!/bin/sh\nfor try in 1 2 3 4 5 6 7 8 9; do\n"
            f"berth run --image {image} /mpi/hello >out.$BERTH_JOB_ID && exit 0\n"
            "sleep 0.5; done\nexit 1\n")


def submit_all(desk, image):
    """Numbers of batch and of MPI jobs, in turns."""
    batch, mpi = [], []
    for i in range(max(BATCH, MPI)):
        if i < BATCH:
            batch.append(desk.submit("--no-requeue", "-n1", "-o", "/dev/null",
                                     script=batch_script(desk, i)))
        if i < MPI:
            mpi.append(desk.submit("--no-requeue", "-N2", "-n4", "-o", f"mpi.{i}",
                                   script=mpi_script(image)))
    return batch, mpi


def states(desk, jobs):
    return collections.Counter(desk.job(number)["state"] for number in jobs)


def disturb(desk, rng, is_over):
    """Kill a daemon now and then until all has ended; how many were killed."""
    killed = 0
    deadline = time.monotonic() + PATIENCE
    while not is_over():
        assert time.monotonic() < deadline, "it did not end"
        if killed < KILLS:
            if rng.random() < 0.4:
                kill_controller(desk)
            else:
                kill_node(desk, f"n{rng.randrange(1, 5)}")
            restart(desk)
            killed += 1
    return killed


def test_all_kinds_of_jobs_end_well_while_daemons_are_killed(make_cluster, mpi_tar):
    seed = int(os.environ.get("BERTH_MIXED_SEED", time.time_ns() % 1000000))
    print(f"BERTH_MIXED={BATCH},{PODS},{MPI} BERTH_MIXED_SEED={seed}")
    cluster = make_cluster()
    cluster.up("--nodes", "4", "--cores-per-node", "4")
    for name in ("small", "mpi"):
        with open(mpi_tar, "rb") as tar:
            cluster.berth("image", "import", "-", name, stdin=tar)
    desk = new_desk(cluster, "mixed")
    board = Board(desk)
    board.apply(job("pods", "test $JOB_COMPLETION_INDEX -ge 0", completions=PODS,
                    parallelism=max(1, PODS // 2), completionMode="Indexed",
                    backoffLimit=0))
    batch, mpi = submit_all(desk, "mpi")

    def is_over():
        return not desk.jobs("--me") and "Complete" in conditions(board.status("pods"))
    killed = disturb(desk, random.Random(seed), is_over)
    print(f"{killed} daemons killed")
    assert killed
    assert states(desk, batch) == {"COMPLETED": BATCH}
    assert sorted(map(int, desk.text("batch.log").split())) == list(range(BATCH))
    assert states(desk, mpi) == {"COMPLETED": MPI}
    for number in mpi:
        assert desk.text(f"out.{number}").count(" of 4 on ") == 4
    assert sorted(index_of(pod) for pod in board.pods("pods")) == list(range(PODS))
    assert board.status("pods")["succeeded"] == PODS
    board.delete("job", "pods")
    wait_until(lambda: idle_nodes(cluster), what="idle nodes")
