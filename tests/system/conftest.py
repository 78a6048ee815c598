# SPDX-License-Identifier: Apache-2.0
"""Clusters for system tests, and proof that they leave nothing behind.

The programs under test are those in PATH. Tests wait for events, never for a
while; each cluster has a name and a directory of its own.
"""
import json
import os
import pathlib
import shutil
import subprocess
import tempfile

import pytest

AS_ROOT = os.geteuid() == 0
USER = 1000


def run(*argv, user=None, home=None, timeout=120, check=True, **options):
    """Run a command, as another user when one is given, and return its result."""
    env = dict(os.environ, **options.pop("env", {}))
    env.pop("XDG_RUNTIME_DIR", None)
    prefix = []
    if user is not None and user != os.geteuid():
        prefix = ["setpriv", "--reuid", str(user), "--regid", str(user), "--clear-groups"]
    if home is not None:
        env["HOME"] = str(home)
    result = subprocess.run([*prefix, *map(str, argv)], env=env, timeout=timeout, text=True,
                            stdout=subprocess.PIPE, stderr=subprocess.PIPE, **options)
    if check:
        assert result.returncode == 0, f"{argv}: {result.stderr}{result.stdout}"
    return result


class Cluster:
    """One cluster of a test, root's or a user's."""

    count = 0

    def __init__(self, home, user):
        Cluster.count += 1
        self.name = f"t{os.getpid()}x{Cluster.count}"
        self.home = home
        self.user = user
        self.dir = home / "cluster"

    def berth(self, *argv, **options):
        options.setdefault("cwd", self.home)
        return run("berth", *argv, user=self.user, home=self.home,
                   env={"BERTH_CONF": str(self.dir / "berth.yaml")}, **options)

    def up(self, *argv, **options):
        return self.berth("cluster", "up", "--name", self.name, "--dir", self.dir, *argv,
                          **options)

    def down(self, *argv, **options):
        return self.berth("cluster", "down", "--dir", self.dir, *argv, **options)

    def status(self, check=True):
        return json.loads(self.berth("cluster", "status", "--dir", self.dir, "--json",
                                     check=check).stdout)


def namespaces():
    """Inodes of the network and UTS namespaces that processes are in."""
    found = set()
    for kind in ("net", "uts"):
        for link in pathlib.Path("/proc").glob(f"[0-9]*/ns/{kind}"):
            try:
                found.add(os.readlink(link))
            except OSError:
                continue
    return found


def remains_of(cluster):
    """What a cluster that is down has left: processes, links, mounts, files."""
    found = []
    for process in pathlib.Path("/proc").glob("[0-9]*"):
        try:
            environ = (process / "environ").read_bytes()
            words = (process / "cmdline").read_bytes().replace(b"\0", b" ")
        except OSError:
            continue
        if f"BERTH_CLUSTER_DIR={cluster.dir}\0".encode() in environ:
            found.append(words.decode(errors="replace"))
        elif cluster.name.encode() in words:
            found.append(words.decode(errors="replace"))
    links = run("ip", "-brief", "link").stdout
    found += [line for line in links.splitlines() if f"brth-{cluster.name}" in line]
    mounts = pathlib.Path("/proc/self/mounts").read_text()
    found += [line for line in mounts.splitlines() if str(cluster.dir) in line]
    if cluster.dir.exists():
        found += [str(path) for path in (cluster.dir, *cluster.dir.rglob("*"))]
    return found


def allowed(user):
    """Why a cluster of this user cannot run here, or None."""
    if user == 0:
        return None if AS_ROOT else "needs root"
    probe = run("unshare", "--user", "--net", "--map-current-user", "true", user=user,
                check=False)
    return None if probe.returncode == 0 else "user namespaces are not allowed here"


@pytest.fixture
def make_cluster():
    """Clusters by user; whatever happens, they are taken down at the end."""
    made = []

    def make(user=None):
        user = os.geteuid() if user is None else user
        reason = allowed(user)
        if reason:
            pytest.skip(reason)
        home = pathlib.Path(tempfile.mkdtemp(prefix="berth-test-"))
        os.chmod(home, 0o755)
        if user != os.geteuid():
            os.chown(home, user, user)
        cluster = Cluster(home, user)
        made.append(cluster)
        return cluster

    yield make
    for cluster in made:
        if cluster.dir.exists():
            cluster.down(check=False)
        shutil.rmtree(cluster.home, ignore_errors=True)
