# SPDX-License-Identifier: Apache-2.0
"""Containers with a name: steps of a job that share one on each node."""
import os
import pathlib
import signal

import pytest

from conftest import new_desk
from desk import AS_ROOT, USER, wait_until

BOTH = pytest.mark.parametrize("user", [0, USER] if AS_ROOT else [os.geteuid()])


@pytest.fixture
def place(shared, user):
    desk = new_desk(shared, "named", user)
    yield desk
    desk.clear()


def script(*lines):
    return "#!/bin/sh\n" + "\n".join(lines) + "\n"


def marked(word):
    """Pids of processes with this in their command line."""
    found = []
    for path in pathlib.Path("/proc").glob("[0-9]*/cmdline"):
        try:
            if word.encode() in path.read_bytes():
                found.append(int(path.parent.name))
        except OSError:
            continue
    return found


def shepherds_of(job):
    """Of this job, by their sockets' names in its directory."""
    return marked(f"job.{job}.")


MAKE = "berth run -n1 --container-name work --image small"
USE = "berth run -n1 --container-name work"


@BOTH
def test_a_step_finds_what_an_earlier_one_wrote(place):
    job = place.submit("-n1", "-o", "out", script=script(
        f"{MAKE} sh -c 'echo one >/run/note; echo two >/tmp/note; echo three >/dev/shm/note'",
        f"{USE} cat /run/note /tmp/note /dev/shm/note",
        "berth run -n1 --image small cat /run/note"))
    assert place.wait(job) == 1
    assert place.text("out").startswith("one\ntwo\nthree\n")
    assert "/run/note" in place.text("out")


def test_the_root_itself_is_kept(desk):
    """What only a program that may write there can write: root's, as root inside."""
    if not AS_ROOT:
        pytest.skip("needs layers of one's own")
    job = desk.submit("-n1", "-o", "out", script=script(
        f"{MAKE} sh -c 'echo changed >/etc/marker'", f"{USE} cat /etc/marker"))
    assert desk.wait(job) == 0, desk.text("out")
    assert desk.text("out") == "changed\n"


@BOTH
def test_two_steps_at_once_see_each_others_processes(place):
    os.mkfifo(place.dir / "go")
    os.chmod(place.dir / "go", 0o666)
    job = place.submit("-N1", "-n2", "-o", "out", script=script(
        f"{MAKE} sh -c 'echo on; exec cat go' >first &",
        "until grep -qs on first; do sleep 0.05; done",
        f"{USE} sh -c 'cat /proc/[0-9]*/comm; kill -0 $(ls -d /proc/[0-9]* | "
        "sed s,/proc/,, | head -1)' >second",
        "echo end >go", "wait"))
    assert place.wait(job) == 0, place.text("out")
    assert "cat" in place.text("second").split()
    assert place.text("first") == "on\nend\n"


def test_the_end_of_one_step_leaves_the_other(desk):
    os.mkfifo(desk.dir / "go")
    job = desk.submit("-N1", "-n2", "-o", "out", script=script(
        f"{MAKE} sh -c 'echo on; exec cat go' >first &",
        "until grep -qs on first; do sleep 0.05; done",
        f"{USE} sh -c 'sleep 7777777 & exit 3'; echo $?",
        f"{USE} sh -c 'cat /proc/[0-9]*/cmdline' >third",
        "echo end >go; wait", f"{USE} sh -c 'echo still'"))
    assert desk.wait(job) == 0, desk.text("out")
    assert desk.text("out").splitlines()[1:] == ["3", "still"], desk.text("out")
    assert "7777777" not in desk.text("third")
    assert desk.text("first") == "on\nend\n"


def test_a_step_that_is_killed_leaves_its_container(desk):
    job = desk.submit("-N1", "-n1", "-o", "out", script=script(
        f"{MAKE} sh -c 'echo kept >/run/note; kill -9 $$'; echo $?",
        f"{USE} cat /run/note"))
    assert desk.wait(job) == 0, desk.text("out")
    assert desk.text("out").splitlines()[-1] == "kept"


def test_each_node_has_its_own(desk):
    job = desk.submit("-N2", "-n2", "-o", "out", script=script(
        "berth run -N2 -n2 --container-name work --image small sh -c "
        "'hostname >/run/note'",
        "berth run -N2 -n2 -l --container-name work cat /run/note"))
    assert desk.wait(job) == 0, desk.text("out")
    nodes = sorted(line.split()[1] for line in desk.text("out").splitlines())
    assert len(nodes) == 2 and nodes[0] != nodes[1]


def test_a_node_that_is_new_to_it_makes_it(desk):
    job = desk.submit("-N2", "-n2", "-o", "out", script=script(
        f"{MAKE} -N1 sh -c 'echo first >/run/note'",
        "berth run -N2 -n2 --container-name work sh -c 'cat /run/note || echo none' "
        "2>/dev/null"))
    assert desk.wait(job) == 0, desk.text("out")
    assert sorted(desk.text("out").split()) == ["first", "none"]


def test_the_name_of_the_job_is_that_of_its_script(desk):
    job = desk.submit("-n1", "--image", "small", "--container-name", "work", "-o", "out",
                      script=script("echo script >/run/note", "berth run -n1 cat /run/note",
                                    f"{USE} cat /run/note"))
    assert desk.wait(job) == 0, desk.text("out")
    assert desk.text("out") == "script\nscript\n"


def test_mpi_tasks_share_it(desk, mpi_tar, mpi_programs):
    with open(mpi_tar, "rb") as tar:
        desk.cluster.berth("image", "import", "-", "mpi-named", stdin=tar)
    job = desk.submit("-N2", "-n4", "-o", "out", script=script(
        "berth run -n4 --container-name work --image mpi-named /mpi/ring",
        "berth run -n4 --container-name work /mpi/ring"))
    assert desk.wait(job) == 0, desk.text("out")


@pytest.mark.parametrize("options, words", [
    (["--container-name", "none"], "there is none, and no --image to make it of"),
    (["--container-name", "none:exec", "--image", "small"], "none:exec: there is none"),
    (["--container-name", "a/b", "--image", "small"], "is of letters, digits"),
    (["--container-name", "a:no_exec", "--image", "small"], "take another name"),
    (["--container-name", "a:exce", "--image", "small"], "did you mean ':exec'"),
])
def test_mistakes_are_named(desk, options, words):
    shell = desk.start("alloc", "-Q", "-n1", "sh", "-c",
                       "echo $BERTH_LEAD; echo $BERTH_JOB_ID; read line")
    lead = {"BERTH_LEAD": shell.stdout.readline().strip(),
            "BERTH_JOB_ID": shell.stdout.readline().strip()}
    result = desk.berth("run", *options, "true", env=lead, check=False)
    assert result.returncode != 0
    assert words in result.stderr and "--container-name" in result.stderr, result.stderr
    shell.communicate("end\n", timeout=60)


def test_what_is_there_stays_as_it_was_made(desk):
    job = desk.submit("-n1", "-o", "out", script=script(
        f"{MAKE} true",
        f"{USE}:create --image small true",
        f"{USE}:exec sh -c 'echo there'",
        f"{MAKE} --mount /etc:/mnt true",
        f"{MAKE} true && echo same"))
    assert desk.wait(job) == 0, desk.text("out")
    lines = desk.text("out").splitlines()
    assert "work:create: it is there already" in lines[0]
    assert lines[1] == "there"
    assert "stays as it was made" in lines[2]
    assert lines[3] == "same"


def test_a_new_job_has_none(desk):
    assert "no --image to make it of" in desk.fails("run", "--container-name", "work", "true")
    assert "has no container yet" in desk.fails(
        "run", "--container-name", "work:exec", "--image", "small", "true")


def inits():
    return set(marked("berth-init")) | {
        int(path.parent.name) for path in pathlib.Path("/proc").glob("[0-9]*/comm")
        if path.exists() and read(path) == "berth-init\n"}


def read(path):
    try:
        return path.read_text()
    except OSError:
        return ""


@pytest.mark.parametrize("end", ["by itself", "cancelled", "killed"])
def test_the_jobs_end_leaves_nothing(desk, end):
    before = inits()
    job = desk.submit("-N2", "-n2", "-o", "out", script=script(
        "berth run -N2 -n2 --container-name work --image small sh -c 'echo x >/run/x'",
        "berth run -N2 -n2 --container-name work sh -c 'echo on; "
        + ("true'" if end == "by itself" else "exec sleep 8888888'")))
    desk.until_text("out", "on\non\n")
    if end == "cancelled":
        desk.berth("cancel", job)
    elif end == "killed":
        desk.berth("cancel", "--signal", "KILL", job)
    desk.wait(job)
    wait_until(lambda: not inits() - before, what="the end of containers")
    wait_until(lambda: not list(desk.cluster.dir.glob(f"run/*/job.{job}.*")),
               what="the end of directories")
    assert not marked("8888888")


def test_a_holder_that_is_killed_takes_its_container_along(desk):
    """And the next step of the name makes another."""
    os.mkfifo(desk.dir / "go")
    job = desk.submit("-n1", "-o", "out", script=script(
        f"{MAKE} sh -c 'echo x >/run/x'", "echo made", "cat go",
        f"{MAKE} sh -c 'cat /run/x || echo none' 2>/dev/null"))
    desk.until_text("out", "made\n")
    [holder] = holders(desk, job)
    os.kill(holder, signal.SIGKILL)
    wait_until(lambda: not holders(desk, job), what="the holder's end")
    (desk.dir / "go").write_text("go\n")
    assert desk.wait(job) == 0, desk.text("out")
    assert desk.text("out") == "made\ngo\nnone\n"


def holders(desk, job):
    """Shepherds of this job's steps, from what their nodes know of them."""
    found = []
    for record in desk.cluster.dir.glob(f"node/*/steps/{job}.*.0"):
        found.append(int(record.read_text().split()[0]))
    return found


def test_a_restart_of_the_daemon_leaves_it(own, small_tar):
    with open(small_tar, "rb") as tar:
        own.cluster.berth("image", "import", "-", "small", stdin=tar)
    os.mkfifo(own.dir / "go")
    job = own.submit("-n1", "-w", "n1", "-o", "out", script=script(
        f"{MAKE} sh -c 'echo x >/run/x'", "echo made", "cat go", f"{USE} cat /run/x"))
    own.until_text("out", "made\n")
    own.cluster.restart("n1")
    (own.dir / "go").write_text("go\n")
    assert own.wait(job) == 0, own.text("out")
    assert own.text("out") == "made\ngo\nx\n"
