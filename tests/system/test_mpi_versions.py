# SPDX-License-Identifier: Apache-2.0
"""The MPIs of Debian 12 and 13 in images: messages of all lengths, and how they go.

Servers are this machine's PMIx 4.2 and our PMI; OpenMPI 5 is a client of PMIx 5.
"""
import collections
import os
import pathlib
import re
import shutil
import subprocess

import pytest

import debian13
from conftest import close_desk, new_desk
from desk import wait_until

Kind = collections.namedtuple("Kind", "image programs options")


@pytest.fixture(scope="module")
def kinds(shared, launchers_tar, request):
    """Kinds of MPI by name, made when they are asked for."""
    made = {}

    def of_debian12():
        with open(launchers_tar, "rb") as tar:
            shared.berth("image", "import", "-", "deb12", stdin=tar)
        made["OpenMPI 4.1"] = Kind("deb12", "/mpi", [])
        made["MPICH 4.0"] = Kind("deb12", "/mpich", ["--mpi=pmi2"])

    def of_debian13():
        build = os.environ.get("BERTH_BUILD_DIR", "build")
        try:
            tree, _ = debian13.tree(build)
        except debian13.Unavailable as why:
            pytest.skip(str(why))
        sources = pathlib.Path(request.config.rootpath) / "tests" / "mpi"
        programs = shutil.copytree(debian13.programs(build, sources), shared.home / "deb13")
        with open(tree, "rb") as tar:
            shared.berth("image", "import", "-", "deb13", stdin=tar)
        mount = ["--mount", f"{programs}:/programs:ro"]
        made["OpenMPI 5.0"] = Kind("deb13", "/programs/openmpi", mount)
        made["MPICH 4.2"] = Kind("deb13", "/programs/mpich", [*mount, "--mpi=pmi2"])

    def kind(name):
        if name not in made:
            (of_debian12 if name in ("OpenMPI 4.1", "MPICH 4.0") else of_debian13)()
        return made[name]

    return kind


NAMES = ["OpenMPI 4.1", "OpenMPI 5.0", "MPICH 4.0", "MPICH 4.2"]


@pytest.fixture(params=NAMES)
def mpi(request, shared, kinds):
    """A desk that knows how to run programs of one kind of MPI."""
    kind = kinds(request.param)
    desk = new_desk(shared, "versions")
    desk.argv = lambda nodes, tasks, program, *args: [
        "run", "-N", nodes, "-n", tasks, "--image", kind.image, *kind.options,
        f"{kind.programs}/{program}", *args]
    desk.name = request.param
    yield desk
    close_desk(desk)


@pytest.mark.parametrize("nodes", [1, 2])
def test_messages_of_1_byte_to_16_mib_go_round_without_a_complaint(mpi, nodes):
    argv = mpi.argv(nodes, 2, "ring", 16)
    if (mpi.name, nodes) == ("MPICH 4.0", 2):
        assert words_of_one_that_may_hang(mpi, argv) == "ring of 2 ok\n"
        return
    result = mpi.berth(*argv)
    assert (result.stdout, result.stderr) == ("ring of 2 ok\n", "")


def words_of_one_that_may_hang(desk, argv):
    """MPICH 4.0.2 over UCX 1.13 may wait for ever in MPI_Finalize on two nodes that share
    cores, with each of its transports and under its own launcher too: so it is ended
    once it has spoken. What it writes goes to one pipe: a complaint would be seen."""
    client = desk.start(*argv, stderr=subprocess.STDOUT)
    line = client.stdout.readline()
    client.terminate()
    client.communicate()
    return line


def test_neighbours_copy_out_of_each_others_memory(mpi, tmp_path):
    """As strace sees it, which is told to look at a rank while it exchanges messages."""
    client = mpi.start(*mpi.argv(1, 2, "exchange"))
    pid = wait_until(lambda: task_of(mpi.cluster, "exchange"), what="a task")
    assert re.match(r"\d \d+$", client.stdout.readline())
    trace = tmp_path / "trace"
    strace = subprocess.Popen(
        ["strace", "-f", "-e", "trace=process_vm_readv,process_vm_writev", "-o", trace,
         "-p", str(pid)], stderr=subprocess.DEVNULL)
    try:
        wait_until(lambda: trace.exists() and re.search(r"process_vm_(readv|writev)\(.* = \d+$",
                                                        trace.read_text(), re.M),
                   what="a single copy")
    finally:
        strace.terminate()
        strace.wait()
    assert "EPERM" not in trace.read_text()
    client.terminate()
    client.communicate()


def task_of(cluster, name):
    """A process of that program in one of the cluster's jobs."""
    for entry in os.listdir("/proc"):
        try:
            word = open(f"/proc/{entry}/cmdline", "rb").read().split(b"\0")[0].decode(errors="replace")
            environ = open(f"/proc/{entry}/environ", "rb").read()
        except (OSError, NotADirectoryError):
            continue
        if os.path.basename(word) == name and str(cluster.dir).encode() in environ:
            return int(entry)
    return None
