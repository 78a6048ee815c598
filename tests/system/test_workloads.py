# SPDX-License-Identifier: Apache-2.0
"""Jobs and CronJobs of manifests: pods by index, failures and what follows from them."""
import collections
import json

import pytest

from desk import wait_until

# Too short a time to tell apart; what is waited for is always a fact.
GRACE = 2


def job(name, script, restart="Never", **spec):
    """A Job of one container that runs a shell script."""
    return {"apiVersion": "batch/v1", "kind": "Job", "metadata": {"name": name},
            "spec": {**spec, "template": pod_template(script, restart)}}


def pod_template(script, restart="Never"):
    return {"spec": {"restartPolicy": restart, "terminationGracePeriodSeconds": GRACE,
                     "containers": [{"name": "main", "image": "small",
                                     "imagePullPolicy": "IfNotPresent",
                                     "command": ["sh", "-c", script],
                                     "resources": {"requests": {"cpu": "1", "memory": "16Mi"}}}]}}


class Board:
    """What a test says to the cluster about its objects."""

    def __init__(self, desk):
        self.desk = desk
        self.made = []

    def apply(self, manifest):
        self.desk.berth("apply", "-f", "-", input=json.dumps(manifest))
        name = (manifest["kind"].lower(), manifest["metadata"]["name"])
        if name not in self.made:
            self.made.append(name)

    def list(self, kind, *argv):
        return json.loads(self.desk.berth("get", kind, *argv, "-o", "json").stdout)["items"]

    def status(self, name):
        """The status of a Job; None when it is gone."""
        for item in self.list("jobs"):
            if item["metadata"]["name"] == name:
                return item.get("status", {})
        return None

    def pods(self, name):
        return self.list("pods", "-l", f"job-name={name}")

    def until(self, name, condition, seconds=120):
        """Until the Job has this condition; its status."""
        def found():
            status = self.status(name)
            assert status is not None, f"job {name} is gone"
            return status if condition in conditions(status) else None
        return wait_until(found, seconds=seconds, what=f"job {name} {condition}")

    def delete(self, kind, name):
        self.desk.berth("delete", kind, name, "--ignore-not-found")


def conditions(status):
    return {row["type"]: row for row in status.get("conditions", []) if row["status"] == "True"}


def phases(pods):
    return collections.Counter(pod["status"].get("phase", "Pending") for pod in pods)


def index_of(pod):
    return int(pod["metadata"]["annotations"]["batch.kubernetes.io/job-completion-index"])


def running(pods):
    return [pod for pod in pods if pod["status"].get("phase") == "Running"]


@pytest.fixture
def board(desk):
    made = Board(desk)
    yield made
    for kind, name in made.made:
        made.delete(kind, name)


def test_an_index_that_fails_is_tried_as_often_as_its_limit_says(board):
    board.apply(job("tries", "test $JOB_COMPLETION_INDEX != 1", completions=4, parallelism=2,
                    completionMode="Indexed", backoffLimitPerIndex=0))
    status = board.until("tries", "Failed")
    assert conditions(status)["Failed"]["reason"] == "FailedIndexes"
    assert status["completedIndexes"] == "0,2-3"
    assert status["failedIndexes"] == "1"
    assert (status["succeeded"], status["failed"]) == (3, 1)
    assert sorted(index_of(pod) for pod in board.pods("tries")) == [0, 1, 2, 3]


def test_each_pod_knows_its_index_by_name_host_and_variable(board):
    board.apply(job("names", "test $(hostname) = names-$JOB_COMPLETION_INDEX", completions=2,
                    parallelism=2, completionMode="Indexed", backoffLimit=0))
    board.until("names", "Complete")
    for pod in board.pods("names"):
        assert pod["metadata"]["name"].startswith(f"names-{index_of(pod)}-")
        assert pod["metadata"]["ownerReferences"][0]["name"] == "names"


def test_too_many_failures_end_the_job_and_its_pods(board):
    board.apply(job("gives-up", "test $JOB_COMPLETION_INDEX != 0 && sleep 600", completions=3,
                    parallelism=3, completionMode="Indexed", backoffLimit=0))
    status = board.until("gives-up", "Failed")
    assert conditions(status)["Failed"]["reason"] == "BackoffLimitExceeded"
    assert not running(board.pods("gives-up"))
    assert status.get("active", 0) == 0


def test_an_exit_code_fails_the_job_at_once(board):
    board.apply(job("rules", "exit 42", completions=2, parallelism=1, backoffLimit=6,
                    podFailurePolicy={"rules": [{
                        "action": "FailJob",
                        "onExitCodes": {"containerName": "main", "operator": "In",
                                        "values": [42]}}]}))
    status = board.until("rules", "Failed")
    failed = conditions(status)["Failed"]
    assert failed["reason"] == "PodFailurePolicy"
    assert "exit code 42" in failed["message"]
    assert status["failed"] == 1


def test_no_more_pods_run_than_parallelism_says(board):
    board.apply(job("few", "sleep 0.3", completions=6, parallelism=2))
    most = 0
    while "Complete" not in conditions(status := board.status("few")):
        assert "Failed" not in conditions(status)
        pods = board.pods("few")
        alive = [pod for pod in pods
                 if pod["status"].get("phase", "Pending") in ("Pending", "Running")]
        most = max(most, len(alive))
        assert len(alive) <= 2
    assert status["succeeded"] == 6
    assert most > 0


def test_a_job_is_suspended_and_goes_on_by_apply(board):
    manifest = job("rests", "sleep 600", completions=2, parallelism=2)
    board.apply(manifest)
    wait_until(lambda: len(running(board.pods("rests"))) == 2, what="two pods")
    manifest["spec"]["suspend"] = True
    board.apply(manifest)
    board.until("rests", "Suspended")
    wait_until(lambda: not board.pods("rests"), what="the end of the pods")
    status = board.status("rests")
    assert status.get("failed", 0) == 0
    manifest["spec"]["suspend"] = False
    board.apply(manifest)
    wait_until(lambda: len(running(board.pods("rests"))) == 2, what="two pods")


def test_an_ended_job_goes_by_itself_and_takes_its_pods_along(board):
    board.apply(job("short", "true", ttlSecondsAfterFinished=0))
    wait_until(lambda: board.status("short") is None, what="the end of the job's record")
    wait_until(lambda: not board.pods("short"), what="the end of its pods")


def test_with_a_job_its_pods_go(board):
    board.apply(job("cascade", "sleep 600", completions=9, parallelism=3))
    wait_until(lambda: running(board.pods("cascade")), what="a pod")
    board.delete("job", "cascade")
    wait_until(lambda: not board.pods("cascade"), what="the end of its pods")


def test_a_job_has_a_deadline(board):
    board.apply(job("late", "sleep 600", activeDeadlineSeconds=1))
    status = board.until("late", "Failed")
    assert conditions(status)["Failed"]["reason"] == "DeadlineExceeded"
    assert not running(board.pods("late"))


def test_a_cron_job_starts_a_job_that_ends(board):
    board.apply({"apiVersion": "batch/v1", "kind": "CronJob", "metadata": {"name": "tick"},
                 "spec": {"schedule": "@every 1s", "concurrencyPolicy": "Forbid",
                          "jobTemplate": {"spec": {"template": pod_template("true")}}}})
    def ended():
        return [item for item in board.list("jobs")
                if item["metadata"].get("ownerReferences", [{}])[0].get("name") == "tick"
                and "Complete" in conditions(item.get("status", {}))]
    made = wait_until(ended, what="a job of the cron job")[0]["metadata"]
    assert made["name"].startswith("tick-")
    assert "batch.kubernetes.io/cronjob-scheduled-timestamp" in made["annotations"]
    board.delete("cronjob", "tick")
    wait_until(lambda: not ended(), what="the end of its jobs")


def test_indexes_complete_once_though_the_controller_is_killed(own, small_tar):
    own.cluster.berth("image", "import", "-", "small", stdin=open(small_tar, "rb"))
    board = Board(own)
    board.apply(job("sweep", "true", completions=30, parallelism=6, completionMode="Indexed"))
    for enough in (4, 12, 20):
        wait_until(lambda: board.status("sweep").get("succeeded", 0) >= enough,
                   seconds=120, what=f"{enough} indexes")
        own.cluster.restart("controller")
    status = board.until("sweep", "Complete", seconds=240)
    assert status["completedIndexes"] == "0-29"
    assert status["succeeded"] == 30
    pods = board.pods("sweep")
    assert phases(pods) == {"Succeeded": 30}
    assert sorted(index_of(pod) for pod in pods) == list(range(30))
    board.delete("job", "sweep")
