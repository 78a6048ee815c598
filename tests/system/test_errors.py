# SPDX-License-Identifier: Apache-2.0
"""Bad input and a hostile world: one clear sentence, the right status, nothing
half done."""
import os
import shutil
import socket
import subprocess

import pytest

from conftest import new_desk
from desk import AS_ROOT, run


@pytest.mark.parametrize("script, words", [
    ("echo no interpreter\n", "#!"),
    ("", "empty"),
    ("\x7fELF and so on\n", "#!"),
    ("#!/bin/sh\r\necho dos\r\n", "DOS"),
    ("#!/bin/sh\n#SBATCH --ntask=3\n", "--ntasks"),
    ("#!/bin/sh\n#BERTH --time=soon\n", "'soon'"),
    ("#!/bin/sh\n#SBATCH -o 'never closed\n", "quot"),
], ids=["no-interpreter", "empty", "binary", "dos", "option", "value", "quote"])
def test_a_bad_script_is_refused_with_its_fault(desk, script, words):
    before = [job["id"] for job in desk.jobs("--all")]
    assert words in desk.fails("submit", input=script)
    assert [job["id"] for job in desk.jobs("--all")] == before


@pytest.mark.parametrize("argv, status, words", [
    (["submit", "--ntaks=2", "x"], 2, "did you mean --ntasks"),
    (["submit", "-Z", "x"], 2, "-Z"),
    (["submit", "--mem=lots", "--wrap", "x"], 2, "'lots'"),
    (["submit", "--nodes=4-2", "--wrap", "x"], 2, "4-2"),
    (["submit", "--wrap", "x", "--image", "smal"], 1, "did you mean 'small'"),
    (["submit", "--wrap", "x", "-N5"], 1, "5"),
    (["submit", "--wrap", "x", "-n17"], 1, "17"),
    (["submit", "--wrap", "x", "-c5"], 1, "5"),
    (["submit", "--wrap", "x", "--mem=900T"], 1, "mem"),
    (["submit", "--wrap", "x", "-p", "bach"], 1, "batch"),
    (["submit", "--wrap", "x", "-w", "n[1-9]"], 1, "n5"),
    (["submit", "--wrap", "x", "-x", "n[1-4]"], 1, "--exclude"),
    (["run", "-n17", "true"], 1, "17"),
    (["run", "--image", "smal", "true"], 1, "did you mean 'small'"),
    (["cancel", "4000000000"], 1, "4000000000"),
    (["show", "jbo", "1"], 2, "job"),
    (["cluster", "pu"], 2, "up"),
])
def test_impossible_wishes_name_what_is_wrong(desk, argv, status, words):
    before = [job["id"] for job in desk.jobs("--all")]
    assert words in desk.fails(*argv, status=status)
    assert [job["id"] for job in desk.jobs("--all")] == before


@pytest.mark.parametrize("argv, words", [
    (["-o", "/nonexistent/out"], "/nonexistent/out"),
    (["-i", "nothing-here"], "nothing-here"),
])
def test_files_of_a_job_that_cannot_be_opened_are_named(desk, argv, words):
    job = desk.submit(*argv, "--wrap", "true")
    assert desk.wait(job) == 1
    record = desk.job(job)
    assert record["state"] == "FAILED" and words in record["state_words"]


def test_an_interpreter_that_is_missing_is_named(desk):
    job = desk.submit("-o", "out", script="#!/no/such/interpreter\n")
    assert desk.wait(job) == 126
    assert "its interpreter or dynamic loader is missing" in desk.job(job)["state_words"]


def config_with(desk, name, **changes):
    """The cluster's configuration with other values for some keys."""
    lines = (desk.cluster.dir / "berth.yaml").read_text().splitlines()
    for key, value in changes.items():
        lines = [f"{line.split(key)[0]}{key}: {value}" if line.strip().startswith(f"{key}:")
                 else line for line in lines]
    path = desk.dir / name
    path.write_text("\n".join(lines) + "\n")
    return path


@pytest.mark.parametrize("command", [["jobs"], ["nodes"], ["ping"], ["cancel", "1"],
                                     ["submit", "--wrap", "true"], ["run", "true"]])
def test_a_missing_munged_is_named(desk, command):
    config = config_with(desk, "munge.yaml", socket="/nonexistent/munge.socket")
    words = desk.fails(command[0], "--config", config, *command[1:])
    assert "munge" in words and "/nonexistent/munge.socket" in words


@pytest.mark.parametrize("command", [["jobs"], ["nodes"], ["ping"], ["wait", "1"],
                                     ["submit", "--wrap", "true"], ["run", "true"]])
def test_a_dead_controller_is_named(desk, command):
    config = config_with(desk, "dead.yaml", port=1)
    words = desk.fails(command[0], "--config", config, *command[1:])
    assert "controller" in words and ":1 " in words


def test_a_daemon_whose_port_is_taken_says_so(desk):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        config = config_with(desk, "port.yaml", host="127.0.0.1", port=port,
                             state_dir=f'"{desk.dir}/state"')
        result = run("berthctld", "--config", config, check=False, timeout=30)
    assert result.returncode == 1
    assert f"{port}" in result.stderr and "in use" in result.stderr
    assert result.stderr.count("\n") == 1


@pytest.mark.parametrize("daemon", ["berthctld", "berthd"])
def test_a_daemon_names_file_and_line_of_a_config_error(desk, daemon):
    config = desk.dir / "bad.yaml"
    config.write_text("cluster: x\ncontroler:\n  host: h\n")
    result = run(daemon, "--config", config, check=False, timeout=30)
    assert result.returncode == 3
    assert f"{config}:2: controler: no such key" in result.stderr
    assert "did you mean 'controller'?" in result.stderr
    assert result.stderr.count("\n") == 1


def test_commands_name_file_and_line_of_a_config_error(desk):
    config = desk.dir / "bad.yaml"
    config.write_text("cluster: x\nlog:\n  level: loud\n")
    for command in (["jobs"], ["submit", "--wrap", "true"], ["run", "true"]):
        assert f"{config}:3:" in desk.fails(command[0], "--config", config, *command[1:])


# ---------------------------------------------------------------- full disks

@pytest.fixture
def full(request):
    """Mount a tmpfs of few pages on a directory; unmount it at the end."""
    if not AS_ROOT:
        pytest.skip("needs root")
    mounted = []

    def mount(path, size):
        path.mkdir(exist_ok=True)
        subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size},mode=0755", "tmpfs",
                        path], check=True)
        mounted.append(path)
        return path

    yield mount
    for path in mounted:
        if os.path.ismount(path):
            subprocess.run(["umount", "-l", path], check=True)


def test_a_disk_too_full_for_output_is_the_programs_matter(desk, full):
    out = full(desk.dir / "full", "64k")
    job = desk.submit("-o", out / "out", script="#!/bin/sh\n"
                      "head -c 1000000 /dev/zero || exit 9\n")
    assert desk.wait(job) == 9
    assert desk.job(job)["state"] == "FAILED"


def test_output_of_run_that_does_not_fit_is_told(desk, full):
    out = full(desk.dir / "full", "64k")
    result = desk.berth("run", "-o", out / "out", "head", "-c", "1000000", "/dev/zero",
                        check=False)
    assert result.returncode != 0 and "No space left on device" in result.stderr


def test_an_import_that_does_not_fit_leaves_nothing(desk, full, mpi_tar):
    store = full(desk.dir / "store", "4m")
    words = desk.fails("image", "import", "--store", store, mpi_tar, "large")
    assert "no space left" in words and str(store) in words
    assert desk.berth("image", "ls", "--store", store).stdout.count("large") == 0
    assert [path for path in store.rglob("*") if path.is_file() and path.stat().st_size
            and path.name != "lock"] == []


def test_a_controller_without_space_acknowledges_nothing(make_cluster, full):
    cluster = make_cluster(0)
    cluster.up("--nodes", "1")
    desk = new_desk(cluster, "desk")
    cluster.kill("controller")
    state = cluster.dir / "controller"
    kept = desk.dir / "kept"
    shutil.copytree(state, kept)
    full(state, "4m")
    for path in kept.iterdir():
        shutil.copy(path, state)
    cluster.start()
    accepted = []
    for i in range(200):
        result = desk.berth("submit", "--parsable", "--hold", "-J", f"j{i}",
                            input="#!/bin/sh\n#" + "x" * 100000 + "\n", check=False)
        if result.returncode:
            break
        accepted.append(int(result.stdout))
    assert result.returncode == 1 and result.stderr.count("\n") == 1, result.stderr
    assert accepted, result.stderr
    subprocess.run(["mount", "-o", "remount,size=64m", state], check=True)
    cluster.start()
    assert [job["id"] for job in desk.jobs()] == accepted
    desk.berth("cancel", "--me")
    cluster.down(check=False)
