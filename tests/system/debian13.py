# SPDX-License-Identifier: Apache-2.0
"""A root file system of Debian 13 with OpenMPI 5 and MPICH 4.2, and programs for it.

mmdebstrap fetches packages and unpacks them; nothing is installed, so no script of
theirs runs, and the tree has a tenth of a whole system. It is kept in the build
directory. Programs are compiled here: against the headers and libraries of the tree,
and against this machine's C library, which is older than the tree's.
"""
import pathlib
import re
import shutil
import subprocess
import tarfile

SUITE = "trixie"
# Enough to run programs of both, and their launchers.
PACKAGES = ("base-files", "dash", "coreutils", "libopenmpi40", "openmpi-bin", "mpich")
HEADERS = ("libopenmpi-dev", "libmpich-dev")
# What is for people, for perl, and for GPUs, which UCX looks for in modules.
LEFT_OUT = ("/usr/share/doc/*", "/usr/share/man/*", "/usr/share/locale/*", "/usr/share/info/*",
            "/usr/share/perl/*", "/usr/lib/*/perl*", "/usr/lib/*/gconv/*", "/usr/include/*",
            "*/libLLVM*", "*/libamd*", "*/libz3*", "*/libhsa*", "*/libze_*", "*/ucx/lib*rocm*",
            "*/ucx/lib*ze*", "*.a")
UNREACHABLE = re.compile("Failed to fetch|Could not resolve|Temporary failure|Unable to connect"
                         "|Connection (?:timed out|refused|failed)|Network is unreachable")
PROGRAMS = {"openmpi": ("hello", "ring", "exchange", "spawn", "abort", "file_io"),
            "mpich": ("hello", "ring", "exchange", "abort", "file_io")}


class Unavailable(Exception):
    """Why there can be no such tree here."""


def _mmdebstrap(target, directory):
    """The tree as a tar, and the packages of headers beside it."""
    fetch = (f'cd "{directory}" && APT_CONFIG="$MMDEBSTRAP_APT_CONFIG" apt-get download -qq '
             + " ".join(HEADERS))
    argv = ["mmdebstrap", "--quiet", "--variant=extract", "--format=tar",
            "--include", ",".join(PACKAGES), f"--extract-hook={fetch}",
            *(f"--dpkgopt=path-exclude={path}" for path in LEFT_OUT), SUITE, str(target)]
    done = subprocess.run(argv, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True, check=False)
    if done.returncode == 0:
        return
    if UNREACHABLE.search(done.stdout):
        raise Unavailable(f"no mirror of {SUITE}: {done.stdout.strip().splitlines()[-1]}")
    raise AssertionError(done.stdout)


def tree(build):
    """(tar, directory of headers) of the tree; made when it is not there yet."""
    if not shutil.which("mmdebstrap"):
        raise Unavailable("there is no mmdebstrap here")
    directory = pathlib.Path(build).resolve() / "tests" / "debian13"
    if (directory / "complete").exists():
        return directory / "tree.tar", directory / "headers"
    shutil.rmtree(directory, ignore_errors=True)
    directory.mkdir(parents=True)
    directory.chmod(0o777)  # mmdebstrap may be another user, in a namespace of its own
    _mmdebstrap(directory / "tree.tar", directory)
    for package in directory.glob("*.deb"):
        subprocess.run(["dpkg-deb", "-x", package, directory / "headers"], check=True)
    (directory / "complete").touch()
    return directory / "tree.tar", directory / "headers"


def _library(tar, name, directory):
    """Take a shared library out of the tree, whatever the version of its file."""
    with tarfile.open(tar) as archive:
        found = [member for member in archive
                 if re.fullmatch(rf".*/{re.escape(name)}[.0-9]*", member.name) and member.isreg()]
        (directory / name).write_bytes(archive.extractfile(found[0]).read())
    return directory / name


def programs(build, sources):
    """Directory with programs for both MPIs of the tree, in 'openmpi' and 'mpich'."""
    tar, headers = tree(build)
    out = tar.parent / "programs"
    for mpi, library, where in (("openmpi", "libmpi.so.40", "*/openmpi/include/mpi.h"),
                                ("mpich", "libmpich.so.12", "*/mpich/include/mpi.h")):
        (out / mpi).mkdir(parents=True, exist_ok=True)
        linked = tar.parent / library
        if not linked.exists():
            _library(tar, library, tar.parent)
        include, = {path.parent for path in headers.rglob("mpi.h") if path.match(where)}
        for name in PROGRAMS[mpi]:
            target, source = out / mpi / name, sources / f"{name}.c"
            if target.exists() and target.stat().st_mtime > source.stat().st_mtime:
                continue
            subprocess.run(["gcc", "-std=gnu11", "-O2", "-I", include, source, linked,
                            "-Wl,--allow-shlib-undefined", "-o", target], check=True)
    return out
