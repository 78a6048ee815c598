# SPDX-License-Identifier: Apache-2.0
"""Rows on images: from a registry on loopback to unpacked layers."""
import gzip
import hashlib
import json
import os
import shutil
import subprocess
import tarfile
import tempfile
import time

from measure import Command, Row, interleave
from peers import Missing, free_port, need

OCI = "application/vnd.oci.image"


def _layer_of(name):
    """Layers as people make them: a base, programs, libraries, what goes with them."""
    for number, start in enumerate(("usr/share", "usr/lib/x86_64-linux-gnu", "usr/lib"), 1):
        if name.lstrip("./").startswith(start):
            return number
    return 0


def _split(tar, work):
    """The root file system's tar as four tars; a hard link goes where its file is."""
    paths = [work / f"{number}.tar" for number in range(4)]
    layers = [tarfile.open(path, "w") for path in paths]
    home = {}
    with tarfile.open(tar) as source:
        for entry in source:
            if entry.isdev():
                continue
            number = _layer_of(entry.name)
            if entry.islnk():
                number = home.get(entry.linkname, number)
            home[entry.name] = number
            layers[number].addfile(entry, source.extractfile(entry) if entry.isreg() else None)
    for layer in layers:
        layer.close()
    return paths


def _write_layout(tar, work):
    blobs = work / "layout" / "blobs" / "sha256"
    blobs.mkdir(parents=True)

    def put(kind, data):
        digest = hashlib.sha256(data).hexdigest()
        (blobs / digest).write_bytes(data)
        return {"mediaType": f"{OCI}.{kind}", "digest": f"sha256:{digest}", "size": len(data)}

    plain = [path.read_bytes() for path in _split(tar, work)]
    config = {"os": "linux", "architecture": "amd64", "config": {}, "rootfs": {
        "type": "layers",
        "diff_ids": ["sha256:" + hashlib.sha256(data).hexdigest() for data in plain]}}
    manifest = {"schemaVersion": 2, "mediaType": f"{OCI}.manifest.v1+json",
                "config": put("config.v1+json", json.dumps(config).encode()),
                "layers": [put("layer.v1.tar+gzip", gzip.compress(data, 6)) for data in plain]}
    index = {"schemaVersion": 2,
             "manifests": [put("manifest.v1+json", json.dumps(manifest).encode())]}
    (work / "layout" / "index.json").write_text(json.dumps(index))
    (work / "layout" / "oci-layout").write_text('{"imageLayoutVersion": "1.0.0"}')
    return work / "layout"


class Registry:
    """Debian's, on loopback, with the image in it."""

    def __init__(self, tar, work):
        program = need("docker-registry", "docker-registry")
        skopeo = need("skopeo", "skopeo")
        host = f"127.0.0.1:{free_port()}"
        self.ref = f"{host}/bench:1"
        config = work / "registry.yml"
        config.write_text(f"version: 0.1\nlog: {{level: error, accesslog: {{disabled: true}}}}\n"
                          f"storage: {{filesystem: {{rootdirectory: {work}/registry}}}}\n"
                          f"http: {{addr: '{host}'}}\n")
        layout = _write_layout(tar, work)
        self.process = subprocess.Popen([program, "serve", config], stdout=subprocess.DEVNULL,
                                        stderr=subprocess.DEVNULL)
        copy = [skopeo, "copy", "-q", "--retry-times=5", "--dest-tls-verify=false",
                f"oci:{layout}", f"docker://{self.ref}"]
        subprocess.run(copy, check=True)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait()


def _afresh(work, make):
    """A sampler: milliseconds of the commands that 'make' gives for an empty directory."""
    def sample():
        with tempfile.TemporaryDirectory(dir=work, prefix="p") as place:
            commands = make(place)
            start = time.perf_counter()
            for argv, env in commands:
                Command(argv, env).run(600)
            taken = (time.perf_counter() - start) * 1e3
            # podman leaves its store mounted on itself.
            if os.path.ismount(f"{place}/root/overlay"):
                subprocess.run(["umount", f"{place}/root/overlay"], check=True)
        return [taken]
    return sample


def _podman(place, ref):
    return [([need("podman", "podman"), "--root", f"{place}/root", "--runroot", f"{place}/run",
              "pull", "-q", "--tls-verify=false", ref], None)]


def _skopeo_umoci(place, ref):
    return [([need("skopeo", "skopeo"), "copy", "-q", "--src-tls-verify=false",
              f"docker://{ref}", f"oci:{place}/oci:1"], None),
            ([need("umoci", "umoci"), "unpack", "--image", f"{place}/oci:1",
              f"{place}/bundle"], None)]


def image_pull(bed, rounds):
    """An image of four layers, pulled and unpacked, against those who do the same."""
    work = bed.work / "pull"
    work.mkdir()
    rows = []
    with Registry(bed.tar(), work) as registry:
        ours = _afresh(work, lambda place: [(
            [*bed.berth("image", "pull", registry.ref, "--insecure", "--quiet", "--store",
                        f"{place}/store").argv], bed.env)])
        for name, peer, words in (("image-pull", _podman, "podman pull"),
                                  ("image-pull-umoci", _skopeo_umoci,
                                   "skopeo copy, umoci unpack")):
            try:
                theirs = _afresh(work, lambda place, p=peer: p(place, registry.ref))
                samples = interleave([ours, theirs], rounds)
                rows.append(Row(name, "ms", words, *samples, ("<=", 0.5)))
            except Missing as why:
                rows.append(Row(name, "", "", [], [], note=str(why)))
    shutil.rmtree(work)
    return rows


ALL = {
    "image-pull": (image_pull, 3),
}
