# SPDX-License-Identifier: Apache-2.0
"""--host-mpi: the node's libraries in place of an image's."""
import os
import re
import shutil
import subprocess

import pytest

from conftest import close_desk, new_cluster, new_desk, remove
from test_mpi import ranks


def library_here(name):
    """The path of a library of this machine's, as its loader finds it."""
    cache = subprocess.run(["/sbin/ldconfig", "-p"], stdout=subprocess.PIPE, text=True,
                           check=True).stdout
    found = re.search(rf"^\s+{re.escape(name)} .*=> (\S+)$", cache, re.M)
    if not found:
        pytest.skip(f"no {name} here")
    return found[1]


def build_library(path, soname, wants_new_glibc=False):
    """A library that defines next to nothing."""
    subprocess.run(["gcc", "-shared", "-fPIC", f"-Wl,-soname,{soname}", "-x", "c", "-o", path, "-"],
                   input="#include <stdlib.h>\nvoid *f(void);\nvoid *f(void) { return malloc(1); }\n",
                   text=True, check=True)
    if wants_new_glibc:
        data, n = re.subn(rb"\0GLIBC_2(\.[0-9.]+)\0", rb"\0GLIBC_9\1\0", path.read_bytes())
        assert n > 0
        path.write_bytes(data)


@pytest.fixture(scope="module")
def site(mpi_tar, small_tar):
    """Two nodes with the sets 'openmpi' (this machine's), 'old', 'new' and 'gone'."""
    cluster = new_cluster()
    cluster.up("--nodes", "2", "--cores-per-node", "2")
    cluster.berth("image", "import", "-", "mpi", stdin=open(mpi_tar, "rb"))
    cluster.berth("image", "import", "-", "small", stdin=open(small_tar, "rb"))
    place = cluster.home / "libraries"
    place.mkdir()
    # A copy, which the image's own file cannot be mistaken for.
    mpi = os.path.realpath(library_here("libmpi.so.40"))
    shutil.copy(mpi, place)
    (place / "libmpi.so.40").symlink_to(os.path.basename(mpi))
    build_library(place / "libextra.so.7", "libextra.so.7")
    build_library(place / "libmpi.so.12", "libmpi.so.12")
    (place / "new").mkdir()
    build_library(place / "new" / "libmpi.so.40", "libmpi.so.40", wants_new_glibc=True)
    sets = "".join(f"    - {{name: {name}, libraries: [{libraries}]{more}}}\n"
                   for name, libraries, more in (
                       ("openmpi", f"{place}/libmpi.so.40, {place}/libextra.so.7",
                        ", env: [SITE_MPI=yes]"),
                       ("old", f"{place}/libmpi.so.12", ""),
                       ("new", f"{place}/new/libmpi.so.40", ""),
                       ("gone", f"{place}/gone/libmpi.so.40", "")))
    cluster.restart(change=lambda text: f"container:\n  host_libraries:\n{sets}{text}")
    cluster.libraries = place
    yield cluster
    remove(cluster)


@pytest.fixture
def desk(site):
    place = new_desk(site, "libraries")
    yield place
    close_desk(place)


def where_is_mpi(cluster):
    return str((cluster.libraries / "libmpi.so.40").stat().st_ino)


def mapped_mpi(desk, *options):
    """The inode of libmpi in a process that has loaded it."""
    out = desk.berth("run", "--image", "mpi", *options, "sh", "-c",
                     "LD_PRELOAD=libmpi.so.40 cat /proc/self/maps; echo SITE_MPI=$SITE_MPI").stdout
    inodes = {line.split()[4] for line in out.splitlines() if "libmpi.so" in line}
    assert len(inodes) == 1, out
    return inodes.pop(), out


def test_a_process_has_the_nodes_library_mapped(desk):
    own, out = mapped_mpi(desk)
    assert own != where_is_mpi(desk.cluster) and "SITE_MPI=\n" in out
    inode, out = mapped_mpi(desk, "--host-mpi")
    assert inode == where_is_mpi(desk.cluster)
    assert "SITE_MPI=yes\n" in out


def test_a_container_of_another_runtime_has_it_too(desk):
    if not shutil.which("crun"):
        pytest.skip("no crun")
    inode, _ = mapped_mpi(desk, "--host-mpi", "--runtime=oci")
    assert inode == where_is_mpi(desk.cluster)


def test_mpi_runs_with_it_over_two_nodes(desk):
    out = desk.berth("run", "-N2", "-n2", "--image", "mpi", "--host-mpi=openmpi",
                     "/mpi/hello").stdout
    assert ranks(out) == {0: (2, "n1"), 1: (2, "n2")}


def test_steps_of_a_script_have_what_the_job_asked_for(desk):
    job = desk.submit("--image", "mpi", "--host-mpi", script="#!/bin/sh\n#SBATCH -N2 -n2 -o out\n"
                      "berth run /mpi/hello\n"
                      "berth run -n1 -N1 env LD_PRELOAD=libmpi.so.40 cat /proc/self/maps\n")
    assert desk.wait(job) == 0, desk.text("out")
    assert len(ranks(desk.text("out"))) == 2
    assert re.search(rf" {where_is_mpi(desk.cluster)} .*libmpi\.so", desk.text("out"))


def test_it_is_read_only_and_what_it_needs_is_beside_it(desk):
    out = desk.berth("run", "--image", "mpi", "--host-mpi", "sh", "-c",
                     "for f in /lib/*-linux-gnu/libextra.so.7 /lib/*-linux-gnu/libmpi.so.40; do "
                     "[ -s $f ] && ! (echo x >>$f) 2>/dev/null && echo fine; done").stdout
    assert out == "fine\nfine\n"


@pytest.mark.parametrize("options, words", [
    (["--image", "mpi", "--host-mpi=old"],
     "--host-mpi=old: the node's library is libmpi.so.12, the image has .*libmpi.so.40.*: "
     "another major version is not compatible"),
    (["--image", "mpi", "--host-mpi=new"],
     r"--host-mpi=new: libmpi.so.40: the node's needs GLIBC_9\.\d+, the image's libc.so.6 has no "
     r"more than GLIBC_2\.\d+"),
    (["--image", "mpi", "--host-mpi=gone"],
     "--host-mpi=gone: the node's .*gone/libmpi.so.40.*No such"),
    (["--image", "mpi", "--host-mpi=openmi"],
     "--host-mpi=openmi: node n. has no such libraries, did you mean 'openmpi'"),
    (["--image", "small", "--host-mpi"], "--host-mpi=openmpi: the image has no libmpi.so.40"),
    (["--host-mpi"], "--host-mpi: there is no image"),
], ids=["major", "glibc", "missing", "name", "image without MPI", "no image"])
def test_what_cannot_be_is_refused_with_words(desk, options, words):
    result = desk.berth("run", *options, "true", check=False)
    assert result.returncode != 0
    assert re.search(words, result.stderr), result.stderr


def test_the_configuration_shows_the_sets(desk):
    out = desk.berth("config", "show").stdout
    assert re.search(r"(?m)^  host_libraries:\n  - \{name: openmpi, libraries: .*libextra.so.7.*"
                     r"SITE_MPI=yes", out)
