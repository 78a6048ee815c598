# SPDX-License-Identifier: Apache-2.0
"""Commands that a test runs as some user, and what it waits for."""
import json
import os
import pathlib
import select
import shutil
import signal
import subprocess
import time

AS_ROOT = os.geteuid() == 0
SLURM = pathlib.Path(shutil.which("berth")).resolve().parent.parent / "libexec/berth/slurm"
USER = 1000


def wait_until(condition, seconds=60, what="it"):
    """Poll an outside fact that nothing announces; returns what was true of it."""
    deadline = time.monotonic() + seconds
    while not (found := condition()):
        assert time.monotonic() < deadline, f"{what} did not happen"
        time.sleep(0.02)
    return found


def end(*pids, signo=signal.SIGKILL, seconds=60):
    """Send processes this signal, and wait until no thread of them is left; those that
    have gone already are fine."""
    ends = []
    try:
        for pid in pids:
            try:
                ends.append(os.pidfd_open(pid))
                signal.pidfd_send_signal(ends[-1], signo)
            except ProcessLookupError:
                continue
        deadline = time.monotonic() + seconds
        for fd in ends:
            poll = select.poll()
            poll.register(fd, select.POLLIN)
            left = max(0, deadline - time.monotonic())
            assert poll.poll(left * 1000), f"processes {pids} did not end"
    finally:
        for fd in ends:
            os.close(fd)


def as_user(user):
    """What to put before a command that another user should run."""
    if user is None or user == os.geteuid():
        return []
    return ["setpriv", "--reuid", str(user), "--regid", str(user), "--clear-groups"]


def environment(home, more):
    env = dict(os.environ)
    for name in list(env):
        if name.startswith(("SLURM_", "SBATCH_", "SRUN_", "SALLOC_", "XDG_RUNTIME_DIR")):
            del env[name]
    env.update(more)
    if home is not None:
        env["HOME"] = str(home)
    return env


def libdrmaa():
    """The library of the installation that is under test."""
    prefix = SLURM.parent.parent.parent
    found = sorted(prefix.glob("lib*/libdrmaa.so.1")) + sorted(prefix.glob("lib/*/libdrmaa.so.1"))
    assert found, f"no libdrmaa.so.1 below {prefix}"
    return found[0]


def run(*argv, user=None, home=None, timeout=120, check=True, **options):
    """Run a command, as another user when one is given, and return its result."""
    env = environment(home, options.pop("env", {}))
    if "input" not in options:
        options.setdefault("stdin", subprocess.DEVNULL)
    result = subprocess.run([*as_user(user), *map(str, argv)], env=env, timeout=timeout,
                            text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                            **options)
    if check:
        assert result.returncode == 0, f"{argv}: {result.stderr}{result.stdout}"
    return result


class Desk:
    """A place to work at: a directory, a cluster, and a user of it."""

    def __init__(self, cluster, directory, user=None):
        self.cluster = cluster
        self.dir = directory
        self.user = cluster.user if user is None else user
        self.started = []

    def berth(self, *argv, **options):
        return self.cluster.berth(*argv, user=self.user, home=self.dir, cwd=self.dir,
                                  **options)

    def slurm(self, name, *argv, env=None, **options):
        """One of Slurm's names; these come first in PATH, also for what it starts."""
        options.setdefault("cwd", self.dir)
        return run(SLURM / name, *argv, user=self.user, home=self.dir,
                   env={**self.slurm_env(), **(env or {})}, **options)

    def slurm_env(self):
        """Where whoever knows nothing of Berth finds it."""
        return {"BERTH_CONF": str(self.cluster.dir / "berth.yaml"),
                "PATH": f"{SLURM}:{os.environ['PATH']}"}

    def sbatch(self, *argv, script=None, **options):
        """The number of a job that sbatch has queued."""
        if script is not None:
            options["input"] = script
        return int(self.slurm("sbatch", "--parsable", *argv, **options).stdout)

    def fails(self, *argv, status=1, **options):
        """A command that fails with one sentence, which is returned."""
        result = self.berth(*argv, check=False, **options)
        assert result.returncode == status, result.stderr + result.stdout
        assert result.stdout == ""
        assert result.stderr.endswith("\n") and result.stderr.count("\n") == 1, result.stderr
        return result.stderr.rstrip("\n")

    def submit(self, *argv, script=None, **options):
        """Submit, a script from stdin when one is given; returns the job's number."""
        if script is not None:
            options["input"] = script
        return int(self.berth("submit", "--parsable", *argv, **options).stdout)

    def start(self, *argv, env=None, **options):
        """A command that goes on; ended at the end of the test."""
        options.setdefault("stdin", subprocess.PIPE)
        options.setdefault("stdout", subprocess.PIPE)
        options.setdefault("stderr", subprocess.PIPE)
        env = environment(self.dir, {"BERTH_CONF": str(self.cluster.dir / "berth.yaml"),
                                     **(env or {})})
        process = subprocess.Popen([*as_user(self.user), "berth", *map(str, argv)],
                                   cwd=self.dir, env=env, text=True, **options)
        self.started.append(process)
        return process

    def job(self, job):
        return json.loads(self.berth("show", "job", job, "--json").stdout)

    def jobs(self, *argv):
        return json.loads(self.berth("jobs", "--json", *argv).stdout)["jobs"]

    def cluster_nodes(self):
        return json.loads(self.berth("nodes", "--json").stdout)["nodes"]

    def wait(self, *ids):
        """Until these have ended; their exit status."""
        return self.berth("wait", *ids, check=False).returncode

    def until(self, job, *states):
        """Until the job is in one of these states; its record."""
        def record():
            known = self.job(job)
            return known if known["state"] in states else None
        return wait_until(record, what=f"job {job} {'/'.join(states)}")

    def text(self, name):
        return (self.dir / name).read_text()

    def until_text(self, name, words=""):
        """Until a file of the desk has these words; its text."""
        def text():
            try:
                found = self.text(name)
            except FileNotFoundError:
                return None
            return found if words in found and found else None
        return wait_until(text, what=f"{words!r} in {name}")

    def clear(self):
        """End what is left; returns the jobs that were."""
        for process in self.started:
            if process.poll() is None:
                process.kill()
            process.communicate(timeout=60)
        left = [job["id"] for job in self.jobs("--me")] \
            if self.cluster.status(check=False)["controller"]["alive"] else []
        for job in left:
            self.berth("cancel", job, check=False)
            self.wait(job)
        return left
