# SPDX-License-Identifier: Apache-2.0
"""Every option of Slurm's commands: taken, warned about, or refused with a reason.

Nothing is asked of a cluster: --version behind an option ends the command once all
options before it have been read. What is warned about is seen on a dry run.
"""
import re
import shutil

import pytest

from desk import SLURM, run

# Taken: of a job, whichever of the three commands asks for it.
JOB = """
-A=a -b=now+1hour -D=/tmp -M=here --comment=x -C=a&b --contiguous -S=1 --cores-per-socket=4
--cpu-freq=high -c=2 --cpus-per-gpu=1 --deadline=2100-01-01 --delay-boot=1 -d=afterok:1
-m=block:cyclic -x=n1 --exclusive --exclusive=user -B=2:4:1 --gpu-bind=closest
--gpu-freq=low -G=2 --gpus-per-node=a:1 --gpus-per-socket=1 --gpus-per-task=1 --gres=gpu:1
--gres-flags=enforce-binding --hint=nomultithread -H -J=x --kill-on-invalid-dep=yes -L=a:1
--mail-type=ALL --mail-user=x --mcs-label=x --mem=1G --mem-bind=local --mem-per-cpu=1G
--mem-per-gpu=1G --mincpus=2 --network=x --nice --nice=10 -k --no-kill=off -w=n1 -N=1-2 -n=2
--ntasks-per-core=1 --ntasks-per-gpu=1 --ntasks-per-node=1 --ntasks-per-socket=1 -O -s -p=x
--power=level --prefer=a --priority=1 --profile=all --propagate --propagate=NONE -q=x -Q
--reservation=x --signal=USR1@30 --sockets-per-node=1 --spread-job --switches=1@5
--thread-spec=1 --threads-per-core=1 -t=1-00 --time-min=5 --tmp=1G --use-min-nodes -v
--wckey=x --acctg-freq=task=1 --oom-kill-step --segment=4 --consolidate-segments --stepmgr
--spread-segments
"""
# Long names of the letters above.
LONG = """
--account=a --begin=16:00 --chdir=/tmp --clusters=here --constraint=a --core-spec=1
--cpus-per-task=2 --dependency=singleton --distribution=plane=2 --exclude=n1
--extra-node-info=1 --gpus=1 --hold --job-name=x --licenses=a --no-kill --nodelist=n1
--nodes=4 --ntasks=4 --overcommit --oversubscribe --partition=x --qos=x --quiet --time=60:00
--verbose
"""
TAKEN = {
    "sbatch": JOB + LONG + """
        -a=1-9:2%3 --array=1 -e=x --error=x --export=ALL,A=1 --export-file=/dev/null
        --get-user-env --get-user-env=10L --ignore-pbs -i=x --input=x --no-requeue --requeue
        --open-mode=append -o=%x-%j --output=x --parsable --test-only -W --wait
        --wait-all-nodes=1 --wrap=true""",
    "salloc": JOB + LONG + """
        --bell --get-user-env --no-bell -I -I=5 --immediate=5 -K -K=TERM --kill-command --no-shell
        --wait-all-nodes=0""",
    "srun": JOB + LONG + """
        --accel-bind=g --bcast-exclude=NONE --compress=lz4 --cpu-bind=q --cpu-bind=verbose,cores
        -X --disable-status -e=x --error=x --exact --export=NONE -I --immediate=5 -i=none
        --input=0 --jobid=1 -K --kill-on-bad-exit=0 -l --label --mpi=none --msg-timeout=5
        --multi-prog --open-mode=truncate -o=x --output=x --overlap -E --preserve-env --pty
        --quit-on-interrupt -r=1 --relative=1 --resv-ports=2 --send-libs=no
        --slurmd-debug=debug --task-epilog=x --task-prolog=x --test-only -T=1 --threads=1 -u
        --unbuffered -W=5 --wait=5 --external-launcher""",
    "squeue": """
        -A=a --account=a -a --all -r --array --array-unique -M=x --clusters=x --federation -o=%i
        --format=%i -O=jobid --Format=jobid --hide -i=5 --iterate=5 -j=1 --jobs=1_2 --json
        -L=x --licenses=x --local -l --long --me -n=x --name=x --noconvert -w=n1 --nodelist=n1
        -h --noheader -p=x --partition=x -P --priority -q=x --qos=x -R=x --reservation=x
        --sibling -S=-p --sort=i --start -t=PD,R --states=all -s --steps -s=1.0 -u=root
        --user=0 -v --verbose --yaml --only-job-state""",
    "sacct": """
        -A=x --accounts=x -L --allclusters -X --allocations -a --allusers -b --brief -M=x
        --clusters=x -C=x --constraints=x --delimiter=; -D --duplicates -E=now --endtime=now
        --federation -o=jobid --format=state%20 -g=0 --gid=0 --group=root -e --helpformat -j=1
        --jobs=1,2.0 --json --local -l --long --name=x -i=1-2 --nnodes=1 -I=1 --ncpus=1-2
        --noconvert -N=n1 --nodelist=n1 -n --noheader -p --parsable -P --parsable2 -r=x
        --partition=x -q=x --qos=x -R=x --reason=x -S=now-1hour --starttime=2020-01-01 -s=CD
        --state=F,TO -K=60 --timelimit-max=5 -k=5 --timelimit-min=5 -T --truncate -u=0 --uid=0
        --user=root --units=M --use-local-uid -v --verbose -W=x --wckeys=x --whole-hetjob
        --whole-hetjob=no --yaml""",
    "sinfo": """
        -a --all -M=x --clusters=x -d --dead -e --exact --federation -o=%P --format=%N
        -O=nodes --Format=nodes --hide -i=5 --iterate=5 --json -R --list-reasons --local -l
        --long --noconvert -N --Node -n=n1 --nodes=n1 -h --noheader -p=x --partition=x -T
        --reservation -r --responding -S=P --sort=P -t=idle --states=down -s --summarize -v
        --verbose --yaml""",
    "scancel": """
        -A=x --account=x -b --batch -M=x --clusters=x --ctld -f --full -H --hurry -i
        --interactive -n=x --jobname=x --name=x --me -w=n1 --nodelist=n1 -p=x --partition=x
        -q=x --qos=x -Q --quiet -R=x --reservation=x --sibling=x -s=TERM --signal=9 -t=PD
        --state=R -u=root --user=root -v --verbose --wckey=x""",
    "scontrol": """
        -a --all -M=x --clusters=x -d --details --federation -F --future --hide --local -o
        --oneliner -Q --quiet --sibling -v --verbose --json --yaml""",
    "sattach": "-l --label -Q --quiet -v --verbose",
    "sbcast": """
        -C --compress=lz4 --exclude=NONE -F=4 --fanout=4 -f --force -j=1 --jobid=1.0 -p
        --preserve --send-libs=no -s=1m --size=1m -t=5 --timeout=5 -v --verbose""",
    "sstat": """
        -a --allsteps -o=jobid --format=jobid --fields=jobid -e --helpformat -j=1 --jobs=1.0
        --noconvert -n --noheader -p --parsable -P --parsable2 -v --verbose""",
    "sprio": """
        -M=x --clusters=x --federation -o=%i --format=%i -j=1 --jobs=1 --local -l --long -h
        --noheader -n --norm -p=x --partition=x --sibling -S=i --sort=i -u=x --user=x -v
        --verbose -w --weights""",
    "sshare": """
        -A=x --accounts=x -a --all -M=x --clusters=x -o=account --format=user -l --long -n
        --noheader -p --parsable -P --parsable2 -m --partition -u=x --users=x -U --Users -v
        --verbose""",
    "sacctmgr": """
        -s --associations -i --immediate -n --noheader -p --parsable -P --parsable2 -Q --quiet
        -r --readonly -v --verbose""",
    "sdiag": "-a --all -M=x --cluster=x -r --reset -i --sort-by-id -t --sort-by-time -T "
             "--sort-by-time2",
}
OF_A_JOB = """--bb=x --bbf=x --cluster-constraint=x --container=x -F=x --nodefile=x --reboot
              --uid=0 --gid=0"""
REFUSED = {
    "sbatch": OF_A_JOB + " --batch=x --get-user-env=x -N=x -t=x --mem=x --array=x",
    "salloc": OF_A_JOB + " --x11 --x11=all",
    "srun": OF_A_JOB + """ --bcast --bcast=/tmp/x --epilog=x --prolog=x -Z --no-allocate --x11
        --het-group=1""",
    "sacct": """-x=1 --associations=1 -B --batch-script -c --completion --env-vars -f=x --file=x
        -F=x --flags=SchedMain""",
    "scontrol": "-u=root --uid=0",
    "sattach": "--layout --pty --input-filter=0 --output-filter=0 --error-filter=0",
    "sbcast": "--send-libs --send-libs=yes",
    "sstat": "-i --pidformat",
}
# Of all of them.
COMMON = {"--help", "--usage", "--version", "-h", "-V", "-u"}


def words(text):
    """As a caller writes them: '-N=1' is '-N1'."""
    return [re.sub(r"^(-\w)=", r"\1", word) for word in text.split()]


@pytest.mark.parametrize("command", sorted(TAKEN))
def test_what_slurm_knows_is_taken(command):
    refused = {}
    for word in words(TAKEN[command]):
        result = run(SLURM / command, word, "--version", check=False)
        if result.returncode != 0 or not result.stdout.startswith("slurm "):
            refused[word] = result.stderr
    assert refused == {}


@pytest.mark.parametrize("command", sorted(REFUSED))
def test_what_cannot_be_had_is_refused_with_a_reason(command):
    wrong = {}
    for word in words(REFUSED[command]):
        result = run(SLURM / command, word, "--version", check=False)
        said = result.stderr.splitlines()[0] if result.stderr else ""
        if result.returncode != 1 or result.stdout or "unknown option" in said or \
                len(said) < 25 or "--" not in said and "-" not in said:
            wrong[word] = said
    assert wrong == {}


@pytest.mark.skipif(not shutil.which("slurmctld") or not shutil.which("man"),
                    reason="no manual pages of Slurm here")
@pytest.mark.parametrize("command", sorted(TAKEN))
def test_the_tables_are_whole(command):
    """Against the manual of whichever Slurm is installed."""
    text = run("sh", "-c", f"man -P cat {command} | col -b", env={"MANWIDTH": "120"}).stdout
    lines = [line for line in text.splitlines() if re.match(r" {7}-", line)]
    if not lines:
        pytest.skip("its manual page is not installed")
    known = {re.match(r"--?[\w-]+", word).group(0)
             for word in f"{TAKEN[command]} {REFUSED.get(command, '')}".split()} | COMMON
    missing = set()
    for line in lines:
        names = re.match(r"\s*((?:-\w\s*,\s*)?--?[A-Za-z][\w-]*)", line)
        for name in re.findall(r"(?<![\w-])--?[A-Za-z][\w-]*", names.group(1)) if names else ():
            if name not in known:
                missing.add(name)
    assert missing == set()


def test_a_job_that_is_not_honoured_in_full_says_so(tmp_path):
    """Each of these is warned about by its name, once; the job is what the rest says."""
    options = ("--mail-type=ALL --mail-user=x --gpu-freq=low --gres-flags=x "
               "--sockets-per-node=1 --cores-per-socket=1 --mincpus=1 --tmp=1G --use-min-nodes "
               "-S1 --thread-spec=1 --cpu-freq=high --no-kill --delay-boot=1 --profile=all "
               "--acctg-freq=1 --mcs-label=x --power=level").split()
    result = run(SLURM / "sbatch", "--dry-run", *options, *options, "--wrap", "true",
                 cwd=tmp_path)
    warned = re.findall(r"^sbatch: warning: --([\w-]+) is accepted but not honoured",
                        result.stderr, re.M)
    assert warned == [{"-S1": "core-spec"}.get(word, word.lstrip("-").split("=")[0])
                      for word in options]
    assert result.stderr.count("\n") == len(options)


def test_the_status_of_our_own_failures_is_the_users_choice(desk):
    env = {"SLURM_EXIT_ERROR": "77", "SLURM_EXIT_IMMEDIATE": "78"}

    def status(name, *argv):
        return desk.slurm(name, *argv, env=env, check=False).returncode

    for name in ("sbatch", "srun", "salloc"):
        assert status(name, "--no-such-option", "true") == 77
    assert status("srun", "-p", "nowhere", "true") == 77
    assert status("salloc", "-p", "nowhere", "true") == 77
    assert status("sbatch", "-p", "nowhere", "--wrap", "true") == 77
    assert status("srun", "sh", "-c", "exit 1") == 1
    hog = desk.sbatch("-N4", "--exclusive", "-o", "x", "--wrap", "sleep 600")
    desk.until(hog, "RUNNING")
    assert status("srun", "--immediate", "true") == 78
    desk.slurm("scancel", hog)


def test_variables_come_from_a_file(desk):
    (desk.dir / "vars").write_bytes(b"FROM_FILE=two words\0OTHER=a=b\nc\0")
    job = desk.sbatch("--export=NONE", "--export-file=vars", "-o", "out", "--wrap",
                      'echo "$FROM_FILE/$OTHER"')
    assert desk.wait(job) == 0 and desk.text("out") == "two words/a=b\nc\n"
    (desk.dir / "vars").write_bytes(b"NOTHING\0")
    result = desk.slurm("sbatch", "--export-file=vars", "--wrap", "true", check=False)
    assert result.returncode == 1 and "'NOTHING' is not NAME=VALUE" in result.stderr
