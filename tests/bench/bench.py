#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""make bench: Berth and its peers side by side, as a table and as bench.json.

Starts the clusters that the rows need and ends them again. Installs nothing: a
peer that is missing is named with the package that has it, and its rows say so.
"""
import argparse
import json
import os
import pathlib
import shutil
import signal
import sys
import tempfile
import time

import bag
import engine
import live
import pods
import pull
import rows
import submit
from measure import Failed, Row
from peers import Missing
from testbed import Testbed


PATIENCE = 900  # seconds that one row may take
ALL = {**rows.ALL, **bag.ALL, **submit.ALL, **engine.ALL, **live.ALL, **pull.ALL,
       **pods.ALL}


def parse_args():
    parser = argparse.ArgumentParser(prog="bench", description=__doc__.splitlines()[0])
    parser.add_argument("--build", type=pathlib.Path, default=pathlib.Path.cwd(),
                        help="the build directory; bench.json goes there")
    parser.add_argument("--root", type=pathlib.Path, required=True,
                        help="where 'make install' has put the programs")
    parser.add_argument("--image-tar", help="a root file system with OpenMPI")
    parser.add_argument("--rows", default="", help="names, separated by commas; all when empty")
    args = parser.parse_args()
    names = [name for name in args.rows.split(",") if name] or list(ALL)
    unknown = [name for name in names if name not in ALL]
    if unknown:
        parser.error(f"no row {unknown[0]}: there are {', '.join(ALL)}")
    args.names = names
    return args


def too_late(*_):
    """Ends whatever is being measured."""
    raise Failed(f"did not end in {PATIENCE} s")


def measure(bed, name):
    """The rows of one name. What cannot be measured becomes a row that says why."""
    function, rounds = ALL[name]
    print(f"bench: {name}", file=sys.stderr, flush=True)
    began = time.monotonic()
    try:
        if name in {**rows.ALL, **bag.ALL, **pods.ALL, "sbatch-loop": None}:
            bed.need_nodes()
        signal.alarm(PATIENCE)
        return function(bed, rounds)
    except (Missing, Failed) as why:
        return [Row(name, "", "", [], [], note=str(why))]
    finally:
        signal.alarm(0)
        print(f"bench: {name}: {time.monotonic() - began:.0f} s", file=sys.stderr)


def print_table(results):
    line = "{:<19} {:>9} {:>9} {:<5} {:>6}  {:<8} {:<5} {}"
    print(line.format("row", "ours", "peer", "unit", "ratio", "goal", "met", "peer is"))
    for row in results:
        cells = {key: "-" if row[key] is None else row[key] for key in row}
        met = {True: "yes", False: "no", None: "-"}[row["met"]]
        print(line.format(row["name"], cells["ours"], cells["peer"], row["unit"],
                          cells["ratio"], cells["goal"], met, row["note"] or row["peer_name"]))


def main():
    args = parse_args()
    signal.signal(signal.SIGALRM, too_late)
    # Whoever ends us early does not get to keep the clusters.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    work = pathlib.Path(tempfile.mkdtemp(prefix="berth-bench-"))
    os.chmod(work, 0o755)
    try:
        with Testbed(args.build.resolve(), args.root.resolve(), work, args.image_tar) as bed:
            results = [row.as_dict() for name in args.names for row in measure(bed, name)]
    except Failed as why:
        sys.exit(f"bench: {why}")
    finally:
        shutil.rmtree(work, ignore_errors=True)
    (args.build / "bench.json").write_text(json.dumps(results, indent=1) + "\n")
    print_table(results)


main()
