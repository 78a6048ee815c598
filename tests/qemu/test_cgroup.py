# SPDX-License-Identifier: Apache-2.0
"""Control groups of version 2 bite, in a virtual machine that has nothing else."""
import json
import re

import pytest

import machine

CORES, MEMORY = 4, 640


@pytest.fixture(scope="module")
def cases(make_machine):
    """What each case wrote, by its name: text, exit status, job."""
    vm = make_machine()
    vm.files.text("/main", (machine.HERE / "cgroup.sh").read_text())
    vm.files.program(machine.plugin("cgroup_v2.so"))
    return vm.cases(machine.plain(CORES, MEMORY))


def status(text):
    return int(re.search(r"@status (\d+)", text)[1])


def test_the_daemon_finds_version_2(cases):
    assert "info: cgroup v2: /sys/fs/cgroup/berth/qemu.n1." in cases[""]
    assert "not here" not in cases[""]


def test_a_task_that_takes_too_much_memory_is_killed_and_told_why(cases):
    text = cases["memory"]
    assert status(text) == 137
    assert "out of memory: task 0 was killed at the limit of 48M (--mem)" in text
    assert int(re.search(r"processes had about (\d+)M", text)[1]) > 40
    assert status(cases["memory enough"]) == 0


def test_files_in_shared_memory_count(cases):
    text = cases["shared memory"]
    assert status(text) == 137
    assert int(re.search(r"/dev/shm (\d+)M", text)[1]) > 35


def test_a_job_ends_out_of_memory_and_says_what_it_used(cases):
    job = json.loads(re.search(r"@job (.*)", cases["job"])[1])
    assert (job["state"], job["exit_code"], job["exit_signal"]) == ("OUT_OF_MEMORY", 0, 125)
    assert 40 << 10 < job["used"]["memory_peak_kib"] <= 52 << 10


def test_processes_are_limited(cases):
    assert "can't fork" in cases["pids"]


def test_tasks_have_the_processors_of_their_job(cases):
    words = cases["cores"].split()
    assert words[0] == "2"
    assert re.fullmatch(r"\d-\d|\d,\d", words[2]), words


def test_a_device_that_all_may_open_is_refused_inside(cases):
    text = cases["no device"]
    assert "outside" in text and "null" in text and "inside" not in text
    assert "Operation not permitted" in text or "nonexistent" not in text
    assert "inside" in cases["one more device"]


def test_a_stopped_job_stands_still_goes_on_and_can_be_cancelled(cases):
    assert "frozen 0" in cases["freezer"] and "goes on" in cases["freezer"]
    assert status(cases["freezer"]) == 0


def test_a_job_of_roots_cannot_leave_its_group(cases):
    text = cases["leave"]
    assert re.search(r"0::/berth/qemu\.n1\.\w+/job_\d+\.1/work/step_0", text), text
    assert text.count("Read-only file system") > 2


def test_nothing_is_left_of_killed_shepherds_and_daemons(cases):
    assert status(cases["shepherd"]) == 0
    assert "left" in cases["daemon"] and status(cases["daemon"]) == 0
    assert "job_" not in cases["left"]


def test_the_daemon_makes_room_in_a_group_that_it_is_in(cases):
    text = cases["delegated"]
    assert "0::/service/berthd" in text
    assert re.search(r"0::/service/berth/qemu\.n1\.\w+/job_\d+\.1/work/step_0", text)


def test_all_of_a_step_dies_together_where_that_is_configured(cases):
    assert "survived" not in cases["kill all"]
    assert "out of memory" in cases["kill all"]
