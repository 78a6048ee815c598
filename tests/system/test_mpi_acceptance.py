# SPDX-License-Identifier: Apache-2.0
"""What MPI and PMIx must be able to do, in containers over four nodes."""
import os
import re
import shutil
import subprocess

import pytest

from conftest import close_desk, new_desk
from desk import wait_until


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


# ------------------------------------------------------------ who may connect


def environ_of(cluster, name):
    """The environment of a task, and its number."""
    for entry in os.listdir("/proc"):
        try:
            words = open(f"/proc/{entry}/cmdline", "rb").read().split(b"\0")
            environ = open(f"/proc/{entry}/environ", "rb").read().split(b"\0")
        except (OSError, NotADirectoryError):
            continue
        env = dict(pair.decode().split("=", 1) for pair in environ if b"=" in pair)
        if words[0] == name.encode() and str(cluster.dir) in env.get("BERTH_LEAD", ""):
            return int(entry), env
    return None


def as_impostor(pid, env, uid):
    """Run the program in the node's network as 'uid', who says that he is the job's user.
    One who is cut off in the middle may wait for ever."""
    shutil.copy(os.path.join(os.environ["BERTH_BUILD_DIR"], "tests/mpi/pmix_calls"),
                "/tmp/berth-impostor")
    os.chmod("/tmp/berth-impostor", 0o755)
    try:
        return subprocess.run(
            ["timeout", "-s", "KILL", "10", "nsenter", "--net", "--uts", "--target", str(pid), "setpriv", f"--reuid={uid}",
             f"--regid={uid}", "--clear-groups", "unshare", "--map-root-user",
             "/tmp/berth-impostor", "log"],
            env={"PATH": os.environ["PATH"],
                 **{name: value for name, value in env.items() if name.startswith("PMIX_")}},
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=30, check=False)
    finally:
        os.unlink("/tmp/berth-impostor")


@pytest.mark.skipif(os.getuid() != 0, reason="needs root to play two users")
def test_another_user_who_knows_all_names_is_not_served(shared, mpi_image):
    desk = new_desk(shared, "robbed")
    # /mpi/pmix_calls without a call waits for nothing: 'sleep' keeps the server there.
    client = desk.start("run", "-N", 1, "-n", 2, "--image", mpi_image, "/bin/sleep", "60")
    pid, env = wait_until(lambda: environ_of(shared, "/bin/sleep"), what="a task")
    stranger = as_impostor(pid, env, 65534)
    owner = as_impostor(pid, env, 0)
    client.kill()
    client.communicate()
    close_desk(desk)
    assert owner.returncode == 0 and "log ok" in owner.stdout, owner.stdout
    assert stranger.returncode != 0 and "log ok" not in stranger.stdout, stranger.stdout
