# SPDX-License-Identifier: Apache-2.0
"""What MPI and PMIx must be able to do, in containers over four nodes."""
import os
import re
import shutil
import signal
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
                                  "fence", "large", "log"])
def test_pmix_answers(mpi, call):
    result = mpi.mpi(2, 4, "/mpi/pmix_calls", call, timeout=60)
    assert sorted(result.stdout.splitlines()) == [f"{rank} {call} ok" for rank in range(4)]
    if call == "log":
        assert sorted(result.stderr.splitlines()) == [f"log of {rank}" for rank in range(4)]


# --------------------------------------------------------- what is lost midway


def shepherd_on(cluster, job, node):
    """The shepherd of the first step of a job, on a node."""
    record, = cluster.dir.glob(f"node/{node}/steps/{job}.*.0")
    return int(record.read_text().split()[0])


def lose_second_node(mpi, *options):
    """Four tasks of which two wait in a fence for the others, whose node is lost.
    Status, what they then wrote, complaints."""
    client = mpi.start("run", *mpi.options(2, 4), *options, "/mpi/pmix_calls", "loss")
    assert sorted(client.stdout.readline() for _ in range(4)) == [
        f"{rank} waits\n" for rank in range(4)]
    job, = (job["id"] for job in mpi.jobs("--me"))
    os.kill(shepherd_on(mpi.cluster, job, "n2"), signal.SIGKILL)
    out, err = client.communicate(timeout=60)
    return client.returncode, sorted(out.splitlines()), err


def test_a_node_that_dies_in_a_fence_ends_the_step(mpi):
    status, out, err = lose_second_node(mpi)
    assert (status, out) == (1, []) and "its neighbour n2 was lost" in err


def test_tasks_that_may_outlive_others_are_told_of_a_lost_node(mpi):
    """By an error of the fence and by events; then they go on, and the step says it."""
    status, out, err = lose_second_node(mpi, "--kill-on-bad-exit=0")
    assert out == ["0 loss ok", "1 loss ok"], err
    assert status == 1 and "its neighbour n2 was lost" in err


def test_a_task_that_is_aborted_alone_leaves_the_others(mpi):
    result = mpi.berth("run", *mpi.options(2, 4), "--kill-on-bad-exit=0",
                       "/mpi/pmix_calls", "abort", check=False)
    assert sorted(result.stdout.splitlines()) == [f"{rank} abort ok" for rank in range(3)]
    assert result.returncode == 128 + signal.SIGKILL, result.stderr


# ------------------------------------------------------------------ alone


@pytest.mark.parametrize("kind, other, library", [("pmix", "pmi2", "libmpich"),
                                                  ("pmi2", "pmix", "libmpi.so")])
def test_tasks_that_do_not_find_each_other_are_told_of(mpi, launchers_tar, kind, other, library):
    with open(launchers_tar, "rb") as tar:
        mpi.berth("image", "import", "-", "both", stdin=tar)
    program = "/mpich/hello" if kind == "pmix" else "/mpi/hello"
    argv = ["run", "-N2", "-n4", "--image", "both"]
    result = mpi.berth(*argv, "-K0", f"--mpi={kind}", program, check=False)
    # MPICH's are jobs of one and see nothing wrong; OpenMPI's give up at once.
    assert result.stdout.count("rank 0 of 1") == (4 if kind == "pmix" else 0)
    assert (f"berth: tasks did not find each other: {program} is linked with {library}"
            in result.stderr)
    assert f"did you mean --mpi={other}?\n" in result.stderr
    for quiet in (["/bin/true"], [f"--mpi={kind}", "/bin/sh", "-c", "exec hostname"]):
        assert mpi.berth(*argv, *quiet).stderr == ""


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
