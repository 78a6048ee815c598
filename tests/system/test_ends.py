# SPDX-License-Identifier: Apache-2.0
"""How jobs and steps end: warnings, limits, late tasks, limits of processes."""
import resource

# Says that it waits before it does, so that a signal finds it so.
TRAP = 'trap "echo got $1 >>$2; exit 3" $1; echo ready >>$2; while :; do sleep 0.05; done'


def trapped(desk, name, *argv, script, line=TRAP):
    """The job whose processes run TRAP; what it wrote."""
    number = desk.submit(*argv, script=script.replace("TRAP", f"'{line}'"))
    desk.wait(number)
    return number, (desk.dir / name).read_text().split("\n")[:-1]


def test_the_steps_are_warned_before_the_limit_not_the_script(desk):
    script = ("#!/bin/sh\ntrap 'echo script >>said' USR1\n"
              "berth run -n2 sh -c TRAP x USR1 said\necho $? >>said\n")
    number, said = trapped(desk, "said", "-n2", "--time=0:30", "--signal=USR1@29",
                           script=script)
    assert said == ["ready", "ready", "got USR1", "got USR1", "3"]
    assert desk.job(number)["state"] == "COMPLETED"


def test_b_warns_the_shell_of_the_script_alone(desk):
    """What the shell has started hears nothing of it."""
    script = ("#!/bin/bash\n#SBATCH --signal B:USR2@29\n"
              "sh -c TRAP x USR2 child & until grep -qs ready child; do sleep 0.05; done\n"
              "trap 'echo script >>said; kill %1; exit 9' USR2\nwait\n")
    number, said = trapped(desk, "said", "-n1", "--time=0:30", script=script)
    assert said == ["script"]
    assert (desk.dir / "child").read_text() == "ready\n"
    assert desk.job(number)["exit_code"] == 9


def test_a_step_has_a_warning_and_a_limit_of_its_own(desk):
    script = ("#!/bin/sh\nberth run -n1 -t 0:01 sh -c 'trap \"\" TERM; sleep 60'\n"
              "echo $?\nberth run -n1 -t 0:20 --signal=INT@19 sh -c TRAP x INT said\n"
              "echo $?\n")
    number, said = trapped(desk, "said", "-n1", script=script)
    assert said == ["ready", "got INT"]
    out = desk.text(f"slurm-{number}.out")
    assert "the step's time limit was reached" in out
    assert [line for line in out.split("\n") if line.isdigit()] == ["137", "3"]


def test_a_limit_that_is_lowered_while_the_job_runs_is_kept_with_its_warning(desk):
    script = ("#!/bin/bash\ntrap 'echo warned >>said' USR1\n"
              "trap 'echo leaving >>said; exit 0' TERM\n"
              "echo ready >>said\nwhile :; do sleep 0.05; done\n")
    number = desk.submit("-n1", "-t", "10", "--signal=B:USR1@60", "-o", "/dev/null",
                         script=script)
    desk.until_text("said", "ready")
    desk.berth("update", number, "--time=0:03")
    desk.wait(number)
    assert desk.job(number)["state"] == "TIMEOUT"
    assert desk.text("said").split() == ["ready", "warned", "leaving"]


def test_tasks_that_outlive_the_first_by_too_long_are_ended(desk):
    done = desk.berth("run", "-n2", "-W1", "sh", "-c",
                      "[ $SLURM_PROCID = 0 ] || sleep 60", check=False)
    assert done.returncode == 137
    assert "--wait: the first task ended 1 seconds ago, others still ran" in done.stderr


def test_a_signal_is_for_the_steps_or_the_shell_where_that_is_asked(desk):
    script = ("#!/bin/bash\ntrap 'echo script >>said' USR1\n"
              "berth run -n1 sh -c TRAP x USR1 said & wait %1; echo $? >>said\n"
              "wait %1; echo $? >>said\n")
    number = desk.submit("-n1", script=script.replace("TRAP", f"'{TRAP}'"))
    desk.until_text("said", "ready")
    desk.berth("cancel", "--signal=USR1", "--batch", number)
    desk.until_text("said", "138")
    desk.berth("cancel", "--signal=USR1", "--steps", number)
    desk.wait(number)
    assert (desk.dir / "said").read_text().split() == [
        "ready", "script", "138", "got", "USR1", "3"]
    assert "--steps goes with --signal" in desk.fails("cancel", "--steps", number, status=2)


def test_limits_are_handed_on_as_asked(desk):
    def limited():
        resource.setrlimit(resource.RLIMIT_CORE, (1024, 4096))
        resource.setrlimit(resource.RLIMIT_NOFILE, (333, 444))

    def seen(*options):
        out = desk.berth("run", "-n1", *options, "sh", "-c",
                         "ulimit -c; ulimit -n", preexec_fn=limited).stdout
        return out.split()

    assert seen() == ["2", "333"]
    assert seen("--propagate=CORE")[0] == "2"
    assert seen("--propagate=CORE")[1] != "333"
    assert seen("--propagate=NONE")[1] != "333"
    assert "'STAK' is no limit" in desk.fails("run", "--propagate=STAK", "true", status=2)


def test_signals_that_are_none_are_refused(desk):
    for text, words in (("USR9", "USR9"), ("USR1@now", "now"), ("B:USR1@99999", "65535"),
                        ("X:USR1", "X:USR1")):
        assert words in desk.fails("submit", "-n1", f"--signal={text}", "--wrap=true",
                                   status=2)
