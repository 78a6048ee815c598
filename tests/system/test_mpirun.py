# SPDX-License-Identifier: Apache-2.0
"""mpirun and mpiexec as they come, inside of allocations, and MPICH under berth run.

MPICH 4.0.2 over UCX 1.13 may wait for ever in MPI_Finalize when there is more than one
node, under its own launcher too: one rank waits for others, which wait in their last
barrier. So its programs on several nodes are ended here when all ranks have spoken.
"""
import os
import re

import pytest

from conftest import close_desk, new_desk
from desk import wait_until

# OpenMPI asks for this when root runs it.
AS_ROOT = "export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1\n"
PLACES = ["outside", "inside"]


@pytest.fixture(scope="module")
def image(shared, launchers_tar):
    with open(launchers_tar, "rb") as tar:
        shared.berth("image", "import", "-", "launchers", stdin=tar)
    return "launchers"


@pytest.fixture
def place(shared, image, mpi_programs, mpich_programs):
    """A desk that knows where programs are, without the image and in it."""
    desk = new_desk(shared, "mpirun")
    desk.options = {"outside": [], "inside": ["--image", image]}
    desk.launchers = {"outside": {"openmpi": f"mpirun.openmpi {mpi_programs}",
                                  "mpich": f"mpiexec.hydra {mpich_programs}"},
                      "inside": {"openmpi": "mpirun /mpi", "mpich": "mpiexec.hydra /mpich"}}
    desk.mpich = {"outside": mpich_programs, "inside": "/mpich"}
    yield desk
    close_desk(desk)


def ranks(text):
    """{rank: (size, host)} of what hello printed."""
    found = re.findall(r"^rank (\d+) of (\d+) on (\S+) sum (\d+)$", text, re.M)
    assert all(int(total) == int(size) * (int(size) - 1) // 2 for _, size, _, total in found)
    return {int(rank): (int(size), host) for rank, size, host, _ in found}


def job_that_says(place, mpi, options, command, n_lines):
    """What a script with this command writes, once there are so many lines of ranks."""
    job = place.submit(*options, "-o", "out", script=f"#!/bin/sh\n{AS_ROOT}exec {command}\n")
    if mpi == "openmpi":
        assert place.wait(job) == 0, place.text("out")
        return place.text("out")
    text = wait_until(lambda: (place.dir / "out").exists()
                      and (place.text("out").count(" sum ") + place.text("out").count(" ok\n")
                           >= n_lines) and place.text("out"), what="what ranks say")
    place.berth("cancel", job)
    return text


def step_that_says(place, options, command, n_lines):
    """The same of a step."""
    client = place.start("run", *options, command)
    text = "".join(client.stdout.readline() for _ in range(n_lines))
    client.terminate()
    client.wait()
    return text


def evenly(n, nodes):
    return {rank: (n, f"n{rank * nodes // n + 1}") for rank in range(n)}


def processes_of(cluster, *names):
    """Processes of these programs that belong to the cluster's jobs."""
    found = []
    for entry in os.listdir("/proc"):
        try:
            word = open(f"/proc/{entry}/cmdline", "rb").read().split(b"\0")[0].decode(errors="replace")
            environ = open(f"/proc/{entry}/environ", "rb").read()
        except (OSError, NotADirectoryError):
            continue
        if os.path.basename(word) in names and str(cluster.dir).encode() in environ:
            found.append((int(entry), word))
    return found


@pytest.mark.parametrize("nodes", [2, 4])
@pytest.mark.parametrize("where", PLACES)
@pytest.mark.parametrize("mpi", ["openmpi", "mpich"])
def test_a_launcher_uses_all_nodes_of_its_allocation(place, mpi, where, nodes):
    text = job_that_says(place, mpi, [*place.options[where], "-N", nodes, "-n", 4 * nodes],
                         f"{place.launchers[where][mpi]}/hello", 4 * nodes)
    assert ranks(text) == evenly(4 * nodes, nodes)


@pytest.mark.parametrize("mpi", ["openmpi", "mpich"])
def test_ranks_of_a_launcher_pass_messages_around_four_nodes(place, mpi):
    # Few of them: MPICH's spin while they wait, and virtual nodes share cores.
    text = job_that_says(place, mpi, ["-N4", "-n4"],
                         f"{place.launchers['outside'][mpi]}/ring", 1)
    assert "ring of 4 ok\n" in text


def test_a_launcher_in_the_shell_of_an_allocation_finds_its_nodes(place):
    program = AS_ROOT + place.launchers["outside"]["openmpi"] + "/hello"
    result = place.berth("alloc", "-N2", "-n4", "sh", "-c", program)
    assert ranks(result.stdout) == evenly(4, 2)


def test_a_launcher_finds_our_srun_where_another_is_installed(place):
    """A real Slurm's would know nothing of the allocation that SLURM_JOB_ID names."""
    others = place.dir / "others"
    others.mkdir()
    (others / "srun").write_text("#!/bin/sh\nexit 1\n")
    (others / "srun").chmod(0o755)
    program = AS_ROOT + place.launchers["outside"]["openmpi"] + "/hello"
    env = {"PATH": f"{others}:{os.environ['PATH']}"}
    result = place.berth("alloc", "-N2", "-n4", "sh", "-c", program, env=env)
    assert ranks(result.stdout) == evenly(4, 2)
    found = place.berth("run", "sh", "-c", "command -v srun", env=env).stdout
    assert found.endswith("/berth/slurm/srun\n")


@pytest.mark.parametrize("where", PLACES)
@pytest.mark.parametrize("mpi", ["openmpi", "mpich"])
def test_a_job_that_is_cancelled_leaves_no_rank_and_no_daemon(place, mpi, where):
    launcher = place.launchers[where][mpi].split()[0]
    job = place.submit(*place.options[where], "-N2", "-n4", "-o", "out",
                       script=f"#!/bin/sh\n{AS_ROOT}{launcher} sleep 1000\n")
    wait_until(lambda: len(processes_of(place.cluster, "sleep")) == 4, what="the ranks")
    place.berth("cancel", job)
    wait_until(lambda: not processes_of(place.cluster, "sleep", "orted", "hydra_pmi_proxy",
                                        "mpirun", "mpirun.openmpi", "mpiexec.hydra", "srun"),
               what="the end of all")


@pytest.mark.parametrize("nodes", [1, 2, 4])
@pytest.mark.parametrize("where", PLACES)
def test_ranks_of_mpich_are_one_program(place, where, nodes):
    options = ["--mpi=pmi2", "-N", nodes, "-n", 4 * nodes, *place.options[where]]
    program = f"{place.mpich[where]}/hello"
    text = (place.berth("run", *options, program).stdout if nodes == 1
            else step_that_says(place, options, program, 4 * nodes))
    assert ranks(text) == evenly(4 * nodes, nodes)


def test_names_that_a_task_publishes_are_found_on_other_nodes(place):
    program = f"{place.mpich['outside']}/pmi2"
    if not os.path.exists(program):
        pytest.skip(f"no {program}: install libpmi2-0-dev, 'make check'")
    lines = place.berth("run", "--mpi=pmi2", "-N4", "-n8", program, "names").stdout
    assert sorted(lines.splitlines()) == ["mapping (vector,(0,4,2))"] + [
        f"rank {rank} of 8 ok" for rank in range(8)]


def test_ranks_of_mpich_pass_messages_in_and_between_nodes(place):
    text = step_that_says(place, ["--mpi=pmi2", "-N2", "-n4", *place.options["inside"]],
                          "/mpich/ring", 1)
    assert text == "ring of 4 ok\n"


def test_ranks_of_mpich_that_go_round_the_nodes_know_their_neighbours(place):
    lines = step_that_says(place, ["--mpi=pmi2", "-N2", "-n4", "-m", "cyclic"],
                           f"{place.mpich['outside']}/split", 4).splitlines()
    assert len(lines) == 4
    assert all(line.endswith(" node 2") for line in lines)


@pytest.mark.parametrize("argv, status", [(["abort"], 7), (["crash"], 3)],
                         ids=["abort", "exit"])
def test_a_rank_of_mpich_that_fails_ends_the_step(place, argv, status):
    result = place.berth("run", "--mpi=pmi2", "-N2", "-n4", *place.options["inside"],
                         f"/mpich/{argv[0]}", check=False)
    assert result.returncode == status, result.stderr
    assert processes_of(place.cluster, argv[0]) == []


def test_the_kinds_of_mpi_are_listed_and_a_wrong_one_has_a_nearest(place):
    lines = place.berth("run", "--mpi=list").stdout.splitlines()
    assert {line.split()[0] for line in lines} >= {"none", "pmix", "pmi2"}
    words = place.fails("run", "--mpi=pmi3", "true", status=2)
    assert words == "berth run: --mpi: there is no 'pmi3'; did you mean 'pmi2'?"
    program = f"{place.mpich['outside']}/hello"
    result = place.berth("run", "-N1", "-n2", program, env={"SLURM_MPI_TYPE": "pmi2"})
    assert ranks(result.stdout) == evenly(2, 1)
