# SPDX-License-Identifier: Apache-2.0
"""Attempts to break out of a container: each works where nothing protects, and fails
inside Berth, whoever the job's user is.

The attempts are the probes of tests/escape. doc/design/14-containment.md says against
whom they are, and what is not promised.
"""
import ctypes
import io
import json
import os
import pathlib
import shutil
import subprocess
import tarfile
import tempfile

import pytest

import images
from conftest import new_cluster, new_desk, remove
from desk import AS_ROOT, USER, run

pytestmark = pytest.mark.skipif(not AS_ROOT, reason="needs root")

# Who tries, and how. Without an image the node's files are there, by intent.
WAYS = {
    "user": (USER, ["--image", "probes"]),
    "user-as-root": (USER, ["--image", "probes", "--as-root"]),
    "user-plain": (USER, []),
    "root": (0, ["--image", "probes"]),
    "root-as-root": (0, ["--image", "probes", "--as-root"]),
}

# Probes that say nothing where the node's own files are the container's.
NEED_IMAGE = {"see-marker", "magic-links", "descriptors", "working-directory", "pivot",
              "chroot"}

KEY = "berth-probe"


class Yard:
    """A cluster and all that somebody could break out to."""

    def __init__(self, programs):
        self.dir = pathlib.Path(tempfile.mkdtemp(prefix="berth-escape-", dir="/var/tmp"))
        os.chmod(self.dir, 0o755)
        self.probe = self.dir / "probe"
        shutil.copy(programs / "probe", self.probe)
        self.marker = self.dir / "marker"
        self.marker.write_text("of the host\n")
        self.sleeper = self.dir / "sleeper"
        shutil.copy("/bin/sleep", self.sleeper)
        self.victims = []
        self.shared_memory = ctypes.CDLL(None).shmget(0x62657274, 4096, 0o1600)

    def victim(self):
        self.victims.append(subprocess.Popen([self.sleeper, "600"]))
        return self.victims[-1].pid

    def arguments(self):
        """What each probe that takes an argument is told."""
        blocks = [path.read_text().strip() for path in
                  sorted(pathlib.Path("/sys/class/block").glob("*/dev"))]
        handle = run(self.probe, "handle-of", self.marker).stdout.strip()
        victim = self.victim()
        return {"mknod-block": ",".join(blocks), "file-handle": handle, "key": KEY,
                "shared-memory": "0x62657274", "host-write": str(self.marker),
                **dict.fromkeys(("see-marker", "magic-links", "descriptors", "chroot",
                                 "working-directory", "pivot"), str(self.marker)),
                **dict.fromkeys(("trace", "memory", "environment", "overwrite-exe"),
                                str(victim)),
                "kill": str(self.victim())}

    def close(self):
        for victim in self.victims:
            victim.kill()
            victim.wait()
        ctypes.CDLL(None).shmctl(self.shared_memory, 0, None)
        shutil.rmtree(self.dir)


def probes_rootfs(probe):
    return images.small_rootfs() + [("probe", probe), ("setuid-probe", probe),
                                    ("mnt", None), ("opt", None)]


@pytest.fixture(scope="module")
def programs():
    build = os.environ.get("BERTH_BUILD_DIR", "build")
    path = pathlib.Path(build).resolve() / "tests" / "escape"
    assert (path / "probe").exists(), f"no {path}/probe: set BERTH_BUILD_DIR, 'make check'"
    return path


@pytest.fixture(scope="module")
def yard(programs):
    place = Yard(programs)
    yield place
    place.close()


@pytest.fixture(scope="module")
def cluster(yard):
    """Started by somebody who has a secret among his keys."""
    cluster = new_cluster()
    run(yard.probe, "with-key", KEY, "berth", "cluster", "up", "--name", cluster.name,
        "--dir", cluster.dir, "--nodes", "2", "--cores-per-node", "4", home=cluster.home)
    tar = images.tar_of(probes_rootfs(yard.probe))
    cluster.berth("image", "import", "-", "probes",
                  stdin=as_file(yard.dir / "probes.tar", tar))
    yield cluster
    remove(cluster)


def as_file(path, data):
    path.write_bytes(data)
    return open(path, "rb")


def names(programs):
    return run(programs / "probe", "list").stdout.split()


def verdicts(text):
    return {line.split(" ", 1)[0]: line.split(" ", 1)[1]
            for line in text.splitlines() if line}


# Kept out of the list of all: they need something around them, see below.
APART = {"set-uid", "key", "type-ahead", "magic-links", "descriptors", "working-directory",
         "pivot", "unmask-proc", "unmask-sys", "fork-bomb", "memory-flood", "shm-flood",
         "namespace"}

# Pytest wants the names before there is a program to ask; a test compares them.
PROBES = """
proc-sys sysrq sys-write release-agent cgroup-procs dev-mem dev-kmsg mknod-char mknod-block
see-marker magic-links descriptors working-directory file-handle set-uid host-write
trace memory environment kill overwrite-exe priority real-time shared-memory
mount host-name unmask-proc unmask-sys namespace chroot pivot
module bpf fault perf kernel-log reboot clock swap accounting raw-socket packet-socket ports
key type-ahead
fork-bomb memory-flood shm-flood
""".split()
FLOODS = ["fork-bomb", "memory-flood", "shm-flood"]
UNMASKING = ["unmask-proc", "unmask-sys"]
ON_INIT = ["trace", "memory", "environment", "overwrite-exe", "kill"]


def test_all_probes_are_known(programs):
    assert set(names(programs)) | {"ports"} == set(PROBES)


# ------------------------------------------------------------------------ bare

def told(name, arguments):
    return f"{name}={arguments[name]}" if name in arguments else name


def throwaway(*argv, **options):
    """Run something in a mount namespace that goes with it."""
    return run("unshare", "--mount", "--propagation", "private", *argv, **options)


@pytest.fixture(scope="module")
def bare(yard):
    """What the probes find where nothing protects: as root, on the host."""
    arguments = yard.arguments()
    plain = [told(name, arguments) for name in PROBES if name not in APART]
    found = throwaway(yard.probe, *plain).stdout
    floods = ["fork-bomb", "memory-flood=256", "shm-flood=256", "namespace"]
    found += run(yard.probe, *floods).stdout
    found += throwaway(yard.probe, told("pivot", arguments)).stdout
    found += run(yard.probe, "with-key", KEY, yard.probe, told("key", arguments)).stdout
    found += bare_set_uid(yard) + bare_terminal(yard) + bare_roots(yard, arguments)
    found += throwaway("sh", "-c", "mount --bind /proc/sys /proc/sys && "
                       "mount -o remount,bind,ro /proc/sys && mount -o remount,bind,ro /sys && "
                       f"! test -w /proc/sys/kernel/core_pattern && {yard.probe} "
                       + " ".join(UNMASKING)).stdout
    return verdicts(found)


def bare_set_uid(yard):
    copy = yard.dir / "set-uid"
    shutil.copy(yard.probe, copy)
    os.chmod(copy, 0o4755)
    return run(copy, "set-uid", user=USER).stdout


def bare_terminal(yard):
    """In a session of its own, whose terminal is ours."""
    import fcntl
    import pty
    import termios
    ours, theirs = pty.openpty()

    def take_terminal():
        os.setsid()
        fcntl.ioctl(theirs, termios.TIOCSCTTY, 0)
    try:
        return run(yard.probe, "type-ahead", preexec_fn=take_terminal,
                   pass_fds=[theirs]).stdout
    finally:
        os.close(ours)
        os.close(theirs)


def bare_roots(yard, arguments):
    """In a root made by chroot alone, with something left open of what is outside."""
    root = yard.dir / "root"
    (root / "proc").mkdir(parents=True)
    shutil.copy(yard.probe, root / "probe")
    found = throwaway("sh", "-c", f"mount --bind /proc {root}/proc && exec chroot {root} "
                      f"/probe {told('magic-links', arguments)}").stdout
    outside = os.open("/", os.O_RDONLY)
    found += run("/probe", told("descriptors", arguments), pass_fds=[outside],
                 preexec_fn=lambda: os.chroot(root)).stdout
    os.close(outside)
    found += run("/probe", told("working-directory", arguments),
                 preexec_fn=lambda: os.chroot(root)).stdout
    return found


@pytest.mark.parametrize("name", PROBES)
def test_an_attempt_works_where_nothing_protects(bare, name):
    verdict = bare[name]
    if verdict.startswith("ABSENT"):
        pytest.skip(f"not on this machine: {verdict}")
    assert verdict.startswith("ESCAPED")


# ---------------------------------------------------------------------- inside

@pytest.fixture(scope="module")
def inside(cluster, yard):
    """What the probes find in a step, for each way to run one."""
    arguments = yard.arguments()
    found = {}
    for way, (user, options) in WAYS.items():
        desk = new_desk(cluster, way, user)
        program = "/probe" if "--image" in options else yard.probe
        plain = [told(name, arguments) for name in PROBES
                 if name not in FLOODS + UNMASKING + ["set-uid"]]
        result = desk.berth("run", *options, "-n1", program, *plain, *UNMASKING)
        found[way] = verdicts(result.stdout)
        result = desk.berth("run", *options, "-n1", program,
                            *[f"{name}=1" for name in ON_INIT])
        found[way].update({f"{name} of init": verdict for name, verdict
                           in verdicts(result.stdout).items()})
        desk.clear()
    return found


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("name", [name for name in PROBES
                                  if name not in FLOODS + ["set-uid"]]
                         + [f"{name} of init" for name in ON_INIT])
def test_an_attempt_fails_inside(inside, way, name):
    if way == "user-plain" and name in NEED_IMAGE:
        return
    assert inside[way][name].startswith(("HELD", "ABSENT"))


@pytest.mark.parametrize("where", ["image", "mount"])
@pytest.mark.parametrize("options", [[], ["--as-root"]], ids=["", "as-root"])
def test_a_set_uid_program_gives_nothing(cluster, yard, bare, where, options):
    desk = new_desk(cluster, "set-uid", USER)
    [layer] = image_layers(cluster, "probes")
    os.chmod(f"{layer}/setuid-probe", 0o4755)
    program = "/setuid-probe" if where == "image" else "/opt/set-uid"
    out = desk.berth("run", "--image", "probes", *options, "--mount", f"{yard.dir}:/opt",
                     "-n1", program, "set-uid").stdout
    assert out.startswith("set-uid HELD")


def image_layers(cluster, name):
    found = cluster.berth("image", "inspect", name, "--json").stdout
    return json.loads(found)["layers"]

# --------------------------------------------- the runtime's own program

def interpreter_rootfs(programs):
    """A program that asks for whoever starts it to be started again, and a dynamic
    loader that then runs in its name."""
    loader = next(path for path in images.libraries_of("/bin/sh") if "/ld-" in path)
    return [("bin", None), ("dev", None), ("bin/again", b"#!/proc/self/exe\n"),
            (loader.lstrip("/"), programs / "interpreter")]


def test_the_runtimes_program_is_out_of_reach(cluster, yard, programs):
    tar = images.tar_of(interpreter_rootfs(programs))
    cluster.berth("image", "import", "-", "again", stdin=as_file(yard.dir / "again", tar))
    for user in (0, USER):
        desk = new_desk(cluster, "again", user)
        result = desk.berth("run", "--image", "again", "-n1", "/bin/again", check=False)
        assert result.stdout.startswith("interpreter HELD"), result


def test_the_program_of_who_only_changes_his_root_is_not(yard, programs):
    root = yard.dir / "again-root"
    for name, content in interpreter_rootfs(programs):
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if content is None:
            path.mkdir(exist_ok=True)
        else:
            path.write_bytes(content if isinstance(content, bytes) else content.read_bytes())
            path.chmod(0o755)
    (root / "proc").mkdir()
    enter = f"mount --bind /proc {root}/proc && exec chroot {root} /bin/again"
    assert throwaway("sh", "-c", enter).stdout.startswith("interpreter ESCAPED")


# ------------------------------------------------------------- hostile archives

def entry(name, kind=tarfile.REGTYPE, link="", mode=0o644, data=b"", device=(0, 0)):
    info = tarfile.TarInfo(name)
    info.type, info.linkname, info.mode, info.size = kind, link, mode, len(data)
    info.devmajor, info.devminor = device
    return info, data


LINK, HARD, CHAR, BLOCK = tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.CHRTYPE, tarfile.BLKTYPE
DIR = tarfile.DIRTYPE


def hostile(outside):
    """Archives by what they try; each writes, or leads to, a file in 'outside'."""
    up = "../" * 12 + str(outside).lstrip("/")
    here = str(outside)
    return {
        "dots": [entry(f"{up}/dots", data=b"x")],
        "dots inside": [entry("a", DIR, mode=0o755), entry(f"a/../{up}/dots", data=b"x")],
        "absolute": [entry(f"{here}/absolute", data=b"x")],
        "link": [entry("out", LINK, here), entry("out/link", data=b"x")],
        "link up": [entry("out", LINK, up), entry("out/link", data=b"x")],
        "chain": [entry("a", LINK, "b"), entry("b", LINK, "c"), entry("c", LINK, here),
                  entry("a/chain", data=b"x")],
        "chain of directories": [entry("d", DIR, mode=0o755), entry("d/e", LINK, here),
                                 entry("f", LINK, "d/e"), entry("f/chain", data=b"x")],
        "link to a file": [entry("file", LINK, f"{here}/kept"),
                           entry("file", data=b"overwritten")],
        "hard link": [entry("file", HARD, f"{here}/kept"), entry("file", data=b"over")],
        "hard link through a link": [entry("out", LINK, here),
                                     entry("file", HARD, "out/kept", mode=0o666)],
        "mode of a link": [entry("out", LINK, here), entry("out", DIR, mode=0o777)],
        "proc": [entry("root", LINK, "/proc/self/root"), entry(f"root{here}/proc", data=b"x")],
        "a directory that becomes a link": [
            entry("d", DIR, mode=0o755), entry("d", LINK, here), entry("d/late", data=b"x")],
    }


def tar_of_entries(entries):
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as tar:
        for info, data in entries:
            tar.addfile(info, io.BytesIO(data))
    return out.getvalue()


def state_of(outside):
    return sorted((path.name, path.lstat().st_mode, path.lstat().st_nlink,
                   path.read_bytes() if path.is_file() else b"")
                  for path in [outside, *outside.iterdir()])


@pytest.fixture
def outside(tmp_path):
    path = tmp_path / "outside"
    path.mkdir(mode=0o755)
    (path / "kept").write_text("kept\n")
    return path


ATTEMPTS = sorted(hostile("/x"))


@pytest.mark.parametrize("attempt", ATTEMPTS)
def test_an_archive_changes_nothing_outside(tmp_path, outside, attempt):
    before = state_of(outside)
    tar = as_file(tmp_path / "tar", tar_of_entries(hostile(outside)[attempt]))
    run("berth", "image", "import", "-", "hostile", "--store", tmp_path / "store", stdin=tar,
        check=False)
    assert state_of(outside) == before
    for path in (tmp_path / "store").rglob("*"):
        if path.is_file() and not path.is_symlink():
            assert path.stat().st_ino != (outside / "kept").stat().st_ino


def unpack_naively(tar, target):
    """As one would who has not heard of it: names are joined, links followed."""
    for info in tar:
        path = os.path.join(target, info.name.lstrip("/") if ".." in info.name
                            else info.name)
        try:
            if info.issym():
                if os.path.isdir(path):
                    os.rmdir(path)
                os.symlink(info.linkname, path)
            elif info.islnk():
                os.link(os.path.join(target, info.linkname), path)
                os.chmod(path, info.mode)
            elif info.isdir():
                os.makedirs(path, exist_ok=True)
                os.chmod(path, info.mode)
            else:
                with open(path, "wb") as out:
                    out.write(tar.extractfile(info).read())
        except FileExistsError:
            pass


@pytest.mark.parametrize("attempt", ATTEMPTS)
def test_an_archive_unpacked_naively_reaches_out(tmp_path, outside, attempt):
    before = state_of(outside)
    target = tmp_path / "a" / "b"
    target.mkdir(parents=True)
    data = tar_of_entries(hostile(outside)[attempt])
    with tarfile.open(fileobj=io.BytesIO(data)) as tar:
        unpack_naively(tar, target)
    assert state_of(outside) != before


DEVICES = [entry("dev", DIR, mode=0o755), entry("dev/log", CHAR, mode=0o666, device=(1, 11)),
           entry("dev/disk", BLOCK, mode=0o666, device=(253, 0)), entry("kept", data=b"x"),
           entry("root-shell", mode=0o6755, data=b"x")]


def special_files(tree):
    return sorted(path.name for path in pathlib.Path(tree).rglob("*")
                  if path.is_char_device() or path.is_block_device()
                  or path.lstat().st_mode & 0o6000)


def test_an_archive_brings_no_device_and_no_set_uid_file(tmp_path):
    data = tar_of_entries(DEVICES)
    naive = tmp_path / "naive"
    naive.mkdir()
    subprocess.run(["tar", "-xpf", "-", "-C", naive], input=data, check=True)
    assert special_files(naive) == ["disk", "log", "root-shell"]
    run("berth", "image", "import", "-", "devices", "--store", tmp_path / "store",
        stdin=as_file(tmp_path / "tar", data))
    assert special_files(tmp_path / "store") == []
    assert list((tmp_path / "store").rglob("kept"))


# ------------------------------------------------------------- links in the way

def linked_rootfs(outside):
    """Links to the host where a container has its mounts."""
    here = str(outside)
    replaced = {"tmp", "dev", "proc", "sys", "run", "mnt"}
    rootfs = [item for item in images.small_rootfs() if item[0] not in replaced]
    return rootfs + [(name, f"->{here}") for name in sorted(replaced)] + [
        ("up", "->" + "../" * 12 + here.lstrip("/")), ("chain", "->link1"),
        ("link1", "->link2"), ("link2", f"->{here}"), ("magic", f"->/proc/self/root{here}"),
        ("magic1", f"->/proc/1/root{here}"), ("etc/passwd", f"->{here}/kept"),
        ("etc/hosts", f"->{here}/kept"), ("etc/resolv.conf", f"->{here}/kept")]


TARGETS = ["/mnt", "/mnt/new", "/up", "/up/new", "/chain", "/chain/a/b", "/magic",
           "/magic1/new", "/etc/passwd/../../mnt"]


@pytest.fixture
def host_dir(yard):
    path = pathlib.Path(tempfile.mkdtemp(prefix="outside-", dir=yard.dir))
    (path / "kept").write_text("kept\n")
    for name in ("null", "shm", "pts"):
        (path / name).mkdir()
    os.chmod(path, 0o777)
    yield path


@pytest.mark.parametrize("user", [0, USER], ids=["root", "user"])
def test_links_of_an_image_lead_no_mount_to_the_host(cluster, yard, host_dir, user):
    tar = images.tar_of(linked_rootfs(host_dir))
    cluster.berth("image", "import", "-", "links", stdin=as_file(yard.dir / "links", tar))
    before = state_of(host_dir)
    desk = new_desk(cluster, "links", user)
    (desk.dir / "marker").write_text("mounted\n")
    plain = desk.berth("run", "--image", "links", "-n1", "/bin/sh", "-c",
                       ": >/tmp/made; : >/dev/shm/made; : >/run/made; echo run").stdout
    assert plain == "run\n"
    for target in TARGETS:
        result = desk.berth("run", "--image", "links", "--mount", f"{desk.dir}:{target}",
                            "-n1", "/bin/cat", f"{target}/marker", check=False)
        assert result.stdout == "mounted\n" or result.returncode != 0, target
        assert state_of(host_dir) == before, target


def test_a_mount_that_follows_links_lands_on_the_host(yard, host_dir):
    root = yard.dir / "linked-root"
    root.mkdir()
    (root / "mnt").symlink_to(host_dir)
    (yard.dir / "marker2").write_text("mounted\n")
    found = throwaway("sh", "-c", f"mkdir -p {root}/mnt/new && mount --bind {yard.dir} "
                      f"{root}/mnt/new && cat {host_dir}/new/marker2").stdout
    assert found == "mounted\n" and (host_dir / "new").exists()


# ------------------------------------------------------- where a program starts

def test_a_working_directory_leads_nowhere_else(cluster, yard):
    """CVE-2024-21626: a descriptor of the runtime's as working directory."""
    desk = new_desk(cluster, "cwd")
    script = "".join(f"berth run --image probes -n1 --chdir /proc/self/fd/{fd} /probe "
                     f"working-directory={yard.marker}\n" for fd in range(3, 12))
    job = desk.submit("-n1", "-o", "out", script="#!/bin/sh\n" + script)
    assert desk.wait(job) == 0, desk.text("out")
    found = [line for line in desk.text("out").splitlines() if not line.startswith("berth")]
    assert found == ["working-directory HELD the way up ends at /"] * 9


# ------------------------------------------------------------------ other jobs

@pytest.mark.parametrize("where", ["/tmp", "/dev/shm", "/run"])
def test_a_job_does_not_see_anothers_files_in_memory(cluster, where):
    desk = new_desk(cluster, "neighbours", USER)
    look = f"ls {where}/a-secret || :"
    first = desk.start("run", "--image", "probes", "-w", "n1", "-n1", "sh", "-c",
                       f": >{where}/a-secret; {look}; read line")
    assert first.stdout.readline() == f"{where}/a-secret\n"
    assert "a-secret" not in desk.berth("run", "--image", "probes", "-w", "n1", "-n1",
                                            "sh", "-c", look).stdout
    first.communicate("end\n", timeout=60)
    assert not pathlib.Path(where, "a-secret").exists()
    desk.clear()


def test_without_an_image_the_nodes_tmp_is_everybodys(cluster):
    """The twin of the one before: /tmp is the node's."""
    desk = new_desk(cluster, "neighbours", USER)
    name = f"/tmp/berth-{desk.dir.name}-{os.getpid()}"
    try:
        desk.berth("run", "-w", "n1", "-n1", "sh", "-c", f": >{name}")
        desk.berth("run", "-w", "n1", "-n1", "ls", name)
    finally:
        os.unlink(name)

# ---------------------------------------------------------------------- floods

def has_groups(cluster):
    return "info: cgroup v" in (cluster.dir / "log" / "n1.log").read_text()


@pytest.mark.parametrize("flood", ["memory-flood", "shm-flood"])
@pytest.mark.parametrize("options", [[], ["--image", "probes"]], ids=["plain", "image"])
def test_a_flood_of_memory_stays_in_its_job(cluster, yard, flood, options):
    if not has_groups(cluster):
        pytest.skip("no control groups here")
    desk = new_desk(cluster, "flood", USER)
    program = "/probe" if options else yard.probe
    result = desk.berth("run", *options, "--mem", "64M", "-n1", program, f"{flood}=256",
                        check=False)
    assert "ESCAPED" not in result.stdout, result.stdout
    assert result.returncode == 137 or f"{flood} HELD" in result.stdout, result


def test_a_fork_bomb_stays_in_its_job(make_cluster, yard):
    """Of 2,000 processes; bare they all start, see above."""
    cluster = make_cluster()
    cluster.up("--nodes", "1", "--cores-per-node", "2")
    if not has_groups(cluster):
        pytest.skip("no control groups here")
    cluster.restart("n1", change=lambda text: text + "\ncgroup: {pids_max: 100}\n")
    desk = new_desk(cluster, "bomb", USER)
    result = desk.berth("run", "-n1", yard.probe, "fork-bomb")
    assert result.stdout.startswith("fork-bomb HELD"), result
    assert int(result.stdout.split()[2]) < 100
    desk.clear()
