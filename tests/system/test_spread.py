# SPDX-License-Identifier: Apache-2.0
"""Images on nodes that have stores of their own: fetched once, passed down the tree."""
import gzip
import hashlib
import pathlib
import re

import pytest

import images
import registries
from conftest import new_cluster, new_desk, remove
from desk import AS_ROOT, USER


@pytest.fixture(scope="module")
def apart():
    """A cluster whose nodes share no images; the image is on the first node only."""
    cluster = new_cluster()
    cluster.up("--nodes", "4", "--local-images")
    yield cluster
    remove(cluster)


@pytest.fixture
def desk(apart, request):
    return new_desk(apart, request.node.name)


def held_by(cluster, name):
    """Nodes whose store has that name."""
    refs = pathlib.Path(cluster.status()["images"]).glob(f"n*/refs/{name}:latest")
    return sorted(path.parts[-3] for path in refs)


def put_on(desk, node, name, content):
    """An image in one node's store."""
    tar = desk.dir / f"{name}.tar"
    entries = images.small_rootfs() + [("etc/which", content)]
    tar.write_bytes(images.tar_of(entries))
    desk.berth("image", "import", tar, name, env={"BERTH_NODE": node})


def test_the_first_node_gives_it_to_the_others(desk, apart):
    put_on(desk, "n1", "apart", b"one\n")
    out = desk.berth("run", "-N4", "-l", "--image", "apart", "cat", "/etc/which",
                     env={"BERTH_NODE": "n1"}).stdout
    assert sorted(out.splitlines()) == [f"{rank}: one" for rank in range(4)]
    assert held_by(apart, "apart") == ["n1", "n2", "n3", "n4"]


def layered(desk, node, name, top):
    """An image of two layers, of which the lower one is the same each time."""
    layers = [images.tar_of(images.small_rootfs()), images.tar_of([("etc/top", top)])]
    layout = images.write_layout(desk.dir / f"{name}.layout", layers)
    desk.berth("image", "import", layout, name, env={"BERTH_NODE": node})


def test_layers_that_are_there_are_not_sent_again(desk, apart):
    at = {"BERTH_NODE": "n1"}
    for name in ("first", "second"):
        layered(desk, "n1", name, name.encode())
    desk.berth("run", "-N4", "--image", "first", "true", env=at)
    blobs = pathlib.Path(apart.status()["images"]) / "n3" / "blobs" / "sha256"
    before = {path.name: path.stat().st_ino for path in blobs.iterdir()}
    out = desk.berth("run", "-N4", "--image", "second", "cat", "/etc/top", env=at).stdout
    assert out == "second" * 4
    after = {path.name: path.stat().st_ino for path in blobs.iterdir()}
    assert {name: after[name] for name in before} == before
    new = sum((blobs / name).stat().st_size for name in after if name not in before)
    assert 0 < new < 20000


def test_the_script_and_its_steps_run_in_it(desk):
    put_on(desk, "n1", "seed", b"seed\n")
    job = desk.submit("-w", "n[1-3]", "-N3", "--image", "seed", "-o", "out",
                      script="#!/bin/sh\ncat /etc/which\nberth run -l cat /etc/which\n",
                      env={"BERTH_NODE": "n1"})
    desk.wait(job)
    assert sorted(desk.text("out").splitlines()) == ["0: seed", "1: seed", "2: seed", "seed"]


def test_an_image_that_no_node_has_is_refused_with_what_to_do(desk):
    put_on(desk, "elsewhere", "far", b"far\n")
    result = desk.berth("run", "-N2", "--image", "far", "true", check=False,
                        env={"BERTH_NODE": "elsewhere"})
    assert result.returncode != 0
    assert "no node has it" in result.stderr and "prefetch far" in result.stderr


def test_a_blob_that_was_changed_is_not_taken(desk, apart):
    put_on(desk, "n1", "bad", b"bad\n")
    blobs = pathlib.Path(apart.status()["images"]) / "n1" / "blobs" / "sha256"
    layer = max(blobs.iterdir(), key=lambda path: path.stat().st_mtime_ns
                if path.stat().st_size > 1000000 else 0)
    with layer.open("r+b") as file:
        file.seek(100000)
        file.write(b"\xff" * 64)
    result = desk.berth("run", "-N2", "--image", "bad", "true", check=False,
                        env={"BERTH_NODE": "n1"})
    assert result.returncode != 0 and "node n2" in result.stderr, result.stderr
    assert "bad" not in {path.name for path in
                         (blobs.parents[2] / "n2" / "refs").iterdir()}
    assert held_by(apart, "bad") == ["n1"]


@pytest.mark.skipif(not AS_ROOT, reason="needs root, to be two people")
def test_a_users_image_stays_his_and_the_sites_stays_closed(apart, request):
    """A user's image goes to his own stores; the archives of the site's are root's."""
    root, user = new_desk(apart, request.node.name), new_desk(apart, "user", USER)
    put_on(user, "n1", "mine", b"mine\n")
    at = {"BERTH_NODE": "n1"}
    assert user.berth("run", "-N3", "--image", "mine", "cat", "/etc/which",
                      env=at).stdout == "mine\n" * 3
    assert held_by(apart, "mine") == []
    own = next((pathlib.Path(apart.status()["images"]) / "users").iterdir())
    assert own.stat().st_uid == USER
    assert sorted(path.name for path in own.iterdir()) == ["n1", "n2", "n3"]
    put_on(root, "n1", "site", b"site\n")
    assert user.berth("run", "-N3", "--image", "site", "cat", "/etc/which",
                      env=at).stdout == "site\n" * 3
    assert held_by(apart, "site") == ["n1", "n2", "n3"]
    for blob in pathlib.Path(apart.status()["images"]).glob("n*/blobs/sha256/*"):
        assert blob.stat().st_size < 1000000 or blob.stat().st_mode & 0o077 == 0


def test_jobs_go_where_their_image_is_and_get_it_from_there(desk, apart):
    """The first node to get it is the one that later jobs of any size prefer; a job
    on other nodes finds it there, though the submitter's node has it no more."""
    put_on(desk, "n3", "liked", b"liked\n")
    at = {"BERTH_NODE": "n3"}
    desk.berth("run", "-N2", "-w", "n3,n4", "--image", "liked", "true", env=at)
    out = desk.berth("run", "--image", "liked", "hostname", env=at).stdout
    assert out in ("n3\n", "n4\n")
    out = desk.berth("run", "-N2", "-w", "n1,n2", "--image", "liked", "cat", "/etc/which",
                     env=at).stdout
    assert out == "liked\n" * 2
    assert held_by(apart, "liked") == ["n1", "n2", "n3", "n4"]


def test_a_registry_is_asked_once_for_all_nodes(desk, apart):
    """Four nodes, two jobs: one GET of the layer, and one of the manifest by digest."""
    config = apart.dir / "berth.yaml"
    host = re.search(r"host: (\S+)", config.read_text()).group(1)
    registry = registries.Registry(desk.dir / "registry")
    proxy = registries.Proxy(registry, host)
    try:
        before = config.read_text()
        config.write_text(before.replace("image:\n", f"image:\n  insecure: {host}\n", 1))
        layer = images.tar_of(images.small_rootfs() + [("etc/which", b"pulled\n")])
        packed = gzip.compress(layer, mtime=0)
        digest = hashlib.sha256(packed).hexdigest()
        registry.put_image("tools/it", "1", [layer], images.ARCH, lambda data: packed)
        ref = f"{proxy.host}/tools/it:1"
        for nodes in ("n[1-3]", "n[2-4]"):
            out = desk.berth("run", "-N3", "-w", nodes, "--image", ref, "cat",
                             "/etc/which").stdout
            assert out == "pulled\n" * 3
        assert len(proxy.paths("GET", f"/blobs/sha256:{digest}")) == 1
        assert len(proxy.paths("GET", "/manifests/sha256:")) == 1
    finally:
        config.write_text(before)
        proxy.stop()
        registry.stop()


def test_prefetch_sends_what_only_the_submitter_has(desk, apart):
    put_on(desk, "elsewhere", "new", b"new\n")
    at = {"BERTH_NODE": "elsewhere"}
    desk.berth("image", "prefetch", "new", "-w", "n[2-3]", env=at)
    assert held_by(apart, "new") == ["n2", "n3"]
    desk.berth("image", "prefetch", "new", env=at)
    assert held_by(apart, "new") == ["n1", "n2", "n3", "n4"]
    assert "nothere" in desk.fails("image", "prefetch", "nothere", env=at)
