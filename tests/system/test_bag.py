# SPDX-License-Identifier: Apache-2.0
"""Bags of commands: all of them run, once, whatever ends meanwhile."""
import contextlib
import json
import os
import pathlib
import re
import signal
import subprocess

import pytest

from desk import wait_until


def bag(desk, lines, *argv, name="in", **options):
    (desk.dir / name).write_text("".join(f"{line}\n" for line in lines))
    os.chown(desk.dir / name, desk.user, desk.user)
    return desk.berth("run", *argv, "--bag", name, **options)


def summary(result):
    return json.loads(result.stdout)


def indexes(text):
    """Indexes of successes in a log."""
    rows = [line.split("\t") for line in text.splitlines() if not line.startswith("#")]
    return [int(row[0]) for row in rows if row[2:4] == ["0", "0"]]


def processes(words):
    """Pids of processes with these words in their command line."""
    found = []
    for process in pathlib.Path("/proc").glob("[0-9]*"):
        try:
            line = (process / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
        except OSError:
            continue
        if words in line:
            found.append(int(process.name))
    return found


@pytest.mark.parametrize("image", [[], ["--image", "small"]], ids=["plain", "image"])
def test_thousands_of_commands_run_on_all_nodes(desk, image):
    """Also: quickly. Each is told about once."""
    result = bag(desk, (f"echo {i}" for i in range(2000)), *image, "-N4", "--exclusive")
    assert sorted(map(int, result.stdout.split())) == list(range(2000))
    log = desk.text("in.baglog")
    assert sorted(indexes(log)) == list(range(2000))
    assert {row.split("\t")[4] for row in log.splitlines()[2:-1]} == {
        "n1", "n2", "n3", "n4"}
    assert log.endswith("# complete\n")


def test_twenty_thousand_lines_from_a_pipe(desk):
    result = desk.berth("run", "-N4", "--exclusive", "--bag", "-", "--json", "-o", "none",
                        input="true\n" * 20000, timeout=300)
    assert summary(result)["succeeded"] == 20000
    assert not (desk.dir / "-.baglog").exists()


def test_a_line_is_a_command_of_the_shell_or_a_program(desk):
    result = bag(desk, ["echo one", "# comment", "", "echo $((1+1)) | tr 2 3",
                        "cd / && pwd", "A='x  y'; echo \"$A\""],
                 "-n1", "--keep-order")
    assert result.stdout == "one\n3\n/\nx  y\n"


def test_templates_take_lines_and_indexes(desk):
    text = "a b\n$HOME\n"
    out = desk.berth("run", "-n2", "--keep-order", "--bag", "-", "printf", "%s|%s\\n",
                     "<{}>", "{#}", input=text).stdout
    assert out == "<a b>|0\n<$HOME>|1\n"
    assert desk.berth("run", "-n1", "--bag", "-", "echo", input="x y\n").stdout == "x y\n"
    out = desk.berth("run", "-n2", "--keep-order", "--bag-range", "8-12:2,3", "--", "sh",
                     "-c", "echo {} $BERTH_BAG_INDEX $BERTH_BAG_ATTEMPT").stdout
    assert out == "3 3 1\n8 8 1\n10 10 1\n12 12 1\n"


def test_output_is_not_mixed_and_comes_in_order_if_wished(desk):
    lines = [f"i=0; while [ $i -lt 20 ]; do echo {n}; i=$((i+1)); done" for n in range(60)]
    out = bag(desk, lines, "-N4", "-n8", "--keep-order").stdout
    assert out == "".join(f"{n}\n" * 20 for n in range(60))
    out = bag(desk, lines, "-N4", "-n8").stdout
    assert sorted(re.sub(r"(\d+\n)\1{19}", r"\1", out).split(), key=int) == [
        str(n) for n in range(60)]


def test_labels_name_the_command(desk):
    out = bag(desk, ["echo a", "printf 'b\\nc'"], "-n1", "-l").stdout
    assert out == "0: a\n1: b\n1: c\n"


def test_bytes_and_long_lines_pass_whole(desk):
    command = "head -c 3000000 /dev/zero; printf '\\377\\001'"
    (desk.dir / "in").write_text(f"{command}\ntrue\n{command}\n")
    desk.berth("run", "-n2", "--bag", "in", "-o", "out.%t")
    data = (desk.dir / "out.0").read_bytes()
    assert data == b"\0" * 3000000 + b"\xff\x01"
    assert (desk.dir / "out.1").read_bytes() == b""
    assert (desk.dir / "out.2").read_bytes() == data


def test_failures_are_a_table(desk):
    result = bag(desk, ["true", "sh -c 'echo why >&2; exit 3'", "kill -SEGV $$",
                        "no-such-program"], "-n1", check=False)
    assert result.returncode == 1
    rows = {line.split()[0]: line for line in result.stderr.splitlines() if line[:10].strip()}
    assert "exit 3" in rows["1"] and "echo why" in rows["1"]
    assert "SIGSEGV" in rows["2"]
    assert "exit 127" in rows["3"]
    assert "           | why\n" in result.stderr
    assert "not found" in result.stderr
    assert "1 commands succeeded, 3 failed" in result.stderr
    document = summary(bag(desk, ["exit 3"], "-n1", "--json", name="two", check=False))
    assert (document["failed"], document["failures"][0]["exit_code"]) == (1, 3)


def test_what_fails_is_tried_again(desk):
    line = "echo $BERTH_BAG_ATTEMPT; [ $BERTH_BAG_ATTEMPT = 3 ]"
    result = bag(desk, [line] * 5, "-N2", "-n4", "--retry", "2")
    assert result.stdout == "3\n" * 5
    assert "10 attempts were repeated" in result.stderr
    result = bag(desk, [line], "-n1", "--retry", "1", check=False, name="two")
    assert (result.returncode, result.stdout) == (1, "2\n")


def test_a_command_over_its_time_is_ended(desk):
    result = bag(desk, ["sleep 100", "true"], "-n2", "--timeout", "0.3", "--json",
                 check=False)
    assert result.returncode == 1
    document = summary(result)
    assert document["succeeded"] == 1
    assert [f["timed_out"] for f in document["failures"]] == [True]


def test_nothing_begins_after_too_many_failures(desk):
    result = bag(desk, ["false"] * 3 + ["sleep 0.2"] * 1000, "-n2", "--max-failures", "2",
                 "--json", check=False)
    assert result.returncode == 1
    document = summary(result)
    assert document["failed"] in (2, 3) and document["max_failures_reached"]
    assert document["not_ended"] > 900 and not document["complete"]
    assert "too many failures" in result.stderr


def test_what_a_command_leaves_behind_is_ended(desk):
    mark = f"30{os.getpid()}"
    result = bag(desk, [f"sleep {mark} & echo done", "echo next"], "-n1", "--keep-order")
    assert result.stdout == "done\nnext\n"
    wait_until(lambda: not processes(f"sleep {mark}"), what="the end of what was left")


def test_each_slot_has_its_cores(desk):
    out = bag(desk, ["echo $SLURM_PROCID $SLURM_LOCALID $BERTH_CORES; sleep 0.1"] * 8,
              "-N2", "-n4", "-c2").stdout
    slots = {tuple(line.split()) for line in out.splitlines()}
    assert {slot[0] for slot in slots} <= {"0", "1", "2", "3"}
    assert len({slot[0] for slot in slots}) == len(slots) >= 2


def test_in_a_job_it_fills_the_allocation(desk):
    script = ("#!/bin/sh\nseq 16 | berth run -Q --bag - sh -c 'echo $SLURM_NTASKS' {}\n")
    job = desk.submit("-N2", "--exclusive", "-o", "out", script=script)
    assert desk.wait(job) == 0, desk.text("out")
    assert desk.text("out") == "8\n" * 16


def test_wrong_input_is_refused_before_anything_runs(desk):
    (desk.dir / "nul").write_bytes(b"true\na\0b\n")
    assert "line 2" in desk.fails("run", "-n1", "--bag", "nul")
    assert "no-file" in desk.fails("run", "-n1", "--bag", "no-file")
    assert "--bag-range" in desk.fails("run", "-n1", "--bag-range", "5-", "--", "echo")
    assert "--retry" in desk.fails("run", "-n1", "--retry", "2", "true", status=2)
    assert "one or the other" in desk.fails("run", "--bag", "nul", "--bag-range", "1",
                                            "echo", status=2)
    assert desk.jobs() == []


def test_a_client_that_was_killed_is_gone_on_with(desk):
    lines = [f"echo {i} >> ran; sleep 0.05" for i in range(60)]
    (desk.dir / "in").write_text("".join(f"{line}\n" for line in lines))
    client = desk.start("run", "-n4", "--bag", "in")
    wait_until(lambda: (desk.dir / "in.baglog").exists() and
               len(indexes(desk.text("in.baglog"))) >= 8, what="a record")
    client.kill()
    client.wait()
    recorded = set(indexes(desk.text("in.baglog")))
    assert 8 <= len(recorded) < 60
    assert "--resume" in desk.fails("run", "-n4", "--bag", "in")
    wait_until(lambda: all(node["state"] == "IDLE" for node in desk.cluster_nodes()),
               what="the end of the first run")
    ran = desk.text("ran").split()
    result = desk.berth("run", "-n4", "--bag", "in", "--resume")
    assert f"{len(recorded)} commands succeeded before" in result.stderr
    again = desk.text("ran").split()[len(ran):]
    assert set(map(int, again)) == set(range(60)) - recorded
    assert sorted(set(indexes(desk.text("in.baglog")))) == list(range(60))
    # Nothing is left: no job is needed to say so.
    result = desk.berth("run", "-n4", "--bag", "in", "--resume")
    assert "0 commands succeeded, 60 had succeeded before" in result.stderr


def test_a_command_that_was_changed_runs_again(desk):
    bag(desk, ["echo a", "echo b"], "-n1")
    assert bag(desk, ["echo a", "echo c"], "-n1", "--resume").stdout == "c\n"


def dispatchers(desk):
    return [pid for pid in processes("/berth .bag")
            if str(desk.dir) in os.readlink(f"/proc/{pid}/cwd")]


def parent(pid):
    return int(pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[1])


@pytest.mark.parametrize("victim", ["dispatcher", "shepherd"])
def test_what_a_lost_node_had_goes_elsewhere(desk, victim):
    lines = [f"echo {i}; sleep 0.1" for i in range(80)]
    (desk.dir / "in").write_text("".join(f"{line}\n" for line in lines))
    client = desk.start("run", "-N4", "-n8", "--bag", "in")
    wait_until(lambda: len(dispatchers(desk)) == 4, what="four dispatchers")
    wait_until(lambda: len(indexes(desk.text("in.baglog"))) >= 8, what="a record")
    # A dispatcher's parent is its container's first process; that one's the shepherd.
    # Found before the first is killed: its end may take others along.
    victims = [pid if victim == "dispatcher" else parent(parent(pid))
               for pid in dispatchers(desk)[:2]]
    os.kill(victims[0], signal.SIGKILL)
    with contextlib.suppress(ProcessLookupError):
        os.kill(victims[1], signal.SIGKILL)
    out, err = client.communicate(timeout=60)
    assert client.returncode == 0, err
    assert sorted(map(int, out.split())) == list(range(80))
    assert "go elsewhere" in err and "for a lost node" in err


def test_one_interrupt_lets_commands_end_and_two_kill(desk):
    sleep = f"sleep 1.0{os.getpid()}"
    lines = [f"echo begun; {sleep}; echo ended"] * 2 + [sleep] * 50
    (desk.dir / "in").write_text("".join(f"{line}\n" for line in lines))
    client = desk.start("run", "-n2", "--bag", "in", "--keep-order")
    wait_until(lambda: processes(sleep), what="the first command")
    client.send_signal(signal.SIGINT)
    out, err = client.communicate(timeout=60)
    assert client.returncode == 130
    assert out.startswith("begun\nended\n") and "did not end" in err
    client = desk.start("run", "-n2", "--bag", "in", "--resume")
    mark = wait_until(lambda: dispatchers(desk), what="a dispatcher")
    wait_until(lambda: processes(sleep), what="a command")

    def ended_by_interrupts():
        """Two that are sent at once may be one."""
        client.send_signal(signal.SIGINT)
        with contextlib.suppress(subprocess.TimeoutExpired):
            return client.wait(0.1)
    assert wait_until(ended_by_interrupts, what="its end") == 130
    wait_until(lambda: not set(mark) & set(dispatchers(desk)), what="the end")


def test_a_bag_longer_than_memory_allows_streams(desk):
    """More than the window of what may be ahead, with long lines."""
    line = "true " + "x" * 2000 + "\n"
    result = desk.berth("run", "-N4", "--exclusive", "--bag", "-", "--json", "-o", "none",
                        input=line * 1200)
    assert summary(result)["succeeded"] == 1200
