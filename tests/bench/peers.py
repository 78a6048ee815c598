# SPDX-License-Identifier: Apache-2.0
"""The programs Berth is compared with: mpirun, Slurm, and what makes containers."""
import json
import os
import pathlib
import shutil
import signal
import socket
import subprocess
import tempfile
import time

from measure import Command, Failed

# The same as Berth tells its tasks, so that no row compares settings.
MPI_SETTINGS = ["--mca", "pml", "ob1", "--mca", "btl", "^openib,uct,ofi,usnic",
                "--bind-to", "none"]


class Missing(Exception):
    """A peer that is not installed; says how to install it."""


def need(program, package):
    path = shutil.which(program, path=f"{os.environ['PATH']}:/usr/sbin:/sbin")
    if not path:
        raise Missing(f"{program} is missing: apt-get install {package}")
    return path


class Mpirun:
    """mpirun on the bed's virtual nodes, without containers.

    It starts in the first node, as from a batch script, and reaches the others
    through an agent that enters their namespaces in place of ssh.
    """

    def __init__(self, bed):
        self.mpirun = need("mpirun", "openmpi-bin")
        self.nodes = bed.status()["nodes"]
        enter = "nsenter -n -u" if os.geteuid() == 0 else \
            "nsenter -U --preserve-credentials -n -u"
        self.enter = [*enter.split(), "-t", str(self.nodes[0]["namespace_pid"])]
        self.agent = bed.work / "agent"
        cases = " ".join(f"{n['address']}) pid={n['namespace_pid']};;" for n in self.nodes)
        self.agent.write_text("#!/bin/sh\nhost=$1; shift\n"
                              f"case $host in {cases} esac\n"
                              f'exec {enter} -t "$pid" -- sh -c "$*"\n')
        self.agent.chmod(0o755)

    def run(self, nodes, tasks, program):
        a_node = tasks // nodes
        hosts = ",".join(f"{n['address']}:{a_node}" for n in self.nodes[:nodes])
        return Command([*self.enter, "--", self.mpirun, "--allow-run-as-root", *MPI_SETTINGS,
                        "--mca", "plm_rsh_agent", str(self.agent),
                        "--mca", "oob_tcp_if_include", "eth0",
                        "--mca", "btl_tcp_if_include", "eth0",
                        *(["--mca", "mpi_yield_when_idle", "1"] if tasks > 2 else []),
                        "-n", str(tasks), "--host", hosts, *program])


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


SLURM_CONF = """\
ClusterName=bench
SlurmctldHost={host}(127.0.0.1)
SlurmUser={user}
SlurmdUser={user}
SlurmctldPort={port}
SlurmdPort={node_port}
AuthType=auth/munge
AuthInfo=socket={munge}
CredType=cred/munge
ProctrackType=proctrack/pgid
TaskPlugin=task/none
MpiDefault=none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core
SlurmdParameters=config_overrides
ReturnToService=2
MaxJobCount=50000
StateSaveLocation={dir}/state
SlurmdSpoolDir={dir}/spool
SlurmctldLogFile={dir}/slurmctld.log
SlurmdLogFile={dir}/slurmd.log
SlurmctldPidFile={dir}/slurmctld.pid
SlurmdPidFile={dir}/slurmd.pid
NodeName={host} NodeAddr=127.0.0.1 CPUs={cpus} State=UNKNOWN
PartitionName=all Nodes=ALL Default=YES
"""


class Slurm:
    """One slurmctld and one slurmd of our own, with as many CPUs as the bed has.

    Debian's slurmd knows one node a machine, so its 16 tasks cost it less than
    they would on four. Nothing of the machine's own Slurm is touched.
    """

    def __init__(self, bed, cpus):
        self.programs = [need("slurmctld", "slurm-wlm"), need("slurmd", "slurm-wlm")]
        need("srun", "slurm-wlm")
        self.dir = pathlib.Path(tempfile.mkdtemp(prefix="slurm-", dir=bed.work))
        self.conf = self.dir / "slurm.conf"
        self.env = dict(os.environ, SLURM_CONF=str(self.conf))
        self.processes = []
        for name in ("state", "spool"):
            (self.dir / name).mkdir()
        self.conf.write_text(SLURM_CONF.format(
            host=socket.gethostname().split(".")[0], cpus=cpus, dir=self.dir,
            user="root" if os.geteuid() == 0 else os.environ["USER"], port=free_port(),
            node_port=free_port(), munge=bed.dir / "munge" / "socket"))

    def command(self, *argv):
        return Command(list(argv), self.env)

    def _is_ready(self):
        states = subprocess.run(["sinfo", "-h", "-o", "%t"], env=self.env, text=True,
                                capture_output=True)
        return states.stdout.strip() == "idle"

    def __enter__(self):
        for program in self.programs:
            with open(self.dir / "out", "a", encoding="utf-8") as out:
                self.processes.append(subprocess.Popen(
                    [program, "-D", "-f", str(self.conf)], env=self.env, stdout=out,
                    stderr=out, start_new_session=True))
        for _ in range(100):
            if self._is_ready():
                return self
            time.sleep(0.2)
        self.__exit__()
        raise Failed(f"Slurm did not start: {(self.dir / 'out').read_text()[-400:]}")

    def __exit__(self, *_):
        for process in self.processes:
            os.killpg(process.pid, signal.SIGTERM)
        for process in self.processes:
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()


def ch_run(bed, layer, times):
    """Charliecloud's container, so many times one after another."""
    path = need("ch-run", "charliecloud")
    loop = f'i=0; while [ $i -lt {times} ]; do "$1" "$2" -- /bin/true || exit; i=$((i+1)); done'
    return Command(["sh", "-c", loop, "sh", path, layer], bed.env)


def _repeat(bed, times, *argv):
    """A shell that runs a command so many times; "$i" in it is the run's number."""
    loop = f"i=0; while [ $i -lt {times} ]; do {' '.join(argv)} || exit; i=$((i+1)); done"
    return Command(["sh", "-c", loop], bed.env)


def bwrap(bed, layer, times):
    """bubblewrap with the namespaces and mounts of ours, without an overlay."""
    return _repeat(bed, times, need("bwrap", "bubblewrap"), "--unshare-user --unshare-pid",
                   f"--unshare-ipc --bind {layer} / --dev /dev --proc /proc",
                   "--ro-bind /sys /sys --tmpfs /tmp --tmpfs /run /bin/true")


def oci_runtime(bed, layer, times, program):
    """crun or runc with the description it makes itself, over the layer."""
    path = need(program, program)
    bundle = pathlib.Path(bed.dir) / f"bundle-{program}"
    bundle.mkdir(exist_ok=True)
    config = bundle / "config.json"
    config.unlink(missing_ok=True)
    subprocess.run([path, "spec"], cwd=bundle, check=True)
    spec = json.loads(config.read_text())
    spec["root"] = {"path": str(layer), "readonly": True}
    spec["process"].update(args=["/bin/true"], terminal=False)
    config.write_text(json.dumps(spec))
    options = ["--cgroup-manager=disabled"] if program == "crun" else []
    trial = subprocess.run([path, *options, "run", "-b", bundle, f"bench-{os.getpid()}"],
                           stderr=subprocess.PIPE, text=True, check=False)
    if trial.returncode:
        raise Missing(f"{program} does not run here: {trial.stderr.strip()[-120:]}")
    return _repeat(bed, times, path, *options, f"run -b {bundle} bench-{os.getpid()}-$i")
