# SPDX-License-Identifier: Apache-2.0
"""Accounts, QOS and shares, from the command line to the store and back."""
import json
import pwd

import pytest

from conftest import new_desk
from desk import AS_ROOT, USER


ORDERS = """\
# A site's accounts.
qos add high --priority 100 --preempts low --grace 30s   # low comes later
qos add low --usage-factor 0.5
account add physics --shares 10 --grp-cores 512
account add atoms --parent physics --qos normal,high
account add-user alice atoms --max-jobs 100 --max-wall 2-00:00:00
berth account add-user alice physics --default
"""


@pytest.fixture
def admin(desk):
    """A desk whose cluster has no accounts when the test is over."""
    yield desk
    for account in reversed(tree(desk)):
        record = account["record"]
        if record["user"] and not account["implicit"]:
            desk.berth("account", "delete-user", record["user"], record["account"])
        elif record["account"] != "root" and not record["user"]:
            desk.berth("account", "delete", record["account"])
    desk.berth("account", "modify", "root", "--max-wall", "none")
    for name in ("high", "low"):
        desk.berth("qos", "modify", name, "--preempts", "none", check=False)
    for name in ("high", "low"):
        desk.berth("qos", "delete", name, check=False)


def tree(desk):
    return json.loads(desk.berth("account", "--json").stdout)["accounts"]


def names(desk):
    return [(a["record"]["account"], a["record"]["user"]) for a in tree(desk)
            if not (a["implicit"] and a["record"]["user"])]


def load(desk, text, **options):
    (desk.dir / "orders").write_text(text)
    return desk.berth("account", "load", "orders", **options)


def test_a_file_of_orders_makes_the_tree_and_dump_gives_it_back(admin):
    orders = ORDERS.replace(" --preempts low", "") + "qos modify high --preempts low\n"
    load(admin, orders)
    assert names(admin) == [("root", ""), ("physics", ""), ("physics", "alice"),
                            ("atoms", ""), ("atoms", "alice")]
    dump = admin.berth("account", "dump").stdout
    assert "account add physics --parent root --shares 10 --grp-cores=512\n" in dump
    assert "qos modify high --preempts low\n" in dump
    load(admin, dump)
    assert admin.berth("account", "dump").stdout == dump


def test_a_file_stops_at_its_first_mistake_and_says_where(admin):
    result = load(admin, ORDERS, check=False)
    assert result.returncode == 1
    assert "orders:2: --preempts=low: there is no QOS 'low'" in result.stderr
    assert names(admin) == [("root", "")]


def test_one_account_is_added_changed_shown_and_deleted(admin):
    admin.berth("account", "add", "physics", "--shares", "3")
    admin.berth("account", "add-user", "alice", "physics", "--max-jobs", "5")
    shown = admin.berth("account", "show", "physics").stdout
    assert "account physics\n" in shown and "user alice in account physics" in shown
    assert "max-jobs         5" in shown
    admin.berth("account", "modify", "physics", "--grp-mem", "64G")
    assert "grp-mem=64G" in admin.berth("account", "list").stdout
    usage = admin.berth("account", "usage", "physics").stdout
    assert usage.splitlines()[0].split()[:3] == ["ACCOUNT", "USER", "CORE-HOURS"]
    share = admin.berth("share", "-u", "alice").stdout.splitlines()
    assert len(share) == 2 and share[1].split()[:2] == ["physics", "alice"]
    assert admin.fails("account", "delete", "physics") == \
        "berth account: account physics has user alice: remove that first"
    admin.berth("account", "delete-user", "alice", "physics")
    admin.berth("account", "delete", "physics")
    assert names(admin) == [("root", "")]


def test_mistakes_are_named_with_the_nearest_right_one(admin):
    assert "did you mean --shares?" in admin.fails("account", "add", "x", "--sharez", "1",
                                                   status=2)
    assert "did you mean 'modify'?" in admin.fails("account", "modfy", "x", status=2)
    assert "which account?" in admin.fails("account", "add", status=2)
    assert "what is to change?" in admin.fails("qos", "modify", "normal", status=2)
    assert admin.fails("account", "modify", "root", "--grp-cores", "many") == \
        "berth account: grp-cores: 'many' is not a whole number"
    assert "QOS normal cannot be removed" in admin.fails("qos", "delete", "normal")


@pytest.mark.skipif(not AS_ROOT, reason="needs a user who is no administrator")
def test_a_job_needs_an_account_once_there_are_some(admin):
    person = pwd.getpwnam("backup")
    user = new_desk(admin.cluster, "person", person.pw_uid)
    job = user.submit("--hold", "--wrap", "true")
    assert user.job(job)["spec"]["account"] == "root"
    user.berth("cancel", job)
    admin.berth("account", "add", "physics")
    assert "is in no account" in user.fails("submit", "--wrap", "true")
    admin.berth("account", "add-user", person.pw_name, "physics")
    job = user.submit("--hold", "--wrap", "true")
    assert user.job(job)["spec"]["account"] == "physics"
    assert user.job(job)["spec"]["qos"] == "normal"
    user.berth("cancel", job)
    words = user.fails("submit", "-A", "phisics", "--wrap", "true")
    assert "--account=phisics" in words and "did you mean physics?" in words
    words = user.fails("submit", "--qos", "nomal", "--wrap", "true")
    assert "--qos=nomal" in words and "did you mean normal?" in words
    assert "permission denied" in user.fails("account", "add", "mine")
    assert "physics" in user.berth("account").stdout


def test_qos_are_kept_and_shown(admin):
    admin.berth("qos", "add", "high", "--priority", "7", "--max-wall", "1h",
                "--flags", "no-reserve")
    doc = json.loads(admin.berth("qos", "list", "high", "--json").stdout)["qos"]
    assert [q["record"]["name"] for q in doc] == ["high"]
    assert doc[0]["record"]["priority"] == 7
    shown = admin.berth("qos", "show", "high").stdout
    assert "QOS high\n" in shown and "no-reserve" in shown and "01:00:00" in shown
    admin.berth("qos", "modify", "high", "--max-wall", "none")
    assert "01:00:00" not in admin.berth("qos", "show", "high").stdout
    admin.berth("qos", "delete", "high")
    assert "high" not in admin.berth("qos").stdout


def test_the_owner_of_a_cluster_needs_no_account(admin):
    admin.berth("account", "add", "physics")
    job = admin.submit("--hold", "-A", "physics", "--wrap", "true")
    assert admin.job(job)["spec"]["account"] == "physics"
    admin.berth("cancel", job)
    admin.berth("account", "delete", "physics")
    assert names(admin) == [("root", "")]


@pytest.mark.skipif(not AS_ROOT, reason="root's own cluster is the other test's")
def test_nor_does_the_owner_of_a_personal_cluster(make_cluster):
    cluster = make_cluster(user=USER)
    cluster.up("--nodes", "1", "--cores-per-node", "2")
    cluster.berth("account", "add", "physics")
    assert cluster.berth("submit", "--wait", "-o", "/dev/null", "--wrap", "true").returncode == 0
