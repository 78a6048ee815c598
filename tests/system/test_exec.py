# SPDX-License-Identifier: Apache-2.0
"""Programs that are started inside a job that runs: berth exec."""
import fcntl
import os
import pty
import re
import select
import signal
import struct
import subprocess
import termios

import pytest

from desk import USER, wait_until

WAITS = "#!/bin/sh\nexport INSIDE=yes\n: > up.$SLURM_JOB_ID\nexec sleep 600\n"


LONG = "x" * 99


def running(desk, *argv, script=WAITS):
    """A job that waits; its number once its script has begun."""
    job = desk.submit(*argv, script=script)
    desk.until_text(f"slurm-{job}.out") if "echo" in script else \
        wait_until((desk.dir / f"up.{job}").exists, what="the script's start")
    return job


@pytest.fixture
def job(desk):
    return running(desk, "--image", "small", "-N2", "-n4")


def test_a_program_runs_in_the_scripts_container(desk, job):
    result = desk.berth("exec", job, "sh", "-c", "cat /proc/*/comm")
    assert "sleep" in result.stdout.split() and "berth-init" in result.stdout.split()


def test_the_environment_is_that_of_the_job(desk, job):
    words = desk.berth("exec", "-e", "MORE=1 2", job, "sh", "-c",
                       "echo $SLURM_JOB_ID $BERTH_NODE $MORE; pwd").stdout
    assert words == f"{job} n1 1 2\n{desk.dir}\n"


def test_streams_stay_apart(desk, job):
    result = desk.berth("exec", job, "sh", "-c", "echo out; echo err >&2")
    assert (result.stdout, result.stderr) == ("out\n", "err\n")


@pytest.mark.parametrize("command, status", [
    ("exit 0", 0), ("exit 3", 3), ("kill -TERM $$", 128 + signal.SIGTERM)])
def test_the_status_is_the_programs(desk, job, command, status):
    assert desk.berth("exec", job, "sh", "-c", command, check=False).returncode == status


@pytest.mark.parametrize("program, status", [("no-such-program", 127), ("/etc", 126)])
def test_a_program_that_cannot_run_is_named(desk, job, program, status):
    assert program in desk.fails("exec", job, program, status=status)


def test_a_working_directory_is_chosen_or_missed(desk, job):
    assert desk.berth("exec", "-D", "/etc", job, "sh", "-c", "pwd").stdout == \
        "/etc\n"
    assert "/nowhere" in desk.fails("exec", "-D", "/nowhere", job, "true", status=126)


def test_without_i_there_is_no_input(desk, job):
    assert desk.berth("exec", job, "cat", input="x").stdout == ""


def test_ten_megabytes_pass_in_and_out_unharmed(desk, job):
    data = os.urandom(10 << 20)
    (desk.dir / "in").write_bytes(data)
    with open(desk.dir / "in", "rb") as source, open(desk.dir / "out", "wb") as sink:
        process = desk.start("exec", "-i", job, "cat", stdin=source, stdout=sink)
        assert process.wait(60) == 0
    assert (desk.dir / "out").read_bytes() == data


def test_a_slow_reader_holds_up_its_own_program_only(desk, job):
    process = desk.start("exec", "-e", f"LONG={LONG}", job, "sh", "-c",
                         "i=0; while [ $i -lt 200000 ]; do echo $LONG; i=$((i+1)); done; : > /tmp/done",
                         )
    assert process.stdout.readline() == LONG + "\n"
    # All windows and pipes between are full; the job's own program goes on.
    assert desk.berth("exec", job, "sh", "-c", "test -e /tmp/done || echo not").stdout == \
        "not\n"
    rest = process.stdout.read()
    assert len(rest) == 200000 * (len(LONG) + 1) - len(LONG) - 1 and process.wait(60) == 0


def test_input_that_is_not_read_holds_up_nobody(desk, job):
    process = desk.start("exec", "-i", job, "sleep", "4322")
    pump = subprocess.Popen(["sh", "-c", "yes | head -c 20000000"], stdout=process.stdin)
    process.stdin.close()
    process.stdin = None
    wait_until(lambda: "4322" in desk.berth("exec", job, "sh", "-c",
                                            "cat /proc/[0-9]*/cmdline").stdout)
    process.send_signal(signal.SIGTERM)
    assert process.wait(60) == 128 + signal.SIGTERM
    pump.wait(60)


def test_ctrl_c_is_passed_on(desk, job):
    process = desk.start("exec", job, "sh", "-c",
                         "trap 'echo got it; exit 7' INT; echo up; while :; do sleep 0.1; done")
    assert process.stdout.readline() == "up\n"
    process.send_signal(signal.SIGINT)
    assert process.stdout.read() == "got it\n"
    assert process.wait(60) == 7


def test_the_end_of_the_job_ends_it_with_words(desk, job):
    process = desk.start("exec", job, "sh", "-c", "echo up; exec sleep 600")
    assert process.stdout.readline() == "up\n"
    desk.berth("cancel", job)
    assert process.wait(60) > 128
    assert "job has ended" in process.stderr.read()


def test_a_client_that_goes_takes_its_program_along(desk, job):
    process = desk.start("exec", job, "sh", "-c", "echo up; exec sleep 4321")
    assert process.stdout.readline() == "up\n"
    process.kill()
    process.wait(60)
    wait_until(lambda: "4321" not in desk.berth(
        "exec", job, "sh", "-c", "for f in /proc/[0-9]*/cmdline; do case $f in "
        "/proc/$$/*) ;; *) cat $f;; esac; done").stdout, what="the hangup")


def test_a_step_is_entered_on_each_of_its_nodes(desk):
    run = desk.start("run", "--image", "small", "-N2", "-n2", "sh", "-c",
                     "echo up; exec sleep 600")
    assert run.stdout.readline() == "up\n"
    job = desk.jobs("--me")[0]["id"]
    for node in ("n1", "n2"):
        out = desk.berth("exec", "-w", node, f"{job}.0", "sh", "-c",
                         "echo $BERTH_NODE $SLURM_STEP_ID; cat /proc/*/comm").stdout
        assert out.startswith(f"{node} 0\n") and "berth-init" in out.split()
    assert desk.berth("exec", job, "sh", "-c", "echo $BERTH_NODE").stdout == "n1\n"
    assert f"{job}.0 on n1,n2" in desk.fails("exec", f"{job}.3", "true")
    assert f"{job}.0 on n1,n2" in desk.fails("exec", "-w", "n4", job, "true")
    run.kill()


def test_what_does_not_run_is_said(desk):
    assert "999" in desk.fails("exec", 999, "true")
    held = desk.submit("--hold", script="#!/bin/sh\ntrue\n")
    assert "PENDING" in desk.fails("exec", held, "true")
    done = desk.submit(script="#!/bin/sh\ntrue\n")
    desk.wait(done)
    assert "has ended: COMPLETED" in desk.fails("exec", done, "true")
    assert "give a program" in desk.fails("exec", done, status=2).lower()
    assert "no pod 'x'" in desk.fails("exec", "x", "true")


def test_another_user_is_refused(desk, shared, job):
    if os.geteuid() != 0:
        pytest.skip("needs root")
    result = shared.berth("exec", job, "true", user=USER, home=desk.dir, cwd="/",
                          check=False)
    assert result.returncode == 1 and "wrong uid" in result.stderr, result.stderr


def test_it_survives_a_restart_of_the_nodes_daemon(own):
    job = running(own)
    process = own.start("exec", "-i", job, "cat")
    process.stdin.write("one\n")
    process.stdin.flush()
    assert process.stdout.readline() == "one\n"
    own.cluster.kill("n1")
    process.stdin.write("two\n")
    process.stdin.flush()
    assert process.stdout.readline() == "two\n"
    process.stdin.close()
    process.stdin = None
    assert process.wait(60) == 0


class Screen:
    """A terminal of ours, with a command on it."""

    def __init__(self, desk, *argv, rows=24, columns=80):
        self.master, self.slave = pty.openpty()
        self.resize(rows, columns)
        self.before = termios.tcgetattr(self.slave)
        self.text = ""
        self.process = desk.start(*argv, stdin=self.slave, stdout=self.slave,
                                  stderr=self.slave, start_new_session=True)

    def resize(self, rows, columns):
        fcntl.ioctl(self.master, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    def type(self, keys):
        os.write(self.master, keys.encode())

    def until(self, pattern):
        """Read on until this is on the screen; what came since the last time."""
        while not (found := re.search(pattern, self.text)):
            assert select.select([self.master], [], [], 30)[0], self.text
            self.text += os.read(self.master, 4096).decode(errors="replace")
        seen, self.text = self.text[:found.end()], self.text[found.end():]
        return seen

    def ended(self):
        """The status; the terminal must be as it was."""
        status = self.process.wait(60)
        assert termios.tcgetattr(self.slave) == self.before
        return status


@pytest.fixture
def shell(desk):
    """A shell with job control on the node's own files."""
    screen = Screen(desk, "exec", running(desk), "-it", "-e", "PS1=ready> ", "-e", "TERM=dumb",
                    "bash", "--norc", "-i", rows=31, columns=97)
    screen.until("ready> ")
    return screen


def test_a_terminal_has_its_name_and_size_inside(shell):
    shell.type("tty; stty size\n")
    shell.until(r"/dev/pts/\d+\r\n31 97\r\n")
    shell.resize(40, 120)
    os.killpg(shell.process.pid, signal.SIGWINCH)
    shell.type("while [ \"$(stty size)\" != '40 120' ]; do :; done; echo re-sized\n")
    shell.until(r"[\r\n]re-sized")
    shell.type("exit 5\n")
    assert shell.ended() == 5


def test_a_terminal_of_an_image_is_its_own(desk, job):
    screen = Screen(desk, "exec", job, "-it", "sh", "-c",
                    "ls /dev/pts; : > /dev/tty; ls -l /proc/self/fd/0")
    assert "/dev/pts/0" in screen.until(r"-> \S+\r\n")
    assert screen.ended() == 0


def test_ctrl_c_interrupts_what_runs_in_front_only(shell):
    shell.type("sh -c 'echo up; exec sleep 600'\n")
    shell.until(r"[\r\n]up")
    shell.type("\x03")
    shell.until("ready> ")
    shell.type("echo status $?\n")
    shell.until(r"[\r\n]status 130")
    shell.type("exit\n")
    shell.ended()


def test_job_control_works(shell):
    shell.type("sh -c 'echo up; exec sleep 600'\n")
    shell.until(r"[\r\n]up")
    shell.type("\x1a")
    shell.until("Stopped")
    shell.type("bg; jobs; kill %1; wait; echo all gone\n")
    shell.until("Running")
    shell.until(r"[\r\n]all gone")
    # An end of input before the shell reads its line is nobody's.
    shell.until("ready> ")
    shell.type("\x04")
    assert shell.ended() == 0


def test_a_lot_of_output_comes_whole_on_a_terminal(desk, job):
    screen = Screen(desk, "exec", job, "-it", "sh", "-c",
                    "i=0; while [ $i -lt 5000 ]; do echo line $i; i=$((i+1)); done")
    out = screen.until("line 4999\r\n")
    assert out.count("\n") == 5000
    assert screen.ended() == 0


def test_the_terminal_is_restored_when_the_job_ends(desk, shell):
    desk.berth("cancel", "--me")
    shell.until("the job has ended")
    assert shell.ended() > 128


def test_the_terminal_is_restored_when_the_client_is_ended(shell):
    shell.process.terminate()
    assert shell.ended() == 128 + signal.SIGTERM


def test_a_terminal_needs_one_of_ours(desk, job):
    assert "leave -t out" in desk.fails("exec", "-it", job, "true", status=2)
