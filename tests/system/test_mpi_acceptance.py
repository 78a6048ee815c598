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


# ------------------------------------------------------------ what a kill leaves


def traces_of(cluster, job):
    """What there is of a job: processes, directories, groups, mounts, segments."""
    found = [str(path) for path in cluster.dir.glob(f"run/*/job.{job}.*")]
    found += [path for path, _, _ in os.walk("/sys/fs/cgroup")
              if f"/berth/{cluster.name}." in path and f"/job_{job}" in path]
    for entry in os.listdir("/proc"):
        try:
            environ = open(f"/proc/{entry}/environ", "rb").read().split(b"\0")
            inside = str(cluster.dir).encode() in b"\0".join(environ)
        except (OSError, NotADirectoryError):
            continue
        if inside and f"BERTH_JOB_ID={job}".encode() in environ:
            found.append(f"process {entry}")
    mounts = open("/proc/self/mountinfo", encoding="utf-8").read()
    return found + [line for line in mounts.splitlines() if f"/job.{job}." in line]


def segments():
    """What MPIs keep in the node's own shared memory and temporary directory."""
    return {f"{folder}/{name}" for folder in ("/dev/shm", "/tmp") for name in os.listdir(folder)
            if name.startswith(("vader_segment", "ucx_shm", "ompi.", "pmix", "openmpi-sessions"))}


@pytest.mark.parametrize("victim", ["task", "first process", "shepherd", "lead"])
def test_a_kill_in_the_middle_of_an_mpi_program_leaves_nothing(mpi, victim):
    before = segments()
    client = mpi.start("run", *mpi.options(2, 4), "/mpi/exchange")
    for _ in range(4):
        assert client.stdout.readline()
    job, = (job["id"] for job in mpi.jobs("--me"))
    assert traces_of(mpi.cluster, job)
    shepherd = shepherd_on(mpi.cluster, job, "n2")
    pid = {"task": lambda: child_of(child_of(shepherd)),
           "first process": lambda: child_of(shepherd),
           "shepherd": lambda: shepherd,
           "lead": lambda: lead_of(mpi.cluster, job)}[victim]()
    os.kill(pid, signal.SIGKILL)
    client.communicate(timeout=60)
    assert client.returncode != 0
    wait_until(lambda: not traces_of(mpi.cluster, job), what="the end of all traces")
    assert segments() <= before


def child_of(pid):
    return int(open(f"/proc/{pid}/task/{pid}/children", encoding="utf-8").read().split()[0])


def lead_of(cluster, job):
    record, = (path for path in cluster.dir.glob(f"node/n1/steps/{job}.*")
               if not path.name.endswith(".0"))
    return int(record.read_text().split()[0])


# ------------------------------------------------------------------- programs


def test_ranks_on_all_nodes_write_one_file(mpi):
    mount = ["--mount", f"{mpi.dir}:/shared"]
    out = mpi.berth("run", *mpi.options(4, 8), *mount, "/mpi/file_io", "/shared/file").stdout
    assert out == "8 ranks wrote 524288 bytes\n"
    content = (mpi.dir / "file").read_bytes()
    blocks = content[:524288]
    assert blocks == b"".join(bytes([ord("a") + i % 8]) * 4096 for i in range(8 * 16))
    assert content[524288:].decode().splitlines() == [f"rank {rank:3}" for rank in range(8)]


def test_a_rank_that_does_not_exit_is_ended_after_the_others(mpi):
    result = mpi.berth("run", *mpi.options(2, 4), "--wait=1", "/mpi/hang", "after", check=False)
    assert sorted(result.stdout.splitlines()) == [f"{rank} at its end" for rank in range(3)]
    assert result.returncode == 128 + signal.SIGKILL
    assert "--wait: the first task ended 1 seconds ago, others still ran" in result.stderr


def test_ranks_that_wait_in_finalize_end_with_the_time(mpi):
    result = mpi.berth("run", *mpi.options(2, 4), "--time=0:03", "/mpi/hang", check=False)
    assert sorted(result.stdout.splitlines()) == [f"{rank} at its end" for rank in range(3)]
    assert result.returncode != 0 and "time limit" in result.stderr, result.stderr


def test_a_crash_says_which_rank_and_how(mpi):
    result = mpi.berth("run", *mpi.options(4, 8), "/mpi/crash", "segv", check=False)
    assert "berth run: task 7 on n4: killed by SIGSEGV" in result.stderr
    result = mpi.berth("run", *mpi.options(4, 8), "/mpi/crash", check=False)
    assert "berth run: task 7 on n4: exited with code 3" in result.stderr


def test_two_jobs_of_one_user_with_one_layout_do_not_meet(mpi):
    """Both are there before either begins, and pass long messages at the same time."""
    wait = "echo here; read go; exec /mpi/ring 16"
    both = [mpi.start("run", *mpi.options(2, 4), "--input=all", "/bin/sh", "-c", wait)
            for _ in range(2)]
    for client in both:
        for _ in range(4):
            assert client.stdout.readline() == "here\n"
    for client in both:
        client.stdin.write("go\n")
        client.stdin.flush()
    for client in both:
        out, err = client.communicate(timeout=60)
        assert (client.returncode, out, err) == (0, "ring of 4 ok\n", "")


def test_threads_of_ranks_are_one_program(mpi):
    out = mpi.berth("run", *mpi.options(4, 4), "-c2", "/mpi/hybrid",
                    env={"OMP_NUM_THREADS": "2"}).stdout
    assert len(re.findall(r"^thread [0-3] [01] \S+ \S+$", out, re.M)) == 8, out
    assert "hybrid of 4 ranks sum 16\n" in out
