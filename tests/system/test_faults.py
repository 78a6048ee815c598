# SPDX-License-Identifier: Apache-2.0
"""Daemons and shepherds that are killed while jobs run."""
import os
import pathlib
import signal

import pytest

from desk import wait_until

WAITS = "echo on; until test -e go; do sleep 0.05; done; echo end; "


def processes(desk, *lines):
    """Pids of the cluster's processes with one of these command lines."""
    found = []
    for entry in pathlib.Path("/proc").glob("[0-9]*"):
        try:
            words = (entry / "cmdline").read_bytes().replace(b"\0", b" ")
            line = words.decode(errors="replace").rstrip()
            inside = str(desk.cluster.home).encode() in (entry / "environ").read_bytes()
        except OSError:
            continue
        if inside and line in lines:
            found.append(int(entry.name))
    return found


def parent(pid):
    text = pathlib.Path(f"/proc/{pid}/stat").read_text()
    return int(text.rpartition(")")[2].split()[1])


def shepherd_of(desk, line):
    """The shepherd of the container in which this process is a task: the parent
    of its first process."""
    [pid] = wait_until(lambda: processes(desk, line), what=f"{line} to run")
    return parent(parent(pid))


def go(desk):
    (desk.dir / "go").touch()


# ------------------------------------------------------------- controller

def test_jobs_outlive_the_controller_and_their_ends_are_told_later(own):
    good = own.submit("-o", "good", "--wrap", WAITS)
    bad = own.submit("-N2", "-n2", "-o", "bad", "--wrap", WAITS + "berth run -n2 hostname; exit 7")
    waits = own.submit("--hold", "-o", "waits", "--wrap", "echo ran")
    own.until_text("good", "on")
    own.until_text("bad", "on")
    own.cluster.kill("controller")
    go(own)
    own.until_text("good", "end")
    wait_until(lambda: own.text("bad").count("n") >= 4)
    own.cluster.start()
    assert own.wait(good) == 0 and own.wait(bad) == 7
    assert (own.job(good)["state"], own.job(bad)["state"]) == ("COMPLETED", "FAILED")
    assert own.job(waits)["state"] == "PENDING"
    own.berth("release", waits)
    assert own.wait(waits) == 0 and own.text("waits") == "ran\n"


def test_jobs_that_run_are_found_again_by_a_new_controller(own):
    job = own.submit("-N2", "-o", "out", "--wrap", WAITS + "exit 3")
    own.until_text("out", "on")
    before = own.job(job)
    own.cluster.restart("controller")
    wait_until(lambda: own.job(job)["state"] == "RUNNING")
    after = own.job(job)
    assert after["start_time"] == before["start_time"]
    go(own)
    assert own.wait(job) == 3


def test_a_step_in_the_foreground_does_not_need_the_controller(own):
    client = own.start("run", "-N3", "-n3", "--mpi", "none", "-J", "front", "sh", "-c",
                       WAITS + "exit 4")
    for _ in range(3):
        assert client.stdout.readline() == "on\n"
    own.cluster.kill("controller")
    go(own)
    out, err = client.communicate(timeout=60)
    assert client.returncode == 4 and out == "end\n" * 3, err
    own.cluster.start()
    [job] = [job["id"] for job in own.jobs("--all") if job["name"] == "front"]
    assert own.until(job, "FAILED")["exit_code"] == 4


def test_a_time_limit_holds_while_the_controller_is_away(own):
    job = own.submit("-t", "0:02", "-o", "out", "--wrap", "echo on; exec sleep 1000")
    own.until_text("out", "on")
    own.cluster.kill("controller")
    wait_until(lambda: not processes(own, "sleep 1000"))
    own.cluster.start()
    assert own.wait(job) != 0
    assert own.job(job)["state"] == "TIMEOUT"


def test_every_acknowledged_submission_survives_a_kill(own):
    jobs = [own.submit("--hold", "-J", f"job{i}", "--wrap", "true") for i in range(20)]
    own.cluster.restart("controller")
    assert [job["id"] for job in own.jobs()] == jobs
    assert own.submit("--hold", "--wrap", "true") == jobs[-1] + 1
    own.berth("cancel", "--me")


def test_a_key_is_remembered_over_a_restart(own):
    job = own.submit("--key", "once", "-o", "out", "--wrap", "echo x >>count")
    own.cluster.restart("controller")
    assert own.submit("--key", "once", "-o", "out", "--wrap", "echo x >>count") == job
    assert own.wait(job) == 0
    assert own.text("count") == "x\n"


# ------------------------------------------------------------ node daemons

@pytest.mark.parametrize("node", ["n1", "n2"], ids=["lead's", "other"])
def test_jobs_outlive_a_node_daemon(own, node):
    job = own.submit("-N2", "-n2", "-o", "out", "--wrap",
                     f"berth run -n2 sh -c '{WAITS}'; exit 5")
    wait_until(lambda: (own.dir / "out").exists() and own.text("out").count("on") == 2)
    own.cluster.kill(node)
    go(own)
    wait_until(lambda: own.text("out").count("end") == 2)
    own.cluster.start()
    assert own.wait(job) == 5
    assert own.job(job)["state"] == "FAILED" and own.job(job)["exit_code"] == 5


def test_a_restarted_node_daemon_finds_its_jobs_and_starts_more(own):
    job = own.submit("-N2", "-n2", "-o", "out", "--wrap", WAITS + "berth run -l hostname")
    own.until_text("out", "on")
    own.cluster.restart("n1", "n2")
    wait_until(lambda: {n["state"] for n in own.cluster_nodes()} <= {"MIXED", "IDLE"})
    assert own.job(job)["state"] == "RUNNING"
    go(own)
    assert own.wait(job) == 0, own.text("out")
    assert sorted(own.text("out").split()) == ["0:", "1:", "end", "n1", "n2", "on"]
    assert own.berth("run", "-N3", "hostname").stdout.split()


def test_a_job_can_be_cancelled_after_its_node_daemon_came_back(own):
    job = own.submit("-o", "out", "--wrap", "echo on; exec sleep 1000")
    own.until_text("out", "on")
    own.cluster.restart("n1")
    own.berth("cancel", job)
    assert own.wait(job) != 0
    assert own.job(job)["state"] == "CANCELLED"
    assert processes(own, "sleep 1000") == []


# --------------------------------------------------------------- shepherds

def nurseries(desk):
    """Pids of the processes that the cluster's shepherds are copies of."""
    found = []
    for entry in pathlib.Path("/proc").glob("[0-9]*"):
        try:
            name = (entry / "comm").read_text().strip()
            inside = str(desk.cluster.home).encode() in (entry / "environ").read_bytes()
        except OSError:
            continue
        if inside and name == "berth-nursery":
            found.append(int(entry.name))
    assert found
    return found


def test_a_nursery_that_dies_takes_no_shepherd_along(own):
    client = own.start("run", "-n1", "sh", "-c", WAITS + "exit 5")
    assert client.stdout.readline() == "on\n"
    for pid in nurseries(own):
        os.kill(pid, signal.SIGKILL)
    for _ in range(4):  # more than there are spares
        assert own.berth("run", "-n1", "echo", "there").stdout == "there\n"
    go(own)
    client.communicate(timeout=60)
    assert client.returncode == 5


def test_a_lead_that_dies_on_its_way_back_is_not_waited_for(own):
    job = own.submit("-w", "n1", "-o", "out", "--wrap", "echo on; exec sleep 7006")
    own.until_text("out", "on")
    lead = shepherd_of(own, "sleep 7006")
    os.kill(lead, signal.SIGSTOP)
    own.cluster.restart("n1")
    os.kill(lead, signal.SIGKILL)
    # Half a minute is what one that lives is given.
    wait_until(lambda: own.job(job)["state"] != "RUNNING", seconds=20, what="its end")
    assert own.wait(job) != 0


def test_the_death_of_a_lead_ends_its_job_everywhere(own):
    job = own.submit("-N3", "-n3", "-o", "out", "--wrap",
                     "berth run sh -c 'echo on; exec sleep 7001'& exec sleep 7002")
    wait_until(lambda: (own.dir / "out").exists() and own.text("out").count("on") == 3)
    os.kill(shepherd_of(own, "sleep 7002"), signal.SIGKILL)
    assert own.wait(job) != 0
    record = own.job(job)
    assert record["state"] in ("NODE_FAIL", "FAILED") and record["state_words"], record
    wait_until(lambda: not processes(own, "sleep 7001", "sleep 7002"), what="the end of all tasks")
    wait_until(lambda: {n["state"] for n in own.cluster_nodes()} == {"IDLE"})


def test_the_death_of_a_steps_shepherd_ends_the_step_everywhere(own):
    client = own.start("run", "-N3", "-n3", "sh", "-c",
                       "echo on; if test $SLURM_NODEID = 1; then exec sleep 7003; fi; "
                       "exec sleep 7004")
    for _ in range(3):
        assert client.stdout.readline() == "on\n"
    os.kill(shepherd_of(own, "sleep 7003"), signal.SIGKILL)
    _, err = client.communicate(timeout=60)
    assert client.returncode != 0 and "n2" in err
    wait_until(lambda: not processes(own, "sleep 7003", "sleep 7004"), what="the end of all tasks")


def test_a_lost_node_fails_its_jobs_and_only_those(own):
    """Nothing of the node is left, as after a power failure."""
    lost = own.submit("-w", "n2", "-o", "lost", "--wrap", "echo on; exec sleep 7005")
    fine = own.submit("-w", "n3", "-o", "fine", "--wrap", WAITS)
    own.until_text("lost", "on")
    own.until_text("fine", "on")
    shepherd = shepherd_of(own, "sleep 7005")
    own.cluster.kill("n2")
    os.kill(shepherd, signal.SIGKILL)
    record = own.until(lost, "NODE_FAIL")
    assert "n2" in record["state_words"], record
    [node] = [n for n in own.cluster_nodes() if n["name"] == "n2"]
    assert node["state"] == "DOWN" and node["reason"]
    go(own)
    assert own.wait(fine) == 0
