# SPDX-License-Identifier: Apache-2.0
"""What an administrator does with nodes: drain, set down, resume."""
import json
import os

import pytest

from conftest import new_desk
from desk import USER, wait_until


@pytest.fixture(name="desk")
def fake_desk(make_cluster):
    """Four nodes whose jobs take as long as a test wants."""
    cluster = make_cluster()
    cluster.up("--nodes", "0", "--fake", "4", "--fake-topology", "synthetic:core:4 pu:1")
    return new_desk(cluster, "desk")


def nodes(desk):
    return {node["name"]: node for node in desk.cluster_nodes()}


def test_a_drained_node_gets_no_new_job_and_keeps_what_runs(desk):
    running = desk.submit("-w", "f2", "--exclusive", "--wrap", "true")
    desk.until(running, "RUNNING")
    said = desk.berth("node", "drain", "--reason", "bad DIMM", "f[1-2]")
    assert said.stdout == "f1 is DRAINED\nf2 is DRAINING\n"
    assert nodes(desk)["f1"]["reason"].startswith("bad DIMM (root, ")
    more = [desk.submit("--exclusive", "--wrap", "true") for _ in range(3)]
    assert {desk.until(job, "RUNNING")["nodes"] for job in more[:2]} == {"f3", "f4"}
    assert desk.job(more[2])["state"] == "PENDING"
    assert desk.job(running)["state"] == "RUNNING"
    desk.berth("cancel", running)
    desk.wait(running)
    assert nodes(desk)["f2"]["state"] == "DRAINED"
    assert desk.job(more[2])["state"] == "PENDING"
    said = desk.berth("node", "resume", "--json", "f1")
    assert json.loads(said.stdout)["nodes"][0]["name"] == "f1"
    assert desk.until(more[2], "RUNNING")["nodes"] == "f1"
    assert nodes(desk)["f1"]["reason"] == ""


def test_jobs_of_a_node_set_down_are_lost(desk):
    job = desk.submit("-w", "f3", "--wrap", "true")
    desk.until(job, "RUNNING")
    desk.berth("node", "down", "-r", "smoke", "f3")
    desk.wait(job)
    assert desk.job(job)["state"] == "NODE_FAIL"
    assert "node f3 was set down" in desk.job(job)["state_words"]
    assert nodes(desk)["f3"]["state"] == "DOWN"
    assert "smoke" in desk.berth("nodes", "--group").stdout


def test_a_mark_outlives_controller_and_node(desk):
    desk.berth("node", "drain", "-r", "wait for parts", "f4")
    for part in ("controller", "fake"):
        desk.cluster.restart(part)
        wait_until(lambda: nodes(desk)["f4"]["state"] == "DRAINED")
    assert "wait for parts" in nodes(desk)["f4"]["reason"]
    jobs = [desk.submit("--exclusive", "--wrap", "true") for _ in range(4)]
    assert {desk.until(job, "RUNNING")["nodes"] for job in jobs[:3]} == {"f1", "f2", "f3"}
    assert desk.job(jobs[3])["state"] == "PENDING"


def test_what_cannot_be_done_changes_nothing(desk):
    assert "--reason" in desk.fails("node", "drain", "f1", status=2)
    assert "name the nodes" in desk.fails("node", "resume", status=2)
    assert "did you mean drain" in desk.fails("node", "dran", "f1", status=2)
    assert "'f9'" in desk.fails("node", "drain", "-r", "x", "f1,f9")
    assert {node["state"] for node in nodes(desk).values()} == {"IDLE"}


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root")
def test_only_an_administrator_may(make_cluster):
    cluster = make_cluster(0)
    cluster.up("--nodes", "0", "--fake", "2")
    words = new_desk(cluster, "desk", USER).fails("node", "drain", "-r", "x", "f1")
    assert "Access/permission denied" in words


def test_many_nodes_are_told_in_groups(make_cluster):
    cluster = make_cluster()
    cluster.up("--nodes", "1", "--fake", "60")
    cluster.berth("node", "drain", "-r", "dust", "f[07-09]")
    lines = cluster.berth("nodes").stdout.splitlines()
    assert [line.split()[:3] for line in lines[1:]] == [
        ["n1", "1", "IDLE"], ["f[07-09]", "3", "DRAINED"], ["f[01-06,10-60]", "57", "IDLE"]]
    assert len(cluster.berth("nodes", "--each").stdout.splitlines()) == 62
