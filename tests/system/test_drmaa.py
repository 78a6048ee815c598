# SPDX-License-Identifier: Apache-2.0
"""libdrmaa under Debian's python3-drmaa, a client that knows nothing of Berth."""
import json
import shutil
import subprocess
import textwrap

from desk import as_user, environment, libdrmaa


def client(desk, code, check=True):
    """Run this with a session 's' open; what it prints as JSON."""
    text = ("import drmaa, json, os, time\n"
            "s = drmaa.Session()\ns.initialize()\n"
            "def template(command, *args, **more):\n"
            "    jt = s.createJobTemplate()\n"
            "    jt.remoteCommand, jt.args = command, list(args)\n"
            "    for name, value in more.items():\n        setattr(jt, name, value)\n"
            "    return jt\n" + textwrap.dedent(code) + "\ns.exit()\n")
    env = environment(desk.dir, {
        "BERTH_CONF": str(desk.cluster.dir / "berth.yaml"),
        "DRMAA_LIBRARY_PATH": str(libdrmaa()), "BERTH_COMMAND": shutil.which("berth")})
    done = subprocess.run([*as_user(desk.user), "/usr/bin/python3", "-c", text], env=env,
                          cwd=desk.dir, text=True, timeout=120, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE)
    if check:
        assert done.returncode == 0, done.stderr
        return [json.loads(line) for line in done.stdout.splitlines()]
    return done.stderr


def test_a_job_is_run_with_its_attributes_and_waited_for(desk):
    (desk.dir / "in.txt").write_text("from the file\n")
    job, info = client(desk, """
        jt = template("/bin/sh", "-c", 'cat; echo "$1 $COLOUR $PWD" >&2; exit 7', "x", "a b",
                      jobName="fruit", jobEnvironment={"COLOUR": "blue"},
                      workingDirectory=os.getcwd(), inputPath=":" + os.getcwd() + "/in.txt",
                      outputPath=":$drmaa_wd_ph$/100%.txt", errorPath=":err.txt",
                      nativeSpecification="-n1 -t 10 --comment='a b'")
        job = s.runJob(jt)
        info = s.wait(job, drmaa.Session.TIMEOUT_WAIT_FOREVER)
        print(json.dumps(job))
        print(json.dumps([info.jobId, info.hasExited, info.exitStatus, info.hasSignal,
                          info.wasAborted, sorted(info.resourceUsage)]))
    """)
    assert info == [job, True, 7, False, False,
                    ["cpu", "end_time", "maxrss", "start_time", "submission_time", "wallclock"]]
    record = desk.job(int(job))
    assert record["name"] == "fruit" and record["time_limit"] == 600
    assert desk.text("100%.txt") == "from the file\n"
    assert desk.text("err.txt") == f"a b blue {desk.dir}\n"


def test_a_bulk_is_waited_for_one_by_one_and_all_together(desk):
    ids, ends, states = client(desk, """
        jt = template("/bin/sh", "-c", "exit $SLURM_ARRAY_TASK_ID", joinFiles=True,
                      outputPath=":bulk.$drmaa_incr_ph$")
        ids = s.runBulkJobs(jt, 1, 7, 2)
        ends = {}
        for i in ids[:2]:
            info = s.wait(drmaa.Session.JOB_IDS_SESSION_ANY, drmaa.Session.TIMEOUT_WAIT_FOREVER)
            ends[info.jobId] = info.exitStatus
        s.synchronize([drmaa.Session.JOB_IDS_SESSION_ALL], 60, True)
        print(json.dumps(ids)); print(json.dumps(ends))
        print(json.dumps([s.jobStatus(i) for i in ids]))
    """)
    number = ids[0].split("_")[0]
    assert ids == [f"{number}_{i}" for i in (1, 3, 5, 7)]
    assert len(ends) == 2 and all(int(job.split("_")[1]) == code for job, code in ends.items())
    assert states == ["failed"] * 4


def test_orders_and_states(desk):
    seen, = client(desk, """
        seen = []
        jt = template("/bin/sleep", "60", jobSubmissionState="drmaa_hold")
        jt.outputPath = ":/dev/null"
        job = s.runJob(jt)
        seen.append(s.jobStatus(job))
        try:
            s.wait(job, drmaa.Session.TIMEOUT_NO_WAIT)
        except drmaa.ExitTimeoutException:
            seen.append("not yet")
        s.control(job, drmaa.JobControlAction.RELEASE)
        while s.jobStatus(job) != "running":
            time.sleep(0.05)
        s.control(job, drmaa.JobControlAction.TERMINATE)
        info = s.wait(job, 60)
        seen += [info.hasExited, info.hasSignal, info.wasAborted]
        jt.jobSubmissionState = "drmaa_hold"
        job = s.runJob(jt)
        s.control(job, drmaa.JobControlAction.TERMINATE)
        seen.append(s.wait(job, 60).wasAborted)
        print(json.dumps(seen))
    """)
    assert seen == ["user_on_hold", "not yet", False, True, False, True]


def test_what_is_wrong_is_said(desk):
    errors, = client(desk, """
        errors = []
        def failing(what):
            try:
                what()
            except Exception as e:
                errors.append([type(e).__name__, str(e)])
        failing(lambda: s.runJob(template("true", nativeSpecification="--nodess=2")))
        failing(lambda: s.runJob(template("true", nativeSpecification="-p nowhere")))
        failing(lambda: s.wait("17", 0))
        failing(lambda: s.wait("seventeen", 0))
        failing(lambda: s.control("4000000", drmaa.JobControlAction.TERMINATE))
        failing(lambda: template("true", outputPath="no-colon"))
        failing(lambda: s.initialize())
        print(json.dumps(errors))
    """)
    kinds = [kind for kind, _ in errors]
    assert kinds == ["DeniedByDrmException", "DeniedByDrmException", "InvalidJobException",
                     "InvalidJobException", "InvalidJobException",
                     "InvalidAttributeFormatException", "AlreadyActiveSessionException"], errors
    assert "--nodess" in errors[0][1] and "nowhere" in errors[1][1]


def test_threads_wait_at_the_same_time(desk):
    codes, = client(desk, """
        import threading
        codes = []
        jobs = [s.runJob(template("/bin/sh", "-c", f"exit {i}", outputPath=":/dev/null"))
                for i in range(6)]
        threads = [threading.Thread(target=lambda j=j: codes.append(
            s.wait(j, drmaa.Session.TIMEOUT_WAIT_FOREVER).exitStatus)) for j in jobs]
        for t in threads: t.start()
        for t in threads: t.join()
        print(json.dumps(sorted(codes)))
    """)
    assert codes == list(range(6))
