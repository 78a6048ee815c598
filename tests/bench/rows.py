# SPDX-License-Identifier: Apache-2.0
"""The rows: what is measured, against whom, and what is to be reached."""
import json
import time

from measure import Command, Row, interleave, milliseconds, reported
from peers import Missing, Mpirun, Slurm, bwrap, ch_run, oci_runtime

CONTAINERS = 40  # started in a row by one run of the container programs
STEPS = 10       # in one loop
JOBS = 300       # of one array
QUEUED = 20000   # in a list
COMPONENTS = 128 # at most, of one job of Slurm's


def mpi_hello(bed, rounds):
    """An MPI program of 16 ranks from the command to its end."""
    return _hello(bed, 16, rounds)


def mpi_hello_many(bed, rounds):
    """The same with more ranks than there are cores: how it grows."""
    return _hello(bed, 64, rounds) + _hello(bed, 256, max(rounds // 2, 1))


def _hello(bed, ranks, rounds):
    many = ["-O"] if ranks > 16 else []
    ours = milliseconds(bed.run_in_image("-N4", f"-n{ranks}", *many, "/mpi/hello"))
    peer = Mpirun(bed).run(4, ranks, [bed.mpi_program("hello")])
    samples = interleave([ours, milliseconds(peer)], rounds)
    return [Row(f"mpi-hello-{ranks}", "ms", "mpirun, no containers", *samples, ("<=", 1.0))]


def _against_srun(name, bed, rounds, ours, srun):
    with Slurm(bed, 16) as slurm:
        peer = milliseconds(slurm.command("srun", *srun, "true"))
        samples = interleave([milliseconds(ours), peer], rounds)
    return [Row(name, "ms", "srun, no containers", *samples, ("<=", 0.5))]


def run_1(bed, rounds):
    """One task, with an allocation of its own."""
    return _against_srun("run-1", bed, rounds, bed.run_in_image("-n1", "true"), ["-n1"])


def run_16(bed, rounds):
    """Sixteen tasks, with an allocation of their own."""
    return _against_srun("run-16", bed, rounds, bed.run_in_image("-N4", "-n16", "true"),
                         ["-n16"])


def steps(bed, rounds):
    """Steps one after another in one allocation; time of each."""
    loop = f"i=0; while [ $i -lt {STEPS} ]; do %s true || exit; i=$((i+1)); done"
    step = " ".join(bed.run_in_image("-n1").argv)
    ours = bed.berth("alloc", "-n1", "sh", "-c", loop % step)
    with Slurm(bed, 16) as slurm:
        peer = slurm.command("salloc", "-Q", "-n1", "sh", "-c", loop % "srun -n1")
        samples = interleave([milliseconds(ours, STEPS), milliseconds(peer, STEPS)], rounds)
    return [Row("step-in-job", "ms", "srun in salloc, no containers", *samples)]


def container_setup(bed, rounds):
    """One container: made, and 'true' run in it; and the same until it is gone. The
    bare one is gone when its program is."""
    layer = bed.layer()
    programs = bed.build / "tests" / "bench"
    count = ["-n", str(CONTAINERS), "--", "/bin/true"]
    ours = [str(programs / "bench_container"), "--layers", layer, *count]
    bare = [str(programs / "bare_container"), "--root", layer, *count]
    samplers = [reported(Command(argv)) for argv in (ours, bare)]
    peers, notes = _container_peers(bed, layer)
    ours, bare, *others = interleave(samplers + list(peers.values()), rounds)
    ended, gone = (_flat(run[end] for run in ours) for end in ("ended", "gone"))
    bare = _flat(run["ended"] for run in bare)
    times = dict(zip(peers, others))
    return [Row("container-setup", "us", "bare clone and pivot_root", ended, bare,
                ("<=", 1.3)),
            Row("container-life", "us", "bare clone and pivot_root", gone, bare),
            *(Row(f"container-{name}", "us", name, gone, times.get(name, []),
                  ("<=", 1.0), notes.get(name, "")) for name in CONTAINER_PEERS)]


CONTAINER_PEERS = {
    "ch-run": ch_run, "bwrap": bwrap,
    "crun": lambda *args: oci_runtime(*args, "crun"),
    "runc": lambda *args: oci_runtime(*args, "runc")}


def _container_peers(bed, layer):
    """Samplers of those that are here, and what to say of the others."""
    peers, notes = {}, {}
    for name, make in CONTAINER_PEERS.items():
        try:
            sample = milliseconds(make(bed, layer, CONTAINERS), CONTAINERS)
            peers[name] = lambda sample=sample: [ms * 1e3 for ms in sample()]
        except Missing as missing:
            notes[name] = str(missing)
    return peers, notes


def _flat(lists):
    return [value for values in lists for value in values]


def _ping_pong(bed, nodes, where, rounds):
    """Latency and bandwidth of the same runs: a row each. Both sides spin: a node
    that plays more cores than the machine has lets Berth's tasks yield."""
    spin = ["env", "OMPI_MCA_mpi_yield_when_idle=0"]
    ours = bed.run_in_image(f"-N{nodes}", "-n2", *spin, "/mpi/pingpong")
    peer = Mpirun(bed).run(nodes, 2, [*spin, bed.mpi_program("pingpong")])
    samples = interleave([_both(ours), _both(peer)], rounds)
    latency, bandwidth = ([[pair[i] for pair in side] for side in samples] for i in (0, 1))
    outside = "mpirun, no containers"
    return [Row(f"mpi-latency-{where}", "us", outside, *latency, ("<=", 1.03)),
            Row(f"mpi-bandwidth-{where}", "GB/s", outside, *bandwidth, (">=", 0.97))]


def _both(command):
    def sample():
        said = json.loads(command.run())
        return [(said["latency_us"], said["bandwidth_gbps"])]
    return sample


def mpi_one_node(bed, rounds):
    """Ping-pong through shared memory."""
    return _ping_pong(bed, 1, "node", rounds)


def mpi_two_nodes(bed, rounds):
    """Ping-pong through TCP between two nodes."""
    return _ping_pong(bed, 2, "net", rounds)


def _rate(done):
    """A sampler: jobs a second, from an array's submission until 'done' returns."""
    def sample():
        start = time.perf_counter()
        done()
        return [JOBS / (time.perf_counter() - start)]
    return sample


def _gone(slurm, submit):
    """Submits, and asks the queue until it is empty: 'sbatch --wait' of Slurm sleeps
    for seconds between two looks."""
    def done():
        submit.run()
        while slurm.command("squeue", "-h", "-o", "%i").run().strip():
            time.sleep(0.1)
    return done


def sbatch_jobs(bed, rounds):
    """Batch scripts, from the submission of all to the end of the last."""
    script = ["--parsable", "-n1", "-t", "10", "-o", "/dev/null", f"--array=1-{JOBS}",
              "--wrap=true"]
    ours = bed.slurm_name("sbatch", "--wait", "--container-image", "bench", *script)
    bare = bed.slurm_name("sbatch", "--wait", *script)
    with Slurm(bed, 16) as slurm:
        peer = _gone(slurm, slurm.command("sbatch", *script))
        ours, bare, theirs = interleave(
            [_rate(lambda: ours.run(120)), _rate(lambda: bare.run(120)), _rate(peer)],
            rounds)
    return [Row("sbatch-jobs", "jobs/s", "sbatch, no containers", ours, theirs,
                (">=", 10)),
            Row("sbatch-jobs-bare", "jobs/s", "sbatch; ours without an image too", bare,
                theirs, (">=", 10))]


def _fill(slurm, bed):
    """QUEUED held jobs of Slurm's. Its sbatch takes one at a time, but as many as 128
    as components of one, and each of them is a job of its own in its lists."""
    script = bed.work / "held"
    script.write_text("#!/bin/sh\n")
    for first in range(0, QUEUED, COMPONENTS):
        job = ["--hold", "-n1", "-t", "10", ":"] * min(COMPONENTS, QUEUED - first)
        slurm.command("sbatch", *job[:-1], str(script)).run()


def squeue(bed, rounds):
    """Waiting jobs, each one of its own, as squeue prints them."""
    fill = [str(bed.build / "tests" / "bench" / "bench_submit"), "held", str(QUEUED),
            str(QUEUED), "batch"]
    Command(fill, bed.env).run()
    ours = milliseconds(bed.slurm_name("squeue"))
    try:
        with Slurm(bed, 16) as slurm:
            _fill(slurm, bed)
            samples = interleave([ours, milliseconds(slurm.command("squeue"))], rounds)
    finally:
        bed.berth("cancel", "--me").run()
    return [Row("squeue-20000", "ms", "squeue", *samples, ("<=", 0.33))]


# Name of the row on the command line, what measures it, how many rounds.
ALL = {
    "container-setup": (container_setup, 12),
    "run-1": (run_1, 25),
    "run-16": (run_16, 15),
    "step-in-job": (steps, 5),
    "mpi-hello-16": (mpi_hello, 9),
    "mpi-hello-many": (mpi_hello_many, 4),
    "sbatch-jobs": (sbatch_jobs, 2),
    "squeue": (squeue, 9),
    "mpi-node": (mpi_one_node, 15),
    "mpi-net": (mpi_two_nodes, 15),
}
