# SPDX-License-Identifier: Apache-2.0
"""Steps that meet a node's daemon that has been killed and is started again.

BERTH_RESTARTS_SEED repeats the moments of the last test.
"""
import os
import random
import signal
import time

import pytest

from test_faults import WAITS, go

BOTH = pytest.mark.parametrize("node", ["n1", "n2"], ids=["lead's", "other"])


def daemon(desk, name):
    [node] = [n for n in desk.cluster.status()["nodes"] if n["name"] == name]
    return node["pid"]


@BOTH
def test_a_step_waits_for_a_daemon_that_is_away(own, node):
    job = own.submit("-N2", "-n2", "-o", "out", "-e", "err", "--wrap",
                     WAITS + "berth run hostname")
    own.until_text("out", "on")
    own.cluster.kill(node)
    go(own)
    own.until_text("err", f"node {node}: its daemon does not answer")
    assert own.text("err").count("\n") == 1
    own.cluster.start()
    assert own.wait(job) == 0, own.text("err")
    assert sorted(own.text("out").split()) == ["end", "n1", "n2", "on"]


@BOTH
def test_a_step_is_asked_for_again_when_its_daemon_dies_meanwhile(own, node):
    """The daemon has the launch and has not answered it."""
    job = own.submit("-N2", "-n2", "-o", "out", "-e", "err", "--wrap",
                     "berth run true; " + WAITS + "berth run hostname")
    own.until_text("out", "on")
    os.kill(daemon(own, node), signal.SIGSTOP)
    go(own)
    own.until_text("out", "end")
    time.sleep(0.3)  # either way it ends well; so it is the way that is meant
    own.cluster.restart(node)
    assert own.wait(job) == 0, own.text("err")
    assert sorted(own.text("out").split()) == ["end", "n1", "n2", "on"]


def test_who_waits_for_a_daemon_may_leave(own):
    script = ("echo on; until test -e go; do sleep 0.05; done\n"
              "berth run sleep 600 2>err & pid=$!\n"
              "until grep -q 'does not answer' err; do sleep 0.05; done\n"
              "kill -TERM $pid; wait $pid; echo status $?; berth run -N1 -n1 echo more\n")
    job = own.submit("-N2", "-n2", "-o", "out", script="#!/bin/sh\n" + script)
    own.until_text("out", "on")
    own.cluster.kill("n2")
    go(own)
    assert own.wait(job) == 0
    assert own.text("out").split() == ["on", "status", "143", "more"]
    own.cluster.start()


def test_a_node_that_is_declared_down_ends_the_wait(own):
    # The script stays until the step's client has said why, or both are killed at once.
    job = own.submit("--no-requeue", "-N2", "-n2", "-o", "out", "-e", "err", "--wrap",
                     "trap : TERM; " + WAITS + "berth run hostname")
    own.until_text("out", "on")
    own.cluster.kill("n2")
    go(own)
    own.until_text("err", "does not answer")
    own.cluster.berth("node", "down", "n2", "--reason", "broken", user=0)
    own.until(job, "NODE_FAIL")
    own.until_text("err", "node n2 was set down")
    own.cluster.start()


def test_run_waits_for_the_daemon_of_a_lead_elsewhere(own):
    job = own.submit("-w", "n1", "-o", "out", "--wrap", WAITS)
    own.until_text("out", "on")
    own.cluster.kill("n1")
    client = own.start("run", f"--jobid={job}", "--overlap", "-n1", "hostname")
    assert "waiting for the node's daemon" in client.stderr.readline()
    own.cluster.start()
    out, err = client.communicate(timeout=60)
    assert client.returncode == 0 and out == "n1\n", err
    go(own)
    assert own.wait(job) == 0


def test_steps_run_once_whenever_daemons_are_killed(own):
    seed = int(os.environ.get("BERTH_RESTARTS_SEED", time.time_ns() % 1000000))
    print(f"BERTH_RESTARTS_SEED={seed}")
    rng = random.Random(seed)
    script = ("#!/bin/sh\nfor i in 1 2 3 4 5 6 7 8 9 10 11 12; do\n"
              "berth run sh -c \"echo $i.\\$SLURM_PROCID >>ran; sleep 0.05\" ||"
              " echo $i failed\n"
              "done\n")
    job = own.submit("-N3", "-n3", "-o", "out", script=script)
    own.until(job, "RUNNING")
    killed = 0
    while own.job(job)["state"] == "RUNNING":
        if killed < 8:
            time.sleep(rng.random() / 8)
            own.cluster.restart(f"n{rng.randrange(1, 4)}")
            killed += 1
    assert killed
    assert own.wait(job) == 0 and own.text("out") == "", own.text("out")
    assert sorted(own.text("ran").split()) == sorted(
        f"{i}.{rank}" for i in range(1, 13) for rank in range(3))
