# SPDX-License-Identifier: Apache-2.0
"""berth-sim: traces in, schedules and figures out.

Small workloads with known answers stand here. Where ../shared/data lies beside the
source tree, published schedules and tables are reproduced as well.
"""
import gzip
import json
import pathlib
import xml.etree.ElementTree

import pytest

from desk import run

DATA = pathlib.Path(__file__).resolve().parents[3] / "shared/data/swf"
SDSC = DATA / "SDSC-SP2-1998-4.2-cln-sc15filter.swf.gz"
TRACE = """\
; MaxProcs: 10
1 0 -1 100 6 -1 -1 6 100 -1 1 1 1 1 1 1 -1 -1
2 1 -1 50 8 -1 -1 8 50 -1 1 2 1 1 1 1 -1 -1
3 2 -1 90 2 -1 -1 2 90 -1 1 3 1 1 1 1 -1 -1
4 3 -1 200 2 -1 -1 2 200 -1 1 3 1 1 1 1 -1 -1
5 4 -1 -1 2 -1 -1 2 200 -1 5 3 1 1 1 1 -1 -1
6 5 -1 20 11 -1 -1 11 200 -1 1 3 1 1 1 1 -1 -1
"""
# The windows of the published tables: 1024 jobs each, from these on.
WINDOWS = [1981, 2756, 4299, 8850, 3316, 2714, 5228, 7762, 4022, 7085]


def simulate(*argv, **options):
    """The results of a simulation, as its JSON has them."""
    result = run("berth-sim", "run", "-q", "--json", "-", *argv, **options)
    return json.loads(result.stdout)


def starts_of(path):
    """Start of each job, by the first field of its line."""
    text = gzip.open(path, "rt") if str(path).endswith(".gz") else open(path)
    with text as lines:
        rows = [line.split() for line in lines if not line.startswith(";")]
    return {row[0]: int(row[1]) + int(row[2]) for row in rows}


def schedule(tmp_path, *argv):
    path = tmp_path / "schedule.swf"
    simulate("--schedule-out", path, *argv)
    return starts_of(path)


@pytest.fixture
def trace(tmp_path):
    path = tmp_path / "t.swf"
    path.write_text(TRACE)
    return path


@pytest.mark.parametrize("policy, starts", [
    ("fifo", [0, 100, 100, 150]),
    ("easy", [0, 100, 2, 3]),
    ("conservative", [0, 100, 2, 3]),
])
def test_a_schedule_is_the_one_worked_out_by_hand(trace, tmp_path, policy, starts):
    found = schedule(tmp_path, trace, "--policy", policy)
    assert [found[str(i)] for i in range(1, 5)] == starts


def test_the_results_have_the_keys_that_scripts_read(trace):
    found = simulate(trace, "--policy", "easy")
    assert found["jobs"] == 4 and found["makespan"] == 203
    assert found["utilisation"] == pytest.approx((600 + 400 + 180 + 400) / 2030)
    assert found["mean_wait"] == pytest.approx(99 / 4)
    assert found["p99_wait"] == found["max_wait"] == 99
    assert found["mean_bsld"] == pytest.approx((3 + 149 / 50) / 4)
    assert found["jobs_per_second"] > 0 and found["peak_rss"] > 1 << 20
    assert found["trace"]["no_run"] == 1 and found["trace"]["too_wide"] == 1
    assert sum(size["jobs"] for size in found["classes"]) == 4


def test_a_trace_may_be_compressed_or_come_from_a_pipe(trace, tmp_path):
    packed = tmp_path / "t.swf.gz"
    packed.write_bytes(gzip.compress(TRACE.encode()))
    plain = simulate(trace, "--policy", "easy")
    for found in (simulate(packed, "--policy", "easy"),
                  simulate("-", "--policy", "easy", input=TRACE)):
        assert found["mean_wait"] == plain["mean_wait"]
        assert found["jobs"] == plain["jobs"]


def test_a_table_is_for_people(trace):
    table = run("berth-sim", "run", trace, "--policy", "easy").stdout
    assert "1 left out: wider than the machine" in table
    assert "utilisation    77.83 %" in table


def test_pictures_are_drawn(trace, tmp_path):
    svg, png = tmp_path / "p.svg", tmp_path / "p.png"
    simulate(trace, "--policy", "easy", "--plot", svg)
    simulate(trace, "--policy", "easy", "--plot", png)
    assert xml.etree.ElementTree.parse(svg).getroot().tag.endswith("svg")
    assert png.read_bytes().startswith(b"\x89PNG\r\n\x1a\n")


def test_windows_start_on_an_empty_machine(trace):
    whole = simulate(trace, "--policy", "fifo", "--window", "2:1", "--window", "3:1")
    assert whole["windows"] == 2 and whole["jobs"] == 2
    assert whole["max_wait"] == 0


@pytest.mark.parametrize("argv, words", [
    (["--policy", "esy"], "did you mean easy?"),
    (["--order", "sjff"], "--order: there is no 'sjff', did you mean sjf?"),
    (["--plot", "x.gif"], "--plot=x.gif: the name ends neither in .svg nor .png"),
    (["--procs", "4", "--cluster", "x"], "--procs and --cluster: say one of them"),
    (["--polcy", "easy"], "did you mean --policy?"),
])
def test_a_wrong_command_line_is_named_and_nothing_done(trace, argv, words):
    result = run("berth-sim", "run", trace, *argv, check=False)
    assert result.returncode == 2 and words in result.stderr and result.stdout == ""


def test_a_wrong_trace_is_named_by_file_and_line(tmp_path):
    path = tmp_path / "bad.swf"
    path.write_text("; MaxProcs: 4\n1 0 -1 9 1\n2 0 -1 x 1\n")
    result = run("berth-sim", "run", path, check=False)
    assert result.returncode == 1
    assert result.stderr == (f"berth-sim run: {path}:3: field 4, run time: "
                             "'x' is not a number\n")


def test_a_generated_workload_runs_on_a_generated_cluster(tmp_path):
    cluster, jobs = tmp_path / "c.yaml", tmp_path / "w.swf"
    run("berth-sim", "generate", "--cluster", "--nodes", "12", "--nodes-per-leaf", "4",
        "--kind", "a:2:synthetic:pack:2 core:4 pu:1",
        "--kind", "b:1:synthetic:core:16 pu:2", "-o", cluster)
    run("berth-sim", "generate", "--procs", "128", "--jobs", "300", "--seed", "3",
        "--load", "0.9", "-o", jobs)
    run("berth", "config", "check", cluster)
    out = tmp_path / "s.swf"
    found = simulate(jobs, "--cluster", cluster, "--policy", "easy", "--schedule-out", out)
    assert found["procs"] == 8 * 8 + 4 * 16
    assert found["jobs"] + found["trace"]["refused"] == 300
    rows = [line.split() for line in out.read_text().splitlines()
            if not line.startswith(";")]
    held = []
    for row in rows:
        start = int(row[1]) + int(row[2])
        held += [(start, int(row[4])), (start + int(row[3]), -int(row[4]))]
        assert row[18].startswith(("a", "b"))
    used = 0
    for _, change in sorted(held):
        used += change
        assert 0 <= used <= 128


def test_the_same_input_gives_the_same_schedule(tmp_path):
    jobs = run("berth-sim", "generate", "--procs", "64", "--jobs", "500").stdout
    assert jobs == run("berth-sim", "generate", "--procs", "64", "--jobs", "500").stdout
    path = tmp_path / "w.swf"
    path.write_text(jobs)
    first = schedule(tmp_path, path)
    assert len(first) == 500 and first == schedule(tmp_path, path)


# ------------------------------------------------------------- a cluster's own

def test_a_clusters_jobs_are_replayed_beside_how_it_was(make_cluster):
    cluster = make_cluster()
    cluster.up("--nodes", "2", "--cores-per-node", "2")
    for cores in ("2", "2", "1"):
        cluster.berth("submit", "--wait", "-N", "1", "-c", cores, "-t", "10m",
                      "--wrap", "true")
    config = cluster.dir / "berth.yaml"
    found = json.loads(run("berth-sim", "replay", "-q", "--json", "-", "--policy", "easy",
                           "--cluster", config).stdout)
    assert found["jobs"] == 3 and found["procs"] == 4
    assert found["recorded"]["jobs"] == 3
    assert found["recorded"]["mean_wait"] >= found["mean_wait"]
    assert found["trace"]["file"].endswith("controller.db")
    one = json.loads(run("berth-sim", "replay", "-q", "--json", "-", "--procs", "2",
                         found["trace"]["file"]).stdout)
    assert one["jobs"] == 3 and one["procs"] == 2


# ---------------------------------------------------------- published results

needs_data = pytest.mark.skipif(not DATA.is_dir(), reason=f"{DATA} is not there")

POLICIES = {
    "fcfs": ["--policy", "fifo"],
    "easy": ["--policy", "easy"],
    "easy-sjbf": ["--policy", "easy", "--backfill", "shortest"],
    "conservative": ["--policy", "conservative"],
}


def small_cases():
    if not DATA.is_dir():
        return []
    rows = (DATA / "pyss-cases/cases.tsv").read_text().splitlines()[1:]
    return [(name, procs, policy) for name, procs, policies in map(str.split, rows)
            for policy in policies.split(",")]


@needs_data
@pytest.mark.parametrize("name, procs, policy", small_cases())
def test_a_small_case_has_the_answer_in_its_file(tmp_path, name, procs, policy):
    out = tmp_path / "s.swf"
    simulate(DATA / "pyss-cases" / name, "--procs", procs, "--schedule-out", out,
             *POLICIES[policy])
    for line in out.read_text().splitlines():
        if not line.startswith(";"):
            row = line.split()
            assert int(row[1]) + int(row[2]) + int(row[3]) == int(row[0].split(".")[0])


@needs_data
@pytest.mark.parametrize("golden, argv, bsld", [
    ("SDSC-SP2.easy.swf.gz", [], 87.8703),
    ("SDSC-SP2.easy-clairvoyant.swf.gz", ["--runtimes", "exact"], 70.4779),
])
def test_a_published_schedule_is_matched_in_every_start(tmp_path, golden, argv, bsld):
    out = tmp_path / "s.swf"
    found = simulate(SDSC, "--policy", "easy", "--schedule-out", out, *argv)
    assert found["mean_bsld"] == pytest.approx(bsld, abs=5e-5)
    assert starts_of(out) == starts_of(DATA / "golden" / golden)


# Trace, processors, backfilling, then FCFS, WFP3, SJF and F1. Those of HPC2N are for
# the file that is here, not for the paper's, which has five jobs fewer.
TABLE = [
    ("lublin_256", 256, "none", [7273.77, 19753.53, 277.35, 258.37]),
    ("lublin_256_new2", 256, "none", [7842.47, 9523.18, 787.89, 698.34]),
    ("HPC2N-2002-2.1-cln", 240, "none", [296.29, 425.92, 157.67, 118.30]),
    ("lublin_256", 256, "queue", [235.82, 133.87, 73.31, 75.07]),
    ("lublin_256_new2", 256, "queue", [247.61, 318.35, 91.99, 148.25]),
    ("HPC2N-2002-2.1-cln", 240, "queue", [126.90, 96.79, 121.80, 71.95]),
]


@needs_data
@pytest.mark.parametrize("name, procs, backfill, published", TABLE)
def test_the_window_table_is_reproduced(name, procs, backfill, published):
    windows = [word for start in WINDOWS for word in ("--window", f"{start}:1024")]
    found = [simulate(DATA / f"{name}.swf.gz", "--procs", procs, "--max-jobs", "10000",
                      "--rules", "rlscheduler", "--backfill", backfill, "--order", order,
                      *windows)["mean_bsld"]
             for order in ("fcfs", "wfp3", "sjf", "f1")]
    assert found == pytest.approx(published, abs=0.0051)
