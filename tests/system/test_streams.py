# SPDX-License-Identifier: Apache-2.0
"""Standard streams of steps: labels, lines, files of tasks and nodes, input, terminals."""
import collections
import fcntl
import os
import pty
import re
import select
import signal
import struct
import termios
import time

import pytest

from desk import as_user, environment, wait_until

NUMBERED = ("i=0; while [ $i -lt 50 ]; do printf 'part '; echo \"$SLURM_PROCID $i end\"; "
            "i=$((i+1)); done")


# ------------------------------------------------------------------- output


def test_a_thousand_tasks_lose_and_mix_nothing(desk):
    out = desk.berth("run", "-N4", "-n1000", "-O", "-l", "--mpi=none", "sh", "-c",
                     NUMBERED).stdout
    seen = collections.defaultdict(list)
    for line in out.splitlines():
        label, rank, number = re.fullmatch(r"(\d{3}): part (\d+) (\d+) end", line).groups()
        assert int(label) == int(rank)
        seen[int(rank)].append(int(number))
    assert len(seen) == 1000
    assert all(numbers == list(range(50)) for numbers in seen.values())


def test_lines_of_tasks_never_mix_without_labels(desk):
    out = desk.berth("run", "-N2", "-n8", "--mpi=none", "sh", "-c", NUMBERED).stdout
    lines = out.splitlines()
    assert all(re.fullmatch(r"part \d+ \d+ end", line) for line in lines)
    assert len(set(lines)) == 8 * 50


def test_unbuffered_output_comes_before_its_line_ends(desk):
    script = "[ $SLURM_PROCID = 0 ] && printf prompt; sleep 60"
    process = desk.start("run", "-u", "-n2", "--mpi=none", "sh", "-c", script)
    assert process.stdout.read(6) == "prompt"


def test_a_slow_reader_loses_nothing(desk):
    script = "i=0; while [ $i -lt 100000 ]; do echo $SLURM_PROCID.$i; i=$((i+1)); done"
    process = desk.start("run", "-N2", "-n2", "--mpi=none", "sh", "-c",
                         script + "; : > written.$SLURM_PROCID")
    assert process.stdout.readline() in ("0.0\n", "1.0\n")
    lines = process.stdout.read().splitlines()
    assert process.wait(60) == 0 and len(lines) == 2 * 100000 - 1
    for rank in "01":
        own = [line for line in lines if line.startswith(rank)]
        assert own == sorted(own, key=lambda line: int(line[2:]))


def test_tasks_wait_for_a_reader_that_does_not_read(desk):
    """What is between them is bounded: so much is written, and no more."""
    script = ("i=0; while [ $i -lt 64 ]; do head -c 1000000 /dev/zero; i=$((i+1)); "
              "echo $i > progress; done")
    process = desk.start("run", "-n1", "sh", "-c", script)

    def stands_still():
        before = desk.until_text("progress")
        time.sleep(1)
        return before == desk.text("progress") and before
    assert int(wait_until(stands_still, what="the end of all room")) < 40
    size = sum(len(piece) for piece in iter(lambda: process.stdout.buffer.read(1 << 20), b""))
    assert size == 64 * 1000000 and process.wait(60) == 0


def test_a_client_that_dies_ends_its_step(desk):
    process = desk.start("run", "-N2", "-n2", "--mpi=none", "sh", "-c",
                         "echo $$ up; : > up.$SLURM_PROCID; exec sleep 600")
    wait_until(lambda: all((desk.dir / f"up.{rank}").exists() for rank in "01"))
    job = desk.jobs("--me")[0]["id"]
    process.kill()
    process.wait(60)
    assert desk.wait(job) != 0


# -------------------------------------------------------------------- files


def test_each_task_has_its_file_written_on_its_node(desk):
    desk.berth("run", "-N2", "-n4", "-J", "name", "--mpi=none", "-o", "o-%x-%2t-%n-%N.%s",
               "sh", "-c", "echo out $SLURM_PROCID; echo err >&2")
    found = sorted(path.name for path in desk.dir.glob("o-*"))
    assert [re.sub(r"-n\d\.", ".", name) for name in found] == [
        "o-name-00-0.0", "o-name-01-0.0", "o-name-02-1.0", "o-name-03-1.0"]
    assert [desk.text(name) for name in found] == [f"out {rank}\nerr\n" for rank in range(4)]


def test_a_file_of_a_node_has_all_its_tasks_and_a_label(desk):
    argv = ["-N2", "-n4", "-l", "--mpi=none", "-o", "node%n", "sh", "-c", NUMBERED]
    desk.berth("run", *argv)
    desk.berth("run", "--open-mode=append", *argv)
    for node, ranks in ((0, "01"), (1, "23")):
        lines = desk.text(f"node{node}").splitlines()
        assert len(lines) == 2 * 2 * 50
        for line in lines:
            assert re.fullmatch(rf"([{ranks}]): part \1 \d+ end", line)


def test_errors_may_go_elsewhere(desk):
    result = desk.berth("run", "-n2", "--mpi=none", "-e", "e.%t", "sh", "-c",
                        "echo out; echo err $SLURM_PROCID >&2")
    assert (result.stdout, result.stderr) == ("out\nout\n", "")
    assert desk.text("e.1") == "err 1\n"
    result = desk.berth("run", "-n2", "--mpi=none", "-o", "o.%t", "-e", "all", "sh", "-c",
                        "echo out; echo err >&2")
    assert (result.stdout, result.stderr) == ("", "err\nerr\n")


@pytest.mark.parametrize("option, out, err", [
    ("none", "", ""), ("1", "out 1\n", "err 1\n"), ("all", "out 0\nout 1\n", "err 0\nerr 1\n")])
def test_output_of_none_one_or_all(desk, option, out, err):
    result = desk.berth("run", "-n2", "--mpi=none", "-o", option, "sh", "-c",
                        "echo out $SLURM_PROCID; echo err $SLURM_PROCID >&2")
    assert sorted(result.stdout.splitlines(True)) == out.splitlines(True)
    assert sorted(result.stderr.splitlines(True)) == err.splitlines(True)


def test_what_cannot_be_written_is_named(desk):
    words = desk.fails("run", "-n2", "--mpi=none", "-o", "/nowhere/%t", "true")
    assert "--output" in words and "/nowhere/0" in words
    assert "--output=7" in desk.fails("run", "-n2", "--mpi=none", "-o", "7", "true")


# -------------------------------------------------------------------- input


def test_input_goes_to_all_tasks(desk):
    text = "".join(f"line {i}\n" for i in range(50000))
    out = desk.berth("run", "-N3", "-n6", "--mpi=none", "-l", "cat", input=text).stdout
    for rank in range(6):
        own = [line[3:] for line in out.splitlines(True) if line.startswith(f"{rank}: ")]
        assert "".join(own) == text


def test_input_goes_to_one_task(desk):
    text = "x" * 300000 + "\n"
    result = desk.berth("run", "-N3", "-n3", "--mpi=none", "-i", "2", "sh", "-c",
                        "echo $SLURM_PROCID $(wc -c)", input=text).stdout
    assert sorted(result.splitlines()) == ["0 0", "1 0", "2 300001"]


def test_input_from_files(desk):
    (desk.dir / "all").write_text("for all\n")
    for rank in range(3):
        (desk.dir / f"in.{rank}").write_text(f"for {rank}\n")
    out = desk.berth("run", "-n2", "--mpi=none", "-i", "all", "cat", input="own\n").stdout
    assert out == "own\nown\n"
    out = desk.berth("run", "-n2", "--mpi=none", "-i", "./all", "cat", input="own\n").stdout
    assert out == "for all\nfor all\n"
    out = desk.berth("run", "-N3", "-n3", "--mpi=none", "-l", "-i", "in.%t", "cat").stdout
    assert sorted(out.splitlines()) == ["0: for 0", "1: for 1", "2: for 2"]
    assert desk.berth("run", "-n1", "-i", "none", "cat", input="own\n").stdout == ""
    words = desk.berth("run", "-n4", "--mpi=none", "-i", "in.%t", "true", check=False).stderr
    assert "--input" in words and "/in.3: No such file" in words


def test_a_task_that_has_ended_holds_up_no_input(desk):
    text = "y" * (1 << 20)
    out = desk.berth("run", "-N2", "-n2", "--mpi=none", "sh", "-c",
                     "[ $SLURM_PROCID = 1 ] || wc -c", input=text).stdout
    assert out.strip() == str(1 << 20)


# ----------------------------------------------------------------- terminals


class Terminal:
    """A command of Berth's on a terminal of its own."""

    def __init__(self, desk, *argv, rows=33, columns=101, env=None):
        env = environment(desk.dir, {"BERTH_CONF": str(desk.cluster.dir / "berth.yaml"),
                                     "TERM": "dumb", "PS1": "$ ", **(env or {})})
        self.desk = desk
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            os.chdir(desk.dir)
            command = [*as_user(desk.user), "berth", *map(str, argv)]
            os.execvpe(command[0], command, env)
        self.resize(rows, columns)
        desk.terminals.append(self)
        self.text = ""

    def resize(self, rows, columns):
        fcntl.ioctl(self.fd, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    def say(self, text):
        os.write(self.fd, text.encode())

    def read(self, seconds=60):
        if not select.select([self.fd], [], [], seconds)[0]:
            raise AssertionError(f"nothing more came after {self.text!r}")
        try:
            piece = os.read(self.fd, 65536).decode()
        except OSError:
            piece = ""
        self.text += piece
        return piece

    def until(self, words):
        """Wait for these words; what came up to them is forgotten."""
        while words not in self.text:
            assert self.read(), f"{words!r} did not come: {self.text!r}"
        before, _, self.text = self.text.partition(words)
        return before

    def end(self):
        """Its exit status, once all has been read."""
        while self.read():
            pass
        self.desk.terminals.remove(self)
        os.close(self.fd)
        return os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])


@pytest.fixture(autouse=True)
def terminals(desk):
    """Those of the test; what has not ended is ended."""
    desk.terminals = []
    yield
    for term in desk.terminals:
        os.kill(term.pid, signal.SIGKILL)
        os.waitpid(term.pid, 0)
        os.close(term.fd)


@pytest.mark.parametrize("where", ["new job", "image"])
def test_a_shell_on_a_terminal_is_as_with_ssh(desk, where):
    options = ["--image", "small"] if where == "image" else []
    term = Terminal(desk, "run", "--pty", *options, "sh", "-i")
    term.until("$ ")
    term.say("ls -l /proc/self/fd/0; test -t 1 && test -t 2 && echo all-$((1+1))\n")
    assert "/dev/pts/" in term.until("all-2")
    term.until("$ ")
    term.say("exit 37\n")
    assert term.end() == 37


def test_the_terminal_has_a_size_that_follows(desk):
    term = Terminal(desk, "run", "--pty", "bash", "--norc", rows=41, columns=97)
    term.until("$ ")
    term.say("stty size; trap 'echo now $(stty size)' WINCH\n")
    term.until("41 97")
    term.until("$ ")
    term.resize(50, 120)
    wait_until(lambda: (term.say("\n"), time.sleep(0.2), term.read(),
                        "now 50 120" in term.text)[-1])
    term.say("\x04")
    assert term.end() == 0


def test_keys_reach_the_program_inside(desk):
    term = Terminal(desk, "run", "--pty", "bash", "--norc")
    term.until("$ ")
    term.say("sh -c 'echo in-$((1+1)); exec sleep 600'\n")
    term.until("in-2")
    term.say("\x03")
    term.until("$ ")
    term.say("echo status $?\n")
    term.until("status 130")
    term.until("$ ")
    term.say("sh -c 'echo in-$((2+2)); exec sleep 601'\n")
    term.until("in-4")
    term.say("\x1a")
    term.until("Stopped")
    term.say("jobs; kill %1; exit 5\n")
    term.until("sleep 601")
    # A shell with stopped jobs wants to be asked twice, or not: both are its business.
    term.say("exit 5\n")
    assert term.end() == 5


def test_a_terminal_inside_an_allocation_and_a_container(desk):
    script = "#!/bin/sh\n: > up\nexec sleep 600\n"
    job = desk.submit("--image", "small", "-N2", "-n2", script=script)
    wait_until((desk.dir / "up").exists)
    term = Terminal(desk, "exec", "-t", "-i", job, "sh", "-i")
    term.until("# " if desk.user == 0 else "$ ")
    term.say("berth run --pty -N2 -n2 sh -c '[ $SLURM_PROCID = 1 ] || { ls -l /proc/$$/fd/2; "
             "exit 9; }'; echo came-$?\n")
    assert "/dev/pts/" in term.until("came-9")
    term.say("exit\n")
    term.end()


def test_other_tasks_of_a_terminal_have_no_streams(desk):
    term = Terminal(desk, "run", "--pty", "-n3", "--mpi=none", "sh", "-c",
                    "echo task $SLURM_PROCID; cat >/dev/null")
    term.until("task 0")
    term.say("\x04")
    assert term.end() == 0
    assert "task" not in term.text


def test_a_terminal_is_restored(desk):
    term = Terminal(desk, "run", "--pty", "sh", "-c", "echo up; sleep 600")
    term.until("up")
    assert not termios.tcgetattr(term.fd)[3] & termios.ICANON
    os.kill(term.pid, signal.SIGTERM)
    wait_until(lambda: termios.tcgetattr(term.fd)[3] & termios.ICANON)
    assert term.end() == 128 + signal.SIGTERM


def test_without_a_terminal_of_ones_own_it_still_works(desk):
    result = desk.berth("run", "--pty", "sh", "-c", "tty; stty size; cat", input="hello\n")
    assert "/dev/pts/" in result.stdout and "24 80" in result.stdout
    assert result.stdout.endswith("hello\n")
    assert desk.berth("run", "--pty", "sh", "-c", "read x || echo end").stdout == "end\n"
    assert "--pty" in desk.fails("run", "--pty", "-o", "%t", "true")
