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

from conftest import new_desk
from leftovers import Before
from test_workloads import Board, conditions, index_of, job

BATCH, PODS, MPI = (int(n) for n in os.environ.get("BERTH_MIXED", "30,8,2").split(","))
KILLS = 4 + (BATCH + PODS + MPI) // 10
PATIENCE = 120 + 4 * (BATCH + PODS + MPI)


# How many jobs of its account may run at a time; the nodes have room for sixteen.
AT_MOST = 3
WORDS = f"mixed-{os.getpid()}"


def account_of(number):
    """Two of three are physics'."""
    return "bio" if number % 3 == 0 else "physics"


def batch_script(desk, name):
    log = f"{desk.dir}/{account_of(name)}.log"
    return (f"#!/bin/sh\n: {WORDS}\necho + {name} >>{log}\nsleep 0.{name % 5}\n"
            f"echo {name} >>{desk.dir}/batch.log\necho - {name} >>{log}\n")


def mpi_script(image):
    return f"#!/bin/sh\nberth run --image {image} /mpi/hello >out.$BERTH_JOB_ID\n"


def submit_all(desk, image):
    """Numbers of batch and of MPI jobs, in turns."""
    batch, mpi = [], []
    for i in range(max(BATCH, MPI)):
        if i < BATCH:
            batch.append(desk.submit("--no-requeue", "-n1", "-o", "/dev/null",
                                     "-A", account_of(i), script=batch_script(desk, i)))
        if i < MPI:
            mpi.append(desk.submit("--no-requeue", "-N2", "-n4", "-o", f"mpi.{i}",
                                   "-e", f"err.{i}", script=mpi_script(image)))
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
                desk.cluster.kill("controller")
            else:
                desk.cluster.kill(f"n{rng.randrange(1, 5)}")
            desk.cluster.start()
            killed += 1
    return killed


def most_at_a_time(log):
    """Of jobs that say when they begin and end."""
    now = most = 0
    for line in log.splitlines():
        now += 1 if line.startswith("+") else -1
        most = max(most, now)
    assert now == 0, log
    return most


def used_by(desk, account):
    """Core-seconds, as fairshare knows them."""
    known = json.loads(desk.berth("account", "--json").stdout)["accounts"]
    [used] = [row["used"] for row in known
              if row["record"]["account"] == account and not row["record"]["user"]]
    return used["amounts"][0]


def check_shares(desk):
    """What was used is known, whoever was killed, and who used less goes first."""
    used = {}
    for account in ("bio", "physics"):
        jobs = [job for job in desk.jobs("--all") if job["account"] == account]
        total = sum(job["end_time"] - job["start_time"] for job in jobs)
        # A core is held until the controller, when it is there, hears of the end.
        used[account] = used_by(desk, account)
        assert total - 1 <= used[account] <= total + len(jobs)
    filler = desk.submit("-N4", "--exclusive", "-o", "/dev/null", "--wrap",
                         f": {WORDS}; sleep 600")
    desk.until(filler, "RUNNING")
    waiting = {account: desk.submit("-A", account, "-o", "/dev/null", "--wrap", "true")
               for account in ("physics", "bio")}
    known = json.loads(desk.berth("prio", "--json").stdout)["jobs"]
    shares = {job["job"]: job["factors"]["fairshare"] for job in known}
    less, more = sorted(used, key=used.get)
    assert used[less] == used[more] or shares[waiting[less]] > shares[waiting[more]], known
    desk.berth("cancel", filler, *waiting.values())


def prepare(cluster, image_tar):
    cluster.up("--nodes", "4", "--cores-per-node", "4")
    for name in ("small", "mpi"):
        with open(image_tar, "rb") as tar:
            cluster.berth("image", "import", "-", name, stdin=tar)
    cluster.berth("account", "add", "physics", "--grp-jobs", AT_MOST)
    cluster.berth("account", "add", "bio")


def test_all_kinds_of_jobs_end_well_while_daemons_are_killed(make_cluster, mpi_tar):
    seed = int(os.environ.get("BERTH_MIXED_SEED", time.time_ns() % 1000000))
    print(f"BERTH_MIXED={BATCH},{PODS},{MPI} BERTH_MIXED_SEED={seed}")
    cluster = make_cluster()
    prepare(cluster, mpi_tar)
    before = Before(cluster)
    desk = new_desk(cluster, "mixed")
    board = Board(desk)
    board.apply(job("pods", f": {WORDS}; test $JOB_COMPLETION_INDEX -ge 0",
                    completions=PODS, parallelism=max(1, PODS // 2),
                    completionMode="Indexed", backoffLimit=0))
    batch, mpi = submit_all(desk, "mpi")

    def is_over():
        return not desk.jobs("--me") and "Complete" in conditions(board.status("pods"))
    killed = disturb(desk, random.Random(seed), is_over)
    print(f"{killed} daemons killed")
    assert killed
    assert states(desk, batch) == {"COMPLETED": BATCH}
    assert sorted(map(int, desk.text("batch.log").split())) == list(range(BATCH))
    assert states(desk, mpi) == {"COMPLETED": MPI}, \
        [desk.text(f"err.{i}") for i in range(MPI)]
    for number in mpi:
        assert desk.text(f"out.{number}").count(" of 4 on ") == 4
    assert sorted(index_of(pod) for pod in board.pods("pods")) == list(range(PODS))
    assert board.status("pods")["succeeded"] == PODS
    assert most_at_a_time(desk.text("physics.log")) <= AT_MOST
    check_shares(desk)
    board.delete("job", "pods")
    before.is_bare(WORDS)
