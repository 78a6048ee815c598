# SPDX-License-Identifier: Apache-2.0
"""Many short commands: a bag on four nodes in containers, and who else runs such."""
import json
import os
import subprocess
import time

from measure import Bound, Failed, Row
from peers import Missing, Slurm, need

COMMANDS = int(os.environ.get("BENCH_BAG_COMMANDS", "100000"))
PEER_COMMANDS = 2000
WARM_UP = 1000
SRUNS = 40
AT_ONCE = 16  # as many as the four nodes have cores


def _run(argv, env=None, lines=None, timeout=3600):
    done = subprocess.run(argv, env=env, input=lines, text=True, capture_output=True,
                          timeout=timeout, check=False)
    if done.returncode:
        raise Failed(f"{argv[0]}: {done.stderr.strip()[-300:]}")
    return done.stdout


def _bag(bed, count):
    """Seconds from the first command that is sent to the last end."""
    command = bed.run_in_image("-N4", "--exclusive", "--bag", "-", "--json", "-o", "none")
    said = json.loads(_run(command.argv, command.env, "/bin/true\n" * count))
    return said["seconds"]


def _bare(bed, count):
    """Seconds of a loop of vfork and exec, as many at once, in a container as well."""
    command = bed.run_in_image("-n1", "--cpu-bind", "none", "--mount",
                               f"{bed.build / 'tests' / 'bench'}:/bench",
                               "/bench/fork_loop", count, AT_ONCE, "/bin/true")
    said = json.loads(_run(list(map(str, command.argv)), command.env))
    return said["samples"][0] * count / 1e6


def bag(bed, rounds):
    """Commands a second; and what each costs a core beyond fork and exec."""
    cores = len(os.sched_getaffinity(0))
    ours, bare = [], []
    # The first time is to warm up: a few are enough.
    for count in [WARM_UP] + [COMMANDS] * rounds:
        ours.append(_bag(bed, count))
        bare.append(_bare(bed, count))
    ours, bare = ours[1:], bare[1:]
    overhead = [(a - b) * cores * 1e3 / COMMANDS for a, b in zip(ours, bare)]
    note = f"{COMMANDS} commands, {cores} cores of the machine"
    return [Row("bag-rate", "1/s", "vfork and exec in a loop",
                [COMMANDS / s for s in ours], [COMMANDS / s for s in bare], None, note),
            Bound("bag-overhead", "ms", overhead, 1.0,
                  "a command a core, beyond that loop"),
            _against_parallel(bed, ours), _against_srun(bed, ours)]


def _against_parallel(bed, ours):
    rate = [COMMANDS / s for s in ours]
    try:
        argv = [need("parallel", "parallel"), "-j", str(AT_ONCE)]
        start = time.perf_counter()
        _run(argv, dict(bed.env, HOME=str(bed.work)), "/bin/true\n" * PEER_COMMANDS)
        theirs = [PEER_COMMANDS / (time.perf_counter() - start)]
    except (Missing, Failed) as why:
        return Row("bag-parallel", "1/s", "GNU parallel", rate, [], (">=", 5), str(why))
    return Row("bag-parallel", "1/s", "GNU parallel, no containers", rate, theirs,
               (">=", 5))


def _against_srun(bed, ours):
    """A loop in salloc, as many at once as it has cores."""
    loop = f"seq {SRUNS} | xargs -P {AT_ONCE} -n 1 srun -n1 --exact true"
    rate = [COMMANDS / s for s in ours]
    try:
        with Slurm(bed, AT_ONCE) as slurm:
            start = time.perf_counter()
            slurm.command("salloc", "-Q", f"-n{AT_ONCE}", "sh", "-c", loop).run(600)
            theirs = [SRUNS / (time.perf_counter() - start)]
    except (Missing, Failed) as why:
        return Row("bag-srun", "1/s", "srun in salloc", rate, [], (">=", 10), str(why))
    return Row("bag-srun", "1/s", "srun in salloc, no containers", rate, theirs, (">=", 10))


# Name of the row on the command line, what measures it, how many rounds.
ALL = {"bag": (bag, 1)}
