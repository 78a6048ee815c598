# SPDX-License-Identifier: Apache-2.0
"""What jobs and pods that have ended left on the nodes of a cluster that is up."""
import os
import pathlib
import signal
import subprocess

from conftest import idle_nodes, is_of, namespaces_of
from desk import run, wait_until

OF_CONTAINERS = ("berth-init", "berth-pause")


def processes_of(cluster):
    """Pids of what runs for this cluster, and names."""
    for path in pathlib.Path("/proc").glob("[0-9]*"):
        try:
            if is_of(cluster, path):
                yield int(path.name), (path / "comm").read_text().strip()
        except OSError:
            continue


def named(cluster, name):
    return [pid for pid, comm in processes_of(cluster) if comm == name]


def records(cluster):
    """Pids of assigned shepherds."""
    found = []
    for path in cluster.dir.glob("node/*/steps/*"):
        try:
            found.append(int(path.read_text().split()[0]))
        except (OSError, IndexError, ValueError):
            continue
    return found


def kill(pids, rng):
    """How many were killed."""
    if not pids:
        return 0
    try:
        os.kill(rng.choice(pids), signal.SIGKILL)
    except ProcessLookupError:
        return 0
    return 1


def with_words(words):
    """Command lines of this machine that have these words."""
    found = []
    for path in pathlib.Path("/proc").glob("[0-9]*/cmdline"):
        try:
            line = path.read_bytes().replace(b"\0", b" ").decode(errors="replace")
        except OSError:
            continue
        if words in line:
            found.append(line)
    return found


def groups_of(cluster):
    found = subprocess.run(["find", "/sys/fs/cgroup", "-type", "d", "-path",
                            f"*/berth/{cluster.name}.*/job_*"], stdout=subprocess.PIPE,
                           stderr=subprocess.DEVNULL, check=False)
    return found.stdout.decode().splitlines()


def mounts_of(cluster):
    """Below its directories of jobs; of each node, and of ours."""
    found = []
    tables = [pathlib.Path(f"/proc/{node['namespace_pid']}/mountinfo")
              for node in cluster.status()["nodes"]]
    for table in [pathlib.Path("/proc/self/mountinfo"), *tables]:
        found += [line for line in table.read_text().splitlines()
                  if str(cluster.dir / "run") in line]
    return found


def network_of(cluster):
    """Devices of pods on its nodes, ports that lead to pods, and routes to devices."""
    found = []
    for node in cluster.status()["nodes"]:
        inside = ["nsenter", "-t", str(node["namespace_pid"]), "-n"]
        for what in ("link", "addr", "route"):
            lines = run(*inside, "ip", "-br", what).stdout.splitlines()
            found += [line for line in lines if "bpod" in line]
        rules = run(*inside, "nft", "list", "ruleset", check=False).stdout
        found += [line for line in rules.splitlines() if "dnat" in line]
    return found


def files_of(cluster):
    """Directories of jobs, records of shepherds, addresses of pods."""
    return [path for pattern in ("run/*/job.*", "node/*/steps/*", "node/*/podnet/[0-9]*")
            for path in cluster.dir.glob(pattern)]


class Before:
    """How a cluster is before its first job, to be as bare again."""

    def __init__(self, cluster):
        self.cluster = cluster
        self.namespaces = namespaces_of(cluster)
        self.containers = self.all_containers()

    def all_containers(self):
        return {pid for name in OF_CONTAINERS for pid in named(self.cluster, name)}

    def is_bare(self, words):
        """Nothing is left: 'words' are in the command line of each program of the test.
        Whatever is slow to go may do so; what stays fails."""
        cluster = self.cluster
        wait_until(lambda: idle_nodes(cluster), what="idle nodes")
        for what, left in (("containers", lambda: self.all_containers() - self.containers),
                           ("programs", lambda: with_words(words)),
                           ("files", lambda: files_of(cluster)),
                           ("groups", lambda: groups_of(cluster)),
                           ("mounts", lambda: mounts_of(cluster)),
                           ("network of pods", lambda: network_of(cluster)),
                           ("namespaces", lambda: namespaces_of(cluster) - self.namespaces)):
            try:
                wait_until(lambda left=left: not left(), what=f"the end of all {what}")
            except AssertionError:
                raise AssertionError(f"{what} are left: {left()}") from None
