# SPDX-License-Identifier: Apache-2.0
"""Small root file systems and OCI layouts for tests, made of this machine's files."""
import gzip
import hashlib
import io
import json
import os
import pathlib
import platform
import re
import subprocess
import tarfile

ARCH = {"x86_64": "amd64", "aarch64": "arm64"}.get(platform.machine(), platform.machine())
TOOLS = ("sh", "cat", "ls", "id", "hostname", "sleep", "true", "false", "env", "chown")


def tar_of(entries):
    """A tar of (name, content) pairs; content None is a directory, bytes a file,
    a str starting with "->" a symbolic link, a Path that file of this machine."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as tar:
        for name, content in entries:
            info = tarfile.TarInfo(name)
            info.mode = 0o755
            if content is None:
                info.type = tarfile.DIRTYPE
            elif isinstance(content, str):
                info.type, info.linkname = tarfile.SYMTYPE, content[2:]
            else:
                if isinstance(content, pathlib.Path):
                    content = content.read_bytes()
                info.size = len(content)
            tar.addfile(info, io.BytesIO(content) if info.isreg() else None)
    return out.getvalue()


def libraries_of(*programs):
    """The shared libraries that programs name, with the loader."""
    listed = subprocess.run(["ldd", *programs], stdout=subprocess.PIPE, text=True,
                            stderr=subprocess.DEVNULL, check=False).stdout
    return set(re.findall(r"(/\S+) \(0x", listed))


def small_rootfs():
    """A shell and a few tools, with the libraries they need."""
    files = {}
    for tool in TOOLS:
        path = subprocess.run(["sh", "-c", f"command -v /bin/{tool}"], text=True,
                              stdout=subprocess.PIPE, check=True).stdout.strip()
        files[f"bin/{tool}"] = pathlib.Path(os.path.realpath(path))
        for library in libraries_of(path):
            files[library.lstrip("/")] = pathlib.Path(os.path.realpath(library))
    entries = [(name, None) for name in ("etc", "proc", "dev", "sys", "tmp")]
    entries += sorted(files.items())
    entries.append(("etc/marker", b"base\n"))
    entries.append(("etc/gone", b"base\n"))
    return entries


MODULES = """
import encodings.ascii, encodings.idna, socketserver, sqlite3, sys
for module in sys.modules.values():
    print(getattr(module, "__file__", None) or "")
"""


def python_rootfs(script):
    """The small one with Python, as much of it as a database server takes; 'script' is
    /server.py."""
    python = os.path.realpath("/usr/bin/python3")
    listed = subprocess.run([python, "-I", "-S", "-c", MODULES], text=True, check=True,
                            stdout=subprocess.PIPE).stdout.split()
    files = {name.lstrip("/"): pathlib.Path(name) for name in listed if name.startswith("/")}
    for library in libraries_of(python, *(name for name in listed if name.endswith(".so"))):
        files[library.lstrip("/")] = pathlib.Path(os.path.realpath(library))
    files["usr/bin/python3"] = pathlib.Path(python)
    entries = small_rootfs()
    present = {name for name, _ in entries}
    return entries + [("server.py", script.encode())] + \
        sorted(item for item in files.items() if item[0] not in present)


# Transports and stores for networks that this machine's tests do not have.
UNUSED = re.compile("ofi|ucx|psm|usnic|openib|portals|hcoll|libfabric|pmdl|munge|java")


def openmpi_files():
    """OpenMPI's and PMIx's components and texts, as this machine has them."""
    for folder in ("/usr/lib/*-linux-gnu/openmpi/lib/openmpi*", "/usr/lib/*-linux-gnu/pmix2/lib",
                   "/usr/share/openmpi", "/usr/share/pmix", "/etc/openmpi",
                   "/usr/lib/*-linux-gnu/pmix2/share"):
        for found in pathlib.Path("/").glob(folder.lstrip("/")):
            yield from (path for path in found.rglob("*")
                        if path.is_file() and not UNUSED.search(path.name))


LAUNCHERS = {"mpirun": "mpirun.openmpi", "orted": "orted", "mpiexec.hydra": "mpiexec.hydra",
             "hydra_pmi_proxy": "hydra_pmi_proxy"}


def mpi_rootfs(programs, mpich=None):
    """The small one with OpenMPI, and the given directory's programs in /mpi. With a
    second directory its programs are in /mpich, and both MPIs' launchers in PATH."""
    files = {str(path).lstrip("/"): path for path in openmpi_files()}
    for path in programs.iterdir():
        files[f"mpi/{path.name}"] = path
    for path in mpich.iterdir() if mpich else ():
        files[f"mpich/{path.name}"] = path
    # What UCX copies with in a node; MPICH is built on it.
    for path in pathlib.Path("/usr/lib").glob("*-linux-gnu/ucx/libuct_cma.so*") if mpich else ():
        files[str(path).lstrip("/")] = pathlib.Path(os.path.realpath(path))
    for name, program in LAUNCHERS.items() if mpich else ():
        files[f"usr/bin/{name}"] = pathlib.Path(os.path.realpath(f"/usr/bin/{program}"))
    linked = [path for name, path in files.items()
              if ".so" in path.name or name.startswith(("mpi/", "mpich/", "usr/bin/"))]
    for library in libraries_of(*linked):
        files[library.lstrip("/")] = pathlib.Path(os.path.realpath(library))
    entries = small_rootfs()
    present = {name for name, _ in entries}
    return entries + sorted(item for item in files.items() if item[0] not in present)


def write_layout(path, layers, config=None, history=None):
    """An OCI layout directory of uncompressed tars, bottom first."""
    blobs = path / "blobs" / "sha256"
    blobs.mkdir(parents=True)

    def put(kind, data):
        digest = hashlib.sha256(data).hexdigest()
        (blobs / digest).write_bytes(data)
        return {"mediaType": f"application/vnd.oci.image.{kind}",
                "digest": f"sha256:{digest}", "size": len(data)}

    diff_ids = ["sha256:" + hashlib.sha256(layer).hexdigest() for layer in layers]
    document = {"os": "linux", "architecture": ARCH, "config": config or {},
                "rootfs": {"type": "layers", "diff_ids": diff_ids}}
    if history:
        document["history"] = history
    manifest = {"schemaVersion": 2, "config": put("config.v1+json", json.dumps(document).encode()),
                "layers": [put("layer.v1.tar+gzip", gzip.compress(layer, mtime=0))
                           for layer in layers]}
    index = {"schemaVersion": 2, "manifests": [put("manifest.v1+json", json.dumps(manifest).encode())]}
    (path / "oci-layout").write_text('{"imageLayoutVersion": "1.0.0"}')
    (path / "index.json").write_text(json.dumps(index))
    return path
