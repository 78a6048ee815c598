# SPDX-License-Identifier: Apache-2.0
"""berth image: import, ls, rm, inspect, and jobs in what was imported."""
import json
import os
import pathlib
import shutil
import subprocess
import tempfile

import pytest

from desk import USER, run
from images import small_rootfs, tar_of, write_layout

BOTH = pytest.mark.parametrize("user", [0, USER], ids=["root", "user"])


@pytest.fixture
def berth(tmp_path):
    """The command, with a store of its own."""
    def call(*argv, **options):
        return run("berth", "image", *argv, "--store", tmp_path / "store", **options)
    return call


@pytest.fixture
def tar(tmp_path):
    path = tmp_path / "small.tar"
    path.write_bytes(tar_of([("etc", None), ("etc/marker", b"base\n"), ("lib", "->usr/lib")]))
    return path


@pytest.fixture
def shared_dir():
    """A directory that other users can reach and write, unlike pytest's."""
    path = pathlib.Path(tempfile.mkdtemp(prefix="berth-test-"))
    os.chmod(path, 0o777)
    yield path
    shutil.rmtree(path)


def names(berth):
    return [image["name"] for image in json.loads(berth("ls", "--json").stdout)]


def test_an_image_is_imported_listed_inspected_and_removed(berth, tar):
    assert "Imported small:latest" in berth("import", tar).stdout
    berth("import", tar, "site/other:1")
    assert names(berth) == ["site/other:1", "small:latest"]
    image = json.loads(berth("inspect", "small", "--json").stdout)
    assert image["bytes"] == 5 and len(image["layers"]) == 1
    assert os.readlink(image["layers"][0] + "/lib") == "usr/lib"
    assert image["layers"][0] in berth("inspect", "small").stdout
    berth("rm", "small", "site/other:1")
    assert names(berth) == []
    assert not os.path.exists(image["layers"][0])


def test_a_tar_comes_from_stdin_and_needs_a_name(berth, tar):
    with open(tar, "rb") as stdin:
        berth("import", "-", "piped", stdin=stdin)
    assert names(berth) == ["piped:latest"]
    result = berth("import", "-", check=False, stdin=subprocess.DEVNULL)
    assert result.returncode == 2
    assert result.stderr == ("berth image: an image from stdin needs a name: "
                             "berth image import - NAME\n")


def test_a_directory_is_imported(berth, tmp_path):
    (tmp_path / "tree" / "etc").mkdir(parents=True)
    (tmp_path / "tree" / "etc" / "marker").write_text("tree\n")
    berth("import", str(tmp_path / "tree") + "/", "--name", "tree:2")
    layer = json.loads(berth("inspect", "tree:2", "--json").stdout)["layers"][0]
    assert open(layer + "/etc/marker").read() == "tree\n"


@pytest.mark.parametrize("argv, status, words", [
    (["inspect", "smal"], 1, "there is no image 'smal' in"),
    (["inspect", "smal"], 1, "did you mean 'small'?"),
    (["rm", "nothing-like-it"], 1, "there is no image 'nothing-like-it'"),
    (["import", "/nonexistent.tar"], 1, "/nonexistent.tar: No such file or directory"),
    (["import", "/etc/passwd", "x"], 1, "not a tar archive"),
    (["import", "/etc/passwd", "a b"], 2, "'a b' is no image name"),
    (["improt", "x"], 2, "did you mean berth image import?"),
    (["ls", "--jsno"], 2, "--json"),
    ([], 2, "say what to do: 'berth image --help' lists the verbs"),
])
def test_mistakes_are_one_sentence(berth, tar, argv, status, words):
    berth("import", tar, "small")
    result = berth(*argv, check=False)
    assert result.returncode == status
    assert words in result.stderr
    assert result.stderr.count("\n") == 1 and result.stdout == ""


def test_a_store_that_is_named_needs_no_configuration(berth, tar):
    berth("import", tar, "small", env={"BERTH_CONF": "/nonexistent.yaml"})
    assert names(berth) == ["small:latest"]


def test_each_user_has_a_store_and_needs_no_cluster(shared_dir, tar):
    user = USER if os.geteuid() == 0 else None
    with open(tar, "rb") as stdin:
        run("berth", "image", "import", "-", "mine", user=user, home=shared_dir,
            env={"BERTH_CONF": ""}, cwd=shared_dir, stdin=stdin)
    assert (shared_dir / ".local/share/berth/images/refs/mine:latest").exists()


@BOTH
def test_a_job_sees_the_layers_one_over_the_other(make_cluster, shared_dir, user):
    layers = [tar_of(small_rootfs()),
              tar_of([("etc/.wh.gone", b""), ("etc/marker", b"top\n")])]
    layout = write_layout(shared_dir / "layout", layers, {"Env": ["FROM_IMAGE=yes"]})
    cluster = make_cluster(user)
    cluster.up("--nodes", "1")
    cluster.berth("image", "import", layout, "layered")
    result = cluster.berth("run", "--image", "layered", "-n1", "sh", "-c",
                           "cat /etc/marker; ls /etc/gone; echo $FROM_IMAGE", check=False)
    assert result.stdout == "top\nyes\n", result.stderr
    assert "/etc/gone" in result.stderr
    cluster.berth("image", "rm", "layered")
