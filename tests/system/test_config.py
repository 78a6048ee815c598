# SPDX-License-Identifier: Apache-2.0
"""berth config: check and show."""
import pytest

from desk import run


@pytest.fixture
def config(tmp_path):
    path = tmp_path / "berth.yaml"
    path.write_text("cluster: demo\nnode:\n  heartbeat: 5s\nnodes:\n  - names: n[1-4]\n")
    return path


def test_a_right_file_is_said_to_be_right(config):
    assert run("berth", "config", "check", config).stdout == (
        f"{config} is correct: cluster demo, 4 nodes, 1 partition\n")


def test_what_is_shown_is_a_configuration_again(config, tmp_path):
    shown = run("berth", "config", "show", "--config", config).stdout
    assert "  heartbeat: 5s" in shown and "# berth.yaml:3\n" in shown
    again = tmp_path / "again.yaml"
    again.write_text(shown)
    run("berth", "config", "check", again)


def test_a_mistake_is_named_by_file_line_and_nearest_key(config):
    config.write_text("nodes:\n  - names: n1\n    adress: x\n")
    result = run("berth", "config", "check", config, check=False)
    assert result.returncode == 1 and result.stdout == ""
    assert result.stderr == (f"berth config: {config}:3: nodes[].adress: no such key, "
                             "did you mean 'address'?\n")


def test_a_wrong_command_line_does_nothing():
    result = run("berth", "config", "chekc", check=False)
    assert result.returncode == 2
    assert result.stderr == "berth config: say what to do: check [FILE] or show [FILE]\n"
