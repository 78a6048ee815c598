# SPDX-License-Identifier: Apache-2.0
"""The runtime oci: the same probes give the same answers as in Berth's own containers."""
import os
import re
import shutil
import signal

import pytest

from conftest import new_cluster, new_desk, close_desk, remove
from desk import USER

PROGRAMS = [pytest.param(name, marks=pytest.mark.skipif(
    not shutil.which(name), reason=f"{name} is not installed")) for name in ("crun", "runc")]

# What must be alike, whoever made the container. Names of mounts differ, roots do not.
PROBES = {
    "ids": "id; echo $HOME; ls -ld $HOME",
    "files": "ls -ld / /etc /tmp /run /dev/shm; cat /etc/marker; ls /",
    # crun links /dev/core to a file that is hidden.
    "devices": "ls -L /dev | while read -r d; do [ $d = core ] || echo $d; done; [ -c /dev/null ] && echo null; echo x > /dev/shm/x && echo shm",
    "limits": "ulimit -a",
    "powers": "while read -r line; do case $line in Cap*|NoNew*|Seccomp:*) echo $line;; esac; "
              "done < /proc/self/status",
    "descriptors": "ls /proc/self/fd",
    "environment": "env",
    "writable": "echo y > /tmp/y && cat /tmp/y; echo z > /z 2>/dev/null && cat /z",
    "masks": "cat /proc/kcore 2>/dev/null | read -r x; echo $?; "
             "(echo 1 > /proc/sys/kernel/panic) 2>/dev/null || echo no",
    "system": "(echo 1 > /sys/kernel/mm/ksm/run) 2>/dev/null || echo no",
    "place": "pwd; hostname; cat /etc/hosts",
    "first": "cat /proc/1/comm",
}


@pytest.fixture(scope="module", params=PROGRAMS)
def site(request, small_tar, mpi_tar):
    """Two nodes whose administrator has chosen that program."""
    cluster = new_cluster()
    cluster.up("--nodes", "2", "--cores-per-node", "4")
    cluster.berth("image", "import", "-", "small", stdin=open(small_tar, "rb"))
    cluster.berth("image", "import", "-", "mpi", stdin=open(mpi_tar, "rb"))
    cluster.restart(change=lambda text:
                 f"container: {{runtime: oci, oci_program: {request.param}}}\n" + text)
    yield cluster
    remove(cluster)


@pytest.fixture(params=[0, USER], ids=["root", "user"])
def desk(request, site):
    place = new_desk(site, "oci", request.param)
    yield place
    close_desk(place)


def probe(desk, runtime, script, *options):
    out = desk.berth("run", "--runtime", runtime, "--image", "small", *options, "sh", "-c",
                     script).stdout
    # Numbers of jobs, and times, are their own.
    return re.sub(r"(?m)job\.\d+\.\d+|=\d+$|^(BERTH|SLURM)_\S*|"
                  r"[A-Z][a-z]{2} +\d+ \d+:\d+", "N", out)


def answers(desk, runtime):
    """What each probe says, in one run."""
    script = "; ".join(f"echo '==={name}'; {text}" for name, text in PROBES.items())
    parts = probe(desk, runtime, script + "; true").split("===")[1:]
    return dict(part.split("\n", 1) for part in parts)


def test_it_looks_the_same_inside(desk):
    native = answers(desk, "native")
    assert set(native) == set(PROBES) and all(native.values())
    assert answers(desk, "oci") == native


def test_root_inside_is_the_same(desk):
    script = "id; cat /proc/self/uid_map; " + PROBES["powers"]
    native = probe(desk, "native", script, "--as-root")
    assert "uid=0" in native
    assert probe(desk, "oci", script, "--as-root") == native


def test_it_is_made_by_the_program(desk):
    # Who has made it shows in who the first process's parent's namespace is not; and
    # in the bundle that is there meanwhile.
    out = desk.berth("run", "--image", "small", "sh", "-c",
                     "cat /proc/1/cmdline; ls /run/berth").stdout
    assert out.startswith("/run/berth/init\0") and "init" in out.split()
    out = desk.berth("run", "--runtime=native", "--image", "small", "ls", "/run/berth").stdout
    assert out == "bin\n"


def groups_named(words):
    return {path for path, _, _ in os.walk("/sys/fs/cgroup") if words in path}


def test_it_stays_in_the_groups_of_its_job(desk):
    """The program would make groups of its own for root, without the job's limits."""
    before = groups_named("/berth-")
    native, other = (re.sub(r"job_\d+", "job", desk.berth(
        "run", "--runtime", runtime, "--image", "small", "cat", "/proc/self/cgroup").stdout)
        for runtime in ("native", "oci"))
    assert other == native
    assert groups_named("/berth-") == before


def test_exit_codes_and_signals_arrive(desk):
    assert desk.berth("run", "--image", "small", "sh", "-c", "exit 7",
                      check=False).returncode == 7
    assert desk.berth("run", "--image", "small", "sh", "-c", "kill -9 $$",
                      check=False).returncode == 128 + signal.SIGKILL
    result = desk.berth("run", "--image", "small", "no-such-program", check=False)
    assert result.returncode == 127 and "not found in PATH inside the image" in result.stderr


def test_input_and_mounts_go_in(desk):
    (desk.dir / "shown").mkdir()
    (desk.dir / "shown" / "file").write_text("mounted\n")
    out = desk.berth("run", "--image", "small", "--mount", f"{desk.dir}/shown:/data:ro", "sh",
                     "-c", "cat; cat /data/file; (echo x > /data/x) 2>/dev/null || echo ro",
                     input="given\n").stdout
    assert out == "given\nmounted\nro\n"


def test_a_script_and_its_step(desk):
    job = desk.submit("--image", "small", "-o", "out", "-n2", script=(
        "#!/bin/sh\necho script; /run/berth/bin/berth run sh -c 'echo task'\n"))
    assert desk.wait(job) == 0
    assert sorted(desk.text("out").split()) == ["script", "task", "task"]


def test_cancelling_ends_all_of_it(desk):
    job = desk.submit("--image", "small", "-o", "out", script=(
        "#!/bin/sh\nsleep 1000 & sleep 1000 & echo there; wait\n"))
    desk.until_text("out", "there")
    desk.berth("cancel", job)
    desk.until(job, "CANCELLED")


def test_mpi_across_two_tasks(desk):
    native = desk.berth("run", "--runtime=native", "--image", "mpi", "-N2", "-n4",
                        "/mpi/hello").stdout
    out = desk.berth("run", "--image", "mpi", "-N2", "-n4", "/mpi/hello").stdout
    assert len(out.splitlines()) == 4
    assert sorted(out.splitlines()) == sorted(native.splitlines())
    one = desk.berth("run", "--image", "mpi", "-N1", "-n2", "/mpi/ring", check=False)
    assert one.returncode == 0, one.stderr


def test_what_it_cannot_do_is_said(desk):
    words = desk.berth("run", "--runtime=oic", "--image", "small", "true", check=False)
    assert words.returncode == 2
    assert "--runtime: 'oic' is neither native nor oci, did you mean 'oci'?" in words.stderr
    assert desk.berth("run", "sh", "-c", "echo node").stdout == "node\n"
