# SPDX-License-Identifier: Apache-2.0
"""Clusters for system tests, and proof that they leave nothing behind.

The programs under test are those in PATH. Tests wait for events, never for a
while; each cluster has a name and a directory of its own.
"""
import json
import os
import pathlib
import shutil
import signal
import tempfile
import time

import pytest

import images
from desk import AS_ROOT, Desk, end, run, wait_until

# A shell that put the tests into the background made them ignore interrupts, and so
# would the programs that they start and interrupt.
signal.signal(signal.SIGINT, signal.default_int_handler)
signal.signal(signal.SIGQUIT, signal.SIG_DFL)


class Cluster:
    """One cluster of a test, root's or a user's."""

    count = 0

    def __init__(self, home, user):
        Cluster.count += 1
        self.name = f"t{os.getpid()}x{Cluster.count}"
        self.home = home
        self.user = user
        self.dir = home / "cluster"

    def berth(self, *argv, env=None, **options):
        options.setdefault("cwd", self.home)
        options.setdefault("user", self.user)
        options.setdefault("home", self.home)
        return run("berth", *argv,
                   env={"BERTH_CONF": str(self.dir / "berth.yaml"), **(env or {})},
                   **options)

    def up(self, *argv, **options):
        return self.berth("cluster", "up", "--name", self.name, "--dir", self.dir, *argv,
                          **options)

    def down(self, *argv, **options):
        return self.berth("cluster", "down", "--dir", self.dir, *argv, **options)

    def status(self, check=True):
        return json.loads(self.berth("cluster", "status", "--dir", self.dir, "--json",
                                     check=check).stdout)

    def daemons(self):
        """What is known of its daemons: "controller", "fake" if any, nodes by name."""
        status = self.status(check=False)
        found = {node["name"]: node for node in status["nodes"]}
        found["controller"] = status["controller"]
        if status["fake"]:
            found["fake"] = status["fake"]
        return found

    def kill(self, *which, signo=signal.SIGKILL):
        """End these daemons, or all of them; they have ended when this returns."""
        daemons = self.daemons()
        end(*(daemons[name]["pid"] for name in which or daemons if daemons[name]["alive"]),
            signo=signo)

    def start(self):
        """Start what has ended, and wait until all nodes are up."""
        self.berth("cluster", "start", "--dir", self.dir)

    def restart(self, *which, change=None):
        """Kill and start these daemons, or all; 'change' gives another text of berth.yaml,
        which they read when they start. They are asked to end then, as a site would."""
        self.kill(*which, signo=signal.SIGTERM if change else signal.SIGKILL)
        if change:
            conf = self.dir / "berth.yaml"
            conf.write_text(change(conf.read_text()))
        self.start()


def idle_nodes(cluster):
    """Whether every node is up and gives nothing to anyone."""
    nodes = json.loads(cluster.berth("nodes", "--json").stdout)["nodes"]
    return all(node["state"] == "IDLE" for node in nodes)


KINDS_OF_NAMESPACES = ("net", "uts", "ipc", "mnt", "pid", "user")


def namespaces(processes):
    """Inodes of the namespaces that these processes (directories of /proc) are in."""
    found = set()
    for process in processes:
        for kind in KINDS_OF_NAMESPACES:
            try:
                found.add(os.readlink(process / "ns" / kind))
            except OSError:
                continue
    return found


def is_of(cluster, process):
    """Whether this directory of /proc is of a process of the cluster's: by its daemons'
    environment, or by the control groups that its jobs are in."""
    try:
        return f"BERTH_CLUSTER_DIR={cluster.dir}\0".encode() in \
            (process / "environ").read_bytes() or \
            f"/berth/{cluster.name}." in (process / "cgroup").read_text()
    except OSError:
        return False


def namespaces_of(cluster):
    """Those that its processes are in, and we are not."""
    own = [process for process in pathlib.Path("/proc").glob("[0-9]*")
           if is_of(cluster, process)]
    assert own
    return namespaces(own) - namespaces([pathlib.Path("/proc/self")])


def began(process):
    """When, in seconds since the boot; None for one that has gone."""
    try:
        words = (process / "stat").read_text().rpartition(")")[2].split()
    except OSError:
        return None
    return int(words[19]) / os.sysconf("SC_CLK_TCK")


def wait_for_the_end_of(own):
    """Until nobody is in these namespaces. Their numbers are given away again, so
    whoever has begun since then is in another's."""
    now = time.clock_gettime(time.CLOCK_BOOTTIME)

    def held():
        return own & namespaces(process for process in pathlib.Path("/proc").glob("[0-9]*")
                                if (start := began(process)) is not None and start <= now)
    wait_until(lambda: not held(), what="the end of all namespaces")


def remains_of(cluster):
    """What a cluster that is down has left: processes, links, groups, mounts, files."""
    found = []
    for process in pathlib.Path("/proc").glob("[0-9]*"):
        try:
            environ = (process / "environ").read_bytes()
            words = (process / "cmdline").read_bytes().replace(b"\0", b" ")
        except OSError:
            continue
        if f"BERTH_CLUSTER_DIR={cluster.dir}\0".encode() in environ:
            found.append(words.decode(errors="replace"))
        elif cluster.name.encode() in words:
            found.append(words.decode(errors="replace"))
    links = run("ip", "-brief", "link").stdout
    found += [line for line in links.splitlines() if f"brth-{cluster.name}" in line]
    # Others' groups come and go meanwhile.
    found += [path for path, _, _ in os.walk("/sys/fs/cgroup")
              if f"/berth/{cluster.name}." in path]
    mounts = pathlib.Path("/proc/self/mounts").read_text()
    found += [line for line in mounts.splitlines() if str(cluster.dir) in line]
    if cluster.dir.exists():
        found += [str(path) for path in (cluster.dir, *cluster.dir.rglob("*"))]
    return found


def allowed(user):
    """Why a cluster of this user cannot run here, or None."""
    if user == 0:
        return None if AS_ROOT else "needs root"
    probe = run("unshare", "--user", "--net", "--map-current-user", "true", user=user,
                check=False)
    return None if probe.returncode == 0 else "user namespaces are not allowed here"


def new_cluster(user=None):
    """A cluster that is not up yet, in a directory that all users can reach."""
    user = os.geteuid() if user is None else user
    reason = allowed(user)
    if reason:
        pytest.skip(reason)
    home = pathlib.Path(tempfile.mkdtemp(prefix="berth-test-"))
    os.chmod(home, 0o755)
    if user != os.geteuid():
        os.chown(home, user, user)
    return Cluster(home, user)


def remove(cluster):
    """Take it down, and see that nothing of it is left."""
    if cluster.dir.exists():
        cluster.down(check=False)
    left = remains_of(cluster)
    shutil.rmtree(cluster.home, ignore_errors=True)
    assert left == []


@pytest.fixture
def make_cluster():
    """Clusters by user; whatever happens, they are taken down at the end."""
    made = []

    def make(user=None):
        made.append(new_cluster(user))
        return made[-1]

    yield make
    for cluster in made:
        remove(cluster)


def new_desk(cluster, name, user=None):
    """A directory of its own for one test on a cluster, and its user's."""
    desk = Desk(cluster, cluster.home / f"{name}.{len(list(cluster.home.iterdir()))}", user)
    desk.dir.mkdir(mode=0o755)
    if desk.user != os.geteuid():
        os.chown(desk.dir, desk.user, desk.user)
    return desk


def close_desk(desk):
    """End what a test has left running; every core must be free again."""
    desk.clear()
    wait_until(lambda: idle_nodes(desk.cluster), what="the end of all jobs")


@pytest.fixture(scope="session")
def mpi_programs():
    """Directory of the programs of tests/mpi, as built."""
    build = os.environ.get("BERTH_BUILD_DIR", "build")
    programs = pathlib.Path(build).resolve() / "tests" / "mpi"
    if not (programs / "hello").exists():
        pytest.skip(f"no MPI programs in {programs}: set BERTH_BUILD_DIR, 'make check'")
    return programs


@pytest.fixture(scope="session")
def small_tar(tmp_path_factory):
    """A root file system of a shell and a few tools."""
    path = tmp_path_factory.mktemp("images") / "small.tar"
    path.write_bytes(images.tar_of(images.small_rootfs()))
    return path


@pytest.fixture(scope="session")
def mpi_tar(tmp_path_factory, mpi_programs):
    """The same with OpenMPI and the programs of tests/mpi in /mpi."""
    path = tmp_path_factory.mktemp("images") / "mpi.tar"
    path.write_bytes(images.tar_of(images.mpi_rootfs(mpi_programs)))
    return path


@pytest.fixture(scope="session")
def mpich_programs(mpi_programs):
    """The same programs built with MPICH."""
    programs = mpi_programs.parent / "mpich"
    if not (programs / "hello").exists():
        pytest.skip(f"no MPICH programs in {programs}: install libmpich-dev, 'make check'")
    return programs


@pytest.fixture(scope="session")
def launchers_tar(tmp_path_factory, mpi_programs, mpich_programs):
    """OpenMPI and MPICH with mpirun and mpiexec.hydra, programs in /mpi and /mpich."""
    path = tmp_path_factory.mktemp("images") / "launchers.tar"
    path.write_bytes(images.tar_of(images.mpi_rootfs(mpi_programs, mpich_programs)))
    return path


@pytest.fixture(scope="session")
def shared(small_tar):
    """Four nodes of four cores, with the image 'small', for tests that do no harm."""
    cluster = new_cluster()
    cluster.up("--nodes", "4", "--cores-per-node", "4")
    own = namespaces_of(cluster)
    cluster.berth("image", "import", "-", "small", stdin=open(small_tar, "rb"))
    yield cluster
    remove(cluster)
    wait_for_the_end_of(own)


@pytest.fixture
def desk(shared):
    """A place on the shared cluster, empty before and after."""
    place = new_desk(shared, "desk")
    yield place
    close_desk(place)


@pytest.fixture
def own(make_cluster):
    """A place on a cluster of one's own, for tests that break it."""
    cluster = make_cluster()
    cluster.up("--nodes", "3", "--cores-per-node", "4")
    place = new_desk(cluster, "desk")
    yield place
    place.clear()
