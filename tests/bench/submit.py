# SPDX-License-Identifier: Apache-2.0
"""Submissions of one client: on a controller with a few fake nodes, all of them on
disk before they are answered; and loops of commands."""
import json
import os
import pathlib
import time

from measure import Command, Failed, Floor, Row, interleave
from peers import Missing, Slurm

NODES = 16        # fake ones
JOBS = 50000      # in one stream
CHUNK = 10000     # in one call
SYNC_JOBS = 20000
CONNECTIONS = 64
COMMANDS = 50     # of each loop
AT_ONCE = 4       # loops


def _cpu(directory):
    """Seconds of processor time that the thread of the controller below 'directory' has
    taken which judges and queues."""
    tick = os.sysconf("SC_CLK_TCK")
    for proc in pathlib.Path("/proc").glob("[0-9]*"):
        try:
            words = (proc / "cmdline").read_bytes().split(b"\0")
            times = (proc / "task" / proc.name / "stat").read_text().rsplit(")", 1)[1].split()[11:13]
        except OSError:
            continue
        if words[0].endswith(b"berthctld") and f"{directory}/berth.yaml".encode() in words:
            return sum(map(int, times)) / tick
    raise Failed(f"no controller below {directory}")


class SubmitBed:
    """A controller whose nodes are busy soon: what comes after waits in its queue."""

    def __init__(self, bed):
        self.bed = bed
        self.dir = bed.work / "submit"
        self.env = dict(bed.env, BERTH_CONF=str(self.dir / "berth.yaml"))
        self.cpu = {}  # us of processor time a job, of the last run
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
            before = _cpu(self.dir)
            said = Command([self.program, how, str(jobs), str(width), "fake"],
                           self.env).run(120).splitlines()[0]
            self.cpu[how] = (_cpu(self.dir) - before) / jobs * 1e6
            Command([str(self.bed.berth_path), "cancel", "--me"], self.env).run(120)
            return json.loads(said)["samples"]
        return sample


def submissions(bed, rounds):
    """The API: many at once on one connection; one after another on many."""
    with SubmitBed(bed) as on:
        many, sync = interleave([on.rate("many", JOBS, CHUNK),
                                 on.rate("sync", SYNC_JOBS, CONNECTIONS)], rounds)
    spent = {how: f"{us:.0f} us of the controller's thread each" for how, us in on.cpu.items()}
    return [Floor("submit-many", "1/s", many, 50000,
                  f"one connection, pipelined; {spent['many']}"),
            Floor("submit-sync", "1/s", sync, 14000,
                  f"{CONNECTIONS} connections; 10 x Slurm's 1,400; {spent['sync']}")]


def _loops(command):
    """A sampler: commands a second of several loops side by side, which cost little
    themselves."""
    script = f"seq {AT_ONCE * COMMANDS} | xargs -P {AT_ONCE} -I none \"$@\" >/dev/null"
    loop = Command(["sh", "-c", script, "sh", *command.argv], command.env)

    def sample():
        start = time.perf_counter()
        loop.run()
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
