# SPDX-License-Identifier: Apache-2.0
"""Slurm's names: the links, and what each of them has in common."""
import pathlib
import re
import shutil

import pytest

from desk import SLURM, run

NAMES = sorted(path.name for path in SLURM.iterdir())


def test_the_names_are_links_to_one_program():
    assert {"sbatch", "srun", "salloc", "scancel"} <= set(NAMES)
    for name in NAMES:
        assert (SLURM / name).resolve() == pathlib.Path(shutil.which("berth")).resolve()


@pytest.mark.parametrize("name", NAMES)
def test_each_says_which_release_it_stands_for(name):
    for flag in ("--version", "-V"):
        line = run(SLURM / name, flag).stdout
        assert re.match(r"slurm (\d+)\.(\d+)\.\d+\b.*\n$", line)
        assert tuple(map(int, re.findall(r"\d+", line)[:2])) >= (24, 5)


@pytest.mark.parametrize("name", NAMES)
def test_each_explains_itself_and_refuses_what_it_does_not_know(name):
    text = run(SLURM / name, "--help").stdout
    assert text.startswith(f"Usage: {name} ") and "--version" in text
    assert run(SLURM / name, "--usage").stdout.startswith(f"Usage: {name} ")
    wrong = run(SLURM / name, "--no-such-option", check=False)
    assert wrong.returncode == 1 and wrong.stdout == ""
    assert wrong.stderr.startswith(f"{name}: error: unknown option --no-such-option")
    assert f'Try "{name} --help"' in wrong.stderr


COMPLETIONS = SLURM.parent.parent.parent / "share/bash-completion/completions"


def completed(desk, *words):
    """What bash offers for the last of these words."""
    line = " ".join(f"'{word}'" for word in words)
    code = (f"source {COMPLETIONS / words[0]}.bash; COMP_WORDS=({line}); "
            f"COMP_CWORD={len(words) - 1}; _berth_slurm {words[0]}; "
            'printf "%s\\n" "${COMPREPLY[@]}"')
    return run("bash", "-c", code, user=desk.user, home=desk.dir,
               env=desk.slurm_env()).stdout.split()


def test_bash_completes_options_names_and_keywords(desk):
    assert all((COMPLETIONS / f"{name}.bash").exists() for name in NAMES)
    assert {"--ntasks", "--ntasks-per-node"} <= set(completed(desk, "sbatch", "--nta"))
    assert completed(desk, "squeue", "--noh") == ["--noheader"]
    assert completed(desk, "sbatch", "--partition", "=", "b") == ["batch"]
    assert {"n1", "n4"} <= set(completed(desk, "srun", "-w", "n"))
    assert "suspend" in completed(desk, "scontrol", "s")
    assert "MaxRSS" in completed(desk, "sacct", "-o", "Max")
    job = desk.sbatch("-H", "--wrap", "true")
    for words in (("scancel", ""), ("scontrol", "release", ""),
                  ("scontrol", "show", "job", "")):
        assert str(job) in completed(desk, *words), words
    desk.slurm("scancel", job)
