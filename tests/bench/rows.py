# SPDX-License-Identifier: Apache-2.0
"""The rows: what is measured, against whom, and what is to be reached."""
import json

from measure import Command, Row, interleave, milliseconds, reported
from peers import Missing, Mpirun, Slurm, bwrap, ch_run, oci_runtime

CONTAINERS = 40  # started in a row by one run of the container programs
STEPS = 10       # in one loop


def mpi_hello(bed, rounds):
    """An MPI program of 16 ranks from the command to its end."""
    ours = milliseconds(bed.run_in_image("-N4", "-n16", "/mpi/hello"))
    peer = Mpirun(bed).run(4, 16, [bed.mpi_program("hello")])
    samples = interleave([ours, milliseconds(peer)], rounds)
    return [Row("mpi-hello-16", "ms", "mpirun, no containers", *samples, ("<=", 1.0))]


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


# Name of the row on the command line, what measures it, how many rounds.
ALL = {
    "container-setup": (container_setup, 12),
    "run-1": (run_1, 25),
    "run-16": (run_16, 15),
    "step-in-job": (steps, 5),
    "mpi-hello-16": (mpi_hello, 9),
    "mpi-node": (mpi_one_node, 15),
    "mpi-net": (mpi_two_nodes, 15),
}
