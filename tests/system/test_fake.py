# SPDX-License-Identifier: Apache-2.0
"""Fake nodes: real to the controller, though nothing runs on them."""

import pytest

from conftest import new_desk
from desk import USER, wait_until

FAKES = 50


def up(make_cluster, *argv, user=None, real=1):
    cluster = make_cluster(user)
    cluster.up("--nodes", real, "--fake", FAKES, *argv)
    return new_desk(cluster, "desk")


def fakes(desk):
    return [node for node in desk.cluster_nodes() if node["name"].startswith("f")]


@pytest.mark.parametrize("user", [0, USER], ids=["root", "user"])
def test_fake_nodes_register_beside_real_ones(make_cluster, user):
    desk = up(make_cluster, "--fake-topology", "synthetic:pack:2 core:8 pu:1", user=user)
    nodes = fakes(desk)
    assert [node["name"] for node in nodes] == [f"f{i:02}" for i in range(1, FAKES + 1)]
    assert {node["state"] for node in nodes} == {"IDLE"}
    assert {node["cores"] for node in nodes} == {16}
    assert {tuple(node["partitions"]) for node in nodes} == {("fake",)}
    status = desk.cluster.status()
    assert status["fake"]["alive"] and status["fake"]["count"] == FAKES
    assert desk.berth("run", "hostname").stdout == "n1\n"


def test_jobs_on_fake_nodes_start_and_end_without_running(make_cluster):
    desk = up(make_cluster, "--fake-runtime", "0.2")
    job = desk.submit("-p", "fake", "-N", FAKES, "-o", "out",
                      script="#!/bin/sh\necho ran\n")
    assert desk.wait(job) == 0
    record = desk.job(job)
    assert record["state"] == "COMPLETED" and record["nodes"] == f"f[01-{FAKES}]"
    assert not (desk.dir / "out").exists()


def test_a_fake_job_says_itself_how_long_it_takes(make_cluster):
    desk = up(make_cluster, "--fake-runtime", "1000")
    job = desk.submit("-p", "fake", "--wrap", "true", env={"BERTH_FAKE_RUNTIME": "0.1"})
    assert desk.wait(job) == 0
    assert desk.job(job)["state"] == "COMPLETED"


def test_a_fake_job_can_be_cancelled(make_cluster):
    desk = up(make_cluster)
    job = desk.submit("-p", "fake", "--wrap", "true")
    desk.until(job, "RUNNING")
    desk.berth("cancel", job)
    desk.wait(job)
    assert desk.job(job)["state"] == "CANCELLED"
    wait_until(lambda: {node["state"] for node in fakes(desk)} == {"IDLE"})


def test_an_interactive_job_is_refused_by_a_fake_node(make_cluster):
    desk = up(make_cluster)
    words = desk.berth("run", "-p", "fake", "true", check=False)
    assert words.returncode == 1
    assert "a fake node runs nothing" in words.stderr


def test_fake_nodes_find_their_way_back_to_a_new_controller(make_cluster):
    desk = up(make_cluster, "--fake-runtime", "3")
    job = desk.submit("-p", "fake", "-N2", "--wrap", "true")
    desk.until(job, "RUNNING")
    desk.cluster.restart("controller")
    assert desk.wait(job) == 0
    assert desk.job(job)["state"] == "COMPLETED"


def test_jobs_of_fake_nodes_that_died_are_lost_and_the_nodes_come_back(make_cluster):
    desk = up(make_cluster, real=0)
    job = desk.submit("-N2", "--wrap", "true")
    desk.until(job, "RUNNING")
    desk.cluster.kill("fake")
    wait_until(lambda: {node["state"] for node in fakes(desk)} == {"DOWN"})
    desk.cluster.start()
    desk.wait(job)
    assert desk.job(job)["state"] == "NODE_FAIL"
    assert "restarted" in desk.job(job)["state_words"]
    assert {node["state"] for node in fakes(desk)} == {"IDLE"}


def test_a_cluster_has_some_node(make_cluster):
    cluster = make_cluster()
    none = cluster.up("--nodes", "0", check=False)
    assert none.returncode == 2 and "--fake" in none.stderr
    alone = cluster.up("--fake-runtime", "1", check=False)
    assert alone.returncode == 2 and "--fake N" in alone.stderr


def test_a_table_of_jobs_is_cut_and_forms_for_programs_are_whole(make_cluster):
    desk = up(make_cluster)
    for _ in range(4):
        desk.submit("-p", "fake", "--hold", "--wrap", "true")
    cut = desk.berth("jobs", "--limit", "3", "--no-header")
    assert len(cut.stdout.splitlines()) == 3
    assert "these are 3 of 4 jobs" in cut.stderr
    whole = desk.berth("jobs", "--limit", "0", "--no-header")
    assert len(whole.stdout.splitlines()) == 4 and whole.stderr == ""
    assert desk.berth("jobs", "-o", "%i", "--no-header").stdout.split() == list("1234")
    assert len(desk.jobs()) == 4 and len(desk.jobs("--limit", "2")) == 2
