# SPDX-License-Identifier: Apache-2.0
"""Looking after a store: names, exports for others, checks, repairs, making room."""
import json
import os
import pathlib
import shutil
import subprocess
import tempfile
import time

import pytest

from desk import USER, run, wait_until
from images import small_rootfs, tar_of, write_layout

LAYERS = [tar_of(small_rootfs()),
          tar_of([("etc/.wh.gone", b""), ("etc/marker", b"top\n")])]
CONFIG = {"Env": ["FROM_IMAGE=yes"], "Cmd": ["sh"]}


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
    return write_layout(tmp_path_factory.mktemp("store") / "layout", LAYERS, CONFIG)


@pytest.fixture
def image(berth, layout):
    """site/x:1, in the store."""
    berth("import", layout, "site/x:1")
    return inspect(berth, "site/x:1")


def inspect(berth, name):
    return json.loads(berth("inspect", name, "--json").stdout)


def names(berth, *patterns):
    return berth("ls", "-q", *patterns).stdout.split()


def small(tmp_path, name, text):
    path = tmp_path / f"{name}.tar"
    path.write_bytes(tar_of([("etc", None), ("etc/marker", text)]))
    return path


@pytest.fixture
def short_dir():
    """A directory that other users can reach, with a short name."""
    path = pathlib.Path(tempfile.mkdtemp(prefix="berth-test-"))
    os.chmod(path, 0o777)
    yield path
    # What podman started may still write there.
    wait_until(lambda: run("rm", "-rf", path, check=False).returncode == 0, what="rm")


# Names

def test_an_image_has_several_names(berth, image, tmp_path):
    assert "Tagged base:latest" in berth("tag", "site/x:1", "base").stdout
    berth("import", small(tmp_path, "other", b"other\n"), "other")
    assert names(berth) == ["base:latest", "other:latest", "site/x:1"]
    assert names(berth, "site/*") == ["site/x:1"]
    assert names(berth, "base", "o*") == ["base:latest", "other:latest"]
    assert image["digest"] in berth("ls", "--digests", "base").stdout
    berth("rm", "site/x:1")
    assert inspect(berth, "base")["layers"] == image["layers"]
    # A name that is taken goes over, and what it stood for is collected.
    berth("tag", "base", "other")
    assert inspect(berth, "other")["digest"] == image["digest"]
    assert len(os.listdir(tmp_path / "store" / "layers")) == 4


@pytest.mark.parametrize("argv, status, words", [
    (["tag", "site/x:1"], 2, "tag takes an image and a name"),
    (["tag", "site/x:1", "no name"], 2, "'no name' is no image name"),
    (["tag", "site/y:1", "z"], 1, "did you mean 'site/x:1'?"),
    (["export", "site/x:1", "--format", "oci-archiv"], 2, "did you mean oci-archive?"),
    (["export", "site/x:1", "--format", "dir"], 1, "a directory needs a name"),
    (["verify", "site/y:1"], 1, "did you mean 'site/x:1'?"),
    (["prune", "site/x:1"], 2, "prune takes no names"),
    (["prune", "--until", "soon"], 2, "--until"),
    (["prune", "--max-size", "0"], 2, "0 leaves nothing"),
    (["history"], 2, "history needs the name of one image"),
])
def test_mistakes_are_answered_in_words(berth, image, argv, status, words):
    result = berth(*argv, check=False)
    assert result.returncode == status and words in result.stderr, result.stderr
    assert result.stderr.count("\n") == 1


def test_documents_are_shown_as_they_are_stored(berth, image, tmp_path):
    manifest = json.loads(berth("inspect", "site/x:1", "--show-manifest").stdout)
    config = json.loads(berth("inspect", "site/x:1", "--show-config").stdout)
    assert len(manifest["layers"]) == 2 and config["config"]["Cmd"] == ["sh"]


def test_history_shows_steps_with_sizes(berth, tmp_path):
    steps = [{"created": "2024-02-03T04:05:06Z", "created_by": "COPY rootfs /"},
             {"created_by": "/bin/sh -c #(nop)  CMD [\"sh\"]", "empty_layer": True},
             {"created_by": "RUN echo top > /etc/marker"}]
    layout = write_layout(tmp_path / "layout", LAYERS, CONFIG, history=steps)
    berth("import", layout, "x")
    shown = berth("history", "x").stdout.splitlines()
    assert [line.split(None, 2)[2] for line in shown[1:]] == \
        ["RUN echo top > /etc/marker", 'CMD ["sh"]', "COPY rootfs /"]
    found = json.loads(berth("history", "x", "--json").stdout)
    assert [step.get("bytes") for step in found][1:] == [None, 4]
    assert found[0]["bytes"] > 100000 and found[0]["diff_id"].startswith("sha256:")


# Exports

@needs("skopeo")
@pytest.mark.parametrize("form", ["oci-archive", "oci-layout"])
def test_exports_keep_their_digest(berth, image, tmp_path, form):
    path = tmp_path / "out"
    berth("export", "site/x:1", "--format", form, "-o", path)
    source = f"{'oci' if form == 'oci-layout' else form}:{path}:site/x:1"
    seen = json.loads(run("skopeo", "inspect", source).stdout)
    assert seen["Digest"] == image["digest"] and len(seen["Layers"]) == 2
    berth("import", path, "again")
    assert inspect(berth, "again")["digest"] == image["digest"]


@needs("umoci")
def test_umoci_unpacks_an_exported_layout(berth, image, tmp_path):
    berth("export", "site/x:1", "--format", "oci-layout", "-o", tmp_path / "out")
    run("umoci", "unpack", "--image", f"{tmp_path}/out:site/x:1", tmp_path / "bundle")
    etc = tmp_path / "bundle" / "rootfs" / "etc"
    assert (etc / "marker").read_text() == "top\n" and not (etc / "gone").exists()


@needs("podman")
@pytest.mark.parametrize("form", ["docker-archive", "oci-archive"])
def test_podman_loads_what_is_exported(berth, image, short_dir, tmp_path, form):
    podman = ["podman", "--root", short_dir / "root", "--runroot", short_dir / "run",
              "--storage-driver", "vfs"]
    berth("export", "site/x:1", "--format", form, "-o", tmp_path / "out.tar")
    assert "site/x:1" in run(*podman, "load", "--quiet", "-i", tmp_path / "out.tar").stdout
    listed = json.loads(run(*podman, "image", "inspect", "localhost/site/x:1").stdout)[0]
    assert "FROM_IMAGE=yes" in listed["Config"]["Env"]
    assert len(listed["RootFS"]["Layers"]) == 2


def test_an_archive_goes_through_a_pipe(berth, image, tmp_path):
    with open(tmp_path / "out.tar", "wb") as out:
        subprocess.run(["berth", "image", "export", "site/x:1", "--format", "docker-archive",
                        "--store", tmp_path / "store"], stdout=out, check=True)
    berth("import", tmp_path / "out.tar", "again")
    # Digests of a docker archive are its own, the layers are the same.
    assert inspect(berth, "again")["layers"] == image["layers"]


def assert_flat(root):
    assert (root / "etc" / "marker").read_text() == "top\n"
    assert sorted(os.listdir(root / "etc")) == ["marker"]
    assert os.access(root / "bin" / "sh", os.X_OK)


def test_a_root_file_system_has_its_whiteouts_applied(berth, image, tmp_path):
    berth("export", "site/x:1", "--format", "dir", "-o", tmp_path / "dir")
    assert_flat(tmp_path / "dir")
    berth("export", "site/x:1", "--format", "tar", "-o", tmp_path / "out.tar")
    (tmp_path / "tar").mkdir()
    result = run("tar", "-xf", tmp_path / "out.tar", "-C", tmp_path / "tar")
    assert result.stderr == ""
    assert_flat(tmp_path / "tar")
    # Twice the same bytes, and not into what is there already.
    before = (tmp_path / "out.tar").read_bytes()
    berth("export", "site/x:1", "--format", "tar", "-o", tmp_path / "out.tar")
    assert (tmp_path / "out.tar").read_bytes() == before
    result = berth("export", "site/x:1", "--format", "dir", "-o", tmp_path / "dir", check=False)
    assert result.returncode == 1 and "Directory not empty" in result.stderr
    assert_flat(tmp_path / "dir")


@needs("sqfstar", "unsquashfs")
def test_a_squashfs_is_written_and_read(berth, image, tmp_path):
    path = tmp_path / "out.squashfs"
    assert berth("export", "site/x:1", "--format", "squashfs", "-o", path).stderr == ""
    run("unsquashfs", "-quiet", "-no-progress", "-d", tmp_path / "root", path)
    assert_flat(tmp_path / "root")
    berth("import", path, "again")
    root = pathlib.Path(inspect(berth, "again")["layers"][0])
    assert_flat(root)


def test_a_squashfs_needs_its_program(berth, image, tmp_path):
    program = shutil.which("berth")
    result = run(program, "image", "export", "site/x:1", "--format", "squashfs", "-o",
                 tmp_path / "x", "--store", tmp_path / "store", check=False,
                 env={"PATH": str(tmp_path)})
    assert result.returncode == 1 and "install squashfs-tools" in result.stderr
    assert not list(tmp_path.glob("x*"))


# Checks

def test_a_sound_store_is_found_sound(berth, image):
    found = json.loads(berth("verify", "--json").stdout)
    assert (found["images"], found["layers"], found["broken"]) == (1, 2, 0)


def change_content(root):
    with open(root / "etc/marker", "r+b") as file:
        file.write(b"BASE")
    os.utime(root / "etc/marker", (0, 0))


DAMAGE = {
    "'etc/marker' has other content": change_content,
    "'etc/marker' has another size": lambda root: (root / "etc/marker").write_text("longer\n"),
    "'bin/sh' has another mode": lambda root: os.chmod(root / "bin/sh", 0o777),
    "'bin/cat' is missing": lambda root: os.unlink(root / "bin/cat"),
    "'bin/evil' should not be there": lambda root: (root / "bin/evil").write_text("x"),
    "'etc/gone' is of another type": lambda root: (os.unlink(root / "etc/gone"),
                                                   os.symlink("marker", root / "etc/gone")),
    "'bin/sh' has other attributes": lambda root: os.setxattr(root / "bin/sh", "user.x", b"y"),
    "its tree: No such file": lambda root: shutil.rmtree(root),
}


@pytest.mark.parametrize("words", DAMAGE)
def test_damage_is_found_and_repaired(berth, image, words):
    root = pathlib.Path(image["layers"][-1])
    stamp = os.stat(root / "etc/marker").st_mtime
    DAMAGE[words](root)
    if words.endswith("content"):
        os.utime(root / "etc/marker", (stamp, stamp))
    result = berth("verify", check=False)
    assert result.returncode == 1 and words in result.stdout, result.stdout
    repaired = berth("verify", "site/x:1", "--repair").stdout
    assert f"repaired: layer" in repaired and "0 broken, 1 repaired" in repaired
    assert "0 broken, 0 repaired" in berth("verify").stdout
    assert (root / "etc/marker").read_text() == "base\n"


def test_damaged_archives_and_documents_are_found(berth, image, tmp_path):
    manifest = json.loads(berth("inspect", "site/x:1", "--show-manifest").stdout)
    blobs = tmp_path / "store" / "blobs" / "sha256"
    archive = blobs / manifest["layers"][0]["digest"][7:]
    data = archive.read_bytes()
    archive.write_bytes(data[:-9] + b"x" + data[-8:])
    result = berth("verify", "--repair", check=False)
    assert result.returncode == 1 and "broken: layer" in result.stdout
    result = berth("export", "site/x:1", "--format", "docker-archive", "-o",
                   tmp_path / "x", check=False)
    assert result.returncode == 1 and "is damaged" in result.stderr
    (blobs / manifest["config"]["digest"][7:]).write_text("{}")
    assert "is damaged: its content is" in berth("verify", check=False).stdout


# Room

def use(berth, tmp_path, name, ago):
    """As if a container had started from it so long ago, and it was named before."""
    digest = inspect(berth, name)["digest"][7:]
    then = time.time() - ago
    manifest = tmp_path / "store" / "blobs" / "sha256" / digest
    os.utime(manifest, (then, then))
    full = name if ":" in name else f"{name}:latest"
    os.utime(tmp_path / "store" / "refs" / full, (then, then))


@pytest.fixture
def three(berth, tmp_path):
    """Three images of about 1 MB, used 30, 20 and 10 days ago."""
    for i, name in enumerate(("old", "middle", "new")):
        path = tmp_path / f"{name}.tar"
        path.write_bytes(tar_of([("data", os.urandom(1 << 20))]))
        berth("import", path)
        use(berth, tmp_path, name, (30 - 10 * i) * 86400)


def test_what_has_no_name_goes_first(berth, image, tmp_path):
    (tmp_path / "store" / "blobs" / "sha256" / ("0" * 64)).write_bytes(b"x" * 100)
    assert json.loads(berth("du", "--json").stdout)[0]["unneeded"] == 100
    assert "Would free 100B" in berth("prune", "--dry-run").stdout
    assert "Freed 100B: 0 layers, 1 blob" in berth("prune").stdout
    assert names(berth) == ["site/x:1"]


def test_images_not_used_for_long_go(berth, three):
    assert "Would remove old:latest" in berth("prune", "--until", "25d", "--dry-run").stdout
    assert len(names(berth)) == 3
    done = json.loads(berth("prune", "--until", "25d", "--json").stdout)
    assert [image["name"] for image in done["images"]] == ["old:latest"]
    assert done["layers"] == 1 and done["freed"] > 2 << 20
    assert names(berth) == ["middle:latest", "new:latest"]


def test_a_store_is_cut_to_a_size(berth, three, tmp_path):
    berth("prune", "--max-size", "5M")
    assert names(berth) == ["middle:latest", "new:latest"]
    used = json.loads(berth("du", "--json").stdout)[0]
    assert used["layer_bytes"] + used["blob_bytes"] <= 5 << 20
    # Archives are half of it.
    berth("prune", "--archives")
    used = json.loads(berth("du", "--json").stdout)[0]
    assert used["layer_bytes"] == 2 << 20 and used["blob_bytes"] < 4096
    result = berth("export", "new", "-o", tmp_path / "x", check=False)
    assert "the archive of layer 1 is not kept" in result.stderr
    assert "0 broken, 0 repaired, 2 not checked" in berth("verify").stdout
    berth("prune", "--all")
    assert names(berth) == [] and not os.listdir(tmp_path / "store" / "layers")


def test_listing_is_no_use(berth, three, tmp_path):
    def stamps():
        return [image["last_used"] for image in json.loads(berth("ls", "--json").stdout)]
    before = stamps()
    berth("inspect", "old")
    berth("verify")
    berth("du")
    assert stamps() == before


def test_a_configured_size_is_kept(berth, tmp_path):
    conf = tmp_path / "berth.yaml"
    conf.write_text("cluster: x\nimage: {max_size: 5M}\nnodes: [{names: n1}]\n")
    for name in ("one", "two", "three"):
        path = tmp_path / f"{name}.tar"
        path.write_bytes(tar_of([("data", os.urandom(1 << 20))]))
        result = berth("import", path, "--config", conf)
        if name != "three":
            use(berth, tmp_path, name, 86400)
    assert "removed 1 image not used for long" in result.stderr
    assert len(names(berth)) == 2 and "three:latest" in names(berth)


@pytest.mark.parametrize("user", [0, USER], ids=["root", "user"])
def test_what_a_container_uses_stays_and_is_stamped(make_cluster, short_dir, layout, user):
    cluster = make_cluster(user)
    cluster.up("--nodes", "1")
    copy = shutil.copytree(layout, short_dir / "layout")
    cluster.berth("image", "import", copy, "used")
    cluster.berth("image", "tag", "used", "same")

    def image(name):
        found = json.loads(cluster.berth("image", "ls", "--json", name).stdout)
        return found[0] if found else None
    layer = pathlib.Path(image("used")["layers"][0])
    digest = image("used")["digest"][7:]
    manifest = layer.parent.parent / "blobs" / "sha256" / digest
    os.utime(manifest, (1000, 1000))
    for name in ("used", "same"):
        os.utime(layer.parent.parent / "refs" / f"{name}:latest", (1000, 1000))
    assert image("used")["last_used"] == 1000
    job = cluster.berth("submit", "--parsable", "--image", "used", "--wrap",
                        "echo started; sleep 1000").stdout.strip()
    wait_until(lambda: image("used")["last_used"] > 1000, what="the stamp")
    for options in (["--all"], ["--max-size", "1"], ["--until", "1s"]):
        cluster.berth("image", "prune", *options)
        assert image("used") and layer.exists(), options
    cluster.berth("cancel", job)
    cluster.berth("wait", job, check=False)
    wait_until(lambda: cluster.berth("image", "prune", "--all") and not image("used"),
               what="the removal")
    assert not layer.exists()
