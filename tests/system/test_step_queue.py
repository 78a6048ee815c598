# SPDX-License-Identifier: Apache-2.0
"""Steps of one allocation: which fit, which wait, in what order, and what is told of them."""
import json
import re

import pytest

from desk import wait_until

MAX_NODES = ["-N4", "-n16"]


def script(desk, body, *options, name="job.sh"):
    """Run a batch script to its end; its status and output."""
    (desk.dir / name).write_text(f"#!/bin/sh\n{body}")
    job = desk.submit("-o", f"{name}.out", *options, str(desk.dir / name))
    status = desk.wait(job)
    return status, desk.text(f"{name}.out")


def allocation(desk, *options):
    """A job that holds its nodes until its file is gone; it leads nothing itself."""
    (desk.dir / "go").write_text("")
    job = desk.submit("-o", "held.out", *options, "--wrap",
                      f"while test -e {desk.dir}/go; do sleep 0.1; done")
    desk.until(job, "RUNNING")
    return job


def steps(desk, job):
    return {step["step_id"]: step
            for step in json.loads(desk.berth("jobs", "--steps", "--json", job).stdout)["steps"]}


def run_async(desk, job, *argv):
    return desk.berth("run", f"--jobid={job}", "--async", *argv).stdout.strip()


@pytest.fixture
def held(desk):
    """Four nodes with four cores each, for steps from outside."""
    job = allocation(desk, "-N2", "--ntasks-per-node=4", "--mem=500M")
    yield job
    (desk.dir / "go").unlink(missing_ok=True)
    desk.berth("cancel", job, check=False)


def test_200_concurrent_steps_all_end_with_their_own_status(desk):
    status, out = script(desk, """
i=0
while [ $i -lt 200 ]; do
    (berth run -n1 sh -c "exit $((i % 7))"; echo "$i $?") &
    i=$((i + 1))
done
wait
""", "-N2", "-n8")
    assert status == 0, out
    pairs = dict(map(int, line.split()) for line in out.splitlines()
                 if re.fullmatch(r"\d+ \d+", line))
    assert pairs == {i: i % 7 for i in range(200)}, out


def test_steps_that_do_not_fit_wait_for_those_that_run(held, desk):
    names = [run_async(desk, held, "-n8", "-o", f"o{i}", "sh", "-c", "sleep 0.3; echo done")
             for i in range(3)]
    for i, name in enumerate(names):
        assert desk.berth("wait", name).returncode == 0
        assert desk.text(f"o{i}") == "done\n" * 8
    times = [steps(desk, held)[i] for i in range(3)]
    assert all(times[i]["end_time"] <= times[i + 1]["start_time"] + 1 for i in range(2))


def test_a_step_can_refuse_to_wait(held, desk):
    first = run_async(desk, held, "-n8", "sleep", "100")
    wait_until(lambda: steps(desk, held)[0]["has_started"])
    result = desk.berth("run", f"--jobid={held}", "--immediate", "-n1", "true", check=False)
    assert result.returncode == 1
    assert "--immediate: other steps use the cores" in result.stderr
    desk.berth("cancel", first)
    assert desk.berth("wait", first, check=False).returncode != 0
    assert desk.berth("run", f"--jobid={held}", "--immediate", "-n1", "hostname").stdout


@pytest.mark.parametrize("options, words", [
    (["-n9"], "--ntasks=9"),
    (["-N3"], "--nodes=3: the allocation has 2"),
    (["-r2"], "--relative=2: the allocation has 2 nodes"),
    (["-w", "n99"], "--nodelist=n99"),
    (["--mem=900T"], "--mem="),
    (["--gpus-per-task=1"], "--gpus-per-task: 1 of gpu"),
    (["--dependency=afterok:77"], "--dependency: there is no step 77"),
    (["--dependency=aftrok:0"], "did you mean 'afterok'?"),
])
def test_what_can_never_be_is_refused_by_its_option(held, desk, options, words):
    result = desk.berth("run", f"--jobid={held}", *options, "true", check=False)
    assert result.returncode != 0
    assert words in result.stderr


def test_a_small_step_passes_a_large_one_only_where_it_takes_nothing(held, desk):
    half = run_async(desk, held, "-n4", "-N1", "sleep", "100")
    wait_until(lambda: steps(desk, held)[0]["has_started"])
    run_async(desk, held, "-n8", "true")
    run_async(desk, held, "-n1", "true")
    assert steps(desk, held)[1]["state"] == "PENDING"
    assert steps(desk, held)[1]["why"] == "other steps use the cores"
    # The large one needs all, so nothing may pass; one of seven leaves a core.
    assert steps(desk, held)[2]["state"] == "PENDING"
    assert desk.berth("run", f"--jobid={held}", "--overlap", "-n1", "hostname").stdout
    desk.berth("cancel", half)
    for i in (1, 2):
        assert desk.berth("wait", f"{held}.{i}").returncode == 0


def test_async_steps_live_on_and_are_waited_for(held, desk):
    name = run_async(desk, held, "-n2", "-l", "--mpi=none", "-o", "both-%J", "sh", "-c",
                     "echo out; echo err >&2; exit 3")
    result = desk.berth("wait", name, check=False)
    assert result.returncode == 3
    assert sorted(desk.text(f"both-{name}").splitlines()) == \
        ["0: err", "0: out", "1: err", "1: out"]
    shown = desk.berth("show", name).stdout
    assert f"Step {name}: FAILED" in shown and "exit         3:0" in shown
    # Asked again it is still known.
    assert desk.berth("wait", name, check=False).returncode == 3
    assert f"{name}" in desk.berth("jobs", "--steps", held).stdout


def test_an_async_step_whose_file_cannot_be_written_fails(held, desk):
    name = run_async(desk, held, "-o", "no-such-dir/x", "true")
    result = desk.berth("wait", name, check=False)
    assert result.returncode != 0


def test_async_steps_in_a_container_are_waited_for_inside(desk):
    status, out = script(desk, """
a=$(berth run --async -n1 -o a.out sh -c 'echo from a; exit 4')
b=$(berth run --async --dependency=afternotok:${a#*.} -n1 -o b.out sh -c "echo from b")
berth wait $a; echo "a $?"
berth wait ${b#*.}; echo "b $?"
""", "--image", "small", "-n2")
    assert status == 0, out
    assert "a 4" in out and "b 0" in out, out
    assert desk.text("a.out") == "from a\n"
    assert desk.text("b.out") == "from b\n"


def test_steps_wait_for_steps(held, desk):
    first = run_async(desk, held, "-n1", "sh", "-c", "sleep 0.5; exit 1")
    after = run_async(desk, held, "--dependency=afternotok:0", "-n1", "true")
    never = run_async(desk, held, f"--dependency=afterok:{held}.0", "-n1", "true")
    assert "step 0 has not ended" in desk.berth("show", never).stdout
    assert desk.berth("wait", first, check=False).returncode == 1
    assert desk.berth("wait", after).returncode == 0
    result = desk.berth("wait", never, check=False)
    assert result.returncode == 1
    assert "--dependency: step 0 has ended badly" in result.stderr


def test_nodes_of_the_allocation_are_chosen(desk):
    status, out = script(desk, """
echo relative $(berth run -r1 -N1 -n1 hostname)
echo excluded $(berth run -x n1 -N2 -n2 hostname | sort)
echo named $(berth run -w n2 -n1 hostname)
echo range $(berth run -N1-3 --ntasks-per-node=1 hostname | sort)
""", "-N3", "--ntasks-per-node=2", "-w", "n[1-3]")
    assert status == 0, out
    assert "relative n2\n" in out
    assert "excluded n2 n3\n" in out
    assert "named n2" in out
    assert "range n1 n2 n3\n" in out


def test_ranks_run_what_a_file_says(desk):
    (desk.dir / "progs").write_text("# who does what\n"
                                    "0 echo 'master %t'\n"
                                    "1,3 echo worker %t %o \\\n  of '%t'\n"
                                    "* echo rest %t %o\n")
    out = desk.berth("run", "-n5", "--mpi=none", "--multi-prog", "progs").stdout
    assert sorted(out.splitlines()) == ["master %t", "rest 2 0", "rest 4 1",
                                        "worker 1 0 of %t", "worker 3 1 of %t"]
    (desk.dir / "progs").write_text("0 true\n")
    result = desk.berth("run", "-n2", "--multi-prog", "progs", check=False)
    assert result.returncode != 0
    assert "--multi-prog: task 1 of 2 has no program" in result.stderr
    (desk.dir / "progs").write_text("0 true\n0 false\n")
    result = desk.berth("run", "-n2", "--multi-prog", "progs", check=False)
    assert "line 2" in result.stderr


def test_memory_of_a_step_is_counted_and_shown(held, desk):
    name = run_async(desk, held, "-n1", "-w", "n1", "--mem=64M", "sleep", "100")
    wait_until(lambda: steps(desk, held)[0]["has_started"])
    assert "64 MiB" in desk.berth("show", name).stdout
    result = desk.berth("run", f"--jobid={held}", "-I", "-w", "n1", "-n1", "--mem=0", "true",
                        check=False)
    assert "other steps use the memory" in result.stderr
    desk.berth("cancel", name)


def test_tasks_know_their_step(desk):
    names = ["SLURM_STEP_ID", "SLURM_STEP_NODELIST", "SLURM_STEP_NUM_NODES",
             "SLURM_STEP_NUM_TASKS", "SLURM_STEP_TASKS_PER_NODE", "SLURM_NODEID",
             "SLURM_LOCALID", "SLURMD_NODENAME", "SLURM_GTIDS", "SLURM_CPUS_ON_NODE"]
    status, out = script(desk, "berth run -n3 --exact sh -c 'echo %s $SLURM_TASK_PID $$'\n"
                         % " ".join(f"${name}" for name in names),
                         "-N2", "--ntasks-per-node=2", "-w", "n[1-2]")
    assert status == 0, out
    rows = sorted(line.split() for line in out.splitlines())
    assert [row[:10] for row in rows] == [
        ["0", "n[1-2]", "2", "3", "2,1", "0", "0", "n1", "0,1", "2"],
        ["0", "n[1-2]", "2", "3", "2,1", "0", "1", "n1", "0,1", "2"],
        ["0", "n[1-2]", "2", "3", "2,1", "1", "0", "n2", "2", "1"]], out
