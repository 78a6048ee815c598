# SPDX-License-Identifier: Apache-2.0
"""squeue, sinfo and scontrol, asked and parsed as real clients do."""
import json
import re

import pytest

from conftest import new_cluster, remove
from desk import Desk, wait_until

# What Toil and HyperQueue know; they stop at any other.
STATES = {"PENDING", "RUNNING", "SUSPENDED", "COMPLETED", "CANCELLED", "FAILED", "TIMEOUT",
          "NODE_FAIL", "PREEMPTED", "BOOT_FAIL", "DEADLINE", "OUT_OF_MEMORY", "COMPLETING",
          "CONFIGURING"}
ISO = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d"


@pytest.fixture(scope="module")
def cluster():
    """Two nodes of two cores each."""
    made = new_cluster()
    try:
        made.up("--nodes", 2, "--cores-per-node", 2)
        yield made
    finally:
        remove(made)


@pytest.fixture
def desk(cluster):
    made = Desk(cluster, cluster.home)
    yield made
    made.slurm("scancel", "-u", "root" if made.user == 0 else str(made.user), check=False)
    wait_until(lambda: not made.slurm("squeue", "-h").stdout.strip(), what="an empty queue")


def sleeper(desk, *argv):
    """A job that runs until it is cancelled."""
    job = desk.sbatch(*argv, "--wrap", "sleep 300")
    wait_until(lambda: "RUNNING" in desk.slurm("squeue", "-h", "-j", job, "-o", "%T").stdout,
               what="its start")
    return job


def ended(desk, *argv):
    job = desk.sbatch(*argv)
    desk.wait(job)
    return job


def test_the_usual_columns_are_slurms(desk):
    job = desk.sbatch("-H", "-J", "averylongname", "--wrap", "true")
    header, row = desk.slurm("squeue").stdout.splitlines()
    assert header == ("             JOBID PARTITION     NAME     USER ST       TIME  NODES "
                      "NODELIST(REASON)")
    assert re.fullmatch(rf" *{job}     batch averylon +\S+ PD       0:00      1 \(JobHeldUser\)",
                        row)


def test_snakemake_nextflow_parsl_and_toil_find_their_states(desk):
    failed = ended(desk, "-J", "snake-1", "--wrap", "exit 3")
    done = ended(desk, "-J", "snake-1", "--wrap", "true")
    # Snakemake: by name, in all states.
    out = desk.slurm("squeue", "--format=%i|%T", "--states=all", "--noheader", "--name",
                     "snake-1").stdout
    assert dict(line.split("|") for line in out.splitlines()) == \
        {str(failed): "FAILED", str(done): "COMPLETED"}
    # Nextflow, both of its forms.
    out = desk.slurm("squeue", "--noheader", "-o", "%i %t", "-t", "all", "--only-job-state").stdout
    assert {f"{failed} F", f"{done} CD"} <= set(out.splitlines())
    # Parsl: several ids, of which some may be unknown.
    out = desk.slurm("squeue", "--noheader", "--format=%i %t", "--job", f"{done},9999998",
                     "-t", "all").stdout
    assert out.split() == [str(done), "CD"]
    # ReFrame: epoch seconds, and what failed says why.
    out = desk.slurm("squeue", "-h", "-t", "all", "-j", failed, "-o", "%i|%T|%r|%V",
                     env={"SLURM_TIME_FORMAT": "%s"}).stdout
    assert re.fullmatch(rf"{failed}\|FAILED\|NonZeroExitCode\|\d{{10}}", out.strip())


def test_an_unknown_id_is_an_error_only_to_who_asks_for_one(desk):
    one = desk.slurm("squeue", "-j", 9999999, check=False)
    assert (one.returncode, one.stdout) == (1, "")
    assert one.stderr == "slurm_load_jobs error: Invalid job id specified\n"
    several = desk.slurm("squeue", "-h", "-j", "9999999,9999998")
    assert several.stdout == ""


def test_aiida_and_open_ondemand_split_what_they_asked_for(desk):
    job = sleeper(desk, "-t", "10", "-J", "calc")
    out = desk.slurm("squeue", "--noheader", "-o", "%i^^^%t^^^%r^^^%B^^^%u^^^%D^^^%C^^^%R^^^%P^^^"
                     "%l^^^%M^^^%S^^^%j^^^%V", f"--jobs={job},{job}",
                     env={"SLURM_TIME_FORMAT": "standard"}).stdout.splitlines()[0]
    fields = out.split("^^^")
    assert fields[:4] == [str(job), "R", "None", fields[7]]
    assert fields[9] == "10:00" and fields[12] == "calc"
    assert re.fullmatch(ISO, fields[11]) and re.fullmatch(ISO, fields[13])
    # Open OnDemand drops two lines and splits at an unusual character.
    name = desk.slurm("scontrol", "show", "config").stdout
    name = re.search(r"^ClusterName +=\s(\S+)", name, re.M)[1]
    letters = "a A b B c C d D e E f F g G h H i I j J k K l L m M n N o O q P Q r S t T u U v " \
              "V w W x X y Y z Z p".split()
    lines = desk.slurm("squeue", "-M", name, "--all", "--states=all", "--noconvert", "-o",
                       "\x1f".join("%" + c for c in letters), "-j", job).stdout.splitlines()
    assert lines[0] == f"CLUSTER: {name}"
    # What we print for control characters keeps columns apart for readers of lines.
    assert len(re.split("[\x1f?]", lines[2])) == len(letters)


def test_arrays_are_one_row_until_they_begin(desk):
    job = desk.sbatch("-H", "--array=4-20:2%2", "--wrap", "true")
    assert desk.slurm("squeue", "-h", "-o", "%i %K").stdout == f"{job}_[4-20:2%2] 4-20:2%2\n"
    rows = desk.slurm("squeue", "-h", "-r", "-o", "%i|%F|%K").stdout.splitlines()
    assert rows == [f"{job}_{i}|{job}|{i}" for i in range(4, 21, 2)]


def test_orders_and_widths_are_those_asked_for(desk):
    jobs = [desk.sbatch("-H", "-J", name, "--wrap", "true") for name in ("bb", "aa", "cc")]
    out = desk.slurm("squeue", "-h", "-S", "-i", "-o", "%.4j|%5j|%i").stdout.splitlines()
    assert out == [f"  cc|cc   |{jobs[2]}", f"  aa|aa   |{jobs[1]}", f"  bb|bb   |{jobs[0]}"]
    out = desk.slurm("squeue", "-h", "-S", "j", "-O", "name:.4,state:3").stdout.splitlines()
    assert out == ["  aaPEN", "  bbPEN", "  ccPEN"]
    bad = desk.slurm("squeue", "-O", "nam", check=False)
    assert bad.returncode == 1 and "did you mean" in bad.stderr
    assert desk.slurm("squeue", "-t", "bogus", check=False).stderr.startswith(
        "squeue: error: Invalid job state specified: bogus\n")


def test_steps_are_asked_of_the_lead(desk):
    job = sleeper(desk)
    wait_until(lambda: desk.slurm("squeue", "-s", "-h", "-o", "%i %j").stdout ==
               f"{job}.batch batch\n", what="its script")
    assert f"StepId={job}.batch " in desk.slurm("scontrol", "show", "step").stdout


def test_prrte_reads_its_allocation_as_json(desk):
    job = sleeper(desk, "-N2", "-t", "10")
    read = json.loads(desk.slurm("scontrol", "show", "job", job, "--json").stdout)["jobs"][0]
    assert read["job_state"] == ["RUNNING"]
    assert read["end_time"]["number"] - read["start_time"]["number"] == 600
    assert read["threads_per_core"]["number"] == 1
    nodes = read["job_resources"]["nodes"]["allocation"]
    assert [node["name"] for node in nodes] == ["n1", "n2"]
    for node in nodes:
        cores = [core for socket in node["sockets"] for core in socket["cores"]]
        assert len(cores) == node["cpus"]["count"]
        assert all("ALLOCATED" in core["status"] for core in cores)
    assert json.loads(desk.slurm("squeue", "--json").stdout)["jobs"][0]["job_id"] == job


def test_hyperqueue_and_toil_read_records(desk):
    job = sleeper(desk, "-t", "1-02:03:04", "--comment", "two words")
    words = desk.slurm("scontrol", "show", "job", job).stdout.split()
    keys = dict(word.split("=", 1) for word in words if "=" in word)
    assert keys["JobState"] == "RUNNING" and keys["TimeLimit"] == "1-02:03:04"
    assert re.fullmatch(ISO, keys["StartTime"]) and re.fullmatch(ISO, keys["EndTime"])
    assert list(keys)[:6] == ["JobId", "JobName", "UserId", "GroupId", "MCS_label", "Priority"]
    records = desk.slurm("scontrol", "-o", "show", "job").stdout.splitlines()
    assert {re.search(r" JobState=(\S+)", line)[1] for line in records} <= STATES
    bad = desk.slurm("scontrol", "show", "job", 9999999, check=False)
    assert (bad.returncode, bad.stderr) == (
        1, "slurm_load_jobs error: Invalid job id specified\n")


def test_nodes_and_partitions_are_read_by_reframe_and_snakemake(desk):
    nodes = desk.slurm("scontrol", "-a", "show", "-o", "nodes").stdout.splitlines()
    keys = [dict(w.split("=", 1) for w in line.split() if "=" in w) for line in nodes]
    assert [node["NodeName"] for node in keys] == ["n1", "n2"]
    assert all(node["Partitions"] == "batch" and node["CPUTot"] == "2" for node in keys)
    part = desk.slurm("scontrol", "-o", "show", "partition", "batch").stdout
    assert "PartitionName=batch " in part and " Default=YES " in part
    assert re.search(r" MaxTime=UNLIMITED .* TotalCPUs=4 TotalNodes=2 ", part)
    assert desk.slurm("sinfo", "-h", "-o", "%P").stdout == "batch*\n"
    assert desk.slurm("sinfo", "-h", "-o", "%n %t").stdout == "n1 idle\nn2 idle\n"
    assert desk.slurm("scontrol", "show", "hostnames", "a[1-2],b").stdout == "a1\na2\nb\n"
    assert desk.slurm("scontrol", "show", "hostlist", "a1,a2,b").stdout == "a[1-2],b\n"


def test_nodes_of_a_kind_are_on_one_line(desk):
    sleeper(desk, "-w", "n1")
    out = desk.slurm("sinfo").stdout.splitlines()
    assert out == ["PARTITION AVAIL  TIMELIMIT  NODES  STATE NODELIST",
                   "batch*       up   infinite      1    mix n1",
                   "batch*       up   infinite      1   idle n2"]
    assert desk.slurm("sinfo", "-h", "-o", "%C %A %F").stdout == "1/3/0/4 1/1 1/1/0/2\n"
    desk.slurm("scontrol", "update", "nodename=n2", "state=drain", "reason=bad disk")
    assert "bad disk" in desk.slurm("sinfo", "-R", "-h").stdout
    assert desk.slurm("sinfo", "-h", "-t", "drain", "-o", "%N %T").stdout == "n2 drained\n"
    desk.slurm("scontrol", "update", "nodename=n2", "state=resume")
    assert desk.slurm("sinfo", "-h", "-n", "n2", "-o", "%T").stdout == "idle\n"


def test_a_waiting_job_is_changed_as_if_submitted_so(desk):
    job = desk.sbatch("-H", "-t", "10", "--wrap", "exit 4")
    desk.slurm("scontrol", "update", f"jobid={job}", "TimeLimit=30", "JobName=other",
               "Comment=why not", "Nice=7")
    shown = desk.slurm("scontrol", "show", "job", job).stdout
    assert "JobName=other" in shown and "TimeLimit=00:30:00" in shown
    assert "Nice=7" in shown and "Comment=why not" in shown
    bad = desk.slurm("scontrol", "update", f"jobid={job}", "Partition=none", check=False)
    assert bad.returncode == 1 and "Invalid partition name specified" in bad.stderr
    assert "Partition=batch" in desk.slurm("scontrol", "show", "job", job).stdout
    desk.slurm("scontrol", "release", job)
    assert desk.wait(job) == 4


def test_a_limit_is_changed_by_so_much(desk):
    job = desk.sbatch("-H", "-t", "10", "--wrap", "true")
    for words in ("TimeLimit=+10", "TimeLimit+=5", "TimeLimit-=1:00"):
        desk.slurm("scontrol", "update", "job", job, words)
    assert "TimeLimit=00:24:00" in desk.slurm("scontrol", "show", "job", job).stdout


def test_a_job_is_suspended_and_resumed(desk):
    job = sleeper(desk)
    desk.slurm("scontrol", "suspend", job)
    assert desk.slurm("squeue", "-h", "-j", job, "-o", "%t %T").stdout == "S SUSPENDED\n"
    shown = desk.slurm("scontrol", "show", "job", job).stdout
    assert "JobState=SUSPENDED" in shown and re.search(rf"SuspendTime={ISO}", shown)
    desk.slurm("scontrol", "resume", job)
    wait_until(lambda: desk.slurm("squeue", "-h", "-j", job, "-o", "%t").stdout == "R\n",
               what="its going on")
    again = desk.slurm("scontrol", "resume", job, check=False)
    assert again.returncode == 1 and f"for job {job}" in again.stderr


def test_a_requeued_job_can_be_held_at_once(desk):
    job = sleeper(desk)
    desk.slurm("scontrol", "requeuehold", job)
    wait_until(lambda: desk.slurm("squeue", "-h", "-j", job, "-o", "%t %r").stdout ==
               "PD JobHeldUser\n", what="it to wait, held")


def test_scripts_are_given_back(desk):
    job = desk.sbatch("-H", script="#!/bin/sh\n# mine\ntrue\n")
    assert desk.slurm("scontrol", "write", "batch_script", job, "-").stdout == \
        "#!/bin/sh\n# mine\ntrue\n"


def test_what_has_no_counterpart_is_refused_with_a_reason(desk):
    for words in (("token",), ("update", "PartitionName=batch", "State=DOWN"), ("show", "bla"),
                  ("bla",)):
        result = desk.slurm("scontrol", *words, check=False)
        assert result.returncode == 1 and result.stderr, words


def test_sacct_tells_what_became_of_jobs_as_clients_ask(desk):
    failed = ended(desk, "-J", "acct-1", "--wrap", "exit 3")
    # Snakemake, Toil, submitit (-j again and again), Parsl.
    out = desk.slurm("sacct", "-X", "--parsable2", "--noheader", "--format=JobIdRaw,State",
                     "--starttime", "2020-01-01T00:00", "--endtime", "now", "--name",
                     "acct-1").stdout
    assert out == f"{failed}|FAILED\n"
    out = desk.slurm("sacct", "-n", "-X", "-j", failed, "--format", "JobIDRaw,State,ExitCode",
                     "-P", "-S", "1970-01-01").stdout
    assert out == f"{failed}|FAILED|3:0\n"
    out = desk.slurm("sacct", "-o", "JobID,State,NodeList", "--parsable2", "-j", failed, "-j",
                     failed).stdout.splitlines()
    assert out[0] == "JobID|State|NodeList"
    assert out[1].split("|")[:2] == [str(failed), "FAILED"]
    out = desk.slurm("sacct", "-X", "--noheader", "--format=jobid,state%20", "--job",
                     failed).stdout
    assert out == f"{failed:<12}" + " " + "FAILED".rjust(20) + " \n"


def test_sacct_prints_json_and_yaml(desk):
    job = ended(desk, "-J", "acct-json", "-c", 2, "--mem", "64M", "--comment", "why",
                "-o", "x", "--wrap", "srun -n1 -c2 true; exit 3")
    doc = json.loads(desk.slurm("sacct", "--json", "-j", job).stdout)
    one, = doc["jobs"]
    assert (one["job_id"], one["name"], one["comment"]["job"]) == (job, "acct-json", "why")
    assert one["state"] == {"current": ["FAILED"], "reason": "NonZeroExitCode"} or \
        one["state"]["current"] == ["FAILED"]
    assert one["exit_code"]["return_code"]["number"] == 3
    assert one["exit_code"]["status"] == ["ERROR"]
    assert {"type": "cpu", "name": "", "id": 1, "count": 2} in one["tres"]["allocated"]
    assert {"type": "mem", "name": "", "id": 2, "count": 64} in one["tres"]["allocated"]
    assert [step["step"]["id"] for step in one["steps"]] == [f"{job}.batch", f"{job}.0"]
    assert one["steps"][1]["exit_code"]["status"] == ["SUCCESS"]
    assert doc["meta"]["slurm"]["cluster"] == desk.cluster.name and doc["errors"] == []
    assert f"job_id: {job}\n" in desk.slurm("sacct", "--yaml", "-j", job).stdout
    for command in ("squeue", "sinfo"):
        assert "meta:" in desk.slurm(command, "--yaml").stdout
    node, = json.loads(desk.slurm("scontrol", "show", "node", "n2", "--json").stdout)["nodes"]
    assert node["name"] == "n2"


def test_sacct_chooses_by_size_limit_and_group(desk):
    small = ended(desk, "-J", "choose", "-c", 1, "-t", 5, "--wrap", "true")
    large = ended(desk, "-J", "choose", "-c", 2, "-N", 2, "-n", 2, "-t", 50, "--wrap", "true")

    def ids(*argv):
        return desk.slurm("sacct", "-X", "-nP", "--name", "choose", "-o", "jobid",
                          *argv).stdout.split()

    both = [str(small), str(large)]
    assert ids() == both and ids("-g", desk.user) == both and ids("-g", 54321) == []
    assert ids("-i", "2") == ids("-I", "2-4") == ids("-k", "10", "-K", "60") == [str(large)]
    assert ids("-i", "1") == ids("-k", "5") == [str(small)]
    assert desk.slurm("sacct", "-X", "-nP", "--delimiter", ";", "-j", small, "-o",
                      "jobid,state").stdout == f"{small};COMPLETED\n"
    for words in (("-B",), ("-x", "1"), ("-c",), ("--env-vars",), ("-f", "x"), ("-F", "x"),
                  ("-K", "5")):
        result = desk.slurm("sacct", *words, check=False)
        assert result.returncode == 1 and len(result.stderr) > 30, words


def test_a_cancelled_job_says_by_whom(desk):
    job = sleeper(desk)
    desk.slurm("scancel", job)
    desk.wait(job)
    out = desk.slurm("sacct", "-X", "-n", "-P", "-j", job, "-o", "state").stdout
    assert out == f"CANCELLED by {desk.user}\n"


def test_counters_and_shares_are_shown(desk):
    assert "Jobs submitted: " in desk.slurm("sdiag").stdout
    assert desk.slurm("sshare", "-a").stdout.startswith("Account ")


@pytest.fixture
def account(cluster, desk):
    """An account with limits, and somebody in it."""
    for words in (("account", "add", "physics", "--grp-cores", 64, "--grp-mem", "64G"),
                  ("account", "add-user", "alice", "physics", "--max-wall", "2-00:00:00"),
                  ("account", "add-user", "alice", "root", "--default")):
        desk.berth(*words)
    yield "physics"
    desk.berth("account", "delete-user", "alice", "root")
    desk.berth("account", "delete-user", "alice", "physics")
    desk.berth("account", "delete", "physics")


def test_snakemake_and_portals_find_the_accounts_of_a_user(desk, account):
    out = desk.slurm("sacctmgr", "-n", "-s", "list", "user", "alice", "format=account%256").stdout
    assert sorted(out.split()) == [account, "root"]
    assert all(len(line) >= 256 for line in out.splitlines())
    out = desk.slurm("sacctmgr", "-nP", "show", "assoc", "where", "user=alice",
                     f"account={account}", "format=account,qos,maxwall").stdout
    assert out == f"{account}|normal|2-00:00:00\n"
    out = desk.slurm("sacctmgr", "-nP", "list", "users", "name=alice").stdout
    assert out == "alice|root|None\n"
    out = desk.slurm("sacctmgr", "-nP", "show", "account", account,
                     "format=account,parentname,grptres").stdout
    assert out == f"{account}|root|cpu=64,mem=64G\n"
    assert desk.slurm("sacctmgr", "-n", "show", "user", "nobody-there").stdout == ""


def test_sacctmgr_shows_qos_and_the_cluster(desk):
    header, *rows = desk.slurm("sacctmgr", "-p", "show", "qos",
                               "format=name,priority").stdout.splitlines()
    assert header == "Name|Priority|" and "normal|0|" in rows
    name = desk.slurm("sacctmgr", "-nP", "show", "cluster", "format=cluster").stdout.strip()
    assert name and "|" not in name
    assert desk.slurm("sacctmgr", "-nP", "show", "cluster", "not" + name).stdout == ""


def test_sacctmgr_names_the_command_that_changes(desk):
    for words, command in ((("add", "user", "bob", "account=root"), "berth account add-user"),
                           (("modify", "qos", "normal", "set", "priority=3"), "berth qos"),
                           (("delete", "account", "root"), "berth account")):
        result = desk.slurm("sacctmgr", "-i", *words, check=False)
        assert result.returncode == 1 and command in result.stderr, words
    for words in (("show", "assoc", "bla=1"), ("show", "bla"), ("bla",),
                  ("show", "user", "format=bla")):
        assert desk.slurm("sacctmgr", *words, check=False).returncode == 1, words


@pytest.fixture
def waiting(desk):
    """A job that cannot start yet: the node it needs is taken."""
    sleeper(desk, "-N", 2, "--exclusive")
    return desk.sbatch("-N", 2, "--nice=5", "--wrap", "true")


def test_sprio_shows_the_points_of_a_waiting_job(desk, waiting):
    header, row = desk.slurm("sprio", "-j", waiting).stdout.splitlines()
    assert header.split() == ["JOBID", "PARTITION", "USER", "PRIORITY", "SITE", "AGE",
                              "FAIRSHARE", "JOBSIZE", "PARTITION", "QOS"]
    assert row.split()[:2] == [str(waiting), "batch"]
    out = desk.slurm("sprio", "-h", "-j", waiting, "-o", "%i|%Y|%S|%A|%F|%J|%P|%Q|%N").stdout
    job, priority, *points, nice = out.strip().split("|")
    assert job == str(waiting) and nice == "5" and int(priority) >= 1
    assert abs(max(1, sum(map(int, points)) - 5) - int(priority)) <= len(points)
    factors = desk.slurm("sprio", "-hn", "-j", waiting, "-o", "%a %f %j %p %q").stdout.split()
    assert len(factors) == 5 and all(0 <= float(factor) <= 1 for factor in factors)
    assert desk.slurm("sprio", "-w").stdout.splitlines()[1].split()[0] == "Weights"


def test_sprio_finds_jobs_by_owner_and_partition(desk, waiting):
    def ids(*argv):
        return desk.slurm("sprio", "-h", "-o", "%i", *argv).stdout.split()

    assert str(waiting) in ids("-u", desk.user) and str(waiting) in ids("-p", "batch")
    assert ids("-p", "elsewhere") == []
    assert "Unable to find jobs" in desk.slurm("sprio", "-u", "nobody-there").stdout
    assert desk.slurm("sprio", "-o", "%t", check=False).returncode == 1


def test_sstat_tells_what_steps_use(desk):
    job = desk.sbatch("-n", 1, "--wrap", "srun sleep 300")
    wait_until(lambda: f"{job}.0" in desk.slurm("squeue", "-hs", "-j", job).stdout,
               what="its step")
    out = desk.slurm("sstat", "-nP", "-j", f"{job}.0", "-o", "JobID,MaxRSS,AveCPU,NTasks").stdout
    assert re.fullmatch(rf"{job}\.0\|\d+K?\|[0-9:.]+\|1\n", out), out
    assert desk.slurm("sstat", "-nP", "-j", job, "-o", "jobid").stdout == f"{job}.0\n"
    out = desk.slurm("sstat", "-a", "-nP", "-j", job, "-o", "jobid").stdout
    assert out.split() == [f"{job}.batch", f"{job}.0"]
    assert "MaxRSS" in desk.slurm("sstat", "--helpformat").stdout
    assert desk.slurm("sstat", "-j", f"{job}.7", check=False).returncode == 1
