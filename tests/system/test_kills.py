# SPDX-License-Identifier: Apache-2.0
"""Jobs whose shepherds, containers and tasks are killed at random: nothing is left.

BERTH_KILLS is how many jobs (40), BERTH_KILLS_SEED repeats a run.
"""
import os
import random
import time

from conftest import idle_nodes
from desk import wait_until
from leftovers import groups_of, kill as kill_one, mounts_of, named, records

JOBS = int(os.environ.get("BERTH_KILLS", "40"))
SCRIPT = """#!/bin/sh
berth run -N1 -n1 --image small sh -c 'sleep 60 & sleep 0.0{0}' &
berth run -N1 -n1 --image small --container-name work sh -c ': >/run/x; sleep 0.{1}'
berth run -N2 -n2 --image small --container-name work sleep 0.{2}
sleep 0.{0}
"""


def test_nothing_is_left_of_jobs_killed_at_any_moment(own, small_tar):
    cluster = own.cluster
    seed = int(os.environ.get("BERTH_KILLS_SEED", time.time_ns() % 1000000))
    print(f"BERTH_KILLS_SEED={seed}")
    rng = random.Random(seed)
    with open(small_tar, "rb") as tar:
        cluster.berth("image", "import", "-", "small", stdin=tar)
    before = set(named(cluster, "berth-init"))
    jobs = [own.submit("-N2", "-n2", "--no-requeue", "-o", "/dev/null",
                       script=SCRIPT.format(*(rng.randrange(1, 9) for _ in range(3))))
            for _ in range(JOBS)]
    moments, killed = 0, 0
    while own.jobs("--me") and moments < 10 * JOBS:
        moments += 1
        choice = rng.randrange(8)
        if choice == 0:
            own.berth("cancel", rng.choice(jobs), check=False)
        elif choice == 1:
            own.berth("cancel", "--signal", "KILL", rng.choice(jobs), check=False)
        elif choice == 2:
            killed += kill_one(records(cluster), rng)
        elif choice == 3:
            killed += kill_one(named(cluster, "berth-init"), rng)
        elif choice == 4:
            killed += kill_one(named(cluster, "sleep"), rng)
        else:
            time.sleep(rng.random() / 20)
    print(f"{killed} processes killed in {moments} moments")
    assert killed
    for job in jobs:
        own.berth("cancel", job, check=False)
    wait_until(lambda: not own.jobs("--me"), what="the end of all jobs")
    wait_until(lambda: idle_nodes(cluster), what="idle nodes")
    wait_until(lambda: not set(named(cluster, "berth-init")) - before,
               what="the end of all containers")
    wait_until(lambda: not list(cluster.dir.glob("run/*/job.*")),
               what="the end of all directories")
    wait_until(lambda: not groups_of(cluster), what="the end of all groups")
    assert not records(cluster)
    assert not mounts_of(cluster)
    assert own.berth("run", "-N2", "-n2", "--image", "small", "true").returncode == 0
