# SPDX-License-Identifier: Apache-2.0
"""What the rows run on, from a fresh installation: four virtual nodes and an image;
a large cluster of fake nodes. Each is started for the first row that needs it."""
import json
import os
import pathlib
import shutil
import subprocess

from live import LiveBed
from measure import Command, Failed

NODES = 4
CORES = 4
IMAGE = "bench"


class Testbed:
    """A cluster of its own, in a directory that goes with it."""

    def __init__(self, build, root, work, image_tar):
        self.build = build
        self.root = root
        self.work = work
        self.dir = work / "cluster"
        self.store = work / "images"
        self.berth_path = self._find(root, "bin/berth")
        self.env = dict(os.environ, BERTH_CONF=str(self.dir / "berth.yaml"),
                        BERTH_SHEPHERD=str(self._find(root, "berth-shepherd")),
                        BERTH_TOPOLOGY_TRIAL=str(self._find(root, "berth-topology-trial")),
                        BERTH_PLUGIN_DIR=str(self._find(root, "mpi_pmix.so").parent),
                        USER=os.environ.get("USER", "bench"))
        self.env["BERTH_TOOLS_DIR"] = str(self._find(root, "berth/bin/berth").parent)
        daemons = self._find(root, "sbin/berthd").parent
        self.env["PATH"] = f"{self.berth_path.parent}:{daemons}:{os.environ['PATH']}"
        self.image_tar = image_tar
        self.is_up = False
        self.large = None

    @staticmethod
    def _find(root, name):
        found = sorted(root.glob(f"**/{name}"), key=lambda p: len(p.parts))
        if not found:
            raise Failed(f"{root} has no {name}: run 'make bench'")
        return found[0]

    def berth(self, *argv):
        return Command([str(self.berth_path), *map(str, argv)], self.env)

    def slurm_name(self, name, *argv):
        """One of Slurm's names, which is Berth."""
        path = self._find(self.root, f"slurm/{name}")
        return Command([str(path), *map(str, argv)], self.env)

    def run_in_image(self, *argv):
        """berth run, in containers, with the build's MPI programs below /mpi."""
        return self.berth("run", "--image", IMAGE, "--mount",
                          f"{self.build / 'tests' / 'mpi'}:/mpi", *argv)

    def mpi_program(self, name):
        path = self.build / "tests" / "mpi" / name
        if not path.exists():
            raise Failed(f"{name} was not built: install libopenmpi-dev and run configure")
        return str(path)

    def layer(self):
        """The image's only layer, as a directory."""
        images = json.loads(self.berth("image", "ls", "--store", self.store, "--json").run())
        return images[0]["layers"][0]

    def status(self):
        return json.loads(self.berth("cluster", "status", "--dir", self.dir,
                                     "--json").run())

    def _make_tar(self):
        if not shutil.which("mmdebstrap"):
            raise Failed("no image: apt-get install mmdebstrap, or give --image-tar FILE")
        tar = self.build / "bench-image.tar"
        if not tar.exists():
            print(f"bench: making {tar} with mmdebstrap", flush=True)
            # mmdebstrap makes what the name's ending says.
            part = self.build / "bench-image.part.tar"
            subprocess.run(["mmdebstrap", "-q", "--variant=minbase",
                            "--include=openmpi-bin", "bookworm", part], check=True)
            os.rename(part, tar)
        return tar

    def tar(self):
        """The image's root file system."""
        return pathlib.Path(self.image_tar) if self.image_tar else self._make_tar()

    def need_nodes(self):
        """The four nodes and the image."""
        if self.is_up:
            return
        self.berth("image", "import", "--store", self.store, self.tar(), IMAGE).run(600)
        self.berth("cluster", "up", "--name", f"bench{os.getpid()}", "--dir", self.dir,
                   "--nodes", NODES, "--cores-per-node", CORES,
                   "--image-store", self.store).run(120)
        self.is_up = True

    def live(self):
        """The large cluster, with its queue filled."""
        if not self.large:
            self.large = LiveBed(self)
            self.large.up()
        return self.large

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.large and self.large.dir.exists():
            self.large.down()
        if self.is_up:
            self.berth("cluster", "down", "--dir", self.dir).run(60)
