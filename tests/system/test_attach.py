# SPDX-License-Identifier: Apache-2.0
"""Watching steps of others: berth attach; what jobs use: berth top."""
import json
import os
import pty
import select
import signal

from desk import wait_until

TALKS = "while read line; do echo got $line; done; echo end"


def step(desk, *argv):
    """A step that repeats what it reads, and its job."""
    run = desk.start("run", *argv, "sh", "-c", "echo up; " + TALKS)
    assert run.stdout.readline() == "up\n"
    return run, desk.jobs("--me")[0]["id"]


def say(process, line):
    process.stdin.write(line + "\n")
    process.stdin.flush()


def watch(desk, run, name):
    """Attached, and seen to be: its first line has come."""
    process = desk.start("attach", *name.split())
    seen = []

    def is_there():
        say(run, "ping")
        assert run.stdout.readline() == "got ping\n"
        if select.select([process.stdout], [], [], 0.2)[0]:
            seen.append(process.stdout.readline())
        return seen
    wait_until(is_there)
    assert seen[0] == "got ping\n"
    return process


def next_line(process):
    while (line := process.stdout.readline()) == "got ping\n":
        pass
    return line


def test_several_watch_and_the_owner_stays(desk):
    run, job = step(desk)
    one, two = watch(desk, run, f"{job}.0"), watch(desk, run, f"{job}")
    say(run, "hello")
    assert next_line(one) == next_line(two) == next_line(run) == "got hello\n"
    one.send_signal(signal.SIGINT)
    one.wait(60)
    say(run, "again")
    assert next_line(two) == next_line(run) == "got again\n"
    run.stdin.close()
    run.stdin = None
    assert next_line(two) == next_line(run) == "end\n"
    assert two.wait(60) == run.wait(60) == 0


def test_input_of_a_watcher_is_added(desk):
    run, job = step(desk)
    process = watch(desk, run, f"-i {job}.0")
    say(process, "from outside")
    assert next_line(process) == next_line(run) == "got from outside\n"
    process.stdin.close()
    process.stdin = None
    say(run, "still here")
    assert next_line(run) == "got still here\n"
    process.kill()


def test_what_cannot_be_watched_is_said(desk):
    run, job = step(desk)
    assert "no such step" in desk.fails("attach", f"{job}.7")
    run.kill()
    run.wait(60)
    desk.wait(job)
    assert "has ended" in desk.fails("attach", f"{job}.0")


def test_a_script_is_followed(desk):
    job = desk.submit(script="#!/bin/sh\necho first\nwhile ! test -e go; do sleep 0.05; done\n"
                             "echo last\n")
    process = desk.start("attach", job)
    assert process.stdout.readline() == "first\n"
    (desk.dir / "go").touch()
    assert process.stdout.read() == "last\n" and process.wait(60) == 0


def test_top_tells_cpu_and_memory(desk):
    job = desk.submit("-J", "busy", script="#!/bin/sh\nwhile :; do :; done\n")
    desk.until(job, "RUNNING")

    def busy():
        jobs = json.loads(desk.berth("top", "--json", "-d", "0.5", job).stdout)["jobs"]
        return jobs if jobs and (jobs[0]["cpu_percent"] or 0) > 10 else None
    found = wait_until(busy)[0]
    assert (found["job"], found["name"], found["cores"]) == (job, "busy", 1)
    assert found["memory"] > 0 and found["processes"] >= 1
    assert [step["step"] for step in found["steps"]] == ["batch"]
    lines = desk.berth("top", "-b", "-d", "0.1", "--steps").stdout.splitlines()
    assert lines[0].split()[:2] == ["JOB", "USER"]
    assert any(line.split()[0] == f"{job}.batch" for line in lines[1:])
    assert "cpu, mem, job" in desk.fails("top", "--sort", "x", status=2)


# ---------------------------------------------------------------- containers of pods

ECHO = "echo up >&2; while read -r line; do echo got $line; done; echo end; exit 7"


def run_pod(desk, name, script, **container):
    """A pod of one container, until that runs."""
    spec = {"name": "main", "image": "small", "imagePullPolicy": "IfNotPresent",
            "command": ["sh", "-c", script],
            "resources": {"requests": {"cpu": "100m", "memory": "16Mi"},
                          "limits": {"memory": "16Mi"}}, **container}
    other = {**spec, "name": "other", "stdin": False, "tty": False, "stdinOnce": False,
             "command": ["sleep", "1000"]}
    file = desk.dir / f"{name}.json"
    file.write_text(json.dumps(
        {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": name},
         "spec": {"restartPolicy": "Never", "terminationGracePeriodSeconds": 1,
                  "containers": [spec, other]}}))
    applied = desk.berth("apply", "-f", file)
    assert "attach" not in applied.stderr

    def runs():
        pod = json.loads(desk.berth("get", "pod", name, "-o", "json").stdout)
        statuses = pod["status"].get("containerStatuses", [])
        return len(statuses) == 2 and all("running" in each["state"] for each in statuses)
    wait_until(runs, what=f"{name} runs")


def attached(desk, process):
    """It is: what it writes is answered."""
    def answered():
        say(process, "ping")
        return select.select([process.stdout], [], [], 0.2)[0]
    wait_until(answered, what="an answer")
    assert process.stdout.readline() == "got ping\n"


def test_input_reaches_a_container_that_asks_for_it(desk):
    run_pod(desk, "asks", ECHO, stdin=True, stdinOnce=True)
    one = desk.start("attach", "-i", "asks", "-c", "main")
    two = desk.start("attach", "pod/asks", stdin=-3)
    attached(desk, one)
    wait_until(lambda: say(one, "hello") or select.select([two.stdout], [], [], 0.2)[0])
    assert next_line(two) == "got hello\n"
    # It ends with its first client, and says how; so do both.
    one.stdin.close()
    one.stdin = None
    assert one.wait(60) == two.wait(60) == 7
    assert one.stdout.read().endswith("end\n")
    assert "got ping\nend\n" in desk.berth("logs", "asks", "-c", "main").stdout or \
        "got hello\nend\n" in desk.berth("logs", "asks", "-c", "main").stdout
    desk.berth("delete", "pod", "asks")


def test_a_container_that_reads_nothing_is_only_watched(desk):
    run_pod(desk, "mute", "while :; do echo tick; sleep 0.1; done")
    assert "reads no input: its manifest has no 'stdin: true'" in \
        desk.fails("attach", "-i", "mute", "-c", "main")
    watcher = desk.start("attach", "mute", "-c", "main", stdin=-3)
    assert watcher.stdout.readline() == "tick\n"
    watcher.send_signal(signal.SIGINT)
    watcher.wait(60)
    again = desk.start("attach", "mute", "-c", "main", stdin=-3)
    assert again.stdout.readline() == "tick\n"
    assert "has no container" in desk.fails("attach", "mute", "-c", "nobody")
    desk.berth("delete", "pod", "mute")
    assert again.wait(60) in (137, 143)


def test_a_terminal_of_a_container_is_attached_to(desk):
    run_pod(desk, "shell", "while read -r line; do echo \"<$line>\"; done", stdin=True, tty=True)
    ours, theirs = pty.openpty()
    process = desk.start("attach", "-it", "shell", stdin=theirs, stdout=theirs)
    seen = b""

    def answered():
        nonlocal seen
        os.write(ours, b"x\n")
        while select.select([ours], [], [], 0.2)[0]:
            seen += os.read(ours, 4096)
        return b"<x>" in seen
    wait_until(answered, what="an answer")
    os.close(theirs)
    desk.berth("delete", "pod", "shell")
    process.wait(60)
    os.close(ours)
