# SPDX-License-Identifier: Apache-2.0
"""sbatch, srun, salloc and scancel: what other programs read of them."""
import re
import subprocess

import pytest

from desk import SLURM, as_user, environment, run

HASH_BANG = "#!/bin/sh\n"


def refused(desk, name, *argv, **options):
    """A command that is refused with status 1; its words."""
    result = desk.slurm(name, *argv, check=False, **options)
    assert result.returncode == 1, result.stdout + result.stderr
    assert result.stdout == ""
    return result.stderr


# ------------------------------------------------------------------------ sbatch

def test_sbatch_says_what_clients_search_for(desk):
    plain = desk.slurm("sbatch", "--wrap", "true", "-o", "x").stdout
    assert re.fullmatch(r"Submitted batch job (\d+)\n", plain)
    assert re.fullmatch(r"(\d+)\n", desk.slurm("sbatch", "--parsable", "--wrap", "true",
                                               "-o", "x").stdout)
    name = desk.cluster.name
    assert re.fullmatch(rf"(\d+);{name}\n", desk.slurm(
        "sbatch", "--parsable", "-M", name, "--wrap", "true", "-o", "x").stdout)
    assert re.fullmatch(rf"Submitted batch job \d+ on cluster {name}\n", desk.slurm(
        "sbatch", "--wrap", "true", "-o", "x", env={"SBATCH_CLUSTERS": name}).stdout)
    assert "--cluster" in refused(desk, "sbatch", "-M", "elsewhere", "--wrap", "true")


def test_sbatch_takes_a_script_from_a_file_stdin_and_dev_stdin(desk):
    (desk.dir / "job.sh").write_text(HASH_BANG + 'echo "$1 $2"\n')
    jobs = [desk.sbatch("-o", "file", "job.sh", "a b", "--wrap"),
            desk.sbatch("-o", "stdin", script=HASH_BANG + "echo one\n"),
            desk.sbatch("-o", "dev", "/dev/stdin", script=HASH_BANG + "echo two\n")]
    assert desk.wait(*jobs) == 0
    assert [desk.text(name) for name in ("file", "stdin", "dev")] == \
        ["a b --wrap\n", "one\n", "two\n"]
    assert desk.job(jobs[1])["spec"]["name"] == "sbatch"
    assert desk.job(jobs[0])["spec"]["name"] == "job.sh"


@pytest.mark.parametrize("script,words", [
    ("", "Batch script is empty!"),
    (" \n\t\n", "Batch script contains only whitespace!"),
    ("echo\n", "This does not look like a batch script.  The first"),
    ("#!/bin/sh\r\n", "Batch script contains DOS line breaks (\\r\\n)"),
    (HASH_BANG + "#SBATCH -n1 what\n", "Invalid directive found in batch script: what"),
    (HASH_BANG + "#SBATCH : -n1\n", "Invalid directive found in batch script: :"),
    (HASH_BANG + "#SBATCH --nods=1\n", "unknown option --nods: did you mean --nodes?"),
    (HASH_BANG + "#SBATCH --comment 'x\n", "a quote ' is not closed"),
])
def test_sbatch_refuses_scripts_in_slurms_words(desk, script, words):
    said = refused(desk, "sbatch", input=script)
    assert said.startswith("sbatch: error: ") and words in said


@pytest.mark.parametrize("option,words", [
    ("-pnowhere", "Invalid partition name specified"),
    ("-qnone", "Invalid qos specification"),
    ("-N999", "Requested node configuration is not available"),
    ("--uid=1", "--uid: jobs run as the user who submits them"),
])
def test_sbatch_names_the_reason_of_a_refusal(desk, option, words):
    assert words in refused(desk, "sbatch", option, "--wrap", "true")


def test_sbatch_waits_and_leaves_as_the_job_does(desk):
    assert desk.slurm("sbatch", "-W", "-o", "x", "--wrap", "exit 7",
                      check=False).returncode == 7
    assert desk.slurm("sbatch", "-W", "-o", "x", "--wrap", "kill -9 $$",
                      check=False).returncode == 1
    assert desk.slurm("sbatch", "--wait", "-a", "1-3", "-o", "x", "--wrap",
                      "exit $SLURM_ARRAY_TASK_ID", check=False).returncode == 3


def test_sbatch_tells_when_a_job_would_start_and_submits_nothing(desk):
    before = len(desk.jobs("--all"))
    result = desk.slurm("sbatch", "--test-only", "-N2", "-n4", "--wrap", "true")
    assert result.stdout == ""
    assert re.match(r"sbatch: Job \d+ to start at \d{4}-\d\d-\d\dT\d\d:\d\d:\d\d using 4 "
                    r"processors on nodes n\[1-2\] in partition \w+\n", result.stderr)
    assert len(desk.jobs("--all")) == before
    assert "allocation failure" in refused(desk, "sbatch", "--test-only", "-N999",
                                           "--wrap", "true")


def test_options_of_the_command_line_beat_the_environment_and_that_the_script(desk):
    script = HASH_BANG + "#SBATCH -J script -t 1 --comment=script -c 2\n"
    env = {"SBATCH_JOB_NAME": "env", "SBATCH_TIMELIMIT": "2"}
    text = desk.slurm("sbatch", "--dry-run", "-J", "line", input=script, env=env).stdout
    assert "name: line\n" in text and "time_limit: 120\n" in text
    assert "comment: script\n" in text and "cpus_per_task: 2\n" in text


def test_an_option_that_is_not_honoured_is_warned_about_once(desk):
    script = HASH_BANG + "#SBATCH --mail-type=END\n#SBATCH --mail-type=FAIL\n"
    said = desk.slurm("sbatch", "--dry-run", "--mail-type=ALL", input=script).stderr
    assert said == "sbatch: warning: --mail-type is accepted but not honoured yet\n"


# -------------------------------------------------------------------------- srun

def test_srun_runs_a_job_of_its_own_and_leaves_as_its_tasks_do(desk):
    assert desk.slurm("srun", "-n2", "-l", "echo", "x").stdout.splitlines() in (
        ["0: x", "1: x"], ["1: x", "0: x"])
    assert desk.slurm("srun", "sh", "-c", "exit 5", check=False).returncode == 5
    assert "srun: error: Unable to allocate resources: Invalid partition name" in \
        refused(desk, "srun", "-p", "nowhere", "true")


def test_srun_is_a_step_inside_a_job_and_takes_its_size_from_it(desk):
    job = desk.sbatch("-n3", "-o", "out", script=HASH_BANG + "srun echo $SLURM_NTASKS\n",
                      env=desk.slurm_env())
    assert desk.wait(job) == 0
    assert desk.text("out") == "3\n" * 3


def test_srun_runs_in_another_job(desk):
    said = desk.slurm("salloc", "--no-shell", "-n2", "-J", "kept").stderr
    job = re.search(r"salloc: Granted job allocation (\d+)\n", said).group(1)
    result = desk.slurm("srun", f"--jobid={job}", "-n2", "printenv", "SLURM_JOB_ID")
    assert result.stdout == f"{job}\n" * 2
    assert desk.job(job)["state"] == "RUNNING"
    desk.slurm("scancel", job)
    assert desk.until(job, "CANCELLED")


def test_srun_gives_up_at_once_when_it_is_told_to(desk):
    hog = desk.sbatch("-N4", "--exclusive", "-o", "x", "--wrap", "sleep 600")
    desk.until(hog, "RUNNING")
    assert "Unable to allocate resources: Requested nodes are busy" in \
        desk.slurm("srun", "--immediate", "true", check=False).stderr
    desk.slurm("scancel", hog)


# ------------------------------------------------------------------------ salloc

def test_salloc_says_what_clients_search_for(desk):
    result = desk.slurm("salloc", "-n2", "sh", "-c",
                        "echo $SLURM_JOB_ID $SLURM_NTASKS; srun true; exit 3",
                        check=False, env=desk.slurm_env())
    job, tasks = result.stdout.split()
    assert tasks == "2" and result.returncode == 3
    assert result.stderr == (f"salloc: Granted job allocation {job}\n"
                             f"salloc: Relinquishing job allocation {job}\n")
    assert desk.until(job, "COMPLETED", "FAILED", "CANCELLED")


def test_salloc_tells_that_it_waits(desk):
    hog = desk.sbatch("-N4", "--exclusive", "-o", "x", "--wrap", "sleep 600")
    desk.until(hog, "RUNNING")
    waiting = subprocess.Popen(
        [*as_user(desk.user), SLURM / "salloc", "-n1", "true"], cwd=desk.dir, text=True,
        env=environment(desk.dir, desk.slurm_env()), stderr=subprocess.PIPE,
        stdin=subprocess.DEVNULL)
    lines = [waiting.stderr.readline() for _ in range(2)]
    job = re.fullmatch(r"salloc: Pending job allocation (\d+)\n", lines[0]).group(1)
    assert lines[1] == f"salloc: job {job} queued and waiting for resources\n"
    desk.slurm("scancel", hog)
    rest, _ = waiting.communicate(timeout=60)
    assert waiting.wait() == 0, waiting.stderr
    assert not rest


# ----------------------------------------------------------------------- scancel

def sleeper(desk, *argv):
    return desk.sbatch("-o", "x", *argv, "--wrap", "exec sleep 600")


def test_scancel_ends_jobs_by_number_and_is_silent(desk):
    jobs = [sleeper(desk) for _ in range(3)]
    result = desk.slurm("scancel", f"{jobs[0]},{jobs[1]}", jobs[2])
    assert result.stdout == "" and result.stderr == ""
    for job in jobs:
        desk.until(job, "CANCELLED")
    assert desk.slurm("scancel", jobs[0]).stderr == ""  # what is over stays over


def test_scancel_names_jobs_that_are_not_there(desk):
    assert refused(desk, "scancel", "99999").startswith(
        "scancel: error: Kill job error on job id 99999: Invalid job id specified")
    assert "No job identification provided" in refused(desk, "scancel")


def test_scancel_ends_elements_of_arrays(desk):
    job = sleeper(desk, "-a", "1-5")
    desk.slurm("scancel", f"{job}_[2-3]", f"{job}_5")
    desk.wait(f"{job}_2", f"{job}_3", f"{job}_5")
    assert [desk.job(f"{job}_{i}")["state"] == "CANCELLED" for i in range(1, 6)] == \
        [False, True, True, False, True]
    desk.slurm("scancel", job)


def test_scancel_chooses_by_what_its_options_name(desk):
    first, second = sleeper(desk, "-J", "one"), sleeper(desk, "-J", "two")
    held = sleeper(desk, "-J", "two", "-H")
    desk.until(second, "RUNNING")
    desk.slurm("scancel", "--me", "-n", "two", "-t", "PENDING")
    desk.until(held, "CANCELLED")
    assert desk.job(first)["state"] != "CANCELLED"
    assert "No active jobs match ALL job filters, including: " + str(first) in \
        refused(desk, "scancel", "-n", "two", first)
    desk.slurm("scancel", "-n", "two", second)
    desk.until(second, "CANCELLED")
    desk.slurm("scancel", "--partition", desk.job(first)["spec"]["partition"], "--me")
    desk.until(first, "CANCELLED")


def test_scancel_asks_first_when_it_is_told_to(desk):
    job, other = sleeper(desk, "-J", "asked"), sleeper(desk, "-J", "asked")
    result = desk.slurm("scancel", "-i", "-n", "asked", "--me", input="n\ny\n")
    assert result.stdout.count("[y/n]? ") == 2 and f"job_id={job} " in result.stdout
    desk.until(other, "CANCELLED")
    assert desk.job(job)["state"] != "CANCELLED"
    desk.slurm("scancel", job)


def catcher(desk, words):
    """A job whose script and whose step each say which signal they got."""
    job = desk.sbatch("-n1", "-o", "out", script=HASH_BANG + """trap 'echo script' USR1
srun sh -c 'trap "echo step; exit 0" USR1; echo ready; while :; do sleep 0.1; done' &
while ! wait $!; do :; done
""", env=desk.slurm_env())
    desk.until_text("out", "ready")
    desk.slurm("scancel", *words, "--signal=USR1", job)
    return job


def test_a_signal_goes_to_the_steps(desk):
    job = catcher(desk, [])
    assert desk.wait(job) == 0
    assert desk.text("out").endswith("step\n") and "script" not in desk.text("out")


def test_a_signal_goes_to_the_script_alone(desk):
    job = catcher(desk, ["--batch"])
    assert "step" not in desk.until_text("out", "script")
    desk.slurm("scancel", job)


def test_scancel_ends_a_step_and_leaves_the_others(desk):
    job = desk.sbatch("-n2", "-o", "out", script=HASH_BANG + """
srun -J long --exact -n1 sh -c 'echo up; exec sleep 600' & long=$!
srun -J short --exact -n1 sh -c 'echo up; until test -e go; do sleep 0.05; done; echo over' &
wait $long; echo "long $?"
wait
""", env=desk.slurm_env())
    desk.until_text("out", "up\nup\n")
    steps = dict(line.split()[::-1] for line in desk.slurm(
        "squeue", "-hs", "-j", job, "-o", "%i %j").stdout.splitlines())
    result = desk.slurm("scancel", steps["long"])
    assert result.stdout == result.stderr == ""
    assert "long 0" not in desk.until_text("out", "long ")
    assert "over" not in desk.text("out") and desk.job(job)["state"] == "RUNNING"
    (desk.dir / "go").touch()
    assert desk.wait(job) == 0 and "over" in desk.text("out")


# ------------------------------------------------------------------ sattach, sbcast

def test_sattach_shows_a_step_from_now_on(desk):
    job = desk.sbatch("-n2", "-o", "x", script=HASH_BANG + """srun -n2 sh -c '
echo up; while ! test -e go; do echo tick; sleep 0.05; done; echo end $SLURM_PROCID'
""", env=desk.slurm_env())
    desk.until_text("x", "tick")
    attached = subprocess.Popen(
        [*as_user(desk.user), SLURM / "sattach", "-l", f"{job}.0"], cwd=desk.dir,
        text=True, env=environment(desk.dir, desk.slurm_env()), stdout=subprocess.PIPE,
        stdin=subprocess.DEVNULL)
    assert attached.stdout.readline() in ("0: tick\n", "1: tick\n")
    (desk.dir / "go").touch()
    text, _ = attached.communicate(timeout=60)
    assert desk.wait(job) == 0 and attached.returncode == 0
    assert {"0: end 0", "1: end 1"} <= set(text.splitlines())
    assert "up" not in text
    assert "Invalid job step id" in refused(desk, "sattach", f"{job}")


def test_sbcast_puts_a_file_on_each_node(desk):
    (desk.dir / "source").write_bytes(bytes(range(256)) * 4096)
    (desk.dir / "source").chmod(0o754)
    job = desk.sbatch("-N2", "-n2", "-o", "out", script=HASH_BANG + """set -e
sbcast source copy
cmp source copy
sbcast source copy
echo other > other
! sbcast other copy
sbcast -f -p source copy
srun -n2 -N2 cmp source copy
sbcast -p source sub/
""", env=desk.slurm_env())
    (desk.dir / "sub").mkdir()
    run("chown", str(desk.user), desk.dir / "sub")
    assert desk.wait(job) == 0, desk.text("out")
    assert "copy: it is there already: use --force" in desk.text("out")
    assert (desk.dir / "copy").stat().st_mode & 0o777 == 0o754
    assert (desk.dir / "sub" / "source").stat().st_mtime == \
        int((desk.dir / "source").stat().st_mtime)
    assert not [path.name for path in desk.dir.iterdir() if path.name.startswith(".copy")]


def test_sbcast_needs_a_job_and_a_file(desk):
    assert "Need a job id" in refused(desk, "sbcast", "a", "b")
    said = desk.slurm("salloc", "--no-shell", "-N2", "-n2").stderr
    job = re.search(r"Granted job allocation (\d+)", said).group(1)
    assert "Can't open `none`" in refused(desk, "sbcast", "-j", job, "none", "b")
    (desk.dir / "a").write_text("text")
    desk.slurm("sbcast", "--jobid", job, "a", desk.dir / "b")
    assert desk.text("b") == "text"
    desk.slurm("scancel", job)


def test_sbcast_reaches_the_containers_of_a_job(desk):
    """Where its tasks see it: in what is mounted, and in the image's own directories."""
    (desk.dir / "source").write_text("of the file")
    (desk.dir / "mounted").mkdir()
    run("chown", str(desk.user), desk.dir / "mounted")
    said = desk.slurm("salloc", "--no-shell", "-N2", "-n2", "--image=small", "--mount",
                      f"{desk.dir}/mounted:/data").stderr
    job = re.search(r"Granted job allocation (\d+)", said).group(1)
    desk.slurm("sbcast", "--jobid", job, "source", "/data/copy")
    assert desk.text("mounted/copy") == "of the file"
    assert not (desk.dir / "copy").exists()
    result = desk.slurm("srun", f"--jobid={job}", "-N2", "-n2", "cat", "/data/copy")
    assert result.stdout == "of the file" * 2
    desk.slurm("scancel", job)
