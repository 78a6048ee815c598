# SPDX-License-Identifier: Apache-2.0
"""Two users on root's cluster: side by side, and closed to each other."""
import json
import os
import pathlib
import pwd
import signal

import pytest

from conftest import close_desk, new_desk
from desk import AS_ROOT, run, wait_until

ALICE, BOB = (pwd.getpwnam(name).pw_uid for name in ("backup", "list"))

pytestmark = pytest.mark.skipif(not AS_ROOT, reason="needs root")


@pytest.fixture
def alice(shared):
    desk = new_desk(shared, "alice", ALICE)
    yield desk
    close_desk(desk)


@pytest.fixture
def bob(shared):
    desk = new_desk(shared, "bob", BOB)
    yield desk
    desk.clear()


@pytest.fixture
def waiting(alice):
    """A job of Alice's that runs until it is told to end."""
    os.chmod(alice.dir, 0o755)
    job = alice.submit("-N2", "-n2", "-o", "out", "--wrap",
                       "umask 077; echo mine >secret; echo on; "
                       "until test -e go; do sleep 0.05; done")
    alice.until_text("out", "on")
    yield job
    (alice.dir / "go").touch()
    alice.wait(job)


def test_jobs_of_two_users_run_side_by_side_as_themselves(alice, bob):
    jobs = {}
    for desk in (alice, bob):
        jobs[desk] = desk.submit("-N2", "-n2", "-o", "out", "--wrap",
                                 "berth run --label sh -c 'id -u; id -g; : >made-$SLURM_PROCID'; "
                                 "until test -e go; do sleep 0.05; done")
    for desk, job in jobs.items():
        desk.until(job, "RUNNING")
        wait_until(lambda: (desk.dir / "out").exists() and len(desk.text("out").split()) == 8)
    for desk, job in jobs.items():
        (desk.dir / "go").touch()
        assert desk.wait(job) == 0
        uid = desk.user
        assert sorted(desk.text("out").splitlines()) == [
            f"0: {uid}", f"0: {uid}", f"1: {uid}", f"1: {uid}"]
        for name in ("out", "made-0", "made-1"):
            status = (desk.dir / name).stat()
            assert (status.st_uid, status.st_gid) == (uid, uid)
        assert desk.job(job)["spec"]["uid"] == uid


@pytest.mark.parametrize("order", [["cancel"], ["cancel", "--signal", "KILL"], ["hold"]])
def test_nobody_else_may_touch_a_job(alice, waiting, bob, order):
    result = bob.berth(*order, waiting, check=False)
    assert result.returncode == 1 and result.stderr.count("\n") == 1
    assert alice.job(waiting)["state"] == "RUNNING"


def test_root_may_cancel_any_job(shared, alice):
    job = alice.submit("-o", "out", "--wrap", "echo on; exec sleep 1000")
    alice.until_text("out", "on")
    shared.berth("cancel", job)
    assert alice.wait(job) == 128 + signal.SIGTERM
    assert alice.job(job)["state"] == "CANCELLED"


def test_nobody_else_may_join_a_jobs_allocation(alice, waiting, bob, shared):
    [socket] = pathlib.Path(shared.dir, "run").glob(f"n1/job.{waiting}.*/user/lead.sock")
    share = alice.job(waiting)["placement"]["shares"][0]
    for where in (f"unix:{socket}", f"tcp:{share['address']}:{share['port']}:{waiting}"):
        lead = {"BERTH_LEAD": where, "BERTH_JOB_ID": str(waiting)}
        result = bob.berth("run", "--overlap", "id", check=False, env=lead)
        assert result.returncode == 1 and result.stdout == "", where
        assert result.stderr.count("\n") == 1, where
        mine = alice.berth("run", "--overlap", "-n1", "id", "-u", env=lead)
        assert mine.stdout == f"{ALICE}\n", where


def test_nobody_else_sees_a_jobs_secrets(alice, waiting, bob, shared):
    (alice.dir / "private.sh").write_text("#!/bin/sh\n")
    seen = json.loads(bob.berth("show", "job", waiting, "--json").stdout)
    assert not seen["spec"].get("env") and not seen["spec"].get("script")
    for path in (alice.dir / "secret", shared.dir / "munge" / "key",
                 *shared.dir.glob("controller/*"), *shared.dir.glob("node/*/grant_key")):
        assert run("cat", path, user=BOB, check=False).returncode != 0, path
    for path in shared.dir.glob(f"run/n1/job.{waiting}.*/user"):
        assert run("ls", path, user=BOB, check=False).returncode != 0, path


def test_nobody_else_may_read_the_environment_of_a_task(alice, bob):
    alice.submit("-o", "out", "--wrap", "echo on; exec sleep 8001",
                 env={"SECRET": "of alice"})
    alice.until_text("out", "on")
    [pid] = run("pgrep", "-x", "-f", "sleep 8001").stdout.split()
    result = run("cat", f"/proc/{pid}/environ", user=BOB, check=False)
    assert result.returncode != 0 and result.stdout == ""


@pytest.mark.parametrize("image", [[], ["--image", "small"]], ids=["plain", "image"])
def test_tasks_have_the_users_ids_and_no_capability(alice, image):
    out = alice.berth("run", *image, "-N2", "-n2", "sh", "-c",
                      "id -u; id -g; cat /proc/self/status").stdout
    assert out.split("\n").count(str(ALICE)) == 4
    for name in ("CapEff", "CapPrm", "CapInh", "CapBnd", "CapAmb"):
        assert out.count(f"{name}:\t0000000000000000\n") == 2, name
    assert out.count("NoNewPrivs:\t1\n") == 2


def test_a_user_cannot_write_where_only_root_can(alice, shared):
    result = alice.berth("run", "--image", "small", "-n1", "--mount", f"{shared.dir}:/opt",
                         "--as-root", "sh", "-c", "id -u; : >/opt/made", check=False)
    assert not (shared.dir / "made").exists()
    assert result.returncode != 0


def test_output_into_anothers_directory_is_refused_with_words(alice, bob):
    job = bob.submit("-o", alice.dir / "out", "--wrap", "true")
    assert bob.wait(job) != 0
    record = bob.job(job)
    assert "Permission denied" in record["state_words"], record
    assert not (alice.dir / "out").exists()


def test_only_administrators_suspend_jobs(alice, waiting):
    said = alice.fails("suspend", waiting)
    assert "only administrators suspend" in said and "STOP" in said
    result = alice.slurm("scontrol", "suspend", waiting, check=False)
    assert result.returncode == 1 and result.stderr.startswith(
        "Access/permission denied (")
    assert alice.job(waiting)["state"] == "RUNNING"
    assert "root's to reset" in alice.fails("diag", "--reset")
