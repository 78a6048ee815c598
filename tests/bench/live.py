# SPDX-License-Identifier: Apache-2.0
"""A live controller under load: thousands of fake nodes, a long queue, jobs that
start and end all the time; and how long commands take meanwhile."""
import concurrent.futures
import json
import os
import time

from measure import Bound, Command, Failed, Row
from peers import Missing, Slurm

NODES = int(os.environ.get("BENCH_LIVE_NODES", "10000"))
JOBS = int(os.environ.get("BENCH_LIVE_JOBS", "100000"))
RUNTIME = 300    # seconds that jobs take: some start and end each second
CONNECTIONS = 32
GOAL = 20        # ms, at the 99th percentile
AT_ONCE = 8      # submitting commands


class LiveBed:
    """The cluster, with its queue filled. Everything else is asked through it."""

    def __init__(self, bed):
        self.bed = bed
        self.work = bed.work
        self.dir = bed.work / "live"
        self.env = dict(bed.env, BERTH_CONF=str(self.dir / "berth.yaml"))
        self.load = str(bed.build / "tests" / "bench" / "bench_live")

    def berth(self, *argv):
        return Command([str(self.bed.berth_path), *map(str, argv)], self.env)

    def up(self):
        self.berth("cluster", "up", "--name", f"live{os.getpid()}", "--dir", self.dir,
                   "--nodes", 0, "--fake", NODES, "--fake-runtime", RUNTIME,
                   "--wait=600").run(700)
        # Submissions also start jobs, and some end meanwhile: near enough is full.
        missing = JOBS
        while missing > JOBS / 100:
            Command([self.load, "fill", str(missing), str(CONNECTIONS), "fake"],
                    self.env).run(3600)
            missing = JOBS - self.pending()

    def pending(self):
        return int(json.loads(self.berth("ping", "--json").run())["jobs_pending"])

    def down(self):
        self.berth("cluster", "down", "--dir", self.dir).run(120)

    def ask(self, what, samples):
        """Milliseconds of one request through libberth, on an open connection."""
        said = Command([self.load, "ask", what, str(samples), "5", "fake"], self.env).run(600)
        return [us / 1e3 for us in json.loads(said)["samples"]]


def _sampled(command, rounds):
    taken = []
    for _ in range(rounds):
        time.sleep(0.01)
        start = time.perf_counter()
        command.run()
        taken.append((time.perf_counter() - start) * 1e3)
    return taken


def _p99(name, what, bed, rounds, command):
    live = bed.live()
    before = live.pending()
    samples = _sampled(command(live), rounds)
    request = Bound("", "ms", live.ask(what, rounds), GOAL).value()
    note = f"the command; {request:.1f} ms a request; {before} jobs queued, {NODES} nodes"
    return [Bound(name, "ms", samples, GOAL, note)]


def jobs_p99(bed, rounds):
    """berth jobs: the table that people see."""
    return _p99("live-jobs-p99", "jobs", bed, rounds, lambda live: live.berth("jobs"))


def show_p99(bed, rounds):
    """berth show job: all that is known of one."""
    return _p99("live-show-p99", "show", bed, rounds,
                lambda live: live.berth("show", "job", JOBS))


def submit_p99(bed, rounds):
    """berth submit: judged, queued, on disk."""
    return _p99("live-submit-p99", "submit", bed, rounds,
                lambda live: live.berth("submit", "-n1", "-t", "10", "--wrap", "true"))


def _rate(command, each):
    """Jobs a second of several loops of a submitting command, side by side."""
    def loop(_):
        for _ in range(each):
            command.run()
    start = time.perf_counter()
    with concurrent.futures.ThreadPoolExecutor(AT_ONCE) as pool:
        list(pool.map(loop, range(AT_ONCE)))
    return AT_ONCE * each / (time.perf_counter() - start)


def submit_rate(bed, rounds):
    """Commands that submit, eight at once; and sbatch on a cluster of one node that
    has nothing else to do."""
    live = bed.live()
    ours = live.berth("submit", "-n1", "-t", "10", "--wrap", "true")
    note, theirs = "", []
    try:
        with Slurm(live, 16) as slurm:
            peer = slurm.command("sbatch", "-n1", "-t", "10", "--wrap", "true")
            theirs = [_rate(peer, 5) for _ in range(rounds)]
    except (Missing, Failed) as missing:
        note = str(missing)
    mine = [_rate(ours, 25) for _ in range(rounds)]
    return [Row("live-submit-rate", "jobs/s", "sbatch, one idle node", mine, theirs,
                (">=", 1.0), note)]


# Name of the row on the command line, what measures it, how many rounds.
ALL = {
    "live-jobs-p99": (jobs_p99, 300),
    "live-submit-p99": (submit_p99, 300),
    "live-show-p99": (show_p99, 300),
    "live-submit-rate": (submit_rate, 5),
}
