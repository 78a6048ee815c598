# SPDX-License-Identifier: Apache-2.0
"""Programs as people run them, out of Debian's packages, in a container on four nodes."""
import pathlib
import re
import shutil
import subprocess

import pytest

import images
from conftest import close_desk, new_desk


def packaged(*names):
    """Paths of programs of Debian's, or a skip."""
    for name in names:
        if not shutil.which(name):
            pytest.skip(f"there is no {name}: contrib/check installs it")
    return [pathlib.Path(shutil.which(name)) for name in names]


@pytest.fixture(scope="module")
def image(shared, tmp_path_factory):
    """OpenMPI with HPCC and LAMMPS."""
    programs = tmp_path_factory.mktemp("programs")
    for path in packaged("hpcc", "lmp"):
        shutil.copy(path, programs / path.name)
    tar = programs.parent / "programs.tar"
    tar.write_bytes(images.tar_of(images.mpi_rootfs(programs)))
    with open(tar, "rb") as stream:
        shared.berth("image", "import", "-", "programs", stdin=stream)
    return "programs"


@pytest.fixture
def place(shared, image):
    """A desk whose directory the programs see as /work."""
    desk = new_desk(shared, "programs")
    desk.options = ["-N4", "-n4", "--image", image, "--mount", f"{desk.dir}:/work",
                    "--workdir", "/work"]
    yield desk
    close_desk(desk)


def test_hpcc_passes_its_own_checks(place, request):
    sizes = (request.config.rootpath / "contrib/demo/hpccinf.txt").read_text()
    for name, before, now in (("Ps", 4, 2), ("Qs", 4, 2), ("Ns", 640, 160)):
        sizes, n = re.subn(rf"^{before}( +{name}$)", rf"{now}\1", sizes, flags=re.M)
        assert n == 1, name
    (place.dir / "hpccinf.txt").write_text(sizes)
    place.berth("run", *place.options, "/mpi/hpcc")
    said = (place.dir / "hpccoutf.txt").read_text()
    assert "1 tests completed and passed residual checks" in said
    assert "CommWorldProcs=4" in said and "Success=1" in said


@pytest.fixture(scope="module")
def melt(tmp_path_factory):
    """A benchmark of the package's: a Lennard-Jones liquid of 4000 atoms."""
    directory = tmp_path_factory.mktemp("examples")
    got = subprocess.run(["apt-get", "download", "-qq", "lammps-examples"], cwd=directory,
                         stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
    packages = list(directory.glob("*.deb"))
    if not packages:
        pytest.skip(f"lammps-examples: {got.stdout.strip()}")
    files = subprocess.Popen(["dpkg-deb", "--fsys-tarfile", packages[0]], stdout=subprocess.PIPE)
    text = subprocess.run(["tar", "-xO", "./usr/share/lammps/examples/melt/in.melt"],
                          stdin=files.stdout, stdout=subprocess.PIPE, text=True, check=True).stdout
    files.stdout.close()
    files.wait()
    return text


def test_lammps_melts_4000_atoms(place, melt):
    (place.dir / "in.melt").write_text(melt)
    out = place.berth("run", *place.options, "/mpi/lmp", "-in", "in.melt").stdout
    assert re.search(r"^Loop time of \S+ on 4 procs for 250 steps with 4000 atoms$", out, re.M), out
    steps = re.findall(r"^ +(\d+) +(\S+) +\S+ +\S+ +(\S+) +\S+ *$", out, re.M)
    assert [int(step) for step, _, _ in steps] == [0, 50, 100, 150, 200, 250], out
    energies = [float(energy) for _, _, energy in steps]
    assert max(energies) - min(energies) < 0.01 * abs(energies[0])  # it is conserved
