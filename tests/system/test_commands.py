# SPDX-License-Identifier: Apache-2.0
"""What all commands have in common: help, JSON, exit statuses."""
import json
import time

import pytest

from desk import run, wait_until

COMMANDS = ["submit", "run", "alloc", "jobs", "show", "cancel", "hold", "release", "wait",
            "nodes", "ping", "image", "device", "cluster", "config", "account", "qos", "share",
            "update", "suspend", "resume", "diag", "apply", "create", "replace"]


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
            (["diag"], lambda doc: doc["submitted"] >= 1 and doc["users"]),
            (["update", job, "nice=3"], lambda doc: doc["ids"] == [job]),
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


def test_waiting_jobs_are_changed_by_options_and_by_words(desk):
    jobs = [desk.submit("--hold", "-t", "10", "--wrap", "true") for _ in range(2)]
    desk.berth("update", *jobs, "--comment", "a b", "-t", "30", "nice=7", "job-name=new")
    for job in jobs:
        spec = desk.job(job)["spec"]
        assert (spec["time_limit"], spec["nice"], spec["name"], spec["comment"]) == \
            (1800, 7, "new", "a b")
    desk.berth("update", jobs[0], "time=+10", "comment=")
    desk.berth("update", jobs[1], "--time=-20")
    assert [desk.job(job)["spec"]["time_limit"] for job in jobs] == [2400, 600]
    assert desk.job(jobs[0])["spec"]["comment"] == ""
    # All of it or nothing.
    assert "Invalid partition name" in desk.fails("update", jobs[0], "nice=1", "partition=nowhere")
    assert desk.job(jobs[0])["spec"]["nice"] == 7
    assert "did you mean --time" in desk.fails("update", jobs[0], "tine=3", status=2)
    assert "which job" in desk.fails("update", "nice=3", status=2)
    assert "what is to change" in desk.fails("update", jobs[0], status=2)
    assert "Invalid job id" in desk.fails("update", 9999999, "nice=3")
    assert "nothing of the limit" in desk.fails("update", jobs[1], "--time=-20")
    desk.berth("cancel", *jobs)


def test_a_suspended_job_stands_still_and_gives_its_cores_to_others(desk):
    """And goes on when it is let, and its cores are free."""
    job = desk.submit("-w", "n1", "-c", "4", "-o", "out", "--wrap",
                      "i=0; while :; do i=$((i + 1)); echo $i > new; mv new count; "
                      "sleep 0.02; done")

    def stands_still():
        before = desk.text("count")
        time.sleep(0.2)
        return desk.text("count") == before

    assert "only a suspended job" in desk.fails("resume", job)
    desk.until_text("count")
    desk.berth("suspend", job)
    assert desk.until(job, "SUSPENDED")["state_words"].startswith("suspended by ")
    wait_until(stands_still, what="its standing still")
    count = desk.text("count")
    other = desk.submit("-w", "n1", "-c", "4", "-o", "other", "--wrap",
                        "until test -e go; do sleep 0.05; done")
    desk.until(other, "RUNNING")
    desk.berth("resume", job)
    (desk.dir / "go").touch()
    assert desk.job(job)["state"] in ("SUSPENDED", "RUNNING") and desk.wait(other) == 0
    desk.until(job, "RUNNING")
    wait_until(lambda: int(desk.text("count")) > int(count) + 1, what="its going on")
    # Ended while it stands still: nothing is left.
    desk.berth("suspend", job)
    desk.berth("cancel", job)
    desk.until(job, "CANCELLED")
