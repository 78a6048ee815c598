# SPDX-License-Identifier: Apache-2.0
"""What has become of jobs: history and state agree, whatever is killed and when; every
change is told once and in order.

BERTH_HISTORY_JOBS is how many array elements run while daemons are killed (60),
BERTH_HISTORY_SEED repeats a run.
"""
import gzip
import json
import os
import pathlib
import random
import shutil
import subprocess
import time

import pytest

from desk import AS_ROOT, end, wait_until

ELEMENTS = int(os.environ.get("BERTH_HISTORY_JOBS", "60"))
STEPS = """#!/bin/sh
for code in 0 1 2 0 3; do berth run -N1 -n1 sh -c "exit $code"; done
exit 5
"""


def history(desk, *argv):
    return json.loads(desk.berth("history", "--json", *argv).stdout)["jobs"]


def watched(desk, since=0):
    """All changes of jobs that are kept, by a watch that is ended when it has caught up."""
    last = desk.submit("--hold", "-o", "/dev/null", "--wrap", "true")
    desk.berth("cancel", last)
    watch = desk.start("jobs", "--watch", "--json", "--since", since)
    events = []
    for line in watch.stdout:
        events.append(json.loads(line))
        job = events[-1]["job"]
        if job["record"]["id"] == last and job["state"] == "CANCELLED":
            break
    watch.kill()
    return [e for e in events if e["job"]["record"]["id"] != last]


def test_history_agrees_with_the_truth_when_the_controller_is_killed(own):
    seed = int(os.environ.get("BERTH_HISTORY_SEED", time.time_ns() % 1000000))
    print(f"BERTH_HISTORY_SEED={seed}")
    rng = random.Random(seed)
    array = own.submit("--array", f"0-{ELEMENTS - 1}", "-o", "/dev/null", "--wrap",
                       "exit $((SLURM_ARRAY_TASK_ID % 5))")
    stepped = [own.submit("-o", "/dev/null", script=STEPS) for _ in range(4)]
    for _ in range(4):
        time.sleep(rng.uniform(0.05, 0.6))
        own.cluster.restart("controller")
    own.berth("wait", array, *stepped, check=False)

    rows = [row for row in history(own, str(array)) if row["array_job"] == array]
    assert sorted((row["array_task"], row["exit_code"]) for row in rows) == \
        [(i, i % 5) for i in range(ELEMENTS)]
    assert all(row["state"] == ("FAILED" if row["exit_code"] else "COMPLETED") and
               row["start_time"] and row["end_time"] and row["nodes"] for row in rows)
    listed = json.loads(own.berth("jobs", "--all", "--json").stdout)["jobs"]
    states = {job["id"]: job["state"] for job in listed}
    assert all(states[row["job_id"]] == row["state"] for row in rows)

    for row in history(own, *map(str, stepped)):
        steps = [(step["step_id"], step["exit_code"]) for step in row["steps"]]
        assert steps == [(-1, 5), (0, 0), (1, 1), (2, 2), (3, 0), (4, 3)]
        assert (row["exit_code"], row["derived_code"]) == (5, 3)
        assert (row["steps_ended"], row["steps_failed"], row["steps_lost"]) == (5, 3, False)

    events = watched(own)
    revisions = [event["revision"] for event in events]
    assert revisions == sorted(set(revisions))
    ends = [event["job"]["record"]["id"] for event in events
            if event["job"]["record"].get("end_time")]
    assert sorted(ends) == sorted([array, *stepped, *(row["job_id"] for row in rows)])


def test_what_a_killed_lead_did_not_tell_is_said_to_be_missing(own):
    job = own.submit("--no-requeue", "-o", "/dev/null", script="""#!/bin/sh
berth run -N1 -n1 true
touch ran
sleep 60
""")
    wait_until((own.dir / "ran").exists)
    leads = [int(path.read_text().split()[0])
             for path in own.cluster.dir.glob("node/*/steps/*.-1")]
    assert len(leads) == 1
    end(leads[0])
    own.berth("wait", job, check=False)
    row, = history(own, str(job))
    assert row["state"] != "COMPLETED" and row["steps_lost"]
    assert "some steps are not known" in \
        own.berth("history", "-X", "--format", "jobid,words", job).stdout


def test_steps_are_told_once_when_daemons_of_nodes_are_killed(own):
    job = own.submit("-o", "/dev/null", script="""#!/bin/sh
i=0
while [ $i -lt 40 ]; do berth run -N1 -n1 --overlap sh -c "exit $((i % 3))"; i=$((i + 1)); done
exit 0
""")
    for _ in range(2):
        time.sleep(0.4)
        own.cluster.restart("n1", "n2", "n3")
    own.berth("wait", job, check=False)
    row, = history(own, str(job))
    steps = [step for step in row["steps"] if step["step_id"] >= 0]
    assert len({step["step_id"] for step in steps}) == len(steps) == row["steps_ended"]
    # One that could not be launched meanwhile has no number and is no step.
    assert all(step["words"] or step["exit_code"] < 3 for step in steps)


def shepherds_of_steps(cluster):
    """{(job, step): pid} of those that run; a file may be going as it is read."""
    found = {}
    for path in cluster.dir.glob("node/*/steps/*.*.[0-9]*"):
        try:
            found[path.name] = int(path.read_text().split()[0])
        except (OSError, ValueError, IndexError):
            continue
    return found


def test_steps_whose_shepherds_are_killed_are_told_as_their_clients_heard_it(own):
    job = own.submit("-n1", "-o", "/dev/null", script="""#!/bin/sh
i=0
while [ $i -lt 30 ]; do
    [ $((i % 7)) = 3 ] && length=600 || length=0.1
    berth run -n1 sh -c "sleep $length; exit $((i % 3))"
    echo $? >>said
    i=$((i + 1))
done
exit 0
""")
    killed = set()
    while len(killed) < 4:  # of the 30 those that are long: none ends before it is killed
        name, pid = wait_until(lambda: next(
            ((name, pid) for name, pid in shepherds_of_steps(own.cluster).items()
             if int(name.rsplit(".", 1)[1]) % 7 == 3 and name not in killed), None),
                               what="a long step")
        end(pid)
        killed.add(name)
    assert own.wait(job) == 0
    row, = history(own, str(job))
    steps = [step for step in row["steps"] if step["step_id"] >= 0]
    said = [int(word) for word in own.text("said").split()]
    assert [step["step_id"] for step in steps] == list(range(30)) and row["steps_ended"] == 30
    assert len(said) == 30
    failed = 0
    for step, status in zip(steps, said):
        if step["words"]:
            assert status != 0, step
        else:
            assert status == step["exit_code"] and not step["exit_signal"], step
        failed += status not in (step["step_id"] % 3,) and bool(step["words"])
    assert all(step["exit_code"] == step["step_id"] % 3 for step in steps if not step["words"])
    assert 1 <= failed <= len(killed)


def test_the_priority_that_a_job_started_with_is_kept(own):
    if not AS_ROOT:
        pytest.skip("only root may set one")
    job = own.submit("--priority", "77", "-o", "/dev/null", "--wrap", "sleep 1000")
    wait_until(lambda: own.job(job)["state"] == "RUNNING")
    own.cluster.restart("controller")
    own.berth("cancel", job)
    own.berth("wait", job, check=False)
    row, = history(own, str(job))
    assert (row["state"], row["priority"]) == ("CANCELLED", 77)


def test_a_step_of_a_bag_tells_how_many_commands_it_ran(own):
    job = own.submit("-n1", "-o", "/dev/null", "--wrap",
                     "printf 'true\\nexit 3\\ntrue\\n' | berth run -Q --bag -")
    own.wait(job)
    row, = history(own, str(job))
    [step] = [step for step in row["steps"] if step["step_id"] == 0]
    assert (step["bag_commands"], step["bag_failed"]) == (3, 1)


def test_each_run_of_a_job_is_kept(own):
    job = own.submit("-o", "/dev/null", "--wrap",
                     f"[ -e {own.dir}/again ] && exit 3; touch {own.dir}/again; sleep 60")
    wait_until((own.dir / "again").exists)
    own.berth("requeue", job)
    own.berth("wait", job, check=False)
    first, second = history(own, "--duplicates", str(job))
    assert (first["run"], first["state"], first["is_last"]) == (0, "REQUEUED", False)
    assert first["start_time"] and first["end_time"] and first["nodes"]
    assert (second["run"], second["state"], second["exit_code"]) == (1, "FAILED", 3)
    assert [row["run"] for row in history(own, str(job))] == [1]


def test_filters_columns_and_pages(own):
    good = own.submit("-J", "good", "-o", "/dev/null", "--comment", "a,\"b\"", "--wrap",
                      "exit 0")
    bad = own.submit("-J", "bad", "-o", "/dev/null", "--wrap", "exit 9")
    waits = own.submit("-J", "held", "--hold", "-o", "/dev/null", "--wrap", "true")
    own.berth("wait", good, bad, check=False)
    assert [row["job_id"] for row in history(own, "-s", "FAILED")] == [bad]
    assert [row["job_id"] for row in history(own, "-n", "good,held")] == [good, waits]
    assert [row["state"] for row in history(own, "-s", "PD")] == ["PENDING"]
    assert history(own, "-u", "nobody") == []
    assert history(own, "-N", "n99") == []
    assert [row["job_id"] for row in history(own, "--limit", "2", "-X")] == [bad, waits]
    assert history(own, "-S", "now+1hour", "-s", "FAILED") == []
    csv = own.berth("history", "-X", "--csv", "--format", "jobid,comment,exit", good)
    assert csv.stdout == f'jobid,comment,exit\n{good},"a,""b""",0:0\n'
    assert "did you mean 'state'?" in own.fails("history", "--format", "stat", status=2)
    assert "is not in" not in own.fails("history", "4000")
    report = json.loads(own.berth("report", "--by", "user", "--json").stdout)
    assert (report["total"]["jobs"], report["total"]["failed"]) == (2, 1)
    assert "did you mean 'day'?" in own.fails("report", "--by", "dya", status=2)


def test_what_is_old_leaves_for_the_archive_once(own):
    conf = own.cluster.dir / "berth.yaml"
    archive = own.dir / "archive"
    conf.write_text(conf.read_text() + f"\nhistory: {{archive_dir: {archive}}}\n")
    own.cluster.restart("controller")
    jobs = [own.submit("-o", "/dev/null", "--wrap", f"exit {i}") for i in range(3)]
    waits = own.submit("--hold", "-o", "/dev/null", "--wrap", "true")
    own.berth("wait", *jobs, check=False)
    reply = json.loads(own.berth("history", "archive", "--before", "now+60",
                                 "--json").stdout)
    assert (reply["jobs"], reply["steps"]) == (3, 3)
    lines = [json.loads(line) for name in reply["files"]
             for line in gzip.open(name, "rt", encoding="utf-8")]
    assert [(line["job_id"], line.get("exit_code", 0)) for line in lines] == \
        [(jobs[0], 0), (jobs[1], 1), (jobs[2], 2)]
    assert all(step["name"] == "batch" for line in lines for step in line["steps"])
    assert [row["job_id"] for row in history(own)] == [waits]
    again = json.loads(own.berth("history", "archive", "--before", "now+60",
                                 "--json").stdout)
    assert (again["jobs"], again["files"]) == (0, [])


def test_waits_for_elements_that_have_not_begun(own):
    array = own.submit("--array", "0-2%1", "-o", "/dev/null", "--wrap",
                       "sleep 0.2; exit $SLURM_ARRAY_TASK_ID")
    assert own.berth("wait", f"{array}_[1-2]", check=False).returncode == 2
    assert own.berth("wait", "--for=running", array).returncode == 0
    held = own.submit("--hold", "--array", "0-1", "-o", "/dev/null", "--wrap", "true")
    waiter = own.start("wait", f"{held}_1")
    own.berth("cancel", f"{held}_1")
    assert waiter.wait(timeout=30) == 1
    assert "is neither" in own.fails("wait", "--for=ever", held, status=2)
    own.fails("wait", f"{array}_7", status=1)


def test_a_program_of_libberth_watches_with_pkg_config(own):
    prefix = pathlib.Path(shutil.which("berth")).resolve().parent.parent
    directory = prefix / "lib" / "pkgconfig"
    if not (directory / "berth.pc").exists() or not shutil.which("pkg-config"):
        pytest.skip("libberth is not installed beside the berth in PATH")
    source = pathlib.Path(__file__).resolve().parents[2] / "doc/examples/watch.c"
    flags = subprocess.run(["pkg-config", "--cflags", "--libs", "berth"], check=True,
                           text=True, stdout=subprocess.PIPE,
                           env={**os.environ, "PKG_CONFIG_PATH": str(directory)}).stdout
    program = own.dir / "watch"
    subprocess.run(["cc", "-o", program, source, *flags.split(),
                    f"-Wl,-rpath,{prefix}/lib"], check=True)
    watch = subprocess.Popen([program], text=True, stdout=subprocess.PIPE,
                             env={**os.environ,
                                  "BERTH_CONF": str(own.cluster.dir / "berth.yaml")})
    assert watch.stdout.readline().startswith("watching after revision ")
    job = own.submit("-o", "/dev/null", "--wrap", "exit 6")
    seen = [watch.stdout.readline().split() for _ in range(4)]
    watch.kill()
    watch.wait()
    assert [words[1:] for words in seen] == \
        [[str(job), state] for state in ("PENDING", "CONFIGURING", "RUNNING", "FAILED")]
    assert [int(words[0]) for words in seen] == sorted({int(words[0]) for words in seen})
