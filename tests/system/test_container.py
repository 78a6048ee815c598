# SPDX-License-Identifier: Apache-2.0
"""What options make of a container: its root, mounts, network, variables, commands."""
import io
import json
import os
import pathlib
import re
import shutil
import tarfile

import pytest

from conftest import close_desk, new_desk
from desk import AS_ROOT, USER, run
from images import small_rootfs, tar_of, write_layout

SMALL = ("run", "--image", "small")


@pytest.fixture
def place(shared):
    """A place of an ordinary user where there is one: the rules bite there."""
    desk = new_desk(shared, "container", USER if AS_ROOT else None)
    yield desk
    close_desk(desk)


@pytest.fixture(scope="module")
def configured(shared, tmp_path_factory):
    """An image with all that a config may say about its programs."""
    layout = write_layout(tmp_path_factory.mktemp("layout") / "configured",
                          [tar_of(small_rootfs() + [("srv", None), ("srv/here", b"")])],
                          {"Env": ["PATH=/bin", "OF_IMAGE=image", "BOTH=image"],
                           "User": "nobody", "WorkingDir": "/srv",
                           "Entrypoint": ["/bin/env", "ENTERED=yes"],
                           "Cmd": ["sh", "-c", "echo entered=$ENTERED"]})
    shared.berth("image", "import", layout, "configured")
    return "configured"


def sh(desk, command, *options, image="small", **more):
    return desk.berth("run", "--image", image, *options, "sh", "-c", command, **more).stdout


def test_what_is_written_to_an_image_is_forgotten(place):
    assert sh(place, "echo x >/left && cat /left") == "x\n"
    assert sh(place, "cat /left 2>/dev/null; echo $?") == "1\n"
    assert sh(place, "echo x >/left && cat /left", "--read-only", "--writable-tmpfs") == "x\n"


def test_a_read_only_image_takes_no_writes(place):
    out = sh(place, "(: >/left) 2>&1; : >/tmp/left && echo tmp", "--read-only")
    assert "Read-only file system" in out and out.endswith("tmp\n")


@pytest.mark.parametrize("links", [[], [("dev", "->/lib"), ("proc", "->lib"),
                                        ("etc/resolv.conf", "->/run/systemd/resolve/stub")]],
                         ids=["missing", "links"])
def test_a_read_only_image_needs_no_place_for_mounts(place, tmp_path, links):
    here = {"etc", "proc", "dev", "sys", "tmp"}
    tar = tmp_path / "bare.tar"
    tar.write_bytes(tar_of([item for item in small_rootfs() if item[0] not in here
                            and not item[0].startswith("etc/")] + links))
    with open(tar, "rb") as stream:
        place.berth("image", "import", "-", f"bare{len(links)}", stdin=stream)
    place.berth("run", "sh", "-c", "echo given >given")
    out = sh(place, "cat /new/place; echo x >/tmp/x && cat /tmp/x; : </dev/null && echo dev; "
             "cat /proc/self/comm; (: >/left) 2>/dev/null || echo read-only", "--read-only",
             "--mount", f"{place.dir}/given:/new/place", image=f"bare{len(links)}")
    assert out == "given\nx\ndev\ncat\nread-only\n"


def test_an_overlay_keeps_what_is_written(place):
    overlay = place.dir / "top"
    place.berth("run", "mkdir", "top")
    sh(place, "echo kept >/left", "--overlay", "top")
    assert (overlay / "upper" / "left").read_text() == "kept\n"
    assert sorted(os.listdir(overlay / "upper")) == ["left"]
    assert sh(place, "cat /left", "--overlay", overlay) == "kept\n"
    os.symlink(overlay, place.dir / "link")
    assert "link is a symbolic link" in place.fails(*SMALL, "--overlay", "link", "true")
    assert "/usr belongs to somebody else" in place.fails(*SMALL, "--overlay", "/usr", "true")


def test_a_scripts_steps_leave_its_overlay_to_it(place):
    place.berth("run", "mkdir", "top")
    job = place.submit("--image", "small", "--overlay", "top", "-o", "out", "--wrap",
                       "echo x >/left; berth run sh -c 'test -e /left; echo $?'")
    assert place.wait(job) == 0
    assert place.text("out") == "1\n"


def test_a_tmpfs_has_the_size_that_was_asked_for(place):
    out = sh(place, "cat /proc/self/mounts", "--tmpfs", "/scratch:1M", "--tmpfs", "/more")
    assert " /scratch tmpfs rw,nosuid,nodev,relatime,size=1024k" in out
    assert " /more tmpfs rw" in out


def test_mounts_may_be_written_as_docker_does(place):
    (place.dir / "file").write_text("of the node\n")
    out = sh(place, "cat /in/file; (: >/in/file) 2>&1 || :",
             "--mount", f"type=bind,src={place.dir},dst=/in,ro")
    assert out.startswith("of the node\n") and "Read-only file system" in out


def test_variables_are_laid_over_the_images(place, configured):
    script = "echo $OF_IMAGE $BOTH $MINE $OURS"
    assert sh(place, script, image=configured) == "image image\n"
    assert sh(place, script, "--env", "BOTH=option", "--env", "MINE", "--container-env", "OURS",
              image=configured, env={"MINE": "a b", "OURS": "c", "BOTH": "caller"}) == \
        "image option a b c\n"
    assert sh(place, script, "--env", "MINE=x", image="small") == "x\n"


def test_a_script_may_change_what_was_set_for_it(place, configured):
    job = place.submit("--image", configured, "--env", "BOTH=option", "-o", "out", "--wrap",
                       "echo $BOTH; BOTH=script berth run sh -c 'echo $BOTH'")
    assert place.wait(job) == 0
    assert place.text("out") == "option\nscript\n"


def test_entry_points_are_for_those_who_ask(place, configured):
    script = "echo entered=$ENTERED"
    assert sh(place, script, image=configured) == "entered=\n"
    assert sh(place, script, "--container-entrypoint", image=configured) == "entered=yes\n"
    assert sh(place, script, "--entrypoint", "env ENTERED=other",
              image=configured) == "entered=other\n"


def test_without_a_program_the_images_own_is_run(place, configured):
    run = ("run", "--image", configured)
    assert place.berth(*run).stdout == "entered=yes\n"
    assert place.berth(*run, "--entrypoint", "").stdout == "entered=\n"
    assert place.berth(*run, "--entrypoint", "env ENTERED=2").stdout == "entered=2\n"
    assert place.fails("run", "--image", "small", status=2).endswith(
        "run what? Give a program: image small has none of its own")


def test_the_working_directory_is_the_options_the_callers_or_the_images(place, configured):
    assert sh(place, "pwd", image=configured) == f"{place.dir}\n"
    assert sh(place, "pwd", "--workdir", "/etc", image=configured) == "/etc\n"
    result = place.berth("run", "--image", configured, "-D", "/usr/nowhere", "sh", "-c", "pwd")
    assert result.stdout == "/srv\n"
    assert "/usr/nowhere: No such file or directory: using /srv instead" in result.stderr


def test_a_host_name_of_ones_own(place):
    assert sh(place, "hostname; cat /etc/hostname", "--hostname", "rank-host") == \
        "rank-host\nrank-host\n"


def test_no_network_but_the_loopback_device(place):
    out = sh(place, "cat /proc/net/dev", "--network", "none")
    assert [line.split(":")[0].strip() for line in out.splitlines() if ":" in line] == ["lo"]
    words = place.fails(*SMALL, "--network=none", "-n2", "true")
    assert "MPI needs the node's network: add --mpi=none" in words
    place.berth(*SMALL, "--network=none", "-n2", "--mpi=none", "true")


def test_system_calls_are_filtered_unless_one_asks(place):
    show = "while read name rest; do test $name != Seccomp: || echo $rest; done </proc/self/status"
    assert sh(place, show) == "2\n"
    assert sh(place, show, "--seccomp", "unconfined") == "0\n"
    profile = {"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [
        {"names": ["chdir"], "action": "SCMP_ACT_ERRNO", "errnoRet": 28}]}
    (place.dir / "profile.json").write_text(json.dumps(profile))
    cd = ("sh", "-c", "cd /etc")
    assert "No space left" in place.berth(*SMALL, "--workdir", "/", "--security-opt",
                                          "seccomp=profile.json", *cd, check=False).stderr
    place.berth(*SMALL, *cd)
    (place.dir / "profile.json").write_text('{"defaultAction": "SCMP_ACT_NONE"}')
    words = place.fails(*SMALL, "--seccomp", "profile.json", "true")
    assert "--seccomp: seccomp profile: defaultAction: 'SCMP_ACT_NONE' is not an action" in words


def test_a_site_may_keep_its_filter(make_cluster, small_tar):
    cluster = make_cluster()
    cluster.up("--nodes", "1", "--cores-per-node", "4")
    desk = new_desk(cluster, "strict")
    desk.berth("image", "import", "-", "small", stdin=open(small_tar, "rb"))
    desk.berth(*SMALL, "--seccomp", "unconfined", "true")
    cluster.restart("n1", change=lambda text:
                    text + "container:\n  allow_unconfined: false\n")
    assert "this site lets nobody do without its filter" in desk.fails(
        *SMALL, "--seccomp", "unconfined", "true")
    (desk.dir / "profile.json").write_text('{"defaultAction": "SCMP_ACT_ALLOW"}')
    filters = ("sh", "-c", "while read name n; do test $name != Seccomp_filters: || echo $n; "
               "done </proc/self/status")
    assert desk.berth(*SMALL, "--seccomp", "profile.json", *filters).stdout == "2\n"
    desk.clear()


# A row of 'strace -c': % time, seconds, usecs/call, calls, errors if any, name. A process
# that is killed in a call leaves other lines among them.
COUNTED = re.compile(r"^ *[\d.]+ +[\d.]+ +\d+ +(\d+) +(?:\d+ +)?(\w+)$", re.M)


def calls_of_a_start(layer, tmp_path):
    """How many of each system call one container takes, with all that is in it."""
    build = pathlib.Path(os.environ.get("BERTH_BUILD_DIR", "build")).resolve()
    program = build / "tests" / "bench" / "bench_container"
    assert program.exists(), f"no {program}: set BERTH_BUILD_DIR, 'make check'"
    strace = shutil.which("strace")
    assert strace, "strace is missing: apt-get install strace"
    counts = {}
    for n in (1, 3):
        out = tmp_path / "counts"
        run(strace, "-f", "-c", "-o", out, program, "--layers", layer, "-n", n, "--",
            "/bin/true")
        counts[n] = {name: int(calls) for calls, name in COUNTED.findall(out.read_text())
                     if name != "total"}
    return {name: counts[3][name] - counts[1].get(name, 0) for name in counts[3]}


# How often these are made depends on who is faster: 20 per cent may differ.
BY_CHANCE = {"poll", "recvmsg", "read", "restart_syscall", "futex", "wait4", "waitid"}


def certain(counts):
    return {name: n for name, n in counts.items() if n and name not in BY_CHANCE}


def test_a_start_takes_no_more_calls_when_the_image_is_large(tmp_path):
    small, large = tmp_path / "small", tmp_path / "large"
    for layer in (small, large):
        with tarfile.open(fileobj=io.BytesIO(tar_of(small_rootfs()))) as tar:
            tar.extractall(layer)
    for i in range(200):
        directory = large / "usr" / f"d{i}"
        directory.mkdir(parents=True)
        for k in range(100):
            (directory / f"f{k}").touch()
    # A signal or a lost race adds a call now and then, to either. What grows with the
    # image is there each time.
    for _ in range(5):
        few, many = calls_of_a_start(small, tmp_path), calls_of_a_start(large, tmp_path)
        few_certain, many_certain = certain(few), certain(many)
        if few_certain == many_certain and sum(many.values()) < 1.2 * sum(few.values()):
            break
    assert few["mount"] > 5 and few["clone3"] == 2
    assert few_certain == many_certain
    assert sum(many.values()) < 1.2 * sum(few.values())


def test_options_about_the_image_need_one(place):
    for option in ("--read-only", "--overlay=x", "--container-entrypoint"):
        assert "there is no image: add --image" in place.fails("run", option, "true")
