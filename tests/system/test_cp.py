# SPDX-License-Identifier: Apache-2.0
"""Files into containers and out of them: berth cp."""
import io
import os
import subprocess
import tarfile

import pytest

from desk import wait_until

WAITS = "#!/bin/sh\n: > up\nexec sleep 600\n"


@pytest.fixture
def job(desk):
    job = desk.submit("--image", "small", script=WAITS)
    wait_until((desk.dir / "up").exists, what="the script's start")
    return job


def inside(desk, job, command):
    return desk.berth("exec", job, "sh", "-c", command).stdout


def make_tree(desk):
    tree = desk.dir / "tree"
    (tree / "sub").mkdir(parents=True)
    (tree / "sub" / "data").write_bytes(os.urandom(300000))
    (tree / "script").write_text("#!/bin/sh\necho hello\n")
    (tree / "script").chmod(0o751)
    (tree / ("long" * 40)).write_text("long\n")
    (tree / "link").symlink_to("sub/data")
    (tree / "dangling").symlink_to("/nowhere/" + "x" * 150)
    os.utime(tree / "script", (1000000000, 1000000000))
    os.utime(tree / "sub", (1000000001, 1000000001))
    return tree


def same(one, two):
    names = sorted(str(path.relative_to(one)) for path in one.rglob("*"))
    assert names == sorted(str(path.relative_to(two)) for path in two.rglob("*"))
    for name in names:
        a, b = one / name, two / name
        assert a.lstat().st_mode == b.lstat().st_mode, name
        assert int(a.lstat().st_mtime) == int(b.lstat().st_mtime), name
        if a.is_symlink():
            assert os.readlink(a) == os.readlink(b)
        elif a.is_file():
            assert a.read_bytes() == b.read_bytes(), name


def test_a_tree_goes_in_and_comes_back_unharmed(desk, job):
    tree = make_tree(desk)
    desk.berth("cp", "tree", f"{job}:/tmp/")
    assert inside(desk, job, "/tmp/tree/script") == "hello\n"
    desk.berth("cp", f"{job}:/tmp/tree", "back")
    same(tree, desk.dir / "back")
    (desk.dir / "there").mkdir()
    desk.berth("cp", f"{job}:/tmp/tree", "there")
    same(tree, desk.dir / "there" / "tree")
    desk.berth("cp", f"{job}:/tmp/tree/.", "contents")
    same(tree, desk.dir / "contents")


def test_a_file_gets_the_name_that_is_given(desk, job):
    (desk.dir / "one").write_text("one\n")
    desk.berth("cp", "one", f"{job}:/tmp/two")
    assert inside(desk, job, "cat /tmp/two") == "one\n"
    desk.berth("cp", "one", f"{job}:/tmp")
    assert inside(desk, job, "cat /tmp/one") == "one\n"
    desk.berth("cp", f"{job}:/tmp/two", "three")
    assert desk.text("three") == "one\n"


def test_streams_are_tars_that_others_read(desk, job):
    make_tree(desk)
    stream = subprocess.run(["tar", "c", "tree"], cwd=desk.dir, stdout=subprocess.PIPE,
                            check=True).stdout
    (desk.dir / "in.tar").write_bytes(stream)
    with open(desk.dir / "in.tar", "rb") as source:
        desk.berth("cp", "-", f"{job}:/tmp", stdin=source)
    with open(desk.dir / "out.tar", "wb") as sink:
        assert desk.start("cp", f"{job}:/tmp/tree", "-", stdout=sink).wait(60) == 0
    (desk.dir / "x").mkdir()
    subprocess.run(["tar", "xf", "../out.tar"], cwd=desk.dir / "x", check=True)
    same(desk.dir / "tree", desk.dir / "x" / "tree")


def hostile(*entries):
    """A tar of (name, type, link or content)."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as tar:
        for name, kind, what in entries:
            info = tarfile.TarInfo(name)
            info.type = kind
            info.mode = 0o6755
            if kind in (tarfile.SYMTYPE, tarfile.LNKTYPE):
                info.linkname = what
                tar.addfile(info)
            else:
                info.size = len(what)
                tar.addfile(info, io.BytesIO(what))
    return out.getvalue()


@pytest.mark.parametrize("entries, words", [
    ([("../out", tarfile.REGTYPE, b"x")], "leads out"),
    ([("a/../../out", tarfile.REGTYPE, b"x")], "leads out"),
    ([("/tmp/berth-cp-out", tarfile.REGTYPE, b"x")], "absolute"),
    ([("l", tarfile.SYMTYPE, ".."), ("l/out", tarfile.REGTYPE, b"x")], "link"),
    ([("l", tarfile.SYMTYPE, "/tmp"), ("l/berth-cp-out", tarfile.REGTYPE, b"x")], "link"),
    ([("h", tarfile.LNKTYPE, "../secret")], "leads out"),
    ([("l", tarfile.SYMTYPE, "../secret"), ("h", tarfile.LNKTYPE, "l")], "no file"),
], ids=["dotdot", "inner", "absolute", "link", "absolute-link", "hardlink", "chain"])
def test_a_hostile_container_writes_nowhere_else(desk, job, entries, words):
    """The program inside is the image's here: what comes out is whatever it likes."""
    (desk.dir / "secret").write_text("secret\n")
    (desk.dir / "evil.tar").write_bytes(hostile(*entries))
    (desk.dir / "into").mkdir()
    lies = desk.submit("--image", "small", "--mount", f"{fake_tools(desk)}:/run/berth/bin",
                       script="#!/bin/sh\n: > lies\nexec sleep 600\n")
    wait_until((desk.dir / "lies").exists)
    assert words in desk.fails("cp", f"{lies}:/x", "into")
    assert not (desk.dir / "out").exists() and not os.path.exists("/tmp/berth-cp-out")
    assert desk.text("secret") == "secret\n"


def fake_tools(desk):
    tools = desk.dir / "tools"
    tools.mkdir()
    (tools / "berth").write_text(f"#!/bin/sh\ncat {desk.dir}/evil.tar\n")
    (tools / "berth").chmod(0o755)
    return tools


def test_no_set_uid_bits_come_out_and_links_are_not_written_through(desk, job):
    (desk.dir / "into").mkdir()
    (desk.dir / "victim").write_text("safe\n")
    (desk.dir / "into" / "f").symlink_to("../victim")
    inside(desk, job, "echo new > /tmp/f")
    desk.berth("cp", f"{job}:/tmp/f", "into")
    assert desk.text("victim") == "safe\n"
    assert not (desk.dir / "into" / "f").is_symlink() and desk.text("into/f") == "new\n"


def test_what_is_not_there_is_said(desk, job):
    assert "/nothing" in desk.fails("cp", f"{job}:/nothing", ".")
    assert "nothing" in desk.fails("cp", "nothing", f"{job}:/tmp")
    assert "neither" in desk.fails("cp", "a", "b", status=2)
    assert "both" in desk.fails("cp", f"{job}:/a", f"{job}:/b", status=2)
