# SPDX-License-Identifier: Apache-2.0
"""Tasks on a node with 2x2 NUMA nodes are bound to what Berth says they are.

Berth says it twice: in a job's record (berth show) and in the task's environment
(BERTH_CORES). hwloc-bind and the kernel say inside the task what is so, and the
machine's description, which the virtual machine was made from, where that is.
"""
import collections
import json
import re

import pytest

import machine
from machine import numa_of, package_of


# What a task is bound to, in processors: those of its cores, or all of the job's in
# the domains that its cores lie in.
DOMAIN_OF = {"core": lambda pu: pu, "numa": numa_of, "package": package_of,
             "none": lambda pu: 0}

# command: 'task' in it is the program that tells where it is. The rest is what must
# come of it: tasks, cores that each has for itself, what they are bound to, and how
# many NUMA nodes and packages the tasks touch, all together.
Case = collections.namedtuple("Case", "held command tasks cores bind numa packages")
CASES = {
    "core": Case("", "berth run -n4 -c2 --cpu-bind core task", 4, 2, "core", 4, 2),
    "numa": Case("", "berth run -n4 -c2 --cpu-bind numa task", 4, 2, "numa", 4, 2),
    "package": Case("", "berth run -n4 -c2 --cpu-bind package task", 4, 2, "package",
                    4, 2),
    "none": Case("-n1", "berth run -n2 -c2 --cpu-bind none task", 2, 2, "none", 2, 1),
    "single cores": Case("", "berth run -n8 task", 8, 1, "core", 4, 2),
    "one NUMA node": Case("", "berth run -n2 task", 2, 1, "core", 1, 1),
    "one NUMA node, shared": Case("", "berth run -n2 --cpu-bind numa task", 2, 1,
                                  "numa", 1, 1),
    "one package": Case("", "berth run -n2 -c2 task", 2, 2, "core", 2, 1),
    "a wide task": Case("", "berth run -n1 -c4 task", 1, 4, "core", 2, 1),
    "spread over two": Case("", "berth run -n2 --placement spread task", 2, 1, "core",
                            2, 2),
    "spread over four": Case("", "berth run -n4 --placement spread task", 4, 1, "core",
                             4, 2),
    "spread wide": Case("", "berth run -n2 -c2 --placement spread --cpu-bind package "
                        "task", 2, 2, "package", None, 2),
    "beside a job": Case("-n1", "berth run -n2 task", 2, 1, "core", 1, 1),
    "beside a package": Case("-n4", "berth run -n2 -c2 --cpu-bind package task", 2, 2,
                             "package", 2, 1),
    "steps": Case("", "berth alloc -n4 -c2 berth run -n8 -c1 task", 8, 1, "core", 4, 2),
    "part of a job": Case("", "berth alloc -n4 -c2 berth run -n2 -c2 task", 2, 2,
                          "core", 2, 1),
}

# Forms that name processors or NUMA nodes themselves, on the whole machine: what each
# task is bound to, and its memory, in the words of /proc/PID/numa_maps.
Form = collections.namedtuple("Form", "options tasks memory")
FOUR = "-n4 -c2"
FORMS = {
    "map_cpu": Form(f"{FOUR} --cpu-bind map_cpu:7,0,3*2", [{7}, {0}, {3}, {3}], None),
    "mask_cpu": Form(f"{FOUR} --cpu-bind mask_cpu:0xf,0x5",
                     [{0, 1, 2, 3}, {0, 2}, {0, 1, 2, 3}, {0, 2}], None),
    "rank": Form(f"{FOUR} --cpu-bind rank", [{0}, {1}, {2}, {3}], None),
    "rank_ldom": Form(f"{FOUR} --cpu-bind rank_ldom", [{0, 2}, {1, 3}, {4, 6}, {5, 7}],
                      None),
    "map_ldom": Form(f"{FOUR} --cpu-bind map_ldom:3,2", [{5, 7}, {4, 6}, {5, 7}, {4, 6}],
                     None),
    "mask_ldom": Form(f"{FOUR} --cpu-bind mask_ldom:0x3,0xc",
                      [{0, 1, 2, 3}, {4, 5, 6, 7}] * 2, None),
    "sockets": Form(f"{FOUR} --cpu-bind sockets",
                    [{0, 1, 2, 3}] * 2 + [{4, 5, 6, 7}] * 2, None),
    "memory, local": Form(f"{FOUR} --cpu-bind rank_ldom --mem-bind local",
                          [{0, 2}, {1, 3}, {4, 6}, {5, 7}],
                          ["bind:0", "bind:1", "bind:2", "bind:3"]),
    "memory, by a map": Form(f"{FOUR} --cpu-bind rank --mem-bind map_mem:3,0",
                             [{0}, {1}, {2}, {3}], ["bind:3", "bind:0"] * 2),
    "memory, by a mask": Form(f"{FOUR} --cpu-bind rank --mem-bind mask_mem:0x3,0xf",
                              [{0}, {1}, {2}, {3}], ["bind:0-1", "bind:0-3"] * 2),
    "memory, preferred": Form(f"{FOUR} --cpu-bind rank --mem-bind prefer,map_mem:2",
                              [{0}, {1}, {2}, {3}], ["prefer:2"] * 4),
    "memory, as it comes": Form(f"{FOUR} --cpu-bind rank", [{0}, {1}, {2}, {3}],
                                ["default"] * 4),
}
# Over the sockets of a node: the packages that each task is in.
DEALT = {
    "sockets in turn": ("-n4 -c2 -m block:cyclic", [{0}, {1}, {0}, {1}]),
    "one socket, then the other": ("-n4 -c2 -m block:block", [{0}, {0}, {1}, {1}]),
    "cores in turn": ("-n4 -c2 -m block:fcyclic", [{0, 1}] * 4),
}

Task = collections.namedtuple("Task", "job rank said mask bound cores allowed memory")


def numbers(text):
    """'0-2,5' as a set."""
    found = set()
    for part in filter(None, text.split(",")):
        first, _, last = part.partition("-")
        found.update(range(int(first), int(last or first) + 1))
    return found


def bits(mask):
    """hwloc's '0x00000005', or several of these of 32 bits each, as a set."""
    value = 0
    for word in mask.split(","):
        value = value << 32 | int(word or "0", 16)
    return {bit for bit in range(value.bit_length()) if value >> bit & 1}


def read_task(words):
    job, rank, said, mask, cores, allowed, memory = words
    return Task(int(job), int(rank), numbers(said), mask, bits(mask), numbers(cores),
                numbers(allowed), memory)


class Console:
    """What the virtual machine found, out of the lines with @."""

    def __init__(self, text):
        self.text = text
        self.numa, self.pu_of, self.cases, self.ended = {}, {}, {}, None
        self.case = {"words": []}
        for line in text.splitlines():
            found = re.match(r"@(\w+) ?(.*)", line)
            if found:
                getattr(self, f"_{found[1]}")(found[2])
            else:
                self.case["words"].append(line)

    def _numa(self, rest):
        node, pus = rest.split()
        self.numa[int(node)] = numbers(pus)

    def _core(self, rest):
        core, pus = rest.split()
        self.pu_of[int(core)], = numbers(pus)

    def _case(self, name):
        self.case = self.cases[name] = {"tasks": [], "job": None, "held": None,
                                        "status": None, "words": []}

    def _status(self, rest):
        self.case["status"] = int(rest)

    def _task(self, rest):
        self.case["tasks"].append(read_task(rest.split(" ")))

    def _job(self, rest):
        self.case["job"] = json.loads(rest)

    def _held(self, rest):
        self.case["held"] = json.loads(rest)

    def _end(self, rest):
        self.ended = rest


def add_files(vm):
    """The cases, and what they run."""
    for name in ("hwloc-bind", "hwloc-calc"):
        vm.files.program(vm.packages["hwloc-nox"] / "usr/bin" / name, f"/usr/bin/{name}")
    vm.files.text("/usr/bin/task", (machine.HERE / "task.sh").read_text(), 0o755)
    cases = [(name, case.held, case.command) for name, case in CASES.items()]
    cases += [(f"form {name}", "", f"berth run {form.options} task")
              for name, form in FORMS.items()]
    cases += [(f"dealt {name}", "", f"berth run {options} task")
              for name, (options, _) in DEALT.items()]
    vm.files.text("/cases", "".join("|".join(case) + "\n" for case in cases))


@pytest.fixture(scope="module")
def console(make_machine):
    vm = make_machine("hwloc-nox")
    add_files(vm)
    found = Console(vm.boot())
    print_table(found)
    return found


def show(items):
    return ",".join(map(str, sorted(items)))


def print_table(console):
    print(f"\n{'case':22} task  {'Berth says':11} {'hwloc-bind':11} {'bound to':9} "
          f"NUMA  package")
    for name, case in console.cases.items():
        for task in sorted(case["tasks"], key=lambda task: task.rank):
            print(f"{name:22} {task.rank:4}  {show(task.said):11} "
                  f"{task.mask:11} {show(task.bound):9} "
                  f"{show(set(map(numa_of, task.bound))):5} "
                  f"{show(set(map(package_of, task.bound)))}")


def test_the_machine_has_the_numa_nodes_that_it_was_given(console):
    given = {}
    for pu in range(machine.CORES):
        given.setdefault(numa_of(pu), set()).add(pu)
    assert console.numa == given
    assert sorted(console.pu_of) == list(range(machine.CORES))
    assert sorted(console.pu_of.values()) == list(range(machine.CORES))
    # Or logical and physical numbers would be the same, and mixing them up right.
    assert any(core != pu for core, pu in console.pu_of.items())


@pytest.fixture(params=CASES)
def ran(request, console):
    """A case, its tasks by rank, and what 'berth show' said of its jobs."""
    found = console.cases[request.param]
    assert found["status"] == 0, "\n".join(found["words"])
    tasks = sorted(found["tasks"], key=lambda task: task.rank)
    assert [task.rank for task in tasks] == list(range(CASES[request.param].tasks))
    return CASES[request.param], tasks, found["job"], found["held"]


def share_of(job):
    share, = job["placement"]["shares"]
    return share


def test_each_task_is_bound_to_the_cores_that_berth_says(console, ran):
    case, tasks, job, _ = ran
    granted = numbers(share_of(job)["cores"])
    for task in tasks:
        assert task.said <= granted
        assert task.bound == {console.pu_of[core] for core in task.said}
        assert task.cores == task.said
        assert task.allowed == task.bound
    if not case.command.startswith("berth alloc"):
        placed = [numbers(cores) for cores in share_of(job)["task_cores"]]
        assert placed == [task.said for task in tasks]


def test_binding_widens_a_task_to_the_domain_asked_for(console, ran):
    case, tasks, job, _ = ran
    granted = {console.pu_of[core] for core in numbers(share_of(job)["cores"])}
    assert len(granted) >= case.tasks * case.cores
    domain_of = DOMAIN_OF[case.bind]
    for task in tasks:
        domains = set(map(domain_of, task.bound))
        if case.bind == "core":
            assert len(task.bound) == case.cores
        assert task.bound == {pu for pu in granted if domain_of(pu) in domains}
    if case.bind == "core":
        assert sum(len(task.bound) for task in tasks) == len(
            set().union(*(task.bound for task in tasks)))


def test_tasks_lie_as_near_to_each_other_as_asked(ran):
    case, tasks, _, _ = ran
    touched = set().union(*(task.bound for task in tasks))
    assert len(set(map(package_of, touched))) == case.packages
    if case.numa:
        assert len(set(map(numa_of, touched))) == case.numa


def test_a_task_that_fits_is_in_one_numa_node(ran):
    case, tasks, _, _ = ran
    if case.bind == "core" and case.cores <= machine.CORES_PER_NUMA:
        for task in tasks:
            assert len(set(map(numa_of, task.bound))) == 1


def test_jobs_side_by_side_share_no_core(console, ran):
    case, tasks, _, held = ran
    assert bool(held) == bool(case.held)
    taken = numbers(share_of(held)["cores"]) if held else set()
    for task in tasks:
        assert not task.bound & {console.pu_of[core] for core in taken}


def tasks_of(console, name):
    found = console.cases[name]
    assert found["status"] == 0, "\n".join(found["words"])
    return sorted(found["tasks"], key=lambda task: task.rank)


@pytest.mark.parametrize("name", FORMS)
def test_each_form_binds_what_it_names(console, name):
    tasks = tasks_of(console, f"form {name}")
    assert [task.bound for task in tasks] == FORMS[name].tasks
    assert [task.allowed for task in tasks] == FORMS[name].tasks
    if FORMS[name].memory:
        assert [task.memory for task in tasks] == FORMS[name].memory


@pytest.mark.parametrize("name", DEALT)
def test_tasks_are_dealt_out_over_sockets(console, name):
    tasks = tasks_of(console, f"dealt {name}")
    assert [set(map(package_of, task.bound)) for task in tasks] == DEALT[name][1]
    assert set().union(*(task.bound for task in tasks)) == set(range(machine.CORES))
