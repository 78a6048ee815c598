# SPDX-License-Identifier: Apache-2.0
"""berth cluster: what it makes, and that nothing of it stays."""
import os
import pathlib
import signal
import socket
import subprocess
from concurrent.futures import ThreadPoolExecutor

import pytest

from conftest import namespaces_of, remains_of, wait_for_the_end_of
from desk import USER, end, run, wait_until

BOTH = pytest.mark.parametrize("user", [0, USER], ids=["root", "user"])


def is_gone(pid):
    """True for zombies too: their parent is slow, and that is not ours."""
    try:
        return pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except (FileNotFoundError, ProcessLookupError):
        return True


@BOTH
def test_a_cluster_comes_up_whole_and_goes_without_a_trace(make_cluster, user):
    cluster = make_cluster(user)
    result = cluster.up("--nodes", "3")
    assert "3 of 3 nodes are up" in result.stderr
    assert "berth run -N3" in result.stdout
    status = cluster.status()
    assert status["alive"] and status["controller"]["alive"] and status["munged"]["alive"]
    assert [node["name"] for node in status["nodes"]] == ["n1", "n2", "n3"]
    own = namespaces_of(cluster)
    assert len(own) >= 6
    cluster.down()
    assert remains_of(cluster) == []
    wait_for_the_end_of(own)


@BOTH
def test_each_node_has_a_name_and_an_address_of_its_own(make_cluster, user):
    cluster = make_cluster(user)
    cluster.up("--nodes", "2", "--subnet", "10.199.77.0/24")
    for i in (1, 2):
        name = cluster.berth("cluster", "exec", "--dir", cluster.dir, f"n{i}", "hostname")
        assert name.stdout.strip() == f"n{i}"
        addresses = cluster.berth("cluster", "exec", "--dir", cluster.dir, f"n{i}", "--",
                                  "ip", "-brief", "addr")
        assert f"10.199.77.{i}/24" in addresses.stdout
        assert "127.0.0.1" in addresses.stdout


def test_daemons_of_a_users_cluster_have_no_capability(make_cluster):
    cluster = make_cluster(USER)
    cluster.up("--nodes", "1")
    status = cluster.status()
    for part in (status["controller"], status["munged"], *status["nodes"]):
        text = pathlib.Path(f"/proc/{part['pid']}/status").read_text()
        fields = dict(line.split(":\t", 1) for line in text.splitlines() if ":\t" in line)
        assert int(fields["CapEff"], 16) == int(fields["CapPrm"], 16) == 0
        assert int(fields["CapAmb"], 16) == 0
        assert fields["Uid"].split() == [str(USER)] * 4


@BOTH
def test_the_munge_key_is_the_owners_alone(make_cluster, user):
    cluster = make_cluster(user)
    cluster.up("--nodes", "1")
    key = cluster.dir / "munge" / "key"
    assert key.stat().st_mode & 0o777 == 0o600
    assert key.stat().st_uid == user and key.stat().st_size >= 32


@BOTH
def test_a_second_up_says_that_it_is_up(make_cluster, user):
    cluster = make_cluster(user)
    cluster.up("--nodes", "1")
    again = cluster.up("--nodes", "1", check=False)
    assert again.returncode == 1
    assert "is already up" in again.stderr and again.stderr.count("\n") == 1
    assert cluster.status()["alive"]


@BOTH
def test_a_killed_daemon_is_seen_and_started_again(make_cluster, user):
    cluster = make_cluster(user)
    cluster.up("--nodes", "2")
    cluster.kill("controller", "n2")
    status = cluster.status(check=False)
    assert not status["alive"] and not status["controller"]["alive"]
    assert status["nodes"][0]["alive"]
    cluster.start()
    assert cluster.status()["alive"]


def test_a_daemon_that_ends_while_others_are_waited_for_is_started(make_cluster):
    cluster = make_cluster(0)
    cluster.up("--nodes", "1")
    controller = cluster.status()["controller"]["pid"]
    # It is alive and does not answer; then it is dead.
    os.kill(controller, signal.SIGSTOP)
    start = subprocess.Popen(["berth", "cluster", "start", "--dir", cluster.dir],
                             stderr=subprocess.PIPE, text=True)
    wait_until(lambda: has_connected(start.pid), what="its question")
    end(controller)
    assert start.wait(timeout=60) == 0, start.stderr.read()
    assert cluster.status()["controller"]["pid"] != controller


def has_connected(pid):
    links = (os.path.realpath(fd) for fd in pathlib.Path(f"/proc/{pid}/fd").iterdir())
    return any("/socket:[" in link for link in links)


@BOTH
def test_what_is_left_of_a_killed_cluster_is_found(make_cluster, user):
    cluster = make_cluster(user)
    cluster.up("--nodes", "2")
    status = cluster.status()
    namespace = f"/proc/{status['nodes'][0]['namespace_pid']}/ns/net"
    stray = None
    if user == 0:
        stray = subprocess.Popen(["nsenter", f"--net={namespace}", "sleep", "1000"])
        wait_until(lambda: os.readlink(f"/proc/{stray.pid}/ns/net") == os.readlink(namespace))
    for part in (status["controller"], status["munged"], *status["nodes"]):
        os.kill(part["pid"], signal.SIGKILL)
    cluster.down()
    assert remains_of(cluster) == []
    if stray:
        assert stray.wait(timeout=20) == -signal.SIGKILL


@BOTH
def test_a_cluster_whose_processes_all_died_makes_room(make_cluster, user):
    cluster = make_cluster(user)
    cluster.up("--nodes", "1")
    status = cluster.status()
    pids = [status["controller"]["pid"], status["munged"]["pid"],
            *(node[key] for node in status["nodes"] for key in ("pid", "namespace_pid"))]
    if user:
        pids.append(int((cluster.dir / "join.pid").read_text().split()[0]))
    end(*pids)
    cluster.up("--nodes", "2")
    assert len(cluster.status()["nodes"]) == 2
    cluster.down()
    assert remains_of(cluster) == []


@BOTH
def test_images_are_kept_on_demand(make_cluster, user):
    cluster = make_cluster(user)
    cluster.up("--nodes", "1")
    (cluster.dir / "images" / "mine").write_text("x")
    cluster.down("--keep-images")
    assert [path.name for path in cluster.dir.iterdir()] == ["images"]
    cluster.up("--nodes", "1")
    assert (cluster.dir / "images" / "mine").exists()
    cluster.down()
    assert not cluster.dir.exists()


def test_two_clusters_do_not_disturb_each_other(make_cluster):
    one, other = make_cluster(0), make_cluster(0)
    one.up("--nodes", "1")
    other.up("--nodes", "1")
    assert one.status()["address"] != other.status()["address"]
    assert one.status()["port"] != other.status()["port"]
    one.down()
    assert other.status()["alive"]


def test_clusters_that_come_up_together_have_ports_of_their_own(make_cluster):
    for _ in range(4):
        pair = make_cluster(0), make_cluster(0)
        with ThreadPoolExecutor() as pool:
            list(pool.map(lambda cluster: cluster.up("--nodes", "1"), pair))
        one, other = (cluster.status()["port"] for cluster in pair)
        assert one != other
        for cluster in pair:
            cluster.down()


def failed(cluster, *argv, status=1, **options):
    """Up that fails with one sentence and leaves nothing; returns the sentence."""
    result = cluster.up(*argv, check=False, **options)
    assert result.returncode == status, result.stderr
    assert result.stdout == ""
    assert remains_of(cluster) == []
    return result.stderr.splitlines()[-1]


@BOTH
@pytest.mark.parametrize("missing,package", [("munged", "munge"), ("ip", "iproute2")])
def test_a_missing_program_is_named_with_its_package(make_cluster, user, missing, package):
    cluster = make_cluster(user)
    if os.geteuid() != 0:
        pytest.skip("hiding a program needs root")
    hide = " && ".join(f"{{ [ ! -e {path} ] || mount --bind /dev/null {path}; }}"
                       for path in (f"/usr/sbin/{missing}", f"/sbin/{missing}",
                                    f"/usr/bin/{missing}", f"/bin/{missing}"))
    inner = ["berth", "cluster", "up", "--name", cluster.name, "--dir", str(cluster.dir)]
    if user:
        inner = ["setpriv", "--reuid", str(user), "--regid", str(user), "--clear-groups", *inner]
    result = run("unshare", "--mount", "sh", "-c", f'{hide} && exec "$@"', "sh", *inner,
                 home=cluster.home, check=False)
    assert result.returncode == 1
    assert result.stderr == (f"berth cluster: {missing} is missing: "
                             f"install the package {package}\n")
    assert remains_of(cluster) == []


def test_a_port_in_use_is_refused(make_cluster):
    cluster = make_cluster()
    with socket.socket() as taken:
        taken.bind(("", 0))
        taken.listen()
        port = taken.getsockname()[1]
        words = failed(cluster, "--port", port)
    assert words == f"berth cluster: port {port} is in use: name another with --port"


@pytest.mark.parametrize("argv,words", [
    (["--topology", "/nowhere.xml"], "topology /nowhere.xml: No such file or directory"),
    (["--topology", "cube"], "topology 'cube' is neither a file ending in .xml nor"),
    (["--topology", "synthetic:cube"], "topology of node n1"),
    (["--subnet", "127.0.0.0/24"], "127.0.0.0/24 is in use by interface lo"),
    (["--subnet", "10.0.0.0/8"], "'10.0.0.0/8' is not a subnet like"),
])
def test_an_impossible_wish_is_refused_with_a_sentence(make_cluster, argv, words):
    assert words in failed(make_cluster(), *argv)


def test_a_directory_in_use_is_not_touched(make_cluster):
    cluster = make_cluster()
    cluster.dir.mkdir()
    (cluster.dir / "precious").write_text("x")
    result = cluster.up(check=False)
    assert result.returncode == 1 and "name another directory" in result.stderr
    assert [path.name for path in cluster.dir.iterdir()] == ["precious"]
    (cluster.dir / "precious").unlink()
    cluster.dir.rmdir()


@BOTH
def test_ctrl_c_takes_down_what_was_made(make_cluster, user):
    cluster = make_cluster(user)
    prefix = [] if user == os.geteuid() else ["setpriv", "--reuid", str(user), "--regid",
                                              str(user), "--clear-groups"]
    process = subprocess.Popen([*prefix, "berth", "cluster", "up", "--nodes", "20", "--name",
                                cluster.name, "--dir", str(cluster.dir)],
                               env=dict(os.environ, HOME=str(cluster.home)),
                               stderr=subprocess.PIPE, text=True)
    wait_until((cluster.dir / "log" / "n1.log").exists)
    process.send_signal(signal.SIGINT)
    assert "stopped by SIGINT" in process.communicate(timeout=60)[1]
    assert process.returncode == 1
    assert remains_of(cluster) == []


def test_without_a_cluster_status_and_down_say_so(make_cluster):
    cluster = make_cluster()
    for verb in ("status", "down", "start"):
        result = cluster.berth("cluster", verb, "--dir", cluster.dir, check=False)
        assert result.returncode == 1
        assert result.stderr == f"berth cluster: no cluster is up in {cluster.dir}\n"


def test_down_without_a_name_ends_none_whose_directory_was_chosen(make_cluster):
    """Whoever chose it may be somebody else. As a user, so that no other is in use."""
    cluster = make_cluster(USER)
    cluster.up("--nodes", 1)
    config = str(cluster.dir / "berth.yaml")
    refused = cluster.berth("cluster", "down", env={"BERTH_CONF": ""}, check=False)
    assert refused.returncode == 2
    assert f"'berth cluster down --dir {cluster.dir}'" in refused.stderr
    assert cluster.status()["controller"]["alive"]
    assert "is down" in cluster.berth("cluster", "down", env={"BERTH_CONF": config}).stderr


def test_a_user_cannot_end_roots_cluster(make_cluster):
    cluster = make_cluster(0)
    cluster.up("--nodes", "1")
    result = run("berth", "cluster", "down", "--dir", cluster.dir, user=USER, check=False)
    assert result.returncode == 1 and "is not yours" in result.stderr
    assert cluster.status()["alive"]
