# SPDX-License-Identifier: Apache-2.0
"""Pods: from a command to containers that run, and the memory that each costs beyond its
own processes; against podman kube play on the same image and manifests."""
import contextlib
import json
import os
import pathlib
import re
import shutil
import subprocess
import time

from measure import PAUSE, Bound, Command, Failed, Row
from peers import Missing, need
from testbed import IMAGE

SIZES = ((1, 7), (10, 3), (100, 1))  # pods, and how often
MOST = 120      # seconds that one start may take
REMOVAL = 300   # and what follows, which nobody measures
MEASURED = 10   # pods that run while memory is looked at
LIFE = str(86400 + os.getpid())  # seconds; tells our containers' program from others
LIMITS = ["nofile=1024:1024", "nproc=1024:1024"]  # of podman's containers
OWN = f"/bin/sleep\0{LIFE}\0".encode()


class Pods:
    """Manifests of so many pods, whose containers leave a file each when they run."""

    def __init__(self, work, count):
        self.count = count
        self.started = work / "started"
        self.started.mkdir(exist_ok=True)
        self.file = work / f"pods-{count}.yaml"
        documents = [self._document(f"bench-{number}") for number in range(count)]
        self.file.write_text("\n---\n".join(map(json.dumps, documents)))

    def _document(self, name):
        volume = {"name": "started", "hostPath": {"path": str(self.started),
                                                  "type": "Directory"}}
        script = f": >/started/{name}; exec /bin/sleep {LIFE}"
        container = {"name": "main", "image": IMAGE, "imagePullPolicy": "Never",
                     "command": ["/bin/sh", "-c", script],
                     "resources": {"requests": {"cpu": "100m", "memory": "32Mi"}},
                     "volumeMounts": [{"name": "started", "mountPath": "/started"}]}
        return {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": name},
                "spec": {"hostNetwork": True, "restartPolicy": "Never",
                         "containers": [container], "volumes": [volume]}}

    def forget(self):
        for path in self.started.iterdir():
            path.unlink()

    def last(self):
        """When the last of all began, in ns; waits for it."""
        deadline = time.monotonic() + MOST
        while True:
            times = [entry.stat().st_mtime_ns for entry in os.scandir(self.started)]
            if len(times) == self.count:
                return max(times)
            if time.monotonic() > deadline:
                raise Failed(f"{len(times)} of {self.count} pods run after {MOST} s")
            time.sleep(0.01)


class Berth:
    """berth apply, on the bed's nodes."""

    def __init__(self, bed):
        self.bed = bed

    def start(self, pods):
        self.bed.berth("apply", "-q", "-f", pods.file).run(MOST)

    def remove(self, pods):
        self.bed.berth("delete", "--now", "--ignore-not-found", "-f", pods.file).run(REMOVAL)

    @staticmethod
    def keepers(processes):
        """The leads of the pods that run: the first process of a container is theirs."""
        firsts = {parent for parent, words in processes.values() if words == OWN}
        return {processes[first][0] for first in firsts}


def _groups():
    """podman's control groups of pods, in each hierarchy."""
    return {path for form in ("libpod_parent", "*/libpod_parent")
            for path in pathlib.Path("/sys/fs/cgroup").glob(form)}


def _remove_groups(groups):
    """Those below these, and these: podman leaves some that are empty."""
    for top in groups:
        for place, _, _ in os.walk(top, topdown=False):
            with contextlib.suppress(OSError):
                os.rmdir(place)


def _cause(words):
    """Of podman's lines the one that says why, without whom it happened to."""
    lines = [line for line in words.strip().splitlines() if "a dependency of" not in line]
    return re.sub(r"starting container \w+: ", "", lines[0])[:160] if lines else words[-160:]


class Podman:
    """podman kube play with a store of its own. Of the OCI runtimes the first that runs
    a pod here."""

    RUNTIMES = ("crun", "runc")

    def __init__(self, bed):
        self.place = bed.work / "podman"
        self.place.mkdir(exist_ok=True)
        # podman's own limits are higher than a container's root may ask for.
        settings = self.place / "containers.conf"
        settings.write_text(f'[containers]\ndefault_ulimits = {json.dumps(LIMITS)}\n')
        self.env = dict(os.environ, CONTAINERS_CONF=str(settings))
        self.program = need("podman", "podman")
        self.groups = _groups()  # another's
        self.runtime = None
        self.refused = []

    def command(self, *argv):
        runtime = ["--runtime", self.runtime] if self.runtime else []
        return Command([self.program, "--root", f"{self.place}/root", "--runroot",
                        f"{self.place}/run", *runtime, *map(str, argv)], self.env)

    def start(self, pods):
        command = self.command("kube", "play", "--quiet", pods.file)
        try:
            done = subprocess.run(command.argv, env=self.env, text=True, timeout=MOST,
                                  stdin=subprocess.DEVNULL, capture_output=True, check=False)
        except subprocess.TimeoutExpired:
            raise Failed(f"podman kube play: did not end in {MOST} s") from None
        if done.returncode:
            raise Failed(_cause(done.stderr))

    def remove(self, _):
        self.command("pod", "rm", "-a", "-f", "-t", "0").run(REMOVAL)

    def keepers(self, processes):
        """conmon, of containers and of what holds each pod's namespaces."""
        store = f"{self.place}/root".encode()
        return {pid for pid, (_, words) in processes.items()
                if words.split(b"\0")[0].endswith(b"conmon") and store in words}

    def words(self):
        """What the peer is, for a row."""
        why = f" ({'; '.join(self.refused)})" if self.refused else ""
        return f"podman kube play, {self.runtime}{why}"

    def _choose(self, trial):
        for runtime in filter(shutil.which, self.RUNTIMES):
            self.runtime = runtime
            try:
                _start(self, trial)
                return
            except Failed as why:
                self.refused.append(f"not {runtime}: {why}")
        raise Missing("podman runs no pod here: " + "; ".join(self.refused or ["no runtime"]))

    @contextlib.contextmanager
    def ready(self, tar, trial):
        try:
            self.command("import", tar, IMAGE).run(MOST)
            self._choose(trial)
            yield self
        finally:
            # With a runtime that ran nothing podman may not know what it removes.
            subprocess.run(self.command("pod", "rm", "-a", "-f", "-t", "0").argv, env=self.env,
                           capture_output=True, timeout=REMOVAL, check=False)
            if os.path.ismount(f"{self.place}/root/overlay"):
                subprocess.run(["umount", f"{self.place}/root/overlay"], check=True)
            shutil.rmtree(self.place, ignore_errors=True)
            _remove_groups(_groups() - self.groups)


@contextlib.contextmanager
def _peer(bed, trial):
    """podman and no words, or nobody and why."""
    with contextlib.ExitStack() as stack:
        peer, why = None, ""
        try:
            peer = stack.enter_context(Podman(bed).ready(bed.tar(), trial))
        except (Missing, Failed) as words:
            why = str(words)
        yield peer, why


def _start(side, pods):
    """Milliseconds from before the command until the last container's program runs."""
    pods.forget()
    began = time.time_ns()
    try:
        side.start(pods)
        return (pods.last() - began) / 1e6
    finally:
        side.remove(pods)


def _in_turn(ours, peer, pods, rounds):
    """Both sides' samples, and why the peer has none."""
    mine, theirs = [], []
    for _ in range(rounds):
        time.sleep(PAUSE)
        mine.append(_start(ours, pods))
        try:
            if peer:
                time.sleep(PAUSE)
                theirs.append(_start(peer, pods))
        except Failed as why:
            return mine, [], str(why)
    return mine, theirs, ""


def starts(bed, _):
    """1, 10 and 100 pods, each of one container, with the node's network."""
    ours = Berth(bed)
    trial = Pods(bed.work, 1)
    _start(ours, trial)
    rows = []
    with _peer(bed, trial) as (peer, why):
        for count, rounds in SIZES:
            mine, theirs, note = _in_turn(ours, peer, Pods(bed.work, count), rounds)
            rows.append(Row(f"pods-{count}", "ms", peer.words() if peer else "podman kube play",
                            mine, theirs, ("<=", 0.5), note or why))
    return rows


# --------------------------------------------------------------------- memory

def _processes():
    """Parent and words of each process of the machine."""
    found = {}
    for proc in pathlib.Path("/proc").glob("[0-9]*"):
        try:
            parent = (proc / "stat").read_text().rsplit(")", 1)[1].split()[1]
            found[int(proc.name)] = (int(parent), (proc / "cmdline").read_bytes())
        except OSError:
            continue
    return found


def _below(root, processes):
    """This one and all below it, without the containers' own."""
    children = [pid for pid, (parent, words) in processes.items()
                if parent == root and words != OWN]
    return [root] + [pid for child in children for pid in _below(child, processes)]


def _megabytes(pid, what):
    rollup = pathlib.Path(f"/proc/{pid}/smaps_rollup").read_text()
    (line,) = [line for line in rollup.splitlines() if line.startswith(f"{what}:")]
    return int(line.split()[1]) * 1024 / 1e6


def _cost(side, what):
    """What each keeper and all below it take."""
    processes = _processes()
    return [sum(_megabytes(pid, what) for pid in _below(root, processes))
            for root in side.keepers(processes)]


def _beyond(side, pods):
    """While the pods run: megabytes of each keeper, in proportional set size and alone."""
    pods.forget()
    try:
        side.start(pods)
        pods.last()
        time.sleep(1)  # what starting took has been given back
        return _cost(side, "Pss"), _cost(side, "Private_Dirty")
    finally:
        side.remove(pods)


def memory(bed, _):
    """What a running pod costs beyond its own processes: its lead, its pause, its
    container's first process; of podman's its conmons and its pause."""
    pods = Pods(bed.work, MEASURED)
    pss, dirty = _beyond(Berth(bed), pods)
    if len(pss) != MEASURED:
        raise Failed(f"{len(pss)} leads of {MEASURED} pods")
    note = f"PSS, the largest of {MEASURED}; Private_Dirty {max(dirty):.2f}"
    rows = [Bound("pods-memory", "MB", pss, 3.0, note)]
    with _peer(bed, Pods(bed.work, 1)) as (peer, why):
        theirs, words = [], "podman: conmon and pause"
        if peer:
            total, alone = (sum(each) / MEASURED for each in _beyond(peer, pods))
            theirs = [total]
            words = f"{words}, PSS; Private_Dirty {alone:.2f}"
    return rows + [Row("pods-memory-podman", "MB", words, pss, theirs, None, why)]


# Name of the row on the command line, what measures it; how many rounds, SIZES says.
ALL = {
    "pods": (starts, 0),
    "pods-memory": (memory, 0),
}
