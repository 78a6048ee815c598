# SPDX-License-Identifier: Apache-2.0
"""berth image build: stages, cache, variables, files, packages, failures, jobs."""
import gzip
import json
import os
import pathlib
import shutil
import signal
import stat
import subprocess
import tarfile
import tempfile

import pytest

import build_roots
from desk import USER, as_user, environment, run, wait_until
from images import ARCH, tar_of, write_layout
from registries import Registry, missing

BOTH = pytest.mark.parametrize("user", [0, USER], ids=["root", "user"])


@pytest.fixture(scope="module")
def tars(tmp_path_factory):
    """Root file systems to import, as tar files."""
    place = tmp_path_factory.mktemp("roots")
    for name in ("base", "compiler", "debian"):
        rootfs = getattr(build_roots, f"{name}_rootfs")()
        (place / name).write_bytes(tar_of(rootfs))
    return place


class Builder:
    """A store with base images, and directories to build in."""

    def __init__(self, home, tars, user):
        self.home, self.tars, self.user = home, tars, user
        self.store = home / "store"
        self.context = home / "ctx"
        self.context.mkdir()
        self.own(home)

    def own(self, path):
        if self.user not in (None, os.geteuid()):
            for each in (path, *path.rglob("*")):
                os.chown(each, self.user, self.user, follow_symlinks=False)

    def image(self, *argv, **options):
        return run("berth", "image", argv[0], "--store", self.store, *argv[1:], user=self.user,
                   home=self.home, cwd=self.home, **options)

    def take_in(self, name):
        with open(self.tars / name, "rb") as stdin:
            self.image("import", "-", name, stdin=stdin)

    def write(self, files):
        """Files of the context; the Containerfile is one of them."""
        for name, content in files.items():
            path = self.context / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(content)
        self.own(self.context)

    def build(self, containerfile, *argv, **options):
        self.write({"Containerfile": containerfile})
        return self.image("build", "-t", "out", *argv, self.context, **options)

    def steps(self, containerfile, *argv, **options):
        """The words of the steps that made or would make a layer, and whether each was
        in the cache."""
        told = json.loads(self.build(containerfile, "--json", *argv, **options).stdout)["steps"]
        return [(step["text"].split()[0], step["cached"]) for step in told
                if step["text"].split()[0] in ("RUN", "COPY", "ADD", "WORKDIR")]

    def fails(self, containerfile, *argv, status=1):
        result = self.build(containerfile, *argv, check=False)
        assert result.returncode == status, result.stderr + result.stdout
        assert list((self.store / "tmp").iterdir()) == []
        return result.stderr.strip().splitlines()[-1]

    def inspect(self, name="out"):
        return json.loads(self.image("inspect", name, "--json").stdout)

    def blob(self, digest):
        return json.loads((self.store / "blobs/sha256" / digest.split(":")[1]).read_text())

    def document(self, name="out"):
        """The OCI configuration."""
        return self.blob(self.blob(self.inspect(name)["digest"])["config"]["digest"])

    def config(self, name="out"):
        return self.document(name)["config"]

    def tree(self, name="out"):
        """What a container would see: path -> lstat, layers applied."""
        found = {}
        for layer in reversed(self.inspect(name)["layers"]):
            root = pathlib.Path(layer)
            for path in sorted(root.rglob("*")):
                self.apply(found, root, str(path.relative_to(root)), os.lstat(path))
        return found

    @staticmethod
    def apply(found, root, name, info):
        whiteout = stat.S_ISCHR(info.st_mode) and info.st_rdev == 0
        if whiteout or (name in found and not stat.S_ISDIR(info.st_mode)):
            for old in [old for old in found if old == name or old.startswith(name + "/")]:
                del found[old]
        if not whiteout:
            found[name] = (root, info)

    def content(self, path, name="out"):
        root, _ = self.tree(name)[path]
        return (root / path).read_text()


@pytest.fixture
def make_builder(tars):
    """Builders by user, in directories that all can reach."""
    homes = []

    def make(user=None, images=("base",)):
        home = pathlib.Path(tempfile.mkdtemp(prefix="berth-test-"))
        homes.append(home)
        os.chmod(home, 0o755)
        builder = Builder(home, tars, user)
        for name in images:
            builder.take_in(name)
        return builder

    yield make
    mounts = pathlib.Path("/proc/self/mounts").read_text()
    for home in homes:
        assert str(home) not in mounts
        shutil.rmtree(home)


@pytest.fixture
def builder(make_builder):
    return make_builder()


@BOTH
def test_a_program_is_compiled_in_one_stage_and_kept_in_the_next(make_builder, user):
    builder = make_builder(user, ("base", "compiler"))
    builder.write({"main.c": "int puts(const char *);\n"
                             "int main(void) { return puts(WORD) < 0; }\n"})
    result = builder.build("""\
ARG FROM=compiler
FROM $FROM AS compile
ARG WORD=default
COPY main.c /src/
WORKDIR /src
RUN gcc -nostdinc -static "-DWORD=\\"$WORD\\"" -o program main.c && ./program
FROM base AS unused
RUN false
FROM base
COPY --from=compile /src/program /bin/
RUN program > /said
CMD ["program"]
""", "--build-arg", "WORD=chosen")
    assert "chosen\n" in result.stdout
    assert "STEP 9/9: CMD [\"program\"]" in result.stdout
    assert "RUN false" not in result.stdout
    tree = builder.tree()
    assert builder.content("said") == "chosen\n"
    assert "usr/bin/gcc" not in tree and "src" not in tree
    assert builder.config()["Cmd"] == ["program"]


def test_only_what_changed_is_done_again(builder):
    text = """\
FROM base
COPY a /a
ARG V=1
RUN echo $V > /v
COPY b /b
RUN cat /a /b > /c
"""
    builder.write({"a": "1\n", "b": "1\n", "unrelated": "1\n"})
    none, both = [("COPY", False), ("RUN", False)] * 2, [("COPY", True), ("RUN", True)]
    assert builder.steps(text) == none
    first = builder.inspect()["digest"]
    assert builder.steps(text) == both * 2
    assert builder.inspect()["digest"] == first
    builder.write({"unrelated": "2\n"})
    os.utime(builder.context / "a", (1, 1))
    assert builder.steps(text) == both * 2
    builder.write({"b": "2\n"})
    assert builder.steps(text) == both + [("COPY", False), ("RUN", False)]
    assert builder.content("c") == "1\n2\n"
    (builder.context / "b").chmod(0o755)
    assert builder.steps(text) == both + [("COPY", False), ("RUN", False)]
    assert builder.steps(text, "--build-arg", "V=2") == \
        [("COPY", True), ("RUN", False), ("COPY", False), ("RUN", False)]
    assert builder.content("v") == "2\n"
    assert builder.steps(text.replace("COPY a", "LABEL x=y\nCOPY a")) == none
    assert builder.steps(text, "--no-cache") == none


def test_the_cache_keeps_layers_that_no_name_needs(builder):
    text = "FROM base\nRUN echo 1 > /a\nRUN echo 2 > /b\n"
    builder.steps(text)
    builder.image("rm", "out")
    assert builder.steps(text) == [("RUN", True), ("RUN", True)]
    builder.image("rm", "out")
    assert "Would free" in builder.image("prune", "--cache", "--dry-run").stdout
    assert len(list((builder.store / "cache/steps").iterdir())) == 2
    builder.image("prune", "--cache")
    assert len(list((builder.store / "layers").glob("*.bytes"))) == 1
    assert builder.steps(text) == [("RUN", False), ("RUN", False)]


def test_the_same_inputs_give_the_same_digest(builder):
    text = "FROM base\nCOPY a /d/\nRUN touch /b && mkdir /c\nLABEL x=y\nENV A=b\n"
    env = {"SOURCE_DATE_EPOCH": "1000000000"}
    builder.write({"a": "1\n"})
    builder.steps(text, env=env)
    first = builder.inspect()["digest"]
    os.utime(builder.context / "a", (1700000000, 1700000000))
    assert all(not cached for _, cached in builder.steps(text, "--no-cache", env=env))
    assert builder.inspect()["digest"] == first
    document = builder.document()
    assert {entry["created"] for entry in document["history"]} == {"2001-09-09T01:46:40Z"}
    assert all(info.st_mtime <= 1000000000 for path, (_, info) in builder.tree().items()
               if path in ("d/a", "b", "c"))


def test_variables_are_seen_where_docker_says(builder):
    builder.build("""\
ARG GLOBAL=g
ARG NAME=base
FROM ${NAME} AS one
RUN echo "[$GLOBAL][$LOCAL]" > /before
ARG GLOBAL
ARG LOCAL=l
ARG TARGETARCH
ENV BOTH=env
ARG BOTH=arg
RUN echo "[$GLOBAL][$LOCAL][$BOTH]" > /after; test -n "$TARGETARCH"
ENV A=1 B=$A
ENV C=${A:+set} D=${NONE:-none} E='$A' F="x y" G=\\$A
ENV OLD form $A
FROM one
RUN echo "[$LOCAL][$BOTH][$A][$B][$C][$D][$E][$F][$G][$OLD]" > /child
FROM base
COPY --from=one /before /after /
COPY --from=1 /child /
RUN echo "[$LOCAL][$A]" > /other
WORKDIR ${NONE:-/w}
WORKDIR sub
USER $NONE:0
""", "--build-arg", "LOCAL=cli")
    assert builder.content("before") == "[][]\n"
    assert builder.content("after") == "[g][cli][env]\n"
    assert builder.content("child") == "[cli][env][1][][set][none][$A][x y][$A][form 1]\n"
    assert builder.content("other") == "[][]\n"
    assert builder.config()["WorkingDir"] == "/w/sub"
    assert stat.S_ISDIR(builder.tree()["w/sub"][1].st_mode)


def test_files_are_copied_as_documented(builder):
    builder.write({".dockerignore": "# rules\n*.log\nskip\n!skip/kept\n**/*.o\n",
                   "a.txt": "a\n", "b.txt": "b\n", "x.log": "", "skip/gone": "",
                   "skip/kept": "k\n", "d/e/f": "f\n", "d/e/g.o": ""})
    os.symlink("a.txt", builder.context / "link")
    os.symlink("../../etc/passwd", builder.context / "d/out")
    with tarfile.open(builder.context / "t.tar.gz", "w:gz") as tar:
        tar.add(builder.context / "d", "inner")
    builder.own(builder.context)
    builder.build("""\
FROM base
WORKDIR /w
COPY a.txt new
COPY a.txt dir/
COPY *.txt texts/
COPY d d2
COPY link /followed
COPY --chmod=750 a.txt /mode
COPY . /all
ADD t.tar.gz /unpacked
COPY t.tar.gz /packed/
COPY <<one.txt <<'two' /docs/
$WHAT ${NONE:-default} \\$x
one.txt
$WHAT
two
RUN rm /etc/gone && mkdir -p /opaque && rm -r /w/texts && mkdir /w/texts && touch /w/texts/only
RUN --mount=type=bind,source=d,target=/mnt cat /mnt/e/f > /bound; ! touch /mnt/x
COPY d/e/f a.txt /several/
""")
    tree = builder.tree()
    paths = set(tree)
    assert builder.content("w/new") == "a\n"
    assert {"w/dir/a.txt", "w/d2/e/f", "w/d2/out", "several/f", "several/a.txt"} <= paths
    assert os.readlink(tree["w/d2/out"][0] / "w/d2/out") == "../../etc/passwd"
    assert stat.S_ISREG(tree["followed"][1].st_mode)
    assert tree["mode"][1].st_mode & 0o777 == 0o750
    assert {"all/skip/kept", "all/d/e/f", "all/Containerfile"} <= paths
    assert not {"all/x.log", "all/skip/gone", "all/d/e/g.o", "w/d2/e/g.o"} & paths
    assert {"unpacked/inner/e/f", "packed/t.tar.gz"} <= paths
    assert builder.content("docs/one.txt") == " default $x\n"
    assert builder.content("docs/two") == "$WHAT\n"
    assert "etc/gone" not in paths
    assert builder.content("bound") == "f\n"
    assert not [path for path in paths if path.startswith(("mnt/", "dev/"))]
    run_tree = builder.image("build", "-t", "see", "-f", "-", builder.context,
                             input="FROM out\nRUN ls /w/texts\n").stdout
    assert "\nonly\n" in run_tree and "a.txt" not in run_tree


def test_what_a_run_leaves_in_tmp_is_there_for_the_next(builder):
    builder.build("FROM base\nRUN echo t > /tmp/t; echo r > /run/r; echo d > /dev/shm/d\n"
                  "RUN cat /tmp/t /run/r > /both; ! test -e /dev/shm/d\n")
    assert builder.content("both") == "t\nr\n"


def test_here_documents_run_and_a_cache_mount_lasts(builder):
    text = """\
FROM base
RUN <<EOF
set -e
X=in
echo $X > /in
EOF
RUN cat <<A > /a && cat <<'B' > /b
$HOME
A
$HOME
B
RUN <<EOF
#!/bin/cat
text
EOF
RUN --mount=type=cache,target=/cache echo x >> /cache/x; cat /cache/x > /counted
RUN ["/bin/sh", "-c", "echo exec > /exec"]
SHELL ["/bin/sh", "-e", "-c"]
RUN echo $- > /flags
"""
    assert "#!/bin/cat\ntext\n" in builder.build(text).stdout
    assert builder.content("in") == "in\n"
    assert builder.content("a") == "/root\n" and builder.content("b") == "$HOME\n"
    assert builder.content("exec") == "exec\n"
    assert "e" in builder.content("flags")
    assert "cache/x" not in builder.tree()
    builder.build(text, "--no-cache")
    assert builder.content("counted") == "x\nx\n"
    builder.image("prune", "--cache")
    builder.build(text, "--no-cache")
    assert builder.content("counted") == "x\n"


def test_a_run_may_be_without_network_and_have_memory_for_files(builder):
    builder.build("""\
FROM base
RUN cat /proc/net/dev > /host
RUN --network=none cat /proc/net/dev > /none
RUN --mount=type=tmpfs,target=/big,size=64k touch /big/x && cat /proc/mounts > /mounts; \\
    ! head -c 100000 /dev/zero > /big/y
""")
    def devices(path):
        return [line.split(":")[0].strip() for line in builder.content(path).splitlines()[2:]]
    assert devices("none") == ["lo"]
    here = pathlib.Path("/proc/net/dev").read_text().splitlines()[2:]
    assert devices("host") == [line.split(":")[0].strip() for line in here]
    assert " /big tmpfs " in builder.content("mounts")
    assert "big/x" not in builder.tree()


def test_the_configuration_is_what_the_file_says(builder):
    result = builder.build("""\
FROM base
MAINTAINER somebody
ENV A=1
LABEL one=1 "two words"="v w"
EXPOSE 80 9000-9001/udp
VOLUME /data "/x"
STOPSIGNAL SIGINT
HEALTHCHECK --interval=1m30s --retries=3 CMD check it
ENTRYPOINT ["entry"]
CMD arg
USER nobody
ONBUILD RUN echo triggered > /triggered
RUN true
""")
    assert builder.config() == {
        "Env": ["A=1"], "Labels": {"one": "1", "two words": "v w"},
        "ExposedPorts": {"80/tcp": {}, "9000/udp": {}, "9001/udp": {}},
        "Volumes": {"/data": {}, "\"/x\"".strip('"'): {}}, "StopSignal": "SIGINT",
        "Healthcheck": {"Test": ["CMD-SHELL", "check it"], "Interval": 90 * 10**9, "Retries": 3},
        "Entrypoint": ["entry"], "Cmd": ["/bin/sh", "-c", "arg"], "User": "nobody",
        "OnBuild": ["RUN echo triggered > /triggered"]}
    assert builder.document()["author"] == "somebody"
    warnings = [line for line in result.stderr.splitlines() if "warning" in line]
    assert any("Containerfile:8: HEALTHCHECK: kept" in line for line in warnings)
    assert any("Containerfile:13: RUN: USER nobody" in line for line in warnings)
    builder.image("build", "-t", "child", "-f", "-", builder.context,
                  input="FROM out\nENTRYPOINT [\"own\"]\n")
    config = builder.config("child")
    assert builder.content("triggered", "child") == "triggered\n"
    assert "OnBuild" not in config and "Cmd" not in config
    assert config["Entrypoint"] == ["own"]


@BOTH
def test_packages_are_installed_without_privilege(make_builder, user):
    builder = make_builder(user, ("debian",))
    repository = builder.context / "repo"
    repository.mkdir()
    build_roots.make_package(repository, "hello-berth")
    result = builder.build("FROM debian\nCOPY repo /repo\n"
                           "RUN apt-get update -q && apt-get install -q -y hello-berth\n"
                           "RUN hello-berth && dpkg -r hello-berth\n"
                           "RUN dpkg -i /repo/*.deb\n")
    assert result.stdout.count("configured\n") == 2 and "packaged\n" in result.stdout
    tree = builder.tree()
    assert tree["usr/bin/hello-berth"][1].st_uid == (user or 0)
    assert "Status: install ok installed" in builder.content("var/lib/dpkg/status")


@pytest.mark.parametrize("text, words", [
    ("FROM base\nRUN exit 7\n", "Containerfile:2: RUN: the command ended with status 7"),
    ("FROM base\nRUN kill -9 $$\n",
     "Containerfile:2: RUN: the command was ended by signal 9 (Killed)"),
    ("FROM base\nRUN [\"nothing\"]\n",
     "Containerfile:2: RUN: exec nothing: not found in PATH inside the image"),
    ("FROM scratch\nRUN x\n",
     "Containerfile:2: RUN: there is nothing to run: FROM scratch, and no COPY yet"),
    ("FROM scratch\nCMD x\n", "Containerfile: the image would have no files at all"),
    ("FROM bas\n", "did you mean 'base'?"),
    ("FROM base\nRUUN x\n", "Containerfile:2: unknown instruction 'RUUN': did you mean RUN?"),
    ("FROM base\nCOPY Containerfil /\n",
     "Containerfile:2: COPY: there is no Containerfil in the context: did you mean "
     "Containerfile?"),
    ("FROM base\nCOPY *.none /\n", "Containerfile:2: COPY: nothing in the context matches *.none"),
    ("FROM base\nCOPY ../../../etc/passwd /\n",
     "Containerfile:2: COPY: there is no etc/passwd in the context"),
    ("FROM base\nCOPY Containerfile Containerfile /x\n", "write /x/ with a slash at its end"),
    ("FROM base\nADD https://example.org/x /\n", "nothing is fetched by ADD or COPY"),
    ("FROM base\nCOPY --from=base /nope /\n", "there is no nope in image base"),
    ("FROM base\nRUN --mount=type=secret,target=/x true\n", "type=secret is not supported"),
    ("FROM base\nEXPOSE x\n", "Containerfile:2: EXPOSE: 'x' is no port"),
    ("FROM base\nCOPY Containerfile /bin\nCOPY --chmod=rwx Containerfile /\n",
     "--chmod=rwx is not an octal mode"),
])
def test_failures_are_one_sentence_and_leave_nothing(builder, text, words):
    status = 7 if "exit 7" in text else 137 if "kill" in text else 1
    assert words in builder.fails(text, status=status)
    assert "out:latest" not in builder.image("ls").stdout


def test_a_user_builds_on_the_images_of_the_site(make_builder, tars):
    builder = make_builder(USER if os.geteuid() == 0 else None)
    site = builder.home / "site"
    with open(tars / "base", "rb") as stdin:
        run("berth", "image", "import", "--store", site, "-", "common", stdin=stdin)
    conf = builder.home / "berth.yaml"
    conf.write_text(f"cluster: x\ncontroller: {{host: h}}\nnodes:\n  - {{names: n1}}\n"
                    f"image:\n  store: {site}\n  user_store: {builder.store}\n")
    builder.write({"Containerfile": "FROM common\nRUN rm /etc/gone && touch /etc/passwd\n"})
    result = run("berth", "image", "build", "--config", conf, "-t", "out", builder.context,
                 user=builder.user, home=builder.home, cwd=builder.home)
    assert "Built out:latest" in result.stdout
    base = run("berth", "image", "inspect", "common", "--json", "--store", site).stdout
    assert builder.inspect()["layers"][-1].split("/")[-1] == \
        json.loads(base)["layers"][0].split("/")[-1]
    assert "etc/gone" not in builder.tree()


def test_a_store_may_be_named_from_here(builder):
    builder.write({"Containerfile": "FROM base\nRUN touch /x\nCOPY Containerfile /y\n"})
    result = run("berth", "image", "build", "--store", "store", "-t", "out", "ctx",
                 cwd=builder.home)
    assert "Built out:latest" in result.stdout


def test_more_layers_than_an_image_may_have_are_refused(builder):
    steps = "".join(f"COPY Containerfile /{number}\n" for number in range(128))
    assert builder.fails("FROM base\n" + steps).endswith(
        "Containerfile:129: COPY: an image has at most 128 layers: join some of the steps")


def test_quiet_prints_the_digest_or_what_failed(builder):
    result = builder.build("FROM base\nRUN echo hidden\nRUN touch /x\n", "--quiet")
    assert result.stdout == builder.inspect()["digest"] + "\n" and result.stderr == ""
    result = builder.build("FROM base\nRUN echo shown; exit 3\n", "-q", check=False)
    assert result.returncode == 3 and "shown\n" in result.stderr and result.stdout == ""


def test_an_argument_nobody_asked_for_is_a_warning(builder):
    result = builder.build("FROM base\nRUN touch /x\n", "--build-arg", "NOBODY=1")
    assert "--build-arg NOBODY: no ARG asked for it" in result.stderr


@BOTH
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM], ids=["INT", "TERM"])
def test_an_interrupt_leaves_nothing(make_builder, user, number):
    builder = make_builder(user)
    builder.write({"Containerfile": "FROM base\nRUN touch /first\n"
                                    "RUN mkdir -m 0 /closed; echo ready; sleep 987654\n"})
    process = subprocess.Popen(
        [*as_user(user), "berth", "image", "build", "--store", str(builder.store),
         str(builder.context)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        env=environment(builder.home, {}))
    assert any(line == "ready\n" for line in process.stdout)
    process.send_signal(number)
    assert process.wait(60) == 130
    assert process.stderr.read() == "berth image: interrupted\n"
    assert list((builder.store / "tmp").iterdir()) == []
    assert run("pgrep", "-f", "sleep 987654", check=False).stdout == ""
    assert "ctx" not in builder.image("ls").stdout


def test_a_killed_build_is_cleared_away_by_the_next(builder):
    builder.write({"Containerfile": "FROM base\nRUN echo ready; sleep 987655\n"})
    process = subprocess.Popen(["berth", "image", "build", "--store", str(builder.store),
                                str(builder.context)], stdout=subprocess.PIPE, text=True)
    assert any(line == "ready\n" for line in process.stdout)
    process.kill()
    process.wait()
    wait_until(lambda: not run("pgrep", "-f", "sleep 987655", check=False).stdout,
               what="the container's end")
    builder.build("FROM base\nRUN touch /x\n")
    assert list((builder.store / "tmp").iterdir()) == []


@pytest.mark.skipif(missing("docker-registry"), reason="no docker-registry")
def test_base_images_come_from_a_registry(builder, tars, tmp_path):
    registry = Registry(tmp_path / "registry")
    try:
        registry.put_image("hpc/base", "1", [(tars / "base").read_bytes()], ARCH, gzip.compress)
        registry.put_image("hpc/tool", "2", [tar_of([("tool", b"t\n")])], ARCH, gzip.compress)
        text = (f"FROM {registry.host}/hpc/base:1\n"
                f"COPY --from={registry.host}/hpc/tool:2 /tool /copied\nRUN cat copied > /seen\n")
        builder.build(text, "--insecure")
        assert builder.content("seen") == "t\n"
        assert registry.host in builder.image("ls").stdout
    finally:
        registry.stop()
    assert builder.steps(text, "--insecure") == [("COPY", True), ("RUN", True)]


def entries_of_layout(layout):
    """Names and modes of the files that an OCI layout's image has, and its config."""
    def blob(digest):
        return layout / "blobs/sha256" / digest.split(":")[1]

    index = json.loads((layout / "index.json").read_text())
    manifest = json.loads(blob(index["manifests"][0]["digest"]).read_text())
    found = {}
    for layer in manifest["layers"]:
        with tarfile.open(blob(layer["digest"])) as tar:
            for member in tar:
                name = member.name.removeprefix("./").strip("/")
                parent, _, base = name.rpartition("/")
                if base.startswith(".wh."):
                    gone = f"{parent}/{base[4:]}".lstrip("/")
                    found = {path: mode for path, mode in found.items()
                             if path != gone and not path.startswith(gone + "/")}
                elif name not in ("", "."):
                    found[name] = (member.type, member.mode & 0o777)
    return found, json.loads(blob(manifest["config"]["digest"]).read_text())["config"]


COMPARED = """\
ARG BASE
FROM $BASE AS one
ENV X=1 Y="2 $X"
RUN mkdir -p /made/deep && echo x > /made/deep/file && chmod 700 /made/deep
FROM $BASE
ARG V=7
ENV FROM_ARG=$V
WORKDIR /w/x
COPY --from=one /made /made
COPY a b/
COPY d e
COPY --chmod=640 a /mode
ADD t.tar /unpacked/
RUN rm /etc/gone && ln -s target link && touch file
LABEL x=y
EXPOSE 80
VOLUME /v
STOPSIGNAL SIGUSR1
ENTRYPOINT ["cat"]
CMD ["file"]
"""


@pytest.mark.skipif(not shutil.which("buildah") or os.geteuid() != 0,
                    reason="needs buildah, and root for it")
def test_buildah_makes_the_same_of_the_same_file(builder, tars):
    layout = write_layout(builder.home / "layout", [(tars / "base").read_bytes()],
                          {"Env": ["PATH=/bin:/usr/bin"], "Cmd": ["sh"]})
    builder.image("import", layout, "same")
    builder.write({"a": "a\n", "d/one": "1\n", "d/sub/two": "2\n"})
    with tarfile.open(builder.context / "t.tar", "w") as tar:
        tar.add(builder.context / "d", "inner")
    builder.build(COMPARED, "--build-arg", "BASE=same")
    storage = ["buildah", "--root", builder.home / "r", "--runroot", builder.home / "rr",
               "--storage-driver", "vfs"]
    run(*storage, "bud", "--isolation", "chroot", "--build-arg", f"BASE=oci:{layout}", "-t", "out",
        builder.context)
    run(*storage, "push", "out", f"oci:{builder.home / 'theirs'}")
    entries, config = entries_of_layout(builder.home / "theirs")
    kinds = {stat.S_IFREG: tarfile.REGTYPE, stat.S_IFDIR: tarfile.DIRTYPE,
             stat.S_IFLNK: tarfile.SYMTYPE}
    ours = {path: (kinds[stat.S_IFMT(info.st_mode)], info.st_mode & 0o777)
            for path, (_, info) in builder.tree().items()}
    # Directories that no archive has are made by whoever unpacks it.
    for path in list(entries):
        for parent in pathlib.PurePath(path).parents:
            entries.setdefault(str(parent), (tarfile.DIRTYPE, 0o755))
    del entries["."]
    # Directories that buildah itself mounts on.
    mounted = ("proc", "sys", "dev", "run", "etc/host", "etc/resolv.conf", "tmp")
    for tree in (ours, entries):
        for path in list(tree):
            if path.startswith(mounted):
                del tree[path]
    assert ours == entries
    theirs = {key: value for key, value in config.items() if value and key != "Labels"}
    assert {key: value for key, value in builder.config().items() if key != "Labels"} == theirs
    assert builder.config()["Labels"]["x"] == config["Labels"]["x"] == "y"


@BOTH
def test_a_build_is_a_job_and_its_image_runs(make_cluster, tars, user):
    cluster = make_cluster(user)
    cluster.up("--nodes", "1")
    context = cluster.home / "ctx"
    context.mkdir()
    (context / "Containerfile").write_text(
        "FROM base\nENV WHO=me\nRUN hostname > /host; rm /etc/gone\nWORKDIR /w\nCOPY in /w/\n"
        "CMD [\"cat\", \"/host\"]\n")
    (context / "in").write_text("copied\n")
    with open(tars / "base", "rb") as stdin:
        cluster.berth("image", "import", "-", "base", stdin=stdin)
    result = cluster.berth("image", "build", "-t", "out", "--job=-J building", context)
    assert "Built out:latest" in result.stdout
    jobs = json.loads(cluster.berth("jobs", "--all", "--json").stdout)["jobs"]
    assert [job["name"] for job in jobs] == ["building"]
    result = cluster.berth("run", "--image", "out", "sh", "-c",
                           "cat /host /w/in; echo $WHO; ls /etc/gone", check=False)
    assert result.stdout == "n1\ncopied\nme\n", result.stderr
    assert "/etc/gone" in result.stderr
    failed = cluster.berth("image", "build", "-f", "-", "--job", context, check=False,
                           input="FROM base\nRUN exit 5\n")
    assert failed.returncode == 5
    assert "RUN: the command ended with status 5" in failed.stderr
    cluster.berth("image", "rm", "out", "base")
