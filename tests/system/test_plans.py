# SPDX-License-Identifier: Apache-2.0
"""berth explain, jobs --start, prio and reserve on a full cluster."""
import json
import math
import re

import pytest

from conftest import new_cluster, new_desk, remove
from desk import AS_ROOT, USER, wait_until


@pytest.fixture(scope="module")
def full_cluster():
    """Two nodes of two cores."""
    made = new_cluster()
    try:
        made.up("--nodes", 2, "--cores-per-node", 2)
        yield made
    finally:
        remove(made)


@pytest.fixture
def place(full_cluster):
    made = new_desk(full_cluster, "plans")
    yield made
    made.clear()


def explain(desk, job):
    return json.loads(desk.berth("explain", job, "--json").stdout)


def fill(desk, limit="30", node="n1"):
    """A job that has all of a node."""
    job = desk.submit("-w", node, "-N1", "--exclusive", "-t", limit,
                      "--wrap", "sleep 600")
    desk.until(job, "RUNNING")
    return job


def test_a_waiting_job_names_the_job_that_it_waits_for(place):
    holder = fill(place)
    waits = place.submit("-N2", "--exclusive", "-t", "60", "-J", "wide", "--wrap", "true")
    known = explain(place, waits)
    end = place.job(holder)["start_time"] + 30 * 60
    assert [b["job"] for b in known["waits_for"]] == [holder]
    assert known["waits_for"][0]["nodes"] == "n1"
    assert known["waits_for"][0]["end"] == end
    assert known["start"] == end
    assert known["ahead"] == 0
    assert [s["node"] for s in known["would_get"]["shares"]] == ["n1", "n2"]
    text = place.berth("explain", waits).stdout
    assert text.startswith(f"Job {waits} (wide) of ")
    assert f"  waits for    job {holder} (wrap) of " in text
    assert "  would get    n1: cores 0-1\n               n2: cores 0-1\n" in text


def test_elements_of_arrays_are_named_by_their_own_numbers(place):
    array = place.submit("-a", "0-1", "-N1", "--exclusive", "-t", "30", "--wrap",
                         "sleep 600")
    wait_until(lambda: len(place.jobs("-t", "RUNNING")) == 2, what="two elements running")
    running = {job["id"]: job["nodes"] for job in place.jobs("-t", "RUNNING")}
    waits = place.submit("-N2", "--exclusive", "-t", "60", "--wrap", "true")
    blockers = {b["job"]: b["nodes"] for b in explain(place, waits)["waits_for"]}
    assert blockers == running and set(running.values()) == {"n1", "n2"}
    place.berth("cancel", array)


def test_what_would_start_it_sooner_does(place):
    fill(place)
    place.submit("-N2", "--exclusive", "-t", "60", "--wrap", "true")
    late = place.submit("-N1", "--exclusive", "-t", "120", "--wrap", "true")
    known = explain(place, late)
    shorter = [s for s in known["sooner"] if s["change"].startswith("--time=")]
    assert len(shorter) == 1 and shorter[0]["start"] <= known["now"]
    assert re.search(r"with --time=[0-9:]+: now\n", place.berth("explain", late).stdout)
    again = place.submit("-N1", "--exclusive", shorter[0]["change"], "--wrap", "true")
    assert place.wait(again) == 0
    assert place.job(late)["state"] == "PENDING"


def test_fewer_nodes_are_proposed_and_start(place):
    fill(place)
    wide = place.submit("-N2", "-n4", "-t", "20", "--wrap", "true")
    change = [s["change"] for s in explain(place, wide)["sooner"]
              if s["change"].startswith("--nodes=1")][0]
    place.berth("cancel", wide)
    again = place.submit(*change.split(), "-t", "20", "--wrap", "true")
    assert place.wait(again) == 0


def test_a_running_job_says_why_there_and_an_ended_one_how(place):
    first = place.submit("-n1", "-t", "10", "--wrap", "sleep 600")
    place.until(first, "RUNNING")
    assert "  next best    none" in place.berth("explain", first).stdout
    job = place.submit("-n1", "-t", "10", "--wrap", "sleep 600")
    place.until(job, "RUNNING")
    known = explain(place, job)
    assert known["placement"]["runner_up"] and known["start"] is None
    assert known["placement"]["runner_up_score"] >= known["placement"]["score"]
    text = place.berth("explain", job).stdout
    assert "  why there    score " in text and "  next best    score " in text
    place.berth("cancel", job)
    place.wait(job)
    text = place.berth("explain", job).stdout
    assert " has ended: CANCELLED\n" in text and "  cancelled by uid " in text
    assert "Invalid job id specified: 999999" in place.fails("explain", 999999)


def test_a_held_job_waits_for_its_release(place):
    job = place.submit("--hold", "--wrap", "true")
    assert explain(place, job)["start"] is None
    assert "  starts       when it is released" in place.berth("explain", job).stdout


def test_starts_come_in_order(place):
    first = fill(place, "10", "n1")
    fill(place, "20", "n2")
    wide = place.submit("-N2", "--exclusive", "-t", "60", "--wrap", "true")
    late = place.submit("-N2", "--exclusive", "-t", "60", "--wrap", "true")
    jobs = json.loads(place.berth("jobs", "--start", "--json").stdout)["jobs"]
    assert [job["id"] for job in jobs] == [wide, late]
    assert jobs[0]["estimated_start"] > place.job(first)["start_time"] + 10 * 60
    assert jobs[1]["estimated_start"] == jobs[0]["estimated_start"] + 3600
    lines = place.berth("jobs", "--start").stdout.splitlines()
    assert lines[0].split()[0] == "JOB" and lines[1].split()[0] == str(wide)
    assert place.fails("jobs", "--start", "--all", status=2).startswith("berth jobs: --start:")


def test_points_add_up_to_the_priority(place):
    fill(place, node="n1")
    fill(place, node="n2")
    jobs = [place.submit("-t", str(10 * i), f"--nice={7 * i}", "--wrap", "true")
            for i in (1, 2, 3)]
    known = json.loads(place.berth("prio", "--json").stdout)
    assert sorted(job["job"] for job in known["jobs"]) == jobs
    for job in known["jobs"]:
        points = sum(job["points"].values())
        assert math.isclose(points - job["nice"], job["priority"], abs_tol=1e-6)
        for name, factor in job["factors"].items():
            assert math.isclose(job["points"][name], factor * known["weights"][name],
                                abs_tol=1e-6)
    order = [job["priority"] for job in known["jobs"]]
    assert order == sorted(order, reverse=True)
    assert len(place.berth("prio", "--long", jobs[0]).stdout.splitlines()) == 2
    assert place.fails("prio", 999999) == "berth prio: job 999999 does not wait"


@pytest.mark.skipif(not AS_ROOT, reason="needs root and another user")
def test_a_reservation_lets_its_user_in_and_keeps_others_out(place):
    place.berth("reserve", "create", "course", "--nodes", "n2", "--start", "now",
                "--duration", "1h", "--users", "root")
    try:
        other = new_desk(place.cluster, "other", USER)
        busy = fill(place, node="n1")
        out = other.submit("-N1", "--exclusive", "-t", "30", "--wrap", "sleep 600")
        own = place.submit("-N1", "-t", "30", "--reservation", "course", "--wrap",
                           "hostname")
        assert place.wait(own) == 0
        assert place.job(own)["nodes"] == "n2"
        known = explain(other, out)
        assert known["job"]["reason"] == "Reservation" or known["reservation"] == "course"
        assert [b["job"] for b in known["waits_for"]] == [busy]
        assert "not yours to use" in other.fails("submit", "--reservation", "course",
                                                 "--wrap", "true")
        assert "denied" in other.fails("reserve", "delete", "course")
        listed = json.loads(other.berth("reserve", "--json").stdout)["reservations"]
        assert [(r["name"], r["state"], r["nodes"]) for r in listed] == \
            [("course", "ACTIVE", "n2")]
        place.berth("reserve", "delete", "course")
        other.until(out, "RUNNING")
        other.clear()
    finally:
        place.berth("reserve", "delete", "--force", "course", check=False)


@pytest.mark.parametrize("argv, words", [
    (["--nodes", "9", "--duration", "1h", "--users", "root"], "--nodes=9: "),
    (["--nodes", "n7", "--duration", "1h", "--users", "root"], "--nodes=n7: "),
    (["--nodes", "n1", "--users", "root"], "--duration: "),
    (["--nodes", "n1", "--duration", "1h"], "--users: "),
    (["--nodes", "n1", "--duration", "2h", "--every", "hourly", "--users", "root"],
     "--every: "),
    (["--nodes", "n1", "--start", "now+2h", "--end", "now+1h", "--users", "root"],
     "--end: "),
    (["--nodes", "1", "--partition", "bach", "--duration", "1h", "--users", "root"],
     "--partition=bach: there is no such partition (did you mean 'batch'?)"),
])
def test_a_refused_reservation_names_the_option(place, argv, words):
    said = place.fails("reserve", "create", "wrong", *argv)
    assert said.startswith(f"berth reserve: {words}")
    assert json.loads(place.berth("reserve", "--json").stdout)["reservations"] == []


def test_reservations_outlive_the_controller(make_cluster):
    cluster = make_cluster()
    cluster.up("--nodes", "1", "--cores-per-node", "1")
    cluster.berth("reserve", "create", "night", "--nodes", "ALL", "--start", "now+1h",
                  "--duration", "1h", "--every", "daily", "--users", "root")
    before = json.loads(cluster.berth("reserve", "--json").stdout)["reservations"]
    cluster.restart("controller")
    after = json.loads(cluster.berth("reserve", "--json").stdout)["reservations"]
    assert after == before and len(after) == 1
    assert "is not open yet" in cluster.berth(
        "explain", int(cluster.berth("submit", "--parsable", "-t", "10",
                                     "--reservation=night", "--wrap", "true").stdout)
    ).stdout
