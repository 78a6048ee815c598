# SPDX-License-Identifier: Apache-2.0
"""Arrays and dependencies: numbers, names of files, chains, a controller that dies
half way."""
import json

from desk import wait_until


def runs_of(desk, name):
    """How often each index began."""
    path = desk.dir / name
    counts = {}
    for word in path.read_text().split() if path.exists() else []:
        counts[int(word)] = counts.get(int(word), 0) + 1
    return counts


def test_elements_know_their_numbers_and_write_files_of_their_own(desk):
    number = desk.submit("--array", "2-6:2%2", "-o", "a-%A-%a.txt", "--wrap",
                         "echo $SLURM_ARRAY_JOB_ID $SLURM_ARRAY_TASK_ID of "
                         "$SLURM_ARRAY_TASK_COUNT, $SLURM_ARRAY_TASK_MIN to "
                         "$SLURM_ARRAY_TASK_MAX by $BERTH_ARRAY_TASK_STEP")
    desk.berth("wait", number)
    for index in 2, 4, 6:
        text = (desk.dir / f"a-{number}-{index}.txt").read_text()
        assert text == f"{number} {index} of 3, 2 to 6 by 2\n"
    listed = desk.berth("jobs", number, "--format", "%i %T", "--no-header").stdout
    assert sorted(listed.split("\n")) == ["", f"{number}_2 COMPLETED",
                                          f"{number}_4 COMPLETED",
                                          f"{number}_6 COMPLETED"]
    shown = json.loads(desk.berth("show", "job", f"{number}_4", "--json").stdout)
    assert (shown["array_job"], shown["array_task"]) == (number, 4)


def test_what_waits_is_one_line_and_elements_are_cancelled(desk):
    number = desk.submit("--array", "0-999%1", "-o", "/dev/null", "--wrap", "sleep 100")
    wait_until(lambda: f"{number}_0 RUNNING" in
               desk.berth("jobs", number, "--format", "%i %T").stdout)
    assert f"{number}_[1-999%1] PENDING" in \
        desk.berth("jobs", number, "--format", "%i %T").stdout
    desk.berth("cancel", f"{number}_[2-9]")
    assert f"{number}_[1,10-999%1]" in \
        desk.berth("jobs", number, "--format", "%i").stdout
    desk.berth("cancel", number)
    assert desk.berth("wait", number, check=False).returncode != 0
    assert desk.job(number)["state"] == "CANCELLED"


def test_a_chain_of_afterok_runs_in_order_and_ends_with_a_failure(desk):
    first = desk.submit("-o", "/dev/null", "--wrap", "sleep 0.5; echo 1 >> chain")
    array = desk.submit("-o", "/dev/null", "-d", f"afterok:{first}", "-a", "1-3",
                        "--wrap", "echo 2 >> chain; [ $SLURM_ARRAY_TASK_ID != 2 ]")
    bad = desk.submit("-o", "/dev/null", "-d", f"afternotok:{array}", "--wrap",
                      "echo 3 >> chain")
    never = desk.submit("-o", "/dev/null", "-d", f"afterok:{array}",
                        "--kill-on-invalid-dep=yes", "--wrap", "echo 4 >> chain")
    desk.berth("wait", bad)
    assert desk.berth("wait", never, check=False).returncode != 0
    assert desk.job(never)["state"] == "CANCELLED"
    assert (desk.dir / "chain").read_text().split() == ["1", "2", "2", "2", "3"]


def test_a_controller_that_dies_half_way_loses_and_repeats_nothing(own):
    number = own.submit("--array", "0-29", "-o", "/dev/null", "--wrap",
                        "echo $SLURM_ARRAY_TASK_ID >> begun; sleep 0.3")
    for part in 5, 15:
        wait_until(lambda part=part: len(runs_of(own, "begun")) >= part)
        own.cluster.restart("controller")
    own.berth("wait", number)
    assert runs_of(own, "begun") == {index: 1 for index in range(30)}
    assert own.job(number)["state"] == "COMPLETED"
