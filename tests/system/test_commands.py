# SPDX-License-Identifier: Apache-2.0
"""What all commands have in common: help, JSON, exit statuses."""
import json

import pytest

from desk import run

COMMANDS = ["submit", "run", "alloc", "jobs", "show", "cancel", "hold", "release", "wait",
            "nodes", "ping", "image", "device", "cluster", "config", "account", "qos", "share"]


@pytest.mark.parametrize("command", COMMANDS)
def test_each_command_explains_itself_with_examples(command):
    for argv in ([command, "--help"], ["help", command]):
        result = run("berth", *argv, env={"BERTH_CONF": "/nonexistent.yaml"})
        assert result.stdout.startswith(f"Usage: berth {command}"), argv
        assert "Examples:" in result.stdout and result.stderr == ""


def test_the_list_of_commands_is_whole():
    text = run("berth", "--help").stdout
    assert [name for name in COMMANDS if f"  {name} " not in text] == []


@pytest.mark.parametrize("command", COMMANDS)
def test_an_option_that_does_not_exist_is_wrong_usage(command):
    result = run("berth", command, "--no-such-thing", check=False)
    assert result.returncode == 2 and result.stdout == ""
    assert "--no-such-thing" in result.stderr and result.stderr.count("\n") == 1


def test_what_is_shown_is_there_as_json_too(desk):
    job = desk.submit("--hold", "-J", "held", "--wrap", "true")
    for argv, check in (
            (["jobs"], lambda doc: doc["jobs"][0]["name"] == "held"),
            (["show", "job", job], lambda doc: doc["id"] == job),
            (["nodes"], lambda doc: len(doc["nodes"]) == 4),
            (["show", "node", "n2"], lambda doc: "n2" in json.dumps(doc)),
            (["ping"], lambda doc: doc["nodes_total"] == 4),
            (["image", "ls"], lambda doc: "small" in json.dumps(doc)),
            (["cluster", "status", "--dir", desk.cluster.dir], lambda doc: doc["alive"]),
            (["hold", job], lambda doc: str(job) in json.dumps(doc)),
            (["cancel", job], lambda doc: str(job) in json.dumps(doc))):
        assert check(json.loads(desk.berth(*argv, "--json").stdout)), argv


def test_a_held_job_waits_and_a_released_one_runs(desk):
    job = desk.submit("--hold", "-o", "out", "--wrap", "echo ran")
    assert desk.job(job)["reason"] == "JobHeldUser"
    assert not (desk.dir / "out").exists()
    desk.berth("release", job)
    assert desk.wait(job) == 0 and desk.text("out") == "ran\n"
    assert desk.fails("hold", job) and desk.fails("release", job)


def test_waiting_for_several_jobs_gives_the_largest_status(desk):
    jobs = [desk.submit("-o", "out", "--wrap", f"exit {code}") for code in (0, 5, 2)]
    assert desk.wait(*jobs) == 5


def test_all_jobs_of_a_name_are_cancelled_at_once(desk):
    doomed = [desk.submit("--hold", "-J", "doomed", "--wrap", "true") for _ in range(3)]
    spared = desk.submit("--hold", "-J", "spared", "--wrap", "true")
    desk.berth("cancel", "--name", "doomed")
    assert {desk.job(job)["state"] for job in doomed} == {"CANCELLED"}
    assert desk.job(spared)["state"] == "PENDING"
