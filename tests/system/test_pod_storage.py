# SPDX-License-Identifier: Apache-2.0
"""What outlives pods on a node: volumes that are emptied, exports that berthd mounts.

The machine's kernel may have no NFS client, so a program in the place of mount(8) mounts
directories of ours; what berthd does around it is the same.
"""
import json
import os
import pathlib

import pytest

from conftest import new_cluster, new_desk, remove
from desk import AS_ROOT, USER, end, run, wait_until
from test_pod_volumes import Pods, container, look

pytestmark = pytest.mark.skipif(not AS_ROOT, reason="berthd mounts, and becomes users, as root")

HELPER = "#!/bin/sh" """
# -t nfs -o OPTIONS SERVER:/PATH DIRECTORY
echo "$4 $5" >>{log}
case $5 in
*/refused) echo "mount.nfs: access denied by server while mounting $5" >&2; exit 32 ;;
esac
mount --bind "{exported}${{5#*:}}" "$6" && mount -o "remount,bind,${{4#nosuid,nodev,}}" "$6"
"""
CLAIM = """\
apiVersion: v1
kind: PersistentVolumeClaim
metadata: {{name: {name}}}
spec: {{accessModes: [ReadWriteMany], storageClassName: {name},
  resources: {{requests: {{storage: 1Gi}}}}}}
"""
VOLUME = """\
apiVersion: v1
kind: PersistentVolume
metadata: {{name: {name}}}
spec: {{capacity: {{storage: 1Gi}}, accessModes: [ReadWriteMany], storageClassName: {name},
  persistentVolumeReclaimPolicy: Delete, {source}}}
"""


@pytest.fixture(scope="module")
def site(small_tar):
    """A node that mounts what 'filer' exports, and may empty what is below 'pv'."""
    cluster = new_cluster()
    home = cluster.home
    helper, exported = home / "mount", home / "exported"
    helper.write_text(HELPER.format(log=home / "log", exported=exported))
    helper.chmod(0o755)
    (home / "log").touch()
    for name in ("home/alice", "data", "refused", "secret"):
        (exported / name).mkdir(parents=True)
    for name in ("home/alice", "data"):
        (exported / name).chmod(0o777)
        (exported / name / "word").write_text("exported\n")
    (home / "pv").mkdir()
    (home / "shown").mkdir(mode=0o755)
    os.environ["BERTH_MOUNT"] = str(helper)
    try:
        cluster.up("--nodes", "1", "--cores-per-node", "2")
        cluster.restart(change=lambda text: text.replace(
            "pods:\n", "pods:\n  nfs: ['filer:/home:rw', 'filer:/data', 'filer:/refused']\n"
            f"  nfs_options: [noatime]\n  reclaim_paths: [{home / 'pv'}]\n"
            f"  log_dir: {home}/logs.%n\n  logs_user: 1M\n").replace(
                'host_paths: "/:rw"', f'host_paths: "{home}/shown:rw"'))
        cluster.desk = new_desk(cluster, "storage", USER)
        cluster.berth("image", "import", "-", "small", stdin=open(small_tar, "rb"))
        yield cluster
    finally:
        del os.environ["BERTH_MOUNT"]
        remove(cluster)


@pytest.fixture
def pods(site):
    made = Pods(site.desk)
    yield made
    made.clear()


# --------------------------------------------------------------------- exports

AT_H = ", {name: h, mountPath: /h}"


def nfs(path, server="filer"):
    return f", {{name: h, nfs: {{server: {server}, path: {path}}}}}"


def mounts(site):
    """What is mounted for pods, as the node sees it."""
    node = site.status()["nodes"][0]["pid"]
    lines = pathlib.Path(f"/proc/{node}/mounts").read_text().splitlines()
    return [line.split()[1] for line in lines if "/nfs/" in line.split()[1]]


def asked_for(site, source):
    """How often the helper was asked to mount it, and with what."""
    lines = (site.home / "log").read_text().splitlines()
    return [line.split()[0] for line in lines if line.split()[1] == source]


def test_an_export_is_mounted_once_for_all_pods_and_goes_with_the_last(site, pods):
    pods.start("one", container("c", look("cat /h/word", "echo x >/h/new", "cat /h/new"), AT_H),
               volumes=nfs("/home/alice"))
    pods.start("two", container("c", look("ls -d /h/alice"), AT_H), volumes=nfs("/home/"))
    assert pods.found("one") == "exported\nx\n"
    assert pods.found("two") == "/h/alice\n"
    assert asked_for(site, "filer:/home") == ["nosuid,nodev,rw,noatime"]
    assert len(mounts(site)) == 1
    (pods.out("one") / "stop").touch()
    pods.until("one", "Succeeded")
    assert len(mounts(site)) == 1
    # A daemon that starts again knows who uses it.
    site.restart("n1")
    pods.start("three", container("c", look("cat /h/alice/new"), AT_H), volumes=nfs("/home"))
    assert pods.found("three") == "x\n"
    assert len(asked_for(site, "filer:/home")) == 1
    for name in ("two", "three"):
        (pods.out(name) / "stop").touch()
    wait_until(lambda: not mounts(site), what="the end of the mount")


def test_a_claims_export_is_mounted_and_only_who_uses_it_may_look_for_it(site, pods):
    source = "nfs: {server: filer, path: /home/alice}"
    site.berth("apply", "-f", "-", input=VOLUME.format(name="shared", source=source).replace(
        "Delete", "Retain"))
    pods.apply(CLAIM.format(name="shared"))
    pods.start("claims", container("c", look("cat /h/word"), AT_H),
               volumes=", {name: h, persistentVolumeClaim: {claimName: shared}}")
    assert pods.found("claims") == "exported\n"
    (place,) = mounts(site)
    for user, rc in ((USER, 0), (USER + 4711, 2)):
        assert run("ls", f"{place}/alice", user=user, check=False).returncode == rc
    pods.clear()
    wait_until(lambda: not mounts(site), what="the end of the mount")
    site.berth("delete", "persistentvolume", "shared")


def test_what_the_site_does_not_list_is_mounted_for_nobody(site, pods):
    for name, volume, words in (
            ("other", nfs("/secret"), "this site mounts filer:/secret for no pod"),
            ("dots", nfs("/home/../secret"), "for no pod"),
            ("server", nfs("/home", "evil"), "this site mounts evil:/home for no pod"),
            ("refused", nfs("/refused"), "access denied by server")):
        pods.start(name, container("c", "true", AT_H), volumes=volume)
        assert words in pods.until(name, "Failed")["message"]
    assert asked_for(site, "filer:/secret") == []
    wait_until(lambda: not mounts(site), what="the end of all mounts")


def test_an_export_that_is_read_only_stays_that_for_root_in_the_pod(site, pods):
    root = container("c", look("cat /h/word", "echo x >/h/word"), AT_H) + \
        "    securityContext: {runAsUser: 0}\n"
    pods.start("reads", root, volumes=nfs("/data"))
    lines = pods.found("reads").splitlines()
    assert lines[0] == "exported" and "Read-only file system" in lines[1]


def test_what_a_killed_daemon_had_mounted_is_unmounted_when_its_pods_have_gone(site, pods):
    pods.start("left", container("c", look("cat /h/word"), AT_H), volumes=nfs("/data"))
    assert pods.found("left") == "exported\n"
    job = pods.status("left")["job"]
    record = next(site.dir.glob(f"node/*/steps/{job}.*"))
    site.kill("n1")
    end(int(record.read_text().split()[0]))
    site.start()
    wait_until(lambda: not mounts(site), what="the end of the mount")


# --------------------------------------------------------------------- reclaiming

def volume_phase(site, name):
    shown = site.berth("get", "persistentvolume", name, "-o", "json", check=False).stdout
    return json.loads(shown)["status"] if shown else {"phase": "gone"}


def used_claim(site, pods, name, path):
    """A volume with Delete whose claim a pod has used and that has gone."""
    source = f"hostPath: {{path: {path}}}"
    warned = site.berth("apply", "-f", "-", input=VOLUME.format(name=name, source=source)).stderr
    pods.apply(CLAIM.format(name=name))
    for folder in ("a", "a/b"):
        (path / folder).mkdir()
        os.chown(path / folder, USER, USER)
    pods.start(name, container("c", "echo x >/h/a/b/x", AT_H),
               volumes=f", {{name: h, persistentVolumeClaim: {{claimName: {name}}}}}")
    assert pods.until(name, "Succeeded", "Failed")["phase"] == "Succeeded"
    (path / "out").symlink_to("/usr")
    (path / "up").symlink_to(path.parent)
    for link in ("out", "up"):
        os.chown(path / link, USER, USER, follow_symlinks=False)
    pods.desk.berth("delete", "pod", name)
    pods.desk.berth("delete", "persistentvolumeclaim", name)
    return warned


def writable(path):
    path.mkdir()
    path.chmod(0o777)
    return path


def test_a_volume_with_delete_is_emptied_and_goes(site, pods):
    path = writable(site.home / "pv/one")
    (site.home / "pv/kept").write_text("x")
    warned = used_claim(site, pods, "one", path)
    assert "reclaim" not in warned
    wait_until(lambda: volume_phase(site, "one")["phase"] == "gone", what="its end")
    # The directory above is root's: the user's own could not go.
    assert list(path.iterdir()) == []
    assert (site.home / "pv/kept").read_text() == "x"
    assert pathlib.Path("/usr/bin").exists()


def test_files_that_are_not_the_owners_or_not_the_sites_to_empty_stay(site, pods):
    path = writable(site.home / "pv/two")
    (path / "roots").mkdir()
    (path / "roots/x").write_text("x")
    used_claim(site, pods, "two", path)
    status = wait_until(lambda: volume_phase(site, "two").get("message") and
                        volume_phase(site, "two"), what="its failure")
    assert status["phase"] == "Failed" and "ermission denied" in status["message"]
    assert (path / "roots/x").exists()
    elsewhere = writable(site.home / "elsewhere")
    warned = used_claim(site, pods, "three", elsewhere)
    assert "pods.reclaim_paths" in warned
    status = wait_until(lambda: volume_phase(site, "three").get("message") and
                        volume_phase(site, "three"), what="its failure")
    assert status["phase"] == "Failed" and "may be emptied" in status["message"]
    assert (elsewhere / "a/b/x").exists()
    for name in ("two", "three"):
        site.berth("delete", "persistentvolume", name)


# --------------------------------------------------------------------------- logs

def test_what_ended_pods_wrote_is_where_the_site_wants_it(site, pods):
    big = ("x=0123456789abcdef; for i in 1 2 3 4 5 6 7 8 9 10; do x=$x$x; done; "
           "for i in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22 23 24 25 26 27 28 "
           "29 30 31 32 33 34 35 36 37 38 39 40; do echo $x; done")
    logs = next(site.home.glob("logs.*"))
    pods.start("first", container("c", big))
    pods.until("first", "Succeeded")
    job = pods.status("first")["job"]
    kept = list(logs.glob(f"{job}.*/user/*.log"))
    assert kept and sum(path.stat().st_size for path in kept) > 600 << 10
    assert logs.stat().st_mode & 0o777 == 0o711
    assert "0123456789abcdef" in pods.desk.berth("logs", "first").stdout
