# SPDX-License-Identifier: Apache-2.0
"""Tasks of a step: where they run, what they see, how they end; steps of a job."""
import os
import pathlib
import re
import signal

import pytest

from desk import wait_until

STATUS = "cat /proc/self/status"


def cpus(text):
    return re.findall(r"Cpus_allowed_list:\t(\S+)", text)


def test_tasks_are_spread_over_the_nodes_in_blocks(desk):
    out = desk.berth("run", "-N4", "-n8", "-l", "hostname").stdout
    assert sorted(out.splitlines()) == [f"{rank}: n{rank // 2 + 1}" for rank in range(8)]


def test_each_task_knows_its_place(desk):
    out = desk.berth("run", "-N2", "--ntasks-per-node", "2", "sh", "-c",
                     "echo $SLURM_PROCID $SLURM_LOCALID $SLURM_NODEID $SLURM_NTASKS "
                     "$SLURM_STEP_ID").stdout
    assert sorted(out.splitlines()) == ["0 0 0 4 0", "1 1 0 4 0", "2 0 1 4 0", "3 1 1 4 0"]


def test_options_end_at_the_program(desk):
    assert desk.berth("run", "echo", "-n", "x", "--label").stdout == "x --label"


@pytest.mark.parametrize("command, status, words", [
    ("exit 0", 0, ""),
    ("exit 3", 3, ""),
    ("exit 255", 255, ""),
    ("kill -TERM $$", 128 + signal.SIGTERM, "SIGTERM"),
    ("kill -SEGV $$", 128 + signal.SIGSEGV, "SIGSEGV"),
])
def test_the_status_is_that_of_the_tasks(desk, command, status, words):
    result = desk.berth("run", "-n2", "--mpi", "none", "sh", "-c", command, check=False)
    assert result.returncode == status, result.stderr
    assert words in result.stderr


@pytest.mark.parametrize("image", [[], ["--image", "small"]], ids=["plain", "image"])
@pytest.mark.parametrize("program, status", [("no-such-program", 127), ("/etc", 126)])
def test_a_program_that_cannot_run_is_named(desk, image, program, status):
    result = desk.berth("run", *image, "-n2", program, check=False)
    assert result.returncode == status, result.stderr
    assert program in result.stderr


def test_stdin_goes_to_task_0_and_ends(desk):
    out = desk.berth("run", "-N2", "-n4", "-l", "-i0", "cat", input="one\ntwo\n").stdout
    assert out == "0: one\n0: two\n"


def test_large_input_and_output_pass_whole_and_in_order(desk):
    text = "".join(f"{i}\n" for i in range(300000))
    assert desk.berth("run", "cat", input=text).stdout == text


def test_output_without_a_newline_is_not_lost(desk):
    assert desk.berth("run", "-l", "printf", "end").stdout == "0: end\n"
    assert desk.berth("run", "printf", "end").stdout == "end"


def test_stdout_and_stderr_stay_apart(desk):
    result = desk.berth("run", "sh", "-c", "echo out; echo err >&2")
    assert (result.stdout, result.stderr) == ("out\n", "err\n")


def test_output_goes_to_a_file_for_each_task(desk):
    desk.berth("run", "-n3", "-o", "out-%t", "-e", "err-%2t", "sh", "-c",
               "echo $SLURM_PROCID; echo e$SLURM_PROCID >&2")
    assert [desk.text(f"out-{rank}") for rank in range(3)] == ["0\n", "1\n", "2\n"]
    assert [desk.text(f"err-{rank:02}") for rank in range(3)] == ["e0\n", "e1\n", "e2\n"]


def running(desk, script, *argv):
    """Start a step of one task and wait until it says that it runs."""
    client = desk.start("run", *argv, "sh", "-c", script)
    assert client.stdout.readline() == "on\n"
    return client


def test_cancelling_an_interactive_job_ends_its_step(desk):
    client = running(desk, "echo on; exec sleep 1000", "-J", "doomed")
    [job] = [job["id"] for job in desk.jobs() if job["name"] == "doomed"]
    desk.berth("cancel", job)
    client.communicate(timeout=60)
    assert client.returncode == 128 + signal.SIGTERM
    assert desk.job(job)["state"] == "CANCELLED"


def test_an_interactive_job_whose_client_is_killed_has_failed(desk):
    client = running(desk, "echo on; exec sleep 1000", "-J", "orphan")
    [job] = [job["id"] for job in desk.jobs() if job["name"] == "orphan"]
    client.kill()
    client.communicate(timeout=60)
    assert desk.until(job, "FAILED")["state_words"] == "its client went away"


def test_an_interactive_job_keeps_its_time_limit(desk):
    result = desk.berth("run", "-t", "0:01", "-J", "limited", "sleep", "1000", check=False)
    assert result.returncode == 128 + signal.SIGTERM, result.stderr
    [job] = [job for job in desk.jobs("--all") if job["name"] == "limited"]
    desk.until(job["id"], "TIMEOUT")


def test_tasks_are_bound_to_cores_of_their_own(desk):
    out = desk.berth("run", "-N1", "-n2", "-c2", "-l", "sh", "-c", STATUS).stdout
    usable = len(os.sched_getaffinity(0))
    if usable < 2:
        pytest.skip("this machine has one core")
    assert len(cpus(out)) == 2
    free = desk.berth("run", "-n1", "--cpu-bind", "none", "sh", "-c", STATUS).stdout
    assert len(cpus(free)) == 1


def test_nodes_are_chosen_and_avoided_by_name(desk):
    assert desk.berth("run", "-w", "n3", "hostname").stdout == "n3\n"
    out = desk.berth("run", "-N2", "-x", "n[1,3]", "hostname").stdout
    assert sorted(out.split()) == ["n2", "n4"]


def test_exclusive_jobs_do_not_share_a_node(desk):
    client = running(desk, "echo on; read line", "--exclusive", "-w", "n1")
    other = desk.submit("-w", "n1", "-o", "out", "--wrap", "true")
    assert desk.job(other)["state"] == "PENDING"
    client.communicate("go\n", timeout=60)
    assert desk.wait(other) == 0


def test_overcommitted_tasks_share_cores(desk):
    out = desk.berth("run", "-N1", "-n12", "-O", "sh", "-c", "echo $SLURM_PROCID").stdout
    assert sorted(map(int, out.split())) == list(range(12))


def test_memory_is_given_to_one_job_at_a_time(desk):
    node = desk.cluster_nodes()[0]
    most = f"{node['memory'] * 3 // 4}M"
    client = running(desk, "echo on; read line", "-w", "n1", "--mem", most)
    other = desk.submit("-w", "n1", "--mem", most, "-o", "out", "--wrap", "true")
    assert desk.job(other)["state"] == "PENDING"
    client.communicate("go\n", timeout=60)
    assert desk.wait(other) == 0


# ---------------------------------------------------------------- in a job

def test_the_status_of_a_step_is_seen_by_the_script(desk):
    job = desk.submit("-n2", "-o", "out", script="#!/bin/sh\n"
                      "berth run -n2 sh -c 'exit 3'; echo $?\n"
                      "berth run -n1 sh -c 'kill -9 $$'; echo $?\nexit 1\n")
    assert desk.wait(job) == 1
    statuses = [line for line in desk.text("out").splitlines() if line.isdigit()]
    assert statuses == ["3", "137"]


def test_steps_run_side_by_side_on_cores_of_their_own(desk):
    """Each of two steps waits for a word from the other."""
    os.mkfifo(desk.dir / "a")
    os.mkfifo(desk.dir / "b")
    job = desk.submit("-n2", "-N1", "-o", "out", script="#!/bin/sh\n"
                      "berth run -n1 sh -c 'echo 1 >a; cat b' &\n"
                      "berth run -n1 sh -c 'cat a; echo 2 >b' &\nwait\n")
    assert desk.wait(job) == 0
    assert sorted(desk.text("out").split()) == ["1", "2"]


def test_a_step_waits_for_cores_that_another_uses(desk):
    job = desk.submit("-n1", "-o", "out", script="#!/bin/sh\n"
                      "berth run -n1 sh -c 'echo first; until test -e gate; do "
                      "sleep 0.05; done; echo done' &\n"
                      "until grep -qs first out; do sleep 0.05; done\n"
                      "berth run -n1 echo second & sleep 0.3; : >gate; wait\n")
    assert desk.wait(job) == 0
    assert desk.text("out").split() == ["first", "done", "second"]


def test_a_step_too_large_for_the_job_is_refused(desk):
    job = desk.submit("-n1", "-o", "out", "--wrap", "berth run -n9 true")
    assert desk.wait(job) == 1
    assert "--ntasks=9" in desk.text("out") and "--overcommit" in desk.text("out")


def test_the_end_of_the_script_ends_its_steps(desk):
    job = desk.submit("-n2", "-o", "out", script="#!/bin/sh\n"
                      "berth run -n1 sh -c 'echo on; exec sleep 7654321' &\n"
                      "until grep -qs on out; do sleep 0.05; done\nexit 0\n")
    assert desk.wait(job) == 0
    wait_until(lambda: not [pid for pid in pathlib.Path("/proc").glob("[0-9]*")
                            if command(pid) == b"sleep\0007654321\0"])


def command(process):
    try:
        return (process / "cmdline").read_bytes()
    except OSError:
        return b""


def test_steps_of_a_job_that_has_ended_tell_how_they_did(desk):
    job = desk.submit("-n1", "-o", "out", script="#!/bin/sh\nberth run sh -c 'exit 3'\n"
                      "berth run sh -c 'kill -9 $$'\nberth run true\nexit 0\n")
    assert desk.wait(job) == 0
    statuses = [desk.berth("wait", f"{job}.{step}", check=False).returncode
                for step in range(3)]
    assert statuses == [3, 137, 0]
    assert desk.berth("wait", f"{job}.2", f"{job}.0", check=False).returncode == 3
    assert "of no step 7" in desk.fails("wait", f"{job}.7", status=1)


# ---------------------------------------------------------------- alloc

def test_a_second_terminal_joins_an_allocation(desk):
    shell = desk.start("alloc", "-Q", "-n2", "sh", "-c",
                       "echo $BERTH_LEAD; echo $BERTH_JOB_ID; read line")
    lead, job = shell.stdout.readline().strip(), shell.stdout.readline().strip()
    out = desk.berth("run", "-n2", "sh", "-c", "echo $SLURM_JOB_ID",
                     env={"BERTH_LEAD": lead, "BERTH_JOB_ID": job}).stdout
    assert out.split() == [job, job]
    assert desk.job(job)["state"] == "RUNNING"
    shell.communicate("end\n", timeout=60)
    assert shell.returncode == 0
    desk.until(job, "COMPLETED")


def test_a_shell_whose_allocation_is_cancelled_is_told(desk):
    shell = desk.start("alloc", "-Q", "sh", "-c", "echo $BERTH_JOB_ID; exec sleep 1000")
    job = shell.stdout.readline().strip()
    desk.berth("cancel", job)
    out, err = shell.communicate(timeout=60)
    assert "revoked" in err
    assert desk.until(job, "CANCELLED")
