# SPDX-License-Identifier: Apache-2.0
"""Root file systems to build images on, made of this machine's files."""
import hashlib
import os
import pathlib
import shutil
import subprocess

import images

FILE_TOOLS = ("rm", "touch", "mkdir", "cp", "mv", "chmod", "chown", "stat", "readlink", "grep",
              "find", "tar", "ln", "kill", "head")
PASSWD = b"root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534::/nonexistent:/bin/sh\n"


def of_machine(path):
    """A file of this machine under its own name, and where its content is."""
    return str(path).lstrip("/"), pathlib.Path(os.path.realpath(path))


def with_programs(names, entries):
    """The entries, and programs in /usr/bin with the libraries they need."""
    present = {name for name, _ in entries}
    files = {}
    for name in names:
        path = shutil.which(name, path="/usr/bin:/bin:/usr/sbin:/sbin")
        files[f"usr/bin/{name}"] = pathlib.Path(os.path.realpath(path))
        for library in images.libraries_of(path):
            files.setdefault(*of_machine(library))
    return entries + sorted(item for item in files.items() if item[0] not in present)


def base_rootfs():
    """A shell and tools for files."""
    entries = with_programs(FILE_TOOLS, images.small_rootfs())
    return entries + [("root", None), ("etc/passwd", PASSWD), ("etc/group", b"root:x:0:\n")]


def answer_of_gcc(*argv):
    return subprocess.run(["gcc", *argv], text=True, stdout=subprocess.PIPE,
                          check=True).stdout.strip()


def compiler_rootfs():
    """The base, with gcc as it is installed here; no headers."""
    programs = [answer_of_gcc(f"-print-prog-name={name}") for name in ("cc1", "collect2")]
    parts = ("crt1.o", "Scrt1.o", "crti.o", "crtn.o", "crtbegin.o", "crtbeginS.o", "crtend.o",
             "crtendS.o", "crtbeginT.o", "libgcc.a", "libgcc_eh.a", "libc.a", "liblto_plugin.so")
    files = dict(of_machine(os.path.normpath(path)) for path in
                 programs + [answer_of_gcc(f"-print-file-name={part}") for part in parts])
    for library in images.libraries_of(*programs):
        files.setdefault(*of_machine(library))
    entries = with_programs(("gcc", "as", "ld"), base_rootfs())
    present = {name for name, _ in entries}
    return entries + sorted(item for item in files.items() if item[0] not in present)


DPKG = ("dpkg", "dpkg-deb", "dpkg-query", "dpkg-split", "ldconfig", "start-stop-daemon", "diff",
        "sed", "gpgv", "apt-get", "apt-config")


def debian_rootfs():
    """The base, with dpkg and apt as they are installed here, and nothing installed by them."""
    entries = with_programs(DPKG, base_rootfs())
    methods = sorted(pathlib.Path("/usr/lib/apt").rglob("*"))
    files = dict(of_machine(path) for path in methods if path.is_file())
    for library in images.libraries_of(*(path for path in methods if path.is_file())):
        files.setdefault(*of_machine(library))
    files["usr/share/dpkg/cputable"] = pathlib.Path("/usr/share/dpkg/cputable")
    files["usr/share/dpkg/ostable"] = pathlib.Path("/usr/share/dpkg/ostable")
    files["usr/share/dpkg/tupletable"] = pathlib.Path("/usr/share/dpkg/tupletable")
    present = {name for name, _ in entries}
    entries += sorted(item for item in files.items() if item[0] not in present)
    folders = ("var/lib/dpkg/info", "var/lib/dpkg/updates", "var/lib/dpkg/triggers",
               "var/lib/apt/lists/partial", "var/cache/apt/archives/partial", "etc/apt/apt.conf.d",
               "etc/apt/preferences.d", "etc/apt/trusted.gpg.d", "var/log/apt")
    return [(name, None) for name in folders] + entries + [
        ("var/lib/dpkg/status", b""), ("var/lib/dpkg/diversions", b""),
        ("etc/apt/sources.list", b"deb [trusted=yes] file:/repo ./\n"),
        ("etc/passwd", PASSWD + b"_apt:x:42:65534::/nonexistent:/usr/sbin/nologin\n")]


CONTROL = ("Package: {name}\nVersion: 1.0\nArchitecture: all\n"
           "Maintainer: Nobody <nobody@example.org>\nDescription: a test\n")


def make_package(directory, name):
    """A repository in a directory: a package whose script changes owners, as those of
    daemons do, and a list of it."""
    tree = directory / "tree"
    (tree / "DEBIAN").mkdir(parents=True)
    (tree / "usr/bin").mkdir(parents=True)
    (tree / "DEBIAN/control").write_text(CONTROL.format(name=name))
    script = tree / "DEBIAN/postinst"
    script.write_text(f"#!/bin/sh\nset -e\nchown 42:42 /usr/bin/{name}\n"
                      f"chmod 2755 /usr/bin/{name}\necho configured\n")
    script.chmod(0o755)
    program = tree / "usr/bin" / name
    program.write_text("#!/bin/sh\necho packaged\n")
    program.chmod(0o755)
    package = directory / f"{name}_1.0_all.deb"
    subprocess.run(["dpkg-deb", "-b", str(tree), str(package)], check=True,
                   stdout=subprocess.DEVNULL)
    shutil.rmtree(tree)
    content = package.read_bytes()
    (directory / "Packages").write_text(
        CONTROL.format(name=name) + f"Filename: ./{package.name}\nSize: {len(content)}\n"
        f"SHA256: {hashlib.sha256(content).hexdigest()}\n")
