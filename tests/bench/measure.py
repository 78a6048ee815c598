# SPDX-License-Identifier: Apache-2.0
"""Taking samples: commands in turn, medians, and what a row of the result says."""
import dataclasses
import json
import statistics
import subprocess
import time

PAUSE = 0.1  # so that nobody pays for the cleaning up of the one before


class Failed(Exception):
    """A command that was to be measured did not succeed."""


@dataclasses.dataclass
class Command:
    """What to run and in which environment."""

    argv: list
    env: dict = None

    def run(self, timeout=60):
        try:
            result = subprocess.run(self.argv, env=self.env, timeout=timeout, text=True,
                                    stdin=subprocess.DEVNULL, capture_output=True)
        except subprocess.TimeoutExpired:
            raise Failed(f"{' '.join(self.argv[:4])[-80:]} ...: did not end in "
                         f"{timeout} s") from None
        if result.returncode != 0:
            words = (result.stderr or result.stdout).strip()[-300:]
            raise Failed(f"{' '.join(self.argv[:4])[-80:]} ...: status {result.returncode}: "
                         f"{words}")
        return result.stdout


def milliseconds(command, per=1):
    """A sampler: how long one run of the command takes, or one of 'per' parts."""
    def sample():
        start = time.perf_counter()
        command.run()
        return [(time.perf_counter() - start) * 1e3 / per]
    return sample


def reported(command):
    """A sampler: lines of JSON, each with a name and samples; a dict of them a run."""
    def sample():
        objects = [json.loads(line) for line in command.run().splitlines()]
        return [{o["name"]: o["samples"] for o in objects}]
    return sample


def interleave(samplers, rounds):
    """A, B, A, B, ...: load that changes meets all alike. Once each to warm up."""
    taken = [[] for _ in samplers]
    for number in range(rounds + 1):
        for sampler, samples in zip(samplers, taken):
            time.sleep(PAUSE)
            values = sampler()
            if number:
                samples += values
    return taken


@dataclasses.dataclass
class Row:
    """One comparison. A goal bounds ours/peer: from above ("<=") or below (">=")."""

    name: str
    unit: str
    peer_name: str
    ours: list
    peer: list
    goal: tuple = None
    note: str = ""

    def ratio(self):
        if not self.peer:
            return None
        return statistics.median(self.ours) / statistics.median(self.peer)

    def met(self):
        ratio = self.ratio()
        if self.goal is None or ratio is None:
            return None
        relation, bound = self.goal
        return ratio <= bound if relation == "<=" else ratio >= bound

    def as_dict(self):
        def median(samples):
            return round(statistics.median(samples), 4) if samples else None

        ratio = self.ratio()
        return {
            "name": self.name, "ours": median(self.ours), "peer": median(self.peer),
            "peer_name": self.peer_name, "unit": self.unit,
            "ratio": None if ratio is None else round(ratio, 3),
            "goal": " ".join(map(str, self.goal)) if self.goal else None,
            "met": self.met(), "note": self.note,
            "samples": {"ours": self.ours, "peer": self.peer}}


@dataclasses.dataclass
class Bound:
    """What has no peer but a bound of its own: the 99th percentile of the samples."""

    name: str
    unit: str
    ours: list
    most: float
    note: str = ""

    def value(self):
        ordered = sorted(self.ours)
        return ordered[min(len(ordered) - 1, int(len(ordered) * 0.99))]

    def as_dict(self):
        return {
            "name": self.name, "ours": round(self.value(), 3), "peer": None,
            "peer_name": None, "unit": self.unit, "ratio": None,
            "goal": f"<= {self.most} {self.unit}", "met": self.value() <= self.most,
            "note": self.note, "samples": {"ours": self.ours, "peer": []}}


@dataclasses.dataclass
class Floor:
    """The same from below: the median is to be at least so much."""

    name: str
    unit: str
    ours: list
    least: float
    note: str = ""

    def as_dict(self):
        value = statistics.median(self.ours)
        return {
            "name": self.name, "ours": round(value, 1), "peer": None, "peer_name": None,
            "unit": self.unit, "ratio": None, "goal": f">= {self.least}",
            "met": value >= self.least, "note": self.note,
            "samples": {"ours": self.ours, "peer": []}}
