# SPDX-License-Identifier: Apache-2.0
"""berth submit: scripts, their options, files, environment and ends."""
import json
import os
import signal
import time

import pytest
import yaml

from desk import run

HASH_BANG = "#!/bin/sh\n"


def test_a_script_runs_with_its_arguments_and_ends_with_its_code(desk):
    (desk.dir / "job.sh").write_text(HASH_BANG + 'echo "$# $1 $2"; exit 5\n')
    result = desk.berth("submit", "job.sh", "a b", "-n")
    words = result.stdout.split()
    assert words[:3] == ["Submitted", "batch", "job"]
    assert desk.wait(words[3]) == 5
    assert desk.text(f"slurm-{words[3]}.out") == "2 a b -n\n"
    job = desk.job(words[3])
    assert job["state"] == "FAILED" and job["exit_code"] == 5
    assert job["spec"]["name"] == "job.sh"


def test_a_script_comes_from_stdin(desk):
    job = desk.submit(script=HASH_BANG + "echo from stdin\n")
    assert desk.wait(job) == 0
    assert desk.text(f"slurm-{job}.out") == "from stdin\n"


def test_a_command_is_wrapped_into_a_script(desk):
    job = desk.submit("--wrap", "echo $((6 * 7)) | cat", "-o", "out")
    assert desk.wait(job) == 0
    assert desk.text("out") == "42\n"


def test_directives_of_both_kinds_count_and_the_command_line_wins(desk):
    script = HASH_BANG + """#SBATCH --job-name=from-script --ntasks 2
#BERTH -N 2
#SBATCH --time=20:00 # how long
#SBATCH -o "one two.out"

echo $SLURM_JOB_NAME $SLURM_NNODES $SLURM_NTASKS
#SBATCH --job-name=too-late
"""
    job = desk.submit("--job-name", "from-line", script=script)
    assert desk.wait(job) == 0
    assert desk.text("one two.out") == "from-line 2 2\n"
    assert desk.job(job)["time_limit"] == 1200


def test_the_environment_sets_options_below_the_command_line(desk):
    env = {"SBATCH_TIMELIMIT": "7", "BERTH_SUBMIT_JOB_NAME": "from-env"}
    job = desk.submit("-t", "9", "--wrap", "true", "-o", "none.out", env=env)
    assert desk.wait(job) == 0
    assert desk.job(job)["time_limit"] == 540
    assert desk.job(job)["spec"]["name"] == "from-env"


def test_names_of_output_files_are_patterns(desk):
    job = desk.submit("-J", "name", "-o", "%x-%6j-%N-%u-%%.out", "-e", "%j.err",
                      "--wrap", "echo out; echo err >&2")
    assert desk.wait(job) == 0
    user = desk.job(job)["spec"]["user"]
    assert desk.text(f"name-{job:06}-n1-{user}-%.out") == "out\n"
    assert desk.text(f"{job}.err") == "err\n"


def test_stderr_joins_stdout_in_order(desk):
    job = desk.submit("-o", "both", "--wrap", "echo 1; echo 2 >&2; echo 3")
    assert desk.wait(job) == 0
    assert desk.text("both") == "1\n2\n3\n"


def test_output_is_truncated_or_appended_to(desk):
    for mode, expected in (("truncate", "new\n"), ("append", "new\nnew\n")):
        job = desk.submit("-o", "out", "--open-mode", mode, "--wrap", "echo new")
        assert desk.wait(job) == 0
        assert desk.text("out") == expected


def test_stdin_of_a_script_is_empty_or_a_file(desk):
    (desk.dir / "in").write_text("input\n")
    job = desk.submit("-o", "empty", "--wrap", "cat")
    other = desk.submit("-o", "full", "-i", "in", "--wrap", "cat")
    assert desk.wait(job, other) == 0
    assert desk.text("empty") == "" and desk.text("full") == "input\n"


def test_a_job_runs_in_its_directory(desk):
    (desk.dir / "below").mkdir()
    job = desk.submit("-D", "below", "-o", "out", "--wrap", "pwd")
    assert desk.wait(job) == 0
    assert desk.text("below/out") == f"{desk.dir}/below\n"


@pytest.mark.parametrize("export, expected", [
    ("ALL", "yes other"), ("NONE", "- -"), ("KEPT", "yes -"),
    ("ALL,OTHER=mine", "yes mine"), ("NONE,KEPT=set", "set -"),
])
def test_the_environment_is_exported_as_asked(desk, export, expected):
    job = desk.submit("--export", export, "-o", "out",
                      "--wrap", "echo ${KEPT:--} ${OTHER:--}",
                      env={"KEPT": "yes", "OTHER": "other"})
    assert desk.wait(job) == 0
    assert desk.text("out") == expected + "\n"


def test_umask_and_limits_are_those_of_the_submission(desk):
    result = run("sh", "-c", "umask 027; ulimit -n 123; exec berth submit --parsable "
                 "-o out --wrap 'umask; ulimit -n; : >made'", cwd=desk.dir, home=desk.dir,
                 env={"BERTH_CONF": str(desk.cluster.dir / "berth.yaml")})
    assert desk.wait(result.stdout.strip()) == 0
    assert desk.text("out") == "0027\n123\n"
    assert (desk.dir / "made").stat().st_mode & 0o777 == 0o640


def test_death_by_a_signal_is_told_apart_from_an_exit_code(desk):
    job = desk.submit("-o", "out", "--wrap", "kill -USR1 $$")
    assert desk.wait(job) == 128 + signal.SIGUSR1
    record = desk.job(job)
    assert record["state"] == "FAILED" and record["exit_signal"] == signal.SIGUSR1
    assert "killed by signal" in desk.berth("show", "job", job).stdout


def test_submit_waits_on_demand_and_exits_as_the_job(desk):
    result = desk.berth("submit", "--wait", "-o", "out", "--wrap", "exit 6", check=False)
    assert result.returncode == 6 and "Submitted batch job" in result.stdout


def test_json_and_parsable_name_the_job(desk):
    one = json.loads(desk.berth("submit", "--json", "--wrap", "true", "-o", "a").stdout)
    two = desk.berth("submit", "--parsable", "--wrap", "true", "-o", "b").stdout
    assert desk.wait(one["job_id"], two.strip()) == 0
    assert int(two) == one["job_id"] + 1


def test_the_same_key_gives_the_same_job(desk):
    key = f"key-{os.getpid()}-{desk.dir.name}"
    jobs = {desk.submit("--key", key, "-o", "out", "--wrap", "echo x >>count")
            for _ in range(3)}
    assert len(jobs) == 1 and desk.wait(*jobs) == 0
    assert desk.text("count") == "x\n"


def test_a_dry_run_prints_the_job_and_needs_no_controller(tmp_path):
    (tmp_path / "job.sh").write_text(HASH_BANG + "#SBATCH -n3 --mem=2G -t 1:00:00\nx\n")
    plain = run("berth", "submit", "--dry-run", "-c2", "job.sh", "arg", cwd=tmp_path,
                env={"BERTH_CONF": ""})
    spec = yaml.safe_load(plain.stdout)
    assert (spec["tasks"], spec["cpus_per_task"], spec["mem_per_node"]) == (3, 2, 2048)
    assert spec["time_limit"] == 3600 and spec["args"] == ["arg"]
    assert spec["script"].startswith(HASH_BANG) and spec["cwd"] == str(tmp_path)
    as_json = run("berth", "submit", "--dry-run", "--json", "-c2", "job.sh", "arg",
                  cwd=tmp_path, env={"BERTH_CONF": ""})
    assert json.loads(as_json.stdout)["tasks"] == 3


def test_a_job_begins_no_earlier_than_asked(desk):
    asked_at = int(time.time())
    job = desk.submit("--begin", "now+4", "-o", "out", "--wrap", "true")
    assert desk.job(job)["reason"] == "BeginTime"
    assert desk.wait(job) == 0
    assert desk.job(job)["start_time"] >= asked_at + 4


def test_a_job_past_its_time_limit_is_ended_with_sigterm_first(desk):
    job = desk.submit("-t", "0:01", "-o", "out", "--wrap",
                      "trap 'echo asked; exit 9' TERM; echo on; sleep 1000 & wait")
    status = desk.wait(job)
    record = desk.job(job)
    assert record["state"] == "TIMEOUT", record
    assert status != 0 and desk.text("out") == "on\nasked\n"
    assert "time limit" in record["state_words"]


def test_a_script_leaves_no_process_behind(desk):
    job = desk.submit("-o", "out", "--wrap", "setsid sleep 1234567 & echo $!")
    assert desk.wait(job) == 0
    left = run("pgrep", "-f", "sleep 1234567", check=False).stdout
    assert left == ""


def test_a_script_in_an_image_sees_the_image_and_its_own_directory(desk):
    job = desk.submit("--image", "small", "-o", "out", script=HASH_BANG +
                      "cat /etc/marker; pwd; echo made >made; ls /bin/sh\n")
    desk.wait(job)
    assert desk.text("out").startswith(f"base\n{desk.dir}\n/bin/sh\n")
    assert desk.text("made") == "made\n"


def test_steps_of_a_script_in_an_image_need_no_berth_in_it(desk):
    job = desk.submit("--image", "small", "-N2", "-n4", "-o", "out", script=HASH_BANG +
                      "berth run -l hostname\nsrun -n2 cat /etc/marker\n")
    assert desk.wait(job) == 0, desk.text("out")
    assert sorted(desk.text("out").split("\n")) == [
        "", "0: n1", "1: n1", "2: n2", "3: n2", "base", "base"]


def test_directories_are_shown_in_the_container_as_asked(desk):
    (desk.dir / "data").mkdir()
    (desk.dir / "data" / "x").write_text("x\n")
    job = desk.submit("--image", "small", "--mount", f"{desk.dir}/data:/opt/in:ro",
                      "-o", "out", "--wrap", "cat /opt/in/x; echo y >/opt/in/y")
    assert desk.wait(job) != 0
    assert desk.text("out").startswith("x\n") and not (desk.dir / "data" / "y").exists()


def test_the_container_keeps_the_user_and_has_no_capability(desk):
    job = desk.submit("--image", "small", "-o", "out", "--wrap",
                      "id -u; cat /proc/self/status")
    assert desk.wait(job) == 0
    uid, *status = desk.text("out").splitlines()
    fields = dict(line.split(":\t", 1) for line in status if ":\t" in line)
    assert int(uid) == desk.user
    assert {int(fields[name], 16) for name in ("CapEff", "CapPrm", "CapBnd", "CapAmb")} == {0}
    assert fields["NoNewPrivs"] == "1"


def test_a_distribution_asked_for_the_job_is_its_steps(desk):
    script = HASH_BANG + """#SBATCH -N2 --ntasks-per-node=2 -m cyclic
berth run --mpi=none sh -c 'echo $SLURM_PROCID $SLURM_NODEID' | sort
"""
    job = desk.submit("-o", "ranks.out", script=script)
    assert desk.wait(job) == 0
    assert desk.text("ranks.out") == "0 0\n1 1\n2 0\n3 1\n"


def test_components_of_a_script_and_a_line_meet_in_one_job(desk):
    (desk.dir / "het.sh").write_text(HASH_BANG + """#SBATCH -J both -n1 --mem=64G
#SBATCH hetjob
#SBATCH -n8 --gres=gpu:1 -t 20
""")
    result = desk.berth("submit", "--dry-run", "--json", "-t", "10", ":", "-n16", "het.sh")
    spec = json.loads(result.stdout)
    assert spec["name"] == "both" and spec["tasks"] == 1
    assert spec["time_limit"] == 1200
    assert spec["components"] == [{"tasks": 16, "gres": "gpu:1"}]


def test_one_question_has_one_answer_for_all_components(desk):
    result = desk.berth("submit", "-o", "a", ":", "-n2", "-o", "b", "--wrap", "true",
                        check=False)
    assert result.returncode == 1
    assert "--output: component 1 says another thing than the job" in result.stderr
