# SPDX-License-Identifier: Apache-2.0
"""Images from where people have them: archives, squashfs and SIF files, and back."""
import gzip
import hashlib
import io
import json
import os
import pathlib
import shutil
import tarfile
import tempfile

import pytest

from desk import USER, run, wait_until
from images import small_rootfs, tar_of, write_layout
from sif import write_sif

LAYERS = [tar_of(small_rootfs()),
          tar_of([("etc/.wh.gone", b""), ("etc/marker", b"top\n")])]
CONFIG = {"Env": ["FROM_IMAGE=yes"], "Cmd": ["sh"]}
BOTH = pytest.mark.parametrize("user", [0, USER], ids=["root", "user"])


def needs(*programs):
    missing = [program for program in programs if not shutil.which(program)]
    return pytest.mark.skipif(bool(missing), reason=f"no {', '.join(missing)}")


@pytest.fixture
def berth(tmp_path):
    """The command, with a store of its own."""
    def call(*argv, **options):
        return run("berth", "image", *argv, "--store", tmp_path / "store", **options)
    return call


@pytest.fixture(scope="module")
def layout(tmp_path_factory):
    return write_layout(tmp_path_factory.mktemp("formats") / "layout", LAYERS, CONFIG)


@pytest.fixture
def shared_dir():
    """A directory that other users can reach, with a short name."""
    path = pathlib.Path(tempfile.mkdtemp(prefix="berth-test-"))
    os.chmod(path, 0o777)
    yield path
    # What podman started may still write there.
    wait_until(lambda: run("rm", "-rf", path, check=False).returncode == 0, what="rm")


def skopeo(source, target):
    run("skopeo", "copy", "--insecure-policy", "--quiet", source, target)
    return target


def inspect(berth, name):
    return json.loads(berth("inspect", name, "--json").stdout)


def assert_is_the_image(berth, name):
    """Both layers, the whiteout and the environment have come through."""
    image = inspect(berth, name)
    top, base = image["layers"]
    assert open(f"{top}/etc/marker").read() == "top\n"
    assert open(f"{base}/etc/marker").read() == "base\n"
    assert "FROM_IMAGE=yes" in image["env"] and image["cmd"] == ["sh"]
    assert os.lstat(f"{top}/etc/gone").st_rdev == 0
    return image


@needs("skopeo")
@pytest.mark.parametrize("form", ["docker-archive:{}/x.tar:site/hpcc:1",
                                  "oci-archive:{}/x.tar:site/hpcc:1", "oci:{}/x:1", "dir:{}/x"])
def test_what_skopeo_writes_is_imported(berth, layout, tmp_path, form):
    source = skopeo(f"oci:{layout}", form.format(tmp_path))
    berth("import", source, "given")
    image = assert_is_the_image(berth, "given")
    path = tmp_path / ("x.tar" if "tar" in form else "x")
    berth("import", path, "found")
    assert inspect(berth, "found")["digest"] == image["digest"]
    if path.is_dir():
        return
    # Compressed, and through a pipe.
    with open(path, "rb") as plain:
        berth("import", "-", "piped", stdin=plain)
    assert inspect(berth, "piped")["digest"] == image["digest"]
    (tmp_path / "x.tar.gz").write_bytes(gzip.compress(path.read_bytes(), 1))
    assert "Imported x:latest" in berth("import", tmp_path / "x.tar.gz").stdout
    assert inspect(berth, "x")["digest"] == image["digest"]
    assert not os.listdir(tmp_path / "store" / "tmp")


@pytest.fixture
def podman(shared_dir):
    """The command, with a storage of its own."""
    return ["podman", "--root", shared_dir / "root", "--runroot", shared_dir / "run",
            "--storage-driver", "vfs"]


@needs("podman")
def test_what_podman_saves_is_imported(berth, layout, tmp_path, podman):
    run(*podman, "pull", "--quiet", f"oci:{layout}")
    number = run(*podman, "images", "--quiet").stdout.split()[0]
    run(*podman, "tag", number, "localhost/site/hpcc:2")
    for form in ("docker-archive", "oci-archive"):
        path = tmp_path / f"{form}.tar"
        run(*podman, "save", "--quiet", "--format", form, "-o", path, "localhost/site/hpcc:2")
        berth("import", path, form)
        assert_is_the_image(berth, form)


def add(tar, name, data):
    info = tarfile.TarInfo(name)
    info.size = len(data)
    tar.addfile(info, io.BytesIO(data))


def docker_archive(path, images, blobs):
    """As 'docker save' writes it, of (config file, names, layer files)."""
    with tarfile.open(path, "w") as tar:
        for name, data in blobs.items():
            add(tar, name, data)
        manifest = [{"Config": config, "RepoTags": names, "Layers": layers}
                    for config, names, layers in images]
        add(tar, "manifest.json", json.dumps(manifest).encode())
    return path


def test_a_docker_archive_of_the_mixed_form_is_taken_as_a_layout(berth, layout, tmp_path):
    """Docker since 25 writes a layout, and a manifest.json that points into it."""
    index = json.loads((layout / "index.json").read_text())
    index["manifests"][0]["annotations"] = {
        "io.containerd.image.name": "docker.io/site/hpcc:1",
        "org.opencontainers.image.ref.name": "1"}
    blobs = layout / "blobs" / "sha256"
    manifest = json.loads((blobs / index["manifests"][0]["digest"][7:]).read_text())
    path = docker_archive(
        tmp_path / "mixed.tar",
        [("blobs/sha256/" + manifest["config"]["digest"][7:], ["site/hpcc:1"],
          ["blobs/sha256/" + layer["digest"][7:] for layer in manifest["layers"]])],
        {"oci-layout": (layout / "oci-layout").read_bytes(),
         "index.json": json.dumps(index).encode(),
         **{f"blobs/sha256/{blob.name}": blob.read_bytes() for blob in blobs.iterdir()}})
    berth("import", path, "mixed")
    image = assert_is_the_image(berth, "mixed")
    assert image["digest"] == index["manifests"][0]["digest"]
    berth("import", f"docker-archive:{path}:site/hpcc:1", "picked")
    result = berth("import", f"docker-archive:{path}:site/hpcc:2", "not", check=False)
    assert "holds no image 'site/hpcc:2'" in result.stderr


def small_image(text):
    """A layer with one file, its configuration, and the names of both."""
    layer = tar_of([("etc", None), ("etc/marker", text)])
    digest = hashlib.sha256(layer).hexdigest()
    config = json.dumps({"os": "linux", "rootfs": {"diff_ids": [f"sha256:{digest}"]}}).encode()
    name = hashlib.sha256(config).hexdigest() + ".json"
    return f"{digest}/layer.tar", layer, name, config


def test_one_of_several_images_is_chosen_by_name(berth, tmp_path):
    layer1, data1, config1, text1 = small_image(b"one\n")
    layer2, data2, config2, text2 = small_image(b"two\n")
    path = docker_archive(tmp_path / "all.tar",
                          [(config1, ["site/x:1"], [layer1]), (config2, ["site/x:2"], [layer2])],
                          {layer1: data1, config1: text1, layer2: data2, config2: text2})
    berth("import", path, "site/x:2")
    assert open(inspect(berth, "site/x:2")["layers"][0] + "/etc/marker").read() == "two\n"
    berth("import", f"docker-archive:{path}:site/x:1", "first")
    assert open(inspect(berth, "first")["layers"][0] + "/etc/marker").read() == "one\n"
    for source, words in ((path, "holds 2 images (site/x:1, site/x:2): say which"),
                          (f"docker-archive:{path}:site/x:3", "holds no image 'site/x:3'")):
        result = berth("import", source, "neither", check=False)
        assert result.returncode == 1 and words in result.stderr


@pytest.mark.parametrize("what, words", [
    ("layer", "unpacked content does not match"),
    ("config", "digest does not match"),
    ("missing", "there is no"),
    ("cut", "damaged"),
])
def test_a_docker_archive_that_lies_is_refused(berth, tmp_path, what, words):
    layer, data, config, text = small_image(b"one\n")
    blobs = {layer: data, config: text}
    if what == "layer":
        blobs[layer] = tar_of([("etc", None), ("etc/marker", b"evil\n")])
    elif what == "config":
        blobs[config] = text.replace(b"linux", b"other")
    elif what == "missing":
        del blobs[layer]
    path = docker_archive(tmp_path / "x.tar", [(config, ["x:1"], [layer])], blobs)
    if what == "cut":
        path.write_bytes(path.read_bytes()[:5000])
    result = berth("import", path, "x", check=False)
    assert result.returncode == 1 and words in result.stderr, result.stderr
    assert result.stderr.count("\n") == 1
    assert not os.listdir(tmp_path / "store" / "refs")
    assert not os.listdir(tmp_path / "store" / "layers")
    assert not os.listdir(tmp_path / "store" / "tmp")


def test_a_platform_is_chosen_in_an_index(berth, layout, tmp_path):
    """One layout for two platforms; the foreign one comes only when asked for."""
    both = shutil.copytree(layout, tmp_path / "both")
    index = json.loads((both / "index.json").read_text())
    blobs = both / "blobs" / "sha256"
    manifest = json.loads((blobs / index["manifests"][0]["digest"][7:]).read_text())
    config = json.loads((blobs / manifest["config"]["digest"][7:]).read_text())
    config["architecture"] = "s390x"

    def put(document):
        data = json.dumps(document).encode()
        digest = hashlib.sha256(data).hexdigest()
        (blobs / digest).write_bytes(data)
        return {"digest": f"sha256:{digest}", "size": len(data)}
    manifest["config"] = put(config)
    index["manifests"].append(dict(put(manifest),
                                   platform={"os": "linux", "architecture": "s390x"}))
    index["manifests"][0]["platform"] = {"os": "linux", "architecture": "amd64"}
    (both / "index.json").write_text(json.dumps(index))
    berth("import", both, "other", "--platform", "linux/s390x")
    berth("import", both, "other2", "--platform", "s390x")
    assert inspect(berth, "other")["digest"] == index["manifests"][1]["digest"]
    result = berth("import", both, "third", "--platform", "linux/riscv64", check=False)
    assert "holds no image for linux/riscv64" in result.stderr
    result = berth("import", both, "third", "--platform", "x86-64", check=False)
    assert "'x86-64' is no platform" in result.stderr


@pytest.fixture(scope="module")
def squashfs(tmp_path_factory):
    """A squashfs with what a root file system has that is not plain."""
    if not shutil.which("mksquashfs"):
        pytest.skip("no mksquashfs")
    tree = tmp_path_factory.mktemp("squashfs") / "tree"
    tree.mkdir()
    for name, content in small_rootfs():
        target = tree / name
        if content is None:
            target.mkdir(parents=True, exist_ok=True)
            continue
        target.parent.mkdir(parents=True, exist_ok=True)
        if isinstance(content, pathlib.Path):
            content = content.read_bytes()
        target.write_bytes(content)
        target.chmod(0o755)
    os.link(tree / "bin" / "sh", tree / "bin" / "ash")
    os.symlink("bin/sh", tree / "shell")
    os.chmod(tree / "bin" / "id", 0o4755)
    os.setxattr(tree / "bin" / "sh", "user.origin", b"here")
    (tree / "hole").write_bytes(b"")
    os.truncate(tree / "hole", 64 << 20)
    (tree / ".singularity.d").mkdir()
    (tree / ".singularity.d" / "runscript").write_text("#!/bin/sh\necho ran\n")
    (tree / ".singularity.d" / "runscript").chmod(0o755)

    def make(name, *options):
        path = tree.parent / name
        run("mksquashfs", tree, path, "-quiet", "-no-progress", "-noappend", *options)
        return path
    return make


def test_a_squashfs_is_imported_whatever_its_compression(berth, squashfs):
    digests = set()
    for compression in ("gzip", "zstd", "xz", "lz4"):
        path = squashfs(f"{compression}.squashfs", "-comp", compression)
        result = berth("import", path)
        assert "1 file lost set-id bits" in result.stderr
        digests.add(inspect(berth, compression)["digest"])
    assert len(digests) == 1
    root = inspect(berth, "gzip")["layers"][0]
    assert os.stat(f"{root}/bin/sh").st_ino == os.stat(f"{root}/bin/ash").st_ino
    assert os.readlink(f"{root}/shell") == "bin/sh"
    assert os.stat(f"{root}/bin/id").st_mode & 0o7777 == 0o755
    assert os.getxattr(f"{root}/bin/sh", "user.origin") == b"here"
    hole = os.stat(f"{root}/hole")
    assert hole.st_size == 64 << 20 and hole.st_blocks * 512 < 1 << 20


def test_a_squashfs_that_is_damaged_is_refused(berth, squashfs, tmp_path):
    good = squashfs("good.squashfs", "-comp", "zstd").read_bytes()
    for name, data in (("cut", good[:len(good) // 2]),
                       ("head", good[:96]),
                       ("zeros", good[:200] + b"\0" * (len(good) - 400) + good[-200:])):
        path = tmp_path / name
        path.write_bytes(data)
        result = berth("import", path, check=False)
        assert result.returncode == 1 and "squashfs" in result.stderr, result.stderr
    assert not os.listdir(tmp_path / "store" / "layers")
    assert not os.listdir(tmp_path / "store" / "tmp")


DEFFILE = b"""Bootstrap: docker
%environment
    export OMP_NUM_THREADS=4
    export PATH=/opt/bin:$PATH
%runscript
    echo ran
"""


def test_a_sif_file_is_imported(berth, squashfs, tmp_path):
    data = squashfs("sif.squashfs").read_bytes()
    path = write_sif(tmp_path / "solver.sif", data, DEFFILE, b'{"Author": "me"}')
    berth("import", path)
    image = inspect(berth, "solver")
    assert image["env"] == ["OMP_NUM_THREADS=4"]
    assert image["cmd"] == ["/.singularity.d/runscript"]
    berth("import", squashfs("sif.squashfs"), "plain")
    assert inspect(berth, "plain")["layers"] == image["layers"]
    for name, words, changes in (
            ("foreign", "is for s390x", {"arch": b"11"}),
            ("encrypted", "is encrypted", {"kind": 5})):
        bad = write_sif(tmp_path / name, data, **changes)
        result = berth("import", bad, check=False)
        assert result.returncode == 1 and words in result.stderr
    cut = tmp_path / "cut"
    cut.write_bytes(path.read_bytes()[:-5000])
    assert "damaged or cut short" in berth("import", cut, check=False).stderr


@BOTH
def test_jobs_run_in_a_sif_and_a_squashfs(make_cluster, squashfs, shared_dir, user):
    path = shutil.copy(squashfs("run.squashfs", "-comp", "zstd"), shared_dir)
    sif = write_sif(shared_dir / "run.sif", pathlib.Path(path).read_bytes(), DEFFILE)
    cluster = make_cluster(user)
    cluster.up("--nodes", "1")
    for source, name in ((path, "squashed"), (sif, "sif")):
        cluster.berth("image", "import", source, name)
        result = cluster.berth("run", "--image", name, "-n1", "sh", "-c",
                               "cat /etc/marker; echo $OMP_NUM_THREADS")
        assert result.stdout == "base\n" + ("4\n" if name == "sif" else "\n")
