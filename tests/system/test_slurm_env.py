# SPDX-License-Identifier: Apache-2.0
"""The variables that scripts, shells of allocations and tasks find, and their values."""
import pathlib
import time

HASH_BANG = "#!/bin/sh\n"


def parsed(text):
    return dict(line.split("=", 1) for line in text.splitlines() if "=" in line)


def check(env, wanted):
    """That these variables have these values; a callable judges a value."""
    wrong = {}
    for name, value in wanted.items():
        has = env.get(name)
        if has is None or not (value(has) if callable(value) else has == str(value)):
            wrong[name] = (has, value)
    assert wrong == {}


def is_now(text):
    return abs(int(text) - time.time()) < 120


def of_job(desk, job, **more):
    """What everything in a job of two nodes, three tasks of one core finds."""
    return {
        "SLURM_JOB_ID": job, "SLURM_JOBID": job, "SLURM_JOB_NODELIST": "n[1-2]",
        "SLURM_NODELIST": "n[1-2]", "SLURM_JOB_NUM_NODES": 2, "SLURM_NNODES": 2,
        "SLURM_NTASKS": 3, "SLURM_NPROCS": 3, "SLURM_TASKS_PER_NODE": "2,1",
        "SLURM_JOB_CPUS_PER_NODE": "2,1", "SLURM_JOB_NAME": "named",
        "SLURM_CPUS_PER_TASK": 1, "SLURM_MEM_PER_CPU": 50,
        "SLURM_CLUSTER_NAME": desk.cluster.name, "SLURM_JOB_PARTITION": bool,
        "SLURM_JOB_UID": desk.user, "SLURM_JOB_GID": desk.user, "SLURM_JOB_USER": bool,
        "SLURM_SUBMIT_DIR": str(desk.dir), "SLURM_SUBMIT_HOST": bool,
        "SLURM_JOB_START_TIME": is_now,
        "SLURM_JOB_END_TIME": lambda text: abs(int(text) - time.time() - 600) < 120,
        **more,
    }


SIZE = ("-N2", "-n3", "-c1", "--mem-per-cpu=50", "-t10", "-J", "named", "-m", "block",
        "-w", "n[1-2]")


def test_a_script_and_its_tasks_find_what_slurm_promises(desk):
    script = HASH_BANG + ("env > batch.env; echo $$ > batch.pid\n"
                          "srun sh -c 'env > task.$SLURM_PROCID; echo $$ > pid.$SLURM_PROCID'\n")
    job = desk.sbatch(*SIZE, "-o", "out", "--ntasks-per-node=2", script=script,
                      env=desk.slurm_env())
    assert desk.wait(job) == 0, desk.text("out")
    batch = parsed(desk.text("batch.env"))
    here = {"SLURMD_NODENAME": "n1", "SLURM_NODEID": 0, "SLURM_PROCID": 0,
            "SLURM_LOCALID": 0, "SLURM_CPUS_ON_NODE": 2, "SLURM_RESTART_COUNT": 0,
            "SLURM_NTASKS_PER_NODE": 2, "SLURM_TOPOLOGY_ADDR": "n1",
            "SLURM_TOPOLOGY_ADDR_PATTERN": "node", "SLURM_PRIO_PROCESS": 0,
            "SLURM_GTIDS": 0, "SLURM_EXPORT_ENV": "ALL",
            "SLURM_TASK_PID": desk.text("batch.pid").strip()}
    check(batch, of_job(desk, job, **here))
    assert "SLURM_STEP_ID" not in batch
    for rank in range(3):
        task = parsed(desk.text(f"task.{rank}"))
        node = rank // 2
        check(task, of_job(desk, job, **{
            "SLURM_PROCID": rank, "SLURM_LOCALID": rank % 2, "SLURM_NODEID": node,
            "SLURMD_NODENAME": f"n{node + 1}", "SLURM_GTIDS": ("0,1", "2")[node],
            "SLURM_STEP_ID": 0, "SLURM_STEPID": 0, "SLURM_STEP_NODELIST": "n[1-2]",
            "SLURM_STEP_NUM_NODES": 2, "SLURM_STEP_NUM_TASKS": 3,
            "SLURM_STEP_TASKS_PER_NODE": "2,1", "SLURM_UMASK": lambda text: len(text) == 4,
            "SLURM_LAUNCH_NODE_IPADDR": bool, "SLURM_SRUN_COMM_HOST": bool,
            "SLURM_SRUN_COMM_PORT": bool, "SLURM_STEP_LAUNCHER_PORT": bool,
            "SLURM_TASK_PID": desk.text(f"pid.{rank}").strip(),
            "SLURM_TOPOLOGY_ADDR": f"n{node + 1}"}))


def test_a_shell_in_an_allocation_finds_the_same(desk):
    text = desk.slurm("salloc", *SIZE, "env").stdout
    env = parsed(text)
    check(env, of_job(desk, env["SLURM_JOB_ID"]))


def test_tasks_of_a_job_without_a_script_find_the_same(desk):
    env = parsed(desk.slurm("srun", *SIZE, "sh", "-c",
                            "if [ $SLURM_PROCID = 2 ]; then env; fi").stdout)
    check(env, of_job(desk, env["SLURM_JOB_ID"], SLURM_PROCID=2, SLURM_NODEID=1))


def test_elements_of_arrays_know_which_they_are(desk):
    job = desk.sbatch("-a", "1-5:2%1", "-o", "%A_%a.out", "--wrap", "env")
    desk.wait(job)
    for index in (1, 3, 5):
        env = parsed(desk.text(f"{job}_{index}.out"))
        check(env, {"SLURM_ARRAY_JOB_ID": job, "SLURM_ARRAY_TASK_ID": index,
                    "SLURM_ARRAY_TASK_COUNT": 3, "SLURM_ARRAY_TASK_MIN": 1,
                    "SLURM_ARRAY_TASK_MAX": 5, "SLURM_ARRAY_TASK_STEP": 2})


def test_variables_that_scripts_of_the_wild_read_are_there(desk):
    """Where the collection of real scripts is at hand: what they read, mostly."""
    beside = pathlib.Path(__file__).resolve().parents[2] / "../shared/data/sbatch"
    names = {line.split("\t")[0] for line in
             (beside / "environment.tsv").read_text().splitlines()[1:]} \
        if beside.exists() else {"SLURM_ARRAY_TASK_ID", "SLURM_SUBMIT_DIR",
                                 "SLURM_JOB_ID", "SLURM_NTASKS"}
    job = desk.sbatch("-a", "1", "-n2", "-c1", "-o", "env.out", "--mem=100",
                      "--ntasks-per-node=2", "--wrap", "env; srun -n1 env")
    assert desk.wait(job) == 0
    missing = {name for name in names if name not in parsed(desk.text("env.out"))}
    # What depends on devices or accounts that a test cluster has not.
    assert {name for name in missing if "GPU" not in name} <= {
        "SLURM_JOB_ACCOUNT", "SLURM_JOB_QOS", "SLURM_CONF", "SLURM_NTASK",
        "SLURM_MEM_PER_CPU"}


def test_steps_get_what_their_job_was_given(desk):
    """As in Slurm: a step's environment is exported like the script's."""
    script = HASH_BANG + ("echo $SLURM_EXPORT_ENV; export LATER=1; "
                          "srun -n1 sh -c 'echo step $LATER'; "
                          "srun -n1 --export=ALL sh -c 'echo again $LATER'\n")
    for export, told in (("ALL", "ALL\nstep 1\nagain 1\n"),
                         ("NONE", "NONE\nstep\nagain 1\n"),
                         ("ALL,X=1", "ALL,X=1\nstep 1\nagain 1\n")):
        job = desk.sbatch(f"--export={export}", "-o", "out", script=script,
                          env=desk.slurm_env())
        assert desk.wait(job) == 0 and desk.text("out") == told


def test_a_login_shell_adds_what_is_not_set(desk):
    job = desk.sbatch("--get-user-env=20L", "-o", "out", "--wrap", "echo $HOME; echo $LOGNAME",
                      env={"LOGNAME": "kept"})
    assert desk.wait(job) == 0
    assert desk.text("out") == f"{desk.dir}\nkept\n"
    result = desk.slurm("sbatch", "--get-user-env=soon", "--wrap", "true", check=False)
    assert result.returncode == 1 and "[SECONDS][S|L]" in result.stderr
