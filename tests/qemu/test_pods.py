# SPDX-License-Identifier: Apache-2.0
"""Pods under control groups of version 2, on a machine of four NUMA nodes."""
import lzma
import re

import pytest

import machine


def add_module(files, kernel):
    """The kernel's overlay file system, which images need; packages may compress it."""
    (module,) = kernel.parent.parent.glob("**/overlayfs/overlay.ko*")
    data = module.read_bytes()
    files.bytes("/overlay.ko", lzma.decompress(data) if module.suffix == ".xz" else data)


@pytest.fixture(scope="module")
def cases(make_machine):
    """What each case wrote, by its name."""
    vm = make_machine("hwloc-nox")
    add_module(vm.files, vm.kernel)
    machine.pod_files(vm.files)
    vm.files.text("/main", (machine.HERE / "pods.sh").read_text())
    vm.files.program(vm.packages["hwloc-nox"] / "usr/bin/hwloc-calc", "/usr/bin/hwloc-calc")
    vm.files.program(machine.plugin("cgroup_v2.so"))
    return vm.cases()


def values(text):
    """Lines "NAME WORDS" by their names."""
    return dict(line.split(" ", 1) for line in text.splitlines() if " " in line)


def cores(text):
    """How many processors a list of the kernel's names: "0-2,5"."""
    ends = [part.split("-") for part in text.replace(" ", "").split(",")]
    return {pu for end in ends for pu in range(int(end[0]), int(end[-1]) + 1)}


def test_a_guaranteed_pod_has_whole_cores_of_its_own_in_one_numa_node(cases):
    text = cases["guaranteed"]
    told = values(text)
    assert text.startswith("Guaranteed")
    assert told["memory.max"] == str(32 << 20) and told["memory.oom.group"] == "1"
    assert told["cpu.max"] == "200000 100000"
    pus = cores(told["cpuset"])
    assert len(pus) == 2 and len({machine.numa_of(pu) for pu in pus}) == 1
    assert told["score"] == "0"


def test_a_burstable_pod_weighs_what_it_asks_for_and_is_held_to_its_limits(cases):
    text = cases["burstable"]
    told = values(text)
    assert text.startswith("Burstable")
    assert told["memory.max"] == str(48 << 20) and told["cpu.max"] == "150000 100000"
    assert int(told["cpu.weight"]) < int(values(cases["guaranteed"])["cpu.weight"])
    assert 2 < int(told["score"]) < 1000


def test_best_effort_has_the_least_weight_and_goes_first(cases):
    told = values(cases["effort"])
    assert cases["effort"].startswith("BestEffort")
    assert told["cpu.weight"] == "1" and told["score"] == "1000"


def test_use_is_counted(cases):
    (line,) = [line for line in cases["top"].splitlines() if line.startswith("burner")]
    used = int(re.search(r"(\d+)m", line)[1])
    assert 300 <= used <= 1100, line


def test_nothing_is_left_of_deleted_pods(cases):
    assert "gone" in cases["deleted"]
    assert "none left" in cases["kills"]


def test_a_container_that_takes_too_much_memory_goes_as_a_whole_and_alone(cases):
    text = cases["out of memory"]
    assert re.search(r'eats .*"exitCode": ?137.*', text) and '"OOMKilled"' in text
    assert re.search(r'other .*"running"', text)


def test_processes_are_limited(cases):
    assert "can't fork" in cases["pids"] and "\nall" not in cases["pids"]


def test_halves_share_cores_and_whole_cores_are_left_alone(cases):
    told = {name: cores(words) for name, words in values(cases["slices"]).items()
            if name.startswith(("half", "whole"))}
    halves = set().union(*(told[f"half{i}"] for i in range(1, 5)))
    assert all(len(told[f"half{i}"]) == 1 for i in range(1, 5))
    assert len(halves) == 2 and len(told["whole"]) == 2
    assert not halves & told["whole"]
