# SPDX-License-Identifier: Apache-2.0
"""A virtual machine of two packages with two NUMA nodes each, and its files.

QEMU emulates it, so neither KVM nor any rights are needed. Its kernel, its shell
and hwloc's programs come out of Debian's packages, which are unpacked and never
installed; Berth, munged and the libraries are those of this machine.
"""
import pathlib
import platform
import shutil
import stat
import subprocess

HERE = pathlib.Path(__file__).parent
PACKAGES, NUMA_PER_PACKAGE, CORES_PER_NUMA = 2, 2, 2
CORES_PER_PACKAGE = NUMA_PER_PACKAGE * CORES_PER_NUMA
CORES = PACKAGES * CORES_PER_PACKAGE
NUMA = PACKAGES * NUMA_PER_PACKAGE
MEMORY_PER_NUMA = 192  # MiB
# Distances as in real machines: near is the same package.
NEAR, FAR = 12, 21
# Emulation is slow, and slower on a machine that has other things to do.
TIMEOUT = 600


class Unavailable(Exception):
    """Why there can be no virtual machine here."""


def package_of(pu):
    """The package of a processor, by the number that the kernel gives it."""
    return pu // CORES_PER_PACKAGE


def numa_of(pu):
    """Its NUMA node. Neighbouring numbers are in different NUMA nodes, so that who
    takes logical for physical numbers is wrong."""
    return package_of(pu) * NUMA_PER_PACKAGE + pu % NUMA_PER_PACKAGE


def hardware():
    """QEMU's options for it."""
    argv = ["-smp", f"{CORES},sockets={PACKAGES},cores={CORES_PER_PACKAGE},threads=1",
            "-m", str(NUMA * MEMORY_PER_NUMA)]
    for node in range(NUMA):
        argv += ["-object", f"memory-backend-ram,id=m{node},size={MEMORY_PER_NUMA}M",
                 "-numa", f"node,nodeid={node},memdev=m{node}"]
    for pu in range(CORES):
        argv += ["-numa", f"cpu,node-id={numa_of(pu)},socket-id={package_of(pu)},"
                 f"core-id={pu % CORES_PER_PACKAGE},thread-id=0"]
    for a in range(NUMA):
        for b in range(a + 1, NUMA):
            far = FAR if a // NUMA_PER_PACKAGE != b // NUMA_PER_PACKAGE else NEAR
            argv += ["-numa", f"dist,src={a},dst={b},val={far}"]
    return argv


def quiet(*argv, **options):
    return subprocess.run([*map(str, argv)], text=True, stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE, **options)


def fetch(package, directory):
    """Download a package; what apt knows of it may be old, or nothing."""
    got = quiet("apt-get", "download", package, cwd=directory)
    if got.returncode:
        quiet("apt-get", "update", "-qq")
        got = quiet("apt-get", "download", package, cwd=directory)
    debs = list(directory.glob("*.deb"))
    if got.returncode or not debs:
        raise Unavailable(f"apt-get download {package}: {got.stderr.strip()}")
    return debs[0]


def unpacked(package, directory):
    """Directory with the files of a package, fetched when it is not there yet."""
    target, scratch = directory / package, directory / f"{package}.new"
    if target.exists():
        return target
    shutil.rmtree(scratch, ignore_errors=True)
    scratch.mkdir(parents=True)
    files = scratch / "files"
    quiet("dpkg-deb", "-x", fetch(package, scratch), files, check=True)
    files.rename(target)
    shutil.rmtree(scratch)
    return target


def kernel_image(directory):
    """The kernel of the package that linux-image-cloud-amd64 stands for."""
    unpacked("linux-image-cloud-amd64", directory)
    found = quiet("apt-cache", "depends", "linux-image-cloud-amd64").stdout
    name, = (line.split()[-1] for line in found.splitlines() if "Depends:" in line)
    image, = (unpacked(name, directory) / "boot").glob("vmlinuz-*")
    return image


def libraries_of(program):
    """Absolute paths of what the dynamic linker loads for it."""
    found = quiet("ldd", program, check=True).stdout
    assert "not found" not in found, found
    words = (word for line in found.splitlines() for word in line.split())
    return {word for word in words if word.startswith("/")}


class Files:
    """A file system in the making: the kernel unpacks it from a newc archive."""

    def __init__(self):
        self.entries = {}

    def _put(self, path, mode, data=b"", device=(0, 0)):
        path = str(path).lstrip("/")
        for parent in reversed(pathlib.PurePath(path).parents[:-1]):
            self.entries.setdefault(str(parent), (stat.S_IFDIR | 0o755, b"", (0, 0)))
        self.entries[path] = (mode, data, device)

    def directory(self, path, mode=0o755):
        self._put(path, stat.S_IFDIR | mode)

    def text(self, path, text, mode=0o644):
        self._put(path, stat.S_IFREG | mode, text.encode())

    def bytes(self, path, data):
        self._put(path, stat.S_IFREG | 0o644, data)

    def link(self, path, target):
        self._put(path, stat.S_IFLNK | 0o777, target.encode())

    def device(self, path, major, minor):
        self._put(path, stat.S_IFCHR | 0o600, device=(major, minor))

    def file(self, source, path=None):
        data = pathlib.Path(source).read_bytes()
        self._put(path or source, stat.S_IFREG | 0o755, data)

    def program(self, source, path=None):
        """A program and its libraries, at the paths that they have here."""
        self.file(source, path)
        for library in libraries_of(source):
            self.file(library)

    def archive(self):
        out = bytearray()
        entries = {**self.entries, "TRAILER!!!": (0, b"", (0, 0))}
        for ino, (name, (mode, data, device)) in enumerate(entries.items()):
            path = name.encode() + b"\0"
            fields = (ino, mode, 0, 0, 1, 0, len(data), 0, 0, *device, len(path), 0)
            out += b"070701" + b"".join(b"%08X" % field for field in fields) + path
            out += bytes(-len(out) % 4)
            out += data + bytes(-len(data) % 4)
        return bytes(out)


# Without MPI: its plugin would bring a hundred more libraries.
ENVIRONMENT = "export BERTH_CONF=/etc/berth.yaml BERTH_RUN_MPI_TYPE=none\n"
USERS = "root:x:0:0::/root:/bin/sh\nuser:x:1000:1000::/tmp:/bin/sh\n"
GROUPS = "root:x:0:\nuser:x:1000:\n"


def berth_files(packages):
    """Berth as installed, what it needs, and a shell."""
    files = Files()
    prefix = pathlib.Path(shutil.which("berth")).resolve().parent.parent
    for program in ("bin/berth", "sbin/berthctld", "sbin/berthd",
                    "libexec/berth/berth-shepherd", "libexec/berth/berth-topology-trial"):
        files.program(prefix / program)
    files.program(shutil.which("munged", path="/usr/sbin:/usr/bin"), "/usr/sbin/munged")
    files.file(packages["busybox-static"] / "bin/busybox", "/bin/busybox")
    files.link("/bin/sh", "busybox")
    for directory in ("/dev", "/proc", "/sys", "/root", "/tmp", "/run", "/log"):
        files.directory(directory)
    files.device("/dev/console", 5, 1)
    for name in ("berth", "berthctld", "berthd"):
        where = "bin" if name == "berth" else "sbin"
        files.link(f"/usr/bin/{name}", str(prefix / where / name))
    files.text("/init", (HERE / "init.sh").read_text(), 0o755)
    files.text("/etc/berth.yaml", (HERE / "berth.yaml").read_text())
    files.text("/etc/environment", ENVIRONMENT)
    files.text("/etc/passwd", USERS)
    files.text("/etc/group", GROUPS)
    return files


def pod_files(files):
    """What a node needs beside that for pods: images, and a root that can be left."""
    files.text("/switch", "")
    prefix = pathlib.Path(shutil.which("berth")).resolve().parent.parent
    for static in ("berth-pause", "bin/berth"):
        files.file(prefix / "libexec/berth" / static)
    files.program(plugin("image_import.so"))


def plugin(name):
    """The path of a plugin, as installed."""
    return pathlib.Path(shutil.which("berth")).resolve().parent.parent / "lib/berth" / name


def check_possible():
    if platform.machine() != "x86_64":
        raise Unavailable("the virtual machine is an x86-64 one")
    for program in ("qemu-system-x86_64", "apt-get", "dpkg-deb"):
        if not shutil.which(program):
            raise Unavailable(f"there is no {program} here")


def plain(cores, memory):
    """QEMU's options for a machine of one NUMA node."""
    return ["-smp", str(cores), "-m", str(memory)]


def boot(kernel, files, directory, options=None):
    """Run the machine until it powers itself off; returns what its console said."""
    initrd, console = directory / "initrd", directory / "console.log"
    initrd.write_bytes(files.archive())
    argv = ["qemu-system-x86_64", "-machine", "q35", "-accel", "tcg,thread=multi",
            "-cpu", "max,l3-cache=off", "-nographic", "-nodefaults", "-no-reboot",
            "-serial", f"file:{console}", "-kernel", kernel, "-initrd", initrd,
            "-append", "console=ttyS0 quiet loglevel=1 panic=-1", *(options or hardware())]
    try:
        done = quiet(*argv, timeout=TIMEOUT)
        assert done.returncode == 0, done.stderr
    except subprocess.TimeoutExpired:
        raise AssertionError(f"still running after {TIMEOUT} s; the console's end:\n"
                             + console.read_text(errors="replace")[-4000:]) from None
    return console.read_text(errors="replace")
