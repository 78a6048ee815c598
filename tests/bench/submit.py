# SPDX-License-Identifier: Apache-2.0
"""Submissions of one client: on a controller with a few fake nodes, all of them on
disk before they are answered; and loops of commands."""
import concurrent.futures
import json
import os
import time

from measure import Command, Failed, Floor, Row, interleave
from peers import Missing, Slurm

NODES = 16        # fake ones
JOBS = 50000      # in one stream
CHUNK = 10000     # in one call
SYNC_JOBS = 20000
CONNECTIONS = 64
COMMANDS = 20     # of each loop
AT_ONCE = 4       # loops


class SubmitBed:
    """A controller whose nodes are busy soon: what comes after waits in its queue."""

    def __init__(self, bed):
        self.bed = bed
        self.dir = bed.work / "submit"
        self.env = dict(bed.env, BERTH_CONF=str(self.dir / "berth.yaml"))
        self.program = str(bed.build / "tests" / "bench" / "bench_submit")

    def __enter__(self):
        self._cluster("up", "--name", f"submit{os.getpid()}", "--nodes", 0, "--fake", NODES,
                      "--fake-runtime", 3600, "--wait=60")
        return self

    def __exit__(self, *_):
        self._cluster("down")

    def _cluster(self, verb, *argv):
        self.bed.berth("cluster", verb, "--dir", self.dir, *argv).run(120)

    def rate(self, how, jobs, width):
        """Jobs a second; as a sampler. The queue is empty before each."""
        def sample():
            said = Command([self.program, how, str(jobs), str(width), "fake"],
                           self.env).run(120).splitlines()[0]
            Command([str(self.bed.berth_path), "cancel", "--me"], self.env).run(120)
            return json.loads(said)["samples"]
        return sample


def submissions(bed, rounds):
    """The API: many at once on one connection; one after another on many."""
    with SubmitBed(bed) as on:
        many, sync = interleave([on.rate("many", JOBS, CHUNK),
                                 on.rate("sync", SYNC_JOBS, CONNECTIONS)], rounds)
    return [Floor("submit-many", "1/s", many, 50000, "one connection, pipelined"),
            Floor("submit-sync", "1/s", sync, 14000,
                  f"{CONNECTIONS} connections of one process; 10 x Slurm's 1,400")]


def _loops(command):
    """A sampler: commands a second of several loops side by side."""
    def loop(_):
        for _ in range(COMMANDS):
            command.run()

    def sample():
        start = time.perf_counter()
        with concurrent.futures.ThreadPoolExecutor(AT_ONCE) as pool:
            list(pool.map(loop, range(AT_ONCE)))
        return [AT_ONCE * COMMANDS / (time.perf_counter() - start)]
    return sample


def sbatch_loop(bed, rounds):
    """Loops of sbatch, the whole command; each answered when its job is on disk."""
    script = ["--hold", "-n1", "-t", "10", "--wrap=true"]
    try:
        with Slurm(bed, 16) as slurm:
            ours, theirs = interleave([_loops(bed.slurm_name("sbatch", *script)),
                                       _loops(slurm.command("sbatch", *script))], rounds)
    except (Missing, Failed) as why:
        return [Row("sbatch-loop", "1/s", "sbatch", [], [], (">=", 2), str(why))]
    finally:
        bed.berth("cancel", "--me").run()
    return [Row("sbatch-loop", "1/s", "sbatch", ours, theirs, (">=", 2))]


# Name of the row on the command line, what measures it, how many rounds.
ALL = {
    "submit": (submissions, 3),
    "sbatch-loop": (sbatch_loop, 4),
}
