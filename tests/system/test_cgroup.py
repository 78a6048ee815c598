# SPDX-License-Identifier: Apache-2.0
"""Control groups: limits that bite, what is said of it, and nothing left behind."""
import json
import os
import pathlib
import signal
import subprocess
import time

import pytest

from desk import AS_ROOT, Desk, wait_until
from test_faults import shepherd_of

ROOT = pathlib.Path("/sys/fs/cgroup")

pytestmark = pytest.mark.skipif(not AS_ROOT, reason="needs root: groups are root's")


def groups(desk, pattern):
    """Groups of the desk's cluster with such a name, in any tree."""
    found = subprocess.run(["find", ROOT, "-type", "d", "-path",
                            f"*/berth/{desk.cluster.name}.*/{pattern}"],
                           stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=False)
    return [pathlib.Path(line) for line in found.stdout.decode().splitlines()]


@pytest.fixture(autouse=True)
def known(shared):
    """Says why where there are no groups to test."""
    log = (shared.dir / "log" / "n1.log").read_text()
    if "info: cgroup v" not in log:
        pytest.skip(f"no control groups here: {log.splitlines()[0]}")


def hog(size):
    return f"x = bytearray({size} << 20); print(len(x))"


# -------------------------------------------------------------------- memory

def test_a_task_that_takes_too_much_memory_is_killed_and_told_why(desk):
    done = desk.berth("run", "--mem=64M", "python3", "-c", hog(200), check=False)
    assert done.returncode == 137
    assert "out of memory: task 0 was killed at the limit of 64M" in done.stderr
    assert done.stdout == ""


def test_the_same_task_runs_where_there_is_room(desk):
    assert desk.berth("run", "--mem=400M", "python3", "-c", hog(200)).stdout == "209715200\n"


def test_files_in_shared_memory_count_and_are_named(desk):
    done = desk.berth("run", "--mem=64M", "dd", "if=/dev/zero", "of=/dev/shm/x", "bs=1M",
                      "count=200", check=False)
    assert done.returncode == 137
    said = done.stderr.partition("files in /tmp and /dev/shm ")[2]
    assert int(said.partition("M")[0]) > 40, done.stderr


def test_a_child_that_is_killed_makes_its_step_fail(desk):
    done = desk.berth("run", "--mem=64M", "sh", "-c", f"python3 -c '{hog(200)}'; exit 0",
                      check=False)
    assert done.returncode == 1 and "out of memory" in done.stderr


def test_a_job_that_lacked_memory_says_so_and_what_it_used(desk):
    done = desk.berth("submit", "--wait", "--mem=64M", "-o", "out", "--wrap",
                      f"python3 -c '{hog(200)}'; exit 3", check=False)
    assert done.returncode == 137
    [number] = [word for word in done.stdout.split() if word.isdigit()]
    record = json.loads(desk.berth("show", "job", number, "--json").stdout)
    record = record.get("job", record)
    assert (record["state"], record["exit_code"], record["exit_signal"]) == \
        ("OUT_OF_MEMORY", 0, 125)
    assert "a process of the script was killed at the limit of 64M" in record["state_words"]
    assert 60000 < record["used"]["memory_peak_kib"] <= 65536
    shown = desk.berth("show", "job", number).stdout
    assert "0:125 (out of memory)" in shown and "memory used  64M at most" in shown


def test_a_job_fails_for_the_memory_that_its_step_lacked(desk):
    job = desk.submit("--mem=64M", "-o", "out", "--wrap",
                      f"berth run python3 -c '{hog(200)}'")
    desk.until(job, "OUT_OF_MEMORY")
    calm = desk.submit("--mem=64M", "-o", "out", "--wrap",
                       f"berth run python3 -c '{hog(200)}' || exit 0")
    desk.until(calm, "COMPLETED")


def test_processor_time_of_orphans_counts(desk):
    job = desk.submit("-o", "out", "--wrap",
                      "sh -c '(timeout 1.5 sh -c \"while :; do :; done\" &) ; exit 0'; sleep 2")
    desk.until(job, "COMPLETED")
    shown = json.loads(desk.berth("show", "job", job, "--json").stdout)
    used = shown.get("job", shown)["used"]
    assert used["user_usec"] + used["system_usec"] > 80000


# ---------------------------------------------------------------------- pids

BOMB = """
import os, time
n = 0
try:
    while n < 20000:
        if os.fork() == 0:
            time.sleep(600)
        n += 1
except OSError as error:
    print("stopped", n, error.errno)
os.kill(os.getpid(), 9)
"""


def test_a_fork_bomb_is_stopped_and_cleared_away(make_cluster):
    cluster = make_cluster()
    cluster.up("--nodes", "1", "--cores-per-node", "2")
    cluster.restart("n1", change=lambda text: text + "\ncgroup: {pids_max: 60}\n")
    done = cluster.berth("run", "python3", "-c", BOMB, check=False)
    words = done.stdout.split()
    assert words[0] == "stopped" and words[2] == "11", done
    assert 40 < int(words[1]) < 60
    assert cluster.berth("run", "echo", "fine").stdout == "fine\n"


# --------------------------------------------------------------------- cores

def test_a_task_has_the_processors_of_its_job_whatever_it_binds(make_cluster):
    """On the machine's own cores: those that are pretended bind nothing."""
    if os.cpu_count() < 2:
        pytest.skip("there is one processor only")
    cluster = make_cluster()
    cluster.up("--nodes", "1")
    widen = "taskset -p ffffffff $$ >/dev/null; nproc"
    done = cluster.berth("run", "-n1", "-c1", "--cpu-bind", "none", "sh", "-c", widen)
    assert 0 < int(done.stdout) < os.cpu_count()


# --------------------------------------------------------------------- order

def test_nothing_is_left_of_jobs_that_ended(desk):
    desk.berth("run", "-N2", "-n2", "true")
    job = desk.submit("-n2", "-o", "out", "--wrap", "berth run true; berth run -n2 true")
    assert desk.wait(job) == 0
    wait_until(lambda: not groups(desk, "job_*"), what="the end of all groups")


def may_spare():
    """Whether root may have a process spared here: CAP_SYS_RESOURCE says so."""
    status = pathlib.Path("/proc/self/status").read_text()
    return int(status.partition("CapEff:")[2].split()[0], 16) >> 24 & 1


def inside(desk, *words):
    """Groups of a running job, below its own."""
    return {path.name for path in groups(desk, "job_*/work/*") if path.name in words}


def test_a_shepherd_is_not_in_the_group_of_its_tasks(desk):
    desk.submit("-o", "out", "--wrap", "berth run sleep 471")
    shepherd = shepherd_of(desk, "sleep 471")
    assert "/shepherds" in pathlib.Path(f"/proc/{shepherd}/cgroup").read_text()
    ways = [os.readlink(fd) for fd in pathlib.Path(f"/proc/{shepherd}/fd").iterdir()]
    assert not [way for way in ways if way.endswith(("/tasks", "/cgroup.procs"))]
    [lead] = [pid for path in groups(desk, "job_*/work/batch")
              for pid in (path / "cgroup.procs").read_text().split()][:1]
    assert lead and inside(desk, "batch", "step_0") == {"batch", "step_0"}
    if may_spare():
        text = pathlib.Path(f"/proc/{shepherd}/oom_score_adj").read_text()
        assert text == "-1000\n"


def test_a_job_cannot_leave_its_group(desk):
    """Not root's job either: it writes where it could, and stays."""
    script = ("for f in /sys/fs/cgroup/*/cgroup.procs /sys/fs/cgroup/*/tasks "
              "/sys/fs/cgroup/cgroup.procs; do echo $$ 2>&1 >$f; done 2>&1; "
              "cat /proc/self/cgroup")
    for options in ([], ["--as-root"], ["--container-image", "small"]):
        out = desk.berth("run", *options, "sh", "-c", script).stdout
        lines = [line for line in out.splitlines() if "memory" in line or "0::" in line]
        assert any("job_" in line for line in lines), out


# -------------------------------------------------------------------- faults

def test_a_killed_shepherd_leaves_no_group(own):
    job = own.submit("-o", "out", "--wrap", "berth run sleep 472")
    os.kill(shepherd_of(own, "sleep 472"), signal.SIGKILL)
    own.wait(job)
    wait_until(lambda: not groups(own, "job_*"), what="the end of all groups")


def test_groups_outlive_the_nodes_daemon_and_go_after_it(own):
    first = own.submit("-w", "n1", "-o", "one", "--wrap", "sleep 473")
    second = own.submit("-w", "n1", "-o", "two", "--wrap", "sleep 474")
    [shepherd, other] = [shepherd_of(own, line) for line in ("sleep 473", "sleep 474")]
    own.cluster.kill("n1")
    os.kill(shepherd, signal.SIGKILL)
    wait_until(lambda: not pathlib.Path(f"/proc/{shepherd}").exists())
    assert groups(own, f"job_{first}.1")
    own.cluster.start()
    wait_until(lambda: not groups(own, f"job_{first}.1"), what="the end of its group")
    assert groups(own, f"job_{second}.1")
    own.berth("cancel", second)
    wait_until(lambda: not groups(own, "job_*"), what="the end of all groups")


def test_a_cluster_is_taken_down_though_its_jobs_are_frozen(make_cluster):
    cluster = make_cluster()
    cluster.up("--nodes", "1", "--cores-per-node", "2")
    own = Desk(cluster, cluster.home)
    job = own.submit("-w", "n1", "-o", "out", "--wrap", "sleep 475")
    shepherd_of(own, "sleep 475")
    own.berth("cancel", "--signal=STOP", job)
    wait_until(lambda: frozen(own), what="the freeze")
    own.cluster.kill("n1")
    cluster.down()


# ------------------------------------------------------------------- freezer

def frozen(desk):
    """Whether a group of the cluster is frozen."""
    for path in groups(desk, "job_*/work/*"):
        for name, value in (("freezer.state", "FROZEN"), ("cgroup.freeze", "1")):
            if (path / name).exists() and (path / name).read_text().strip() == value:
                return True
    return False


def test_a_stopped_job_is_frozen_and_goes_on(desk):
    job = desk.submit("-o", "out", "--wrap",
                      "trap '' CONT; while sleep 0.02; do echo x; done")
    desk.until_text("out", "x")
    desk.berth("cancel", "--signal=STOP", job)
    wait_until(lambda: frozen(desk), what="the freeze")

    def stands_still():
        """What it wrote before is on its way for a moment."""
        before = len(desk.text("out"))
        time.sleep(0.3)
        return len(desk.text("out")) == before and before
    size = wait_until(stands_still, what="its standing still")
    desk.berth("cancel", "--signal=CONT", job)
    wait_until(lambda: len(desk.text("out")) > size, what="more output")


def test_a_frozen_job_can_be_cancelled(desk):
    job = desk.submit("-o", "out", "--wrap", "berth run sleep 476")
    shepherd_of(desk, "sleep 476")
    desk.berth("cancel", "--signal=STOP", job)
    wait_until(lambda: frozen(desk), what="the freeze")
    desk.berth("cancel", job)
    wait_until(lambda: desk.job(job)["state"] == "CANCELLED", what="the end")


PARTITIONS = """
scheduling: {preempt: partition, preempt_mode: suspend}
partitions:
  - {name: low, default: true, priority: 1}
  - {name: high, priority: 10}
"""


def test_a_job_that_makes_room_is_frozen_until_it_gets_it_back(make_cluster):
    cluster = make_cluster()
    cluster.up("--nodes", "1", "--cores-per-node", "2")
    place = Desk(cluster, cluster.home)
    conf = cluster.dir / "berth.yaml"
    conf.write_text(conf.read_text().partition("\npartitions:")[0] + PARTITIONS)
    place.cluster.restart("controller")
    low = place.submit("-c2", "-o", "low", "--wrap", "while sleep 0.02; do echo x; done")
    place.until_text("low", "x")
    high = place.submit("-p", "high", "-c2", "-o", "high", "--wrap",
                        "until test -e go; do sleep 0.05; done")
    place.until(low, "SUSPENDED")
    wait_until(lambda: frozen(place), what="the freeze")
    size = len(place.text("low"))
    (place.dir / "go").touch()
    assert place.wait(high) == 0
    place.until(low, "RUNNING")
    wait_until(lambda: len(place.text("low")) > size, what="more output")


# ------------------------------------------------------------------- devices

def test_a_device_that_is_not_common_is_refused(desk):
    """Root may open it: outside, and as far as the file's mode goes inside."""
    probe = ": <>/dev/null && echo null; : <>/dev/loop-control && echo loop"
    if not pathlib.Path("/dev/loop-control").exists():
        pytest.skip("there is no /dev/loop-control")
    assert subprocess.run(["sh", "-c", probe], check=False,
                          stdout=subprocess.PIPE).stdout == b"null\nloop\n"
    done = desk.berth("run", "sh", "-c", probe, check=False)
    assert done.stdout == "null\n" and "Operation not permitted" in done.stderr
