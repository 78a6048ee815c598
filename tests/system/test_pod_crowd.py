# SPDX-License-Identifier: Apache-2.0
"""Many small pods beside MPI jobs, and limits that hold for both together."""
import pytest

from desk import wait_until
from test_pod_placement import cores_used, manifest, pods  # noqa: F401 (a fixture)
from test_workloads import Board, job, running

PODS = 100


@pytest.fixture
def mpi_image(shared, mpi_tar):
    with open(mpi_tar, "rb") as tar:
        shared.berth("image", "import", "-", "crowd-mpi", stdin=tar)
    yield "crowd-mpi"
    shared.berth("image", "rm", "crowd-mpi")


def test_a_hundred_tenths_of_cores_run_beside_mpi_jobs(desk, mpi_image):
    wait_until(lambda: cores_used(desk) == 0, what="an empty cluster")
    board = Board(desk)
    crowd = job("crowd", "sleep 1000", completions=PODS, parallelism=PODS)
    pod = crowd["spec"]["template"]["spec"]
    pod["terminationGracePeriodSeconds"] = 0
    pod["containers"][0]["resources"]["requests"] = {"cpu": "100m", "memory": "1Mi"}
    board.apply(crowd)
    wait_until(lambda: len(running(board.pods("crowd"))) == PODS, seconds=240,
               what="all pods run")
    assert cores_used(desk) == 10
    script = (f"#!/bin/sh\nberth run --image {mpi_image} /mpi/hello\n"
              "until test -e go; do sleep 0.05; done\n")
    jobs = [desk.submit("-n3", "-o", f"mpi.{i}", script=script) for i in range(2)]
    for i, number in enumerate(jobs):
        wait_until(lambda i=i: (desk.dir / f"mpi.{i}").exists() and
                   len(desk.text(f"mpi.{i}").splitlines()) == 3, what="three ranks")
        assert desk.job(number)["state"] == "RUNNING"
    # Six cores whole; no part of one is left for another that wants a whole one.
    assert cores_used(desk) == 16
    waits = desk.submit("-n1", "-o", "/dev/null", "--wrap", "true")
    assert desk.job(waits)["state"] == "PENDING"
    (desk.dir / "go").touch()
    assert desk.wait(*jobs, waits) == 0
    assert len(running(board.pods("crowd"))) == PODS
    board.delete("job", "crowd")
    wait_until(lambda: cores_used(desk) == 0, seconds=240, what="all cores are free")


@pytest.fixture
def lab(desk):
    """An account of three jobs at a time."""
    desk.berth("account", "add", "lab", "--grp-jobs", "3")
    yield "lab"
    desk.clear()
    wait_until(lambda: not desk.jobs("--me"), what="the end of all jobs")
    desk.berth("account", "delete", "lab")


def test_limits_of_an_account_hold_for_pods_and_jobs_together(desk, lab, pods):
    waiting = "until test -e go; do sleep 0.05; done"
    jobs = [desk.submit("-A", lab, "-n1", "-o", "/dev/null", "--wrap", waiting)
            for i in range(2)]
    desk.until(jobs[1], "RUNNING")
    pods.apply(*[manifest(f"lab-{i}", annotations={"berth/account": lab})
                 for i in range(2)])
    [first] = pods.until(1)
    reasons = wait_until(lambda: [j["reason"] for j in desk.jobs()
                                  if j["state"] == "PENDING"], what="one waits")
    assert reasons == ["AssocGrpJobsLimit"]
    # A job's end makes room for a pod, and tenths of cores count as the cores they fill.
    desk.berth("cancel", jobs[0])
    pods.until(2)
    desk.berth("account", "modify", lab, "--grp-jobs", "none", "--grp-cores", "2")
    pods.apply(manifest("lab-2", annotations={"berth/account": lab}))
    pods.until(3)
    more = desk.submit("-A", lab, "-n1", "-o", "/dev/null", "--wrap", "true")
    wait_until(lambda: desk.job(more)["reason"] == "AssocGrpCpuLimit", what="a limit")
    desk.berth("delete", "pod", "lab-0", "lab-1", "lab-2", "--now")
    assert desk.wait(more) == 0
    assert first
    (desk.dir / "go").touch()
    assert desk.wait(jobs[1]) == 0
