# SPDX-License-Identifier: Apache-2.0
"""The scheduling engine without a controller: passes, decisions, recorded traces.

Times are processor time, so that a busy machine tells the same."""
import json
import pathlib
import resource
import subprocess

from measure import Bound, Failed

SOURCE = pathlib.Path(__file__).resolve().parents[2]

# Recorded traces beside the source tree, where they are: name, processors.
TRACES = {"sp2": ("SDSC-SP2-1998-4.2-cln-sc15filter.swf.gz", 128),
          "hpc2n": ("HPC2N-2002-2.1-cln.swf.gz", 240)}


def _bench(bed, *arguments):
    program = bed.build / "tests" / "bench" / "bench_sched"
    done = subprocess.run([program, *map(str, arguments)], capture_output=True, text=True,
                          check=False)
    if done.returncode:
        raise Failed(f"bench_sched: {done.stderr.strip()}")
    return json.loads(done.stdout)


def queue(bed, rounds):
    """10,000 nodes, 100,000 jobs waiting: all tested once; one job ends."""
    runs = [_bench(bed, "queue", 10000, 100000) for _ in range(rounds)]
    note = f"{runs[0]['waiting']} jobs in {runs[0]['classes']} classes wait"
    return [Bound("sched-full-pass", "ms", [r["full_pass_ms"] for r in runs], 500, note),
            Bound("sched-decision", "ms", [r["decision_ms"] for r in runs], 1, note)]


def unlike(bed, rounds):
    """1,000 nodes whose memory is full, 10,000 jobs that all ask for another amount."""
    runs = [_bench(bed, "unlike", 1000, 10000) for _ in range(rounds)]
    return [Bound("sched-unlike", "ms", [r["decision_ms"] for r in runs], 5,
                  f"{runs[0]['waiting']} jobs in {runs[0]['classes']} classes wait")]


def growth(bed, rounds):
    """What a job costs from its submission to its end as clusters and queues grow."""
    rows = []
    for nodes, jobs in ((100, 2000), (1000, 16000), (10000, 64000)):
        runs = [_bench(bed, "stream", nodes, jobs) for _ in range(rounds)]
        rows.append(Bound(f"sched-job-{nodes}", "us", [r["us_per_job"] for r in runs], 60,
                          f"{jobs} jobs, {runs[0]['peak_mb']} MiB"))
    return rows


def _trace(bed, name):
    """The recorded trace, or one that is made up, of as many jobs."""
    file, procs = TRACES[name]
    path = SOURCE.parent / "shared" / "data" / "swf" / file
    if path.exists():
        return path, procs, file.split("-cln")[0]
    made = bed.work / f"{name}.swf"
    with open(made, "w", encoding="ascii") as out:
        subprocess.run([bed.build / "berth-sim", "generate", "--jobs", "50000", "--procs",
                        str(procs), "--seed", "1"], stdout=out, check=True)
    return made, procs, "made up"


def _replay(bed, name, policy):
    trace, procs, note = _trace(bed, name)
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run([bed.build / "berth-sim", "run", trace, "--policy", policy, "--procs",
                    str(procs)], stdout=subprocess.DEVNULL, check=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    seconds = after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime
    return seconds * 1e3, note


def traces(bed, rounds):
    """Whole traces, from the file to the table."""
    rows = []
    for name, policy, most in (("sp2", "easy", 1000), ("hpc2n", "easy", 2000),
                               ("sp2", "default", 1000), ("hpc2n", "default", 2000),
                               ("sp2", "conservative", 10000),
                               ("hpc2n", "conservative", 20000)):
        runs = [_replay(bed, name, policy) for _ in range(rounds)]
        rows.append(Bound(f"sim-{name}-{policy}", "ms", [ms for ms, _ in runs], most,
                          runs[0][1]))
    return rows


# Name of the row on the command line, what measures it, how many rounds.
ALL = {
    "sched-queue": (queue, 3),
    "sched-unlike": (unlike, 3),
    "sched-growth": (growth, 1),
    "sim-traces": (traces, 1),
}
