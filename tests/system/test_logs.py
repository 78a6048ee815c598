# SPDX-License-Identifier: Apache-2.0
"""What jobs wrote, shown by berth logs: while they run and afterwards."""
import time

from desk import wait_until

COUNTS = ("#!/bin/sh\nfor i in 1 2 3 4 5; do echo line $i; done; echo oops >&2\n"
          "while ! test -e go; do sleep 0.05; done\necho last\n")


def counting(desk, *argv):
    job = desk.submit(*argv, script=COUNTS)
    desk.until_text("err" if "-e" in argv else f"slurm-{job}.out", "oops")
    return job


def test_a_running_jobs_output_is_shown_so_far(desk):
    job = counting(desk)
    assert desk.berth("logs", job).stdout == "line 1\nline 2\nline 3\nline 4\nline 5\noops\n"
    assert desk.berth("logs", "--tail", 2, job).stdout == "line 5\noops\n"
    assert desk.berth("logs", "-n0", job).stdout == ""
    assert desk.berth("logs", "-n", 99, job).stdout.count("\n") == 6


def test_following_ends_with_the_job(desk):
    job = counting(desk)
    process = desk.start("logs", "-f", "-n1", job)
    assert process.stdout.readline() == "oops\n"
    (desk.dir / "go").touch()
    assert process.stdout.read() == "last\n"
    assert process.wait(60) == 0
    assert process.stderr.read() == ""


def test_a_waiting_job_is_followed_from_its_start(desk):
    job = desk.submit("--hold", script="#!/bin/sh\necho begun\n")
    process = desk.start("logs", "-f", job)
    assert "waits" in process.stderr.readline()
    desk.berth("release", job)
    assert process.stdout.read() == "begun\n" and process.wait(60) == 0
    assert "PENDING" in desk.fails("logs", desk.submit("--hold", script="#!/bin/sh\n:\n"))


def test_afterwards_the_file_is_read_where_it_can_be(desk):
    job = desk.submit("-o", "out-%j", script="#!/bin/sh\necho a; echo b\n")
    desk.wait(job)
    assert desk.berth("logs", job).stdout == "a\nb\n"
    assert desk.berth("logs", "-f", "-n1", job).stdout == "b\n"
    assert "has ended" in desk.fails("logs", "--since", "1h", job)
    (desk.dir / f"out-{job}").unlink()
    words = desk.fails("logs", job)
    assert f"out-{job}" in words and "written on node n1" in words


def test_errors_have_a_file_of_their_own(desk):
    job = counting(desk, "-e", "err")
    assert desk.berth("logs", "--stderr", job).stdout == "oops\n"
    assert "oops" not in desk.berth("logs", job).stdout


def test_elements_of_arrays_are_named(desk):
    array = desk.submit("--array", "1-2", script="#!/bin/sh\necho $SLURM_ARRAY_TASK_ID\n")
    desk.wait(array)
    assert desk.berth("logs", f"{array}_2").stdout == "2\n"


def test_since_is_known_to_a_second_while_the_job_runs(desk):
    job = desk.submit(script="#!/bin/sh\necho old\nwhile ! test -e go; do sleep 0.05; done\n"
                             "echo new\nsleep 600\n")
    desk.until_text(f"slurm-{job}.out", "old")
    wait_until(lambda: desk.berth("logs", "--since", "1s", job).stdout == "",
               what="a second without output")
    begun = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
    (desk.dir / "go").touch()
    desk.until_text(f"slurm-{job}.out", "new")
    assert desk.berth("logs", "--since-time", begun, job).stdout == "new\n"
    assert desk.berth("logs", "--since", "1h", job).stdout == "old\nnew\n"


def test_a_slow_reader_of_a_large_file_gets_all_of_it(desk):
    job = desk.submit(script="#!/bin/sh\ni=0; while [ $i -lt 300000 ]; do echo $i; "
                             "i=$((i+1)); done\necho up >&2\nsleep 600\n")
    desk.until_text(f"slurm-{job}.out", "up")
    process = desk.start("logs", "-f", job)
    assert process.stdout.readline() == "0\n"
    desk.berth("cancel", job)
    desk.wait(job)
    rest = process.stdout.read()
    assert rest.endswith("299999\nup\n") and rest.count("\n") == 300000
    assert process.wait(60) == 0


def test_what_has_no_output_file_is_said(desk):
    run = desk.start("run", "sh", "-c", "echo up; exec sleep 600")
    assert run.stdout.readline() == "up\n"
    job = desk.jobs("--me")[0]["id"]
    assert "interactive" in desk.fails("logs", job)
    assert "attach" in desk.fails("logs", f"{job}.0", status=2)
    run.kill()
