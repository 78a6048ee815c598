# SPDX-License-Identifier: Apache-2.0
"""The command lines of workflow tools, and what their parsers accept of the answers.

Each test is one client's submission as it is typed by that client, and the regular
expression that it applies; nothing of Berth is in their way but PATH.
"""
import importlib.util
import re
import shutil
import signal
import subprocess

import pytest

from desk import as_user, environment, libdrmaa, run, wait_until

HASH_BANG = "#!/bin/sh\n"


@pytest.fixture
def shell(desk):
    """Lines as a client's shell runs them; their stdout."""
    def sh(line, **options):
        return run("sh", "-c", line, user=desk.user, home=desk.dir, cwd=desk.dir,
                   env=desk.slurm_env(), **options).stdout
    return sh


def test_nextflow(desk, shell):
    (desk.dir / ".command.run").write_text(HASH_BANG + f"""#SBATCH -J nf-hello
#SBATCH -o {desk.dir}/.command.log
#SBATCH --no-requeue
#SBATCH --signal B:USR2@30
#SBATCH -c 1
#SBATCH -t 01:00:00
#SBATCH --mem 100M
#SBATCH --array 0-1
NXF_CHDIR=$PWD
trap 'exit 140' USR2
echo $SLURM_ARRAY_TASK_ID
""")
    said = shell("sbatch .command.run")
    job = re.search(r"Submitted batch job (\d+)", said).group(1)
    assert desk.wait(job) == 0
    piped = shell("sbatch", input=HASH_BANG + "#SBATCH -J nf\n#SBATCH -o x\ntrue\n")
    assert re.search(r"Submitted batch job (\d+)", piped)
    shell(f"scancel {job}")


def test_dask_jobqueue(desk, shell):
    (desk.dir / "worker.sh").write_text("""#!/usr/bin/env bash

#SBATCH -J dask-worker
#SBATCH -e %J.err
#SBATCH -o %J.out
#SBATCH -n 1
#SBATCH -N 1
#SBATCH --cpus-per-task=2
#SBATCH --mem=100M
#SBATCH -t 00:30:00
echo $SLURM_PROCID $SLURM_NTASKS $SLURM_JOB_ID
""")
    job = re.search(r"(?P<job_id>\d+)", shell("sbatch worker.sh")).group("job_id")
    assert desk.wait(job) == 0
    assert desk.text(f"{job}.out") == f"0 1 {job}\n"


def test_parsl(desk, shell):
    (desk.dir / "block.submit").write_text(f"""#!/bin/bash

#SBATCH --job-name=parsl.block
#SBATCH --output={desk.dir}/parsl.stdout
#SBATCH --error={desk.dir}/parsl.stderr
#SBATCH --nodes=2
#SBATCH --time=10
#SBATCH --ntasks-per-node=1
#SBATCH --exclusive
#SBATCH --mem=0g
export CORES=$SLURM_CPUS_ON_NODE
export NODES=$SLURM_JOB_NUM_NODES
cat << SLURM_EOF > cmd_$SLURM_JOB_NAME.sh
echo $NODES $CORES
SLURM_EOF
chmod a+x cmd_$SLURM_JOB_NAME.sh
srun --ntasks 2 -l  bash cmd_$SLURM_JOB_NAME.sh
""")
    job = re.search(r"Submitted batch job (?P<id>\S*)",
                    shell("sbatch block.submit")).group("id")
    assert desk.wait(job) == 0, desk.text("parsl.stderr")
    assert sorted(desk.text("parsl.stdout").splitlines()) == ["0: 2 4", "1: 2 4"]


def test_submitit(desk, shell):
    (desk.dir / "submission.sh").write_text(f"""#!/bin/bash

# Parameters
#SBATCH --array=0-1%2
#SBATCH --cpus-per-task=1
#SBATCH --error={desk.dir}/%A_%a_0_log.err
#SBATCH --job-name=submitit
#SBATCH --mem=100MB
#SBATCH --nodes=1
#SBATCH --ntasks-per-node=1
#SBATCH --open-mode=append
#SBATCH --output={desk.dir}/%A_%a_0_log.out
#SBATCH --signal=USR2@90
#SBATCH --time=5
#SBATCH --wckey=submitit

# command
export SUBMITIT_EXECUTOR=slurm
srun --unbuffered --output {desk.dir}/%A_%a_%t_log.out --error {desk.dir}/%A_%a_%t_log.err """
                                            "sh -c 'echo $SLURM_LOCALID $SLURM_NTASKS $SLURM_JOB_NODELIST'\n")
    job = re.search(r"job (?P<id>[0-9]+)", shell("sbatch submission.sh")).group("id")
    assert desk.wait(job) == 0
    for index in range(2):
        assert re.search(r"^0 1 n\d$", desk.text(f"{job}_{index}_0_log.out"), re.M)


def test_cromwell(desk, shell):
    said = shell(f'sbatch -J cromwell_1 -D {desk.dir} -o out -e err -t 10 -c 1 '
                 '--mem-per-cpu 50 --wrap "/bin/bash -c \'echo one; echo two >&2\'"')
    job = re.match(r"Submitted batch job (\d+).*", said).group(1)
    assert desk.wait(job) == 0
    assert (desk.text("out"), desk.text("err")) == ("one\n", "two\n")
    shell('sbatch --wait -o out --wrap "true"')


def test_toil(desk, shell):
    said = shell("sbatch -J toil_job_0_x --signal=B:INT@30 --export=ALL,TOIL=1 "
                 "--mem=100 --cpus-per-task=1 --time=0:600 -o out "
                 "'--wrap=exec sh -c \"echo $TOIL\"'")
    job = int(said.strip().split()[-1])
    assert desk.wait(job) == 0
    assert desk.text("out") == "1\n"


def test_aiida(desk, shell):
    (desk.dir / "_aiidasubmit.sh").write_text("""#!/bin/bash
#SBATCH --no-requeue
#SBATCH --job-name="aiida-1"
#SBATCH --get-user-env
#SBATCH --output=_scheduler-stdout.txt
#SBATCH --error=_scheduler-stderr.txt
#SBATCH --nodes=1
#SBATCH --ntasks-per-node=1
#SBATCH --time=00:10:00
echo done
""")
    said = shell("sbatch _aiidasubmit.sh")
    job = re.search(r"(.*:\s*)?([Gg]ranted job allocation|[Ss]ubmitted batch job)\s+(\d+)",
                    said).group(3)
    assert desk.wait(job) == 0
    assert desk.text("_scheduler-stdout.txt") == "done\n"


def test_snakemakes_executor(desk, shell):
    said = shell("sbatch --parsable --job-name 0a1b-uuid --output log.out --export=ALL "
                 "--comment rule_all -t 10 --mem 100 --ntasks=1 --cpus-per-task=1 "
                 f"-D {desk.dir} --wrap=\"srun -n1 --cpu-bind=q echo hello\"")
    job = int(said.strip().split(";")[0])
    assert desk.wait(job) == 0
    assert desk.text("log.out") == "hello\n"


def test_open_ondemand_and_batchspawner(desk, shell):
    name = desk.cluster.name
    said = shell(f"SBATCH_EXPORT=NONE sbatch -M {name} -o out --parsable",
                 input=HASH_BANG + "echo $HOME\n")
    job = said.strip().split(";")[0]
    assert desk.wait(job) == 0
    assert desk.text("out").strip() == str(desk.dir)
    shell(f"scancel -M {name} {job}")
    assert re.fullmatch(r"\d+\n", shell("sbatch --parsable -o x",
                                        input=HASH_BANG + "#SBATCH --get-user-env=L\ntrue\n"))


def test_hyperqueue(desk, shell):
    (desk.dir / "hq.sh").write_text(HASH_BANG + "#SBATCH --nodes=1\n#SBATCH -o x\n"
                                    "echo ${SLURM_JOB_ID:-$SLURM_JOBID}\n")
    said = shell("sbatch hq.sh")
    assert any(line.lower().startswith("submitted batch job") for line in said.splitlines())


def test_prrte_and_hydra_launch_through_srun(desk, shell):
    """As mpirun does inside of a job: one daemon on each node."""
    job = desk.sbatch("-N2", "-n4", "-o", "out", script=HASH_BANG + """srun --version
srun --external-launcher --ntasks-per-node=1 --kill-on-bad-exit --mpi=none --cpu-bind=none \
    --jobid=$SLURM_JOB_ID --nodes=2 --nodelist=n1,n2 --ntasks=2 sh -c 'echo prted $SLURM_NODEID'
srun -N 2 -n 2 --nodelist n1,n2 --input none sh -c 'echo proxy $SLURM_NODEID'
""", env=desk.slurm_env())
    assert desk.wait(job) == 0, desk.text("out")
    lines = desk.text("out").splitlines()
    assert re.match(r"slurm (\d+)\.(\d+)", lines[0])
    assert sorted(lines[1:]) == ["proxy 0", "proxy 1", "prted 0", "prted 1"]


@pytest.mark.skipif(not shutil.which("parallel"), reason="no GNU parallel")
def test_gnu_parallel_with_srun(desk, shell):
    job = desk.sbatch("-n4", "-o", "out", script=HASH_BANG + (
        "seq 8 | parallel -j $SLURM_NTASKS 'srun --exclusive -N1 -n1 echo {}'\n"),
        env=desk.slurm_env())
    assert desk.wait(job) == 0
    assert sorted(desk.text("out").split()) == [str(i) for i in range(1, 9)]


needs_snakemake = pytest.mark.skipif(not shutil.which("snakemake"), reason="no snakemake")
STATUS = """#!/bin/sh
case $(squeue -h -t all -o %T -j "$1") in
COMPLETED) echo success ;;
PENDING | RUNNING | COMPLETING | CONFIGURING) echo running ;;
*) echo failed ;;
esac
"""


SNAKEFILE = """
rule all:
    input: "7.out"
rule one:
    output: "{x}.out"
    threads: 1
    resources: mem_mb=400, runtime=5
    shell: "echo {wildcards.x} $SLURM_JOB_NAME > {output}"
"""
# The options of one's command line in a file, as the published ones have them.
PROFILE = """
cluster: "sbatch --parsable --job-name=smk-{{rule}} --output=x.%j --cpus-per-task={{threads}}"
cluster-status: "{here}/status.sh"
cluster-cancel: "scancel"
cluster-cancel-nargs: 50
max-status-checks-per-second: 10
jobs: 2
"""


def start_snakemake(desk, here, *argv, **env):
    """Where snakemake finds CI in its environment, it looks every second, not every ten."""
    return subprocess.Popen(
        [*as_user(desk.user), "snakemake", "-j", "2", "--latency-wait", "5", *argv], cwd=here,
        env=environment(desk.dir, {**desk.slurm_env(), "CI": "true", **env}), text=True,
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)


@needs_snakemake
def test_snakemake_in_all_its_forms(desk):
    """Side by side: each job starts another snakemake, which is what takes the time."""
    options = " -t {resources.runtime} -c {threads} --mem={resources.mem_mb}"
    forms = {"status": ["--profile", "profile"],
             "sync": ["--cluster-sync", "sbatch --wait -o x.%j -J sync-{rule}" + options]}
    env = {}
    if importlib.util.find_spec("drmaa"):
        forms["drmaa"] = ["--drmaa", options]
        env = {"DRMAA_LIBRARY_PATH": str(libdrmaa()), "BERTH_COMMAND": shutil.which("berth")}
    running = {}
    for name, argv in forms.items():
        here = desk.dir / name
        (here / "profile").mkdir(parents=True)
        (here / "Snakefile").write_text(SNAKEFILE)
        (here / "status.sh").write_text(STATUS)
        (here / "status.sh").chmod(0o755)
        (here / "profile/config.yaml").write_text(PROFILE.format(here=here))
        run("chown", "-R", str(desk.user), here)
        running[name] = start_snakemake(desk, here, *argv, **env)
    said = {name: process.communicate(timeout=120)[0] for name, process in running.items()}
    assert {name: process.returncode for name, process in running.items()} == \
        dict.fromkeys(forms, 0), said
    assert desk.text("status/7.out") == "7 smk-one\n"
    assert desk.text("sync/7.out") == "7 sync-one\n"
    assert "drmaa" not in forms or desk.text("drmaa/7.out").startswith("7 ")


@needs_snakemake
def test_snakemake_cancels_what_it_has_submitted(desk):
    (desk.dir / "Snakefile").write_text("""
rule one:
    output: "x.out"
    shell: "sleep 600; touch {output}"
""")
    (desk.dir / "status.sh").write_text(STATUS + "echo $1 >>asked\n")
    (desk.dir / "status.sh").chmod(0o755)
    process = start_snakemake(desk, desk.dir, "--cluster",
                              "sbatch --parsable -o x.%j -J smk-cancel", "--cluster-status",
                              str(desk.dir / "status.sh"), "--cluster-cancel", "scancel")
    try:
        job, = wait_until(lambda: [job["id"] for job in desk.jobs("--me")
                                   if job["name"] == "smk-cancel"
                                   and job["state"] == "RUNNING"], what="its job")
        # What it has not heard sbatch say it would not cancel.
        desk.until_text("asked", f"{job}\n")
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=60)
    finally:
        process.kill()
        process.communicate()
    desk.until(job, "CANCELLED")


def test_reframe(desk, shell):
    """What its scheduler backend types, and the expressions that read the answers."""
    (desk.dir / "rfm_job.sh").write_text("""#!/bin/bash
#SBATCH --job-name="rfm_hello"
#SBATCH --ntasks=2
#SBATCH --ntasks-per-node=1
#SBATCH --output=rfm_job.out
#SBATCH --error=rfm_job.err
#SBATCH --time=0:10:0
#SBATCH --hint=nomultithread
srun echo hello
exit 4
""")
    job = re.search(r"Submitted batch job (?P<jobid>\d+)", shell("sbatch rfm_job.sh"))["jobid"]
    assert desk.wait(job) == 4 and desk.text("rfm_job.out") == "hello\n" * 2
    said = shell(f"SLURM_TIME_FORMAT=%s sacct -S 2020-01-01 -P -j {job} "
                 "-o jobid,state,exitcode,end,nodelist")
    found = re.search(r"^(?P<jobid>\d+)\|(?P<state>\S+)([^\|]*)\|(?P<exitcode>\d+)\:"
                      r"(?P<signal>\d+)\|(?P<end>\S+)\|(?P<nodespec>.*)", said, re.M)
    assert (found["jobid"], found["state"], found["exitcode"], found["signal"]) == \
        (job, "FAILED", "4", "0")
    assert found["end"].isdigit() and re.fullmatch(r"n\[\d-\d\]|n\d,n\d|n\[\d,\d\]",
                                                  found["nodespec"])
    held = shell("sbatch --parsable -H -o x rfm_job.sh").strip()
    said = shell(f'squeue -h -j {held},{job} -o "%i|%T|%N|%r"')
    assert re.fullmatch(rf"{held}\|PENDING\|\|JobHeldUser\n", said)
    assert shell(f"squeue -h -j {held} -o %r") == "JobHeldUser\n"
    shell(f"scancel {held}")
    for line in shell("scontrol -a show -o nodes").splitlines():
        assert re.search(r"NodeName=(\S+)", line) and re.search(r"State=(\S+)", line)
        assert re.search(r"Partitions=(\S+)", line) and "ActiveFeatures=" in line
    assert re.search(r"PartitionName=\w+.*?Default=YES", shell("scontrol -a show -o partitions"))
    assert shell("scontrol -a show -o node n[1-2]").count("NodeName=") == 2
