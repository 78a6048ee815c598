# SPDX-License-Identifier: Apache-2.0
"""What MPI and PMIx must be able to do, in containers over four nodes."""
import re

import pytest

from conftest import close_desk, new_desk


@pytest.fixture(scope="module")
def mpi_image(shared, mpi_tar):
    with open(mpi_tar, "rb") as tar:
        shared.berth("image", "import", "-", "accept", stdin=tar)
    return "accept"


@pytest.fixture
def mpi(shared, mpi_image):
    """A desk whose 'mpi' method runs a program in the image over the nodes."""
    desk = new_desk(shared, "accept")

    def options(nodes, tasks, *more):
        return ["-N", nodes, "-n", tasks, "--image", mpi_image, *more]

    desk.options = options
    desk.mpi = lambda nodes, tasks, *argv, **more: desk.berth(
        "run", *options(nodes, tasks), *argv, **more)
    yield desk
    close_desk(desk)


# -------------------------------------------------------------------- spawn


def children(text):
    """{(app, rank): (size, argument, number in all)} of what spawned tasks printed."""
    found = re.findall(r"^child (\d+) of (\d+), (\S+), app (-?\d+), (\d+) in all$", text, re.M)
    return {int(rank): (int(size), word, int(app), int(everybody))
            for rank, size, word, app, everybody in found}


def test_tasks_spawn_more_tasks_and_talk_to_them(mpi):
    out = mpi.mpi(4, 4, "/mpi/spawn", "3").stdout
    assert "spawned 3, sum 3, 3\n" in out
    assert children(out) == {rank: (3, "first", 0, 7) for rank in range(3)}


def test_several_programs_are_spawned_as_one_step(mpi):
    out = mpi.mpi(2, 2, "/mpi/spawn", "2", "multiple").stdout
    assert "spawned 4, sum 6, 6\n" in out
    assert children(out) == {0: (4, "first", 0, 6), 1: (4, "first", 0, 6),
                             2: (4, "second", 1, 6), 3: (4, "second", 1, 6)}


def test_a_program_that_is_not_there_is_not_spawned(mpi):
    result = mpi.mpi(2, 2, "/mpi/spawn", "2", "nowhere", check=False)
    assert result.returncode != 0
    assert "/nowhere/at/all" in result.stderr


# --------------------------------------------------------------- PMIx itself


@pytest.mark.parametrize("call", ["publish", "event", "signal", "group", "timeout", "query",
                                  "fence", "log"])
def test_pmix_answers(mpi, call):
    result = mpi.mpi(2, 4, "/mpi/pmix_calls", call, timeout=60)
    assert sorted(result.stdout.splitlines()) == [f"{rank} {call} ok" for rank in range(4)]
    if call == "log":
        assert sorted(result.stderr.splitlines()) == [f"log of {rank}" for rank in range(4)]
