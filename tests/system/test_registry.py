# SPDX-License-Identifier: Apache-2.0
"""berth image pull, push, login, search, tags: against a real docker-registry, and
against one that breaks."""
import gzip
import hashlib
import json
import os
import pathlib
import random
import re
import subprocess
import tempfile
import threading

import pytest

from desk import run, wait_until
from images import ARCH, tar_of, write_layout
from registries import Proxy, Quiet, Registry, Server, TokenService, kill_and_wait, missing, once

pytestmark = pytest.mark.skipif(missing("docker-registry", "skopeo", "openssl", "htpasswd"),
                                reason="no docker-registry, skopeo, openssl or htpasswd")

BASE = tar_of([("etc", None), ("etc/marker", b"base\n"), ("etc/gone", b"x"),
               ("lib", "->usr/lib")])
TOP = tar_of([("etc/.wh.gone", b""), ("etc/marker", b"top\n")])
# Two MiB that do not get smaller, so that a connection can break in the middle.
LARGE = tar_of([("large", random.Random(1).randbytes(2 << 20))])
OTHER_ARCH = "arm64" if ARCH != "arm64" else "amd64"


def compress(data):
    return gzip.compress(data, 1, mtime=0)


@pytest.fixture(scope="module", name="registry")
def fixture_registry(tmp_path_factory):
    registry = Registry(tmp_path_factory.mktemp("registry") / "plain")
    registry.image = registry.put_image("hpc/small", "1", [BASE, TOP], ARCH, compress)
    registry.large = registry.put_image("hpc/large", "1", [BASE, LARGE], ARCH, compress)
    other = registry.put_image("hpc/small", "other", [TOP], OTHER_ARCH, compress)
    registry.put_manifest("hpc/small", "both", {
        "schemaVersion": 2, "mediaType": "application/vnd.oci.image.index.v1+json",
        "manifests": [{**other, "platform": {"os": "linux", "architecture": OTHER_ARCH}},
                      {**registry.image, "platform": {"os": "linux", "architecture": ARCH}}]})
    yield registry
    registry.stop()


@pytest.fixture(name="proxy")
def fixture_proxy(registry):
    proxy = Proxy(registry)
    yield proxy
    proxy.stop()


@pytest.fixture(name="berth")
def fixture_berth(tmp_path):
    """The command, with a store, a home and a configuration of its own."""
    config = tmp_path / "berth.yaml"
    config.write_text("cluster: x\ncontroller: {host: localhost}\nnodes: [{names: n1}]\n"
                      "image: {insecure: [127.0.0.1, localhost]}\n")

    def call(*argv, **options):
        env = {"BERTH_CONF": str(config), "REGISTRY_AUTH_FILE": "", "DOCKER_CONFIG": "",
               **options.pop("env", {})}
        return run("berth", "image", *argv, "--store", tmp_path / "store",
                   env=env, home=tmp_path, **options)
    call.config = config
    call.store = tmp_path / "store"
    call.home = tmp_path
    return call


def names(berth):
    return [image["name"] for image in json.loads(berth("ls", "--json").stdout)]


def marker(berth, name):
    """What the image has in /etc/marker, seen from the top."""
    layers = json.loads(berth("inspect", name, "--json").stdout)["layers"]
    return next(text.read_text() for text in
                (pathlib.Path(layer) / "etc/marker" for layer in layers) if text.exists())


def fails(berth, *argv, words, status=1):
    result = berth(*argv, check=False)
    assert result.returncode == status and result.stdout == ""
    assert result.stderr.count("\n") == 1, result.stderr
    for part in [words] if isinstance(words, str) else words:
        assert part in result.stderr
    return result.stderr


def left_over(berth):
    return os.listdir(berth.store / "tmp")


def test_an_image_is_pulled_with_the_digests_of_its_maker(berth, registry):
    ref = f"{registry.host}/hpc/small:1"
    assert f"Pulled {ref}: " in berth("pull", ref).stdout
    assert names(berth) == [ref]
    image = json.loads(berth("inspect", ref, "--json").stdout)
    assert image["digest"] == registry.image["digest"]
    assert marker(berth, ref) == "top\n" and len(image["layers"]) == 2
    blob = berth.store / "blobs/sha256" / hashlib.sha256(compress(BASE)).hexdigest()
    assert blob.read_bytes() == compress(BASE) and left_over(berth) == []


def test_it_is_pulled_by_digest_and_called_otherwise(berth, registry):
    digest = registry.image["digest"]
    berth("pull", f"{registry.host}/hpc/small@{digest}")
    assert names(berth) == [f"{registry.host}/hpc/small:sha256-{digest[7:19]}"]
    result = berth("pull", f"docker://{registry.host}/hpc/small:1@{digest}", "--name", "mine",
                   "--quiet")
    assert result.stdout == digest + "\n" and result.stderr == ""
    assert "mine:latest" in names(berth)
    fails(berth, "pull", f"{registry.host}/hpc/small@sha256:{'0' * 64}", words="has no hpc/small@")


def test_layers_that_are_here_are_not_fetched_again(berth, proxy):
    berth("pull", f"{proxy.host}/hpc/small:1")
    proxy.log.clear()
    berth("pull", f"{proxy.host}/hpc/large:1", "--name", "large")
    # The config and the one layer that small does not have.
    assert len(proxy.paths("GET", "/blobs/")) == 2


def test_an_index_gives_the_image_for_this_machine_or_the_one_asked_for(berth, registry):
    ref = f"{registry.host}/hpc/small:both"
    berth("pull", ref)
    assert json.loads(berth("inspect", ref, "--json").stdout)["digest"] == registry.image["digest"]
    berth("pull", ref, "--platform", f"linux/{OTHER_ARCH}", "--name", "foreign")
    assert len(json.loads(berth("inspect", "foreign", "--json").stdout)["layers"]) == 1


def test_a_foreign_platform_is_refused_with_those_that_are_there(berth, registry):
    ref = f"{registry.host}/hpc/small:both"
    fails(berth, "pull", ref, "--platform", "linux/s390x",
          words=["no image for linux/s390x", f"linux/{ARCH}", f"linux/{OTHER_ARCH}"])
    fails(berth, "pull", f"{registry.host}/hpc/small:other",
          words=f"the image is for linux/{OTHER_ARCH}, not linux/{ARCH}")
    assert names(berth) == []


def test_a_tag_that_is_not_there_is_answered_with_the_nearest(berth, registry):
    fails(berth, "pull", f"{registry.host}/hpc/small:bot", words="did you mean 'both'?")
    fails(berth, "pull", f"{registry.host}/hpc/nothing:1", words="has no hpc/nothing:1")


@pytest.mark.parametrize("ref, words", [
    ("Upper/Case:1", "registries know lower-case names only"),
    ("a.org/x@sha256:12", "after '@' comes sha256:"),
    ("small:1", "image.registries of the configuration is empty"),
    ("nowhere.invalid/x:1", "nowhere.invalid"),
])
def test_names_that_lead_nowhere_are_explained(berth, ref, words):
    fails(berth, "pull", ref, words=words)


def test_plain_http_needs_to_be_allowed(berth, registry):
    berth.config.write_text(berth.config.read_text().replace("127.0.0.1, localhost", ""))
    fails(berth, "pull", f"{registry.host}/hpc/small:1", words=registry.host)
    berth("pull", f"{registry.host}/hpc/small:1", "--insecure")


def test_short_names_and_mirrors_come_from_the_configuration(berth, registry, proxy):
    def configure(text):
        berth.config.write_text(re.sub(r"image: \{", f"image: {{{text}, ", CONFIG))
    CONFIG = berth.config.read_text()
    configure(f"registries: ['127.0.0.1:1', '{registry.host}']")
    berth("pull", "hpc/small:1")
    assert names(berth) == ["hpc/small:1"]
    configure(f"mirrors: ['{registry.host}/hpc={proxy.host}/hpc']")
    berth("pull", f"{registry.host}/hpc/small:1")
    assert proxy.paths("GET", "/manifests/1")
    # A mirror that does not have it leaves it to the registry.
    configure(f"mirrors: ['{registry.host}/hpc={proxy.host}/empty']")
    berth("pull", f"{registry.host}/hpc/large:1")
    assert proxy.paths("GET", "/v2/empty/large/manifests/1")


def test_a_blob_that_is_not_its_digest_is_refused(berth, proxy):
    def spoil(handler, body):
        data = bytearray(handler.ask(body).read())
        data[len(data) // 2] ^= 1
        handler.answer(200, bytes(data))
    layer = "sha256:" + hashlib.sha256(compress(LARGE)).hexdigest()
    proxy.faults.append(once(spoil, f"blobs/{layer}"))
    words = fails(berth, "pull", f"{proxy.host}/hpc/large:1", words="layer 2/2: ")
    assert "digest does not match" in words or "damaged" in words
    assert names(berth) == [] and left_over(berth) == []
    assert os.listdir(berth.store / "layers") == []
    berth("pull", f"{proxy.host}/hpc/large:1")


def test_a_manifest_that_is_not_its_digest_is_refused(berth, proxy, registry):
    def spoil(handler, body):
        answer = handler.ask(body)
        data = answer.read().replace(b'"schemaVersion": 2', b'"schemaVersion":  2')
        handler.answer(200, data, Content_Type=answer.headers["Content-Type"])
    proxy.faults.append(once(spoil, "/manifests/"))
    fails(berth, "pull", f"{proxy.host}/hpc/small@{registry.image['digest']}",
          words="digest does not match")


def test_a_truncated_layer_is_refused(berth, registry):
    layer = tar_of([("short", random.Random(2).randbytes(100000))])
    registry.put_image("hpc/short", "1", [layer], ARCH, compress)
    digest = "sha256:" + hashlib.sha256(compress(layer)).hexdigest()
    os.truncate(registry.blob_file(digest), 50000)
    fails(berth, "pull", f"{registry.host}/hpc/short:1", words="only 50000 of")
    assert names(berth) == [] and os.listdir(berth.store / "layers") == []


def ranges(proxy, digest):
    return [headers.get("Range") for verb, path, headers in proxy.log
            if verb == "GET" and path.endswith(digest)]


def test_a_connection_that_is_cut_is_taken_up_where_it_broke(berth, proxy):
    digest = "sha256:" + hashlib.sha256(compress(LARGE)).hexdigest()
    for after in (700000, 500000):
        proxy.faults.append(once(lambda handler, body, n=after: handler.cut(body, n),
                                 f"blobs/{digest}"))
    berth("pull", f"{proxy.host}/hpc/large:1")
    assert ranges(proxy, digest) == [None, "bytes=700000-", "bytes=1200000-"]
    assert left_over(berth) == []


def test_a_pull_that_was_killed_is_taken_up_by_the_next(berth, proxy):
    digest = "sha256:" + hashlib.sha256(compress(LARGE)).hexdigest()
    stalled, go_on = threading.Event(), threading.Event()

    def stall(handler, body):
        answer = handler.ask(body)
        handler.send_head(answer)
        handler.wfile.write(answer.read(900000))
        handler.wfile.flush()
        stalled.set()
        go_on.wait(60)
        handler.close_connection = True
    proxy.faults.append(once(stall, f"blobs/{digest}"))
    env = dict(os.environ, BERTH_CONF=str(berth.config), HOME=str(berth.home))
    process = subprocess.Popen(["berth", "image", "pull", f"{proxy.host}/hpc/large:1",
                                "--store", berth.store], env=env, stderr=subprocess.DEVNULL)
    assert stalled.wait(60)
    partial = berth.store / "tmp" / f"partial-{digest[7:]}"
    wait_until(lambda: partial.exists() and partial.stat().st_size == 900000)
    kill_and_wait(process)
    go_on.set()
    berth("pull", f"{proxy.host}/hpc/large:1")
    assert ranges(proxy, digest) == [None, "bytes=900000-"]
    assert left_over(berth) == []


def test_a_server_without_ranges_is_read_from_the_beginning(berth, proxy):
    digest = "sha256:" + hashlib.sha256(compress(LARGE)).hexdigest()

    def whole(handler, body):
        handler.answer(200, proxy.behind.request("GET", handler.path)[2])
    proxy.faults.append(once(lambda handler, body: handler.cut(body, 700000), digest))
    proxy.faults.append(once(whole, digest))
    berth("pull", f"{proxy.host}/hpc/large:1")
    assert len(ranges(proxy, digest)) == 2 and names(berth)


def test_a_busy_registry_is_asked_again(berth, proxy):
    for part, status in (("/manifests/", 429), ("/manifests/", 503), ("/blobs/", 502)):
        proxy.faults.append(once(
            lambda handler, body, code=status: handler.answer(code, Retry_After="0"), part))
    berth("pull", f"{proxy.host}/hpc/small:1")
    assert len(proxy.paths("GET", "/manifests/")) == 3


def test_what_can_be_read_in_two_ways_is_refused(berth, proxy):
    index = "application/vnd.oci.image.index.v1+json"

    def other_type(handler, body):
        handler.answer(200, handler.ask(body).read(), Content_Type=index)

    def both(handler, body):
        document = json.loads(handler.ask(body).read())
        document["manifests"] = document["layers"]
        handler.answer(200, json.dumps(document).encode(), Content_Type=document["mediaType"])

    def endless(handler, body):
        handler.answer(200, b'{"layers": [' + b" " * (5 << 20), Content_Type=index)
    for fault, words in ((other_type, "refused"), (both, "a manifest and an index at once"),
                         (endless, "the answer is larger than")):
        proxy.faults[:] = [once(fault, "/manifests/")]
        fails(berth, "pull", f"{proxy.host}/hpc/small:1", words=words)
    assert names(berth) == []


class Elsewhere(Quiet):
    """Storage that blobs are redirected to: it must not learn who asks."""

    def do_GET(self):
        self.server.log.append(dict(self.headers))
        self.answer(200, self.server.behind.request("GET", self.path, headers={
            "Authorization": self.server.authorization})[2])


def docker_auth(home, host):
    return json.loads((home / ".docker/config.json").read_text())["auths"].get(host)


@pytest.fixture(scope="module", name="guarded")
def fixture_guarded(tmp_path_factory):
    """A registry that wants a password: alice's is secret."""
    path = tmp_path_factory.mktemp("basic")
    users = subprocess.run(["htpasswd", "-Bbn", "alice", "secret"], stdout=subprocess.PIPE,
                           check=True).stdout
    (path / "htpasswd").write_bytes(users)
    registry = Registry(path / "guarded",
                        f"auth: {{htpasswd: {{realm: tests, path: {path}/htpasswd}}}}\n")
    write_layout(path / "layout", [BASE, TOP])
    run("skopeo", "copy", "-q", "--dest-tls-verify=false", "--dest-creds", "alice:secret",
        f"oci:{path}/layout", f"docker://{registry.host}/hpc/small:1")
    yield registry
    registry.stop()


def test_basic_authentication_login_and_logout(berth, guarded):
    ref = f"{guarded.host}/hpc/small:1"
    fails(berth, "pull", ref, words=f"berth image login {guarded.host}")
    result = berth("login", guarded.host, "--user", "alice", input="wrong\n", check=False)
    assert result.returncode == 1 and "does not accept these credentials" in result.stderr
    assert not (berth.home / ".docker/config.json").exists()
    assert "Logged in" in berth("login", guarded.host, "--user", "alice", input="secret\n").stdout
    kept = berth.home / ".docker/config.json"
    assert kept.stat().st_mode & 0o777 == 0o600
    berth("pull", ref)
    berth("push", ref, f"{guarded.host}/hpc/copy:1")
    assert berth("tags", f"{guarded.host}/hpc/copy").stdout == "1\n"
    # What docker's own file has besides stays.
    kept.write_text(json.dumps({**json.loads(kept.read_text()), "experimental": "on"}))
    berth("logout", guarded.host)
    assert json.loads(kept.read_text()) == {"auths": {}, "experimental": "on"}
    fails(berth, "logout", guarded.host, words="not logged in")
    fails(berth, "pull", ref, words="berth image login")


def test_what_skopeo_keeps_and_helpers_know_is_used(berth, guarded):
    ref = f"{guarded.host}/hpc/small:1"
    auth = berth.home / "auth.json"
    run("skopeo", "login", "--tls-verify=false", "--authfile", auth, "-u", "alice", "-p",
        "secret", guarded.host)
    berth("pull", ref, env={"REGISTRY_AUTH_FILE": str(auth)})
    helper = berth.home / "docker-credential-tests"
    helper.write_text('#!/bin/sh\nread host\n[ "$1 $host" = "get $EXPECTED" ] || exit 1\n'
                      'echo \'{"Username": "alice", "Secret": "secret"}\'\n')
    helper.chmod(0o755)
    (berth.home / ".docker").mkdir()
    (berth.home / ".docker/config.json").write_text(
        json.dumps({"credHelpers": {guarded.host: "tests"}}))
    path = f"{berth.home}:{os.environ['PATH']}"
    berth("rm", ref)
    berth("pull", ref, env={"PATH": path, "EXPECTED": guarded.host})
    result = berth("pull", ref, env={"PATH": path, "EXPECTED": "else"}, check=False)
    assert result.returncode == 1 and "docker-credential-tests failed" in result.stderr


def test_redirects_do_not_carry_credentials_away(berth, guarded):
    storage = Server(Elsewhere, "127.0.0.2")
    storage.behind = guarded
    storage.authorization = "Basic YWxpY2U6c2VjcmV0"
    proxy = Proxy(guarded)
    proxy.faults.append(lambda handler, body: "/blobs/" in handler.path and not handler.answer(
        307, Location=f"http://{storage.host}{handler.path}"))
    try:
        berth("login", proxy.host, "--user", "alice", input="secret")
        berth("pull", f"{proxy.host}/hpc/small:1")
        assert len(storage.log) == 3
        assert not any("Authorization" in headers for headers in storage.log)
        assert all("Authorization" in headers for _, path, headers in proxy.log
                   if "/blobs/" in path)
    finally:
        proxy.stop()
        storage.stop()


def test_bearer_tokens(berth, tmp_path):
    service = TokenService(tmp_path)
    registry = Registry(tmp_path / "registry", service.settings())
    try:
        write_layout(tmp_path / "layout", [BASE, TOP])
        berth("import", tmp_path / "layout", "small")
        ref = f"{registry.host}/hpc/small:1"
        fails(berth, "push", "small", ref, words="berth image login")
        result = berth("login", registry.host, "--user", "alice", input="wrong", check=False)
        assert "the token service refuses these credentials: who are you?" in result.stderr
        berth("login", registry.host, "--user", "alice", input="secret")
        berth("push", "small", ref)
        berth("pull", ref)
        assert berth("search", f"{registry.host}/").stdout == f"{registry.host}/hpc/small\n"
        scopes = [scope for query, _ in service.log for scope in query.get("scope", [])]
        assert {"repository:hpc/small:pull,push", "repository:hpc/small:pull",
                "registry:catalog:*"} <= set(scopes)
        berth("logout", registry.host)
        fails(berth, "pull", ref, words="berth image login")
    finally:
        registry.stop()
        service.stop()


def test_what_skopeo_and_buildah_push_is_pulled(berth, registry, tmp_path):
    write_layout(tmp_path / "layout", [BASE, TOP])
    for kind in ("v2s2", "oci"):
        run("skopeo", "copy", "-q", "--dest-tls-verify=false", "--format", kind,
            f"oci:{tmp_path}/layout", f"docker://{registry.host}/from/skopeo:{kind}")
        berth("pull", f"{registry.host}/from/skopeo:{kind}")
        assert marker(berth, f"{registry.host}/from/skopeo:{kind}") == "top\n"
    run("skopeo", "copy", "-q", "--dest-tls-verify=false", "--dest-compress-format", "zstd",
        "--dest-compress", f"oci:{tmp_path}/layout", f"docker://{registry.host}/from/skopeo:zstd")
    berth("pull", f"{registry.host}/from/skopeo:zstd")
    assert marker(berth, f"{registry.host}/from/skopeo:zstd") == "top\n"


@pytest.mark.skipif(missing("buildah"), reason="no buildah")
def test_what_buildah_builds_is_pulled(berth, registry, tmp_path):
    (tmp_path / "base.tar").write_bytes(BASE)
    buildah = ["buildah", "--root", tmp_path / "b", "--runroot", tmp_path / "r",
               "--storage-driver", "vfs"]
    container = run(*buildah, "from", "scratch").stdout.strip()
    run(*buildah, "add", container, tmp_path / "base.tar", "/")
    run(*buildah, "commit", container, "built")
    run(*buildah, "push", "--tls-verify=false", "built",
        f"docker://{registry.host}/from/buildah:1")
    berth("pull", f"{registry.host}/from/buildah:1")
    assert marker(berth, f"{registry.host}/from/buildah:1") == "base\n"


def test_what_is_pushed_is_read_by_skopeo(berth, registry, tmp_path):
    (tmp_path / "base.tar.zst").write_bytes(
        subprocess.run(["zstd", "-q"], input=BASE, stdout=subprocess.PIPE, check=True).stdout)
    (tmp_path / "base.tar").write_bytes(BASE)
    for name in ("base.tar", "base.tar.zst"):
        berth("import", tmp_path / name, "mine")
        ref = f"{registry.host}/pushed/{name[5:].replace('.', '-')}:1"
        digest = json.loads(berth("push", "mine", ref, "--json").stdout)["digest"]
        seen = json.loads(run("skopeo", "inspect", "--tls-verify=false", f"docker://{ref}").stdout)
        assert seen["Digest"] == digest and seen["Architecture"] == ARCH
        run("skopeo", "copy", "-q", "--src-tls-verify=false", f"docker://{ref}",
            f"dir:{tmp_path}/{name}.dir")


@pytest.mark.skipif(missing("podman"), reason="no podman")
def test_what_is_pushed_is_read_by_podman(berth, registry, tmp_path):
    write_layout(tmp_path / "layout", [BASE, TOP])
    berth("import", tmp_path / "layout", "mine")
    ref = f"{registry.host}/pushed/podman:1"
    berth("push", "mine", ref)
    # podman takes no longer paths than this.
    with tempfile.TemporaryDirectory(prefix="podman-") as place:
        podman = ["podman", "--root", f"{place}/root", "--runroot", f"{place}/run",
                  "--storage-driver", "vfs", "--log-level", "error"]
        run(*podman, "pull", "-q", "--tls-verify=false", ref)
        listed = json.loads(run(*podman, "images", "--format", "json").stdout)
        assert listed[0]["Digest"] == json.loads(
            berth("inspect", "mine", "--json").stdout)["digest"]
        trees = list(pathlib.Path(place, "root/vfs/dir").glob("*/etc/marker"))
        assert "top\n" in [tree.read_text() for tree in trees]
        run(*podman, "rmi", ref)


def test_blobs_that_are_there_are_not_sent_and_others_are_mounted(berth, proxy):
    ref = f"{proxy.host}/hpc/small:1"
    berth("pull", ref)
    pushed = json.loads(berth("push", ref, f"{proxy.host}/hpc/small:again", "--json").stdout)
    assert pushed["blobs_there"] == 3 and pushed["bytes_sent"] == 0
    assert not proxy.paths("PATCH", "") and not proxy.paths("POST", "")
    pushed = json.loads(berth("push", ref, f"{proxy.host}/hpc/mounted:1", "--json").stdout)
    assert pushed["blobs_mounted"] == 2 and pushed["blobs_sent"] == 1
    assert len(proxy.paths("POST", "from=hpc%2Fsmall")) == 2


def test_an_upload_that_breaks_goes_on_where_it_broke(berth, proxy, tmp_path):
    (tmp_path / "big.tar").write_bytes(tar_of([("big", random.Random(3).randbytes(40 << 20))]))
    berth("import", tmp_path / "big.tar", "big")
    seen = []

    def drop_second(handler, body):
        if handler.command != "PATCH":
            return False
        seen.append(handler.headers["Content-Range"])
        if len(seen) != 2:
            return False
        handler.close_connection = True
        return True
    proxy.faults.append(drop_second)
    berth("push", "big", f"{proxy.host}/hpc/big:1")
    size = (tmp_path / "big.tar").stat().st_size
    second = f"{32 << 20}-{size - 1}"
    assert seen[:3] == [f"0-{(32 << 20) - 1}", second, second]
    assert "hpc/big" in berth("search", f"{proxy.host}/big").stdout


def test_an_image_whose_archives_were_not_kept_is_not_pushed(berth, registry):
    berth.config.write_text(berth.config.read_text().replace("image: {",
                                                             "image: {keep_archives: false, "))
    ref = f"{registry.host}/hpc/small:1"
    berth("pull", ref)
    assert len(os.listdir(berth.store / "blobs/sha256")) == 2 and left_over(berth) == []
    fails(berth, "push", ref, words=["layer 1 was not kept", "image.keep_archives"])


def test_tags_and_catalogue_are_read_page_by_page(berth, registry, proxy):
    tags = berth("tags", f"{registry.host}/hpc/small").stdout.split()
    assert {"1", "both", "other"} <= set(tags) and tags == sorted(tags)

    def paged(handler, body):
        if "_catalog" not in handler.path:
            return False
        page = int(handler.path.rpartition("page=")[2]) if "page=" in handler.path else 0
        link = {"Link": f'</v2/_catalog?page={page + 1}>; rel="next"'} if page < 3 else {}
        handler.answer(200, json.dumps({"repositories": [f"p/{page}a", f"q/{page}"]}).encode(),
                       **link)
        return True
    proxy.faults.append(paged)
    found = berth("search", f"{proxy.host}/p/").stdout.split()
    assert found == [f"{proxy.host}/p/{n}a" for n in range(4)]
    listed = json.loads(berth("search", f"{proxy.host}/q", "--json").stdout)
    assert listed == [f"{proxy.host}/q/{n}" for n in range(4)]


def test_commands_that_ask_no_registry_do_not_load_libcurl(berth, registry):
    def libraries(*argv):
        return berth(*argv, env={"LD_DEBUG": "files"}, check=False).stderr
    assert "libcurl" not in libraries("ls") and "libarchive" not in libraries("ls")
    assert "libcurl" in libraries("tags", f"{registry.host}/hpc/small")
